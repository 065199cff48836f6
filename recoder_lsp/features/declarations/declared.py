"""What one declaration says, as a value, and walking a syntax tree without entering the functions in it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import Literal

from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors


@dataclass(frozen=True)
class Parameter:
    """One parameter as it is written."""

    name: str
    """With its marks: "*args", "**options"; rest parameters of JavaScript have none."""
    type: str = ""
    default: str = ""
    is_keyword: bool = False
    """Whether callers have to name it."""
    fields: tuple[str, ...] = ()
    """What an object is taken apart to, where the parameter has no name of its own."""


@dataclass(frozen=True)
class Documentation:
    """What its author says of a declaration: the whole docstring or comment, with its marks, as offsets in code points."""

    start: int
    end: int


@dataclass(frozen=True)
class Declaration:
    """A function, method or class. Nodes belong to the tree that it was found in."""

    node: Node
    outer: Node
    """With decorators, attributes and `export`."""
    kind: Literal["function", "class"]
    name: str
    head_end: int
    """The byte behind what comes before the body."""
    body: Node | None = None
    owner: str = ""
    """The class or type that it is a member of."""
    parameters: tuple[Parameter, ...] = ()
    """Without the object that a method is called on."""
    type_parameters: tuple[str, ...] = ()
    return_type: str = ""
    returns: bool = False
    """Whether callers get a value; not where it yields values."""
    yields: bool = False
    raises: tuple[str, ...] = ()
    """What leaves it, in the order of the text: names of exceptions, "" for one that the text does not name."""
    sections: tuple[str, ...] = ()
    """Headings that documentation of it has besides, in Rust: "Errors", "Panics", "Safety"."""
    is_async: bool = False
    is_static: bool = False
    """Whether it is called on the class itself."""
    is_property: bool = False
    is_constructor: bool = False
    documentation: Documentation | None = None


Reader = Callable[[SyntaxTree, Node], Declaration | None]
"""Makes a declaration of a node of one of the types of its language; None for one that has no name."""


def within(node: Node, stops_at: Container[str]) -> Iterator[Node]:
    """Yield everything in a node, in order, but not what is inside of nodes of these types; those themselves are yielded."""
    waiting = list(reversed(node.children))
    while waiting:
        found = waiting.pop()
        yield found
        if found.type not in stops_at:
            waiting += reversed(found.children)


def is_caught(statement: Node, function: Node) -> bool:
    """Whether what a statement throws is caught in its function, by a `try` that it stands in; for languages with `catch`."""
    inner = statement
    for outer in ancestors(statement):
        if outer == function:
            return False
        if outer.type == "try_statement" and outer.child_by_field_name("body") == inner:
            return any(child.type == "catch_clause" for child in outer.named_children)
        inner = outer
    return False


def field_text(tree: SyntaxTree, node: Node | None, name: str) -> str:
    """Return the text of a field, "" where there is none."""
    field = node.child_by_field_name(name) if node is not None else None
    return tree.text_of(field) if field is not None else ""


def type_text(tree: SyntaxTree, node: Node | None, name: str = "type") -> str:
    """Return a type as it is written, on one line, without the colon before it."""
    return " ".join(field_text(tree, node, name).removeprefix(":").split())


def documentation_above(tree: SyntaxTree, outer: Node, begins: tuple[str, ...], attributes: Container[str] = ()) -> Documentation | None:
    """Return the comment directly above: one block, or lines that all begin with the same mark; None where there is no such comment.

    Args:
        tree: Of the text.
        outer: What is documented.
        begins: Marks of comments that document.
        attributes: Types of nodes that may stand between.
    """
    first = last = None
    below, mark = outer, ""
    above = outer.prev_sibling
    while above is not None:
        if above.type in attributes and first is None:
            below, above = above, above.prev_sibling
            continue
        text = tree.text_of(above)
        # Longest first: "///" begins with "//" as well. Four slashes are a line, and "/**/" is empty.
        own = next((each for each in sorted(begins, key=len, reverse=True) if text.startswith(each)), "")
        is_comment = "comment" in above.type and own and not text.startswith("////") and not text.startswith("/**/")
        if not is_comment or (mark and own != mark) or _line_behind(text, above) != below.start_point[0] or _shares_its_line(above):
            break
        first, last, mark, below = above, last or above, own, above
        if own.startswith("/*"):
            break
        above = above.prev_sibling
    if first is None or last is None:
        return None
    return Documentation(tree.start(first), tree.start(last) + len(tree.text_of(last).rstrip("\r\n")))


def topmost(outer: Node, attributes: Container[str]) -> Node:
    """Return the first of the attributes that stand before a node, else the node itself."""
    while (above := outer.prev_sibling) is not None and above.type in attributes:
        outer = above
    return outer


def owner_of(tree: SyntaxTree, node: Node, types: Container[str], field: str = "name") -> str:
    """Return the name of the type that a node is directly a member of, "" for none."""
    outer = node.parent.parent if node.parent is not None else None
    return field_text(tree, outer, field) if outer is not None and outer.type in types else ""


def _line_behind(text: str, comment: Node) -> int:
    """The line that follows a comment. Some grammars count its line break as a part of it."""
    return comment.end_point[0] + (0 if text.endswith("\n") else 1)


def _shares_its_line(comment: Node) -> bool:
    before = comment.prev_sibling
    return before is not None and before.is_named and before.end_point[0] == comment.start_point[0] and before.end_point[1] > 0
