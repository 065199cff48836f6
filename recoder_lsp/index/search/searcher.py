"""Search: words, meaning and names gathered, ranked by structure, and each hit compared with the text as it is now."""

from __future__ import annotations

import fnmatch
import math
import re
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from recoder_lsp.index.records import Hit
from recoder_lsp.index.search.ranking import STOP_WORDS, Asked, Candidate, Ranked, Signal, ranked
from recoder_lsp.index.search.texts import CheckedTexts
from recoder_lsp.index.store.embedder import Embedder
from recoder_lsp.index.store.manifest_reading import ManifestReader, StoredChunk
from recoder_lsp.index.store.vector_index import VectorIndex
from recoder_lsp.index.words import words

# How many chunks each way of looking contributes. More would cost time and changes the first ten hits hardly ever.
BY_WORDS, BY_MEANING = 80, 30
# Filters are applied to what was found, so more is looked for where there are some.
FILTERED_FACTOR = 6
MAX_QUERY_CHARACTERS, MAX_TERMS = 2000, 24
_NAME = re.compile(r"[A-Za-z_$][\w$]*(?:(?:\.|::|:|#)[A-Za-z_$][\w$]*)*")


@dataclass(frozen=True)
class Query:
    """What is looked for. Empty filters let everything through."""

    text: str
    limit: int = 10
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    """Globs, or beginnings of paths."""
    per_file: int = 2
    """At most so many hits of one file; 0 for no bound."""
    near: str = ""
    """The file that is being looked at, which makes its neighbours a little more likely."""
    budget_ms: float = 0.0
    """After this long what was found so far is the answer; 0 for no bound."""
    without: tuple[str, ...] = ()
    """Signals that are left out, for measuring; see `ranking.Signal`."""


@dataclass(frozen=True)
class Found:
    """Hits, best first. `partial`: the time was up before every way of looking was used. `stale`: paths that have changed on disk."""

    hits: tuple[Hit, ...]
    partial: bool
    stale: tuple[str, ...]


class Searcher:
    """Answers queries from a manifest, vectors, and texts as they are now. For one thread."""

    def __init__(self, manifest: ManifestReader, vectors: VectorIndex, embedder: Embedder, text_of: Callable[[str], str | None]) -> None:
        """Args: `text_of` gives the text of a file or open buffer, None when there is none any more."""
        self._manifest, self._vectors, self._embedder, self._text_of = manifest, vectors, embedder, text_of

    def search(self, query: Query) -> Found:
        """Find chunks. Everything in a hit is read now; what no longer matches its hash is left out."""
        deadline = time.monotonic() + query.budget_ms / 1000 if query.budget_ms else math.inf
        asked = self._asked(query)
        candidates, partial = self._candidates(query, asked, deadline)
        hits: list[Hit] = []
        texts = CheckedTexts(self._text_of)
        for found in _at_most_per_file(ranked(candidates, asked, query.without), query.per_file):
            if len(hits) >= query.limit:
                break
            text = texts.checked(found.candidate.chunk)
            if text is not None:
                hits.append(_hit(found, text))
        return Found(tuple(hits), partial, tuple(sorted(texts.stale)))

    def _asked(self, query: Query) -> Asked:
        text = query.text[:MAX_QUERY_CHARACTERS]
        every = list(dict.fromkeys(words(text)))
        telling = [word for word in every if word not in STOP_WORDS] or every
        terms = telling[:MAX_TERMS]
        n_chunks, frequencies = self._manifest.n_chunks_ever(), self._manifest.document_frequencies(terms)
        rarity = {term: math.log(1 + (n_chunks - (n := frequencies.get(term, 0)) + 0.5) / (n + 0.5)) for term in terms}
        return Asked(rarity, frequencies, frozenset(_identifiers(text)), query.near)

    def _candidates(self, query: Query, asked: Asked, deadline: float) -> tuple[list[Candidate], bool]:
        factor = FILTERED_FACTOR if query.languages or query.kinds or query.paths else 1
        by_words, by_meaning, partial = dict[int, float](), dict[str, float](), False
        if Signal.WORDS not in query.without:
            by_words = dict(self._manifest.match(list(asked.rarity), BY_WORDS * factor, frequencies=asked.frequencies))
        if Signal.MEANING not in query.without:
            if time.monotonic() < deadline:
                nearest = self._vectors.query(self._embedder.queries([query.text[:MAX_QUERY_CHARACTERS]])[0], BY_MEANING * factor)
                by_meaning = dict(nearest)
            else:
                partial = True
        chunks = {chunk.id: chunk for chunk in self._manifest.chunks(list(by_words)).values()}
        missing = [chunk_id for chunk_id in by_meaning if chunk_id not in chunks]
        if time.monotonic() < deadline:
            chunks.update(self._manifest.chunks_by_id(missing))
        else:
            partial = partial or bool(missing)
        kept = (chunk for chunk in chunks.values() if _passes(chunk, query))
        return [Candidate(chunk, by_words.get(chunk.row, 0.0), by_meaning.get(chunk.id, 0.0)) for chunk in kept], partial


def _at_most_per_file(results: Iterable[Ranked], per_file: int) -> Iterable[Ranked]:
    taken: dict[str, int] = {}
    for found in results:
        path = found.candidate.chunk.path
        taken[path] = taken.get(path, 0) + 1
        if not per_file or taken[path] <= per_file:
            yield found


def _hit(found: Ranked, text: str) -> Hit:
    chunk = found.candidate.chunk
    return Hit(
        path=chunk.path,
        language=chunk.language,
        start_line=chunk.start_line,
        end_line=chunk.end_line,
        symbol=chunk.name,
        kind=chunk.kind,
        score=round(found.score, 4),
        why=tuple(found.why),
        text=text,
    )


def _passes(chunk: StoredChunk, query: Query) -> bool:
    return (
        (not query.languages or chunk.language in query.languages)
        and (not query.kinds or chunk.kind in query.kinds)
        and (not query.paths or _under(chunk.path, query.paths))
    )


def _under(path: str, wanted: Collection[str]) -> bool:
    """Whether a path lies in one of these folders or matches one of these globs."""
    return any(path == one or path.startswith(one.rstrip("/") + "/") or fnmatch.fnmatchcase(path, one) for one in wanted)


def _identifiers(text: str) -> Sequence[str]:
    """What looks like a name in code: whatever is not a plain lower-case word, and a query of one word."""
    found = [match for match in _NAME.findall(text)]
    if len(found) == 1:
        return [found[0].lower(), re.split(r"\.|::|:|#", found[0])[-1].lower()]
    names: list[str] = []
    for name in found:
        last = re.split(r"\.|::|:|#", name)[-1]
        if last != last.lower() or "_" in name or last != name:
            names += [name.lower(), last.lower()]
    return names
