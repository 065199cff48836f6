"""Code that goes to another depth of indentation: what is inside of texts stays as it is."""

from __future__ import annotations

from recoder_lsp.features.actions.offering import Site
from recoder_lsp.index.syntax.tree import Node, descendants

_TEXTS = ("string", "template_string", "concatenated_string", "raw_string_literal", "string_literal")


def moved(site: Site, nodes: tuple[Node, ...], indentation: str) -> str:
    """Return the nodes, which follow each other, as lines indented like this; the first one begins its line.

    Lines that a text goes on in are part of its value, and stay as they are.
    """
    start, end = site.tree.start(nodes[0]), site.tree.end(nodes[-1])
    before = site.indentation_at(start)
    within = set[int]()
    for node in nodes:
        for text in descendants(node):
            if text.type in _TEXTS and text.type != "concatenated_string":
                within |= set(range(text.start_point[0] + 1, text.end_point[0] + 1))
    lines = site.text[start:end].split("\n")
    first = nodes[0].start_point[0]
    moved_lines = [indentation + lines[0]]
    for number, line in enumerate(lines[1:], first + 1):
        if number in within or not line.strip():
            moved_lines.append(line)
        elif line.startswith(before):
            moved_lines.append(indentation + line[len(before) :])
        else:
            # Further left than the first: inside of brackets, where it may stand anywhere.
            moved_lines.append(indentation + line.lstrip(" \t"))
    return "\n".join(moved_lines)


def line_start(site: Site, offset: int) -> int:
    """Return where the line of an offset begins."""
    return site.text.rfind("\n", 0, offset) + 1


def has_own_lines(site: Site, nodes: tuple[Node, ...]) -> bool:
    """Whether nothing else stands on the lines of the nodes, save a comment behind them."""
    start, end = site.tree.start(nodes[0]), site.tree.end(nodes[-1])
    following = nodes[-1].next_sibling
    rest = site.text[end:].split("\n", 1)[0]
    if following is not None and following.type == "comment":
        rest = rest[: max(site.tree.start(following) - end, 0)]
    return not site.text[line_start(site, start) : start].strip() and not rest.strip()
