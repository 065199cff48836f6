"""Import statements that stand together, with their comments, and what it takes to change their order without losing anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

from recoder_lsp.features.actions.imports.statements import Dialect, end_of_code
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, descendants

Key = Any
"""What can be compared with what the same function gives for others."""

_REST_OF_LINE = re.compile(r"[ \t]*;?[ \t]*(?:(?:#|//)[^\n]*|/\*[^\n]*\*/[ \t]*)?(?=\r?\n|\Z)")
# Comments about several lines, which must not move: instructions to tools, and headings.
_STAYS = re.compile(
    r"isort:|fmt:|yapf:|ruff:|eslint|prettier|rustfmt|goimports|\bimports?\b\s*\W*$"
    r"|^\W*(?:the\s+)?(?:standard|std|stdlib|built.?in|core|third|3rd|external|first|1st|local|internal|own|project|vendor|relative)\b",
    re.IGNORECASE,
)

_SWITCH, _SKIP = re.compile(r"\bisort:\s*(off|on)\b"), re.compile(r"\bisort:\s*skip\b")

T = TypeVar("T")


@dataclass(frozen=True)
class Unit:
    """An import statement with the comments above it and behind it: `text[start:end]`, from no line break to the next."""

    node: Node
    start: int
    end: int
    text: str
    code: str
    """The statement alone."""

    @property
    def has_comments(self) -> bool:
        """Whether there is more to it than code."""
        return self.text.rstrip(" \t;") != self.code.rstrip(" \t;") or any(node.is_extra for node in descendants(self.node))


@dataclass(frozen=True)
class Order:
    """How a language orders its imports."""

    lists: frozenset[str]
    """The types of nodes whose items may change places."""
    item_keys: tuple[Callable[[str], Key], ...]
    """By what items are sorted, as usual first; of several that which the file keeps to already."""
    keys: tuple[Callable[[SyntaxTree, Node], Key], ...]
    """The same for statements."""
    stays: Callable[[SyntaxTree, Node], bool]
    """Whether nothing may be moved past a statement, because it does more than to name."""
    parents: Callable[[Node], Iterable[Node]]
    """The nodes of a file among whose children there may be imports, from the node of the file."""
    units: frozenset[str]
    """The types of nodes that are ordered there."""


def blocks_of(tree: SyntaxTree, order: Order, *, divided_by_blank_lines: bool) -> Iterator[list[Unit]]:
    """Yield what may be put in order: statements one below the other, of which nothing but comments is in between."""
    for parent in order.parents(tree.root):
        block, comments, is_off = list[Unit](), list[Node](), False
        for child in parent.named_children:
            if child.is_extra and block and child.start_point[0] == block[-1].node.end_point[0]:
                continue
            if child.is_extra:
                comments.append(child)
                switched = _SWITCH.search(tree.text_of(child))
                is_off = switched[1] == "off" if switched is not None else is_off
                continue
            may_move = child.type in order.units and not is_off and not order.stays(tree, child)
            unit = _unit(tree, child, comments) if may_move else None
            is_next = unit is not None and bool(block) and not _divides(tree, block[-1], unit, divided_by_blank_lines)
            if block and not is_next:
                yield block
                block = []
            block += [unit] if unit is not None else []
            comments = []
        if block:
            yield block


def likeliest(keys: Sequence[Callable[[T], Key]], lists: Iterable[Sequence[T]]) -> Callable[[T], Key]:
    """Return the usual key, which is the first, or another one that most of the lists are sorted by already."""
    neighbours = [pair for each in lists for pair in pairwise(each)]

    def n_misplaced(key: Callable[[T], Key]) -> int:
        return sum(key(one) > key(other) for one, other in neighbours)

    return min((key for key in keys if key is keys[0] or n_misplaced(key) * 4 <= len(neighbours)), key=n_misplaced)


def with_sorted_lists(dialect: Dialect, tree: SyntaxTree, node: Node, order: Order, key: Callable[[str], Key]) -> str:
    """Return the text of a statement with its lists sorted: items change places, what is between them does not."""
    items = dialect.items(node)
    texts = [with_sorted_lists(dialect, tree, item, order, key) for item in items]
    if node.type in order.lists and not any(child.is_extra for child in node.children) and _can_change_places(items, texts):
        texts = sorted(texts, key=key)
    parts, at = list[str](), tree.start(node)
    for item, text in zip(items, texts, strict=True):
        parts += [tree.text[at : tree.start(item)], text]
        at = tree.end(item)
    return "".join([*parts, tree.text[at : max(tree.end(node), at)]])


def _can_change_places(items: Sequence[Node], texts: Sequence[str]) -> bool:
    """Whether a list looks as well in another order: on one line, an item a line, or filled with what is equally short."""
    n_rows = len({item.start_point[0] for item in items})
    return n_rows in (1, len(items)) or not any("{" in text or "\n" in text for text in texts)


def lists_in(dialect: Dialect, tree: SyntaxTree, node: Node, order: Order) -> Iterator[list[str]]:
    """Yield what each list in a statement has."""
    items = dialect.items(node)
    if node.type in order.lists:
        yield [tree.text_of(item) for item in items]
    for item in items:
        yield from lists_in(dialect, tree, item, order)


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that has numbers in names in the order of numbers: "a2" before "a10"."""
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", text) if part)


def _unit(tree: SyntaxTree, node: Node, comments: Sequence[Node]) -> Unit | None:
    """The statement with its comments; None for one that shares its lines with others, or is broken."""
    start, end = tree.start(node), tree.offset_at(end_of_code(node))
    code = tree.text[start:end]
    rest = _REST_OF_LINE.match(tree.text, end)
    if node.has_error or rest is None or _SKIP.search(rest[0]) or tree.text[tree.text.rfind("\n", 0, start) + 1 : start].strip():
        return None
    above = _directly_above(tree, node, comments)
    # What stands above the first import at the top of a file is about the file.
    if above and above[0].start_point[0] > 0 and not any(_STAYS.search(tree.text_of(each)) for each in above):
        start = tree.start(above[0])
    return Unit(node, start, rest.end(), tree.text[start : rest.end()], code)


def _directly_above(tree: SyntaxTree, node: Node, comments: Sequence[Node]) -> list[Node]:
    """The comments on lines of their own from there up to the first that is none."""
    found, row = list[Node](), node.start_point[0]
    for comment in reversed(comments):
        # Some grammars count the line break as a part of the comment.
        start = tree.start(comment)
        is_alone = not tree.text[tree.text.rfind("\n", 0, start) + 1 : start].strip()
        if comment.end_point[0] + (comment.end_point[1] > 0) != row or not is_alone:
            break
        found.insert(0, comment)
        row = comment.start_point[0]
    return found


def _divides(tree: SyntaxTree, before: Unit, unit: Unit, divided_by_blank_lines: bool) -> bool:
    """Whether what is between two statements keeps them from changing places."""
    between = tree.text[before.end : unit.start]
    return bool(between.strip()) or (divided_by_blank_lines and between.count("\n") > 1)
