"""Finds the declaration whose head or documentation the caret is in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from recoder_lsp.features.declarations import c, go, java, javascript, python, rust
from recoder_lsp.features.declarations.declared import Declaration, Reader
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors


@dataclass(frozen=True)
class Grammar:
    """How declarations look in one grammar."""

    read: Reader
    declaring: frozenset[str]
    """Types of nodes that `read` understands."""
    wrappers: frozenset[str] = frozenset()
    """Types of nodes around a declaration, which begin before it."""
    between: frozenset[str] = frozenset()
    """Types of nodes that stand between a comment and what it documents."""


_JAVASCRIPT = Grammar(javascript.declaration, javascript.DECLARING, javascript.WRAPPERS, frozenset({"comment", "decorator"}))
_C = Grammar(c.declaration, c.DECLARING, c.WRAPPERS, frozenset({"comment"}))

GRAMMARS: Mapping[str, Grammar] = MappingProxyType(
    {
        "python": Grammar(python.declaration, python.DECLARING, frozenset({"decorated_definition"})),
        "javascript": _JAVASCRIPT,
        "javascriptreact": _JAVASCRIPT,
        "typescript": _JAVASCRIPT,
        "typescriptreact": _JAVASCRIPT,
        "go": Grammar(go.declaration, go.DECLARING, frozenset({"type_declaration"}), frozenset({"comment"})),
        "rust": Grammar(rust.declaration, rust.DECLARING, between=frozenset({"line_comment", "block_comment", "attribute_item"})),
        "java": Grammar(java.declaration, java.DECLARING, between=frozenset({"line_comment", "block_comment"})),
        "c": _C,
        "cpp": _C,
    }
)


def declaration_at(tree: SyntaxTree, offset: int) -> Declaration | None:
    """Return the declaration whose head or documentation holds an offset, in code points; None elsewhere, inside of bodies too.

    Any place on the lines of the head will do, and on those of its decorators.
    """
    grammar = GRAMMARS.get(tree.language)
    if grammar is None:
        return None
    caret = tree.byte_at(offset)
    line_start = tree.data.rfind(b"\n", 0, caret) + 1
    line_end = tree.data.find(b"\n", caret)
    line = tree.data[line_start : line_end if line_end >= 0 else len(tree.data)]
    first = line_start + len(line) - len(line.lstrip())
    for place in dict.fromkeys((caret, first)):
        node = tree.root.named_descendant_for_byte_range(place, place)
        for declaring in _declaring_around(grammar, node, caret) if node is not None else ():
            found = grammar.read(tree, declaring)
            if found is not None and _is_about(tree, found, offset):
                return found
    return None


def declaration_around(tree: SyntaxTree, offset: int) -> Declaration | None:
    """Return what is declared at an offset, else the innermost declaration around it."""
    found = declaration_at(tree, offset)
    grammar = GRAMMARS.get(tree.language)
    if found is not None or grammar is None:
        return found
    node = tree.around(offset, offset)
    inside = (each for each in (node, *ancestors(node)) if each.type in grammar.declaring)
    return next((found for each in inside if (found := grammar.read(tree, each)) is not None), None)


def _declaring_around(grammar: Grammar, node: Node, caret: int) -> Iterator[Node]:
    """The declarations that a node is in, is a wrapper of, or is written above of, the innermost first."""
    for outer in (node, *ancestors(node)):
        found: Node | None = outer
        while found is not None and found.type in grammar.between and found.type not in grammar.declaring:
            found = found.next_named_sibling
        while found is not None and found.type in grammar.wrappers and found.type not in grammar.declaring:
            found = next((child for child in found.named_children if child.type in grammar.wrappers | grammar.declaring), None)
        if found is not None and found.type in grammar.declaring and _may_be_about(found, caret):
            yield found


def _may_be_about(node: Node, caret: int) -> bool:
    """Whether it is worth reading: editors ask at every move of the caret, most of them deep in a body."""
    body = node.child_by_field_name("body")
    first = next((child for child in body.named_children if not child.is_extra), body) if body is not None else None
    return first is None or caret <= first.end_byte


def _is_about(tree: SyntaxTree, found: Declaration, offset: int) -> bool:
    """Whether an offset is on the lines of the head, or in the documentation."""
    if found.documentation is not None and found.documentation.start <= offset <= found.documentation.end:
        return True
    start = tree.text.rfind("\n", 0, tree.start(found.outer)) + 1
    end = tree.text.find("\n", tree.offset_at(found.head_end))
    return start <= offset <= (end if end >= 0 else len(tree.text))
