"""Counters and latency buckets, kept in this process and sent nowhere."""

import bisect
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BUCKETS_MS: tuple[float, ...] = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
"""Upper ends of the latency buckets; one more, without an end, follows."""


class Metrics:
    """Counts and latencies by name. Any thread may call any method; one lock guards all of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._latencies: dict[str, _Histogram] = {}

    def count(self, name: str, n: int = 1) -> None:
        with self._lock:
            self._counts[name] += n

    def observe(self, name: str, ms: float) -> None:
        with self._lock:
            self._latencies.setdefault(name, _Histogram()).add(ms)

    def snapshot(self) -> dict[str, Any]:
        """Return everything counted so far as plain JSON values.

        `{"counts": {name: n}, "latency_ms": {name: {"count", "sum", "p50", "p95", "buckets"}}}`, where `buckets` maps each upper
        end ("1" to "5000", then "+inf") to how many fell into that bucket alone, and the percentiles are estimated
        from the buckets.
        """
        with self._lock:
            return {
                "counts": dict(sorted(self._counts.items())),
                "latency_ms": {name: histogram.summary() for name, histogram in sorted(self._latencies.items())},
            }


def memory_bytes() -> int:
    """Return the memory this process occupies, 0 where the system does not say."""
    if sys.platform == "win32":
        return 0
    import resource

    try:
        resident_pages = int(Path("/proc/self/statm").read_text().split()[1])
        return resident_pages * resource.getpagesize()
    except OSError:
        # No /proc, as on macOS: the highest value so far is the best there is, in bytes there and in KiB elsewhere.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


@dataclass
class _Histogram:
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_MS) + 1))
    highest_ms: float = 0.0
    sum_ms: float = 0.0

    def add(self, ms: float) -> None:
        self.buckets[bisect.bisect_left(BUCKETS_MS, ms)] += 1
        self.highest_ms = max(self.highest_ms, ms)
        self.sum_ms += ms

    def percentile(self, share: float) -> float:
        """Estimate by going evenly through the bucket in which the wanted rank lies."""
        rank = share * sum(self.buckets)
        seen = 0
        for bucket_idx, n_inside in enumerate(self.buckets):
            if n_inside and seen + n_inside >= rank:
                lower = BUCKETS_MS[bucket_idx - 1] if bucket_idx else 0.0
                upper = BUCKETS_MS[bucket_idx] if bucket_idx < len(BUCKETS_MS) else self.highest_ms
                estimate = lower + (upper - lower) * (rank - seen) / n_inside
                return round(min(estimate, self.highest_ms), 2)
            seen += n_inside
        return 0.0

    def summary(self) -> dict[str, Any]:
        names = [f"{end:g}" for end in BUCKETS_MS] + ["+inf"]
        return {
            "count": sum(self.buckets),
            "sum": round(self.sum_ms, 2),
            "p50": self.percentile(0.5),
            "p95": self.percentile(0.95),
            "buckets": dict(zip(names, self.buckets, strict=True)),
        }
