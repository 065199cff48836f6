"""Reads declarations of JavaScript and TypeScript."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoder_lsp.features.declarations.declared import (
    Declaration,
    Parameter,
    documentation_above,
    field_text,
    is_caught,
    owner_of,
    topmost,
    type_text,
    within,
)
from recoder_lsp.index.syntax.tree import Node, SyntaxTree

_CLASSES = frozenset({"class_declaration", "abstract_class_declaration", "interface_declaration"})
_VALUES = frozenset({"arrow_function", "function_expression", "generator_function"})
_HOLDERS = frozenset({"variable_declarator", "public_field_definition", "field_definition"})
_FUNCTIONS = frozenset(
    {
        "function_declaration",
        "generator_function_declaration",
        "function_signature",
        "method_definition",
        "method_signature",
        "abstract_method_signature",
    }
)
DECLARING = _CLASSES | _FUNCTIONS | _HOLDERS
WRAPPERS = frozenset({"export_statement", "lexical_declaration", "variable_declaration"})

_INNER = _VALUES | _FUNCTIONS | {"class_declaration", "class"}
_DECORATORS = frozenset({"decorator"})
_NO_VALUE = re.compile(r"(?:Promise<\s*)?(?:void|undefined|never)\s*>?")


def declaration(tree: SyntaxTree, node: Node) -> Declaration | None:
    """Read a function, method or class, or a variable or field that holds a function."""
    name_node = node.child_by_field_name("name") or node.child_by_field_name("property")
    if name_node is None:
        return None
    name, outer = tree.text_of(name_node), outermost(node)
    documentation = documentation_above(tree, outer, ("/**",), _DECORATORS)
    outer = topmost(outer, _DECORATORS)
    body = node.child_by_field_name("body")
    if node.type in _CLASSES:
        return Declaration(node, outer, "class", name, body.start_byte if body else node.end_byte, body, documentation=documentation)
    function: Node | None = node
    if node.type in _HOLDERS:
        function = node.child_by_field_name("value")
        if function is None or function.type not in _VALUES:
            return None
        body = function.child_by_field_name("body")
    assert function is not None
    words = {child.type for child in (*node.children, *function.children) if not child.is_named}
    own = list(within(body, _INNER)) if body is not None else []
    yields = "*" in words
    return_type = type_text(tree, function, "return_type")
    is_constructor = node.type == "method_definition" and name == "constructor"
    return Declaration(
        node,
        outer,
        "function",
        name,
        body.start_byte if body is not None else node.end_byte,
        body,
        owner_of(tree, node, _CLASSES | {"class"}),
        tuple(_parameters(tree, function)),
        return_type=return_type,
        returns=not yields and not is_constructor and "set" not in words and _returns(own, body, return_type),
        yields=yields,
        raises=tuple(dict.fromkeys(_throws(tree, own, function))),
        is_async="async" in words,
        is_static="static" in words,
        is_property=bool(words & {"get", "set"}),
        is_constructor=is_constructor,
        documentation=documentation,
    )


def outermost(node: Node) -> Node:
    """Return the statement that a declaration is: with `const`, and with `export`."""
    while node.parent is not None and node.parent.type in WRAPPERS:
        node = node.parent
    return node


def _parameters(tree: SyntaxTree, function: Node) -> Iterator[Parameter]:
    single = function.child_by_field_name("parameter")
    if single is not None:
        yield Parameter(tree.text_of(single))
    listed = function.child_by_field_name("parameters")
    for child in listed.named_children if listed is not None else ():
        if child.is_extra or (pattern := _pattern(child)) is None or pattern.type == "this":
            continue
        default = field_text(tree, child, "value") or field_text(tree, child, "right")
        if child.type == "optional_parameter":
            default = default or "undefined"
        kind = type_text(tree, child)
        if pattern.type == "rest_pattern":
            yield Parameter(tree.text_of(pattern).removeprefix("..."), kind, "[]")
        elif pattern.type == "object_pattern":
            fields = [_field(tree, each) for each in pattern.named_children]
            yield Parameter("", kind, default, fields=tuple(field for field in fields if field))
        else:
            yield Parameter(tree.text_of(pattern) if pattern.type == "identifier" else "", kind, default)


def _pattern(child: Node) -> Node | None:
    """What a parameter is bound to."""
    if child.type in ("required_parameter", "optional_parameter"):
        return child.child_by_field_name("pattern")
    return child.child_by_field_name("left") if child.type == "assignment_pattern" else child


def _field(tree: SyntaxTree, node: Node) -> str:
    match node.type:
        case "shorthand_property_identifier_pattern":
            return tree.text_of(node)
        case "pair_pattern":
            return field_text(tree, node, "key")
        case "object_assignment_pattern":
            return field_text(tree, node, "left")
    return ""


def _returns(own: list[Node], body: Node | None, return_type: str) -> bool:
    if return_type:
        return _NO_VALUE.fullmatch(return_type) is None
    if body is not None and body.type != "statement_block":
        return True
    return any(each.type == "return_statement" and each.named_children for each in own)


def _throws(tree: SyntaxTree, own: list[Node], function: Node) -> Iterator[str]:
    for statement in own:
        if statement.type != "throw_statement" or is_caught(statement, function):
            continue
        thrown = statement.named_children[0] if statement.named_children else None
        yield field_text(tree, thrown, "constructor") if thrown is not None and thrown.type == "new_expression" else ""
