"""The index of one folder, as those who use it see it: asked over a socket, started when needed, away at times."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from recoder_lsp.config import IndexSettings
from recoder_lsp.errors import RecoderError
from recoder_lsp.index.process import wire
from recoder_lsp.index.process.calling import Caller, IndexFailed, state_in
from recoder_lsp.index.process.wire import SERVING, BrokenMessage, Connection, IndexState
from recoder_lsp.index.records import Hit, Location, Symbol
from recoder_lsp.language import gettext
from recoder_lsp.logs import log_bug
from recoder_lsp.metrics import Metrics

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
SETTLED_S = 60.0
"""A process that lived this long did not fail at its start: the next failure is treated as a first one."""

ANSWER_S = 5.0
PING_S = 20.0
# A process that takes in nothing for so long is not going to.
WAITING_BYTES = 16 * 1024 * 1024

R = TypeVar("R")

log = logging.getLogger(__name__)


class FolderClient:
    """Belongs to the event loop; nothing here blocks it. Questions are answered with less while the process is away."""

    def __init__(
        self,
        root: Path | None,
        home: Path,
        settings: IndexSettings,
        *,
        watch: bool,
        asks_only: bool = False,
        on_state: Callable[[IndexState], None] | None = None,
        metrics: Metrics | None = None,
        log_level: str = "warning",
        options: Sequence[str] = (),
    ) -> None:
        """Prepare; `start` begins.

        Args:
            root: The folder; None for an index of open buffers alone.
            home: Recoder's own folder.
            settings: Those for a process that is not running yet; one that is keeps its own until `configure`.
            watch: Have the process watch the files, because this client will not tell of changes.
            asks_only: The index as it is will do: a process is not to bring it up to date for this client.
            on_state: Called on the event loop with every change of `state`.
            metrics: Where failures and latencies are counted.
            log_level: How much the process writes to its log.
            options: More arguments for the process.
        """
        self.root = root
        self._settings, self._watch, self._asks_only, self._paused = settings, watch, asks_only, False
        self._caller = Caller(root, home, ("--log-level", log_level, *options))
        self._on_state = on_state
        self._metrics = metrics or Metrics()
        self._state = IndexState()
        self._keeper: asyncio.Task[None] | None = None
        self._examining: asyncio.Task[None] | None = None
        self._connection: Connection | None = None
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._buffers: dict[str, tuple[str, str]] = {}
        self._changes = asyncio.Event()
        self.process_id: int | None = None
        """Of the process that answers; None while there is none."""

    @property
    def state(self) -> IndexState:
        return self._state

    @property
    def available(self) -> bool:
        """Whether questions are answered at the moment."""
        return self._connection is not None and self._state.phase in SERVING

    def start(self) -> None:
        """Connect, and stay connected; returns at once."""
        if self._keeper is None:
            self._keeper = asyncio.get_running_loop().create_task(self._keep(), name="index of a folder")

    async def close(self) -> None:
        """Disconnect. The process ends by itself, if nobody else is connected to it."""
        if self._keeper is not None:
            tasks = [task for task in (self._keeper, self._examining) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self._keeper = self._examining = None
        self._become(IndexState())

    async def until(self, wanted: Callable[[IndexState], bool]) -> IndexState:
        """Wait for such a state, and return it."""
        while not wanted(self._state):
            await self._changes.wait()
        return self._state

    # -- questions

    async def search(self, query: str, *, timeout_s: float = ANSWER_S, **filters: Any) -> tuple[Hit, ...]:
        """Return pieces of code, best first. `filters` are fields of `search.Query`."""
        found = await self.ask("search", {"text": query, **filters}, timeout_s=timeout_s)
        return _each(wire.hit_of, found.get("hits") if isinstance(found, dict) else found)

    async def symbols(self, query: str, *, limit: int = 100, timeout_s: float = ANSWER_S, **options: Any) -> tuple[Location, ...]:
        """Return symbols whose names are like the query, best first. `options` are those of `names.Names.symbols`."""
        found = await self.ask("symbols", {"query": query, "limit": limit, **options}, timeout_s=timeout_s)
        return _each(wire.location_of, found.get("symbols") if isinstance(found, dict) else found)

    async def outline(self, path: str, *, timeout_s: float = ANSWER_S) -> tuple[Symbol, ...]:
        """Return the symbols of one file, in its order."""
        return _each(wire.symbol_of, await self.ask("outline", {"path": path}, timeout_s=timeout_s))

    async def ask(self, method: str, params: dict[str, Any] | None = None, *, timeout_s: float = ANSWER_S) -> Any:
        """Return the answer; None when there is none in time, for whatever reason."""
        if self._connection is None:
            return None
        started = time.perf_counter()
        try:
            async with asyncio.timeout(timeout_s):
                return await self.asked(method, params)
        except (TimeoutError, IndexFailed) as error:
            self._metrics.count(f"index.no_answer.{method}")
            if isinstance(error, TimeoutError) and (self._examining is None or self._examining.done()):
                self._examining = asyncio.get_running_loop().create_task(self._examine())
            log.info("The index did not answer %s: %s", method, type(error).__name__)
            return None
        finally:
            self._metrics.observe(f"index.{method}", (time.perf_counter() - started) * 1000)

    async def asked(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Return the answer, however long it takes.

        Raises:
            IndexFailed: There is no index, it went away, or it says what is wrong.
        """
        connection = self._connection
        if connection is None:
            raise IndexFailed(gettext("The index is not there."), self._state.reason)
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            connection.send({"id": number, "method": method, "params": params or {}})
            return await future
        except asyncio.CancelledError:
            if self._connection is connection:
                connection.send({"method": "cancel", "params": {"id": number}})
            raise
        finally:
            self._waiting.pop(number, None)

    # -- notices

    def open_buffer(self, path: str, text: str, language: str) -> None:
        """Have this text count instead of the file, until `close_buffer`."""
        self._buffers[path] = (text, language)
        if self._connection is not None and self._connection.unsent_bytes > WAITING_BYTES:
            log.warning("The index takes nothing in; connecting anew.")
            self._metrics.count("index.stuck")
            self._connection.abort()
            return
        self._tell("buffer", {"path": path, "text": text, "language": language})

    def close_buffer(self, path: str) -> None:
        if self._buffers.pop(path, None) is not None:
            self._tell("close_buffer", {"path": path})

    def saved(self, paths: Iterable[str]) -> None:
        """These files were saved: have them read at once."""
        self._tell("saved", {"paths": list(paths)})

    def watched(self, paths: Iterable[str]) -> None:
        """These files or folders were changed, created or deleted."""
        self._tell("watched", {"paths": list(paths)})

    def look_again(self) -> None:
        """Very much was changed: have everything compared with the disk."""
        self._tell("look_again", {})

    def typing(self) -> None:
        """A key was pressed: have background work wait for a moment."""
        self._tell("typing", {})

    def pause(self) -> None:
        """Do not have work done in the background; another client of this index may want it all the same."""
        self._paused = True
        self._tell("pause", {})

    def resume(self) -> None:
        self._paused = False
        self._tell("resume", {})

    def watch(self, watch: bool) -> None:
        """Say whether the process has to watch the files for this client."""
        if watch != self._watch:
            self._watch = watch
            self._tell("watch", {"watch": watch})

    def configure(self, settings: IndexSettings) -> None:
        """Have the process go by these settings from now on."""
        if settings != self._settings:
            self._settings = settings
            self._tell("configure", {"settings": dataclasses.asdict(settings)})

    def _tell(self, method: str, params: dict[str, Any]) -> None:
        # Without a connection nothing is lost: a new process reads every file, and is told of buffers and wishes.
        if self._connection is not None:
            self._connection.send({"method": method, "params": params})

    # -- the connection

    async def _keep(self) -> None:
        """Stay connected: after every loss again, each time after a longer pause."""
        pause_s = FIRST_PAUSE_S
        try:
            while True:
                connected_at, reason = time.monotonic(), gettext("The index process ended.")
                self._become(IndexState("starting", reason=self._state.reason))
                try:
                    introduction = self._introduction()
                    connection, welcome = await self._caller.connected(introduction)
                    connected_at = time.monotonic()
                    self.process_id = welcome.process_id
                    self._become(welcome.state)
                    await self._listen(connection, introduction)
                except (OSError, TimeoutError, BrokenMessage, RecoderError) as error:
                    log.info("The index cannot be reached: %s", type(error).__name__)
                    reason = str(error) if isinstance(error, RecoderError) else gettext("The index process cannot be reached.")
                except Exception as error:
                    # Whatever it is: this must go on for as long as the editor does.
                    log_bug(log, "The connection to the index failed", error)
                self._metrics.count("index.lost")
                pause_s = FIRST_PAUSE_S if time.monotonic() - connected_at >= SETTLED_S else pause_s
                self._become(IndexState("failed", reason=reason))
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        finally:
            self._caller.tidy()

    def _introduction(self) -> dict[str, Any]:
        settings = dataclasses.asdict(self._settings)
        return {"watch": self._watch, "asks_only": self._asks_only, "paused": self._paused, "settings": settings}

    async def _listen(self, connection: Connection, introduction: dict[str, Any]) -> None:
        """Tell a process what it has to know, and take what it says, until it goes away."""
        self._connection = connection
        try:
            # Connecting may have taken half a minute, in which we heard more than the process was told.
            if self._watch != introduction["watch"]:
                self._tell("watch", {"watch": self._watch})
            if (settings := dataclasses.asdict(self._settings)) != introduction["settings"]:
                self._tell("configure", {"settings": settings})
            if self._paused != introduction["paused"]:
                self._tell("pause" if self._paused else "resume", {})
            for path, (text, language) in self._buffers.items():
                self._tell("buffer", {"path": path, "text": text, "language": language})
            while (message := await connection.receive()) is not None:
                self._take(message)
        finally:
            self._connection = self.process_id = None
            connection.close()
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(IndexFailed(gettext("The index process went away.")))

    async def _examine(self) -> None:
        """Leave a process that is there and says nothing any more, so that the way to a new one begins."""
        connection = self._connection
        try:
            async with asyncio.timeout(PING_S):
                await self.asked("ping")
        except TimeoutError:
            if connection is not None and connection is self._connection:
                log.warning("The index process says nothing any more.")
                self._metrics.count("index.stuck")
                connection.abort()
        except IndexFailed:
            """It has gone meanwhile."""

    def _take(self, message: dict[str, Any]) -> None:
        match message:
            case {"method": "state", "params": state}:
                self._become(state_in(state))
            case {"id": int(number), "error": {"message": str(text), "hint": str(hint)}}:
                if (future := self._waiting.get(number)) is not None and not future.done():
                    future.set_exception(IndexFailed(text, hint))
            case {"id": int(number), "result": result}:
                if (future := self._waiting.get(number)) is not None and not future.done():
                    future.set_result(result)
            case {"method": _}:
                """Of a later version."""
            case _:
                raise BrokenMessage("A message is not understood.")

    def _become(self, state: IndexState) -> None:
        if state != self._state:
            self._state = state
            self._changes.set()
            self._changes = asyncio.Event()
            if self._on_state is not None:
                self._on_state(state)


def _each(read: Callable[[Any], R], values: Any) -> tuple[R, ...]:
    """What could be read; an answer that makes no sense is an empty one."""
    try:
        return tuple(read(value) for value in values) if isinstance(values, list) else ()
    except (ValueError, TypeError) as error:
        log.warning("An answer of the index makes no sense: %s", type(error).__name__)
        return ()
