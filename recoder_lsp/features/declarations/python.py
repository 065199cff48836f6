"""Reads declarations of Python."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator

from recoder_lsp.features.declarations.declared import Declaration, Documentation, Parameter, field_text, type_text, within
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors

DECLARING = frozenset({"function_definition", "class_definition"})

_INNER = frozenset({"function_definition", "class_definition", "lambda"})
_PROPERTIES = re.compile(r"@(?:property|\w+\.setter|(?:functools\.)?cached_property)\b")
_PLAIN = re.compile("[rRuU]?[\"']")
_NO_VALUE = frozenset({"None", "NoReturn", "Never", "typing.NoReturn", "typing.Never"})
_ITERATORS = re.compile(r"(?:\w+\.)?(?:Async)?(?:Iterator|Iterable|Generator)\b")


def declaration(tree: SyntaxTree, node: Node) -> Declaration | None:
    """Read a function or class."""
    body, name = node.child_by_field_name("body"), field_text(tree, node, "name")
    if body is None or not name:
        return None
    colon = next(child for child in reversed(node.children[: node.children.index(body)]) if child.type == ":")
    decorated = node.parent is not None and node.parent.type == "decorated_definition"
    outer = node.parent if decorated and node.parent is not None else node
    decorators = [tree.text_of(child) for child in outer.children if child.type == "decorator"]
    documentation = _docstring(tree, body)
    if node.type == "class_definition":
        return Declaration(node, outer, "class", name, colon.end_byte, body, documentation=documentation)
    block = outer.parent
    owner = field_text(tree, block.parent, "name") if block and block.parent and block.parent.type == "class_definition" else ""
    is_static, is_property = "@staticmethod" in decorators, any(map(_PROPERTIES.match, decorators))
    parameters = tuple(_parameters(tree, node))
    if owner and not is_static:
        parameters = parameters[1:]
    return_type = type_text(tree, node, "return_type")
    own = list(within(body, _INNER))
    yields = any(each.type == "yield" for each in own) or bool(_is_stub(tree, body) and _ITERATORS.match(return_type))
    is_constructor = bool(owner) and name == "__init__"
    return Declaration(
        node,
        outer,
        "function",
        name,
        colon.end_byte,
        body,
        owner,
        parameters,
        return_type=return_type,
        returns=not yields and not is_constructor and not is_property and _returns(tree, own, return_type),
        yields=yields,
        raises=tuple(dict.fromkeys(_raises(tree, node, own))) if not _is_stub(tree, body) else (),
        is_async=any(child.type == "async" for child in node.children),
        is_static=is_static or "@classmethod" in decorators,
        is_property=is_property,
        is_constructor=is_constructor,
        documentation=documentation,
    )


def _docstring(tree: SyntaxTree, body: Node) -> Documentation | None:
    first = next((child for child in body.named_children if not child.is_extra), None)
    if first is None or first.type != "expression_statement" or len(first.named_children) != 1:
        return None
    text = first.named_children[0]
    if text.type != "string" or not _PLAIN.match(tree.text_of(text)):
        return None
    return Documentation(tree.start(text), tree.end(text))


def _parameters(tree: SyntaxTree, node: Node) -> Iterator[Parameter]:
    listed, is_keyword = node.child_by_field_name("parameters"), False
    for child in listed.named_children if listed is not None else ():
        named = child.named_children[0] if child.type == "typed_parameter" and child.named_children else child
        match child.type:
            case "keyword_separator":
                is_keyword = True
            case "identifier" | "typed_parameter" | "list_splat_pattern" | "dictionary_splat_pattern":
                yield Parameter(tree.text_of(named), type_text(tree, child), is_keyword=is_keyword)
                is_keyword = is_keyword or named.type == "list_splat_pattern"
            case "default_parameter" | "typed_default_parameter":
                default = field_text(tree, child, "value")
                yield Parameter(field_text(tree, child, "name"), type_text(tree, child), default, is_keyword)


def _returns(tree: SyntaxTree, own: list[Node], return_type: str) -> bool:
    if return_type:
        return return_type.strip("\"'") not in _NO_VALUE
    values = [each.named_children[0] for each in own if each.type == "return_statement" and each.named_children]
    return any(value.type != "none" for value in values)


def _is_stub(tree: SyntaxTree, body: Node) -> bool:
    """Whether nothing is done here: `...`, `pass`, or only a complaint that somebody else has to do it."""
    statements = [child for child in body.named_children if not child.is_extra]
    if statements and _docstring(tree, body) is not None:
        statements = statements[1:]
    return all(tree.text_of(each).startswith(("...", "pass", "raise NotImplementedError")) for each in statements)


def _raises(tree: SyntaxTree, function: Node, own: list[Node]) -> Iterator[str]:
    """The exceptions of `raise` statements that leave the function."""
    for statement in own:
        if statement.type != "raise_statement":
            continue
        value = statement.named_children[0] if statement.named_children else None
        for name in _raised(tree, function, statement, value):
            if not _is_caught(tree, function, statement, name):
                yield name


def _raised(tree: SyntaxTree, function: Node, statement: Node, value: Node | None) -> list[str]:
    clauses = [outer for outer in _up_to(function, statement) if outer.type == "except_clause"]
    if value is None:
        return _caught(tree, clauses[0]) if clauses else []
    if value.type == "call" and (called := value.child_by_field_name("function")) is not None:
        value = called
    name = tree.text_of(value)
    for clause in clauses:
        if name == _alias(tree, clause):
            return _caught(tree, clause)
    # Other names in small letters are variables or functions.
    return [name] if value.type in ("identifier", "attribute") and name.rpartition(".")[2][:1].isupper() else []


def _is_caught(tree: SyntaxTree, function: Node, statement: Node, name: str) -> bool:
    inner = statement
    for outer in _up_to(function, statement):
        if outer.type == "try_statement" and outer.child_by_field_name("body") == inner:
            handlers = [child for child in outer.named_children if child.type in ("except_clause", "except_group_clause")]
            if any(_is_kind_of(name, caught) for handler in handlers for caught in _caught(tree, handler) or ["BaseException"]):
                return True
        inner = outer
    return False


def _caught(tree: SyntaxTree, clause: Node) -> list[str]:
    """The names of what an `except` clause catches; none for one that catches everything."""
    value = clause.child_by_field_name("value")
    if value is not None and value.type == "as_pattern":
        value = value.named_children[0]
    if value is None:
        return []
    parts = value.named_children if value.type == "tuple" else [value]
    return [tree.text_of(part) for part in parts if part.type in ("identifier", "attribute")]


def _alias(tree: SyntaxTree, clause: Node) -> str:
    value = clause.child_by_field_name("value")
    return field_text(tree, value, "alias") if value is not None and value.type == "as_pattern" else ""


def _is_kind_of(name: str, caught: str) -> bool:
    if caught in (name, "BaseException", "Exception"):
        return True
    own, other = getattr(builtins, name, None), getattr(builtins, caught, None)
    return isinstance(own, type) and isinstance(other, type) and issubclass(own, other)


def _up_to(function: Node, node: Node) -> Iterator[Node]:
    for outer in ancestors(node):
        if outer == function:
            return
        yield outer
