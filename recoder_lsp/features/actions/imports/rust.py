"""Imports of Rust: `use a::{b, c as d};`."""

from __future__ import annotations

from collections.abc import Sequence

from recoder_lsp.features.actions.imports.statements import Dialect
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors

STATEMENTS = frozenset({"use_declaration"})
_PATTERNS = frozenset({"type_parameters", "tuple_pattern", "mut_pattern", "ref_pattern", "closure_parameters"})


def items(node: Node) -> Sequence[Node]:
    """See Dialect.items."""
    if node.type in STATEMENTS:
        listed = node.child_by_field_name("argument")
    elif node.type == "scoped_use_list":
        listed = node.child_by_field_name("list")
    elif node.type == "use_list":
        return [child for child in node.named_children if not child.is_extra]
    else:
        return ()
    return [listed] if listed is not None else ()


def name(tree: SyntaxTree, node: Node) -> str:
    """See Dialect.name."""
    named = node.child_by_field_name("alias") or node.child_by_field_name("name") or node
    if node.type == "self" and node.parent is not None and node.parent.parent is not None:
        path = node.parent.parent.child_by_field_name("path")
        return tree.text_of(path).rpartition("::")[2] if path is not None else ""
    found = tree.text_of(named)
    return "" if node.type == "use_wildcard" or found == "_" else found


def is_kept(tree: SyntaxTree, statement: Node, node: Node) -> bool:
    """See Dialect.is_kept: what is passed on with `pub`."""
    return any(child.type == "visibility_modifier" for child in statement.children)


def is_use(tree: SyntaxTree, node: Node) -> bool:
    """See Dialect.is_use; never asked, because a trait is used without being named."""
    return True


def gives_meaning(node: Node) -> bool:
    """Say whether a name is defined, imported or bound where it stands."""
    parent = node.parent
    if parent is None:
        return False
    if any(outer.type in STATEMENTS for outer in ancestors(node)) or parent.type in _PATTERNS:
        return True
    is_named = node in (parent.child_by_field_name("name"), parent.child_by_field_name("pattern"))
    return is_named and not parent.type.startswith("scoped_")


DIALECT = Dialect(STATEMENTS, items, name, is_kept, is_use, tells_unused=lambda item: False)
