"""Whether work takes time in proportion to how much it is: of the processor, so that a busy machine decides nothing."""

import time
from collections.abc import Callable

REPEATED = 5
LEAST_S = 1e-4
"""Below it, a measurement says nothing."""


def assert_in_proportion(work: Callable[[int], object], n: int, times: int = 8) -> None:
    """Fails where so many times as much takes far longer than so many times as long; what is quadratic does.

    Args:
        work: Does so much as it is given.
        n: How much takes a millisecond or more.
        times: How many times that is done as well.
    """
    growth = _seconds(lambda: work(times * n)) / max(_seconds(lambda: work(n)), LEAST_S)
    assert growth < 2.5 * times, f"{times} times as much takes {growth:.0f} times as long"


def _seconds(work: Callable[[], object]) -> float:
    """Processor time, at best: others use the processor too."""
    taken = []
    for _ in range(REPEATED):
        began = time.thread_time()
        work()
        taken.append(time.thread_time() - began)
    return min(taken)
