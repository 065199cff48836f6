"""A reconciliation in numbers: how far it is, and in the end what it found and did."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from recoder_lsp.index.files.scanner import Found, Reason
from recoder_lsp.index.store.manifest import Counts, Manifest

Phase = Literal["scanning", "indexing", "vectors", "idle"]

REPORT_EVERY_S = 0.1
# Counting goes through the whole manifest: at most one part in so many of the time is spent on it.
COUNTING_SHARE = 50


@dataclass(frozen=True)
class Progress:
    """How far a reconciliation is; `total` is the number of files to be read, 0 while it is not known."""

    phase: Phase
    done: int = 0
    total: int = 0
    n_files: int = 0
    n_chunks: int = 0


@dataclass(frozen=True)
class Summary:
    """What a reconciliation found and did; `complete` is false when it has to go on."""

    complete: bool
    n_files: int
    n_symbols: int
    n_chunks: int
    n_lines_read: int
    n_changed: int
    n_removed: int
    skipped: Mapping[str, int]
    seconds: float
    size_bytes: int


@dataclass
class Round:
    """One reconciliation, which may be interrupted and gone on with."""

    found: Iterator[Found | None]
    had_truth: bool
    """Whether what is not found is gone, and not just out of reach: so when it began."""
    scanned: bool = False
    to_read: list[str] = field(default_factory=list)
    n_done: int = 0
    n_changed: int = 0
    n_removed: int = 0
    n_lines: int = 0
    refused: Counter[Reason] = field(default_factory=Counter)
    """After they were read."""
    last_filled_in: int = 0
    """The last row of a chunk that was given a vector, because it had none."""
    seconds: float = 0.0
    counts: Counts | None = None
    """What is stored, as it was counted last."""
    count_from: float = 0.0
    """When it may be counted again."""

    def summary(self, complete: bool, skipped: Mapping[Reason, int], home: Path) -> Summary:
        """Without sizes and with older counts while it is not complete: whoever interrupts is in a hurry.

        Args:
            skipped: Those refused without being read.
            home: Where the index lies.
        """
        return Summary(
            complete=complete,
            n_files=self.counts.n_files if self.counts else 0,
            n_symbols=self.counts.n_symbols if self.counts else 0,
            n_chunks=self.counts.n_chunks if self.counts else 0,
            n_lines_read=self.n_lines,
            n_changed=self.n_changed,
            n_removed=self.n_removed,
            skipped={reason.value: n_files for reason, n_files in (self.refused + Counter(skipped)).items()},
            seconds=self.seconds,
            size_bytes=size_on_disk(home) if complete else 0,
        )


class Reporter:
    """Passes progress on, not more often than anybody can see."""

    def __init__(self, report: Callable[[Progress], None], manifest: Manifest, current: Round) -> None:
        self._report, self._manifest, self._current = report, manifest, current
        self._last = 0.0

    def maybe(self, phase: Phase, done: int, total: int) -> None:
        if time.monotonic() - self._last >= REPORT_EVERY_S:
            self.now(phase, done, total)

    def now(self, phase: Phase, done: int, total: int, *, at_the_end: bool = False) -> None:
        self._last = time.monotonic()
        counts = self._current.counts
        if at_the_end or counts is None or self._last >= self._current.count_from:
            counts = self._current.counts = self._manifest.counts()
            now = time.monotonic()
            self._current.count_from = now + COUNTING_SHARE * (now - self._last)
        self._report(Progress(phase, done, total, counts.n_files, counts.n_chunks))


def size_on_disk(folder: Path) -> int:
    """Bytes of all files below a folder; what vanishes meanwhile counts nothing."""
    size_bytes = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size_bytes += os.lstat(os.path.join(parent, name)).st_size
    return size_bytes
