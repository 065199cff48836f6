"""Where a name is defined and used, as places that an editor can jump to. For the search thread of the index process.

Every method is answered under its own name over the wire ("definitions", "uses", "use_counts"), as those of `names.Names` are. Nothing
that is returned is older than the text: what has changed since it was indexed is parsed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from recoder_lsp import privacy
from recoder_lsp.index.files.decoding import with_plain_breaks
from recoder_lsp.index.hashes import hash_of_file
from recoder_lsp.index.records import Reference, ReferenceKind
from recoder_lsp.index.search.names import Encoding, Names
from recoder_lsp.index.search.nearness import is_in_tests, n_common_folders
from recoder_lsp.index.search.related import same_family
from recoder_lsp.index.search.texts import CheckedTexts
from recoder_lsp.index.store.manifest_reading import ManifestReader
from recoder_lsp.index.syntax.parser import Parser

MOST_PLACES = 1_000
MOST_USES_READ = 5_000
# Parsing takes 1 ms for 10,000 characters; what was changed in many files at once is indexed soon.
MOST_PARSED_AGAIN = 20
MOST_NAMES = 3_000
_UNIT_BYTES = {"utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


@dataclass(frozen=True, slots=True)
class Place:
    """A name in a file, on one line."""

    path: str
    line: int
    start: int
    """Columns, in the units that were asked for."""
    end: int


def place_of(value: Any) -> Place:
    """Read what came over the wire.

    Raises:
        ValueError: It is something else.
    """
    match value:
        case {"path": str(path), "line": int(line), "start": int(start), "end": int(end)}:
            return Place(path, line, start, end)
    raise ValueError("This is no Place.")


class Places:
    """Answers from a manifest, checked with the texts. For one thread."""

    def __init__(self, names: Names, manifest: ManifestReader, text_of: Callable[[str], str | None], parser: Parser) -> None:
        """Args: as for `names.Names`, and that itself."""
        self._names, self._manifest, self._text_of, self._parser = names, manifest, text_of, parser

    def definitions(
        self, path: str, language: str, name: str, line: int, column: int, receiver: str, in_code: bool, encoding: Encoding, limit: int = 20
    ) -> dict[str, Any]:
        """Where a name at a place of a file may be defined, best first: {"places": [Place]}; parameters as of `Names.describe`."""
        described = self._names.describe(path, language, name, line, column, receiver, in_code, limit)
        texts = CheckedTexts(self._plain_text)
        places: list[Place] = []
        for location in described["locations"]:
            span = location.symbol.name_span
            place = _place(texts, location.path, span.start_line, span.start_column, location.symbol.name, encoding)
            if place is not None:
                places.append(place)
        return {"places": places, "stale": described["stale"]}

    def uses(self, path: str, language: str, name: str, encoding: Encoding) -> dict[str, Any]:
        """Where other files of the same family of languages call, import or otherwise use a name: {"places": [Place], "is_partial": bool}.

        By name: what another thing of the same name is used for is among them. The nearest files come first.
        """
        imported = next((use for use in self._manifest.imports_of(path) if name == use.alias), None)
        wanted = imported.name if imported else name
        by_path: dict[str, list[Reference]] = {}
        found = self._manifest.references_to(wanted, MOST_USES_READ)
        for other, use in found:
            if other != path and not privacy.is_secret_path(other):
                by_path.setdefault(other, []).append(use)
        texts = CheckedTexts(self._plain_text)
        nearest = sorted(by_path, key=lambda other: (is_in_tests(other), -n_common_folders(other, path), other))
        places: list[Place] = []
        is_partial = len(found) == MOST_USES_READ
        for other in nearest:
            if len(places) >= MOST_PLACES:
                is_partial = True
                break
            uses = self._as_they_are_now(other, by_path[other], wanted, language, texts)
            places += _places(texts, other, uses, wanted, encoding)
        return {"places": places[:MOST_PLACES], "is_partial": is_partial or len(places) > MOST_PLACES, "stale": sorted(texts.stale)}

    def use_counts(self, path: str, names: Sequence[str]) -> dict[str, Any]:
        """How often the workspace uses each name, whatever is meant by it: {"counts": {name: int}}."""
        return {"counts": self._manifest.reference_counts(names[:MOST_NAMES]), "stale": []}

    def _as_they_are_now(self, path: str, stored: list[Reference], name: str, language: str, texts: CheckedTexts) -> Iterable[Reference]:
        file = self._manifest.file(path)
        content = texts.bytes_of(path)
        if file is None or content is None or not same_family(file.language, language):
            return ()
        if hash_of_file(content) == file.content_hash:
            return stored
        texts.stale.add(path)
        if len(texts.stale) > MOST_PARSED_AGAIN:
            return ()
        outline = self._parser.outline(content.decode("utf-8", "surrogatepass"), file.language)
        return (use for use in outline.references if use.name == name)

    def _plain_text(self, path: str) -> str | None:
        text = self._text_of(path)
        return None if text is None else with_plain_breaks(text)


def _places(texts: CheckedTexts, path: str, uses: Iterable[Reference], name: str, encoding: Encoding) -> Iterator[Place]:
    seen: set[tuple[int, int]] = set()
    for use in uses:
        column = use.column
        if use.kind is ReferenceKind.IMPORT and (line := texts.line(path, use.line)) is not None:
            # Some languages' imports are known from where the whole path begins: `use a::name`.
            column = max(line.find(name.encode("utf-8", "surrogatepass"), column), column)
        place = _place(texts, path, use.line, column, name, encoding)
        if place is not None and (place.line, place.start) not in seen:
            seen.add((place.line, place.start))
            yield place


def _place(texts: CheckedTexts, path: str, line: int, column: int, name: str, encoding: Encoding) -> Place | None:
    """The place of a name, if it stands there now; `column` is in bytes."""
    whole, named = texts.line(path, line), name.encode("utf-8", "surrogatepass")
    if whole is None or whole[column : column + len(named)] != named:
        texts.stale.add(path)
        return None
    start = _units(whole[:column], encoding)
    return Place(path, line, start, start + _units(named, encoding))


def _units(text: bytes, encoding: Encoding) -> int:
    if encoding == "utf-8" or text.isascii():
        return len(text)
    codec, unit_bytes = _UNIT_BYTES[encoding]
    return len(text.decode("utf-8", "surrogatepass").encode(codec, "surrogatepass")) // unit_bytes
