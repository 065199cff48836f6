"""One SQLite connection to the manifest: opening, transactions, and every failure in our own words."""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recoder_lsp.errors import RecoderError
from recoder_lsp.index.store.manifest_schema import MIGRATIONS, SCHEMA_VERSION, TABLES
from recoder_lsp.language import gettext, marked

Row = tuple[Any, ...]

BUSY_TIMEOUT_S = 10.0
# 64 MB is checked in about 0.1 s. A larger file is checked in full where it was not closed properly, otherwise by `check()`.
ALWAYS_CHECKED_BYTES = 64_000_000

_REBUILD = marked("It is built anew from the files; nothing of yours is lost.")


class ManifestDamaged(RecoderError):
    """The manifest's content cannot be trusted: delete the file and index again."""


class ManifestFull(RecoderError):
    """There was no room to write. What was stored before is intact; the transaction is undone."""


class ManifestBusy(RecoderError):
    """Another process kept the manifest locked for BUSY_TIMEOUT_S, or does not let it be opened."""


class Database:
    """A connection that several threads may share: one at a time uses it, and a transaction keeps the others out."""

    def __init__(self, file: Path, *, read_only: bool) -> None:
        self.file = file
        self.read_only = read_only
        self._lock = threading.RLock()
        self._depth = 0
        self.closed = False
        with failures_in_words():
            self._connection = sqlite3.connect(
                f"{file.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}",
                uri=True,
                timeout=BUSY_TIMEOUT_S,
                isolation_level=None,
                check_same_thread=False,
            )
        try:
            with failures_in_words():
                self._prepare(read_only)
        except BaseException:
            self._connection.close()
            raise

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of the answer."""
        with self._lock, failures_in_words():
            return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row of the answer."""
        with self._lock, failures_in_words():
            row: Row | None = self._connection.execute(sql, values).fetchone()
            return row

    def number(self, sql: str, values: Sequence[Any] = ()) -> int:
        """The answer that is one number; 0 for nothing."""
        row = self.one(sql, values)
        return int(row[0] or 0) if row else 0

    def change(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; returns how many rows it changed."""
        with self._lock, failures_in_words():
            return self._connection.execute(sql, values).rowcount

    def change_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._lock, failures_in_words():
            self._connection.executemany(sql, rows)

    @contextmanager
    def transaction(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        """All or nothing; inside another one it is part of that. DEFERRED gives one unchanging view to readers."""
        with self._lock:
            if self._depth == 0:
                self.change(f"BEGIN {kind}")
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self.change("COMMIT")
            except BaseException:
                if self._depth == 1:
                    self._roll_back()
                raise
            finally:
                self._depth -= 1

    @property
    def in_transaction(self) -> bool:
        return self._depth > 0

    def close(self) -> None:
        """May be called twice. What is damaged is closed too."""
        with self._lock, failures_in_words():
            self.closed = True
            self._connection.close()

    def _roll_back(self) -> None:
        # After "disk full" SQLite may have rolled back by itself; a failing rollback must not hide the first failure.
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self.close()

    def _prepare(self, read_only: bool) -> None:
        execute = self._connection.execute
        execute("PRAGMA temp_store = MEMORY")
        execute(f"PRAGMA cache_size = {-16_000 if read_only else -32_000}")
        if not read_only:
            execute("PRAGMA journal_mode = WAL")
            execute("PRAGMA synchronous = NORMAL")
            execute("PRAGMA journal_size_limit = 16000000")
            # Damaged pages are noticed earlier, for a few per cent of speed.
            execute("PRAGMA cell_size_check = ON")
        self._bring_to_this_version(read_only)
        if not read_only:
            self._check_quickly()

    def _bring_to_this_version(self, read_only: bool) -> None:
        version = _number_of(self._connection, "PRAGMA user_version")
        empty = _number_of(self._connection, "SELECT count(*) FROM sqlite_schema") == 0
        if version > SCHEMA_VERSION:
            raise ManifestDamaged(gettext("The index was written by a newer Recoder."), gettext(_REBUILD))
        if version == SCHEMA_VERSION and not empty:
            return
        if read_only:
            raise ManifestDamaged(gettext("The index is of another version, or empty."), gettext("Its writer has to open it first."))
        if version == 0 and empty:
            self._run_script(TABLES)
            return
        while version < SCHEMA_VERSION:
            if version not in MIGRATIONS:
                raise ManifestDamaged(gettext("The index was written by an older Recoder."), gettext(_REBUILD))
            self._run_script(MIGRATIONS[version])
            version = _number_of(self._connection, "PRAGMA user_version")

    def _run_script(self, script: str) -> None:
        version = _number_of(self._connection, "PRAGMA user_version") or SCHEMA_VERSION - 1
        self._connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {version + 1}; COMMIT;")

    def _check_quickly(self) -> None:
        if self.file.stat().st_size > ALWAYS_CHECKED_BYTES and not self._was_left_open():
            return
        problems = self._connection.execute("PRAGMA quick_check(1)").fetchall()
        if problems != [("ok",)]:
            raise ManifestDamaged(gettext("The index is damaged."), gettext(_REBUILD))

    def _was_left_open(self) -> bool:
        return self._connection.execute("SELECT 1 FROM meta WHERE key = 'open'").fetchone() is not None


def _number_of(connection: sqlite3.Connection, sql: str) -> int:
    return int(connection.execute(sql).fetchone()[0])


@contextmanager
def failures_in_words() -> Iterator[None]:
    """Turn what SQLite says about a full disk, a lock and a damaged file into RecoderErrors; leave bugs of ours alone.

    Raises:
        ManifestFull, ManifestBusy, ManifestDamaged
    """
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.Error as error:
        if _is_bug(error):
            raise
        raise _in_words(error) from error


@contextmanager
def decoding() -> Iterator[None]:
    """Around turning rows into values: a damaged page may hold anything.

    Raises:
        ManifestDamaged
    """
    try:
        yield
    except (ValueError, TypeError, OverflowError, IndexError, zlib.error) as error:
        raise ManifestDamaged(gettext("The index holds something that it cannot have stored."), gettext(_REBUILD)) from error


def _is_bug(error: sqlite3.Error) -> bool:
    """Whether we asked for what cannot be done: indexing everything again would end there again."""
    if isinstance(error, sqlite3.IntegrityError):
        return True
    wrong_sql = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    # These come from a file whose tables are not ours.
    return wrong_sql and not str(error).startswith(("no such table", "no such column", "malformed", "SQL logic error"))


def _in_words(error: sqlite3.Error) -> RecoderError:
    # Without a code it is Python that failed to decode a text. The extended code's low byte is the primary one.
    extended = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    code = extended & 0xFF
    if code == sqlite3.SQLITE_FULL or extended in (sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE):
        return ManifestFull(
            gettext("There is no room on the disk for the index."), gettext("Free some space, or set index.enabled to false.")
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return ManifestBusy(gettext("Another process is writing the index."), gettext("Try again in a moment."))
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH):
        return ManifestBusy(gettext("The index cannot be opened or written."), gettext("Check that its folder exists and belongs to you."))
    return ManifestDamaged(gettext("The index is damaged."), gettext(_REBUILD))
