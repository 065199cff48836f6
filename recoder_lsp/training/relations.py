"""What the files of a package have to do with each other, by the index's own outline: definitions, their uses, imports, nearness.

Offsets are bytes into the UTF-8 text, as in the index. A file that cannot be parsed has none of this, and costs nothing else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, takewhile
from math import log
from typing import TYPE_CHECKING

from recoder_lsp.index.records import Kind, Symbol
from recoder_lsp.index.syntax.languages import language_of
from recoder_lsp.training.corpus import Document

if TYPE_CHECKING:
    from recoder_lsp.index.syntax.parser import Parser

# As the server's search for related code (index/search/related.py): what of a package counts as its definitions, and of
# how many things a name may be the name and still say which one is meant.
DEFINED = frozenset({Kind.FUNCTION, Kind.METHOD, Kind.CLASS, Kind.STRUCT, Kind.INTERFACE, Kind.TYPE, Kind.ENUM, Kind.CONSTRUCTOR})
MANY_DEFINITIONS = 3
SHORTEST_NAME = 4
# A name that most files use (`get`, `append`) is mostly somebody else's.
MOST_USING_SHARE, USED_BY_FEW = 0.3, 6
# Of one name in one file; more of them teach nothing new and fill the disk.
MOST_USES = 12
NEAR_FILES, MOST_SHARING = 6, 12

_NAME = re.compile(rb"[A-Za-z_$][\w$]{%d,}" % (SHORTEST_NAME - 1))
_WORD = re.compile(rb"[a-z]+")
_BEFORE_METHOD = (b".", b">", b":")
_DOCSTRING = re.compile(rb"""[rRuU]?(\"\"\"|''').*?\1""", re.DOTALL)
_COMMENT_ABOVE = re.compile(rb"/\*\*.*?\*/|(?://[^\n]*\n[ \t]*)*//[^\n]*", re.DOTALL)
_FAMILY = {"typescript": "javascript"}
_MODULE = r"[^;'\"\n]*(?:\{[^}'\"]*\}[^;'\"\n]*)?"
_IMPORTS = {
    "python": re.compile(rb"^(?:from[ \t]+[\w.]+[ \t]+import[ \t]*(?:\([^)]*\)[^\n]*|[^\n(]+)|import[ \t]+[^\n]+)$", re.MULTILINE),
    "javascript": re.compile(
        (
            rf"^import\b{_MODULE}['\"][^'\"\n]+['\"][^\n]*$|^export\b{_MODULE}\bfrom[ \t]*['\"][^'\"\n]+['\"][^\n]*$"
            rf"|^(?:const|let|var)\b{_MODULE}=[ \t]*require\(['\"][^'\"\n]+['\"]\)[\w.]*;?[ \t]*$"
        ).encode(),
        re.MULTILINE,
    ),
    "rust": re.compile(rb"^(?:pub(?:\([a-z]+\))?[ \t]+)?use[ \t]+[^;]+;[^\n]*$", re.MULTILINE),
    "java": re.compile(rb"^import[ \t]+[^;\n]+;[^\n]*$", re.MULTILINE),
    "c": re.compile(rb"^[ \t]*#[ \t]*include[^\n]+$", re.MULTILINE),
    # Also the lines of a group; elsewhere nothing but a string stands on its line.
    "go": re.compile(rb"^(?:import[ \t]+|\t)(?:[\w.]+[ \t]+)?\"[^\"\n]+\"[ \t]*$", re.MULTILINE),
}


@dataclass
class FileRelations:
    """What is known of one file. `file` counts within its package's list of documents."""

    definitions: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    """Start and end of all of it, end of its name, start and end of its documentation (0 and 0 for none)."""
    uses: list[tuple[int, int, int]] = field(default_factory=list)
    """Offset of a name, and the file and the position in its list of the one definition that it is likely to mean."""
    imports: list[tuple[int, int]] = field(default_factory=list)
    """Start and end of each import statement that begins at its line's start; whole lines."""
    near: list[int] = field(default_factory=list)
    """Files that share most rare names with it, the nearest first."""


