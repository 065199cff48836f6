"""Shows that a command is at work, with a way to stop it, and hands out partial results: what LSP calls progress."""

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from recoder_lsp.server.session import Session

SHOWN_AFTER_S = 0.5
"""What takes less needs no progress."""
TOKEN_TIMEOUT_S = 5.0

Token = int | str


class Progress:
    """Of one command. Entered by who runs it; left when it is over. Belongs to the event loop and to the task that entered it.

    Where the editor sent a token of its own, that is used at once; else, where it shows progress, one is made when the
    command takes longer than SHOWN_AFTER_S. Stopping it in the editor cancels the task.
    """

    def __init__(self, session: Session, title: str, token: Token | None) -> None:
        self._session, self._title, self._token = session, title, token
        self._begun = self._is_over = False
        self._message = ""
        self._begin_later: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> "Progress":
        self._task = asyncio.current_task()
        window = self._session.capabilities.window
        if self._token is not None:
            self._begin(self._token)
        elif window and window.work_done_progress:
            self._begin_later = asyncio.get_running_loop().call_later(SHOWN_AFTER_S, self._begin_on_a_new_token)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_over = True
        if self._begin_later is not None:
            self._begin_later.cancel()
        if self._begun and self._token is not None:
            self._end(self._token)

    def say(self, message: str) -> None:
        """Show what is being done now, in a few words."""
        self._message = message
        if self._begun and self._token is not None:
            self._send(self._token, types.WorkDoneProgressReport(message=message, cancellable=True))

    def partial(self, token: Token, value: Any) -> None:
        """Send a part of the result on the token that the editor gave for it."""
        self._send(token, value)

    def _begin_on_a_new_token(self) -> None:
        self._session.spawn(self._make_token())

    async def _make_token(self) -> None:
        # A token may be used only once, and an editor that never answers must hold nobody up.
        token = str(uuid.uuid4())
        with contextlib.suppress(TimeoutError, JsonRpcException):
            async with asyncio.timeout(TOKEN_TIMEOUT_S):
                await self._session.client.window_work_done_progress_create_async(types.WorkDoneProgressCreateParams(token=token))
            self._begin(token)
            if self._is_over:
                # Helix shows a token from when it knows it until it has ended.
                self._end(token)

    def _begin(self, token: Token) -> None:
        self._token, self._begun = token, True
        task = self._task
        if task is not None:
            stop: Callable[[], object] = task.cancel
            self._session.notify.cancellable[token] = stop
        self._send(token, types.WorkDoneProgressBegin(title=self._title, cancellable=True, message=self._message or None))
        if task is not None and self._session.notify.stopped_early(token):
            task.cancel()

    def _end(self, token: Token) -> None:
        self._session.notify.cancellable.pop(token, None)
        self._send(token, types.WorkDoneProgressEnd())

    def _send(self, token: Token, value: Any) -> None:
        self._session.client.progress(types.ProgressParams(token=token, value=value))
