"""The vectors of chunks: computed once, and taken from the manifest from then on."""

from __future__ import annotations

from collections.abc import Sequence

from recoder_lsp.index.records import Chunk
from recoder_lsp.index.store.embedder import Embedder
from recoder_lsp.index.store.manifest import Manifest, StoredChunk


class ChunkVectors:
    """Belongs to the thread that writes the index. Vectors are float16, by chunk id."""

    def __init__(self, manifest: Manifest, embedder: Embedder) -> None:
        self._manifest, self._embedder = manifest, embedder

    def of(self, chunks: Sequence[Chunk]) -> dict[str, bytes]:
        """Those of chunks; only what was never seen is computed."""
        known = self._manifest.vectors_for(chunks, self._embedder.model)
        if new := [chunk for chunk in chunks if chunk.id not in known]:
            known.update(self.computed(new, [chunk.text for chunk in new]))
        return known

    def computed(self, chunks: Sequence[Chunk | StoredChunk], texts: Sequence[str]) -> dict[str, bytes]:
        """The same, of chunks with these texts, without asking what is known."""
        bodies = [chunk.header + text for chunk, text in zip(chunks, texts, strict=True)]
        vectors = self._embedder.documents([chunk.name for chunk in chunks], bodies).astype("float16")
        return {chunk.id: vector.tobytes() for chunk, vector in zip(chunks, vectors, strict=True)}
