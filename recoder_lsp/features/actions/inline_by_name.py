"""Inlining in Go and Rust, where a variable is told by its name: only one that nothing else in the function is called like."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from recoder_lsp.features.actions.bindings import FUNCTIONS
from recoder_lsp.features.actions.evaluation import (
    acts,
    evaluated_before,
    is_literal,
    is_sure,
    looks,
    short,
    statement_of,
    what_forbids_swapping,
)
from recoder_lsp.features.actions.evaluations import EVALUATIONS, Evaluation, types
from recoder_lsp.features.actions.extract_variable import GUARDS
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.edits import Change, Edit, Refused
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors, descendants
from recoder_lsp.language import gettext, ngettext, number

# Where the value itself is taken, and not the place that holds it: its address, its fields, what its methods do to it.
_TAKES_VALUE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "go": types("argument_list binary_expression parenthesized_expression literal_element send_statement"),
        "rust": types("arguments field_initializer return_expression tuple_expression array_expression let_declaration"),
    }
)
_ATOMS = types(
    """identifier selector_expression call_expression index_expression interpreted_string_literal raw_string_literal string_literal
    integer_literal float_literal char_literal boolean_literal true false field_expression parenthesized_expression macro_invocation"""
)
_DELIMITED = types("argument_list arguments field_initializer return_expression let_declaration expression_list literal_element")
_NUMBERS = types("int_literal float_literal rune_literal imaginary_literal nil iota")
_TYPED = types("call_expression index_expression slice_expression composite_literal type_assertion_expression type_conversion_expression")
_DECLARES = types("parameter_declaration variadic_parameter_declaration short_var_declaration var_spec range_clause")
_CHANGES = types(
    """assignment_statement inc_statement dec_statement return_statement go_statement defer_statement send_statement break_statement
    continue_statement goto_statement assignment_expression compound_assignment_expr return_expression break_expression
    continue_expression for_statement for_expression while_expression loop_expression unsafe_block"""
)
_KEEPS = types(
    "selector_expression field_expression call_expression index_expression argument_list arguments binary_expression expression_list"
)


def declaration_of(tree: SyntaxTree, name: Node) -> tuple[Node, Node] | None:
    """Return the declaration of a variable of the function around, and its value; None where the name is declared otherwise."""
    function = _function_around(name)
    for node in _named(tree, function, tree.text_of(name)) if function is not None else ():
        if (found := _declared_by(node)) is not None:
            return found
    return None


def inlined(site: Site, name: Node, declaration: Node, value: Node) -> Change:
    """Return the edits.

    Raises:
        Refused: It might not be the same.
    """
    tree, evaluation = site.tree, EVALUATIONS[site.tree.language]
    function, called = _function_around(name), tree.text_of(name)
    if function is None or declaration.parent is None:
        raise Refused(gettext("There is no function around it."))
    uses = [node for node in _named(tree, function, called) if _declared_by(node) != (declaration, value)]
    if not uses:
        raise Refused(gettext("`{name}` is used nowhere.").format(name=called))
    if len(list(_named(tree, function, called))) != len(uses) + 1 or any(not _takes_value(tree, use) for use in uses):
        raise Refused(gettext("`{name}` is not only read here, or something else is called so, too.").format(name=called))
    if any(use.start_byte < declaration.end_byte or use.end_byte > declaration.parent.end_byte for use in uses):
        raise Refused(gettext("`{name}` is used where it may have no value.").format(name=called))
    if re.search(rf"\{{{re.escape(called)}\b", tree.text_of(function)):
        raise Refused(gettext("It may be used in a text."))
    _require_same_type(tree, function, value)
    if len(uses) > 1 and not (is_literal(value, evaluation) and tree.language == "go"):
        raise Refused(used_often(called, len(uses)))
    if not is_literal(value, evaluation):
        _require_no_difference(tree, function, declaration, value, uses[0], evaluation)
    start, end = site.text.rfind("\n", 0, tree.start(declaration)) + 1, site.text.find("\n", tree.end(declaration)) + 1
    if (site.text[start : tree.start(declaration)] + site.text[tree.end(declaration) : end]).strip():
        raise Refused(gettext("Other code, or a comment, stands on the line of the declaration."))
    edits = [Edit(tree.start(use), tree.end(use), _in_place(tree, value, use)) for use in uses]
    return Change((Edit(start, end, ""), *edits))


def used_often(name: str, n_uses: int) -> str:
    """Return why a variable that is used more than once is not inlined."""
    several = ngettext(
        "`{name}` is used {n} time, and its value would be evaluated as often.",
        "`{name}` is used {n} times, and its value would be evaluated as often.",
        n_uses,
    )
    return several.format(name=name, n=number(n_uses))


def _declared_by(name: Node) -> tuple[Node, Node] | None:
    """The declaration that gives a name its only value: `name := value`, `let name = value;`."""
    outer = name.parent
    if outer is not None and outer.type == "let_declaration" and outer.child_by_field_name("pattern") == name:
        value = outer.child_by_field_name("value")
        plain = outer.child_by_field_name("type") is None and not any(
            child.type in ("mutable_specifier", "block") for child in outer.children
        )
        return (outer, value) if value is not None and plain else None
    declaration = outer.parent if outer is not None and outer.type == "expression_list" else None
    if declaration is None or declaration.type != "short_var_declaration" or declaration.child_by_field_name("left") != outer:
        return None
    right = declaration.child_by_field_name("right")
    is_one = outer is not None and len(outer.named_children) == 1 and right is not None and len(right.named_children) == 1
    in_block = declaration.parent is not None and declaration.parent.type == "statement_list"
    return (declaration, right.named_children[0]) if right is not None and is_one and in_block else None


def _takes_value(tree: SyntaxTree, use: Node) -> bool:
    outer = use.parent
    if use.type != "identifier" or outer is None:
        return False
    if outer.type == "expression_list":
        around = outer.parent
        return around is not None and (around.type == "return_statement" or around.child_by_field_name("right") == outer)
    if outer.type == "literal_element" and outer.parent is not None and outer.parent.child_by_field_name("key") == outer:
        return False
    return outer.type in _TAKES_VALUE[tree.language] and outer.child_by_field_name("pattern") != use


def _require_same_type(tree: SyntaxTree, function: Node, value: Node) -> None:
    """Refuse values that take their type, or how long they live, from where they stand."""
    if tree.language == "go" and not is_literal(value, EVALUATIONS["go"]) and not _has_type(tree, function, value):
        raise Refused(gettext("In Go a constant takes its type from where it stands, and this may be one."))
    if tree.language == "go" and any(node.type in _NUMBERS for node in descendants(value)) and is_literal(value, EVALUATIONS["go"]):
        raise Refused(gettext("In Go a number takes its type from where it stands."))
    if tree.language == "rust" and GUARDS.search(tree.text_of(value)):
        raise Refused(gettext("It may hold a lock, which would be given back earlier."))
    if value.has_error or any(
        node.type in ("func_literal", "closure_expression", "match_expression", "if_expression", "block") for node in descendants(value)
    ):
        raise Refused(gettext("Its value is more than an expression."))


def _require_no_difference(tree: SyntaxTree, function: Node, declaration: Node, value: Node, use: Node, evaluation: Evaluation) -> None:
    statement = statement_of(use, evaluation)
    if statement is None or statement.parent != declaration.parent or not is_sure(use, statement, evaluation):
        raise Refused(gettext("It is used where its value would be evaluated only sometimes, or more than once."))
    if statement.type in ("for_statement", "defer_statement", "go_statement", "for_expression", "while_expression"):
        raise Refused(gettext("It is used where its value would be evaluated only sometimes, or more than once."))
    between, node = list[Node](), declaration.next_named_sibling
    while node is not None and node != statement:
        between += [] if node.is_extra else [node]
        node = node.next_named_sibling
    others = [*between, *evaluated_before(use, statement, evaluation)]
    conflict = what_forbids_swapping(tree, [value], others, evaluation, in_order=True)
    depends = acts(tree, value, evaluation) is not None or looks(tree, value, evaluation) is not None
    if conflict is None and depends:
        conflict = next((part for other in between for part in descendants(other) if part.type in _CHANGES), None)
    if conflict is None:
        conflict = _changed_name(tree, function, declaration, value, use)
    if conflict is not None:
        raise Refused(gettext("`{code}` is evaluated in between, which may make a difference.").format(code=short(tree.text_of(conflict))))


def _changed_name(tree: SyntaxTree, function: Node, declaration: Node, value: Node, use: Node) -> Node | None:
    """Where a name of the value may get another value, or another meaning, before the use: also through its address."""
    names = {tree.text_of(node) for node in descendants(value) if node.type == "identifier"}
    for node in (found for name in sorted(names) for found in _named(tree, function, name)):
        outer = node.parent
        is_address = outer is not None and outer.type == "unary_expression" and outer.children[0].type == "&"
        is_between = declaration.end_byte <= node.start_byte <= use.start_byte
        if is_address:
            return outer
        if is_between and (outer is None or outer.type not in _KEEPS or _is_left(outer)):
            return outer or node
    return None


def _is_left(node: Node) -> bool:
    return node.parent is not None and node.parent.child_by_field_name("left") == node


def _has_type(tree: SyntaxTree, function: Node, value: Node) -> bool:
    """Whether a value of Go surely has a type of its own, as calls and the variables of the function have."""
    match value.type:
        case "identifier":
            return any(_gives_type(node) for node in _named(tree, function, tree.text_of(value)))
        case "selector_expression" | "unary_expression":
            operand = value.child_by_field_name("operand")
            return operand is not None and _has_type(tree, function, operand)
        case "parenthesized_expression":
            return any(_has_type(tree, function, child) for child in value.named_children)
        case "binary_expression":
            return any(_has_type(tree, function, child) for child in value.named_children)
    return value.type in _TYPED


def _gives_type(name: Node) -> bool:
    outer = name.parent
    is_listed = outer is not None and outer.type == "expression_list" and outer.parent is not None
    around = outer.parent if is_listed and outer is not None else outer
    is_target = around is not None and outer in (around.child_by_field_name("left"), around)
    return around is not None and is_target and around.type in _DECLARES


def _in_place(tree: SyntaxTree, value: Node, use: Node) -> str:
    text = tree.text_of(value)
    is_delimited = use.parent is not None and use.parent.type in _DELIMITED
    return text if value.type in _ATOMS or is_delimited else f"({text})"


def _function_around(node: Node) -> Node | None:
    """The outermost function, methods of types aside: names of closures are looked at with those around them."""
    found = None
    for outer in ancestors(node):
        if outer.type in FUNCTIONS:
            found = outer
        elif outer.type in ("impl_item", "trait_item", "mod_item"):
            break
    return found


def _named(tree: SyntaxTree, function: Node, name: str) -> Sequence[Node]:
    """All that is called so in a function: variables, and what else the name may stand for."""
    return [node for node in _leaves(function) if node.type in _NAMES and tree.text_of(node) == name]


def _leaves(node: Node) -> Iterator[Node]:
    return (found for found in descendants(node) if not found.named_children)


_NAMES = ("identifier", "shorthand_field_identifier", "package_identifier", "label_name")
