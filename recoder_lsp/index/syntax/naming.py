"""Narrows what a query captured as a name to the name alone: without quotes, and without the names before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from recoder_lsp.index.records import Kind
from recoder_lsp.index.syntax.languages import Language
from recoder_lsp.index.syntax.ranges import Range

_MAY_BE_DOTTED = frozenset({Kind.MODULE, Kind.NAMESPACE, Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.ENUM})


class Named(Protocol):
    """What is narrowed here: see outlining.Definition."""

    kind: Kind | None
    name: Range | None
    qualifier: Range | None


def narrow_names(data: bytes, language: Language, definitions: Iterable[Named]) -> None:
    """Narrow the names in place, as `name_marks` and `dotted_names` of languages.toml say; what stood before becomes the qualifier."""
    marks = language.name_marks.encode()
    if not marks and not language.dotted_names:
        return
    for definition in definitions:
        if definition.name is None:
            continue
        name = _without(data, definition.name, marks)
        if language.dotted_names and definition.kind in _MAY_BE_DOTTED:
            last = last_name(data, name, language)
            if last != name and definition.qualifier is None:
                definition.qualifier = (name[0], last[0])
            name = last
        definition.name = name


def last_name(data: bytes, name: Range, language: Language) -> Range:
    """The last part of `A.B.C`."""
    separator = language.separators[0].encode()
    at = data.rfind(separator, *name)
    start = at + len(separator)
    return (start, name[1]) if at >= 0 and start < name[1] else name


def _without(data: bytes, name: Range, marks: bytes) -> Range:
    """The range without such characters at its ends; an empty one if there is nothing else: no name then."""
    start, end = name
    while start < end and data[start] in marks:
        start += 1
    while end > start and data[end - 1] in marks:
        end -= 1
    return start, end
