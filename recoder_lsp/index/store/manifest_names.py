"""The names that a workspace defines and uses: counted while writing, found by prefix or from a few typed letters."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping

from recoder_lsp.index.store.manifest_database import Database, decoding
from recoder_lsp.index.words import parts_of

_MOST_KEYS_OF_A_NAME = 6
_LONGEST_KEY = 40
# Before the initials among the keys: no part of a name begins so.
_INITIALS = "."
# Each costs 3 µs to rank, and 0.3 µs to scan.
_MOST_CANDIDATES = 700
_MOST_SCANNED = 10_000
# With fewer names than these, letters with gaps between them are tried too.
_ENOUGH = 5
_MOST_REMEMBERED = 100_000
_END = "\U0010ffff"


class NameBook:
    """Numbers names, and counts their definitions and uses; for the writer, inside one transaction at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, int] = {}

    def forget(self) -> None:
        """The transaction is over: what it numbered may not exist."""
        self._known.clear()

    def rows(self, names: Collection[str]) -> dict[str, int]:
        """The row of each name, new ones counted 0."""
        if len(self._known) > _MOST_REMEMBERED:
            self.forget()
        unknown = [name for name in set(names) if name not in self._known]
        if unknown:
            self._look_up(unknown)
            missing = [(name,) for name in unknown if name not in self._known]
            if missing:
                self._database.change_many("INSERT INTO names (name, n_definitions, n_references) VALUES (?, 0, 0)", missing)
                self._look_up([name for (name,) in missing])
        return {name: self._known[name] for name in names}

    def count(self, definitions: Mapping[str, int], references: Mapping[str, int]) -> None:
        """Add to the counts (or take away); names that nobody defines or uses any more are dropped."""
        changed = [name for name in {*definitions, *references} if definitions.get(name) or references.get(name)]
        if not changed:
            return
        rows = self.rows(changed)
        self._database.change_many(
            "UPDATE names SET n_definitions = n_definitions + ?, n_references = n_references + ? WHERE row = ?",
            [(definitions.get(name, 0), references.get(name, 0), rows[name]) for name in changed],
        )
        sql = "SELECT row, n_definitions, n_references FROM names WHERE row IN (SELECT value FROM json_each(?))"
        counts = {
            row: (n_definitions, n_references)
            for row, n_definitions, n_references in self._database.query(sql, (json.dumps([*rows.values()]),))
        }
        appeared = [name for name in changed if 0 < definitions.get(name, 0) == counts[rows[name]][0]]
        vanished = [name for name in changed if definitions.get(name, 0) < 0 == counts[rows[name]][0]]
        unused = [name for name in changed if counts[rows[name]] == (0, 0)]
        self._database.change_many(
            "INSERT OR IGNORE INTO name_keys VALUES (?, ?)", [(key, rows[name]) for name in appeared for key in _keys(name)]
        )
        self._database.change_many(
            "DELETE FROM name_keys WHERE key = ? AND name = ?", [(key, rows[name]) for name in vanished for key in _keys(name)]
        )
        self._database.change_many("DELETE FROM names WHERE row = ?", [(rows[name],) for name in unused])
        for name in unused:
            del self._known[name]

    def _look_up(self, names: list[str]) -> None:
        sql = "SELECT names.name, names.row FROM json_each(?) AS wanted CROSS JOIN names ON names.name = wanted.value"
        self._known.update(self._database.query(sql, (json.dumps(names, ensure_ascii=False),)))


def names_starting_with(database: Database, prefix: str, limit: int) -> list[str]:
    """Defined names that begin so, in any case; the most used first, then the shortest."""
    return [str(name) for name, _ in _starting_with(database, prefix, limit)]


