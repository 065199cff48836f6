"""Code of the workspace that is likely to be of use at a caret: what its names mean, and what looks like its surroundings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from recoder_lsp.index.records import Kind, Location
from recoder_lsp.index.search.modules import JAVASCRIPT
from recoder_lsp.index.search.texts import CheckedTexts
from recoder_lsp.index.store.manifest_reading import ManifestReader, StoredChunk
from recoder_lsp.index.words import words

# As in the masked lines' experiment of docs/search.md: the best chunks for the dozen lines before the caret and the few
# after it. More terms cost time and change little.
LINES_BEFORE, LINES_AFTER, MAX_TERMS = 12, 4, 24
MAX_SNIPPETS, MAX_SNIPPET_LINES, MAX_DEFINITION_LINES = 4, 20, 10
# Many of them are of the file with the caret, or of another language.
BY_WORDS = 40
MAX_NAMES = 40
SHORTEST_NAME = 3
# Definitions of a name that has more of them are as likely wrong as right.
MANY_DEFINITIONS = 3
# Of one name, of any kind and in any language; each costs some microseconds.
MOST_SEEN = 12

_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_DEFINED = frozenset({Kind.FUNCTION, Kind.METHOD, Kind.CLASS, Kind.STRUCT, Kind.INTERFACE, Kind.TYPE, Kind.ENUM, Kind.CONSTRUCTOR})
# Languages whose code may well be copied into each other.
_FAMILIES = (
    JAVASCRIPT | {"vue", "svelte"},
    frozenset({"c", "cpp", "objective-c", "cuda-cpp"}),
    frozenset({"java", "kotlin", "scala"}),
)


@dataclass(frozen=True, slots=True)
class RelatedCode:
    """A piece of a file of the workspace, read just now."""

    path: str
    start_line: int
    text: str
    why: str
    """"definition" or "similar"."""


class Related:
    """Finds related code in a manifest. For one thread."""

    def __init__(self, manifest: ManifestReader, text_of: Callable[[str], str | None]) -> None:
        """Args: `text_of` gives the text of a file or open buffer, None when there is none any more."""
        self._manifest, self._text_of = manifest, text_of

    def to(self, path: str, language: str, before: str, after: str) -> tuple[list[RelatedCode], list[str]]:
        """Find related code, the most useful first: definitions of names near the caret, then similar chunks.

        Args:
            path: The file with the caret. Nothing of it is returned: the caller has all of it.
            language: Only code of the same family of languages is returned.
            before: Some of the text before the caret; the last lines count.
            after: Some of the text after it.

        Returns:
            The code, and the paths whose text is not what was indexed.
        """
        near = "\n".join((*before.split("\n")[-LINES_BEFORE:], *after.split("\n", LINES_AFTER)[:LINES_AFTER]))
        texts = CheckedTexts(self._text_of)
        with self._manifest.reading():
            definitions = self._definitions(path, language, near)
            hashes = {location.path: self._hash_of(location.path) for location in definitions}
            similar = self._similar(path, language, near)
        found = [snippet for location in definitions if (snippet := _definition(location, hashes[location.path], texts)) is not None]
        terms = frozenset(words(near))
        for chunk in similar:
            if len(found) >= MAX_SNIPPETS:
                break
            text = texts.checked(chunk)
            if text is not None:
                found.append(_best_lines(chunk, text, terms))
        return found, sorted(texts.stale)

    def _definitions(self, path: str, language: str, near: str) -> list[Location]:
        """Where the names near the caret are defined, the nearest name first; not in this file."""
        names = [name for name in reversed(_NAME.findall(near)) if len(name) >= SHORTEST_NAME]
        wanted = list(dict.fromkeys(names))[:MAX_NAMES]
        by_name: dict[str, list[Location]] = {}
        n_seen: Counter[str] = Counter()
        for location in self._manifest.symbols_named(wanted, MAX_NAMES * MOST_SEEN, MOST_SEEN):
            n_seen[location.symbol.name] += 1
            if location.symbol.kind in _DEFINED and same_family(location.language, language):
                by_name.setdefault(location.symbol.name, []).append(location)
        found: list[Location] = []
        for name in wanted:
            locations = by_name.get(name, [])
            # Where there may be more than were seen, those seen say little.
            is_rare = len(locations) <= MANY_DEFINITIONS and n_seen[name] < MOST_SEEN
            if locations and is_rare and all(location.path != path for location in locations):
                found.append(locations[0])
        return found[:MAX_SNIPPETS]

    def _hash_of(self, path: str) -> str:
        file = self._manifest.file(path)
        return file.content_hash if file else ""

    def _similar(self, path: str, language: str, near: str) -> list[StoredChunk]:
        terms = list(dict.fromkeys(reversed(words(near))))
        frequencies = self._manifest.document_frequencies(terms)
        rarest = sorted((term for term in terms if term in frequencies), key=frequencies.__getitem__)[:MAX_TERMS]
        rows = self._manifest.match(rarest, BY_WORDS, (1.0, 0.5, 1.0, 1.0), frequencies)
        chunks = self._manifest.chunks([row for row, _ in rows])
        ordered = (chunks[row] for row, _ in rows if row in chunks)
        return [chunk for chunk in ordered if chunk.path != path and same_family(chunk.language, language)]


def same_family(one: str, other: str) -> bool:
    """Whether code of one language may stand in the other."""
    return one == other or any(one in family and other in family for family in _FAMILIES)


def _definition(location: Location, content_hash: str, texts: CheckedTexts) -> RelatedCode | None:
    """The head of a definition, if its file is what was indexed: in any other, its place may hold anything."""
    symbol = location.symbol
    content = texts.unchanged(location.path, content_hash)
    if content is None:
        return None
    lines = content[symbol.span.start_byte : symbol.span.end_byte].decode("utf-8", "replace").split("\n")
    return RelatedCode(location.path, symbol.span.start_line, "\n".join(lines[:MAX_DEFINITION_LINES]), "definition")


def _best_lines(chunk: StoredChunk, text: str, terms: frozenset[str]) -> RelatedCode:
    """The lines of a chunk that have most of the terms, where it is a long one."""
    lines = text.split("\n")
    start = 0
    if len(lines) > MAX_SNIPPET_LINES:
        counts = [len(terms.intersection(words(line))) for line in lines]
        window = best = sum(counts[:MAX_SNIPPET_LINES])
        for first in range(1, len(lines) - MAX_SNIPPET_LINES + 1):
            window += counts[first + MAX_SNIPPET_LINES - 1] - counts[first - 1]
            if window > best:
                best, start = window, first
    return RelatedCode(chunk.path, chunk.start_line + start, "\n".join(lines[start : start + MAX_SNIPPET_LINES]), "similar")
