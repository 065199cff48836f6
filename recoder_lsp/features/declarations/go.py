"""Reads declarations of Go."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoder_lsp.features.declarations.declared import Declaration, Documentation, Parameter, documentation_above, field_text, type_text
from recoder_lsp.index.syntax.tree import Node, SyntaxTree

DECLARING = frozenset({"function_declaration", "method_declaration", "type_spec", "type_alias"})

_DIRECTIVE = re.compile(r"//(?:go|nolint|lint|line|export)\b:?", re.ASCII)


def declaration(tree: SyntaxTree, node: Node) -> Declaration | None:
    """Read a function, method or type."""
    name = field_text(tree, node, "name")
    if not name:
        return None
    body = node.child_by_field_name("body")
    if node.type in ("type_spec", "type_alias"):
        declared = node.parent
        # In a group each type has a comment of its own.
        outer = declared if declared is not None and len(declared.named_children) == 1 and declared.start_point == _line(node) else node
        kind = node.child_by_field_name("type")
        head_end = kind.start_byte if kind is not None else node.end_byte
        return Declaration(node, outer, "class", name, head_end, kind, documentation=_documentation(tree, outer))
    result = node.child_by_field_name("result")
    documentation = _documentation(tree, node)
    return Declaration(
        node,
        node if documentation else _above_directives(tree, node),
        "function",
        name,
        body.start_byte if body is not None else node.end_byte,
        body,
        type_text(tree, _receiver(node)),
        tuple(_parameters(tree, node.child_by_field_name("parameters"))),
        type_parameters=(field_text(tree, node, "type_parameters"),) if node.child_by_field_name("type_parameters") else (),
        return_type=tree.text_of(result) if result is not None else "",
        returns=result is not None,
        documentation=documentation,
    )


def results_of(tree: SyntaxTree, node: Node) -> list[str]:
    """Return the types of what a function returns, in order."""
    result = node.child_by_field_name("result")
    if result is None:
        return []
    if result.type != "parameter_list":
        return [tree.text_of(result)]
    return [parameter.type for parameter in _parameters(tree, result)]


def _parameters(tree: SyntaxTree, listed: Node | None) -> Iterator[Parameter]:
    for child in listed.named_children if listed is not None else ():
        if child.type in ("parameter_declaration", "variadic_parameter_declaration"):
            names = [tree.text_of(name) for name in child.children_by_field_name("name")]
            kind, default = type_text(tree, child), "" if child.type == "parameter_declaration" else "nil"
            yield from (Parameter(name, kind, default) for name in names or [""])


def _receiver(node: Node) -> Node | None:
    receiver = node.child_by_field_name("receiver")
    return receiver.named_children[0] if receiver is not None and receiver.named_children else None


def _documentation(tree: SyntaxTree, outer: Node) -> Documentation | None:
    found = documentation_above(tree, outer, ("//", "/*"))
    if found is None:
        return None
    # Directives are no documentation; they stand below it.
    lines = tree.text[found.start : found.end].split("\n")
    while lines and _DIRECTIVE.match(lines[-1].strip()):
        lines.pop()
    return Documentation(found.start, found.start + len("\n".join(lines).rstrip())) if "".join(lines).strip("/ \t\r") else None


def _above_directives(tree: SyntaxTree, node: Node) -> Node:
    above = node.prev_sibling
    while above is not None and above.end_point[0] + 1 == node.start_point[0] and _DIRECTIVE.match(tree.text_of(above)):
        node, above = above, above.prev_sibling
    return node


def _line(node: Node) -> tuple[int, int]:
    """Where `type` stands for a type that is alone on its line."""
    return node.parent.start_point if node.parent is not None and node.parent.start_point[0] == node.start_point[0] else (-1, -1)
