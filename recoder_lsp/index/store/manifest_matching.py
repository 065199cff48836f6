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


class Matching:
    """Answers ManifestReader.match; any thread.

    A chunk's row never gets other words, and new chunks have higher rows: what was read once about a word stays true, but for
    rows that are gone. Only a reader remembers: a writer may roll back, and give rows anew.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._remembered: dict[str, NDArray[np.int64]] = {}

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
        worth_of_row = np.zeros(last + 1)
        for term in terms:
            rarity = float(np.log1p(last / frequencies[term]))
            for word in (term, NAME_MARK + term):
                rows = self._rows(word)
                # Another process may have written between the questions.
                worth_of_row[rows[: np.searchsorted(rows, last, side="right")]] += rarity
        n_matching = int(np.count_nonzero(worth_of_row))
        n_wanted = min(n_wanted, n_matching)
        return np.argpartition(-worth_of_row, n_wanted - 1)[:n_wanted] if n_wanted else np.empty(0, np.int64)

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


def _quoted(word: str) -> str:
    return f'"{word}"'
