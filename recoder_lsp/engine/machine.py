"""What this machine has to offer a model: cores and free memory."""

from __future__ import annotations

import os
from pathlib import Path

MOST_DEFAULT_THREADS = 4


def usable_cores() -> int:
    """Return how many cores this process may run on, at least 1."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_for(wanted: int) -> int:
    """Return how many threads a model gets.

    Args:
        wanted: 0 is one less than the cores, from 1 to MOST_DEFAULT_THREADS. With every core taken, a busy neighbour
            makes each step wait for the thread that was pushed aside: measured in docs/decisions/0003-engine-threads.md.
            More than the cores is cut, for the same reason.
    """
    cores = usable_cores()
    return min(wanted, cores) if wanted > 0 else min(max(1, cores - 1), MOST_DEFAULT_THREADS)


def available_memory_bytes() -> int | None:
    """Return the memory that can be had without swapping, None where the system does not say.

    What this process has mapped of files, as the weights of another model, counts as taken, though the system could drop it.
    """
    available, mapped = _memory_line("/proc/meminfo", "MemAvailable:"), _memory_line("/proc/self/status", "RssFile:")
    return None if available is None else max(available - (mapped or 0), 0)


def _memory_line(file: str, name: str) -> int | None:
    try:
        lines = Path(file).read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), None)
