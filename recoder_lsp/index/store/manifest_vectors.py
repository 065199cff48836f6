"""Which chunk has which vector, and what of that the vector database has yet to be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b

from recoder_lsp.index.records import Chunk
from recoder_lsp.index.store.manifest_database import Database
from recoder_lsp.index.store.manifest_reading import ManifestReader
from recoder_lsp.index.store.manifest_schema import MOST_LEFTOVER_VECTORS

_MODEL = "embedding_model"
_IDS_AT_A_TIME = 500


def embedding_key(chunk: Chunk) -> str:
    """16 hex digits: chunks with the same one have the same vector (by the same model), wherever they are."""
    return blake2b("\0".join((chunk.name, chunk.header, chunk.content_hash)).encode(), digest_size=8).hexdigest()


def key_number(key: str) -> int:
    """The embedding key as SQLite stores it: a signed 64-bit number."""
    return int.from_bytes(bytes.fromhex(key), "big", signed=True)


class VectorBook(ManifestReader):
    """The manifest's vectors: the truth from which the vector database is filled, and filled again."""

    def model(self) -> str | None:
        """Whose vectors are stored."""
        return self.get_meta(_MODEL)

    def use_model(self, model: str) -> bool:
        """From now on vectors are this model's. Those of another are dropped; returns whether there was another."""
        with self._database.transaction():
            former = self.model()
            if former == model:
                return False
            for table in ("vectors", "leftover_vectors"):
                self._database.change(f"DELETE FROM {table}")
            self._database.change("UPDATE chunks SET synced = 1 WHERE synced = 0")
            self._database.change("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_MODEL, model))
            return former is not None

    def vectors_for(self, chunks: Sequence[Chunk], model: str) -> dict[str, bytes]:
        """By chunk id, what is known of the chunks' vectors; makes sure that vectors of another model are gone (`use_model`)."""
        self.use_model(model)
        keys = {chunk.id: embedding_key(chunk) for chunk in chunks}
        known = self.vector_of(list(keys.values()), model)
        return {id: known[key] for id, key in keys.items() if key in known}

    def vector_of(self, keys: Sequence[str], model: str) -> dict[str, bytes]:
        """Vectors known for embedding keys, also those of chunks that are gone since a while; none of another model."""
        if self.model() != model:
            return {}
        found: dict[str, bytes] = {}
        for some in _slices([key_number(key) for key in dict.fromkeys(keys)]):
            marks = ",".join("?" * len(some))
            rows = self._database.query(
                f"""SELECT embedding_key, vector FROM chunks CROSS JOIN vectors ON vectors.row = chunks.row WHERE embedding_key IN ({marks})
                UNION ALL SELECT embedding_key, vector FROM leftover_vectors WHERE embedding_key IN ({marks})""",
                some + some,
            )
            found.update((number.to_bytes(8, "big", signed=True).hex(), vector) for number, vector in rows)
        return found

    def without_vectors(self, limit: int, after: int = 0) -> list[int]:
        """Rows of chunks that have none yet, in ascending order, greater than `after`; `chunks()` tells more of them."""
        sql = "SELECT row FROM chunks WHERE row > ? AND row NOT IN (SELECT row FROM vectors) ORDER BY row LIMIT ?"
        return [row for (row,) in self._database.query(sql, (after, limit))]

    def set_vectors(self, vectors: Mapping[str, bytes]) -> None:
        """Give chunks (by id) their vectors; ids that are gone are passed over."""
        with self._database.transaction():
            ids = [(bytes.fromhex(id), vector) for id, vector in vectors.items()]
            self._database.change_many(
                "INSERT OR REPLACE INTO vectors SELECT row, ?2 FROM chunks WHERE id = ?1",
                ids,
            )
            self._database.change_many("UPDATE chunks SET synced = 0 WHERE id = ?", [(id,) for id, _ in ids])
            self._database.change_many("DELETE FROM deletions WHERE id = ?", [(id,) for id, _ in ids])

    # --- what the vector database has yet to be told

    def unsynced(self, limit: int) -> list[tuple[str, bytes]]:
        """Chunk ids and vectors to be added (or replaced)."""
        sql = (
            "SELECT hex(id), vector FROM chunks CROSS JOIN vectors ON vectors.row = chunks.row WHERE synced = 0 ORDER BY chunks.row LIMIT ?"
        )
        return [(id.lower(), vector) for id, vector in self._database.query(sql, (limit,))]

    def n_unsynced(self) -> int:
        return self._database.number("SELECT count(*) FROM chunks WHERE synced = 0")

    def mark_synced(self, ids: Sequence[str]) -> None:
        with self._database.transaction():
            self._database.change_many("UPDATE chunks SET synced = 1 WHERE id = ?", [(bytes.fromhex(id),) for id in ids])

    def mark_all_unsynced(self) -> None:
        """The vector database is empty: everything is to be added, nothing to be deleted."""
        with self._database.transaction():
            self._database.change("UPDATE chunks SET synced = 0 WHERE synced <> 0 AND row IN (SELECT row FROM vectors)")
            self._database.change("DELETE FROM deletions")

    def deletions(self, limit: int) -> list[str]:
        """Ids that the vector database may still have."""
        return [id.lower() for (id,) in self._database.query("SELECT hex(id) FROM deletions LIMIT ?", (limit,))]

    def forget_deletions(self, ids: Sequence[str]) -> None:
        with self._database.transaction():
            self._database.change_many("DELETE FROM deletions WHERE id = ?", [(bytes.fromhex(id),) for id in ids])

    def all_vectors(self) -> Iterator[tuple[str, bytes]]:
        """Every chunk id with its vector; read in pages, so that writing may go on meanwhile."""
        last = 0
        while True:
            rows = self._database.query(
                """SELECT chunks.row, hex(id), vector FROM chunks CROSS JOIN vectors ON vectors.row = chunks.row
                WHERE chunks.row > ? ORDER BY chunks.row LIMIT 1000""",
                (last,),
            )
            if not rows:
                return
            yield from ((id.lower(), vector) for _, id, vector in rows)
            last = rows[-1][0]


def keep_leftovers(database: Database, condition: str, rows: Sequence[tuple[int]]) -> None:
    """Set aside the vectors of chunks that are about to go, for their text to come back."""
    database.change_many(
        f"""INSERT OR REPLACE INTO leftover_vectors (embedding_key, vector)
        SELECT embedding_key, vector FROM chunks CROSS JOIN vectors ON vectors.row = chunks.row WHERE {condition}""",
        rows,
    )
    database.change("DELETE FROM leftover_vectors WHERE row <= (SELECT max(row) FROM leftover_vectors) - ?", (MOST_LEFTOVER_VECTORS,))


def _slices(values: list[int]) -> Iterator[list[int]]:
    return (values[start : start + _IDS_AT_A_TIME] for start in range(0, len(values), _IDS_AT_A_TIME))
