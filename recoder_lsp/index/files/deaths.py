"""Remembers which texts this process died of, so that one that kills it does not do so at every start.

A grammar's own code is C: where it goes wrong the process is gone, and no exception is left to catch.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# A process may be killed for any reason: dying at the same text again and again, never getting through, is none.
MOST_DEATHS = 3

_HASH_LENGTH = 32
_REMEMBERED = re.compile(r"([0-9a-f]{32}) (\d)")


class Deaths:
    """A file whose first line is the hash of the text that is being read, and the others what was died of, and how often.

    Without a file, or without room for it, nothing is remembered.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._handle: int | None = None
        self._deaths: dict[str, int] = {}
        if file is not None:
            with suppress(OSError, ValueError):
                self._remember(file.read_text(encoding="ascii") if file.exists() else "")
        self._write()

    def is_deadly(self, text_hash: str) -> bool:
        """Whether the text is better left alone."""
        return self._deaths.get(text_hash, 0) >= MOST_DEATHS

    @contextmanager
    def reading(self, text_hash: str) -> Iterator[None]:
        """Around what the process may die of."""
        self._note(text_hash)
        try:
            yield
        finally:
            self._note(" " * _HASH_LENGTH)
            if self._deaths.pop(text_hash, 0):
                self._write()

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _remember(self, written: str) -> None:
        current, _, rest = written.partition("\n")
        self._deaths = {text_hash: int(n) for text_hash, n in _REMEMBERED.findall(rest)}
        if current.strip():
            self._deaths[current] = min(9, self._deaths.get(current, 0) + 1)

    def _note(self, text_hash: str) -> None:
        # No fsync: the process dies, not the machine.
        if self._handle is not None:
            with suppress(OSError):
                os.pwrite(self._handle, text_hash.encode(), 0)

    def _write(self) -> None:
        if self._file is None:
            return
        lines = (" " * _HASH_LENGTH, *(f"{text_hash} {n}" for text_hash, n in self._deaths.items()))
        with suppress(OSError):
            if self._handle is None:
                self._handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            data = ("\n".join(lines) + "\n").encode()
            os.pwrite(self._handle, data, 0)
            os.ftruncate(self._handle, len(data))
