"""Builds the parts once, in order; the only file that knows them all."""

from __future__ import annotations

import os
from collections.abc import Callable

from recoder_lsp.config import Settings, home
from recoder_lsp.engine.runtime import ModelState, Runtime
from recoder_lsp.engine.scheduler import Scheduler
from recoder_lsp.features.context import ContextFinder
from recoder_lsp.features.inline_completion import InlineCompletion
from recoder_lsp.features.learning import Learning
from recoder_lsp.index.process.workspace import Workspace
from recoder_lsp.learning_store import LearningStore
from recoder_lsp.metrics import Metrics


class App:
    """Everything that answers, without knowing who asks. Owned by the event loop."""

    settings: Settings
    metrics: Metrics
    scheduler: Scheduler
    runtime: Runtime
    inline_completion: InlineCompletion
    learning: Learning
    workspace: Workspace
    on_model_state: Callable[[ModelState], None] | None

    def __init__(self, settings: Settings) -> None:
        """Wire the parts together; nothing is loaded, and no thread or other process runs yet."""
        self.settings = settings
        self.metrics = Metrics()
        self.on_model_state = None
        self.scheduler = Scheduler()
        self.runtime = Runtime(self.scheduler, self.metrics, self._model_state_changed)
        self.workspace = Workspace(settings, home(os.environ), self.metrics)
        self.learning = Learning(LearningStore(home(os.environ)), settings.completion.learn)
        self.inline_completion = InlineCompletion(
            self.scheduler, self.runtime, self.metrics, ContextFinder(self.workspace), self.workspace, self.learning
        )

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
        if self.runtime.state.phase != "unloaded":
            self.warm_up()

    def warm_up(self) -> None:
        """Begin to load the model, so that it is there at the first key; returns at once."""
        if self.settings.completion.enabled:
            self.runtime.ensure(self.settings.engine)

    async def close(self) -> None:
        """Save what was learned, disconnect from the index, stop the engine and free the model."""
        self.inline_completion.stop()
        await self.learning.close()
        await self.workspace.close()
        await self.runtime.close()
        self.scheduler.close()

    def _model_state_changed(self, state: ModelState) -> None:
        if self.on_model_state is not None:
            self.on_model_state(state)
