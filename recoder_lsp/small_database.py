"""A small SQLite file for this user alone, opened for one transaction and closed again, so that several windows share it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path


@contextmanager
def transaction(file: Path, table: str, busy_s: float) -> Iterator[sqlite3.Connection]:
    """Open a connection inside one transaction, which is kept unless something is raised.

    Args:
        file: Made where it is missing, with its folder.
        table: The statement that makes its table where that is missing.
        busy_s: How long to wait for others who hold it.

    Raises:
        OSError: The file cannot be made.
        sqlite3.Error: It is held by others, damaged, or the disk is full.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Only made here, for this user alone: to open and close a file that SQLite uses would end its locks.
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(file, timeout=busy_s, isolation_level=None)) as connection, connection:
        # At once, not with the first write: to go over from reading to writing may be refused without waiting.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(table)
        yield connection


def remove(file: Path) -> None:
    """Remove the file, with what SQLite may have left beside it. Raises OSError where that cannot be done."""
    for each in (file, file.with_name(f"{file.name}-journal")):
        each.unlink(missing_ok=True)


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether only a new file helps. SQLITE_ERROR comes from a table that is not ours; without a code a text could not be decoded."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