def relations_of(documents: Sequence[Document], parser: Parser) -> list[FileRelations]:
    """Relate the files of one package."""
    texts = [document.text.encode("utf-8", "surrogatepass") for document in documents]
    families = [_FAMILY.get(document.language, document.language) for document in documents]
    related = [FileRelations() for _ in documents]
    own_names: list[set[bytes]] = []
    by_name: dict[tuple[str, bytes], list[tuple[int, int, bool]]] = {}
    for number, (document, text) in enumerate(zip(documents, texts, strict=True)):
        outline = parser.outline(document.text, _language(document))
        names: set[bytes] = set()
        for symbol in outline.symbols:
            name = symbol.name.encode("utf-8", "surrogatepass")
            names.add(name)
            if symbol.kind in DEFINED:
                by_name.setdefault((families[number], name), []).append(
                    (number, len(related[number].definitions), symbol.kind is Kind.METHOD and families[number] != "java")
                )
                related[number].definitions.append(_definition(symbol, text, document.language))
        own_names.append(names)
        related[number].imports = _imports(text, families[number])
    used = [_names(text) for text in texts]
    n_using = Counter((family, name) for family, names in zip(families, used, strict=True) for name in names)
    most_using = max(USED_BY_FEW, MOST_USING_SHARE * len(documents))
    for number, family in enumerate(families):
        for name, offsets in used[number].items():
            places = by_name.get((family, name), ())
            most = USED_BY_FEW if _WORD.fullmatch(name) else most_using
            if 0 < len(places) <= MANY_DEFINITIONS and name not in own_names[number] and n_using[family, name] <= most:
                path = documents[number].path
                file, position, of_something = max(places, key=lambda place: _n_shared_folders(path, documents[place[0]].path))
                if of_something:
                    offsets = [offset for offset in offsets if texts[number][offset - 1 : offset] in _BEFORE_METHOD]
                if _WORD.fullmatch(name):
                    # A word of a comment, or of another's: only a call is taken for a use.
                    offsets = [offset for offset in offsets if texts[number].startswith(b"(", offset + len(name))]
                related[number].uses += [(offset, file, position) for offset in offsets[:MOST_USES]]
        related[number].uses.sort()
    for number, near in enumerate(_near(families, used, n_using)):
        related[number].near = near
    return related


def _n_shared_folders(one: str, other: str) -> int:
    pairs = zip(one.split("/")[:-1], other.split("/")[:-1], strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _language(document: Document) -> str:
    """What to parse it as: the file's name tells more (.tsx), if it tells anything."""
    known = language_of(document.path)
    return known if _FAMILY.get(document.language, document.language) in known else document.language


def _definition(symbol: Symbol, text: bytes, language: str) -> tuple[int, int, int, int, int]:
    start, end, name_end = symbol.span.start_byte, symbol.span.end_byte, symbol.name_span.end_byte
    doc = (0, 0)
    if symbol.docstring and language == "python":
        # The first one that stands where a statement begins, not some default of a parameter.
        literals = (found.span() for found in _DOCSTRING.finditer(text, name_end, end))
        doc = next((span for span in literals if text[name_end : span[0]].rstrip(b" \t\r").endswith((b"\n", b":"))), doc)
    elif symbol.docstring and (found := _COMMENT_ABOVE.match(text, start, name_end)):
        doc = found.span()
    return (start, end, name_end, *doc)


def _imports(text: bytes, family: str) -> list[tuple[int, int]]:
    pattern = _IMPORTS.get(family)
    return [found.span() for found in pattern.finditer(text)] if pattern else []


def _names(text: bytes) -> dict[bytes, list[int]]:
    offsets: dict[bytes, list[int]] = {}
    for found in _NAME.finditer(text):
        offsets.setdefault(found[0], []).append(found.start())
    return offsets


def _near(families: Sequence[str], used: Sequence[dict[bytes, list[int]]], n_using: Counter[tuple[str, bytes]]) -> Iterator[list[int]]:
    """Of each file those that share most names which few files have, rarer names counting more."""
    files_with: dict[tuple[str, bytes], list[int]] = {}
    for number, (family, names) in enumerate(zip(families, used, strict=True)):
        for name in names:
            if 2 <= n_using[family, name] <= MOST_SHARING:
                files_with.setdefault((family, name), []).append(number)
    shared: list[Counter[int]] = [Counter() for _ in used]
    weights = [log(1 + len(used) / n) if n else 0.0 for n in range(MOST_SHARING + 1)]
    for files in files_with.values():
        for one, other in combinations(files, 2):
            shared[one][other] += weights[len(files)]  # type: ignore[assignment]
            shared[other][one] += weights[len(files)]  # type: ignore[assignment]
    for counts in shared:
        yield [number for number, _ in counts.most_common(NEAR_FILES)]
