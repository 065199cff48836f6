"""What models said about functions, in one small file under `RECODER_HOME`, by the hash of what they were told."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from recoder_lsp.errors import RecoderError

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
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Only made here, for this user alone: to open and close a file that SQLite uses would end its locks.
            with suppress(FileExistsError):
                os.close(os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            with closing(sqlite3.connect(self.file, timeout=BUSY_S, isolation_level=None)) as connection, connection:
                # At once, not with the first write: to go over from reading to writing may be refused without waiting.
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(TABLE)
                yield connection
        except OSError as error:
            raise SummariesLost(f"Descriptions cannot be kept: {error.strerror or error}.") from error
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _DAMAGED:
                for file in (self.file, self.file.with_name(f"{FILE_NAME}-journal")):
                    with suppress(OSError):
                        file.unlink(missing_ok=True)
            raise SummariesLost(f"Descriptions cannot be kept: {error}.") from error


# SQLITE_ERROR comes from a table that is not ours.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
