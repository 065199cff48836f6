"""Which lines of a document can be folded: what stands in brackets, blocks, comments, and imports in a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from recoder_lsp.index.syntax.tree import Node, SyntaxTree

MOST_FOLDS = 5_000

FoldKind = Literal["", "comment", "imports"]

_CLOSERS = frozenset({"}", "]", ")", "end", "fi", "done", "esac", "end_tag"})
# Where a block has no brackets, it is folded below the line that what it belongs to begins with.
_INDENTED = frozenset({"block"})
_WHOLE = frozenset({"section", "block_mapping_pair", "table", "table_array_element", "string"})
_COMMENT = re.compile("comment")
_IMPORT = re.compile(
    r"^(?:import_(?:from_|future_)?(?:statement|declaration|spec_list|list)|use_declaration|preproc_include|using_directive|import)$"
)


@dataclass(frozen=True)
class Fold:
    """Lines that can be hidden but for the first; the last one counts."""

    first_line: int
    last_line: int
    kind: FoldKind = ""


def folds_of(tree: SyntaxTree) -> list[Fold]:
    """Return what can be folded, in order, at most one for each line that one begins on, and MOST_FOLDS at most."""
    by_line: dict[int, Fold] = {}
    nodes = [tree.root]
    while nodes:
        node = nodes.pop()
        for fold in (*_of_rows(node), *_of_node(node)):
            known = by_line.get(fold.first_line, fold)
            if fold.last_line > fold.first_line and known.last_line <= fold.last_line:
                by_line[fold.first_line] = fold
        # What is on one line has nothing to fold in it.
        nodes += [child for child in reversed(node.children) if child.end_point[0] > child.start_point[0] or child.type in _INDENTED]
    return sorted(by_line.values(), key=lambda fold: fold.first_line)[:MOST_FOLDS]


def _of_node(node: Node) -> Iterator[Fold]:
    children = node.children
    first, last = node.start_point[0], _last_line(node)
    if _COMMENT.search(node.type):
        yield Fold(first, last, "comment")
    elif len(children) > 1 and children[-1].type in _CLOSERS:
        opened = next((child for child in reversed(children) if child.type in ("{", "[", "(", "start_tag")), None)
        kind: FoldKind = "imports" if _IMPORT.match(node.type) else ""
        yield Fold(opened.start_point[0] if opened is not None else first, children[-1].start_point[0] - 1, kind)
    elif node.type in _INDENTED and node.parent is not None:
        yield Fold(node.parent.start_point[0], last)
    elif node.type in _WHOLE:
        yield Fold(first, last)


def _of_rows(node: Node) -> Iterator[Fold]:
    """Comments of one line each, and imports, that follow each other."""
    row: Fold | None = None
    n_in_row = 0
    for child in node.named_children:
        kind: FoldKind = "comment" if _COMMENT.search(child.type) else "imports" if _IMPORT.match(child.type) else ""
        first, last = child.start_point[0], _last_line(child)
        is_next = row is not None and row.kind == kind and first <= row.last_line + (2 if kind == "imports" else 1)
        if row is not None and is_next:
            row, n_in_row = replace(row, last_line=last), n_in_row + 1
            continue
        if row is not None and n_in_row > 1:
            yield row
        # A comment behind code begins no row.
        alone = child.prev_sibling is None or child.prev_sibling.end_point[0] < first
        row, n_in_row = Fold(first, last, kind) if kind and alone else None, 1
    if row is not None and n_in_row > 1:
        yield row


def _last_line(node: Node) -> int:
    """The last line that has something of the node: some grammars count the line break to it."""
    line, column = node.end_point
    return line - 1 if column == 0 and line > node.start_point[0] else line
