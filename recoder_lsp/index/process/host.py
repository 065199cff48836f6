"""The index process of one folder: keeps its index, answers over a socket, and leaves when nobody needs it any more.

Started by whoever needs it first: `python -m recoder_lsp.index.process.host --home ~/.recoder --root FOLDER`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import importlib
import logging
import os
import shutil
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from recoder_lsp import logs, privacy
from recoder_lsp.config import IndexSettings
from recoder_lsp.errors import RecoderError
from recoder_lsp.index.process.core import Core, OpenCore
from recoder_lsp.index.process.guests import Guest, decides, want_work
from recoder_lsp.index.process.lock import FolderLock
from recoder_lsp.index.process.place import Place, place_of
from recoder_lsp.index.process.searching import SearchThread
from recoder_lsp.index.process.watching import keep_watching
from recoder_lsp.index.process.wire import ALREADY_SERVED, OURS, BrokenMessage, Connection, IndexState, Speaker, settings_of
from recoder_lsp.index.process.worker import Worker
from recoder_lsp.language import english, gettext, speak
from recoder_lsp.logs import log_bug

LINGER_S = 2.0
"""How long the process stays after the last client has gone, for one that is just being restarted."""

FIRST_CLIENT_S = 5.0
HELLO_S = 10.0
CLOSE_TIMEOUT_S = 10.0
CORE = "recoder_lsp.index.folder_index:FolderIndex.open"

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve one folder until nobody is connected; return the exit code."""
    guard = privacy.forbid_network(logging.getLogger("recoder_lsp.privacy"))
    chosen = _parser().parse_args(arguments)
    speak(chosen.locale)
    place = Place(Path(chosen.loose)) if chosen.loose else place_of(Path(chosen.root), Path(chosen.home))
    try:
        place.make()
        lock = FolderLock.acquire(place.lock)
    except (OSError, RecoderError):
        return 1
    if lock is None:
        return ALREADY_SERVED
    try:
        logs.configure(chosen.log_level, place.log)
        host = Host(place, None if chosen.loose else Path(os.path.realpath(chosen.root)), _core(chosen.core), guard)
        stopped = asyncio.run(host.serve())
        if chosen.loose:
            shutil.rmtree(place.folder, ignore_errors=True)
    except RecoderError as error:
        log.error("%s", english(error.message))
        return 1
    if not stopped:
        # A thread still computes in native code: the lock ends with the process, and not before.
        logging.shutdown()
        os._exit(1)
    lock.release()
    return 0


