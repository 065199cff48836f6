"""Random unit vectors, stored in a real manifest as the chunks of a file, and what processes that die do with them."""

from __future__ import annotations

import hashlib
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from recoder_lsp.index.records import Chunk, FileStamp, IndexedFile, Kind
from recoder_lsp.index.store.manifest import Manifest
from recoder_lsp.index.store.vector_index import VectorIndex

DIMENSIONS = 32
MODEL = "a model"
N_WRITTEN = 60


def unit_vectors(n: int, seed: int = 0) -> np.ndarray:
    """float32, shape (n, DIMENSIONS)."""
    vectors = np.random.default_rng(seed).standard_normal((n, DIMENSIONS)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def store(manifest: Manifest, path: str, vectors: np.ndarray) -> dict[str, bytes]:
    """Put a file with one chunk for each vector; returns what `VectorIndex.note` takes."""
    ids = [chunk_id(path, number) for number in range(len(vectors))]
    chunks = tuple(
        Chunk(id_, path, None, Kind.FUNCTION, "f", number, number + 1, number, number, id_[:16], "f", "") for number, id_ in enumerate(ids)
    )
    blobs = {id_: vector.astype(np.float16).tobytes() for id_, vector in zip(ids, vectors, strict=True)}
    manifest.put(IndexedFile(path, "python", FileStamp(1, 1), "0" * 32, len(ids), (), (), chunks), blobs)
    return blobs


def forget(manifest: Manifest, path: str, n: int) -> list[str]:
    """Remove a file that `store` put; returns its ids."""
    manifest.remove([path])
    return [chunk_id(path, number) for number in range(n)]


def chunk_id(path: str, number: int) -> str:
    return hashlib.blake2b(f"{path} {number}".encode(), digest_size=16).hexdigest()


def write_until_killed(home: Path, flushed: Connection) -> None:
    """Store, delete and flush without end; sends a word when open and after each flush."""
    manifest = Manifest.open(home / "manifest.sqlite")
    index = VectorIndex(manifest, home / "vectors", None, MODEL, DIMENSIONS)
    index.open()
    flushed.send("open")
    number = int(manifest.get_meta("test.number") or 0)
    while True:
        with manifest.writing():
            manifest.set_meta("test.number", str(number + 1))
            added = store(manifest, f"{number}.py", unit_vectors(N_WRITTEN, seed=number))
            removed = forget(manifest, f"{number - 3}.py", N_WRITTEN)
        index.note(added, removed)
        assert index.flush(lambda: False)
        flushed.send("flushed")
        number += 1


def open_and_check(home: Path) -> None:
    """Open, flush and look for the vectors of a.py; fails where anything is missing."""
    manifest = Manifest.open(home / "manifest.sqlite")
    index = VectorIndex(manifest, home / "vectors", None, MODEL, DIMENSIONS)
    index.open()
    for _ in range(2):
        for number, vector in enumerate(unit_vectors(20)):
            assert index.query(vector, 1)[0][0] == chunk_id("a.py", number)
        assert index.flush(lambda: False)
    assert index.check() == []
    index.close()
    manifest.close()
