"""What models said about functions, in one small file under `RECODER_HOME`, by the hash of what they were told."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from recoder_lsp.errors import RecoderError
from recoder_lsp.small_database import is_damaged, remove, transaction

FILE_NAME = "summaries.sqlite3"
MOST_KEPT = 5_000
"""1 MB. What was looked at longest ago goes first."""

BUSY_S = 1.0

TABLE = """CREATE TABLE IF NOT EXISTS summaries (
    text_hash TEXT, source TEXT, model TEXT NOT NULL, text TEXT NOT NULL, seen_at REAL NOT NULL, PRIMARY KEY (text_hash, source)
) WITHOUT ROWID"""


class SummariesLost(RecoderError):
    """The file cannot be read or written now."""


@dataclass(frozen=True)
class Stored:
    """What a model said; an empty text: nothing worth showing, and it need not be asked again."""

    text: str
    model: str


class SummaryStore:
    """Opened for each call and closed again, so that several windows share it and it can be erased at any time.

    Blocks, so it is not for the event loop. Every method raises SummariesLost: when another process holds the file, the disk is full,
    the file is damaged. A damaged file is removed: all of it can be made again.
    """

    def __init__(self, home: Path) -> None:
        self.file = home / FILE_NAME

    def get(self, text_hash: str, source: str) -> Stored | None:
        """Return what was said about a text; None where nothing was.

        Args:
            text_hash: Of the text.
            source: Who was asked: a model by its setting, and the version of the question.
        """
        if not os.path.exists(self.file):
            return None
        with self._open() as connection:
            key = (text_hash, source)
            row = connection.execute("SELECT text, model FROM summaries WHERE text_hash = ? AND source = ?", key).fetchone()
            if row is None:
                return None
            connection.execute("UPDATE summaries SET seen_at = ? WHERE text_hash = ? AND source = ?", (time.time(), *key))
            return Stored(str(row[0]), str(row[1]))

    def put(self, text_hash: str, source: str, stored: Stored) -> None:
        """Keep what was said about a text."""
        with self._open() as connection:
            row = (text_hash, source, stored.model, stored.text, time.time())
            connection.execute("INSERT OR REPLACE INTO summaries VALUES (?, ?, ?, ?, ?)", row)
            n_surplus = connection.execute("SELECT count(*) FROM summaries").fetchone()[0] - MOST_KEPT
            if n_surplus > 0:
                oldest = "SELECT text_hash, source FROM summaries ORDER BY seen_at LIMIT ?"
                connection.execute(f"DELETE FROM summaries WHERE (text_hash, source) IN ({oldest})", (n_surplus,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one transaction."""
        try:
            with transaction(self.file, TABLE, BUSY_S) as connection:
                yield connection
        except OSError as error:
            raise SummariesLost(f"Descriptions cannot be kept: {error.strerror or error}.") from error
        except sqlite3.Error as error:
            if is_damaged(error):
                with suppress(OSError):
                    remove(self.file)
            raise SummariesLost(f"Descriptions cannot be kept: {error}.") from error
