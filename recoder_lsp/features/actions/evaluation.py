"""When code is evaluated: always, perhaps or again, with which effects; and so what may be moved in front of a statement, or into one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoder_lsp.features.actions.evaluations import COMPREHENSIONS, EVALUATIONS, Evaluation
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors, descendants
from recoder_lsp.language import gettext, marked

PERHAPS = marked("This is evaluated only sometimes, or more than once; a variable would be evaluated once, always.")


def evaluation_of(tree: SyntaxTree) -> Evaluation | None:
    """Return how the language of a tree evaluates; None where that is not known here."""
    return EVALUATIONS.get(tree.language)


def statement_of(node: Node, evaluation: Evaluation) -> Node | None:
    """Return the statement that a node stands in: the outermost part of the innermost block around it."""
    inner = node
    for outer in ancestors(node):
        if is_block(outer, evaluation) and not _is_perhaps(outer, inner, evaluation):
            return inner
        inner = outer
    return None


def is_block(node: Node, evaluation: Evaluation) -> bool:
    """Whether the children of a node are statements; those of a `match` are cases."""
    return node.type in evaluation.blocks and not (node.parent is not None and node.parent.type == "match_statement")


def is_sure(node: Node, top: Node, evaluation: Evaluation) -> bool:
    """Whether a part of `top` is evaluated exactly once whenever that is."""
    inner = node
    for outer in ancestors(node):
        if inner == top:
            return True
        if _is_perhaps(outer, inner, evaluation):
            return False
        inner = outer
    return inner == top


def is_literal(node: Node, evaluation: Evaluation) -> bool:
    """Whether it is the same at all times: a number, a text without anything filled in, or made of such by operators."""
    # Without recursion, as a sum may be long.
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if part.type in ("unary_operator", "unary_expression", "binary_operator", "binary_expression", "parenthesized_expression"):
            waiting += part.named_children
            if not part.named_children:
                return False
        elif part.type not in evaluation.literals or any(
            inner.type in ("interpolation", "template_substitution") for inner in descendants(part)
        ):
            return False
    return True


def why_not_before(tree: SyntaxTree, node: Node, top: Node, evaluation: Evaluation) -> str:
    """Return why an expression must not be evaluated before everything else in `top`, which it is a part of; "" where it may."""
    if is_literal(node, evaluation):
        return ""
    if not is_sure(node, top, evaluation):
        return gettext(PERHAPS)
    conflict = what_forbids_swapping(tree, [node], evaluated_before(node, top, evaluation), evaluation)
    if conflict is None:
        return ""
    return gettext("`{code}` is evaluated before this, which may make a difference.").format(code=short(tree.text_of(conflict)))


def what_forbids_swapping(
    tree: SyntaxTree, moved: list[Node], others: list[Node], evaluation: Evaluation, *, in_order: bool = False
) -> Node | None:
    """Return what makes a difference when the two are evaluated in another order; None where nothing does.

    Where the two are in different statements, every language evaluates them `in_order`.
    """
    in_order = in_order or evaluation.looks_in_order
    moved_acts, moved_looks = _first(tree, moved, evaluation.acts, evaluation), _first(tree, moved, evaluation.looks, evaluation)
    acts, looks = _first(tree, others, evaluation.acts, evaluation), _first(tree, others, evaluation.looks, evaluation)
    in_the_way = None
    if moved_acts is not None:
        in_the_way = acts or (looks if in_order else None) or _unsteady_name(tree, others)
    elif moved_looks is not None or _unsteady_name(tree, moved) is not None:
        in_the_way = acts if in_order else None
    return in_the_way or _binding(others, moved) or _binding(moved, others)


def acts(tree: SyntaxTree, node: Node, evaluation: Evaluation) -> Node | None:
    """Return the first part of a node that may do something; None where nothing does."""
    return _first(tree, [node], evaluation.acts, evaluation)


def looks(tree: SyntaxTree, node: Node, evaluation: Evaluation) -> Node | None:
    """Return the first part of a node that reads what others may change; None where there is none."""
    return _first(tree, [node], evaluation.looks, evaluation) or _unsteady_name(tree, [node])


def _is_perhaps(outer: Node, inner: Node, evaluation: Evaluation) -> bool:
    fields = evaluation.perhaps.get(outer.type)
    if fields is None:
        return False
    if outer.type in ("binary_expression", "augmented_assignment_expression"):
        operator = outer.child_by_field_name("operator")
        return operator is not None and operator.type.rstrip("=") in ("&&", "||", "??") and outer.child_by_field_name("right") == inner
    if outer.type in ("call_expression", "subscript_expression"):
        return inner not in (chained := _chain(outer)) and any(part.type == "optional_chain" for each in chained for part in each.children)
    if not fields:
        # The first thing that a comprehension goes through is evaluated around it, and at once.
        return outer.type not in COMPREHENSIONS or not _is_first_clause(outer, inner)
    return any(
        inner in (outer.children_by_field_name(field) if isinstance(field, str) else outer.named_children[field : field + 1])
        for field in fields
    )


def _chain(node: Node) -> list[Node]:
    """A call or what is like it, and what it is called on, up to the first name: `a?.b.c()`, `a?.b.c`, `a?.b`, `a`."""
    found = [node]
    while (inner := found[-1].child_by_field_name("function") or found[-1].child_by_field_name("object")) is not None:
        found.append(inner)
    return found


def _is_first_clause(outer: Node, inner: Node) -> bool:
    return next((child for child in outer.named_children if child.type == "for_in_clause"), None) == inner


def evaluated_before(node: Node, top: Node, evaluation: Evaluation) -> list[Node]:
    """Return what else of `top` is evaluated before a part of it."""
    found, inner = list[Node](), node
    for outer in ancestors(node):
        if inner == top:
            break
        right = outer.child_by_field_name("right") if outer.type in evaluation.right_first else None
        if right is None or inner == outer.child_by_field_name("left"):
            found += [child for child in outer.named_children if child.end_byte <= inner.start_byte and child != right]
        if right is not None and inner != right:
            found.append(right)
        inner = outer
    return found


def _first(tree: SyntaxTree, nodes: list[Node], types: frozenset[str], evaluation: Evaluation) -> Node | None:
    return next((found for node in nodes for found in _evaluated(node) if _is_of(tree, found, types, evaluation)), None)


def _is_of(tree: SyntaxTree, node: Node, types: frozenset[str], evaluation: Evaluation) -> bool:
    if node.type in evaluation.acts:
        # A function that changes nothing looks at something nevertheless.
        return types is evaluation.looks if _is_harmless(tree, node, evaluation) else node.type in types
    if node.type not in types:
        return False
    outer = node.parent
    # Looking up what is called is nothing that one would notice, and what is assigned to is not read.
    is_called = outer is not None and outer.child_by_field_name("function") == node
    return not is_called and not (outer is not None and outer.type in _PLAIN_ASSIGNMENTS and outer.child_by_field_name("left") == node)


def _binding(bound: list[Node], read: list[Node]) -> Node | None:
    """Something that gives a name a value, where the others read names."""
    if not any(found.type in _NAMES for node in read for found in descendants(node)):
        return None
    return next((found for node in bound for found in _evaluated(node) if found.type in _BINDS), None)


def _is_harmless(tree: SyntaxTree, node: Node, evaluation: Evaluation) -> bool:
    called = node.child_by_field_name("function")
    return called is not None and called.type == "identifier" and tree.text_of(called) in evaluation.harmless_calls


def _evaluated(node: Node) -> Iterator[Node]:
    """The node and what is in it; not what functions would do that are only made here."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        if found.type not in _MADE_NOT_RUN:
            waiting += reversed(found.named_children)


