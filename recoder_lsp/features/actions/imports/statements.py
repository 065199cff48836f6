"""Import statements of any language: which names they bring into a file, and which of those nobody uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors


@dataclass(frozen=True)
class Dialect:
    """What imports look like in a family of languages."""

    statements: frozenset[str]
    """The types of nodes that are import statements."""
    items: Callable[[Node], Sequence[Node]]
    """What a statement lists, or an item that is a list itself; nothing for an item that is one name."""
    name: Callable[[SyntaxTree, Node], str]
    """As what the file knows an item; "" for what brings no name that can be told: a star, a module run for its effects."""
    is_kept: Callable[[SyntaxTree, Node, Node], bool]
    """Whether a name of a statement is there for others, or for what importing it does: it is never unused."""
    is_use: Callable[[SyntaxTree, Node], bool]
    """Whether a node outside of import statements that spells a name may mean an imported one. In doubt it does."""
    wrappers: frozenset[str] = frozenset()
    """The types of nodes directly inside of a file in which imports stand too."""
    tells_unused: Callable[[Node], bool] = lambda item: True
    """Whether an item is unused if nobody spells its name. Not in Rust, where a trait is used through its methods."""


@dataclass(frozen=True)
class Imported:
    """One name that an import gives a meaning to."""

    name: str
    node: Node
    """Where it is written, with its alias."""
    statement: Node


def statement_at(dialect: Dialect, tree: SyntaxTree, start: int, end: int) -> Node | None:
    """Return the import statement that holds `text[start:end]`; None where there is none."""
    node = tree.around(start, end)
    return next((each for each in (node, *ancestors(node)) if each.type in dialect.statements), None)


def statements_of(dialect: Dialect, tree: SyntaxTree) -> Iterator[Node]:
    """Yield the import statements of a file's top level, and of what is wrapped there."""
    for child in tree.root.named_children:
        if child.type in dialect.statements:
            yield child
        elif child.type in dialect.wrappers:
            for block in child.named_children:
                yield from (inner for inner in block.named_children if inner.type in dialect.statements)


def names_of(dialect: Dialect, tree: SyntaxTree, statement: Node) -> list[Imported]:
    """Return the names that a statement brings, in order."""
    found, waiting = list[Imported](), [statement]
    while waiting:
        node = waiting.pop()
        items = dialect.items(node)
        if not items and node is not statement and (name := dialect.name(tree, node)):
            found.append(Imported(name, node, statement))
        waiting += reversed(items)
    return found


def may_be_removed(dialect: Dialect, tree: SyntaxTree, imported: Imported) -> bool:
    """Say whether nothing speaks against removing a name, if nobody in the file uses it."""
    return not imported.statement.has_error and not dialect.is_kept(tree, imported.statement, imported.node)


def unused(dialect: Dialect, tree: SyntaxTree, imported: Sequence[Imported]) -> list[Imported]:
    """Return those of the names that the file does not use anywhere; none in languages in which that cannot be told."""
    judged = [each for each in imported if dialect.tells_unused(each.node) and may_be_removed(dialect, tree, each)]
    return [each for each in judged if not any(_is_use(dialect, tree, node) for node in nodes_of(tree, each.name))]


def _is_use(dialect: Dialect, tree: SyntaxTree, node: Node) -> bool:
    return dialect.is_use(tree, node) and not any(outer.type in dialect.statements for outer in ancestors(node))


def nodes_of(tree: SyntaxTree, name: str) -> Iterator[Node]:
    """Yield what stands where a name is spelled: names, and texts and comments that have it as a word."""
    at = tree.text.find(name)
    while at >= 0:
        end = at + len(name)
        if not (_is_part_of_name(tree.text[at - 1 : at]) or _is_part_of_name(tree.text[end : end + 1])):
            yield node_at(tree, at, end)
        at = tree.text.find(name, end)


def node_at(tree: SyntaxTree, start: int, end: int) -> Node:
    """Return the smallest node that holds `text[start:end]`, named or not."""
    return tree.root.descendant_for_byte_range(tree.byte_at(start), tree.byte_at(end)) or tree.root


def end_of_code(node: Node) -> int:
    """Return the byte behind a statement; some grammars count a comment on its line as a part of it."""
    return next((child.end_byte for child in reversed(node.children) if not child.is_extra), node.end_byte)


def _is_part_of_name(character: str) -> bool:
    return character.isalnum() or character in ("_", "$")
