"""A manifest with its vector index, and what the tests ask of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from recoder_lsp.index.store.manifest import Manifest
from recoder_lsp.index.store.vector_index import VectorIndex
from recoder_lsp.index.store.vectors import VectorsDamaged
from tests.index.stored_vectors import (
    DIMENSIONS,
    MODEL,
    chunk_id,
    forget,
    store,
)


@dataclass
class World:
    """A manifest, and where its vectors go; `now` is the clock of all indexes."""

    home: Path
    url: str | None
    manifest: Manifest
    now: float = 0.0
    opened: list[VectorIndex] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.home / "vectors"

    def index(self, model: str = MODEL) -> VectorIndex:
        """A new index, opened; the one before is closed, as there may be one only."""
        self.close()
        index = VectorIndex(self.manifest, None if self.url else self.folder, self.url, model, DIMENSIONS, clock=lambda: self.now)
        self.opened.append(index)
        index.open()
        return index

    def add(self, index: VectorIndex, path: str, vectors: np.ndarray) -> None:
        index.note(store(self.manifest, path, vectors), [])

    def remove(self, index: VectorIndex, path: str, n: int) -> None:
        index.note({}, forget(self.manifest, path, n))

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()


def world_at(home: Path, url: str | None) -> Iterator[World]:
    manifest = Manifest.open(home / "manifest.sqlite")
    world = World(home, url, manifest)
    yield world
    world.close()
    manifest.close()


def never() -> bool:
    return False


def after(n: int) -> Callable[[], bool]:
    """Says stop from the call after n calls on."""
    left = iter(range(n))
    return lambda: next(left, None) is None


def found(index: VectorIndex, vectors: np.ndarray, path: str) -> int:
    """How many of these vectors, stored for this path, are themselves the best answer to a query for them."""
    best = [index.query(vector, 3)[:1] for vector in vectors]
    return sum(1 for number, hits in enumerate(best) if hits and hits[0][0] == chunk_id(path, number) and hits[0][1] > 0.99)


def in_chroma(world: World, model: str = MODEL) -> int:
    """How many vectors the manifest takes to be in ChromaDB."""
    waiting = world.manifest.unsynced(10**9)
    return sum(1 for _ in world.manifest.all_vectors()) - len(waiting)


def failing(*_: object) -> list[tuple[str, float]]:
    raise VectorsDamaged("database or disk is full")
