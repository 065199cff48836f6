"""The order of search results: what the words say, what the vectors say, and what the structure of the code says.

Files are ranked first and their chunks within them: for a question about a workspace the right file is most of the answer,
and what speaks for a file is spread over its chunks, its path and the names it defines.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from recoder_lsp.index.words import words

if TYPE_CHECKING:
    from recoder_lsp.index.store.manifest_reading import StoredChunk

# What each signal weighs; all are between 0 and 1. Found by coordinate search and rounded; around these values the result hardly
# changes. docs/search.md says what it loses without each of them.
BEST_CHUNK, ALL_CHUNKS, MEANING = 0.2, 0.4, 0.2
FILE_NAME, FILE_NAME_COVERED, FOLDERS = 0.5, 0.2, 0.4
SYMBOL_NAME, EXACT_NAME = 0.4, 0.2
USED_MUCH, NEAR = 0.05, 0.05
ASIDE_FACTOR = 0.35
# A further hit of a file counts this much of what it would be worth as the first of another.
FURTHER_HIT_FACTOR = 0.6
CHUNKS_OF_A_FILE = 12

_ASIDE = re.compile(
    r"(^|/)(tests?|testing|specs?|__tests__|testdata|fixtures|benches|benchmarks?|examples?|docs?|vendor|third_party|compat|legacy|deprecated)(/|$)"
    r"|(^|/)test_[^/]*$|_(test|spec|gen|generated)\.[^/]*$|\.(test|spec)\.[^/]*$|[a-z0-9](Tests?|Specs?)\.[^/]*$"
)
_NO_WORDS: frozenset[str] = frozenset()
# Paths and names come again with the next question; about 10 MB when full.
_REMEMBERED_TEXTS = 1 << 15

STOP_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "been", "between", "by", "can", "do", "does", "each", "for", "from", "happens", "has"),
        *("have", "how", "i", "in", "into", "is", "it", "its", "of", "on", "or", "our", "that", "the", "their", "them", "then", "there"),
        *("these", "they", "this", "through", "to", "use", "used", "uses", "using", "via", "was", "we", "what", "when", "where", "which"),
        *("while", "who", "why", "with", "within", "you"),
    )
)


class Signal:
    """Names of the signals, to switch one off where its worth is measured."""

    WORDS, MEANING, PATH, NAMES, ASIDE, FILES = "words", "meaning", "path", "names", "aside", "files"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that something speaks for."""

    chunk: StoredChunk
    words: float = 0.0
    """BM25, higher is better; 0 if none of its words was asked for."""
    meaning: float = 0.0
    """Cosine similarity of the vectors; 0 if it was not among the nearest."""
    named: float = 0.0
    """How much of the name of something that it defines was typed, 0 to 1."""
    lines: tuple[int, int] | None = None
    """The first and the last line of the part of the chunk that is meant; None for all of it."""


@dataclass(frozen=True)
class Asked:
    """What a query is about, once its words are known."""

    rarity: Mapping[str, float]
    """The words that count, as `words.words` gives them, with how much each says: its inverse document frequency."""
    frequencies: Mapping[str, int]
    """In how many chunks each of them is; those that are in none are left out."""
    identifiers: frozenset[str]
    """What looks like a name in code, in lower case."""
    near: str = ""
    """The path of the file that is being looked at."""

    @cached_property
    def total(self) -> float:
        """The rarity of all terms together, never 0."""
        return sum(self.rarity.values()) or 1.0

    def share(self, words: Collection[str]) -> float:
        """How much of what was asked these words cover, 0 to 1."""
        return sum(rarity for term, rarity in self.rarity.items() if term in words) / self.total


@dataclass(slots=True)
class Ranked:
    """A candidate with its score and the reasons, in a few words each."""

    candidate: Candidate
    score: float
    why: list[str] = field(default_factory=list)


