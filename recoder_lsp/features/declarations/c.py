"""Reads declarations of C and C++."""

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
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, descendants

_TYPES = frozenset({"class_specifier", "struct_specifier", "union_specifier", "enum_specifier"})
_FUNCTIONS = frozenset({"function_definition", "declaration", "field_declaration"})
DECLARING = _TYPES | _FUNCTIONS
WRAPPERS = frozenset({"template_declaration"})

# A type may be declared as that of a field, or of a name.
_HOLDERS = frozenset({"field_declaration", "declaration", "type_definition"})

_INNER = frozenset({"lambda_expression", *_TYPES})
_MARKS = ("/**", "/*!", "///", "//!")


def declaration(tree: SyntaxTree, node: Node) -> Declaration | None:
    """Read a function, its prototype, or a type."""
    outer, body = _outermost(node), node.child_by_field_name("body")
    documentation = documentation_above(tree, outer, _MARKS)
    generic = tuple(_type_parameters(tree, outer))
    head_end = body.start_byte if body is not None else node.end_byte
    if node.type in _TYPES:
        name = field_text(tree, node, "name")
        # Without a body it is used here, not declared.
        if not name or body is None:
            return None
        return Declaration(node, outer, "class", name, head_end, body, type_parameters=generic, documentation=documentation)
    declarator = _function_declarator(node)
    named = declarator.child_by_field_name("declarator") if declarator is not None else None
    if declarator is None or named is None:
        return None
    whole = tree.text_of(named)
    owner = whole.rpartition("::")[0] or owner_of(tree, outer, _TYPES)
    name = whole.rpartition("::")[2]
    return_type = _return_type(tree, node, declarator)
    return Declaration(
        node,
        outer,
        "function",
        name,
        head_end,
        body,
        owner,
        tuple(_parameters(tree, declarator)),
        generic,
        return_type,
        returns=return_type not in ("", "void"),
        raises=tuple(dict.fromkeys(_throws(tree, node, body))),
        is_static=any(child.type == "storage_class_specifier" and tree.text_of(child) == "static" for child in node.children),
        is_constructor=not return_type,
        documentation=documentation,
    )


def _outermost(node: Node) -> Node:
    while node.parent is not None and (node.parent.type in WRAPPERS or (node.type in _TYPES and node.parent.type in _HOLDERS)):
        node = node.parent
    return node


def _function_declarator(node: Node) -> Node | None:
    """The declarator with the parameters: inside of pointers and references; of a function that returns one, the inner one."""
    found = None
    inner = node.child_by_field_name("declarator")
    while inner is not None:
        if inner.type == "function_declarator":
            found = inner
        inner = inner.child_by_field_name("declarator") or next(
            (child for child in inner.named_children if "declarator" in child.type), None
        )
    # `int (*callback)(int)` is a variable.
    named = found.child_by_field_name("declarator") if found is not None else None
    return found if named is not None and named.type != "parenthesized_declarator" else None


def _return_type(tree: SyntaxTree, node: Node, declarator: Node) -> str:
    trailing = next((child for child in declarator.named_children if child.type == "trailing_return_type"), None)
    if trailing is not None:
        return tree.text_of(trailing).removeprefix("->").strip()
    is_pointer = node.child_by_field_name("declarator") != declarator
    return type_text(tree, node) + (" *" if is_pointer else "")


def _parameters(tree: SyntaxTree, declarator: Node) -> Iterator[Parameter]:
    listed = declarator.child_by_field_name("parameters")
    for child in listed.named_children if listed is not None else ():
        if child.type not in ("parameter_declaration", "optional_parameter_declaration"):
            continue
        declared = child.child_by_field_name("declarator")
        name = next((each for each in descendants(declared) if each.type == "identifier"), None) if declared is not None else None
        if name is not None:
            yield Parameter(tree.text_of(name), type_text(tree, child), field_text(tree, child, "default_value"))


def _type_parameters(tree: SyntaxTree, outer: Node) -> Iterator[str]:
    listed = outer.child_by_field_name("parameters") if outer.type in WRAPPERS else None
    for child in listed.named_children if listed is not None else ():
        name = next((each for each in descendants(child) if each.type in ("type_identifier", "identifier")), None)
        if name is not None:
            yield tree.text_of(name)


def _throws(tree: SyntaxTree, node: Node, body: Node | None) -> Iterator[str]:
    for statement in within(body, _INNER) if body is not None else ():
        thrown = statement.named_children[0] if statement.type == "throw_statement" and statement.named_children else None
        if thrown is not None and thrown.type == "call_expression" and not is_caught(statement, node):
            yield field_text(tree, thrown, "function")
