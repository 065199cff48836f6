"""An App without an engine, which does what the test tells it; and, run as a script, a real server around it."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.code_actions import CodeActions
from recoder_lsp.features.hover import Hovers
from recoder_lsp.features.inline_completion import Request, Suggestion
from recoder_lsp.features.last_changes import LastChanges
from recoder_lsp.features.syntax_thread import SyntaxThread
from recoder_lsp.index.process.wire import IndexState
from recoder_lsp.metrics import Metrics

Answer = Callable[[Request], Awaitable[Suggestion | tuple[Suggestion, ...] | None]]


@dataclass(frozen=True)
class FakeModelState:
    phase: str = "unloaded"
    name: str = "fake"
    error: str = ""
    hint: str = ""
    prefill_tokens_per_s: float | None = None
    decode_tokens_per_s: float | None = None
    role: str = "completion"


class FakeRuntime:
    state = FakeModelState()


class FakeInlineCompletion:
    def __init__(self) -> None:
        self.answer: Answer = suggest_a_call
        self.requests: list[Request] = []
        self.accepted_ids: list[str] = []
        self.forgotten: list[str] = []
        self.cancelled = 0
        self.told: list[tuple[str, str | None]] = []
        self.snoozed_s = 0

    async def suggestions(self, request: Request, settings: Settings) -> tuple[Suggestion, ...]:
        self.requests.append(request)
        try:
            answer = await self.answer(request)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if isinstance(answer, Suggestion):
            return (answer,)
        return answer or ()

    def opened(self, snapshot: Snapshot, settings: Settings) -> None:
        self.told.append(("opened", snapshot.text))

    def edited(self, snapshot: Snapshot, offset: int | None, settings: Settings) -> None:
        self.told.append(("edited", None if offset is None else snapshot.text[:offset]))

    def saved(self, snapshot: Snapshot, settings: Settings) -> None:
        self.told.append(("saved", snapshot.text))

    def snooze(self, minutes: float) -> None:
        self.snoozed_s = int(60 * minutes)

    def pace(self, settings: Settings) -> str:
        return "snoozed" if self.snoozed_s else "active"

    def accepted(self, suggestion_id: str) -> None:
        self.accepted_ids.append(suggestion_id)

    def forget(self, uri: str) -> None:
        self.forgotten.append(uri)

    def forget_related_code(self) -> None:
        self.forgotten.append("related code")


class FakeLearning:
    """Remembers what it was told, by the name of the notice."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.watched: set[str] = set()

    def watches(self, uri: str) -> bool:
        return uri in self.watched

    def shown(self, snapshot: Any, offset: int, suggestion: Suggestion) -> None:
        self.told.append(("shown", snapshot.uri, offset, suggestion.id))

    def accepted(self, suggestion_id: str) -> None:
        self.told.append(("accepted", suggestion_id))

    def changed(self, before: Any, after: Any) -> None:
        self.told.append(("changed", before.text, after.text))

    def closed(self, uri: str) -> None:
        self.told.append(("closed", uri))


class FakeWorkspace:
    """Remembers what it was told, by the name of the notice."""

    state = IndexState(reason="There is no index here.")
    available = False
    clients: Sequence[Any] = ()

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.on_state: Callable[[IndexState], None] | None = None

    def start(self, folders: Sequence[str], snapshot_of: Callable[[str], Any], *, told_of_changes: bool) -> None:
        self.told.append(("start", list(folders), told_of_changes))

    def place_of(self, uri: str) -> None:
        return None

    async def ask(self, uri: str, method: str, params: dict[str, Any], *, timeout_s: float = 0.0) -> None:
        return None

    async def symbols(self, query: str, **options: Any) -> tuple[()]:
        return ()

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name not in ("set_folders", "told_of_changes", "pause", "resume", "opened", "changed", "saved", "closed", "watched"):
            raise AttributeError(name)
        return lambda *told: self.told.append((name, *told))


class NoSummaries:
    """What there is without any model. Remembers what was to be described."""

    def __init__(self) -> None:
        self.wished: list[str] = []

    async def known(self, subject: Any, settings: Settings) -> None:
        return None

    def wish(self, subject: Any, settings: Settings, done: Callable[[bool], None]) -> None:
        self.wished.append(subject.name)

    def typed(self) -> None:
        pass


class FakeApp:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.runtime, self.chat_runtime = FakeRuntime(), FakeRuntime()
        self.inline_completion = FakeInlineCompletion()
        self.learning = FakeLearning()
        self.workspace = FakeWorkspace()
        self.syntax = SyntaxThread()
        self.code_actions = CodeActions(self.syntax, self.workspace, self.metrics, (), ())  # type: ignore[arg-type]
        self.on_model_state: Callable[[Any], None] | None = None
        self._hovers: tuple[Any, Hovers] | None = None
        self.closed = False
        self.warmed_up = 0

    @property
    def hovers(self) -> Any:
        """Those of the workspace as it is by now; no model describes anything."""
        if self._hovers is None or self._hovers[0] is not self.workspace:
            self._hovers = self.workspace, Hovers(self.workspace, LastChanges(), NoSummaries())  # type: ignore[arg-type]
        return self._hovers[1]

    def warm_up(self) -> None:
        self.warmed_up += 1

    def configure(self, settings: Settings) -> None:
        self.settings = settings

    async def close(self) -> None:
        self.closed = True


async def suggest_a_call(request: Request) -> Suggestion:
    """Always the same: `call()` at the caret."""
    return Suggestion("id-1", "call()", request.offset, request.offset)


async def suggest_nothing(request: Request) -> None:
    return None


async def never(request: Request) -> None:
    await asyncio.Event().wait()


async def fail(request: Request) -> None:
    raise KeyError(request.snapshot.text)


async def refuse(request: Request) -> None:
    raise RecoderError("No model.", "Get one.")


async def print_then_suggest(request: Request) -> Suggestion:
    """What libraries do: they print, from Python and from C."""
    print("Content-Length: 5\r\n\r\nnoise", flush=True)
    os.write(1, b"more noise\n")
    os.system("echo even a child process")  # noqa: ASYNC221 - that it blocks does not matter here
    return await suggest_a_call(request)


if __name__ == "__main__":
    from recoder_lsp.server import serve_stdio

    def build(settings: Settings) -> Any:
        app = FakeApp(settings)
        app.inline_completion.answer = globals()[os.environ.get("FAKE_ANSWER", "suggest_a_call")]
        return app

    raise SystemExit(serve_stdio(build))
