"""How fast work in the background may go."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHORTEST_REST_S, LONGEST_REST_S = 0.005, 1.0


class CpuShare:
    """Says how long to rest, so that this process uses no more than its share of one core."""

    def __init__(self, percent: int, *, used: Callable[[], float] = time.process_time, clock: Callable[[], float] = time.monotonic) -> None:
        self.percent = percent
        self._used, self._clock = used, clock
        self.begin()

    def begin(self) -> None:
        """Forget what was used so far."""
        self._used_before, self._began = self._used(), self._clock()

    def rest_s(self) -> float:
        """Return how long to rest now; 0 while that would be too short to be worth it."""
        if self.percent >= 100:
            return 0.0
        used_s, passed_s = self._used() - self._used_before, self._clock() - self._began
        rest_s = used_s * 100 / self.percent - passed_s
        if rest_s < -LONGEST_REST_S:
            # Time in which nothing was used is not saved up for later.
            self.begin()
        return min(rest_s, LONGEST_REST_S) if rest_s >= SHORTEST_REST_S else 0.0


class Seldom:
    """Says when something that costs much may be done again. Belongs to the thread that does it."""

    def __init__(self, every_s: float, times_cost: float) -> None:
        """Args: `times_cost` is how many times the CPU time that it took has to pass; at least `every_s` in any case."""
        self._every_s, self._times_cost = every_s, times_cost
        self._cost_s = 0.0
        self.due_at = 0.0
        """By the monotonic clock."""

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count what is used inside, which may be a part of it only."""
        before_s = time.thread_time()
        try:
            yield
        finally:
            self._cost_s += time.thread_time() - before_s

    def rest(self) -> None:
        """It was done: the rest begins."""
        self.due_at = time.monotonic() + max(self._every_s, self._times_cost * self._cost_s)
        self._cost_s = 0.0
