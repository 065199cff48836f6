"""Finds the index process of a folder, or starts one, and agrees with it on who both are."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recoder_lsp.errors import RecoderError
from recoder_lsp.index.process import wire
from recoder_lsp.index.process.child import Child
from recoder_lsp.index.process.lock import owner_of
from recoder_lsp.index.process.place import Place, loose_place, place_of
from recoder_lsp.index.process.wire import ALREADY_SERVED, BrokenMessage, Connection, IndexState, Speaker
from recoder_lsp.language import gettext, spoken

START_S = 30.0
HELLO_S = 10.0
TRY_EVERY_S = 0.03
SILENT_AT_MOST = 3
MODULE = "recoder_lsp.index.process.host"

log = logging.getLogger(__name__)


class IndexFailed(RecoderError):
    """The index could not do what it was asked to."""


@dataclass(frozen=True)
class Welcome:
    """What a process says to a new client."""

    process_id: int
    state: IndexState


class Caller:
    """Knows where the process of one folder is reached, and how it is started. Belongs to the event loop."""

    def __init__(self, root: Path | None, home: Path, options: Sequence[str]) -> None:
        self._root, self._home, self._options = root, home, options
        self._place: Place | None = None
        self._n_silent = 0

    async def connected(self, introduction: dict[str, Any]) -> tuple[Connection, Welcome]:
        """Return a connection on which we were understood; starts a process where there is none, or an older one.

        Args:
            introduction: What a process has to know about a new client.

        Raises:
            IndexFailed: There is none, for a reason that the user can do something about.
            BrokenMessage: Whoever listens there does not speak as an index process does.
            OSError, TimeoutError: Nobody can be reached.
        """
        child: Child | None = None
        deadline = time.monotonic() + START_S
        while True:
            if self._place is None:
                self._place = loose_place() if self._root is None else place_of(self._root, self._home)
            place = self._place
            welcomed = await self._greeted(place, introduction)
            if welcomed is not None:
                self._n_silent = 0
                return welcomed
            if time.monotonic() > deadline:
                raise TimeoutError
            if child is None:
                place.make()
                child = Child(self._command(place))
            elif (code := child.exit_code) is not None:
                if code != ALREADY_SERVED:
                    raise IndexFailed(gettext("The index process ended at once."), gettext("Its log is {path}.").format(path=place.log))
                # Another one is just beginning or just ending.
                child = None
            await asyncio.sleep(TRY_EVERY_S)

    def tidy(self) -> None:
        """Delete what was for this client alone. The process does that too, unless it was killed."""
        if self._root is None and self._place is not None:
            shutil.rmtree(self._place.folder, ignore_errors=True)

    async def _greeted(self, place: Place, introduction: dict[str, Any]) -> tuple[Connection, Welcome] | None:
        """None where nobody listens, or nobody will in a moment."""
        try:
            connection = Connection(*await asyncio.open_unix_connection(place.socket_to_connect()))
        except (FileNotFoundError, ConnectionError):
            return None
        try:
            async with asyncio.timeout(HELLO_S):
                welcome = await _hello(connection, introduction)
                if welcome is not None:
                    return connection, welcome
                # It leaves, and then there is room for ours.
                while await connection.receive() is not None:
                    continue
        except TimeoutError:
            connection.close()
            self._n_silent += 1
            if self._n_silent >= SILENT_AT_MOST:
                _end_silent_owner(place)
            raise
        except BaseException:
            connection.close()
            raise
        connection.close()
        return None

    def _command(self, place: Place) -> list[str]:
        where = ["--loose", str(place.folder)] if self._root is None else ["--root", str(self._root), "--home", str(self._home)]
        return [sys.executable, "-m", MODULE, *where, "--locale", spoken(), *self._options]


def state_in(value: Any) -> IndexState:
    """Read a state out of a message; BrokenMessage when there is none."""
    try:
        return wire.state_of(value)
    except ValueError as error:
        raise BrokenMessage(str(error)) from None


async def _hello(connection: Connection, introduction: dict[str, Any]) -> Welcome | None:
    """Introduce ourselves; None if the process is leaving, which an older one is asked to."""
    connection.send({"id": 0, "method": "hello", "params": {**wire.OURS.as_json(), **introduction}})
    match await connection.receive():
        case None:
            return None
        case {"id": 0, "result": {"pid": int(process_id), "state": state} as result}:
            theirs = Speaker.of(result)
            if theirs == wire.OURS:
                return Welcome(process_id, state_in(state))
            if theirs > wire.OURS:
                raise IndexFailed(
                    gettext("A newer version of Recoder serves this folder."), gettext("Restart this editor with that version.")
                )
            connection.send({"id": 0, "method": "retire", "params": {}})
            return None
    raise BrokenMessage("An answer to hello is not understood.")


def _end_silent_owner(place: Place) -> None:
    """Kill a process that takes connections and has not answered for long: it hangs, and nobody else can take its place."""
    process_id = owner_of(place.lock)
    if process_id is None or process_id <= 1:
        return
    with contextlib.suppress(OSError):
        # The number may by now be somebody else's, or one of another container that shares this folder.
        words = Path(f"/proc/{process_id}/cmdline").read_bytes().split(b"\0")
        if os.fsencode(MODULE) in words:
            log.warning("An index process hangs; it is ended.")
            os.kill(process_id, signal.SIGKILL)
