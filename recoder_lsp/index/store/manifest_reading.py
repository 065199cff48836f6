"""What can be asked of the manifest: files, symbols, references, chunks and the words in them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from recoder_lsp.index.records import FileStamp, Kind, Location, Reference, ReferenceKind, Span, Symbol
from recoder_lsp.index.store.manifest_checking import problems_of
from recoder_lsp.index.store.manifest_database import Database, Row, decoding
from recoder_lsp.index.store.manifest_matching import Matching
from recoder_lsp.index.store.manifest_names import names_like, names_starting_with
from recoder_lsp.index.store.manifest_schema import MOST_PER_FILE

# So that the definitions of one name leave room for other names, where a query may mean several.
_MOST_OF_A_LIKELY_NAME = 5

_CHUNK_COLUMNS = """
    chunks.row, hex(chunks.id), files.path, files.language, chunks.symbol, chunks.kind, chunks.name, chunks.start_byte, chunks.end_byte,
    chunks.start_line, chunks.end_line, chunks.content_hash, chunks.header, coalesce(names.n_references, 0)
"""
# CROSS JOIN is how SQLite is told in which order to go. Left to itself it sometimes walks through all names of the workspace.
_SYMBOL_OF_CHUNK = f"""
    LEFT JOIN symbols ON symbols.row = chunks.file * {MOST_PER_FILE} + chunks.symbol LEFT JOIN names ON names.row = symbols.name
"""
_SYMBOL_COLUMNS = """
    names.name, symbols.kind, symbols.qualified_name, symbols.signature, symbols.docstring, symbols.parent,
    symbols.start_byte, symbols.end_byte, symbols.start_line, symbols.start_column, symbols.end_line, symbols.end_column,
    symbols.name_start_byte, symbols.name_end_byte, symbols.name_start_line, symbols.name_start_column,
    symbols.name_end_line, symbols.name_end_column
