"""Decides which job runs next on the engine thread, which one waits, and which one is stopped."""

from __future__ import annotations

import asyncio
import enum
import itertools
import logging
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from recoder_lsp.errors import RecoderError
from recoder_lsp.language import gettext

T = TypeVar("T")
Work = Callable[[], Generator[None, None, T]]
"""What a job does: called, stepped and closed on the engine thread only; a yield lets others go first."""

# Longer than the slowest slice of a model that is worth using (64 tokens of a 500M model take 0.3 s).
CLOSE_TIMEOUT_S = 3.0

log = logging.getLogger(__name__)


class Priority(enum.IntEnum):
    """How urgent a job is; the lower runs first."""

    GHOST_TEXT = 0
    EDIT = 1
    CHAT = 2
    HOVER = 3
    PREFILL = 4


class Superseded(Exception):
    """A newer job with the same key and priority took this one's place."""


@dataclass(eq=False)
class _Job:
    """One piece of work and who waits for it. The generator belongs to the engine thread, the rest to the condition."""

    work: Work[Any]
    priority: Priority
    key: str | None
    number: int
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]
    stopped: bool = False
    generator: Generator[None, None, Any] | None = field(default=None, repr=False)


class Scheduler:
    """Runs jobs one step at a time on one thread, the most urgent first.

    Between two yields of a job nothing else runs; at each yield the most urgent job goes on, the oldest first
    among equals. A paused job continues where it was, but what it left in the model's memory may be gone.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._jobs: list[_Job] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether a job is running, paused or waiting."""
        with self._changed:
            return bool(self._jobs)

    async def run(self, work: Work[T], *, priority: Priority, key: str | None = None) -> T:
        """Return what the work returns, when its turn has come.

        Cancelling this await ends it at once; the generator is closed on the engine thread at its next yield.

        Args:
            key: of jobs with the same key and priority only the newest survives; None replaces nothing.

        Raises:
            Superseded: A newer job with this key and priority arrived first.
            RecoderError: The scheduler is closed.
            Exception: Whatever the work raised.
        """
        loop = asyncio.get_running_loop()
        job = _Job(work, priority, key, next(self._numbers), loop, loop.create_future())
        self._enqueue(job)
        try:
            return await job.answer  # type: ignore[no-any-return]
        finally:
            self._stop(job)

    def close(self) -> None:
        """Stop every job and end the engine thread; those who wait get CancelledError. May be called twice.

        Waits for the running slice, at most CLOSE_TIMEOUT_S: the thread is a daemon and may be left behind.
        """
        with self._changed:
            self._closed = True
            for job in self._jobs:
                job.stopped = True
                _deliver(job, job.answer.cancel)
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(CLOSE_TIMEOUT_S)
            if thread.is_alive():
                log.warning("the engine thread did not end within %.0f s", CLOSE_TIMEOUT_S)

    def _enqueue(self, job: _Job) -> None:
        with self._changed:
            if self._closed:
                raise RecoderError(gettext("The engine is shut down."), gettext("Restart the language server."))
            for older in self._jobs:
                if job.key is not None and (older.key, older.priority) == (job.key, job.priority):
                    older.stopped = True
                    # Not cancel(): to the waiting handler that would look as if the client had cancelled.
                    _deliver(older, _failing(older, Superseded("A newer request replaced this one.")))
            self._jobs.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="recoder-engine", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _stop(self, job: _Job) -> None:
        with self._changed:
            if job in self._jobs:
                job.stopped = True
                self._changed.notify_all()

    def _serve(self) -> None:
        while self._take_turn():
            pass

    def _take_turn(self) -> bool:
        """Step or close one job; False when the scheduler is closed and nothing is left to close.

        A method of its own, so that the idle thread holds on to no finished job.
        """
        with self._changed:
            while not self._jobs:
                if self._closed:
                    return False
                self._changed.wait()
            # Stopped jobs first: closing them frees what they hold, and takes no time.
            job = min(self._jobs, key=lambda each: (not each.stopped, each.priority, each.number))
            stopped = job.stopped
        if stopped:
            self._forget(job)
            _close(job)
        else:
            self._step(job)
        return True

    def _step(self, job: _Job) -> None:
        try:
            if job.generator is None:
                job.generator = job.work()
            next(job.generator)
            return
        except StopIteration as finished:
            deliver = _succeeding(job, finished.value) if job.generator is not None else _failing(job, finished)
        except BaseException as error:
            # Nothing that a job does may end the thread that all jobs share.
            deliver = _failing(job, error)
        job.generator = None
        self._forget(job)
        _deliver(job, deliver)

    def _forget(self, job: _Job) -> None:
        with self._changed:
            self._jobs.remove(job)


def _close(job: _Job) -> None:
    """End a stopped job's generator; what it raises has no one left to hear it."""
    generator, job.generator = job.generator, None
    if generator is None:
        return
    try:
        generator.close()
    except BaseException:
        log.exception("a stopped job failed while it was closed")


def _deliver(job: _Job, settle: Callable[[], object]) -> None:
    """Have the job's own event loop call this, from whichever thread."""
    try:
        job.loop.call_soon_threadsafe(settle)
    except RuntimeError:
        # That loop is closed, and with it everyone who waited.
        log.debug("an event loop closed before its job ended")


def _succeeding(job: _Job, result: object) -> Callable[[], None]:
    answer = job.answer

    def settle() -> None:
        if not answer.done():
            answer.set_result(result)

    return settle


def _failing(job: _Job, error: BaseException) -> Callable[[], None]:
    answer = job.answer

    def settle() -> None:
        if answer.done():
            return
        if isinstance(error, Exception) and not isinstance(error, StopIteration):
            answer.set_exception(error)
            return
        # A future refuses StopIteration, and CancelledError, GeneratorExit or SystemExit from a job would be
        # taken for something that happened to the awaiting task.
        wrapped = RuntimeError(f"The job raised {type(error).__name__}.")
        wrapped.__cause__ = error
        answer.set_exception(wrapped)

    return settle
