"""The order of Rust's imports: rustfmt's, each group of lines for itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoder_lsp.features.actions.imports import rust
from recoder_lsp.features.actions.imports.ordering import Key, Order, natural
from recoder_lsp.index.syntax.tree import Node, SyntaxTree

_FIRST = ("self", "super", "crate")
_NAME, _GLOB, _LIST = 3, 4, 5


def _by_path(tree: SyntaxTree, statement: Node) -> Key:
    return by_segments(argument_of(tree, statement))


def _by_path_as_in_2024(tree: SyntaxTree, statement: Node) -> Key:
    return _by_segments_as_in_2024(argument_of(tree, statement))


def argument_of(tree: SyntaxTree, statement: Node) -> str:
    """Return what a statement uses, without its `use`."""
    argument = statement.child_by_field_name("argument")
    return tree.text_of(argument) if argument is not None else ""


def by_segments(item: str) -> Key:
    """Segment by segment: self, super, crate, then snake_case before CamelCase before CONSTANTS, then stars and lists."""
    return _key(item, by_case=True)


def _by_segments_as_in_2024(item: str) -> Key:
    """The order of rustfmt's newer style: names as their letters are, capitals first, numbers in the order of numbers."""
    return _key(item, by_case=False)


def _key(item: str, *, by_case: bool) -> Key:
    path, brace, listed = re.sub(r"\s+", " ", item).partition("{")
    segments = [_segment(part, by_case) for part in path.split("::") if part.strip()]
    return (*segments, (_LIST, 0, listed)) if brace else tuple(segments)


def _segment(text: str, by_case: bool) -> tuple[int, int, Key]:
    if text in _FIRST:
        return (_FIRST.index(text), 0, "")
    if text == "*":
        return (_GLOB, 0, "")
    name = text.split(" as ")[0].removeprefix("r#")
    case = 2 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 0
    spelled = text.removeprefix("r#")
    return (_NAME, case, spelled) if by_case else (_NAME, 0, natural(spelled))


def _parents(root: Node) -> Iterator[Node]:
    """The file and the modules in it."""
    yield root
    for child in root.named_children:
        body = child.child_by_field_name("body") if child.type == "mod_item" else None
        if body is not None:
            yield body


def _stays(tree: SyntaxTree, statement: Node) -> bool:
    """What has an attribute, which stands above it on its own."""
    before = statement.prev_named_sibling
    while before is not None and before.is_extra:
        before = before.prev_named_sibling
    return before is not None and before.type == "attribute_item"


ORDER = Order(
    lists=frozenset({"use_list"}),
    item_keys=(by_segments, _by_segments_as_in_2024),
    keys=(_by_path, _by_path_as_in_2024),
    stays=_stays,
    parents=_parents,
    units=rust.STATEMENTS,
)
