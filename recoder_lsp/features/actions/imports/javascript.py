"""Imports of JavaScript and TypeScript: `import a, { b as c } from "d"`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recoder_lsp.features.actions.imports.statements import Dialect
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors

STATEMENTS = frozenset({"import_statement"})
# Names that compiled JSX needs although nobody writes them; which, a comment or a setting of the compiler says.
_OF_JSX = frozenset({"React", "h", "jsx", "Fragment", "preact"})
_JSX = re.compile(r"</[\w.]*>|/>")
_KEPT = re.compile(r"(?:eslint-disable|@ts-|side.effects?)")
_BIND = frozenset(
    {"formal_parameters", "object_pattern", "array_pattern", "rest_pattern", "pair_pattern", "import_clause", "namespace_import"}
    | {"infer_type", "import_alias", "import_require_clause"}
)
_READ_LEFT = frozenset({"binary_expression", "conditional_type"})
_MEMBERS = frozenset({"property_identifier", "statement_identifier", "private_property_identifier"})


def items(node: Node) -> Sequence[Node]:
    """See Dialect.items."""
    if node.type in STATEMENTS:
        return [child for child in node.named_children if child.type in ("import_clause", "import_require_clause")]
    if node.type in ("import_clause", "named_imports"):
        return [child for child in node.named_children if not child.is_extra]
    return ()


def name(tree: SyntaxTree, node: Node) -> str:
    """See Dialect.name."""
    named = node.child_by_field_name("alias") or node.child_by_field_name("name")
    if named is None:
        named = next((child for child in (node, *node.named_children) if child.type == "identifier"), None)
    return tree.text_of(named) if named is not None else ""


def is_kept(tree: SyntaxTree, statement: Node, node: Node) -> bool:
    """See Dialect.is_kept: what JSX may need, what a comment keeps."""
    if name(tree, node) in _OF_JSX and _JSX.search(tree.text):
        return True
    before = statement.prev_named_sibling
    comments = [tree.text_of(child) for child in (before, statement.next_named_sibling) if child is not None and child.type == "comment"]
    return any(_KEPT.search(comment) for comment in comments)


def is_use(tree: SyntaxTree, node: Node) -> bool:
    """See Dialect.is_use. Comments count where they speak of types: `@type {Circle}`, `{@link Circle}`."""
    if node.type == "comment":
        return "@" in tree.text_of(node)
    if node.type in _MEMBERS or node.type in ("string_fragment", "regex_pattern", "jsx_text"):
        return False
    # `export { a } from "b"` means what b has.
    exported = next((outer for outer in ancestors(node) if outer.type == "export_statement"), None)
    is_passed_on = exported is not None and exported.child_by_field_name("source") is not None
    is_second_name = node.parent is not None and node.parent.type == "export_specifier" and node.parent.child_by_field_name("alias") == node
    return not (is_passed_on or is_second_name)


def gives_meaning(node: Node) -> bool:
    """Say whether a name is declared, imported or assigned to where it stands."""
    parent = node.parent
    if parent is None:
        return False
    if parent.type == "import_specifier":
        return node == (parent.child_by_field_name("alias") or parent.child_by_field_name("name"))
    if parent.type == "export_specifier" or parent.type.startswith(("nested_", "jsx_", "generic_", "member_")):
        return False
    declared = [parent.child_by_field_name(field) for field in ("name", "pattern", "parameter", "left")]
    is_declared = node in declared and parent.type not in _READ_LEFT
    return is_declared or parent.type in _BIND or node.type == "shorthand_property_identifier_pattern"


DIALECT = Dialect(STATEMENTS, items, name, is_kept, is_use)
