"""A folder with a real index of it, and what tests do to both."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.folder_index import FolderIndex
from recoder_lsp.index.progress import Progress, Summary

# Some day of 2020, and a part of a second, as file systems with a fine clock have it.
SOME_DAY_NS = 1_577_900_000_123_456_789


class SmallFolder:
    """Its files look old, and every change gives a file another time."""

    def __init__(self, folder: Path, settings: IndexSettings | None = None) -> None:
        self.root, self.home = folder / "root", folder / "home"
        self.root.mkdir()
        self.settings = settings or IndexSettings()
        self.reports: list[Progress] = []
        self.open: set[str] = set()
        self._times = itertools.count()
        self._index: FolderIndex | None = None

    @property
    def index(self) -> FolderIndex:
        if self._index is None:
            self._index = FolderIndex.open(self.root, self.home, self.settings)
        return self._index

    def close(self) -> None:
        if self._index is not None:
            index, self._index = self._index, None
            index.close()

    def reopen(self) -> FolderIndex:
        self.close()
        return self.index

    def write(self, path: str, text: str) -> str:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        time_ns = SOME_DAY_NS + next(self._times) * 1_000_000
        os.utime(file, ns=(time_ns, time_ns))
        return path

    def delete(self, path: str) -> str:
        file = self.root / path
        if file.is_dir():
            shutil.rmtree(file)
        else:
            file.unlink()
        return path

    def type(self, path: str, text: str, language: str = "python") -> None:
        """Have an open buffer with this text."""
        self.open.add(path)
        self.index.open_buffer(path, text, language)

    def close_buffer(self, path: str) -> None:
        self.open.discard(path)
        self.index.close_buffer(path)

    def reconcile(self, should_stop: Callable[[], bool] = lambda: False) -> Summary:
        """Until it is complete."""
        while True:
            summary = self.index.reconcile(self.reports.append, should_stop)
            if summary.complete:
                return summary

    def found(self, word: str) -> list[str]:
        """Paths of hits in whose text the word is."""
        answer = self.index.answer("search", {"text": word, "limit": 500, "per_file": 0})
        return sorted({hit.path for hit in answer["hits"] if word in hit.text})

    def stale(self, word: str) -> list[str]:
        stale: list[str] = self.index.answer("search", {"text": word, "limit": 500, "per_file": 0})["stale"]
        return stale

    def stored(self) -> dict[str, bytes]:
        """What lies on disk of the index."""
        return {path.relative_to(self.home).as_posix(): path.read_bytes() for path in self.home.rglob("*") if path.is_file()}


def function(name: str, *body: str) -> str:
    """A Python function that is a chunk of its own."""
    lines = [*body, *(f"step_{number} = {number}" for number in range(5 - len(body)))]
    return "\n".join([f"def {name}():", *(f"    {line}" for line in lines)]) + "\n\n\n"


def after(n: int) -> Callable[[], bool]:
    """Says stop from the call after n calls on."""
    calls = itertools.count()
    return lambda: next(calls) >= n


def every(n: int) -> Callable[[], bool]:
    """Says stop at every n-th call."""
    calls = itertools.count(1)
    return lambda: next(calls) % n == 0
