"""Search: words, meaning and names gathered, ranked by structure, and each hit compared with the text as it is now."""

from __future__ import annotations

import fnmatch
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from recoder_lsp.index.records import Hit
from recoder_lsp.index.search.ranking import STOP_WORDS, Asked, Candidate, Ranked, Signal, parts_of, ranked
from recoder_lsp.index.search.texts import CheckedTexts
from recoder_lsp.index.store.embedder import Embedder
from recoder_lsp.index.store.manifest_reading import ManifestReader, StoredChunk
from recoder_lsp.index.store.vector_index import VectorIndex
from recoder_lsp.index.words import words

# How many chunks each way of looking contributes. More would cost time and changes the first ten hits hardly ever.
BY_WORDS, BY_MEANING = 80, 30
# Filters are applied to what was found, so more is looked for where there are some.
FILTERED_FACTORS = 6, 48
# Names that begin as one in the query does; how many names of a query are looked at, and how long they have to be.
BY_NAME, MOST_NAMES, SHORTEST_NAME = 20, 4, 3
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
        has_filter = query.languages or query.kinds or query.paths
        for factor in FILTERED_FACTORS if has_filter else (1,):
            candidates, partial, may_be_more = self._candidates(query, asked, deadline, factor)
            if len(candidates) >= query.limit or not may_be_more or time.monotonic() >= deadline:
                break
        hits: list[Hit] = []
        texts, n_of_file = CheckedTexts(self._text_of), Counter[str]()
        for found in ranked(candidates, asked, query.without):
            if len(hits) >= query.limit:
                break
            if hits and time.monotonic() >= deadline:
                partial = True
                break
            chunk = found.candidate.chunk
            if query.per_file and n_of_file[chunk.path] >= query.per_file:
                continue
            text = texts.checked(chunk)
            if text is not None:
                n_of_file[chunk.path] += 1
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

    def _candidates(self, query: Query, asked: Asked, deadline: float, factor: int) -> tuple[list[Candidate], bool, bool]:
        """What passes the filters, whether the time was up, and whether there may be more than was looked for."""
        by_words, by_meaning, by_name, partial = dict[int, float](), dict[str, float](), dict[int, float](), False
        if Signal.WORDS not in query.without:
            by_words = dict(self._manifest.match(list(asked.rarity), BY_WORDS * factor, frequencies=asked.frequencies))
        if Signal.NAMES not in query.without:
            by_name = self._by_name(asked)
        if Signal.MEANING not in query.without:
            if time.monotonic() < deadline:
                nearest = self._vectors.query(self._embedder.queries([query.text[:MAX_QUERY_CHARACTERS]])[0], BY_MEANING * factor)
                by_meaning = dict(nearest)
            else:
                partial = True
        chunks = {chunk.id: chunk for chunk in self._manifest.chunks([*{**by_words, **by_name}]).values()}
        missing = [chunk_id for chunk_id in by_meaning if chunk_id not in chunks]
        if time.monotonic() < deadline:
            chunks.update(self._manifest.chunks_by_id(missing))
        else:
            partial = partial or bool(missing)
        candidates = [
            Candidate(chunk, by_words.get(chunk.row, 0.0), by_meaning.get(chunk.id, 0.0), by_name.get(chunk.row, 0.0))
            for chunk in chunks.values()
            if _passes(chunk, query)
        ]
        may_be_more = len(by_words) >= BY_WORDS * factor or len(by_meaning) >= BY_MEANING * factor
        return self._of_kinds(candidates, query.kinds, asked) if query.kinds else candidates, partial, may_be_more

    def _by_name(self, asked: Asked) -> dict[int, float]:
        """Rows of chunks that define what may be meant by the names in the query, with how much of the name was typed."""
        by_name: dict[int, float] = {}
        typed = sorted((name for name in asked.identifiers if len(name) >= SHORTEST_NAME), key=len, reverse=True)
        for start in typed[:MOST_NAMES]:
            for row, name in self._manifest.chunks_defining(start, BY_NAME):
                by_name[row] = max(by_name.get(row, 0.0), len(start) / len(name))
        return by_name

    def _of_kinds(self, candidates: Sequence[Candidate], kinds: Collection[str], asked: Asked) -> list[Candidate]:
        """Those that define something of these kinds; where that is not what they are named after, that part of them."""
        others = [candidate.chunk.row for candidate in candidates if candidate.chunk.kind not in kinds]
        symbols = self._manifest.symbols_of_kinds(others, kinds)
        found: list[Candidate] = []
        for candidate in candidates:
            chunk = candidate.chunk
            if chunk.kind in kinds:
                found.append(candidate)
            elif within := symbols.get(chunk.row):
                meant = max(within, key=lambda symbol: asked.share(parts_of(symbol.name)))
                part = replace(chunk, name=meant.qualified_name, kind=meant.kind.value)
                lines = max(meant.span.start_line, chunk.start_line), min(meant.span.end_line, chunk.end_line)
                found.append(replace(candidate, chunk=part, lines=lines))
        return found


def _hit(found: Ranked, text: str) -> Hit:
    chunk = found.candidate.chunk
    start_line, end_line = found.candidate.lines or (chunk.start_line, chunk.end_line)
    if found.candidate.lines:
        text = "\n".join(text.split("\n")[start_line - chunk.start_line : end_line - chunk.start_line + 1])
    return Hit(
        path=chunk.path,
        language=chunk.language,
        start_line=start_line,
        end_line=end_line,
        symbol=chunk.name,
        kind=chunk.kind,
        score=round(found.score, 4),
        why=tuple(found.why),
        text=text,
    )


def _passes(chunk: StoredChunk, query: Query) -> bool:
    return (not query.languages or chunk.language in query.languages) and (not query.paths or _under(chunk.path, query.paths))


def _under(path: str, wanted: Collection[str]) -> bool:
    """Whether a path lies in one of these folders or matches one of these globs."""
    return any(path == one or path.startswith(one.rstrip("/") + "/") or fnmatch.fnmatchcase(path, one) for one in wanted)


def _identifiers(text: str) -> Sequence[str]:
    """What looks like a name in code: whatever is not a plain lower-case word, and a query of one word."""
    found = _NAME.findall(text)
    names: list[str] = []
    for name in found:
        last = re.split(r"\.|::|:|#", name)[-1]
        if len(found) == 1 or last != last.lower() or "_" in name or last != name:
            names += [name.lower(), last.lower()]
    return names
