"""Builds an outline from what the queries captured: nesting, qualified names, documentation, uses. Knows no parser."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from recoder_lsp.index.records import Kind, Reference, Symbol
from recoder_lsp.index.syntax.above import Above
from recoder_lsp.index.syntax.captured import Captured, Definition
from recoder_lsp.index.syntax.documentation import comment_text, docstring_of, one_line
from recoder_lsp.index.syntax.languages import CLASS_NAME, Language
from recoder_lsp.index.syntax.naming import narrow_names
from recoder_lsp.index.syntax.ranges import Range, Text
from recoder_lsp.index.syntax.uses import references_in

FUNCTIONS = frozenset({Kind.FUNCTION, Kind.METHOD, Kind.CONSTRUCTOR})
_VALUES = frozenset({Kind.VARIABLE, Kind.CONSTANT, Kind.FIELD})
_MAY_HAVE_PARTS = frozenset({Kind.NAMESPACE, Kind.MODULE, Kind.CLASS, Kind.STRUCT, Kind.INTERFACE})
_MAY_BE_DOCUMENTED_BEHIND = _VALUES | {Kind.ENUM_MEMBER, Kind.PROPERTY}
_QUALIFIER_NOISE = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|[*&()\s'\"]")
_BETWEEN_NAMES = re.compile(r"::|[.:\\/#]+")
_SCREAMING = re.compile(r"_*[A-Z][A-Z0-9_]*")
# Longer texts behind a definition are no end of a statement.
_MOST_TAIL_BYTES = 8


def symbols_and_references(text: Text, language: Language, captured: Captured) -> tuple[list[Definition], list[Symbol], list[Reference]]:
    """The definitions that became symbols, the symbols, position by position, and all uses in their order in the file."""
    narrow_names(text.data, language, captured.definitions)
    definitions = _nested(text, language, captured)
    # What defines something itself (Elixir's `@limit 3`) is not part of what stands below it.
    defining = {definition.node for definition in definitions}
    above = Above(text.data, captured.comments, [attribute for attribute in captured.attributes if attribute not in defining])
    symbols = _apart(text, [_symbol(text, definition, above) for definition in definitions])
    return definitions, symbols, references_in(text, language, captured, definitions)


def _nested(text: Text, language: Language, captured: Captured) -> list[Definition]:
    """The definitions that are symbols, in their order in the file, each after what encloses it."""
    ordered = sorted([*_merged(captured.definitions), *captured.regions], key=lambda each: (each.node[0], -each.node[1], not each.wrapper))
    symbols: list[Definition] = []
    around: list[Definition] = []
    last_inside: dict[int, Definition] = {}
    for definition in ordered:
        start, end = definition.node
        definition.start, definition.end = start, end
        while around and (around[-1].node[1] <= start or (around[-1].node == definition.node and not around[-1].wrapper)):
            around.pop()
        owner = next((outer for outer in reversed(around) if not outer.wrapper), None)
        if definition.name is None:
            if owner is not None and not definition.wrapper:
                definition.parent, definition.qualified_name = owner, owner.qualified_name
            around.append(definition)
            continue
        kind = _kind_within(definition, owner, text, language)
        if kind in _VALUES and owner is not None and (owner.kind in FUNCTIONS or owner.name is None):
            continue
        before = last_inside.get(id(owner))
        if language.joined and before is not None and _goes_on(text.data, before, definition, kind):
            _join(before, definition)
            around.append(before)
            continue
        last_inside[id(owner)] = definition
        _grow_to_wrappers(text.data, definition, around)
        definition.kind, definition.parent = kind, owner
        definition.qualified_name = _qualified(text, definition, owner)
        if kind is not None:
            definition.symbol_idx = len(symbols)
            symbols.append(definition)
        around.append(definition)
    return symbols


def _merged(definitions: Iterable[Definition]) -> list[Definition]:
    """One definition for each name: the first pattern's, with what only a later one found."""
    by_name: dict[Range | None, Definition] = {}
    for definition in sorted(definitions, key=lambda each: each.pattern):
        # Where a name is missing, the parser puts an empty one.
        if definition.name is None or definition.name[0] == definition.name[1]:
            continue
        first = by_name.setdefault(definition.name, definition)
        first.doc = first.doc or definition.doc
        first.qualifier = first.qualifier or definition.qualifier
        if first.body_start is None:
            first.body_start = definition.body_start
    return list(by_name.values())


def _goes_on(data: bytes, before: Definition, definition: Definition, kind: Kind | None) -> bool:
    """Whether it is a further equation or clause of the function before it."""
    assert before.name is not None
    assert definition.name is not None
    may_have_several = kind in FUNCTIONS or kind is Kind.MACRO
    return may_have_several and kind is before.kind and data[slice(*before.name)] == data[slice(*definition.name)]


def _join(before: Definition, definition: Definition) -> None:
    if before.body_start is None:
        before.body_start = before.node[1]
    before.node = (before.node[0], definition.node[1])
    before.end = definition.end
    before.doc = before.doc or definition.doc


