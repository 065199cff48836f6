"""Puts the value of a variable in its places and takes the variable away, where that is surely the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from recoder_lsp.features.actions.bindings import Binding, Bindings, Use, bindings_of, outermost_function
from recoder_lsp.features.actions.evaluation import (
    acts,
    evaluated_before,
    evaluation_of,
    is_literal,
    is_sure,
    looks,
    short,
    statement_of,
    what_forbids_swapping,
)
from recoder_lsp.features.actions.evaluations import Evaluation, types
from recoder_lsp.features.actions.inline_by_name import declaration_of, inlined, used_often
from recoder_lsp.features.actions.moving import line_start
from recoder_lsp.features.actions.naming import name_at
from recoder_lsp.features.actions.offering import Offer, Site
from recoder_lsp.features.edits import Change, Edit, Refused
from recoder_lsp.index.syntax.tree import Node, ancestors, descendants
from recoder_lsp.language import gettext

KIND = "refactor.inline.variable"

# What needs no brackets anywhere, and where nothing does.
_ATOMS = types("""
    identifier attribute call subscript string list dictionary set list_comprehension dictionary_comprehension set_comprehension
    parenthesized_expression true false none member_expression call_expression subscript_expression array template_string null
""")
_DELIMITED = types("""
    argument_list arguments assignment return_statement parenthesized_expression list array keyword_argument pair
    variable_declarator interpolation template_substitution jsx_expression assert_statement
