"""What was learned from suggestions, in one small file under `RECODER_HOME`: counts, and never any code."""

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from recoder_lsp.errors import RecoderError
from recoder_lsp.small_database import is_damaged, remove, transaction

FILE_NAME = "learned.sqlite3"
KEPT_DAYS = 90
BUSY_S = 1.0

Event = Literal["shown", "accepted", "partly", "typed", "rejected", "checked_30_s", "standing_30_s", "checked_5_min", "standing_5_min"]
"""What happened to suggestions. `typed`: by hand, exactly as suggested. The last four count characters of accepted text: how many were
looked for after that time, and how many of them still stood."""

Column = Literal["day", "language", "source", "decile"]

TABLE = """CREATE TABLE IF NOT EXISTS counts (
    day TEXT, language TEXT, source TEXT, decile INTEGER, event TEXT, n INTEGER NOT NULL,
    PRIMARY KEY (day, language, source, decile, event)
) WITHOUT ROWID"""
ADD = "INSERT INTO counts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"


class LearningLost(RecoderError):
    """The file cannot be read or written now; what was to be counted is not."""


@dataclass(frozen=True)
class Counted:
    """What a count is about. `day` is as in 2026-11-21; `decile` 7 is a probability from 70 to 80 %."""

    day: str
    language: str
    source: str
    decile: int
    event: Event


class LearningStore:
    """Opened for each call and closed again, so that several windows share it and it can be erased at any time.

    Blocks, so it is not for the event loop. Every method raises LearningLost: when another process holds the file, the disk is full,
    the file is damaged.
    """

    def __init__(self, home: Path) -> None:
        self.file = home / FILE_NAME

    def add(self, counts: Mapping[Counted, int]) -> None:
        """Add to what is counted already, all or nothing; days that are too old go. A damaged file is begun anew."""
        if not counts:
            return
        oldest = date.fromisoformat(max(counted.day for counted in counts)) - timedelta(days=KEPT_DAYS)
        try:
            with self._open() as connection:
                connection.execute("DELETE FROM counts WHERE day < ?", (oldest.isoformat(),))
                connection.executemany(ADD, [(*astuple(counted), n) for counted, n in counts.items()])
        except LearningLost as lost:
            if isinstance(lost.__cause__, sqlite3.Error) and is_damaged(lost.__cause__):
                with suppress(OSError):
                    remove(self.file)
            raise

    def totals(self, *by: Column) -> dict[tuple[str, ...], Counter[str]]:
        """Return how often each event was counted, for each combination of values of the columns; empty when nothing was."""
        if not os.path.exists(self.file):
            return {}
        columns = ", ".join(by)
        totals: dict[tuple[str, ...], Counter[str]] = {}
        with self._open() as connection:
            for *values, event, n in connection.execute(f"SELECT {columns}, event, sum(n) FROM counts GROUP BY {columns}, event"):
                totals.setdefault(tuple(map(str, values)), Counter())[event] = n
        return totals

    def erase(self) -> bool:
        """Remove everything that was learned; False when there was nothing."""
        existed = os.path.exists(self.file)
        try:
            remove(self.file)
        except OSError as error:
            message = f"What was learned cannot be removed: {error.strerror or error}."
            raise LearningLost(message, f"Remove it by hand: {self.file}") from error
        return existed

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one transaction."""
        try:
            with transaction(self.file, TABLE, BUSY_S) as connection:
                yield connection
        except OSError as error:
            message = f"What was learned cannot be read or written: {error.strerror or error}."
            raise LearningLost(message, "Check that its folder belongs to you.") from error
        except sqlite3.Error as error:
            hint = "Erase it: recoder-lsp learned --erase" if is_damaged(error) else "Try again in a moment."
            raise LearningLost(f"What was learned cannot be read or written: {error}.", hint) from error
