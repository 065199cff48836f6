"""What a selection can grow to, step by step along the syntax."""

from __future__ import annotations

from collections.abc import Sequence

from recoder_lsp.index.syntax.tree import SyntaxTree, ancestors

# No editor grows a selection so often, and nesting so deep would take the stack of what encodes it.
MOST_STEPS = 100


def selections_at(tree: SyntaxTree, offsets: Sequence[int]) -> list[list[tuple[int, int]]]:
    """Return for each offset what encloses it, as (start, end) offsets, the smallest first, each larger than the one before."""
    return [_selections_at(tree, min(max(offset, 0), len(tree.text))) for offset in offsets]


def _selections_at(tree: SyntaxTree, offset: int) -> list[tuple[int, int]]:
    node = tree.around(offset, offset)
    if offset and (tree.text[offset - 1].isalnum() or tree.text[offset - 1] == "_"):
        # A caret behind a word is at that word.
        behind = tree.around(offset - 1, offset)
        node = min(node, behind, key=lambda each: each.end_byte - each.start_byte if each.end_byte > each.start_byte else len(tree.data))
    steps: list[tuple[int, int]] = []
    for each in (node, *ancestors(node)):
        step = tree.start(each), tree.end(each)
        if step[0] <= offset <= step[1] and step[0] < step[1] and (not steps or step != steps[-1]):
            steps.append(step)
    return steps[:MOST_STEPS]
