"""Makes IndexedFiles out of a few words of code, for tests that need no parser."""

from __future__ import annotations

import re
from hashlib import blake2b

from recoder_lsp.index.records import FileStamp, IndexedFile, Kind, Outline, Reference, ReferenceKind, Span, Symbol
from recoder_lsp.index.syntax.chunks import chunks_of

# "def name" at the start of a line is a function up to the next one; "name(" elsewhere is a call; "import name" is one.
_DEFINITION = re.compile(r"^def (\w+)(.*)$", re.MULTILINE)
_USE = re.compile(r"(?<!def )\b(\w+)\(")
_IMPORT = re.compile(r"^from (\S+) import (\w+)$", re.MULTILINE)


def indexed(path: str, text: str, stamp: FileStamp | None = None) -> IndexedFile:
    """The file as the index would store it; ASCII only."""
    outline = Outline("python", tuple(_symbols(text)), tuple(_references(text)), ())
    return IndexedFile(
        path=path,
        language=outline.language,
        stamp=stamp or FileStamp(len(text), 1),
        content_hash=blake2b(text.encode(), digest_size=16).hexdigest(),
        n_lines=text.count("\n") + 1,
        symbols=outline.symbols,
        references=outline.references,
        chunks=chunks_of(path, text, outline),
    )


def function(name: str, *body: str) -> str:
    """A function of six lines or more: long enough to be a chunk of its own."""
    lines = [*body, *[f"x{number} = {number}" for number in range(5 - len(body))]]
    return "\n".join([f"def {name}():", *(f"    {line}" for line in lines)]) + "\n\n"


def span(text: str, start: int, end: int) -> Span:
    first, last = text.count("\n", 0, start), text.count("\n", 0, end)
    return Span(start, end, first, start - (text.rfind("\n", 0, start) + 1), last, end - (text.rfind("\n", 0, end) + 1))


def _symbols(text: str) -> list[Symbol]:
    found = list(_DEFINITION.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)][: len(found)]
    return [
        Symbol(
            Kind.FUNCTION, match[1], match[1], match[0].rstrip(":"), "", span(text, match.start(), end), span(text, *match.span(1)), None
        )
        for match, end in zip(found, ends, strict=True)
    ]


def _references(text: str) -> list[Reference]:
    calls = [
        (match.start(), Reference(ReferenceKind.CALL, match[1], *_place(text, match.start(1)), None))
        for match in _USE.finditer(text)
        if not text[: match.start()].endswith("def ")
    ]
    imports = [
        (match.start(), Reference(ReferenceKind.IMPORT, match[2], *_place(text, match.start(2)), None, match[1]))
        for match in _IMPORT.finditer(text)
    ]
    return [reference for _, reference in sorted(calls + imports, key=lambda pair: pair[0])]


def _place(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset), offset - (text.rfind("\n", 0, offset) + 1)
