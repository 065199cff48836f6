"""Finds functions in source files whose documentation or name can be asked for, by the outline that the index makes too."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from recoder_lsp.index.records import Kind, Symbol
from recoder_lsp.index.syntax.parser import Parser
from recoder_lsp.training.corpus import Document

T = TypeVar("T")

MOST_IN_A_FILE = 2
LEAST_CODE_LINES, MOST_CODE_LINES = 4, 40
LEAST_WORDS, MOST_CHARACTERS = 4, 160
LEAST_NAME_CHARACTERS = 4

_FUNCTIONS = frozenset({Kind.FUNCTION, Kind.METHOD})
_COMMENT_LINE = re.compile(r"\s*(?://|/\*|\*|--)")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
# What nobody could tell from a body, or what the language itself names.
_NO_NAMES = re.compile(r"__\w+__|main|init|new|default|constructor|setUp|tearDown|test_?\w*", re.IGNORECASE)


@dataclass(frozen=True)
class Documented:
    """A function, its documentation taken out: `words` stood between `before` and the code."""

    document: Document
    line: int
    before: str
    words: str
    """The first line of what was said about it, without marks."""
    code: str
    """What the words are about: the body, where they stand inside (Python), else the whole function. Begins on a new line."""
    after: str

    def with_code(self, code: str) -> str:
        """Return what follows the words, with other code in place of its own, indented alike."""
        return "\n" + textwrap.indent(textwrap.dedent(code), _indentation(self.code)) + self.after


@dataclass(frozen=True)
class Named:
    """A function whose name is taken out: it stood between `before` and `after`."""

    document: Document
    line: int
    before: str
    name: str
    after: str

    @property
    def is_used(self) -> bool:
        """Whether the file uses the name elsewhere."""
        return re.search(rf"(?<![\w$]){re.escape(self.name)}(?![\w$])", self.before + " " + self.after) is not None


def documented(documents: Sequence[Document]) -> Iterator[Documented]:
    """Yield documented functions of some length, few of each file."""
    parser = Parser()
    for document in documents:
        yield from _few(_documented(document, data, symbol) for data, symbol in _functions(document, parser))


def named(documents: Sequence[Document]) -> Iterator[Named]:
    """Yield functions of some length whose name says something, few of each file."""
    parser = Parser()
    for document in documents:
        yield from _few(_named(document, data, symbol) for data, symbol in _functions(document, parser))


def _functions(document: Document, parser: Parser) -> Iterator[tuple[bytes, Symbol]]:
    data = document.text.encode()
    for symbol in parser.outline(document.text, document.language).symbols:
        n_lines = symbol.span.end_line - symbol.name_span.start_line + 1
        if symbol.kind in _FUNCTIONS and LEAST_CODE_LINES <= n_lines <= MOST_CODE_LINES:
            yield data, symbol


def _documented(document: Document, data: bytes, symbol: Symbol) -> Documented | None:
    words = symbol.docstring.partition("\n")[0].strip()
    if len(words.split()) < LEAST_WORDS or len(words) > MOST_CHARACTERS:
        return None
    span, name = symbol.span, symbol.name_span
    at = data.find(words.encode(), span.start_byte, span.end_byte)
    if at < 0:
        return None
    if at > name.end_byte:
        quotes = data[at - 3 : at]
        end = data.find(quotes, at)
        if quotes not in (b'"""', b"'''") or end < 0:
            return None
        start = data.find(b"\n", end) + 1
    else:
        start = data.find(b"\n", at) + 1
        while 0 < start < name.start_byte and _COMMENT_LINE.match(data[start : data.find(b"\n", start)].decode("utf-8", "replace")):
            start = data.find(b"\n", start) + 1
        if start > name.start_byte:
            return None
    if not 0 < start < span.end_byte:
        return None
    code = data[start : span.end_byte].decode("utf-8", "replace")
    if words in code or code.count("\n") < LEAST_CODE_LINES - 2:
        return None
    before, after = data[:at].decode("utf-8", "replace"), data[span.end_byte :].decode("utf-8", "replace")
    return Documented(document, name.start_line, before, words, code, after)


def _named(document: Document, data: bytes, symbol: Symbol) -> Named | None:
    start, end = symbol.name_span.start_byte, symbol.name_span.end_byte
    name = data[start:end].decode("utf-8", "replace")
    if len(name) < LEAST_NAME_CHARACTERS or not _NAME.fullmatch(name) or _NO_NAMES.fullmatch(name):
        return None
    before, after = data[:start].decode("utf-8", "replace"), data[end:].decode("utf-8", "replace")
    return Named(document, symbol.name_span.start_line, before, name, after)


def _few(found: Iterator[T | None]) -> list[T]:
    return [entry for entry in found if entry is not None][:MOST_IN_A_FILE]


def _indentation(code: str) -> str:
    first = next((line for line in code.split("\n") if line.strip()), "")
    return first[: len(first) - len(first.lstrip())]
