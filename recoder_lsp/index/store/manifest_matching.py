"""Ranking chunks by BM25 over their words, quickly enough for frequent words in large workspaces."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from recoder_lsp.index.store.manifest_database import Database

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAME_MARK = "§"
"""Before a word of a chunk's name, which is in the index a second time with this mark: so chunks with the word in their name
are found without looking at all that have it. No word begins so."""

# SQLite's bm25() takes 1 to 2 µs for each chunk that it ranks, but finding which chunks have a word a tenth of that. So it
# ranks only the likeliest ones, where there are more than this many, or this many times the limit.
_FEW_MATCHES = 600
_RANKED_PER_LIMIT = 3
# A word in more chunks than this says little, and is left out where the query has a rarer one.
_MOST_POSTINGS = 20_000
# Of the numbers of chunks that have a word, kept for the next query: 16 MB.
_MOST_REMEMBERED_ROWS = 2_000_000
# They are read anew after so many new ones for each living one.
_MUCH_NEW = 0.1
# Adding up the worth of rows in an array with a place for every row there ever was is quickest, unless few of them have a word.
_MOST_PLACES_PER_ROW = 32


class Matching:
    """Answers ManifestReader.match; any thread.

    A chunk's row never gets other words, and new chunks have higher rows: what was read once about a word stays true, but for
    rows that are gone. Only a reader remembers: a writer may roll back, and give rows anew.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._remembered: dict[str, NDArray[np.int64]] = {}
        self._remembered_up_to, self._remembered_version = -1, 0

    def best_rows(
        self, terms: Sequence[str], limit: int, weights: tuple[float, ...], frequencies: Mapping[str, int] | None = None
    ) -> list[tuple[int, float]]:
        """The result is that of ranking everything, unless the words are in more than 600 chunks: then only those with the most
        and rarest words, those in names counting twice, are ranked."""
        wanted = list(dict.fromkeys(term for term in terms if term.isalnum()))
        frequencies = self.frequencies(wanted) if frequencies is None else frequencies
        known = sorted((term for term in wanted if frequencies.get(term)), key=frequencies.__getitem__)
        chosen = [term for term in known if frequencies[term] <= _MOST_POSTINGS] or known[:1]
        if not chosen or limit <= 0:
            return []
        if sum(frequencies[term] for term in chosen) <= _FEW_MATCHES:
            return self._ranked(chosen, limit, weights, None)
        return self._ranked(chosen, limit, weights, self._likeliest(chosen, frequencies, max(_FEW_MATCHES // 2, _RANKED_PER_LIMIT * limit)))

    def _ranked(
        self, terms: Sequence[str], limit: int, weights: tuple[float, ...], rows: NDArray[np.int64] | None
    ) -> list[tuple[int, float]]:
        """The best by BM25, among the rows if given."""
        # bm25() is computed only for rows that pass. The plus keeps SQLite from running the whole search anew for each of them.
        condition = "" if rows is None else "AND +rowid IN (SELECT value FROM json_each(?))"
        sql = f"SELECT rowid, -bm25(words, {','.join(map(str, map(float, weights)))}) AS score FROM words WHERE words MATCH ? {condition}"
        values = (" OR ".join(map(_quoted, terms)), *(() if rows is None else (json.dumps(rows.tolist()),)), limit)
        answer = self._database.query(f"{sql} ORDER BY score DESC, rowid LIMIT ?", values)
        return [(int(row), float(score)) for row, score in answer]

    def _likeliest(self, terms: Sequence[str], frequencies: Mapping[str, int], n_wanted: int) -> NDArray[np.int64]:
        """The rows with the most and rarest of the terms."""
        import numpy as np

        last = self._database.number("SELECT max(row) FROM chunks")
        self._forget_if_much_is_new(last)
        rarity = {word: float(np.log1p(last / frequencies[term])) for term in terms for word in (term, NAME_MARK + term)}
        rows_of = {word: self._rows(word) for word in rarity}
        n_looked_at = n_wanted
        while True:
            rows, worth = _worth_of_rows([(rows_of[word], rarity[word]) for word in rarity], last)
            best = rows[_largest(worth, n_looked_at)]
            dead = self._dead(best)
            if not len(dead):
                return best if len(best) <= n_wanted else rows[_largest(worth, n_wanted)]
            # Each would keep a living one out. With more of them looked at, few rounds are enough.
            n_looked_at *= 4
            rows_of = {word: self._without(dead, word, of_word) for word, of_word in rows_of.items()}

    def _dead(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those that are gone: none, unless somebody wrote since the first of what is remembered was read."""
        import numpy as np

        if not len(rows) or self._data_version() == self._remembered_version:
            return np.empty(0, np.int64)
        sql = """SELECT group_concat(wanted.value) FROM json_each(?) AS wanted
            LEFT JOIN chunks ON chunks.row = wanted.value WHERE chunks.row IS NULL"""
        joined = self._database.one(sql, (json.dumps(rows.tolist()),))
        return np.fromstring(joined[0], np.int64, sep=",") if joined and joined[0] else np.empty(0, np.int64)

    def _without(self, dead: NDArray[np.int64], word: str, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of a word that are not dead, and remembered so."""
        import numpy as np

        living = rows[~np.isin(rows, dead)]
        with self._lock:
            if word in self._remembered:
                self._remembered[word] = living
        return living

    def _data_version(self) -> int:
        """Changes with every transaction of another connection. The writer's own leave nothing behind that could be gone."""
        return self._database.number("PRAGMA data_version")

    def _forget_if_much_is_new(self, last: int) -> None:
        """Where there are many new rows, many that are remembered may be gone, and words seem more frequent than they are."""
        if last > self._remembered_up_to:
            # Asked before taking the lock: who is inside a transaction holds the database and may wait for the lock.
            n_living, version = self._database.number("SELECT count(*) FROM chunks"), self._data_version()
            with self._lock:
                self._remembered.clear()
                self._remembered_version = version
                self._remembered_up_to = last + int(n_living * _MUCH_NEW)

    def _rows(self, word: str) -> NDArray[np.int64]:
        """Of all chunks that have it, in order; perhaps also some that are gone."""
        import numpy as np

        with self._lock:
            # Taken out and put back, so that the first one in the dict is the one not asked for longest.
            known = self._remembered.pop(word, None)
        after = int(known[-1]) if known is not None and len(known) else 0
        # One text for all rows: a fifth of the time of fetching them one by one.
        joined = self._database.one("SELECT group_concat(rowid) FROM words WHERE words MATCH ? AND rowid > ?", (_quoted(word), after))
        new = np.fromstring(joined[0], np.int64, sep=",") if joined and joined[0] else np.empty(0, np.int64)
        rows = new if known is None else np.concatenate((known, new)) if len(new) else known
        if self._database.read_only:
            with self._lock:
                self._remembered[word] = rows
                while len(self._remembered) > 1 and sum(map(len, self._remembered.values())) > _MOST_REMEMBERED_ROWS:
                    del self._remembered[next(iter(self._remembered))]
        return rows

    def frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many chunks each word is, about; those that are in none are left out."""
        with self._lock:
            frequencies = {term: len(self._remembered[term]) for term in terms if term in self._remembered}
        unknown = [term for term in terms if term not in frequencies]
        sql = f"SELECT term, doc FROM vocabulary WHERE term IN ({','.join('?' * len(unknown))})"
        frequencies.update((str(term), int(count)) for term, count in self._database.query(sql, unknown))
        return frequencies


def _worth_of_rows(rows_with_worth: Sequence[tuple[NDArray[np.int64], float]], last: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """All rows up to the last one, with the sum of what they are worth in each array: another process may have written more."""
    import numpy as np

    known = [(rows[: np.searchsorted(rows, last, side="right")], worth) for rows, worth in rows_with_worth]
    if last > _MOST_PLACES_PER_ROW * sum(len(rows) for rows, _ in known):
        different, position = np.unique(np.concatenate([rows for rows, _ in known]), return_inverse=True)
        worths = np.repeat([worth for _, worth in known], [len(rows) for rows, _ in known])
        return different, np.bincount(position, worths, len(different)).astype(np.float64)
    worth_of_row = np.zeros(last + 1)
    for rows, worth in known:
        worth_of_row[rows] += worth
    matching = np.flatnonzero(worth_of_row).astype(np.int64)
    return matching, worth_of_row[matching]


def _largest(values: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Where the n largest are, in any order; all, where there are not so many."""
    import numpy as np

    return np.argpartition(-values, n - 1)[:n] if n < len(values) else np.arange(len(values))


def _quoted(word: str) -> str:
    return f'"{word}"'