def _grow_to_wrappers(data: bytes, definition: Definition, around: list[Definition]) -> None:
    """Take in what wraps this definition alone: nothing but a semicolon may follow. The signature then begins there too."""
    end = definition.node[1]
    for outer in reversed(around):
        if (
            not outer.wrapper
            or outer.wraps not in (None, definition.node)
            or outer.node[1] > end + _MOST_TAIL_BYTES
            or data[end : outer.node[1]].strip(b"; \t\r\n")
        ):
            break
        outer.wraps = definition.node
        definition.start, definition.end = outer.node


def _kind_within(definition: Definition, owner: Definition | None, text: Text, language: Language) -> Kind | None:
    kind = definition.kind
    assert definition.name is not None
    name = text.part(definition.name)
    in_container = owner is not None and owner.name is not None and (owner.kind is None or owner.kind in language.containers)
    if kind is Kind.FUNCTION and (in_container or definition.qualifier):
        kind = Kind.METHOD
    if kind is Kind.METHOD and language.constructors:
        of_class = CLASS_NAME in language.constructors and name == _name_of_class(text, definition, owner)
        return Kind.CONSTRUCTOR if of_class or name in language.constructors else kind
    if kind is Kind.VARIABLE or kind is Kind.CONSTANT:
        if owner is not None and owner.kind is Kind.ENUM:
            return Kind.ENUM_MEMBER
        if in_container:
            return Kind.FIELD
        if language.constants_in_capitals and _SCREAMING.fullmatch(name):
            return Kind.CONSTANT
    return kind


def _name_of_class(text: Text, definition: Definition, owner: Definition | None) -> str:
    if definition.qualifier:
        return _qualifier(text, definition.qualifier).rpartition(".")[2]
    return owner.qualified_name.rpartition(".")[2] if owner else ""


def _qualified(text: Text, definition: Definition, owner: Definition | None) -> str:
    assert definition.name is not None
    name = text.name(definition.name)
    parts = [owner.qualified_name if owner else "", _qualifier(text, definition.qualifier), name]
    if definition.kind is None or definition.kind in _MAY_HAVE_PARTS:
        parts[2] = _plain_name(name)
    return ".".join(part for part in parts if part)


def _qualifier(text: Text, qualifier: Range | None) -> str:
    return _plain_name(text.part(qualifier)) if qualifier else ""


def _plain_name(written: str) -> str:
    """`*Tree[K]` -> "Tree", `a::b<c>` -> "a.b"."""
    if written.isidentifier():
        return written
    previous = ""
    while previous != written:
        previous, written = written, _QUALIFIER_NOISE.sub("", written)
    return ".".join(part for part in _BETWEEN_NAMES.split(written) if part)


def _symbol(text: Text, definition: Definition, above: Above) -> Symbol:
    assert definition.name is not None
    assert definition.kind is not None
    start, comments = above.of(definition.start)
    end = text.trimmed_end(start, definition.end)
    doc = ""
    if definition.doc:
        written = text.shown(definition.doc)
        doc = docstring_of(written) if written.rstrip().endswith(('"', "'")) else comment_text(written)
        end = max(end, definition.doc[1])
    if not doc and comments:
        doc = comment_text("\n".join(text.shown(comment) for comment in comments))
    if not doc and definition.kind in _MAY_BE_DOCUMENTED_BEHIND:
        behind = above.behind(end)
        if behind:
            doc = comment_text(text.shown(behind))
            end = behind[1]
    outer = definition.parent
    while outer is not None and outer.symbol_idx is None:
        outer = outer.parent
    return Symbol(
        kind=definition.kind,
        name=text.name(definition.name),
        qualified_name=definition.qualified_name,
        signature=_signature(text, definition, above),
        docstring=doc,
        span=text.span(start, end),
        name_span=text.span(*definition.name),
        parent=outer.symbol_idx if outer else None,
    )


def _apart(text: Text, symbols: list[Symbol]) -> list[Symbol]:
    """The symbols; comments that a grammar counts to what stands above them go to what they document."""
    latest: dict[int | None, int] = {}
    for position, symbol in enumerate(symbols):
        above = latest.get(symbol.parent)
        start = symbol.span.start_byte
        if above is not None and symbols[above].name_span.end_byte < start < symbols[above].span.end_byte:
            span = symbols[above].span
            symbols[above] = replace(symbols[above], span=text.span(span.start_byte, text.trimmed_end(span.start_byte, start)))
        latest[symbol.parent] = position
    return symbols


def _signature(text: Text, definition: Definition, above: Above) -> str:
    assert definition.name is not None
    start, end = above.behind_attributes(definition.start, definition.name[0]), definition.node[1]
    if definition.body_start is not None and definition.body_start > start:
        end = above.before_comments(definition.body_start, definition.name[1])
    elif definition.kind not in FUNCTIONS:
        newline = text.data.find(b"\n", definition.name[1], end)
        end = newline if newline >= 0 else end
    return one_line(text.shown((start, end)))