def _unsteady_name(tree: SyntaxTree, nodes: list[Node]) -> Node | None:
    """A name that a function somewhere else in the file may give another value."""
    names = [found for node in nodes for found in descendants(node) if found.type == "identifier"]
    return next((name for name in names if _is_unsteady(tree, name)), None)


def _is_unsteady(tree: SyntaxTree, name: Node) -> bool:
    written = re.escape(tree.text_of(name))
    if tree.language == "python":
        return bool(re.search(rf"\b(?:global|nonlocal)\b[^\n]*\b{written}\b", tree.text))
    if "script" not in tree.language:
        return False
    declared = re.search(rf"\b(?:let|var)\b[^=;\n]*(?<![\w$]){written}(?![\w$])", tree.text)
    pattern = rf"(?<![\w$.]){written}(?:\s*(?:[-+*/%&|^?]|&&|\|\||\?\?|\*\*|<<|>>>?)?=(?![=>])|\+\+|--)|(?:\+\+|--){written}(?![\w$])"
    return bool(declared) and len(re.findall(pattern, tree.text)) > 1 and _is_written_elsewhere(tree, name, pattern)


def _is_written_elsewhere(tree: SyntaxTree, name: Node, pattern: str) -> bool:
    """Whether another function than the one around the name gives it a value."""
    function = _function_around(name)
    places = (tree.around(match.start(), match.end()) for match in re.finditer(pattern, tree.text))
    return any(_function_around(place) != function for place in places)


def _function_around(node: Node) -> Node | None:
    return next((outer for outer in ancestors(node) if outer.type in _FUNCTIONS), None)


def short(text: str) -> str:
    """Return the beginning of code, to be quoted in a sentence."""
    first = text.split("\n", 1)[0].rstrip("\r")
    return first if first == text and len(first) <= 40 else first[:40].rstrip() + "…"


_FUNCTIONS = (
    "function_declaration",
    "function_expression",
    "generator_function",
    "generator_function_declaration",
    "arrow_function",
    "method_definition",
)
_MADE_NOT_RUN = (*_FUNCTIONS, "lambda", "function_definition", "func_literal", "closure_expression", "async_block")
_NAMES = ("identifier", "shorthand_property_identifier", "this")
_PLAIN_ASSIGNMENTS = ("assignment", "assignment_expression", "assignment_statement")
_BINDS = (
    *("named_expression", "assignment_expression", "augmented_assignment_expression", "update_expression", "variable_declarator"),
    *("short_var_declaration", "let_condition", "compound_assignment_expr"),
)
