"""What a function does, as far as its syntax tells: what it raises, returns and yields, the ways through it, and what is left to do."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any, TypeVar

from recoder_lsp.index.records import Kind, Symbol
from recoder_lsp.index.syntax.languages import find_language
from recoder_lsp.index.syntax.outlining import FUNCTIONS
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, descendants

T = TypeVar("T")

MOST_RAISED, MOST_RETURNED, MOST_TODOS = 6, 3, 3
LONGEST_EXPRESSION, LONGEST_TODO = 40, 160
# 20 ms.
_MOST_NODES = 20_000
_RAISED = re.compile(r"\s*\(?\s*(?:new\s+)?(\w+(?:(?:\.|::|\\)\w+)*)(\s*[({])?")
_TODO = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b[:\s]*(.*)")
_CHOICE = frozenset({"&&", "||", "??", "and", "or"})
_WITH_PARTS = frozenset({Kind.CLASS, Kind.STRUCT, Kind.INTERFACE, Kind.ENUM, Kind.MODULE, Kind.NAMESPACE})

WITH_WAYS = FUNCTIONS | {Kind.PROPERTY}
"""Kinds of what may be a function."""


@dataclass(frozen=True, slots=True)
class Todo:
    """What an author has left to do; `line` counts from 0."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Body:
    """Each list is in the order of the text, without repetition, and ends early where it is long."""

    raises: tuple[str, ...] = ()
    """Names of what is raised, as written."""
    returns: tuple[str, ...] = ()
    """Expressions as written; "…" for what is longer than LONGEST_EXPRESSION characters, "" for nothing.

    Only of languages that need not declare it."""
    yields: tuple[str, ...] = ()
    complexity: int = 1
    """McCabe's: one more than there are decisions."""
    todos: tuple[Todo, ...] = ()


@dataclass(frozen=True, slots=True)
class _Types:
    """One table of bodies.toml, whose head says what each field means."""

    functions: frozenset[str] = frozenset()
    raises: frozenset[str] = frozenset()
    raising: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    returns: frozenset[str] = frozenset()
    yields: frozenset[str] = frozenset()
    decisions: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()


def body_of(tree: SyntaxTree, symbol: Symbol) -> Body | None:
    """Return what the body of a function or class does; None for what has none, or where nothing is known of the language."""
    if symbol.kind not in WITH_WAYS | _WITH_PARTS:
        return None
    todos = tuple(_first(_todos(tree, symbol), MOST_TODOS))
    types = _types_by_language().get(tree.language)
    if types is None or symbol.kind not in WITH_WAYS:
        return Body(todos=todos) if todos else None
    node = _function(tree, symbol, types)
    if node is None:
        return None
    raises, returns, yields = list[str](), list[str](), list[str]()
    complexity = 1
    for inner in _own_nodes(node, types):
        kind = inner.type
        if kind in types.decisions or (kind in types.operators and _is_choice(inner)):
            complexity += 1
        elif kind in types.raises:
            raised = next((_raised(tree.text_of(child)) for child in inner.named_children if not child.is_extra), None)
            raises += [raised] if raised else []
        elif kind in types.calls:
            raises += _raised_by_call(tree, inner, types)
        elif kind in types.returns:
            returns += _written(tree, inner)
        elif kind in types.yields:
            yields += _written(tree, inner)
    return Body(
        raises=tuple(_first(raises, MOST_RAISED)),
        returns=tuple(_first(returns, MOST_RETURNED + 1)),
        yields=tuple(_first(yields, MOST_RETURNED + 1)),
        complexity=complexity,
        todos=todos,
    )


def _function(tree: SyntaxTree, symbol: Symbol, types: _Types) -> Node | None:
    """The function's own node: the innermost around its name; for a value such as an arrow function, what stands behind the name."""
    name: Node | None = tree.root.named_descendant_for_byte_range(symbol.name_span.start_byte, symbol.name_span.end_byte)
    outer = name
    while outer is not None and outer.start_byte >= symbol.span.start_byte and outer.end_byte <= symbol.span.end_byte:
        if outer.type in types.functions:
            return outer
        value = outer.child_by_field_name("value")
        if value is not None and value.type in types.functions:
            return value
        outer = outer.parent
    return None


def _own_nodes(function: Node, types: _Types) -> Iterator[Node]:
    """What is in a function, without what is in functions inside of it."""
    waiting, n_seen = list(reversed(function.named_children)), 0
    while waiting and n_seen < _MOST_NODES:
        node = waiting.pop()
        n_seen += 1
        if node.type not in types.functions:
            yield node
            waiting += reversed(node.named_children)


def _is_choice(node: Node) -> bool:
    operator = node.child_by_field_name("operator")
    return operator is not None and operator.type in _CHOICE


def _raised(written: str) -> str | None:
    """The name of what is raised; None for a variable's."""
    found = _RAISED.match(written)
    is_type = found is not None and (found[2] or re.split(r"\W+", found[1])[-1][:1].isupper())
    return found[1] if found is not None and is_type else None


def _raised_by_call(tree: SyntaxTree, node: Node, types: _Types) -> list[str]:
    called = next((each for field in ("function", "macro", "method") if (each := node.child_by_field_name(field))), None)
    if called is None or tree.text_of(called) not in types.raising:
        return []
    behind = tree.data[called.end_byte : node.end_byte].decode("utf-8", "replace")
    return [_raised(behind) or tree.text_of(called)]


def _written(tree: SyntaxTree, node: Node) -> list[str]:
    """What is returned or yielded, where that is short."""
    expression = next((child for child in node.named_children if not child.is_extra), None)
    if expression is None:
        return [""]
    text = " ".join(tree.text_of(expression).split())
    return [text] if len(text) <= LONGEST_EXPRESSION else ["…"]


def _todos(tree: SyntaxTree, symbol: Symbol) -> Iterator[Todo]:
    language = find_language(tree.language)
    comments = frozenset(language.comments) if language else frozenset()
    part = tree.data[symbol.span.start_byte : symbol.span.end_byte]
    # Most have none, which is told a thousand times faster so.
    if not any(mark in part for mark in (b"TODO", b"FIXME", b"XXX", b"HACK")):
        return
    root = tree.root.descendant_for_byte_range(symbol.span.start_byte, max(symbol.span.end_byte - 1, symbol.span.start_byte))
    for node in descendants(root) if root is not None else ():
        if node.type not in comments or not symbol.span.start_byte <= node.start_byte < symbol.span.end_byte:
            continue
        for number, line in enumerate(tree.text_of(node).split("\n")):
            if found := _TODO.search(line):
                said = found[2].removesuffix("*/").strip()
                yield Todo(node.start_point[0] + number, f"{found[1]}: {said}"[:LONGEST_TODO] if said else found[1])


def _first(found: Iterable[T], most: int) -> Iterator[T]:
    for number, each in enumerate(dict.fromkeys(found)):
        if number == most:
            return
        yield each


@functools.cache
def _types_by_language() -> Mapping[str, _Types]:
    text = files("recoder_lsp.index.syntax").joinpath("bodies.toml").read_text(encoding="utf-8")
    tables: dict[str, dict[str, Any]] = tomllib.loads(text)
    chosen = {language: tables[table["same_as"]] if "same_as" in table else table for language, table in tables.items()}
    types = {language: _Types(**{field: frozenset(names) for field, names in table.items()}) for language, table in chosen.items()}
    return MappingProxyType(types)