def ranked(candidates: Iterable[Candidate], asked: Asked, without: Collection[str] = ()) -> list[Ranked]:
    """Order chunks, best first. Only the best of a file gets the file's full score.

    Args:
        candidates: At most one per chunk.
        asked: The query.
        without: Signals that are not to count, for measuring.
    """
    by_path: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_path.setdefault(candidate.chunk.path, []).append(candidate)
    every = [candidate for group in by_path.values() for candidate in group]
    top_words = max((candidate.words for candidate in every), default=0.0) or 1.0
    # Vectors of unrelated texts are not at right angles: what counts is by how much the best ones stand out.
    meanings = [candidate.meaning for candidate in every if candidate.meaning > 0]
    floor, ceiling = (min(meanings), max(meanings)) if meanings else (0.0, 1.0)
    scale = _Scale(top_words, floor, max(ceiling - floor, 1e-6), frozenset(without))
    sums = {path: _sum(group) for path, group in by_path.items()}
    top_sum = max(sums.values(), default=0.0) or 1.0
    results: list[Ranked] = []
    for path, group in by_path.items():
        of_file, why = _file_score(path, sums[path] / top_sum, asked, scale)
        own = sorted((_chunk_score(candidate, asked, scale) for candidate in group), key=lambda found: -found.score)
        aside = 1.0 if Signal.ASIDE in scale.without or not _ASIDE.search(path) else ASIDE_FACTOR
        for position, found in enumerate(own):
            found.score = (of_file + found.score) * aside * FURTHER_HIT_FACTOR**position
            found.why += why
        results += own
    return sorted(results, key=lambda found: (-found.score, found.candidate.chunk.path, found.candidate.chunk.start_line))


@dataclass(frozen=True)
class _Scale:
    top_words: float
    floor: float
    spread: float
    without: frozenset[str]


def _sum(group: Sequence[Candidate]) -> float:
    return sum(sorted((candidate.words for candidate in group), reverse=True)[:CHUNKS_OF_A_FILE])


def _file_score(path: str, share_of_words: float, asked: Asked, scale: _Scale) -> tuple[float, list[str]]:
    score, why = 0.0, list[str]()
    if Signal.FILES not in scale.without:
        score += ALL_CHUNKS * share_of_words
    if Signal.PATH not in scale.without:
        folders, _, name = path.rpartition("/")
        parts = parts_of(name.partition(".")[0] or name)
        covered = asked.share(parts)
        if covered:
            score += FILE_NAME * covered
            score += FILE_NAME_COVERED * sum(part in asked.rarity for part in parts) / len(parts)
        in_folders = asked.share(parts_of(folders)) if folders else 0.0
        score += FOLDERS * in_folders
        if covered or in_folders:
            why.append("path")
        if asked.near and asked.near != path and folders == asked.near.rpartition("/")[0]:
            score += NEAR
            why.append("near")
    return score, why


def _chunk_score(candidate: Candidate, asked: Asked, scale: _Scale) -> Ranked:
    chunk, score, why = candidate.chunk, 0.0, list[str]()
    if chunk.name and Signal.NAMES not in scale.without:
        last = chunk.name.rpartition(".")[2]
        if last.lower() in asked.identifiers or chunk.name.lower() in asked.identifiers:
            score += EXACT_NAME
            why.append(f"defines {last}")
        elif candidate.named:
            score += EXACT_NAME * candidate.named
            why.append("name")
        parts = parts_of(last)
        covered = asked.share(parts)
        if covered:
            score += SYMBOL_NAME * covered * sum(part in asked.rarity for part in parts) / len(parts)
            if not why:
                why.append("name")
        if chunk.n_references:
            score += USED_MUCH * min(chunk.n_references, 20) / 20
    if candidate.words and Signal.WORDS not in scale.without:
        score += BEST_CHUNK * candidate.words / scale.top_words
        why.append("words")
    if candidate.meaning and Signal.MEANING not in scale.without:
        score += MEANING * (candidate.meaning - scale.floor) / scale.spread
        why.append(f"meaning {candidate.meaning:.2f}")
    return Ranked(candidate, score, why)


@functools.lru_cache(maxsize=_REMEMBERED_TEXTS)
def parts_of(text: str) -> frozenset[str]:
    """The parts of all identifiers in a short text, such as a path or a name, as they are indexed."""
    return frozenset(words(text)) if text else _NO_WORDS
