"""Where a collection lies: in a folder, whose half-done writes marker files betray, or on a server."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from recoder_lsp.index.store.vectors import ChromaVectors, collection_name, delete_from_server, open_folder, open_server

CHROMA_PREFIX = "chroma-"
DELETE_ATTEMPTS, DELETE_PAUSE_S = 10, 0.02


class VectorPlace(Protocol):
    """What differs between a folder and a server."""

    @property
    def description(self) -> str:
        """Tells it from every other place, and from itself with another model or schema."""

    def is_suspect(self) -> bool:
        """Whether a process ended while it wrote or opened the collection, so that it must be wiped."""

    def open(self) -> ChromaVectors:
        """Open the collection or create an empty one; raises what `vectors` raises, and OSError."""

    def writing(self) -> AbstractContextManager[None]:
        """Around writes and their bookkeeping; after an exception the collection may stay suspect."""

    def wiping(self) -> AbstractContextManager[None]:
        """Delete everything; inside, the caller notes that nothing is stored any more. The collection must be closed."""


class FolderPlace:
    """A folder of ours, in it a folder of ChromaDB's and beside that our notes.

    A collection that was cut off while it was written or opened cannot be trusted, and may even crash the process that opens it
    (3 of 102 kills did harm; docs/decisions/0010). So a marker file lies there meanwhile.
    """

    def __init__(self, folder: Path, model: str, dimensions: int) -> None:
        self._folder, self._dimensions = folder, dimensions
        self._collection = collection_name(model, dimensions)
        self._writing_marker, self._opening_marker = folder / "writing", folder / "opening"
        self._sizes = folder / "sizes"

    @property
    def description(self) -> str:
        return self._collection

    def is_suspect(self) -> bool:
        if self._writing_marker.exists() or self._opening_marker.exists() or len(self._present()) > 1:
            return True
        try:
            return self._sizes.read_bytes() != self._sizes_now().encode()
        except FileNotFoundError:
            # Nothing was ever written.
            return False
        except OSError:
            return True

    def open(self) -> ChromaVectors:
        self._folder.mkdir(parents=True, exist_ok=True)
        # A new name after each wipe: ChromaDB keeps what it failed to open, by its path, for as long as the process lives.
        chroma = next(iter(self._present()), self._folder / f"{CHROMA_PREFIX}{uuid.uuid4().hex[:8]}")
        # It stays behind only where the process dies: an exception says that the folder is damaged anyway.
        _mark(self._opening_marker)
        try:
            return open_folder(chroma, self._collection, self._dimensions)
        finally:
            _unmark(self._opening_marker)

    @contextmanager
    def writing(self) -> Iterator[None]:
        _mark(self._writing_marker)
        yield
        # A killed process loses nothing that ChromaDB has written, but a power cut would, with the marker gone.
        for chroma in self._present():
            for file in chroma.rglob("*"):
                _sync(file)
        # ChromaDB opens a file that lost its end without a word.
        self._sizes.write_text(self._sizes_now(), encoding="utf-8")
        _sync(self._sizes)
        _unmark(self._writing_marker)

    @contextmanager
    def wiping(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        _mark(self._writing_marker)
        for chroma in self._present():
            _delete(chroma)
        self._sizes.unlink(missing_ok=True)
        yield
        _unmark(self._opening_marker)
        _unmark(self._writing_marker)

    def _sizes_now(self) -> str:
        """The files of HNSW with their sizes: these change while it is written to, and only then."""
        files = sorted(file for chroma in self._present() for file in chroma.glob("*/*"))
        return "".join(f"{file.name} {file.stat().st_size}\n" for file in files)

    def _present(self) -> list[Path]:
        return list(self._folder.glob(f"{CHROMA_PREFIX}*"))


class ServerPlace:
    """A Chroma server, which writes safely by itself; what a killed client left half-done shows in the count."""

    def __init__(self, url: str, model: str, dimensions: int, owner: str) -> None:
        self._url, self._dimensions = url, dimensions
        self._collection = collection_name(model, dimensions, owner)

    @property
    def description(self) -> str:
        return f"{self._collection} at {self._url}"

    def is_suspect(self) -> bool:
        return False

    def open(self) -> ChromaVectors:
        return open_server(self._url, self._collection, self._dimensions)

    @contextmanager
    def writing(self) -> Iterator[None]:
        yield

    @contextmanager
    def wiping(self) -> Iterator[None]:
        delete_from_server(self._url, self._collection)
        yield


def _delete(folder: Path) -> None:
    """Delete it with all that is in it. ChromaDB may still be closing its files, and remove some of them itself meanwhile."""
    for _ in range(DELETE_ATTEMPTS):
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)
        if not folder.exists():
            return
        time.sleep(DELETE_PAUSE_S)
    shutil.rmtree(folder)


def _mark(marker: Path) -> None:
    marker.touch()
    _sync(marker.parent)


def _unmark(marker: Path) -> None:
    marker.unlink(missing_ok=True)
    _sync(marker.parent)


def _sync(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk itself."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