def names_like(database: Database, query: str, limit: int) -> list[str]:
    """Defined names that somebody may mean who types this, best first; see ManifestReader.symbols_like."""
    parts = parts_of(query)
    joined = "".join(parts)
    if len(joined) < 2:
        return names_starting_with(database, query.strip(), limit)
    # What begins so comes by use, so that a short query cannot miss the names that matter.
    found = dict(_starting_with(database, query.strip(), max(limit, _ENOUGH)))
    found.update(_with_key(database, joined))
    if len(parts) > 1:
        found.update(_with_key(database, max(parts, key=len)))
    found.update(_with_key(database, _INITIALS + joined))
    ranked = _ranked(found, query.strip(), parts, joined)
    if len(ranked) < min(limit, _ENOUGH):
        found.update(_with_letters(database, joined))
        ranked = _ranked(found, query.strip(), parts, joined)
    return ranked[:limit]


def _starting_with(database: Database, prefix: str, limit: int) -> list[tuple[str, int]]:
    if not prefix:
        return []
    sql = """SELECT name, n_references FROM names WHERE n_definitions > 0 AND name COLLATE NOCASE >= ? AND name COLLATE NOCASE < ?
        ORDER BY n_references DESC, length(name), name LIMIT ?"""
    return database.query(sql, (prefix, prefix + _END, limit))


def _with_key(database: Database, start: str) -> list[tuple[str, int]]:
    """Names, with their uses, one of whose keys begins so."""
    start = start[: _LONGEST_KEY + len(_INITIALS)]
    sql = """SELECT names.name, names.n_references FROM name_keys CROSS JOIN names ON names.row = name_keys.name
        WHERE name_keys.key >= ? AND name_keys.key < ? LIMIT ?"""
    return database.query(sql, (start, start + _END, _MOST_CANDIDATES))


def _with_letters(database: Database, letters: str) -> list[tuple[str, int]]:
    """Names that begin with the first letter and have the others in this order."""
    sql = f"""SELECT name, n_references FROM (
            SELECT name, n_references FROM names
            WHERE n_definitions > 0 AND name COLLATE NOCASE >= ? AND name COLLATE NOCASE < ? LIMIT {_MOST_SCANNED}
        ) WHERE name LIKE ? LIMIT ?"""
    return database.query(sql, (letters[0], letters[0] + _END, "%".join(letters) + "%", _MOST_CANDIDATES))


def _ranked(found: Mapping[str, int], query: str, parts: list[str], joined: str) -> list[str]:
    with decoding():
        worth = {name: _likeness(name, query, parts, joined) + 0.1 * math.log1p(uses) for name, uses in found.items()}
    liked = [name for name in found if worth[name] >= 0]
    return sorted(liked, key=lambda name: (-worth[name], name))


def _likeness(name: str, query: str, parts: list[str], joined: str) -> float:
    """How well the name fits; negative for not at all. Whole steps between the ways of fitting, less for long names."""
    if name == query:
        return 10.0
    name_parts = parts_of(name)
    name_joined = "".join(name_parts)
    length_penalty = min(len(name), 60) / 60
    if name_joined == joined:
        return 9.0
    if name_joined.startswith(joined):
        return 8.0 - length_penalty
    if "".join(part[0] for part in name_parts).startswith(joined):
        return 7.0 - length_penalty
    if joined in name_joined:
        return 6.0 - length_penalty
    if _in_order(parts, name_parts):
        return 5.0 - length_penalty
    if all(any(have.startswith(part) for have in name_parts) for part in parts):
        return 4.0 - length_penalty
    letters = iter(name_joined)
    return 2.0 - length_penalty if all(letter in letters for letter in joined) else -1e9


def _in_order(parts: list[str], name_parts: list[str]) -> bool:
    """Whether each part begins one of the name's, one after the other."""
    remaining = iter(name_parts)
    return all(any(have.startswith(part) for have in remaining) for part in parts)


def _keys(name: str) -> set[str]:
    parts = parts_of(name)
    keys = {"".join(parts[start:])[:_LONGEST_KEY] for start in range(min(len(parts), _MOST_KEYS_OF_A_NAME))}
    if len(parts) > 1:
        keys.add(_INITIALS + "".join(part[0] for part in parts)[:_LONGEST_KEY])
    return keys