class Host:
    """Owner of the socket and of everything on the event loop of the process."""

    def __init__(self, place: Place, root: Path | None, open_core: OpenCore, guard: privacy.NetworkGuard) -> None:
        self._place, self._root, self._open_core, self._guard = place, root, open_core, guard
        self._guests: set[Guest] = set()
        self._worker: Worker | None = None
        self._settings = IndexSettings()
        self._stop = asyncio.Event()
        # Who comes back after that finds another process: nothing in this one ends a thread.
        self._searching = SearchThread(self._stop.set)
        self._state_changed = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self._doors = contextlib.ExitStack()

    async def serve(self) -> bool:
        """Answer until nobody is left; False if something would not stop in time.

        Raises:
            RecoderError: There is no place for the socket.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop.set)
        umask = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(self._converse, self._place.new_socket())
        except OSError as error:
            message = gettext("Cannot listen: {problem}.").format(problem=error.strerror or error)
            raise RecoderError(message, gettext("Set RECODER_HOME to another folder.")) from error
        finally:
            os.umask(umask)
        self._leave_in(FIRST_CLIENT_S)
        await self._stop.wait()
        server.close()
        # From here on a client finds nobody, starts another process, and that one waits for our lock.
        self._place.remove_socket()
        return await self._close()

    # -- guests

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guest = Guest(Connection(reader, writer))
        self._guests.add(guest)
        deadline = asyncio.get_running_loop().call_later(HELLO_S, self._expect_hello, guest)
        try:
            while (message := await guest.connection.receive()) is not None:
                self._take(guest, message)
        except BrokenMessage as error:
            log.warning("A client was disconnected: %s", error)
        finally:
            deadline.cancel()
            self._see_off(guest)

    def _take(self, guest: Guest, message: dict[str, Any]) -> None:
        if self._stop.is_set():
            # Without an answer: whoever is refused now comes again, and finds the next process.
            guest.connection.close()
            return
        match message:
            case {"id": int(number), "method": str(method), "params": dict(params)}:
                if method == "hello":
                    guest.connection.send({"id": number, "result": self._greet(guest, params)})
                elif method == "retire":
                    guest.connection.send({"id": number, "result": None})
                    self._stop.set()
                elif not guest.greeted or number in guest.running:
                    raise BrokenMessage("A request came out of turn.")
                else:
                    guest.running[number] = asyncio.create_task(self._answer(guest, number, method, params))
            case {"method": str(method), "params": dict(params)} if guest.greeted and "id" not in message:
                self._take_notice(guest, method, params)
            case _:
                raise BrokenMessage("A message lacks something, or came before hello.")

    def _greet(self, guest: Guest, params: dict[str, Any]) -> dict[str, Any]:
        """Say who we are. Only one that speaks as we do counts as a guest."""
        state = IndexState("opening")
        if Speaker.of(params) == OURS:
            guest.settings = settings_of(params.get("settings"))
            guest.greeted, guest.watches = True, params.get("watch") is True
            guest.asks_only = params.get("asks_only") is True
            guest.paused = params.get("paused") is True
            if self._settings != guest.settings and decides(guest, (other for other in self._greeted() if other is not guest)):
                self._settings = guest.settings
                self._open_door()
            if self._worker is None:
                loop = asyncio.get_running_loop()
                tell = lambda state: _on(loop, lambda: self._tell(state))  # noqa: E731
                self._worker = Worker(self._opened, self._settings, tell, paused=guest.asks_only or guest.paused)
            elif not guest.asks_only:
                self._pace()
            state = self._worker.state
            self._share_out()
            self._watch_if_needed()
        return {**OURS.as_json(), "pid": os.getpid(), "state": state}

    def _expect_hello(self, guest: Guest) -> None:
        if not guest.greeted:
            guest.connection.close()

    def _see_off(self, guest: Guest) -> None:
        self._guests.discard(guest)
        guest.connection.close()
        for task in guest.running.values():
            task.cancel()
        for path in list(guest.buffers):
            self._close_buffer(guest, path)
        if guest.greeted and not self._greeted():
            self._leave_in(LINGER_S)
        if not guest.asks_only:
            self._pace()
        self._share_out()
        self._watch_if_needed()

    def _share_out(self) -> None:
        """Be as modest as the most modest client wants."""
        shares = [guest.settings.cpu_percent for guest in self._greeted()]
        if self._worker is not None and shares:
            self._worker.configure(dataclasses.replace(self._settings, cpu_percent=min(shares)))

    def _pace(self) -> None:
        """Work in the background while anybody wants that; as before where nobody says."""
        wanted = want_work(self._greeted())
        if self._worker is not None and wanted is not None:
            (self._worker.resume if wanted else self._worker.pause)()

    def _greeted(self) -> list[Guest]:
        return [guest for guest in self._guests if guest.greeted]

    def _leave_in(self, seconds: float) -> None:
        def leave() -> None:
            if not self._greeted():
                self._stop.set()

        asyncio.get_running_loop().call_later(seconds, leave)

    # -- notices

    def _take_notice(self, guest: Guest, method: str, params: dict[str, Any]) -> None:
        worker = self._worker
        if worker is None:
            return
        match method, params:
            case "buffer", {"path": str(path), "text": str(text), "language": str(language)}:
                guest.buffers[path] = (text, language)
                worker.buffer(path, text, language)
            case "close_buffer", {"path": str(path)}:
                self._close_buffer(guest, path)
            case "saved", {"paths": list(paths)}:
                worker.saved(path for path in paths if isinstance(path, str))
            case "watched", {"paths": list(paths)}:
                worker.watched(path for path in paths if isinstance(path, str))
            case "look_again", _:
                worker.look_again()
            case "typing", _:
                worker.hold()
            case "pause" | "resume", _:
                guest.paused = method == "pause"
                self._pace()
            case "watch", {"watch": bool(watches)}:
                guest.watches = watches
                self._watch_if_needed()
            case "configure", {"settings": settings}:
                self._settings = guest.settings = settings_of(settings)
                self._open_door()
                self._share_out()
                self._watch_if_needed()
            case "cancel", {"id": int(number)} if number in guest.running:
                guest.running[number].cancel()
            case "cancel", _:
                """It was answered a moment ago."""
            case _:
                raise BrokenMessage("A notice is not known.")

    def _close_buffer(self, guest: Guest, path: str) -> None:
        """Go back to what another client has open, else to the file."""
        if guest.buffers.pop(path, None) is None or self._worker is None:
            return
        others = [other.buffers[path] for other in self._guests if path in other.buffers]
        if others:
            self._worker.buffer(path, *others[-1])
        else:
            self._worker.close_buffer(path)

    # -- requests

    async def _answer(self, guest: Guest, number: int, method: str, params: dict[str, Any]) -> None:
        try:
            result = await self._result(method, params)
            guest.connection.send({"id": number, "result": result})
        except RecoderError as error:
            guest.connection.send({"id": number, "error": {"message": error.message, "hint": error.hint}})
        except Exception as error:
            # Whatever a question did to the index: its answer is an error, and the next one is answered.
            log_bug(log, "A question failed", error)
            message = gettext("The index failed: {problem}.").format(problem=type(error).__name__)
            guest.connection.send({"id": number, "error": {"message": message, "hint": ""}})
        finally:
            guest.running.pop(number, None)

    async def _result(self, method: str, params: dict[str, Any]) -> Any:
        worker = self._worker
        assert worker is not None
        if method == "ping":
            self._searching.examine()
            return None
        if method == "reconcile":
            return await self._of_worker(worker.reconcile())
        if method == "rebuild":
            return await self._of_worker(worker.rebuild(self._place.clear))
        if method == "settle":
            return await self._of_worker(worker.settle())
        if method == "check":
            return await self._of_worker(worker.check())
        while worker.state.phase == "opening":
            await self._state_changed.wait()
        found = await self._searching.run(partial(worker.answer, method, params))
        if isinstance(found, dict) and (stale := found.get("stale")):
            # What is not what was indexed must have been changed without anybody telling.
            worker.watched(stale)
        return found

    async def _of_worker(self, future: Future[Any]) -> Any:
        # Shielded: that one client no longer waits must not cancel what others wait for.
        return await asyncio.shield(asyncio.wrap_future(future))

    def _tell(self, state: IndexState) -> None:
        self._state_changed.set()
        self._state_changed = asyncio.Event()
        for guest in self._greeted():
            guest.connection.send({"method": "state", "params": dataclasses.asdict(state)})

    # -- the rest

    def _opened(self, settings: IndexSettings) -> Core:
        """On the worker's thread."""
        return self._open_core(self._root, self._place.folder, settings)

    def _open_door(self) -> None:
        self._doors.close()
        host = _host(self._settings.chroma_url)
        if host and not privacy.is_local(host):
            self._doors.enter_context(self._guard.door("the setting index.chroma_url"))

    def _watch_if_needed(self) -> None:
        wanted = self._settings.watch == "always" or (self._settings.watch == "auto" and any(guest.watches for guest in self._guests))
        if self._watching is not None and (not wanted or self._stop.is_set()):
            self._watching.cancel()
            self._watching = None
        elif self._watching is None and wanted and self._root is not None and self._worker is not None:
            self._watching = asyncio.create_task(keep_watching(self._root, self._worker, lambda: self._settings))

    async def _close(self) -> bool:
        """Persist everything and stop; False if that took too long."""
        if self._watching is not None:
            self._watching.cancel()
        for guest in list(self._guests):
            guest.connection.close()
        stopped = self._worker is None or await asyncio.to_thread(self._worker.close, CLOSE_TIMEOUT_S)
        self._doors.close()
        return self._searching.close() and stopped


def _host(url: str) -> str:
    """The host in a URL, "" if there is none that could be reached."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _on(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    # RuntimeError: the loop is closed, and nobody listens any more.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(call)


def _core(name: str) -> OpenCore:
    module, _, attributes = name.partition(":")

    def open_core(root: Path | None, folder: Path, settings: IndexSettings) -> Core:
        # Imported by the worker: the socket is there long before the index is.
        found: Any = importlib.import_module(module)
        for attribute in attributes.split("."):
            found = getattr(found, attribute)
        core: Core = found(root, folder, settings)
        return core

    return open_core


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="recoder-index", description="Serves the index of one folder to its user's editors.")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--root", metavar="FOLDER", help="the folder to index")
    which.add_argument("--loose", metavar="FOLDER", help="index open files alone, and delete this folder at the end")
    parser.add_argument("--home", metavar="FOLDER", help="where Recoder's data lies", default=os.path.expanduser("~/.recoder"))
    parser.add_argument("--locale", metavar="LANGUAGE", help="the language of the editor that starts this", default="en")
    parser.add_argument("--log-level", choices=("error", "warning", "info", "debug"), default="warning")
    parser.add_argument("--core", default=CORE, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
