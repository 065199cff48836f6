"""Gives the selected expression a name: a variable in front of the statement, where that is surely evaluated to the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from recoder_lsp.features.actions.bindings import is_in_class_body, outermost_function
from recoder_lsp.features.actions.evaluation import evaluation_of, is_block, is_literal, statement_of, why_not_before
from recoder_lsp.features.actions.evaluations import Evaluation
from recoder_lsp.features.actions.naming import free_name, name_for
from recoder_lsp.features.actions.offering import Offer, Site
from recoder_lsp.features.edits import Change, Edit, Refused
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors, descendants
from recoder_lsp.language import gettext

KIND = "refactor.extract.variable"

# In Go and Rust a variable is a copy: what is called on the place itself, or takes its address, would be done to the copy.
_PLACES = ("identifier", "selector_expression", "field_expression", "index_expression", "self")
_TAKES_PLACE = (
    *("selector_expression", "field_expression", "slice_expression", "index_expression", "reference_expression", "inc_statement"),
    *("dec_statement", "compound_assignment_expr", "try_expression"),
)
# As keys these may be names, as `1` is in `{ 1: value }`.
_NAMES_OF_MEMBERS = ("string", "number", "interpreted_string_literal", "raw_string_literal")
# These lock something until the variable that holds the result is gone.
GUARDS = re.compile(r"\.(?:lock|try_lock|read|write|borrow|borrow_mut|guard|enter)\(")


def offers(site: Site) -> Iterator[Offer]:
    """Yield the one offer, where exactly an expression is selected; disabled where it would change what happens."""
    evaluation = evaluation_of(site.tree)
    selected = site.selected.strip()
    if evaluation is None or not selected or len(selected) > 20_000:
        return
    if (node := selected_value(site, evaluation)) is None:
        return
    title = gettext("Extract variable")
    try:
        place = _Place(site, node, evaluation)
    except Refused as refused:
        yield Offer("extract.variable", title, KIND, disabled=str(refused))
        return
    yield Offer("extract.variable", title, KIND, place.change)


def selected_value(site: Site, evaluation: Evaluation) -> Node | None:
    """Return the expression that is selected, without brackets around it; None where something else is."""
    start = site.start + len(site.selected) - len(site.selected.lstrip())
    end = site.end - (len(site.selected) - len(site.selected.rstrip()))
    node = site.tree.around(start, end)
    if (site.tree.start(node), site.tree.end(node)) != (start, end):
        return None
    while node.type == "parenthesized_expression" and len(node.named_children) == 1:
        node = node.named_children[0]
    if node.type not in evaluation.values or node.has_error or not _is_value_here(node, evaluation):
        return None
    return node


def _is_value_here(node: Node, evaluation: Evaluation) -> bool:
    """Whether it is one where it stands: the same node may be a target, a key, a type or the part of a text."""
    outer = node.parent
    if outer is None or any(around.type in evaluation.never_values for around in _up_to_statement(node, evaluation)):
        return False
    match outer.type:
        case "concatenated_string" | "jsx_element" | "jsx_fragment" | "jsx_expression" | "with_item" | "expression_statement":
            # A statement of its own has a value that nobody uses.
            return outer.type == "expression_statement" and node.type in ("call", "await")
        case "assignment" | "assignment_expression" | "augmented_assignment" | "augmented_assignment_expression" | "for_in_statement":
            return outer.child_by_field_name("left") != node
        case "for_statement" | "compound_assignment_expr" | "for_in_clause":
            return outer.child_by_field_name("left") != node
        case "export_statement":
            return outer.child_by_field_name("source") != node
        case (
            "tuple_pattern"
            | "list_pattern"
            | "list_splat_pattern"
            | "as_pattern_target"
            | "array_pattern"
            | "pair_pattern"
            | "rest_pattern"
        ):
            return False
        case "module" | "internal_module" | "field_declaration" | "import_spec":
            return False
        case "update_expression" | "delete_statement" | "decorator" | "defer_statement" | "go_statement" | "as_pattern_target":
            return False
        case "pattern_list" | "list_pattern" | "tuple_pattern" | "array_pattern" | "pair_pattern" | "rest_pattern" | "list_splat_pattern":
            return False
        case "tuple" | "list" if outer.parent is not None and outer.parent.type == "delete_statement":
            return False
        case "pair" | "keyed_element":
            return (outer.type == "pair" and outer.child_by_field_name("key") != node) or node.type not in _NAMES_OF_MEMBERS
        case "call" | "call_expression":
            # `sum(x for x in y)` has no brackets of its own, a tagged template is no text, and a method is called on something.
            is_method = outer.child_by_field_name("function") == node and node.type in ("member_expression", "subscript_expression")
            return not is_method and node.type not in ("generator_expression", "template_string")
        case "unary_expression":
            return not any(child.type in ("delete", "&") for child in outer.children)
        case "expression_list" if outer.parent is not None:
            return outer.parent.type != "delete_statement" and outer.parent.child_by_field_name("left") != outer
        case "interpolation":
            # f"{value=}" shows how the value is written.
            return not any(child.type == "=" for child in outer.children)
    return True


def _up_to_statement(node: Node, evaluation: Evaluation) -> Iterator[Node]:
    for outer in ancestors(node):
        if outer.type in evaluation.blocks:
            return
        yield outer


class _Place:
    """Where the variable goes, found out at once, so that a refusal is known before anybody asks."""

    def __init__(self, site: Site, node: Node, evaluation: Evaluation) -> None:
        self._site, self._node = site, node
        tree = site.tree
        literal = is_literal(node, evaluation)
        statement = _statement(node, evaluation) if literal else statement_of(node, evaluation)
        if statement is None:
            raise Refused(_why_no_statement(node, evaluation))
        self._statement = statement
        if why := why_not_before(tree, node, statement, evaluation):
            raise Refused(why)
        if why := _why_not_here(tree, node, statement):
            raise Refused(why)
        if tree.language in ("go", "rust") and not literal and (why := _why_no_copy(tree, node)):
            raise Refused(why)
        start = tree.start(statement)
        if site.text[site.text.rfind("\n", 0, start) + 1 : start].strip():
            raise Refused(gettext("The statement does not begin on a line of its own."))

    def change(self) -> Change:
        """Work out the edits: the new line, and the name in place of the expression."""
        site, tree, node = self._site, self._site.tree, self._node
        expression = tree.text_of(node)
        # Not of the expression: a default value lies in its function, and the variable before it.
        function = outermost_function(self._statement, len(tree.data))
        name = free_name(name_for(tree, node), tree.text_of(function or tree.root), tree.language)
        start = tree.start(self._statement)
        if node.parent is not None and node.parent.type == "expression_statement":
            return Change((Edit(start, start, f"{name} = "),))
        line = _declaration(name, expression, tree, node, site)
        line_start = site.text.rfind("\n", 0, start) + 1
        indentation = site.text[line_start:start]
        return Change((Edit(line_start, line_start, f"{indentation}{line}\n"), Edit(tree.start(node), tree.end(node), name)))


def _statement(node: Node, evaluation: Evaluation) -> Node | None:
    """The innermost statement that stands in a block, wherever in it the node is: good enough for what is always the same."""
    inner = node
    for outer in ancestors(node):
        # A case of a switch is a block and a part of a statement at once.
        if is_block(outer, evaluation) and inner not in outer.children_by_field_name("value"):
            return inner
        inner = outer
    return None


def _why_no_statement(node: Node, evaluation: Evaluation) -> str:
    within = {outer.type for outer in ancestors(node)}
    if within & {"lambda", "arrow_function", "closure_expression"}:
        return gettext("This is evaluated when the function is called, which has no place for a variable.")
    if within & {"class_body", "const_declaration", "var_declaration"} and "function" not in "".join(within):
        return gettext("There is no statement that the variable could stand before.")
    return gettext("There is no statement around it that the variable could stand before.")


def _why_not_here(tree: SyntaxTree, node: Node, statement: Node) -> str:
    if is_in_class_body(statement):
        return gettext("A variable here would be an attribute of the class.")
    if tree.language == "rust" and any(outer.type == "generic_type" for outer in ancestors(node)):
        return gettext("This is part of a type.")
    if statement.type in ("labeled_statement", "labeled_expression"):
        return gettext("The statement has a label, which would belong to the variable.")
    return ""


def _why_no_copy(tree: SyntaxTree, node: Node) -> str:
    """Why a variable would be something else than the expression, in languages where values are copied or moved."""
    outer = node.parent
    while outer is not None and outer.type == "parenthesized_expression":
        outer = outer.parent
    field = "operand" if tree.language == "go" else "value"
    is_on_it = outer is not None and (outer.child_by_field_name(field) == node or outer.named_children[:1] == [node])
    if outer is not None and outer.type in _TAKES_PLACE and is_on_it and (tree.language == "rust" or node.type in _PLACES):
        return gettext("What is done here is done to the thing itself; a variable would be another one.")
    if outer is not None and outer.type in ("call_expression", "generic_function") and outer.child_by_field_name("function") == node:
        return gettext("This is what is called; its value is what the call gives.")
    if tree.language == "go":
        return _why_not_one_value(tree, node)
    if GUARDS.search(tree.text_of(node)):
        return gettext("A variable may hold a lock for longer than the expression does.")
    return ""


def _why_not_one_value(tree: SyntaxTree, node: Node) -> str:
    """Why an expression of Go may not be one value: it may be several, a type, or nothing."""
    outer = node.parent
    listed = outer if outer is not None and outer.type == "expression_list" else None
    outer = listed.parent if listed is not None else outer
    if outer is None:
        return ""
    left = outer.child_by_field_name("left") or outer
    names = left.named_children if left.type == "expression_list" else outer.children_by_field_name("name")
    if listed is not None and len(listed.named_children) == 1 and sum(name.is_named for name in names) > 1:
        return gettext("This gives several values here.")
    if outer.type == "return_statement" and node.type == "call_expression" and listed is not None and len(listed.named_children) == 1:
        function = next(
            (
                each
                for each in ancestors(node)
                if (each.child_by_field_name("body") is not None and "func" in each.type) or each.type == "method_declaration"
            ),
            None,
        )
        result = function.child_by_field_name("result") if function is not None else None
        if result is not None and result.type == "parameter_list":
            return gettext("This gives several values here.")
    if outer.type == "argument_list" and node.type == "call_expression":
        called = node.child_by_field_name("function")
        if called is not None and len(outer.named_children) == 1 and _has_several_results(tree, called):
            return gettext("This gives several values here.")
    if any(child.type == "nil" for child in [node]):
        return gettext("This has no type of its own.")
    return ""


def _has_several_results(tree: SyntaxTree, called: Node) -> bool:
    name = tree.text_of(called).rpartition(".")[2]
    for function in (found for found in tree.root.named_children if found.type in ("function_declaration", "method_declaration")):
        named, result = function.child_by_field_name("name"), function.child_by_field_name("result")
        if named is not None and tree.text_of(named) == name and result is not None and result.type == "parameter_list":
            return len(result.named_children) > 1
    return False


def _declaration(name: str, expression: str, tree: SyntaxTree, node: Node, site: Site) -> str:
    match tree.language:
        case "python":
            return f"{name} = {expression}" if is_one_statement(expression) else f"{name} = ({expression})"
        case "go":
            is_constant = all(
                part.type.endswith(("literal", "literal_content", "escape_sequence")) for part in descendants(node) if part.is_named
            )
            return f"const {name} = {expression}" if is_constant and node.type != "composite_literal" else f"{name} := {expression}"
        case "rust":
            return f"let {name} = {expression};"
    return f"const {name} = {expression}" + (";" if ends_with_semicolons(site.text) else _semicolon_before(site, node))


def is_one_statement(expression: str) -> bool:
    """Whether an expression of Python, which goes on in further lines perhaps, needs no brackets around it."""
    if "\n" in expression:
        try:
            ast.parse(f"value = {expression}")
        except SyntaxError:
            return False
    return True


def ends_with_semicolons(text: str) -> bool:
    """Whether a file of JavaScript or TypeScript ends its statements so; a file that does not show it is taken for one that does."""
    lines = [line.rstrip() for line in text.split("\n", 2_000)[:2_000]]
    with_one = sum(line.endswith(";") for line in lines)
    without = sum(
        line.endswith((")", '"', "'", "`")) and not line.lstrip().startswith(("//", "*", "@", "if", "for", "while")) for line in lines
    )
    return with_one * 2 >= without


def _semicolon_before(site: Site, node: Node) -> str:
    """One where the next line would otherwise go on with the declaration."""
    statement = next((outer for outer in ancestors(node) if outer.type.endswith(("statement", "declaration"))), node)
    return ";" if site.text[site.tree.start(statement) :][:1] in tuple("([`+-/") else ""
