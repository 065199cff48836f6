"""Everything the user sees without having asked: warnings, each once, and progress of what takes its time."""

import asyncio
import contextlib
import uuid
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from recoder_lsp.config import Problem
from recoder_lsp.language import gettext, ngettext, number
from recoder_lsp.server.extensions import HOVER_READY, STATUS_CHANGED

if TYPE_CHECKING:
    from recoder_lsp.engine.runtime import ModelState
    from recoder_lsp.index.process.wire import IndexState

PROGRESS_TIMEOUT_S = 5.0
MOST_STOPPED_EARLY = 16
INDEXING_AFTER_S = 0.5
"""An unchanged workspace is looked through in less; nobody needs to see that."""

INDEXING = ("scanning", "indexing", "vectors")


class Notifier:
    """Speaks to the user through the editor, as far as this editor can."""

    def __init__(
        self, client: LanguageServer, capabilities: types.ClientCapabilities, spawn: Callable[[Coroutine[Any, Any, None]], None]
    ) -> None:
        self._client = client
        self._spawn = spawn
        self._shows_progress = bool(capabilities.window and capabilities.window.work_done_progress)
        self._hears_of_hovers = _wants(capabilities, "hoverReady")
        self.hears_of_status = _wants(capabilities, "statusChanged")
        """Whether the editor wants `status_changed`."""
        self.status_moved = asyncio.Event()
        """Set where the status may have changed; cleared by who then looks at it."""
        self._said: set[str] = set()
        self._loading: dict[str, asyncio.Event] = {}
        """Those models that are being loaded, by role."""
        self._indexing: asyncio.Event | None = None
        self._index_moved = asyncio.Event()
        self._index_state: IndexState | None = None
        self.cancellable: dict[str | int, Callable[[], object]] = {}
        """What to do when the user stops what is shown under a token."""
        self._stopped_early: deque[str | int] = deque(maxlen=MOST_STOPPED_EARLY)
        self.cancel_indexing: Callable[[], None] | None = None
        """What to do when the user has had enough of it."""

    def settings_problems(self, problems: Iterable[Problem]) -> None:
        """Name all problems that were not named before in one warning."""
        lines = [str(problem) for problem in problems]
        new = [line for line in dict.fromkeys(lines) if line not in self._said]
        self._said.update(new)
        if new:
            message = new[0] if len(new) == 1 else "\n".join([gettext("Some settings are not used:"), *new])
            self._show(types.MessageType.Warning, f"Recoder: {message}")

    def model_state(self, state: "ModelState") -> None:
        """Show that a model is being loaded, and once that it could not be; of a chat model, whoever asked it something is told."""
        self.status_moved.set()
        if state.phase == "loading":
            if state.role not in self._loading and self._shows_progress:
                self._loading[state.role] = done = asyncio.Event()
                self._spawn(self._progress(gettext("Loading {model}").format(model=state.name), done))
            return
        if (loaded := self._loading.pop(state.role, None)) is not None:
            loaded.set()
        if state.phase == "failed" and state.role != "chat":
            message = f"Recoder: {state.error} {state.hint}".rstrip()
            if message not in self._said:
                self._said.add(message)
                self._show(types.MessageType.Warning, message)

    def index_state(self, state: "IndexState") -> None:
        """Show how far indexing is, while it goes on, with a way to stop it."""
        self._index_state = state
        self._index_moved.set()
        self.status_moved.set()
        busy = state.phase in INDEXING
        if busy and self._indexing is None and self._shows_progress:
            self._indexing = asyncio.Event()
            self._spawn(self._show_indexing(self._indexing))
        elif not busy and self._indexing is not None:
            self._indexing.set()
            self._indexing = None

    def hover_ready(self, uri: str, position: types.Position) -> None:
        """Say that it is worth looking again, to an editor that wants to know."""
        if self._hears_of_hovers:
            place = {"line": position.line, "character": position.character}
            self._client.protocol.notify(HOVER_READY, {"textDocument": {"uri": uri}, "position": place})

    def status_changed(self) -> None:
        """Say that `recoder/status` answers something else now."""
        self._client.protocol.notify(STATUS_CHANGED, {})

    def cancelled(self, token: str | int) -> None:
        """The user stopped what this progress is about."""
        if (cancel := self.cancellable.get(token)) is not None:
            cancel()
        else:
            self._stopped_early.append(token)

    def stopped_early(self, token: str | int) -> bool:
        """Say whether the user stopped it before it began: both messages may come at once."""
        return token in self._stopped_early

    async def _show_indexing(self, done: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(INDEXING_AFTER_S):
                await done.wait()
        if done.is_set() or (token := await self._token()) is None:
            return
        if self.cancel_indexing is not None:
            self.cancellable[token] = lambda: self._stop_indexing(done)
        begin = types.WorkDoneProgressBegin(
            title=gettext("Indexing the workspace"), cancellable=self.cancel_indexing is not None, percentage=0
        )
        self._report(token, begin)
        try:
            while not done.is_set():
                if self._index_state is not None and self._index_state.total:
                    self._report(token, _indexing_report(self._index_state, cancellable=self.cancel_indexing is not None))
                self._index_moved.clear()
                await self._index_moved.wait()
        finally:
            self.cancellable.pop(token, None)
            self._report(token, types.WorkDoneProgressEnd())

    def _stop_indexing(self, done: asyncio.Event) -> None:
        """Have it stopped, and show no more of it: for another window it may go on."""
        if self.cancel_indexing is not None:
            self.cancel_indexing()
        done.set()
        self._index_moved.set()

    async def _progress(self, title: str, done: asyncio.Event) -> None:
        token = await self._token()
        if token is None:
            return
        self._report(token, types.WorkDoneProgressBegin(title=title, cancellable=False))
        try:
            await done.wait()
        finally:
            self._report(token, types.WorkDoneProgressEnd())

    async def _token(self) -> str | None:
        """A token that the editor knows, or None. It has to begin and to end: Helix shows it from when it knows it until then."""
        # A token may be used only once, and an editor that never answers must hold nobody up.
        token = str(uuid.uuid4())
        try:
            async with asyncio.timeout(PROGRESS_TIMEOUT_S):
                await self._client.window_work_done_progress_create_async(types.WorkDoneProgressCreateParams(token=token))
        except (TimeoutError, JsonRpcException):
            return None
        return token

    def _report(self, token: str, value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd) -> None:
        self._client.progress(types.ProgressParams(token=token, value=value))

    def _show(self, kind: types.MessageType, message: str) -> None:
        self._client.window_show_message(types.ShowMessageParams(type=kind, message=message))


def _wants(capabilities: types.ClientCapabilities, notification: str) -> bool:
    # What is experimental may be anything, as an object or as a dictionary.
    experimental = capabilities.experimental
    recoder = experimental.get("recoder") if isinstance(experimental, dict) else getattr(experimental, "recoder", None)
    wanted = recoder.get(notification) if isinstance(recoder, dict) else getattr(recoder, notification, None)
    return wanted is True


def _indexing_report(state: "IndexState", *, cancellable: bool) -> types.WorkDoneProgressReport:
    left = max(state.total - state.done, 0)
    message = ngettext("{n} file left", "{n} files left", left).format(n=number(left))
    return types.WorkDoneProgressReport(message=message, percentage=min(state.done * 100 // state.total, 100), cancellable=cancellable)
