"""Everything the user sees without having asked: warnings, each once, and progress while a model loads."""

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from recoder_lsp.config import Problem

if TYPE_CHECKING:
    from recoder_lsp.engine.runtime import ModelState

PROGRESS_TIMEOUT_S = 5.0


class Notifier:
    """Speaks to the user through the editor, as far as this editor can."""

    def __init__(
        self, client: LanguageServer, capabilities: types.ClientCapabilities, spawn: Callable[[Coroutine[Any, Any, None]], None]
    ) -> None:
        self._client = client
        self._spawn = spawn
        self._shows_progress = bool(capabilities.window and capabilities.window.work_done_progress)
        self._said: set[str] = set()
        self._loading: asyncio.Event | None = None

    def settings_problems(self, problems: Iterable[Problem]) -> None:
        """Name all problems that were not named before in one warning."""
        lines = [str(problem) for problem in problems]
        new = [line for line in dict.fromkeys(lines) if line not in self._said]
        self._said.update(new)
        if new:
            message = new[0] if len(new) == 1 else "\n".join(["Some settings are not used:", *new])
            self._show(types.MessageType.Warning, f"Recoder: {message}")

    def model_state(self, state: "ModelState") -> None:
        """Show that a model is being loaded, and once that it could not be."""
        if state.phase == "loading":
            if self._loading is None and self._shows_progress:
                self._loading = asyncio.Event()
                self._spawn(self._progress(f"Loading {state.name}", self._loading))
            return
        if self._loading is not None:
            self._loading.set()
            self._loading = None
        if state.phase == "failed":
            message = f"Recoder: {state.error} {state.hint}".rstrip()
            if message not in self._said:
                self._said.add(message)
                self._show(types.MessageType.Warning, message)

    async def _progress(self, title: str, done: asyncio.Event) -> None:
        # A token may be used only once, and an editor that never answers must hold nobody up.
        token = str(uuid.uuid4())
        try:
            async with asyncio.timeout(PROGRESS_TIMEOUT_S):
                await self._client.window_work_done_progress_create_async(types.WorkDoneProgressCreateParams(token=token))
        except (TimeoutError, JsonRpcException):
            return
        if done.is_set():
            return
        self._report(token, types.WorkDoneProgressBegin(title=title, cancellable=False))
        try:
            await done.wait()
        finally:
            self._report(token, types.WorkDoneProgressEnd())

    def _report(self, token: str, value: types.WorkDoneProgressBegin | types.WorkDoneProgressEnd) -> None:
        self._client.progress(types.ProgressParams(token=token, value=value))

    def _show(self, kind: types.MessageType, message: str) -> None:
        self._client.window_show_message(types.ShowMessageParams(type=kind, message=message))
