"""What the nodes of Python's grammar mean for variables."""

from __future__ import annotations

from recoder_lsp.features.actions.bindings import Scope, Walk, names_in
from recoder_lsp.index.syntax.tree import Node

_COMPREHENSIONS = ("list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression")


def look_at_python(walk: Walk, node: Node, scope: Scope) -> None:
    """Note what one node does to variables, and which of its children are to be looked at in which scope."""
    field = node.child_by_field_name
    match node.type:
        case "identifier":
            walk.use(node, scope, reads=True)
        case "attribute":
            walk.later([field("object")], scope)
        case "keyword_argument":
            walk.later([field("value")], scope)
        case "function_definition" | "lambda":
            _look_at_function(walk, node, scope)
        case "class_definition":
            _bind(walk, field("name"), scope, "definition")
            walk.later([field("superclasses")], scope)
            walk.later([field("body")], Scope(node, scope, is_class=True))
        case "assignment":
            walk.later([field("type"), field("right")], scope)
            # `x: int` alone makes the name a local one, and gives it no value.
            _bind(walk, field("left"), scope, "assignment" if field("right") is not None else "declaration")
        case "augmented_assignment":
            left = field("left")
            if left is not None and left.type == "identifier":
                walk.use(left, scope, reads=True, how="augmented", declared_in=_owner(scope))
            else:
                walk.later([left], scope)
            walk.later([field("right")], scope)
        case "named_expression":
            walk.later([field("value")], scope)
            _bind(walk, field("name"), scope, "walrus")
        case "for_statement":
            _bind(walk, field("left"), scope, "for")
            walk.later([field("right"), field("body"), field("alternative")], scope)
        case "as_pattern":
            *others, last = node.named_children
            _bind(walk, last, scope, "as")
            walk.later(others, scope)
        case "delete_statement":
            for deleted in node.named_children:
                _bind(walk, deleted, scope, "del")
        case "global_statement" | "nonlocal_statement":
            for name in node.named_children:
                scope.function.elsewhere[walk.tree.text_of(name)] = node.type.removesuffix("_statement")
                scope.function.names.pop(walk.tree.text_of(name), None)
        case "import_statement" | "import_from_statement" | "future_import_statement":
            _look_at_import(walk, node, scope)
        case "case_pattern":
            _look_at_pattern(walk, node, scope)
        case _ if node.type in _COMPREHENSIONS:
            _look_at_comprehension(walk, node, scope)
        case _:
            walk.later(node.named_children, scope)


def _look_at_function(walk: Walk, node: Node, scope: Scope) -> None:
    field = node.child_by_field_name
    inner = Scope(node, scope, runs_later=True)
    _bind(walk, field("name"), scope, "definition")
    parameters = field("parameters")
    for parameter in parameters.named_children if parameters is not None else ():
        walk.later([parameter.child_by_field_name("type"), parameter.child_by_field_name("value")], scope)
        name = parameter.child_by_field_name("name")
        if name is None:
            name = parameter.named_children[0] if parameter.type == "typed_parameter" else parameter
        _bind(walk, name, inner, "parameter")
    walk.later([field("return_type")], scope)
    walk.later([field("body")], inner)


def _look_at_comprehension(walk: Walk, node: Node, scope: Scope) -> None:
    inner = Scope(node, scope, runs_later=node.type == "generator_expression")
    clauses = [child for child in node.named_children if child.type == "for_in_clause"]
    for clause in clauses:
        target = clause.child_by_field_name("left")
        for name in names_in(target) if target is not None else ():
            walk.use(name, inner, how="for", declared_in=inner)
        # The first thing that it goes through is evaluated around it.
        walk.later(clause.children_by_field_name("right"), scope if clause == clauses[0] else inner)
    walk.later([child for child in node.named_children if child.type != "for_in_clause"], inner)


def _look_at_import(walk: Walk, node: Node, scope: Scope) -> None:
    for imported in node.children_by_field_name("name"):
        alias = imported.child_by_field_name("alias")
        _bind(walk, alias or next(iter(imported.named_children), imported), scope, "import")


def _look_at_pattern(walk: Walk, node: Node, scope: Scope) -> None:
    waiting = [node]
    while waiting:
        found = waiting.pop()
        names = [child for child in found.named_children if child.type == "identifier"]
        if found.type == "dotted_name":
            is_captured = len(names) == 1 and (found.parent is None or found.parent.type != "class_pattern")
            for name in names[:1]:
                walk.use(
                    name,
                    scope,
                    reads=not is_captured,
                    how="match" if is_captured else "",
                    declared_in=_owner(scope) if is_captured else None,
                )
            continue
        if found.type in ("as_pattern", "splat_pattern"):
            for name in names:
                _bind(walk, name, scope, "match")
        waiting += [child for child in found.named_children if child.type != "identifier"]


def _bind(walk: Walk, target: Node | None, scope: Scope, how: str) -> None:
    """Note the names that a target gives a value to; what else stands in it is read."""
    if target is None:
        return
    owner = _owner(scope)
    bound = list(names_in(target))
    for name in bound:
        walk.use(name, scope, how=how, declared_in=owner)
    if not bound or target.type not in ("identifier",):
        walk.later(_parts_read(target), scope)


def _parts_read(target: Node) -> list[Node]:
    """The attributes and items among targets."""
    found, waiting = list[Node](), [target]
    while waiting:
        node = waiting.pop()
        if node.type in ("attribute", "subscript"):
            found.append(node)
        elif node.type != "identifier":
            waiting += node.named_children
    return found


def _owner(scope: Scope) -> Scope:
    """Whose variable a name becomes that is assigned to here: a comprehension has only those of its own clauses."""
    while scope.node.type in _COMPREHENSIONS and scope.outer is not None:
        scope = scope.outer
    return scope
