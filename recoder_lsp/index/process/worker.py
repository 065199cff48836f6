"""The one thread that writes the index: saved files first, then open buffers, then everything else, at a bearable pace."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from recoder_lsp.config import IndexSettings
from recoder_lsp.errors import RecoderError
from recoder_lsp.index.process.core import Core, Progress
from recoder_lsp.index.process.pace import CpuShare, Seldom
from recoder_lsp.index.process.promises import NotReady, break_off, keep
from recoder_lsp.index.process.reported import Reported
from recoder_lsp.index.process.wire import IndexState, Phase
from recoder_lsp.index.store.manifest_database import ManifestDamaged
from recoder_lsp.language import gettext
from recoder_lsp.logs import log_bug

HOLD_S = 0.3
"""How long after a key was pressed nothing happens in the background."""

FLUSH_AFTER_S = 1.0
"""How long nothing may have changed before vectors are written: that takes a while, and they can be found before."""

NICENESS = 10
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 60.0
SAY_EVERY_S = 0.1
# All phrases are built when one file has changed: so long after the last time, and so many times what that has cost.
PHRASES_EVERY_S, PHRASES_REST = 10.0, 50

log = logging.getLogger(__name__)


class Worker:
    """Opens a core, keeps it up to date, and opens it again after a failure. Any thread may call any public method."""

    def __init__(
        self,
        open_core: Callable[[IndexSettings], Core],
        settings: IndexSettings,
        on_state: Callable[[IndexState], None],
        *,
        paused: bool = False,
    ) -> None:
        """Start working. `on_state` is called on the worker's thread."""
        self._open_core, self._on_state = open_core, on_state
        self._changed = threading.Condition()
        self._core_in_use = threading.Lock()
        self._core: Core | None = None
        self._settings = settings
        self._share = CpuShare(settings.cpu_percent)
        self._reported = Reported()
        self._reconcile, self._restart, self._flush, self._phrases = True, False, False, False
        self._seldom = Seldom(PHRASES_EVERY_S, PHRASES_REST)
        self._waiting, self._checks, self._settling = list[Future[Any]](), list[Future[Any]](), list[Future[Any]]()
        self._reopen: Callable[[], None] | None = None
        self._paused, self._closed = paused, False
        self._held_until, self._changed_at = 0.0, 0.0
        self._retry_at, self._retry_s = 0.0, FIRST_RETRY_S
        self._state, self._said_at = IndexState("opening"), 0.0
        self._thread = threading.Thread(target=self._run, name="recoder-index", daemon=True)
        self._thread.start()

    @property
    def state(self) -> IndexState:
        return self._state

    def saved(self, paths: Iterable[str]) -> None:
        """Take these files in at once."""
        with self._changed:
            self._reported.saved(paths)
            self._changed.notify_all()

    def watched(self, paths: Iterable[str]) -> None:
        """Take in what was changed, created or deleted; soon, and with much of it in the background."""
        with self._changed:
            if not self._reported.watched(paths):
                self._reconcile = self._restart = True
            self._changed.notify_all()

    def look_again(self) -> None:
        """Compare everything with the disk, in the background and from the beginning."""
        with self._changed:
            self._reconcile = self._restart = True
            self._changed.notify_all()

    def buffer(self, path: str, text: str, language: str) -> None:
        """Let this text stand for the file; only the latest one of a path counts."""
        with self._changed:
            self._reported.opened(path, text, language)
            self._changed.notify_all()

    def close_buffer(self, path: str) -> None:
        with self._changed:
            self._reported.closed(path)
            self._changed.notify_all()

    def hold(self) -> None:
        """A key was pressed: nothing but saves and buffers for a moment."""
        with self._changed:
            self._held_until = time.monotonic() + HOLD_S

    def pause(self) -> None:
        """Stop work in the background until `resume`; saved files and buffers are taken in all the same."""
        with self._changed:
            self._paused = True
            self._changed.notify_all()

    def resume(self) -> None:
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def reconcile(self) -> Future[Any]:
        """Compare everything with the disk, also while paused. A round that goes on already may be past what changed.

        Returns:
            What becomes the core's summary.
        """
        with self._changed:
            self._reconcile = True
            return self._promised(self._waiting)

    def settle(self) -> Future[Any]:
        """Do now what otherwise waits for a quiet moment. Returns what becomes None when nothing is left to do."""
        with self._changed:
            self._flush = self._phrases = True
            return self._promised(self._settling)

    def check(self) -> Future[Any]:
        """Return what becomes the core's list of what does not agree."""
        with self._changed:
            return self._promised(self._checks)

    def configure(self, settings: IndexSettings) -> None:
        """Go by these settings from now on; where they change what is in the index, it is opened anew."""
        with self._changed:
            alike = dataclasses.replace(settings, cpu_percent=self._settings.cpu_percent, watch=self._settings.watch) == self._settings
            self._settings = settings
            self._share.percent = settings.cpu_percent
            if not alike:
                # Reopening alone is enough.
                self._reopen = self._reopen or (lambda: None)
            self._changed.notify_all()

    def rebuild(self, clear: Callable[[], None]) -> Future[Any]:
        """Close the core, `clear` what it left, and begin anew. Returns what becomes the summary."""
        with self._changed:
            self._reopen = clear
        return self.reconcile()

    def answer(self, method: str, params: dict[str, Any]) -> Any:
        """Ask the core; for the search thread.

        Raises:
            NotReady: There is none at the moment.
        """
        with self._core_in_use:
            if self._core is None:
                raise NotReady(gettext("The index is not open."), self._state.reason)
            try:
                return self._core.answer(method, params)
            except ManifestDamaged:
                # The core finds out whether it is, and is opened anew then.
                self.look_again()
                raise
            except Exception:
                raise
            except BaseException as error:
                # A panic in a library's Rust code comes as one of these, and would take the event loop's task with it.
                raise NotReady(gettext("The index failed: {problem}.").format(problem=type(error).__name__)) from error

    def close(self, timeout_s: float) -> bool:
        """Stop, and leave everything on disk in order; False if that took too long."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _promised(self, promises: list[Future[Any]]) -> Future[Any]:
        future: Future[Any] = Future()
        promises.append(future)
        self._changed.notify_all()
        return future

    # -- the worker's thread

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            # On Linux this is about the calling thread and those that it starts: questions are answered at full speed.
            os.nice(NICENESS)
        while (step := self._next()) is not None:
            try:
                step()
            except BaseException as error:
                # Whatever it is, also a panic in a library's Rust code: the folder must not stay without an index for ever.
                self._fail(error)
        self._close_core()
        for future in (*self._waiting, *self._checks, *self._settling):
            future.cancel()

    def _next(self) -> Callable[[], None] | None:
        """Wait for something to do, and return it; None when there will be nothing more."""
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                wait_s: float | None = None
                if self._core is None or self._reopen is not None:
                    if self._reopen is not None or now >= self._retry_at:
                        return self._open
                    wait_s = self._retry_at - now
                elif self._reported.has_paths:
                    return self._update
                elif self._reported.has_texts:
                    return self._take_buffers
                elif self._checks:
                    return self._check
                elif self._reconcile or self._flush or self._phrases:
                    if not self._rests():
                        step, due_at = self._in_background()
                        wait_s = due_at - now
                        if wait_s <= 0:
                            return step
                    elif (self._reconcile or self._flush) and self._state.phase != "paused":
                        return self._say_paused
                self._changed.wait(wait_s)
            return None

    def _in_background(self) -> tuple[Callable[[], None], float]:
        """What is to be done when nothing is urgent, and from when on. Opening ChromaDB takes longer than phrases do mostly."""
        if self._reconcile:
            return self._go_on, self._held_until
        quiet_from = self._held_until if self._settling else max(self._held_until, self._changed_at + FLUSH_AFTER_S)
        phrases_from = quiet_from if self._settling else max(quiet_from, self._seldom.due_at)
        if self._flush and not (self._phrases and phrases_from <= quiet_from):
            return self._write_vectors, quiet_from
        return self._keep_phrases, phrases_from

    def _open(self) -> None:
        with self._changed:
            prepare, self._reopen = self._reopen, None
            settings = self._settings
        self._close_core()
        if prepare is not None:
            prepare()
        self._say(IndexState("opening"))
        core = self._open_core(settings)
        with self._core_in_use:
            self._core = core
        with self._changed:
            self._reported.again()
            self._reconcile, self._restart, self._flush = True, False, True
        self._say(IndexState("scanning"))

    def _update(self) -> None:
        with self._changed:
            paths = self._reported.take_paths()
        again = self._opened().update(paths, lambda: self._closed)
        with self._changed:
            self._flush, self._phrases, self._changed_at = True, True, time.monotonic()
            self._reconcile = self._reconcile or again

    def _take_buffers(self) -> None:
        with self._changed:
            path, buffer = self._reported.take_text()
        core = self._opened()
        again = core.close_buffer(path) if buffer is None else core.open_buffer(path, *buffer)
        with self._changed:
            self._flush, self._changed_at = True, time.monotonic()
            self._reconcile = self._reconcile or again

    def _check(self) -> None:
        # Left in the list until it is answered: a failure is told to who is in it.
        problems = self._opened().check()
        with self._changed:
            future = self._checks.pop(0)
        keep([future], problems)

    def _go_on(self) -> None:
        core = self._opened()
        with self._changed:
            # Taken back first: what is asked for from now on may come too late for this round.
            restart, self._restart, self._reconcile = self._restart, False, False
        if restart:
            core.restart_round()
        self._share.begin()
        started = time.monotonic()
        summary = core.reconcile(self._report, self._make_room)
        with self._changed:
            if not summary.complete:
                self._reconcile = True
                return
            self._retry_s, self._flush, self._phrases = FIRST_RETRY_S, True, True
            waiting: list[Future[Any]] = [] if self._reconcile else self._waiting
            self._waiting = self._waiting if self._reconcile else []
        log.info("Reconciled %d files in %.0f ms", self._state.n_files, (time.monotonic() - started) * 1000)
        self._say(dataclasses.replace(self._state, phase="idle"))
        keep(waiting, summary)

    def _write_vectors(self) -> None:
        self._share.begin()
        if self._settling:
            self._say(dataclasses.replace(self._state, phase="vectors", done=0, total=0))
        done = self._opened().flush(self._make_room)
        with self._changed:
            self._flush = not done
        self._settle()

    def _keep_phrases(self) -> None:
        self._share.begin()
        with self._seldom.counting():
            done = self._opened().keep_phrases(self._make_room)
        if done:
            self._seldom.rest()
        with self._changed:
            self._phrases = not done
        self._settle()

    def _settle(self) -> None:
        """Tell those who wait for it when nothing is left to do."""
        with self._changed:
            settled, self._settling = ([], self._settling) if self._flush or self._phrases else (self._settling, [])
        self._say(dataclasses.replace(self._state, phase="idle"))
        keep(settled, None)

    def _say_paused(self) -> None:
        self._say(dataclasses.replace(self._state, phase="paused"))

    def _make_room(self) -> bool:
        """Asked between files by what runs in the background: whether to stop. Rests where that is enough."""
        with self._changed:
            while not self._wanted_elsewhere():
                rest_s = max(self._held_until - time.monotonic(), self._share.rest_s())
                if rest_s <= 0:
                    return False
                self._changed.wait(rest_s)
            return True

    def _wanted_elsewhere(self) -> bool:
        urgent = self._reported.has_paths or self._reported.has_texts or self._checks
        return bool(urgent or self._closed or self._restart or self._reopen or self._rests())

    def _rests(self) -> bool:
        # Somebody who waits has asked for it.
        return self._paused and not (self._waiting or self._settling)

    def _opened(self) -> Core:
        if self._core is None:
            raise NotReady(gettext("The index is not open."))
        return self._core

    def _close_core(self) -> None:
        # Not while the search thread is in it.
        with self._core_in_use:
            core, self._core = self._core, None
        if core is None:
            return
        try:
            core.close()
        except BaseException as error:
            log_bug(log, "The index could not be closed", error)

    def _fail(self, error: BaseException) -> None:
        """Begin anew after a while, with everything that a new core needs to know."""
        if isinstance(error, RecoderError):
            reason = str(error)
        else:
            log_bug(log, "The index failed", error)
            problem = error.strerror if isinstance(error, OSError) else None
            reason = gettext("The index failed: {problem}.").format(problem=problem or type(error).__name__)
        self._close_core()
        with self._changed:
            self._retry_at, self._retry_s = time.monotonic() + self._retry_s, min(self._retry_s * 2, LONGEST_RETRY_S)
            # What was asked for is part of what a new core does first.
            self._reported.forget_paths()
            waiting = [*self._waiting, *self._checks, *self._settling]
            self._waiting, self._checks, self._settling = [], [], []
        self._say(dataclasses.replace(self._state, phase="failed", reason=reason))
        break_off(waiting, NotReady(reason))

    def _report(self, progress: Progress) -> None:
        phase: Phase = "indexing" if progress.phase == "idle" else progress.phase
        self._say(IndexState(phase, progress.done, progress.total, progress.n_files, progress.n_chunks))

    def _say(self, state: IndexState) -> None:
        now = time.monotonic()
        hurry = state.phase != self._state.phase or now - self._said_at >= SAY_EVERY_S
        before, self._state = self._state, state
        if hurry and state != before:
            self._said_at = now
            self._on_state(state)