"""


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as the manifest knows it: everything but its text, which is read from the file and compared with the hash."""

    row: int
    id: str
    path: str
    language: str
    symbol: int | None
    """Position of its main symbol in `outline(path)`."""
    kind: str
    """A Kind's value, or ""."""
    name: str
    start_byte: int
    end_byte: int
    start_line: int
    end_line: int
    content_hash: str
    header: str
    n_references: int
    """Uses of its symbol's name in the workspace."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as the manifest knows it."""

    path: str
    language: str
    stamp: FileStamp
    content_hash: str
    n_lines: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the manifest holds."""

    n_files: int
    n_lines: int
    n_symbols: int
    n_references: int
    n_chunks: int
    n_vectors: int
    languages: dict[str, int]
    """Files per language, most first."""


class ManifestReader:
    """Answers from the stored index. Several threads may share one; each answer is of one moment, several are within `reading()`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._matching = Matching(database)

    def reading(self) -> AbstractContextManager[None]:
        """Inside, all answers are of the same moment, whatever another process writes. Keep it short: the log grows meanwhile."""
        return self._database.transaction("DEFERRED")

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- files

    def file(self, path: str) -> StoredFile | None:
        row = self._database.one(f"{_FILES} WHERE path = ?", (path,))
        return _file(row) if row else None

    def stamp(self, path: str) -> tuple[FileStamp, str] | None:
        """By what the file was known when it was stored, and its content hash."""
        stored = self.file(path)
        return (stored.stamp, stored.content_hash) if stored else None

    def files(self, prefix: str = "") -> Iterator[StoredFile]:
        """All whose path begins so, by path; read in pages, so that memory stays constant and writing may go on between them."""
        last, is_first = prefix, True
        while True:
            comparison = ">=" if is_first else ">"
            rows = self._database.query(
                f"{_FILES} WHERE path {comparison} ? AND path < ? ORDER BY path LIMIT 1000", (last, prefix + "\U0010ffff")
            )
            if not rows:
                return
            stored = [_file(row) for row in rows]
            yield from stored
            last, is_first = stored[-1].path, False

    def paths_like(self, *parts: str, limit: int = 20_000) -> list[tuple[str, str]]:
        """The paths that have one of these in them, whatever the case, with the languages of the files; by path."""
        condition = " OR ".join("path LIKE ?" for _ in parts)
        rows = self._database.query(
            f"SELECT path, language FROM files WHERE {condition} ORDER BY path LIMIT ?", (*(f"%{part}%" for part in parts), limit)
        )
        with decoding():
            return [(str(path), str(language)) for path, language in rows]

    def counts(self) -> Counts:
        totals = self._database.one(
            """SELECT count(*), total(n_lines), total(n_symbols), total(n_references), total(n_chunks),
            (SELECT count(*) FROM vectors) FROM files"""
        )
        languages = self._database.query("SELECT language, count(*) FROM files GROUP BY language ORDER BY count(*) DESC, language")
        with decoding():
            files, lines, symbols, references, chunks, vectors = map(int, totals or (0,) * 6)
            by_language = {str(language): int(n) for language, n in languages}
        return Counts(files, lines, symbols, references, chunks, vectors, by_language)

    def get_meta(self, key: str) -> str | None:
        row = self._database.one("SELECT value FROM meta WHERE key = ?", (key,))
        return str(row[0]) if row else None

    # --- words

    def match(
        self,
        terms: Sequence[str],
        limit: int,
        weights: tuple[float, ...] = (10.0, 4.0, 3.0, 1.0),
        frequencies: Mapping[str, int] | None = None,
    ) -> list[tuple[int, float]]:
        """Chunk rows that have any of the words, with their BM25 score (higher is better), best first.

        Args:
            terms: as `words.words()` gives them; others find nothing.
            weights: of the columns name, path, declaration (signatures and documentation), body.
            frequencies: those of the terms, where they are known already.
        """
        return self._matching.best_rows(terms, limit, weights, frequencies)

    def document_frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many chunks each word occurs; those that occur in none are left out. Costs 0.04 µs for each chunk that has it."""
        rows = self._database.query("SELECT term, doc FROM vocabulary WHERE term IN (SELECT value FROM json_each(?))", (_list(terms),))
        return {str(term): int(count) for term, count in rows}

    def n_chunks_ever(self) -> int:
        """How many chunks there have been: what is needed to say how rare a word is, and found at once, unlike how many there are."""
        return self._database.number("SELECT max(row) FROM chunks")

    # --- chunks

    def chunks(self, rows: Collection[int]) -> dict[int, StoredChunk]:
        """Those of the rows that (still) exist."""
        sql = f"""SELECT {_CHUNK_COLUMNS} FROM json_each(?) AS wanted CROSS JOIN chunks ON chunks.row = wanted.value
            CROSS JOIN files ON files.row = chunks.file {_SYMBOL_OF_CHUNK}"""
        return {chunk.row: chunk for chunk in map(_chunk, self._database.query(sql, (json.dumps(list(rows)),)))}

    def chunks_by_id(self, ids: Sequence[str]) -> dict[str, StoredChunk]:
        """Those of the ids that (still) exist."""
        found: dict[str, StoredChunk] = {}
        for start in range(0, len(ids), 500):
            wanted = [bytes.fromhex(id) for id in ids[start : start + 500]]
            sql = f"""SELECT {_CHUNK_COLUMNS} FROM chunks CROSS JOIN files ON files.row = chunks.file {_SYMBOL_OF_CHUNK}
                WHERE chunks.id IN ({",".join("?" * len(wanted))})"""
            found.update((chunk.id, chunk) for chunk in map(_chunk, self._database.query(sql, wanted)))
        return found

    def chunks_of(self, path: str) -> list[StoredChunk]:
        """In the order of the text."""
        sql = f"""SELECT {_CHUNK_COLUMNS} FROM files CROSS JOIN chunks ON chunks.file = files.row {_SYMBOL_OF_CHUNK}
            WHERE files.path = ? ORDER BY chunks.start_byte"""
        return list(map(_chunk, self._database.query(sql, (path,))))

    def chunks_defining(self, start: str, limit: int) -> list[tuple[int, str]]:
        """Rows of the chunks with the definition of a name that begins so, in any case, and the name; in the order of the names."""
        sql = f"""SELECT chunks.row, names.name FROM
            (SELECT row, name FROM names WHERE n_definitions > 0 AND name COLLATE NOCASE >= ? AND name COLLATE NOCASE < ?
            ORDER BY name COLLATE NOCASE LIMIT ?) AS names
            CROSS JOIN symbols ON symbols.name = names.row CROSS JOIN chunks ON chunks.file = symbols.row / {MOST_PER_FILE}
            WHERE symbols.name_start_line BETWEEN chunks.start_line AND chunks.end_line LIMIT ?"""
        return self._database.query(sql, (start, start + "\U0010ffff", limit, limit)) if start else []

    def symbols_of_kinds(self, rows: Collection[int], kinds: Collection[str]) -> dict[int, list[Symbol]]:
        """Of these chunks, the symbols of such a kind whose name is on its lines; those without one are left out."""
        sql = f"""SELECT chunks.row, {_SYMBOL_COLUMNS} FROM json_each(?) AS wanted CROSS JOIN chunks ON chunks.row = wanted.value
            CROSS JOIN symbols ON symbols.row >= chunks.file * {MOST_PER_FILE} AND symbols.row < (chunks.file + 1) * {MOST_PER_FILE}
            CROSS JOIN names ON names.row = symbols.name
            WHERE symbols.name_start_line BETWEEN chunks.start_line AND chunks.end_line
            AND symbols.kind IN (SELECT value FROM json_each(?)) ORDER BY symbols.row"""
        found: dict[int, list[Symbol]] = {}
        for row in self._database.query(sql, (json.dumps(list(rows)), _list(list(kinds)))):
            found.setdefault(int(row[0]), []).append(_symbol(row[1:]))
        return found

    # --- symbols

    def symbols_named(self, names: Sequence[str], limit: int, limit_per_name: int | None = None) -> list[Location]:
        """Definitions of exactly these names; those of one name together, in the order of their files."""
        return self._definitions(names, limit, limit if limit_per_name is None else limit_per_name)

    def symbols_starting_with(self, prefix: str, limit: int) -> list[Location]:
        """Definitions whose name begins so, in any case, the most used names first, at most 5 for each."""
        return self._definitions(names_starting_with(self._database, prefix, limit), limit, _MOST_OF_A_LIKELY_NAME)

    def symbols_like(self, query: str, limit: int) -> list[Location]:
        """Definitions that somebody may mean who types this: words of the name, its initials, or its letters with gaps.

        The best first; at most 5 of each name.
        """
        return self._definitions(names_like(self._database, query, limit), limit, _MOST_OF_A_LIKELY_NAME)

    def outline(self, path: str) -> tuple[Symbol, ...]:
        """The file's symbols, in the order in which parsing gave them (`Symbol.parent` counts in it)."""
        file = self._database.number("SELECT row FROM files WHERE path = ?", (path,))
        sql = (
            f"SELECT {_SYMBOL_COLUMNS} FROM symbols CROSS JOIN names ON names.row = symbols.name WHERE symbols.row >= ? AND symbols.row < ?"
        )
        return tuple(map(_symbol, self._database.query(f"{sql} ORDER BY symbols.row", _range(file))))

    def symbol_at(self, path: str, position: int) -> Symbol | None:
        """The symbol at a position of `outline(path)`."""
        sql = f"""SELECT {_SYMBOL_COLUMNS} FROM files CROSS JOIN symbols ON symbols.row = files.row * {MOST_PER_FILE} + ?
            CROSS JOIN names ON names.row = symbols.name WHERE files.path = ?"""
        row = self._database.one(sql, (position, path))
        return _symbol(row) if row else None

    # --- references

    def references_to(self, name: str, limit: int) -> list[tuple[str, Reference]]:
        """Uses of exactly this name, with the path, in the order of their files."""
        sql = f"""SELECT files.path, {_USE_COLUMNS} FROM names CROSS JOIN uses ON uses.name = names.row
            CROSS JOIN files ON files.row = uses.row / {MOST_PER_FILE} WHERE names.name = ? ORDER BY uses.row LIMIT ?"""
        return [(str(row[0]), _reference(row[1:])) for row in self._database.query(sql, (name, limit))]

    def reference_counts(self, names: Sequence[str]) -> dict[str, int]:
        """How often each name is used in the workspace; 0 for unknown ones."""
        sql = "SELECT name, n_references FROM names WHERE name IN (SELECT value FROM json_each(?))"
        return dict.fromkeys(names, 0) | dict(self._database.query(sql, (_list(names),)))

    def references_in(self, path: str) -> list[Reference]:
        """All that the file uses, in the order of the text."""
        return self._uses_in(path, "")

    def references_between(self, path: str, first_line: int, last_line: int) -> list[Reference]:
        """What the file uses on these lines, the last one included."""
        return self._uses_in(path, f"AND uses.line BETWEEN {first_line:d} AND {last_line:d}")

    def imports_of(self, path: str) -> list[Reference]:
        return self._uses_in(path, f"AND uses.kind = '{ReferenceKind.IMPORT}'")

    def imports_of_name(self, name: str, limit: int) -> list[tuple[str, Reference]]:
        """Imports of exactly this name, with the path, in the order of their files."""
        sql = f"""SELECT files.path, {_USE_COLUMNS} FROM names CROSS JOIN uses ON uses.name = names.row
            CROSS JOIN files ON files.row = uses.row / {MOST_PER_FILE}
            WHERE names.name = ? AND uses.kind = '{ReferenceKind.IMPORT}' ORDER BY uses.row LIMIT ?"""
        return [(str(row[0]), _reference(row[1:])) for row in self._database.query(sql, (name, limit))]

    def imports_as(self, alias: str, limit: int) -> list[tuple[str, Reference]]:
        """Imports under this other name, with the path, of the first 200,000 uses: there is no index of aliases."""
        sql = f"""SELECT files.path, {_USE_COLUMNS} FROM (SELECT * FROM uses LIMIT {_MOST_SCANNED}) AS uses
            CROSS JOIN names ON names.row = uses.name CROSS JOIN files ON files.row = uses.row / {MOST_PER_FILE}
            WHERE uses.alias = ? AND uses.kind = '{ReferenceKind.IMPORT}' LIMIT ?"""
        return [(str(row[0]), _reference(row[1:])) for row in self._database.query(sql, (alias, limit))]

    # --- care

    def check(self) -> list[str]:
        """Problems found, in words, after looking at everything; takes a second or so for each 10,000 files."""
        with self.reading():
            return problems_of(self._database)

    def _uses_in(self, path: str, condition: str) -> list[Reference]:
        file = self._database.number("SELECT row FROM files WHERE path = ?", (path,))
        sql = f"SELECT {_USE_COLUMNS} FROM uses CROSS JOIN names ON names.row = uses.name WHERE uses.row >= ? AND uses.row < ? {condition}"
        return list(map(_reference, self._database.query(f"{sql} ORDER BY uses.row", _range(file))))

    def _definitions(self, names: Sequence[str], limit: int, limit_per_name: int) -> list[Location]:
        """Definitions of the names, in the order of the names."""
        sql = f"""SELECT files.path, files.language, names.n_references, {_SYMBOL_COLUMNS} FROM names
            CROSS JOIN symbols ON symbols.name = names.row CROSS JOIN files ON files.row = symbols.row / {MOST_PER_FILE}
            WHERE names.name = ? ORDER BY symbols.row LIMIT ?"""
        found: list[Location] = []
        for name in dict.fromkeys(names):
            missing = min(limit - len(found), limit_per_name)
            if missing <= 0:
                break
            rows = self._database.query(sql, (name, missing))
            with decoding():
                found += [Location(str(row[0]), str(row[1]), _symbol(row[3:]), int(row[2])) for row in rows]
        return found


