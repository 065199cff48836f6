"""Reads declarations of Rust."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoder_lsp.features.declarations.declared import (
    Declaration,
    Parameter,
    documentation_above,
    field_text,
    topmost,
    type_text,
    within,
)
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors

_TYPES = frozenset({"struct_item", "enum_item", "trait_item", "union_item", "type_item", "mod_item"})
_FUNCTIONS = frozenset({"function_item", "function_signature_item"})
DECLARING = _TYPES | _FUNCTIONS

_INNER = _FUNCTIONS | {"closure_expression", "impl_item"}
_ATTRIBUTES = frozenset({"attribute_item"})
_PANICS = frozenset({"panic", "assert", "assert_eq", "assert_ne", "unreachable", "todo", "unimplemented"})
_UNWRAPS = frozenset({"unwrap", "expect", "unwrap_err", "expect_err"})
_FALLIBLE = re.compile(r"(?:\w+::)*\w*Result\b")


def declaration(tree: SyntaxTree, node: Node) -> Declaration | None:
    """Read a function, method or type."""
    name, body = field_text(tree, node, "name"), node.child_by_field_name("body")
    if not name:
        return None
    documentation = documentation_above(tree, node, ("///", "/**"), _ATTRIBUTES)
    outer = topmost(node, _ATTRIBUTES)
    head_end = body.start_byte if body is not None else node.end_byte
    if node.type in _TYPES:
        return Declaration(node, outer, "class", name, head_end, body, documentation=documentation)
    listed = node.child_by_field_name("parameters")
    modifiers = next((tree.text_of(child) for child in node.children if child.type == "function_modifiers"), "").split()
    return_type = type_text(tree, node, "return_type")
    members = next((outer for outer in ancestors(node) if outer.type in ("impl_item", "trait_item")), None)
    sections = []
    if _FALLIBLE.match(return_type):
        sections.append("Errors")
    if body is not None and any(_may_panic(tree, each) for each in within(body, _INNER)):
        sections.append("Panics")
    if "unsafe" in modifiers:
        sections.append("Safety")
    return Declaration(
        node,
        outer,
        "function",
        name,
        head_end,
        body,
        field_text(tree, members, "type") or field_text(tree, members, "name"),
        tuple(_parameters(tree, listed)),
        return_type=return_type,
        returns=return_type not in ("", "()", "!"),
        sections=tuple(sections),
        is_async="async" in modifiers,
        is_static=listed is None or not any(child.type == "self_parameter" for child in listed.named_children),
        documentation=documentation,
    )


def _parameters(tree: SyntaxTree, listed: Node | None) -> Iterator[Parameter]:
    for child in listed.named_children if listed is not None else ():
        if child.type == "parameter":
            yield Parameter(field_text(tree, child, "pattern"), type_text(tree, child))


def _may_panic(tree: SyntaxTree, node: Node) -> bool:
    if node.type == "macro_invocation":
        return field_text(tree, node, "macro") in _PANICS
    called = node.child_by_field_name("function") if node.type == "call_expression" else None
    return called is not None and called.type == "field_expression" and field_text(tree, called, "field") in _UNWRAPS
