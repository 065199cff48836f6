"""Builds the parts once, in order; the only file that knows them all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from recoder_lsp.chat_store import ChatStore
from recoder_lsp.config import Settings, home
from recoder_lsp.engine.chat_model import ChatModel
from recoder_lsp.engine.runtime import CHAT, ModelState, Runtime
from recoder_lsp.engine.scheduler import Scheduler
from recoder_lsp.features.actions.model_actions import model_offers
from recoder_lsp.features.actions.offering import Offer, Site
from recoder_lsp.features.chat import Chat
from recoder_lsp.features.code_actions import CodeActions
from recoder_lsp.features.context import ContextFinder
from recoder_lsp.features.conversations import Conversations
from recoder_lsp.features.documenting import may_guess as may_guess_documentation
from recoder_lsp.features.hover import Hovers
from recoder_lsp.features.infilling import Infilling
from recoder_lsp.features.inline_completion import InlineCompletion
from recoder_lsp.features.last_changes import LastChanges
from recoder_lsp.features.learning import Learning
from recoder_lsp.features.prompts import Prompts
from recoder_lsp.features.summaries import Summaries
from recoder_lsp.features.syntax_thread import SyntaxThread
from recoder_lsp.index.process.workspace import Workspace
from recoder_lsp.learning_store import LearningStore
from recoder_lsp.metrics import Metrics
from recoder_lsp.summary_store import SummaryStore


class App:
    """Everything that answers, without knowing who asks. Owned by the event loop."""

    settings: Settings
    metrics: Metrics
    scheduler: Scheduler
    runtime: Runtime
    chat_runtime: Runtime
    chat_model: ChatModel
    infilling: Infilling
    inline_completion: InlineCompletion
    learning: Learning
    prompts: Prompts
    chat: Chat
    conversations: Conversations
    syntax: SyntaxThread
    code_actions: CodeActions
    workspace: Workspace
    summaries: Summaries
    hovers: Hovers
    on_model_state: Callable[[ModelState], None] | None

    def __init__(self, settings: Settings) -> None:
        """Wire the parts together; nothing is loaded, and no thread or other process runs yet."""
        self.settings = settings
        self.metrics = Metrics()
        self.on_model_state = None
        self.scheduler = Scheduler()
        self.runtime = Runtime(self.scheduler, self.metrics, self._model_state_changed)
        self.chat_runtime = Runtime(self.scheduler, self.metrics, self._model_state_changed, role=CHAT)
        self.chat_model = ChatModel(self.scheduler, self.chat_runtime, self.metrics)
        self.infilling = Infilling(self.scheduler, self.runtime)
        self.workspace = Workspace(settings, home(os.environ), self.metrics)
        self.syntax = SyntaxThread()
        self.code_actions = CodeActions(self.syntax, self.workspace, self.metrics, by_models=self._model_offers)
        self.prompts = Prompts(home(os.environ))
        self.chat = Chat(self.workspace, self.chat_model, self.prompts)
        self.conversations = Conversations(self.chat, ChatStore(home(os.environ)))
        self.learning = Learning(LearningStore(home(os.environ)), settings.completion.learn)
        self.inline_completion = InlineCompletion(
            self.scheduler, self.runtime, self.metrics, ContextFinder(self.workspace), self.workspace, self.learning
        )
        self.summaries = Summaries(
            SummaryStore(home(os.environ)),
            self.infilling,
            self.prompts,
            self.metrics,
            pace=self.inline_completion.pace,
            writer=self.chat_model,
            is_chat_loaded=lambda: self.chat_runtime.ready() is not None,
        )
        self.hovers = Hovers(self.workspace, LastChanges(), self.summaries)

    @staticmethod
    def build(settings: Settings) -> App:
        """Return an app with these settings."""
        return App(settings)

    def configure(self, settings: Settings) -> None:
        """Replace the settings. Where a model is loaded already, the one that they name takes its place."""
        if settings.index != self.settings.index:
            self.inline_completion.forget_related_code()
        self.settings = settings
        self.workspace.configure(settings)
        self.learning.configure(settings.completion.learn)
        self.chat_model.configure(settings)
        if self.runtime.state.phase != "unloaded":
            self.warm_up()

    def warm_up(self) -> None:
        """Begin to load the model, so that it is there at the first key; returns at once."""
        if self.settings.completion.enabled:
            self.runtime.ensure(self.settings.engine)

    async def close(self) -> None:
        """Save what was learned, disconnect from the index, stop the engine and free the models."""
        self.inline_completion.stop()
        await self.hovers.close()
        await self.learning.close()
        await self.workspace.close()
        self.chat_model.close()
        await self.chat_runtime.close()
        await self.runtime.close()
        self.syntax.close()
        self.scheduler.close()

    def _model_offers(self, site: Site, settings: Settings) -> Iterator[Offer]:
        """On the syntax thread, which may ask for both: each is one look at a value that is replaced whole."""
        may_guess = may_guess_documentation(settings) and self.runtime.ready() is not None
        return model_offers(site, settings, chat_available=self.chat_model.available(settings), may_guess=may_guess)

    def _model_state_changed(self, state: ModelState) -> None:
        if self.on_model_state is not None:
            self.on_model_state(state)