_FILES = "SELECT path, language, size_bytes, mtime_ns, content_hash, n_lines FROM files"
_MOST_SCANNED = 200_000
_USE_COLUMNS = "uses.kind, names.name, uses.line, uses.column, uses.within, uses.module, uses.alias"


def _list(values: Sequence[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def _range(file: int) -> tuple[int, int]:
    """From which row to which (exclusive) a file's symbols and uses are."""
    return file * MOST_PER_FILE, (file + 1) * MOST_PER_FILE


def _file(row: Row) -> StoredFile:
    with decoding():
        return StoredFile(str(row[0]), str(row[1]), FileStamp(int(row[2]), int(row[3])), str(row[4]), int(row[5]))


def _chunk(row: Row) -> StoredChunk:
    with decoding():
        number, id, path, language, symbol, kind, name, start_byte, end_byte, start_line, end_line, content_hash, header, n_references = row
        # What is not a number here is damage, and raises.
        start_byte + end_byte + start_line + end_line + n_references + (symbol or 0)
        return StoredChunk(
            number,
            id.lower(),
            path,
            language,
            symbol,
            kind,
            name,
            start_byte,
            end_byte,
            start_line,
            end_line,
            content_hash,
            header,
            n_references,
        )


def _symbol(row: Row) -> Symbol:
    with decoding():
        name, kind, qualified_name, signature, docstring, parent = row[:6]
        return Symbol(
            Kind(kind), name, qualified_name, signature, docstring, Span(*map(int, row[6:12])), Span(*map(int, row[12:18])), parent
        )


def _reference(row: Row) -> Reference:
    with decoding():
        kind, name, line, column, within, module, alias = row
        return Reference(ReferenceKind(kind), name, int(line), int(column), within, module, alias)


def open_reader(file: Path) -> ManifestReader:
    """A read-only view for another thread or process, while somebody else writes.

    Raises:
        ManifestDamaged, ManifestBusy: It does not exist, or cannot be trusted.
    """
    return ManifestReader(Database(file, read_only=True))
