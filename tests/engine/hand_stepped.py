"""A stand-in for a model at work: its jobs go one step each time the test says so."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator

from recoder_lsp.engine.scheduler import Priority, Scheduler, Work

# Only a test that would hang for ever runs into it.
PATIENCE_S = 10


class HandStepped:
    """Makes work for the scheduler. `turns` tells whose step ran when, `closed` who was ended before its time."""

    def __init__(self) -> None:
        self.turns: list[str] = []
        self.closed: list[str] = []
        self.threads: set[str] = set()
        self._permits = threading.Semaphore(0)
        self._begun: dict[str, threading.Event] = {}
        self._ended: dict[str, threading.Event] = {}

    def work(self, name: str, steps: int = 1, fails_with: BaseException | None = None) -> Work[str]:
        """Make work of so many steps; each waits for a permit, and all but the last end in a yield."""
        self._begun[name], self._ended[name] = threading.Event(), threading.Event()

        def generate() -> Generator[None, None, str]:
            try:
                for step in range(steps):
                    self._take_turn(name)
                    if step < steps - 1:
                        yield
                if fails_with is not None:
                    raise fails_with
                return f"{name} is done"
            except GeneratorExit:
                self.closed.append(name)
                raise
            finally:
                self.threads.add(threading.current_thread().name)
                self._ended[name].set()

        return generate

    def step(self, count: int = 1) -> None:
        self._permits.release(count)

    async def begun(self, name: str) -> None:
        """Wait until the engine thread is inside the first step of this work."""
        assert await asyncio.to_thread(self._begun[name].wait, PATIENCE_S), f"{name} was never begun"

    async def ended(self, name: str) -> None:
        """Wait until the generator of this work has returned, failed or been closed."""
        assert await asyncio.to_thread(self._ended[name].wait, PATIENCE_S), f"{name} never ended"

    def _take_turn(self, name: str) -> None:
        self.threads.add(threading.current_thread().name)
        self._begun[name].set()
        assert self._permits.acquire(timeout=PATIENCE_S), "the test forgot to step"
        self.turns.append(name)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens on the engine thread."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - there is nothing to be told by
            await asyncio.sleep(0.001)


async def begin(scheduler: Scheduler, work: Work[str], priority: Priority, key: str | None = None) -> asyncio.Task[str]:
    """Submit work and return once the scheduler knows it."""
    task = asyncio.create_task(scheduler.run(work, priority=priority, key=key))
    await asyncio.sleep(0)
    return task
