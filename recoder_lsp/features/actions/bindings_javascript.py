"""What the nodes of the grammars of JavaScript and TypeScript mean for variables."""

from __future__ import annotations

from recoder_lsp.features.actions.bindings import Scope, Walk, names_in
from recoder_lsp.index.syntax.tree import Node

_FUNCTIONS = (
    *("function_declaration", "function_expression", "generator_function", "generator_function_declaration", "arrow_function"),
    "method_definition",
)
_BLOCKS = ("statement_block", "for_statement", "for_in_statement", "switch_body", "catch_clause", "class_static_block")
_TYPES = (
    *("type_annotation", "type_arguments", "type_parameters", "interface_declaration", "type_alias_declaration", "asserts_annotation"),
    *("type_predicate_annotation", "ambient_declaration", "function_signature", "implements_clause"),
)


def look_at_javascript(walk: Walk, node: Node, scope: Scope) -> None:
    """Note what one node does to variables, and which of its children are to be looked at in which scope."""
    field = node.child_by_field_name
    match node.type:
        case "identifier" | "shorthand_property_identifier":
            walk.use(node, scope, reads=True)
        case _ if node.type in _FUNCTIONS:
            _look_at_function(walk, node, scope)
        case "class_declaration" | "class" | "abstract_class_declaration":
            if (named := field("name")) is not None and node.type != "class":
                walk.use(named, scope, how="definition", declared_in=scope)
            inner = Scope(node, scope)
            walk.later([child for child in node.named_children if child.type in ("class_heritage", "class_body", "decorator")], inner)
        case "public_field_definition" | "field_definition":
            walk.later([field("value")], Scope(node, scope, runs_later=True))
        case "variable_declarator":
            kind = node.parent.children[0].type if node.parent is not None else ""
            is_given = field("value") is not None or kind != "var"
            _bind(walk, field("name"), scope, "assignment" if is_given else "declaration", scope.function if kind == "var" else scope)
            walk.later([field("value"), *_queried(field("type"))], scope)
        case "assignment_expression":
            _bind(walk, field("left"), scope, "assignment", None)
            walk.later([field("right")], scope)
        case "augmented_assignment_expression" | "update_expression":
            target = field("left") or field("argument")
            if target is not None and target.type == "identifier":
                walk.use(target, scope, reads=True, how="augmented")
            else:
                walk.later([target], scope)
            walk.later([field("right")], scope)
        case "for_in_statement":
            inner = Scope(node, scope)
            keyword = field("kind")
            owner = None if keyword is None else scope.function if keyword.type == "var" else inner
            _bind(walk, field("left"), inner, "for", owner)
            walk.later([field("right"), field("body")], inner)
        case "catch_clause":
            inner = Scope(node, scope)
            _bind(walk, field("parameter"), inner, "catch", inner)
            walk.later([field("body")], inner)
        case "import_clause" | "import_specifier" | "namespace_import":
            for name in [field("alias") or field("name")] if node.type == "import_specifier" else node.named_children:
                if name is not None and name.type == "identifier":
                    walk.use(name, scope, how="import", declared_in=scope)
                else:
                    walk.later([name], scope)
        case "enum_declaration" | "internal_module":
            if (name := field("name")) is not None and name.type == "identifier":
                walk.use(name, scope, how="definition", declared_in=scope)
            walk.later([field("body")], Scope(node, scope))
        case "labeled_statement":
            walk.later([field("body")], scope)
        case _ if node.type in _TYPES:
            walk.later(_queried(node), scope)
        case _ if node.type in _BLOCKS:
            walk.later(node.named_children, Scope(node, scope))
        case _:
            walk.later(node.named_children, scope)


def _look_at_function(walk: Walk, node: Node, scope: Scope) -> None:
    field = node.child_by_field_name
    inner = Scope(node, scope, runs_later=True)
    name = field("name")
    if name is not None and name.type == "identifier":
        # The name of a function expression is known in itself only.
        owner = scope if node.type.endswith("declaration") else inner
        walk.use(name, owner, how="definition", declared_in=owner)
    elif name is not None:
        walk.later([name], scope)
    parameters = field("parameters") or field("parameter")
    for parameter in parameters.named_children if parameters is not None and parameters.type != "identifier" else [parameters]:
        _bind(walk, parameter, inner, "parameter", inner)
        walk.later([parameter.child_by_field_name("value")] if parameter is not None else [], inner)
    walk.later(_queried(field("return_type")), inner)
    body = field("body")
    # Parameters and the body's own variables share a scope here: nobody may declare a name in both with let or const.
    walk.later(body.named_children if body is not None and body.type == "statement_block" else [body], inner)


def _bind(walk: Walk, target: Node | None, scope: Scope, how: str, owner: Scope | None) -> None:
    """Note the names that a target gives a value to; without an owner they are declared somewhere else. What else stands in it is read."""
    if target is None:
        return
    for name in names_in(target):
        walk.use(name, scope, how=how, declared_in=owner)
    waiting = [target]
    while waiting:
        node = waiting.pop()
        if node.type in ("assignment_pattern", "object_assignment_pattern"):
            walk.later([node.child_by_field_name("right")], scope)
            left = node.child_by_field_name("left")
            waiting += [left] if left is not None else []
        elif node.type in ("member_expression", "subscript_expression", "computed_property_name", "non_null_expression"):
            walk.later([node], scope)
        elif node.type in _TYPES:
            walk.later(_queried(node), scope)
        elif node.type != "required_parameter" or node.child_by_field_name("pattern") is not None:
            waiting += [child for child in node.named_children if child != node.child_by_field_name("value") or node.type == "pair_pattern"]


def _queried(node: Node | None) -> list[Node]:
    """The names of variables in a type: `typeof limit`."""
    found, waiting = list[Node](), [node] if node is not None else []
    while waiting:
        inner = waiting.pop()
        if inner.type == "type_query":
            found += inner.named_children
        elif inner.type not in ("required_parameter", "optional_parameter"):
            waiting += inner.named_children
        else:
            waiting += [child for child in inner.named_children if child.type == "type_annotation"]
    return found
