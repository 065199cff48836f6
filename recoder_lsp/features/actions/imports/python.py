"""Imports of Python: `import a.b as c, d` and `from a import (b, c as d)`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from recoder_lsp.features.actions.imports.statements import Dialect
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors

STATEMENTS = frozenset({"import_statement", "import_from_statement", "future_import_statement"})
_KEPT = re.compile(r"#.*\b(?:noqa(?!:)|noqa:.*\bF401|pylint:.*unused-import|pyright: ?ignore|isort: ?skip|side.effects?)\b")
_DEFINE = ("function_definition", "class_definition", "default_parameter", "typed_default_parameter", "named_expression")
_BIND = (
    *("parameters", "lambda_parameters", "list_splat_pattern", "dictionary_splat_pattern", "splat_pattern"),
    *("typed_parameter", "global_statement", "nonlocal_statement"),
)
_ASSIGN = ("assignment", "augmented_assignment", "for_statement", "for_in_clause", "type_alias_statement")
# What may be around a name that is assigned to, from the inside: `for (a, [b, *c]) in d`, `type A[T] = ...`.
_TARGETS = ("pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern", "type", "generic_type", "tuple", "list")
# What a quoted type is made of.
_TYPE = re.compile(r"[\w.\[\], |'\"\n]*")


def items(node: Node) -> Sequence[Node]:
    """See Dialect.items."""
    return node.children_by_field_name("name") if node.type in STATEMENTS else ()


def name(tree: SyntaxTree, node: Node) -> str:
    """See Dialect.name. Of `import a.b` that is "a"."""
    alias = node.child_by_field_name("alias")
    if alias is not None:
        return tree.text_of(alias)
    return tree.text_of(node.named_children[0]) if node.type == "dotted_name" and node.named_children else ""


def is_kept(tree: SyntaxTree, statement: Node, node: Node) -> bool:
    """See Dialect.is_kept: `import a as a`, names of `__init__.py` and of `__all__`, what a `try` looks for, what a comment keeps."""
    original = node.child_by_field_name("name")
    known_as = name(tree, node)
    if statement.type == "future_import_statement" or (original is not None and tree.text_of(original) == known_as):
        return True
    return any(outer.type == "try_statement" for outer in ancestors(statement)) or _comment_keeps(tree, statement)


def is_use(tree: SyntaxTree, node: Node) -> bool:
    """See Dialect.is_use. Names in texts count where the text may be a type or an entry of `__all__`."""
    parent = node.parent
    if node.type == "comment":
        return tree.text_of(node).startswith("# type:")
    if node.type == "string_content":
        is_annotation = any(outer.type == "type" for outer in ancestors(node))
        return is_annotation or (_TYPE.fullmatch(tree.text_of(node)) is not None and not _is_docstring(node))
    if parent is None:
        return True
    is_member = parent.type == "attribute" and parent.child_by_field_name("attribute") == node
    is_label = parent.type == "keyword_argument" and parent.child_by_field_name("name") == node
    return not (is_member or is_label)


def _tells_unused(node: Node) -> bool:
    """Not so of `import a.b`: such are as often there for what they do."""
    return node.type != "dotted_name" or len(node.named_children) == 1 or node.parent is None or node.parent.type != "import_statement"


def is_package(path: str) -> bool:
    """Say whether a file is what others import a package by: its imports are there for them."""
    return posixpath.basename(path) in ("__init__.py", "__init__.pyi")


def gives_meaning(node: Node) -> bool:
    """Say whether a name is defined, imported or assigned to where it stands."""
    parent = node.parent
    if parent is None:
        return False
    if (statement := next((outer for outer in ancestors(node) if outer.type in STATEMENTS), None)) is not None:
        alias = parent.child_by_field_name("alias")
        return node == alias or (parent.type == "dotted_name" and parent in items(statement) and parent.named_children[0] == node)
    if parent.type in _DEFINE:
        return parent.child_by_field_name("name") == node
    if parent.type in _BIND or (parent.type == "as_pattern" and parent.named_children[-1] == node):
        return True
    if parent.type == "dotted_name":
        return parent.parent is not None and parent.parent.type in ("case_pattern", "keyword_pattern") and len(parent.named_children) == 1
    if parent.type == "type" and parent.parent is not None and parent.parent.type == "type_parameter":
        owner = parent.parent.parent
        return owner is not None and owner.type in (*_DEFINE, "type_alias_statement")
    inner = node
    for outer in ancestors(node):
        if outer.type == "as_pattern_target":
            return True
        if outer.type in _ASSIGN:
            return outer.child_by_field_name("left") == inner
        if outer.type not in _TARGETS:
            return False
        inner = outer
    return False


def _comment_keeps(tree: SyntaxTree, statement: Node) -> bool:
    start = tree.start(statement)
    line_end = tree.text.find("\n", tree.end(statement))
    lines = tree.text[start : line_end if line_end >= 0 else len(tree.text)]
    return _KEPT.search(lines) is not None


def _is_docstring(content: Node) -> bool:
    string = content.parent
    return string is not None and string.parent is not None and string.parent.type == "expression_statement"


DIALECT = Dialect(STATEMENTS, items, name, is_kept, is_use, frozenset({"if_statement"}), _tells_unused)
