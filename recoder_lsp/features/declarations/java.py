"""Reads declarations of Java."""

from __future__ import annotations

from collections.abc import Iterator

from recoder_lsp.features.declarations.declared import (
    Declaration,
    Parameter,
    documentation_above,
    field_text,
    is_caught,
    owner_of,
    type_text,
    within,
)
from recoder_lsp.index.syntax.tree import Node, SyntaxTree

_TYPES = frozenset({"class_declaration", "interface_declaration", "enum_declaration", "record_declaration", "annotation_type_declaration"})
DECLARING = _TYPES | {"method_declaration", "constructor_declaration"}

_INNER = frozenset({"lambda_expression", "class_body", "class_declaration"})


def declaration(tree: SyntaxTree, node: Node) -> Declaration | None:
    """Read a method, constructor or type."""
    name, body = field_text(tree, node, "name"), node.child_by_field_name("body")
    if not name:
        return None
    documentation = documentation_above(tree, node, ("/**",))
    head_end = body.start_byte if body is not None else node.end_byte
    parameters, generic = tuple(_parameters(tree, node)), tuple(_type_parameters(tree, node))
    if node.type in _TYPES:
        return Declaration(node, node, "class", name, head_end, body, "", parameters, generic, documentation=documentation)
    modifiers = next((tree.text_of(child).split() for child in node.children if child.type == "modifiers"), [])
    return_type = type_text(tree, node)
    return Declaration(
        node,
        node,
        "function",
        name,
        head_end,
        body,
        owner_of(tree, node, _TYPES),
        parameters,
        generic,
        return_type,
        returns=return_type not in ("", "void"),
        raises=tuple(dict.fromkeys(_throws(tree, node, body))),
        is_static="static" in modifiers,
        is_constructor=node.type == "constructor_declaration",
        documentation=documentation,
    )


def _type_parameters(tree: SyntaxTree, node: Node) -> Iterator[str]:
    generic = node.child_by_field_name("type_parameters")
    for parameter in generic.named_children if generic is not None else ():
        name = next((child for child in parameter.named_children if child.type == "type_identifier"), None)
        if name is not None:
            yield tree.text_of(name)


def _parameters(tree: SyntaxTree, node: Node) -> Iterator[Parameter]:
    listed = node.child_by_field_name("parameters")
    for child in listed.named_children if listed is not None else ():
        if child.type == "formal_parameter":
            yield Parameter(field_text(tree, child, "name"), type_text(tree, child))
        elif child.type == "spread_parameter":
            variable = next((each for each in child.named_children if each.type == "variable_declarator"), None)
            yield Parameter(field_text(tree, variable, "name"))


def _throws(tree: SyntaxTree, node: Node, body: Node | None) -> Iterator[str]:
    """What the head says, and what the body throws itself, outside of `try` blocks that catch something."""
    for clause in node.children:
        if clause.type == "throws":
            yield from (tree.text_of(child) for child in clause.named_children)
    for statement in within(body, _INNER) if body is not None else ():
        thrown = statement.named_children[0] if statement.type == "throw_statement" and statement.named_children else None
        if thrown is not None and thrown.type == "object_creation_expression" and not is_caught(statement, node):
            yield type_text(tree, thrown)
