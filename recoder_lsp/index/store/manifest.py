"""The manifest: what the index knows of each file, in one SQLite file that is the truth for everything else.

One process writes (it holds the folder's lock), any number read beside it. Files go in and out whole, in transactions: a reader
sees all of a file or nothing, also after the power went off, when at most the last transactions are missing. Of source text it has
names, signatures, documentation and the words of each chunk, without secrets. Failures are RecoderErrors: ManifestDamaged (delete
the file, index again), ManifestFull, ManifestBusy.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from recoder_lsp.index.records import Chunk, FileStamp, IndexedFile, Span, Symbol
from recoder_lsp.index.store.manifest_database import Database, ManifestBusy, ManifestDamaged, ManifestFull, decoding
from recoder_lsp.index.store.manifest_matching import NAME_MARK
from recoder_lsp.index.store.manifest_names import NameBook
from recoder_lsp.index.store.manifest_reading import Counts, ManifestReader, StoredChunk, StoredFile, open_reader
from recoder_lsp.index.store.manifest_schema import MOST_PER_FILE
from recoder_lsp.index.store.manifest_vectors import VectorBook, embedding_key, keep_leftovers, key_number
from recoder_lsp.index.words import searchable
from recoder_lsp.redaction import Redaction

__all__ = [
    "Counts",
    "Manifest",
    "ManifestBusy",
    "ManifestDamaged",
    "ManifestFull",
    "ManifestReader",
    "StoredChunk",
    "StoredFile",
    "embedding_key",
]


class Manifest(VectorBook):
    """The writer's manifest; it reads too. Threads may share it, but each waits while another is inside `writing()`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._names = NameBook(database)
        database.change("INSERT OR REPLACE INTO meta VALUES ('open', '1')")
        database.change("CREATE TEMP TABLE seen (file INTEGER PRIMARY KEY)")

    @classmethod
    def open(cls, file: Path) -> Manifest:
        """Open it, or create it empty; its folder exists.

        Raises:
            ManifestDamaged: Delete the file (with those beside it that end in -wal and -shm) and index again.
            ManifestFull, ManifestBusy: Not now.
        """
        database = Database(file, read_only=False)
        try:
            return cls(database)
        except BaseException:
            database.close()
            raise

    @classmethod
    def reader(cls, file: Path) -> ManifestReader:
        """A read-only view for another thread or process, while this or another process writes.

        Raises:
            ManifestDamaged, ManifestBusy: It does not exist, or cannot be trusted.
        """
        return open_reader(file)

    @staticmethod
    def delete(file: Path) -> None:
        """Remove it with what SQLite keeps beside it; nobody may have it open."""
        for end in ("", "-wal", "-shm", "-journal"):
            file.with_name(file.name + end).unlink(missing_ok=True)

    def close(self) -> None:
        """May be called twice, and on a damaged manifest."""
        try:
            if not self._database.closed:
                self._database.change("DELETE FROM meta WHERE key = 'open'")
        except (ManifestDamaged, ManifestFull, ManifestBusy):
            # Then the next one to open it checks it in full.
            pass
        finally:
            super().close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: all that is written inside, or nothing. Inside another one it is a part of that.

        Put a few hundred files into one: that is 5 times as fast as one each.
        """
        outermost = not self._database.in_transaction
        try:
            with self._database.transaction():
                yield
        finally:
            if outermost:
                self._names.forget()

    # --- files

    def put(self, file: IndexedFile, vectors: Mapping[str, bytes]) -> list[str]:
        """Store the file in place of what was known of it.

        Args:
            vectors: float16 vectors by chunk id, perhaps of other files too. A chunk that was there before, unchanged, keeps its own;
                new ones without one stay so until `set_vectors()`.

        Returns:
            Ids of the chunks that are gone.
        """
        if len({chunk.id for chunk in file.chunks}) < len(file.chunks):
            raise ValueError("two chunks with the same id")
        with self.writing():
            row = self._put_file(file)
            self._put_names(row, file)
            return self._put_chunks(row, file, vectors)

    def restamp(self, path: str, stamp: FileStamp) -> None:
        """The file's content is as it was, but its time or size on disk is not."""
        self._database.change("UPDATE files SET size_bytes = ?, mtime_ns = ? WHERE path = ?", (stamp.size_bytes, stamp.mtime_ns, path))

    def remove(self, paths: Iterable[str]) -> list[str]:
        """Forget the files, unknown paths are passed over; returns the ids of their chunks."""
        gone: list[str] = []
        with self.writing():
            for path in paths:
                found = self._database.one("SELECT row FROM files WHERE path = ?", (path,))
                if found:
                    gone += self._drop_chunks(self._stored_chunks(found[0]))
                    self._drop_names(found[0])
                    self._database.change("DELETE FROM files WHERE row = ?", found)
        return gone

    def begin_round(self) -> None:
        """Before a reconciliation: no file has been seen."""
        self._database.change("DELETE FROM seen")

    def see(self, path: str, stamp: FileStamp) -> bool:
        """Note that the file exists, for `unseen()`; returns whether it is stored with this very stamp."""
        found = self._database.one("SELECT row, size_bytes, mtime_ns FROM files WHERE path = ?", (path,))
        if found is None:
            return False
        self._database.change("INSERT OR IGNORE INTO seen VALUES (?)", found[:1])
        return bool(found[1:] == (stamp.size_bytes, stamp.mtime_ns))

    def unseen(self) -> Iterator[str]:
        """Paths that are stored and were neither seen nor put since `begin_round()`; they may be removed while iterating."""
        last = 0
        while True:
            rows = self._database.query(
                "SELECT row, path FROM files WHERE row > ? AND row NOT IN (SELECT file FROM seen) ORDER BY row LIMIT 1000", (last,)
            )
            if not rows:
                return
            yield from (path for _, path in rows)
            last = rows[-1][0]

    def set_meta(self, key: str, value: str | None) -> None:
        """Remember a word about the index as a whole; None forgets it."""
        if value is None:
            self._database.change("DELETE FROM meta WHERE key = ?", (key,))
        else:
            self._database.change("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # --- care

    def finish_bulk(self) -> None:
        """After much was written: merge some of the word index's pieces, write the log into the file. Not inside `writing()`."""
        # A limited step: a full merge of a large workspace would take seconds.
        self._database.change("INSERT INTO words (words, rank) VALUES ('merge', 500)")
        self._database.query("PRAGMA wal_checkpoint(TRUNCATE)")

    def _put_file(self, file: IndexedFile) -> int:
        symbols, references = file.symbols[:MOST_PER_FILE], file.references[:MOST_PER_FILE]
        row = self._database.one(
            """INSERT INTO files (path, language, size_bytes, mtime_ns, content_hash, n_lines, n_symbols, n_references, n_chunks)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET language = excluded.language,
            size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns, content_hash = excluded.content_hash,
            n_lines = excluded.n_lines, n_symbols = excluded.n_symbols, n_references = excluded.n_references,
            n_chunks = excluded.n_chunks RETURNING row""",
            (
                *(file.path, file.language, file.stamp.size_bytes, file.stamp.mtime_ns, file.content_hash, file.n_lines),
                *(len(symbols), len(references), len(file.chunks)),
            ),
        )
        assert row is not None
        self._database.change("INSERT OR IGNORE INTO seen VALUES (?)", row)
        return int(row[0])

    def _put_names(self, file_row: int, file: IndexedFile) -> None:
        """Replace the file's symbols and references, and count them."""
        symbols, references = file.symbols[:MOST_PER_FILE], file.references[:MOST_PER_FILE]
        definitions = Counter(symbol.name for symbol in symbols)
        uses = Counter(reference.name for reference in references)
        rows = self._names.rows({*definitions, *uses})
        former_definitions, former_uses = self._former_names(file_row)
        definitions.subtract(former_definitions)
        uses.subtract(former_uses)
        first = file_row * MOST_PER_FILE
        if former_definitions or former_uses:
            self._delete_names(file_row)
        self._database.change_many(
            f"INSERT INTO symbols VALUES ({','.join('?' * 19)})",
            [
                (
                    *(first + position, rows[symbol.name], symbol.kind.value, symbol.qualified_name, symbol.signature, symbol.docstring),
                    *(symbol.parent, *_numbers(symbol.span), *_numbers(symbol.name_span)),
                )
                for position, symbol in enumerate(symbols)
            ],
        )
        self._database.change_many(
            "INSERT INTO uses VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (first + position, rows[use.name], use.kind.value, use.line, use.column, use.within, use.module, use.alias)
                for position, use in enumerate(references)
            ],
        )
        self._names.count(definitions, uses)

    def _put_chunks(self, file_row: int, file: IndexedFile, vectors: Mapping[str, bytes]) -> list[str]:
        """Replace the file's chunks; what is unchanged keeps its row, its words and its vector."""
        former = self._stored_chunks(file_row)
        kept = {chunk.id for chunk in file.chunks if bytes.fromhex(chunk.id) in former}
        gone = self._drop_chunks({id: row for id, row in former.items() if id.hex() not in kept})
        path_words = searchable(file.path)
        redaction = Redaction("\n".join(chunk.text for chunk in file.chunks if chunk.id not in kept))
        by_line = sorted((symbol.name_span.start_line, position) for position, symbol in enumerate(file.symbols))
        for chunk in file.chunks:
            id, key, kind = bytes.fromhex(chunk.id), key_number(embedding_key(chunk)), chunk.kind.value if chunk.kind else ""
            place = (chunk.symbol, kind, chunk.start_byte, chunk.end_byte, chunk.start_line, chunk.end_line, chunk.header)
            if chunk.id in kept:
                row = former[id]
                self._move_chunk(row, place, key)
            else:
                row = self._insert_chunk(file_row, chunk, id, key, place)
                columns = _columns(chunk, path_words, _symbols_in(chunk, file.symbols, by_line), redaction)
                self._database.change("INSERT INTO words (rowid, name, path, declaration, body) VALUES (?, ?, ?, ?, ?)", (row, *columns))
                self._database.change("INSERT INTO bags VALUES (?, ?)", (row, zlib.compress("\n".join(columns).encode(), 1)))
            if chunk.id in vectors:
                self._give_vector(row, id, vectors[chunk.id])
        return gone

    def _give_vector(self, row: int, id: bytes, vector: bytes) -> None:
        if self._database.one("SELECT 1 FROM vectors WHERE row = ? AND vector = ?", (row, vector)) is None:
            self._database.change("INSERT OR REPLACE INTO vectors VALUES (?, ?)", (row, vector))
            self._database.change("UPDATE chunks SET synced = 0 WHERE row = ?", (row,))
            self._database.change("DELETE FROM deletions WHERE id = ?", (id,))

    def _insert_chunk(self, file_row: int, chunk: Chunk, id: bytes, key: int, place: tuple[object, ...]) -> int:
        row = self._database.one(
            """INSERT INTO chunks (symbol, kind, start_byte, end_byte, start_line, end_line, header, id, file, name, content_hash,
            embedding_key, synced) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) RETURNING row""",
            (*place, id, file_row, chunk.name, chunk.content_hash, key),
        )
        assert row is not None
        return int(row[0])

    def _move_chunk(self, row: int, place: tuple[object, ...], key: int) -> None:
        """It has the same text as before, elsewhere in the file. With another header its vector is out of date."""
        if self._database.number("SELECT embedding_key <> ? FROM chunks WHERE row = ?", (key, row)):
            self._database.change("INSERT OR IGNORE INTO deletions SELECT id FROM chunks JOIN vectors USING (row) WHERE row = ?", (row,))
            self._database.change("DELETE FROM vectors WHERE row = ?", (row,))
            self._database.change("UPDATE chunks SET synced = 1 WHERE row = ?", (row,))
        self._database.change(
            """UPDATE chunks SET symbol = ?, kind = ?, start_byte = ?, end_byte = ?, start_line = ?, end_line = ?, header = ?,
            embedding_key = ? WHERE row = ?""",
            (*place, key, row),
        )

    def _stored_chunks(self, file_row: int) -> dict[bytes, int]:
        return dict(self._database.query("SELECT id, row FROM chunks WHERE file = ?", (file_row,)))

    def _drop_chunks(self, chunks: Mapping[bytes, int]) -> list[str]:
        if not chunks:
            return []
        rows = [(row,) for row in chunks.values()]
        for row in chunks.values():
            bag = self._database.one("SELECT words FROM bags WHERE row = ?", (row,))
            with decoding():
                columns = zlib.decompress(bag[0] if bag else b"").decode().split("\n")
                name, path, declaration, body = columns
            self._database.change(
                "INSERT INTO words (words, rowid, name, path, declaration, body) VALUES ('delete', ?, ?, ?, ?, ?)",
                (row, name, path, declaration, body),
            )
        keep_leftovers(self._database, "chunks.row = ?", rows)
        self._database.change_many("INSERT OR IGNORE INTO deletions SELECT id FROM chunks JOIN vectors USING (row) WHERE row = ?", rows)
        for table in ("bags", "vectors", "chunks"):
            self._database.change_many(f"DELETE FROM {table} WHERE row = ?", rows)
        return [id.hex() for id in chunks]

    def _former_names(self, file_row: int) -> tuple[dict[str, int], dict[str, int]]:
        first = file_row * MOST_PER_FILE
        sql = "SELECT names.name, count(*) FROM {0} CROSS JOIN names ON names.row = {0}.name WHERE {0}.row >= ? AND {0}.row < ? GROUP BY 1"
        found = [self._database.query(sql.format(table), (first, first + MOST_PER_FILE)) for table in ("symbols", "uses")]
        return dict(found[0]), dict(found[1])

    def _drop_names(self, file_row: int) -> None:
        definitions, uses = self._former_names(file_row)
        self._delete_names(file_row)
        self._names.count({name: -n for name, n in definitions.items()}, {name: -n for name, n in uses.items()})

    def _delete_names(self, file_row: int) -> None:
        first = file_row * MOST_PER_FILE
        for table in ("symbols", "uses"):
            self._database.change(f"DELETE FROM {table} WHERE row >= ? AND row < ?", (first, first + MOST_PER_FILE))


def _columns(chunk: Chunk, path_words: str, symbols: list[Symbol], redaction: Redaction) -> tuple[str, str, str, str]:
    """The chunk's words: of its names, its path, its signatures and documentation, its text."""
    names = " ".join(dict.fromkeys((chunk.name, *(symbol.name for symbol in symbols))))
    declaration = " ".join(part for symbol in symbols for part in (symbol.signature, symbol.docstring))
    name_words = searchable(names)
    marked = " ".join(NAME_MARK + word for word in dict.fromkeys(name_words.split()))
    return f"{name_words} {marked}", path_words, searchable(declaration or chunk.header), searchable(redaction.of(chunk.text))


def _symbols_in(chunk: Chunk, symbols: tuple[Symbol, ...], by_line: list[tuple[int, int]]) -> list[Symbol]:
    """Those whose name is on its lines."""
    first = bisect_left(by_line, (chunk.start_line, -1))
    end = bisect_left(by_line, (chunk.end_line + 1, -1))
    return [symbols[position] for _, position in by_line[first:end]]


def _numbers(span: Span) -> tuple[int, int, int, int, int, int]:
    return (span.start_byte, span.end_byte, span.start_line, span.start_column, span.end_line, span.end_column)
