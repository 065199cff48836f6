"""Edits that take names out of import statements, and whole statements with their lines."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Sequence

from recoder_lsp.features.actions.imports.statements import Dialect, end_of_code
from recoder_lsp.features.edits import Edit
from recoder_lsp.index.syntax.tree import Node, SyntaxTree

_REST_OF_LINE = re.compile(r"[ \t]*;?[ \t]*(?:(?:#|//)[^\n]*)?(?:\r?\n|\Z)")
_COMMA_AND_COMMENT = re.compile(r"[ \t]*,?[ \t]*(?:(?:#|//)[^\n]*)?\r?\n")
_FOR_TYPES = re.compile(r"(?:\w+\.)?TYPE_CHECKING")


def without(dialect: Dialect, tree: SyntaxTree, statements: Sequence[Node], doomed: Sequence[Node]) -> tuple[Edit, ...]:
    """Return the edits that take the doomed items out of the statements; what then imports nothing goes as a whole."""
    ids = {node.id for node in doomed}
    gone = [statement for statement in statements if _is_gone(dialect, statement, ids)]
    edits = [edit for statement in statements if statement not in gone for edit in _from_lists(dialect, tree, statement, ids)]
    return tuple(sorted([*edits, *_whole(tree, gone)]))


def _is_gone(dialect: Dialect, node: Node, doomed: Collection[int]) -> bool:
    items = dialect.items(node)
    return node.id in doomed or (bool(items) and all(_is_gone(dialect, item, doomed) for item in items))


def _from_lists(dialect: Dialect, tree: SyntaxTree, node: Node, doomed: Collection[int]) -> Iterator[Edit]:
    items = list(dialect.items(node))
    for is_gone, run in itertools.groupby(enumerate(items), key=lambda each: _is_gone(dialect, each[1], doomed)):
        places = [i for i, _ in run]
        if is_gone:
            yield _cut(tree, items, places[0], places[-1])
        else:
            for i in places:
                yield from _from_lists(dialect, tree, items[i], doomed)


def _cut(tree: SyntaxTree, items: Sequence[Node], first: int, last: int) -> Edit:
    """Without the items from the first to the last, of which some others stay."""
    start, end = tree.start(items[first]), tree.end(items[last])
    lines = _lines_of(tree.text, start, end)
    if lines is not None:
        return Edit(*lines, "")
    if last + 1 < len(items):
        return Edit(start, tree.start(items[last + 1]), "")
    return Edit(tree.end(items[first - 1]), end, "")


def _lines_of(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The lines of `text[start:end]`, if nothing else is on them but a comma and a comment."""
    line_start = text.rfind("\n", 0, start) + 1
    rest = _COMMA_AND_COMMENT.match(text, end)
    return (line_start, rest.end()) if rest is not None and not text[line_start:start].strip() else None


def _whole(tree: SyntaxTree, statements: Sequence[Node]) -> Iterator[Edit]:
    """Without these statements; their lines go too, with the blank ones that only set them apart."""
    text, spans = tree.text, list[tuple[int, int]]()
    ids = {statement.id for statement in statements}
    for block, inside in itertools.groupby(statements, key=lambda statement: statement.parent):
        removed = list(inside)
        if block is not None and block.type == "block" and all(child.id in ids for child in _code_of(block)):
            if not _is_for_types(tree, block.parent):
                yield Edit(tree.start(removed[0]), tree.offset_at(end_of_code(removed[-1])), "pass")
                continue
            removed = [block.parent] if block.parent is not None else []
        for node in removed:
            start, end = tree.start(node), tree.offset_at(end_of_code(node))
            line_start, rest = text.rfind("\n", 0, start) + 1, _REST_OF_LINE.match(text, end)
            if text[line_start:start].strip() or rest is None:
                yield _beside_others(text, start, end)
            elif spans and not text[spans[-1][1] : line_start].strip():
                spans[-1] = (spans[-1][0], rest.end())
            else:
                spans.append((line_start, rest.end()))
    yield from (Edit(*_with_blank_lines(text, *span), "") for span in spans)


def _is_for_types(tree: SyntaxTree, outer: Node | None) -> bool:
    """Whether this is `if TYPE_CHECKING:` without an `else`."""
    condition = outer.child_by_field_name("condition") if outer is not None else None
    if outer is None or condition is None or outer.child_by_field_name("alternative") is not None:
        return False
    return _FOR_TYPES.fullmatch(tree.text_of(condition)) is not None


def _code_of(block: Node) -> list[Node]:
    return [child for child in block.named_children if not child.is_extra]


def _beside_others(text: str, start: int, end: int) -> Edit:
    """Without `text[start:end]`, which shares its line with other statements."""
    following = re.compile(r"[ \t]*;[ \t]*").match(text, end)
    if following is not None:
        return Edit(start, following.end(), "")
    before = re.search(r"[ \t]*;[ \t]*\Z", text[:start][-80:])
    return Edit(start - len(before[0]) if before is not None else start, end, "")


def _with_blank_lines(text: str, start: int, end: int) -> tuple[int, int]:
    """The lines with the blank ones above or below, whichever are fewer: the others are enough to set apart what is around."""
    code_above = len(text[:start].rstrip())
    blank_from = text.find("\n", code_above) + 1 if code_above else 0
    blank_to = text.rfind("\n", end, len(text) - len(text[end:].lstrip())) + 1 or end
    n_above, n_below = start - blank_from, blank_to - end
    if not code_above:
        return start, blank_to
    if not n_above or (not n_below and end < len(text)):
        return start, end
    return (blank_from, end) if n_above <= n_below or end == len(text) else (start, blank_to)
