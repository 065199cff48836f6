"""Vectors in memory, searched by one matrix product: those that ChromaDB does not have yet, or all while it is away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

SMALLEST_ROWS = 256


class MemoryVectors:
    """A set of vectors by id; not thread-safe. Takes 4 bytes a number: 100 MB for 100,000 vectors of 256."""

    def __init__(self, dimensions: int) -> None:
        import numpy as np

        self._matrix: np.ndarray = np.empty((SMALLEST_ROWS, dimensions), dtype=np.float32)
        self._ids: list[str] = []
        self._rows: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._rows

    def put(self, ids: Sequence[str], vectors: np.ndarray) -> None:
        """Add these, or replace those that are there.

        Args:
            vectors: Unit rows of any float type, shape (len(ids), dimensions).
        """
        self._resize(len(self._ids) + len(ids))
        for id_, vector in zip(ids, vectors, strict=True):
            row = self._rows.get(id_)
            if row is None:
                row = self._rows[id_] = len(self._ids)
                self._ids.append(id_)
            self._matrix[row] = vector

    def drop(self, ids: Iterable[str]) -> None:
        """Remove those of these that are there; the last row takes the place of a removed one."""
        for id_ in ids:
            row = self._rows.pop(id_, None)
            if row is None:
                continue
            last_id = self._ids.pop()
            if last_id != id_:
                self._matrix[row] = self._matrix[len(self._ids)]
                self._ids[row] = last_id
                self._rows[last_id] = row
        self._resize(len(self._ids))

    def search(self, vector: np.ndarray, k: int) -> list[tuple[str, float]]:
        """The k nearest with their cosine similarity, best first."""
        import numpy as np

        n = len(self._ids)
        if n == 0 or k <= 0:
            return []
        similarities = self._matrix[:n] @ vector.astype(np.float32, copy=False)
        best = np.argpartition(-similarities, k - 1)[:k] if k < n else np.arange(n)
        best = best[np.argsort(-similarities[best], kind="stable")]
        return [(self._ids[row], float(similarities[row])) for row in best]

    def _resize(self, n: int) -> None:
        """Make room for n rows, and give most of it back once three quarters are empty."""
        import numpy as np

        capacity, dimensions = self._matrix.shape
        if n > capacity:
            rows = max(n, capacity * 2)
        elif n < capacity // 4 and capacity > SMALLEST_ROWS:
            rows = max(n * 2, SMALLEST_ROWS)
        else:
            return
        kept = self._matrix[: len(self._ids)]
        self._matrix = np.empty((rows, dimensions), dtype=np.float32)
        self._matrix[: len(kept)] = kept