""")
_IN_TEXT = re.compile(r"[\w.\[\]()+*/, -]+")
_LEAVES = (
    *("return_statement", "raise_statement", "throw_statement", "break_statement", "continue_statement", "with_statement", "for_statement"),
    *(
        "while_statement",
        "for_in_statement",
        "do_statement",
        "import_statement",
        "import_from_statement",
        "delete_statement",
        "try_statement",
    ),
)


def offers(site: Site) -> Iterator[Offer]:
    """Yield the one offer, where the caret is at a variable of a function; disabled, where its name is selected, with the reason."""
    evaluation = evaluation_of(site.tree)
    node = name_at(site)
    if evaluation is None or node is None:
        return
    if site.tree.language in ("go", "rust"):
        declared = declaration_of(site.tree, node)
        if declared is not None:
            yield from _offered(site, lambda: inlined(site, node, *declared))
        return
    function = outermost_function(node)
    bindings = bindings_of(site.tree, function) if function is not None else None
    binding = bindings.of(node) if bindings is not None else None
    if bindings is None or binding is None or binding.scope is bindings.top or not any(_declares(use) for use in binding.uses):
        return
    yield from _offered(site, lambda: _change(site, bindings, binding, evaluation))


def _offered(site: Site, work_out: Callable[[], Change]) -> Iterator[Offer]:
    title = gettext("Inline variable")
    try:
        change = work_out()
    except Refused as refused:
        if site.selected:
            yield Offer("inline.variable", title, KIND, disabled=str(refused))
        return
    yield Offer("inline.variable", title, KIND, lambda: change)


@dataclass(frozen=True)
class _Variable:
    """What is known of the variable when all of it can be judged."""

    binding: Binding
    declaration: Node
    value: Node


def _change(site: Site, bindings: Bindings, binding: Binding, evaluation: Evaluation) -> Change:
    variable = _variable(site, binding)
    for use in binding.reads:
        _require_sees_the_same(bindings, variable, use)
        _require_below(variable, use)
    if not is_literal(variable.value, evaluation) and not _is_steady_name(bindings, variable):
        _require_evaluated_once(site, bindings, variable, evaluation)
    start, end = line_start(site, site.tree.start(variable.declaration)), site.text.find("\n", site.tree.end(variable.declaration)) + 1
    around = site.text[start : site.tree.start(variable.declaration)] + site.text[site.tree.end(variable.declaration) : end or None]
    if around.strip():
        raise Refused(gettext("Other code, or a comment, stands on the line of the declaration."))
    edits = [Edit(site.tree.start(use.node), site.tree.end(use.node), _in_place(site, variable, use)) for use in binding.reads]
    return Change((Edit(start, end or len(site.text), ""), *edits))


def _variable(site: Site, binding: Binding) -> _Variable:
    """Find its only value."""
    name = binding.name
    if len(binding.writes) != 1 or any(use.how == "declaration" for use in binding.uses):
        raise Refused(gettext("`{name}` is given a value more than once.").format(name=name))
    if binding.scope.is_class:
        raise Refused(gettext("`{name}` is an attribute of the class.").format(name=name))
    if not binding.reads:
        raise Refused(gettext("`{name}` is used nowhere.").format(name=name))
    target = binding.writes[0].node
    assignment = target.parent
    value = assignment.child_by_field_name("right") or assignment.child_by_field_name("value") if assignment is not None else None
    declaration = assignment.parent if assignment is not None else None
    if value is None or assignment is None or declaration is None or value.type in ("assignment", "expression_list", "yield"):
        raise Refused(gettext("`{name}` gets its value together with others.").format(name=name))
    if len(declaration.named_children) != 1 or declaration.type not in (
        "expression_statement",
        "lexical_declaration",
        "variable_declaration",
    ):
        raise Refused(gettext("`{name}` gets its value together with others.").format(name=name))
    if declaration.parent is None or declaration.parent.type in ("for_statement", "export_statement"):
        raise Refused(gettext("`{name}` is declared as part of another statement.").format(name=name))
    if any(node.type in ("yield", "yield_expression") or node.has_error for node in descendants(value)):
        raise Refused(gettext("Its value is more than an expression."))
    return _Variable(binding, declaration, value)


def _declares(use: Use) -> bool:
    outer = use.node.parent
    return use.how == "assignment" and outer is not None and outer.type in ("assignment", "variable_declarator")


def _require_sees_the_same(bindings: Bindings, variable: _Variable, use: Use) -> None:
    """Refuse where a name of the value means something else in the place of a use."""
    for inside in bindings.within(variable.value.start_byte, variable.value.end_byte):
        if not _is_within(inside.scope.node, variable.value) and use.scope.find(inside.name) is not bindings.of_use(inside):
            raise Refused(gettext("`{name}` means something else where it is used.").format(name=inside.name))
    if any(node.type in ("this", "super") for node in descendants(variable.value)):
        around = next((outer for outer in ancestors(use.node) if outer.type in _OWN_THIS), None)
        if around != next((outer for outer in ancestors(variable.value) if outer.type in _OWN_THIS), None):
            raise Refused(gettext("`this` means something else where it is used."))


def _require_below(variable: _Variable, use: Use) -> None:
    """Refuse uses that the declaration is not surely run before."""
    block, node = variable.declaration.parent, use.node
    if node.start_byte < variable.declaration.end_byte or block is None or not _is_within(node, block):
        raise Refused(gettext("`{name}` is used where it may have no value, or that of another round.").format(name=variable.binding.name))
    if any(outer.type == "type_query" for outer in ancestors(node)):
        raise Refused(gettext("It is used in a type."))


def _is_steady_name(bindings: Bindings, variable: _Variable) -> bool:
    """Whether the value is another variable, which keeps its own."""
    other = bindings.of(variable.value) if variable.value.type == "identifier" else None
    if other is None or other.scope is bindings.top or other.scope.is_class or len(other.writes) != 1:
        return False
    in_functions = any(use.scope.function is not variable.binding.scope.function for use in [*variable.binding.uses, *other.uses])
    return not in_functions and other.writes[0].node.start_byte < variable.declaration.start_byte


def _require_evaluated_once(site: Site, bindings: Bindings, variable: _Variable, evaluation: Evaluation) -> None:
    """Refuse unless the value is evaluated once, where the variable is read, and nothing in between makes a difference."""
    binding, tree = variable.binding, site.tree
    if len(binding.reads) != 1:
        raise Refused(used_often(binding.name, len(binding.reads)))
    (use,) = binding.reads
    statement = statement_of(use.node, evaluation)
    if statement is None or statement.parent != variable.declaration.parent or not is_sure(use.node, statement, evaluation):
        raise Refused(gettext("It is used where its value would be evaluated only sometimes, or more than once."))
    between = list[Node]()
    node = variable.declaration.next_named_sibling
    while node is not None and node != statement:
        between += [] if node.is_extra else [node]
        node = node.next_named_sibling
    others = [*between, *evaluated_before(use.node, statement, evaluation)]
    conflict = what_forbids_swapping(tree, [variable.value], others, evaluation)
    if conflict is None and (acts(tree, variable.value, evaluation) is not None or looks(tree, variable.value, evaluation) is not None):
        conflict = next((part for other in between for part in descendants(other) if part.type in _LEAVES or _is_kept(part)), None)
    if conflict is not None:
        raise Refused(gettext("`{code}` is evaluated in between, which may make a difference.").format(code=short(tree.text_of(conflict))))
    for inside in bindings.within(variable.value.start_byte, variable.value.end_byte):
        for other in bindings.within(variable.declaration.end_byte, use.node.start_byte):
            if other.writes and other.name == inside.name and bindings.of_use(other) is bindings.of_use(inside):
                raise Refused(gettext("`{name}` is changed in between.").format(name=inside.name))


def _is_kept(node: Node) -> bool:
    """Whether a value is stored in something that others may look at."""
    left = node.child_by_field_name("left") if node.type == "assignment" else None
    return left is not None and left.type != "identifier"


def _in_place(site: Site, variable: _Variable, use: Use) -> str:
    """The value as it is written in place of a use: in brackets where it needs some."""
    text, outer, value = site.tree.text_of(variable.value), use.node.parent, variable.value
    if outer is None:
        return text
    if use.node.type == "shorthand_property_identifier":
        return f"{variable.binding.name}: {text}"
    if outer.type in ("interpolation", "format_expression"):
        shows_itself = any(child.type == "=" for child in outer.children)
        if shows_itself or not _IN_TEXT.fullmatch(text):
            raise Refused(gettext("It is used in a text, where its value cannot be written."))
    is_number = value.type in ("integer", "float", "number") and outer.type in ("attribute", "member_expression")
    is_constructor = outer.type == "new_expression" and outer.child_by_field_name("constructor") == use.node
    is_called = outer.child_by_field_name("function") == use.node and value.type not in ("identifier", "attribute", "member_expression")
    if is_number or is_constructor or (is_called and outer.type == "call_expression"):
        return f"({text})"
    if outer.child_by_field_name("function") == use.node and value.type == "member_expression":
        # `this` would be what stands before the dot.
        raise Refused(gettext("Calling it by its value would call it on something."))
    is_delimited = outer.type in _DELIMITED and outer.child_by_field_name("left") != use.node
    if value.type in _ATOMS or (is_delimited and "\n" not in text) or _is_plain_number(value):
        return text
    return f"({text})"


def _is_plain_number(value: Node) -> bool:
    return value.type in ("integer", "float", "number")


def _is_within(node: Node, outer: Node) -> bool:
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte


_OWN_THIS = ("function_declaration", "function_expression", "method_definition", "generator_function", "class_body", "program")
