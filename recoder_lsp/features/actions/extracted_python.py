"""An extracted function as Python writes it: above what it is taken from, or as a method below it."""

from __future__ import annotations

from recoder_lsp.features.actions.bindings import Binding, Bindings, bindings_of
from recoder_lsp.features.actions.extract_variable import is_one_statement
from recoder_lsp.features.actions.extracting import Extraction
from recoder_lsp.features.actions.moving import line_start, moved
from recoder_lsp.features.actions.naming import free_name, name_for
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.edits import Change, Edit, Refused
from recoder_lsp.index.syntax.tree import Node, ancestors, top_statement
from recoder_lsp.language import gettext

# Others are parameters of functions that only stand in a class.
_OWN = ("self", "cls", "mcs", "mcls", "metacls")
_IMPLICIT_CLASS_METHODS = ("__new__", "__init_subclass__", "__class_getitem__")


def change_of_python(site: Site, extraction: Extraction) -> Change:
    """Return the edits: the function, and its call in place of what was selected.

    Raises:
        Refused: It needs what only code of a class may use.
    """
    part, function, tree = extraction.part, extraction.function, site.tree
    own = _own_object(site, extraction)
    if own is None and function is not None and _needs_class(extraction):
        raise Refused(gettext("It uses names that only methods of the class can use."))
    name = free_name(_wished(site, extraction, own is not None), site.text, "python", as_attribute=own is not None)
    taken = [binding for binding in extraction.taken if binding is not own]
    given = [binding.name for binding in extraction.given]
    call = f"{f'{own.name}.' if own else ''}{name}({', '.join(binding.name for binding in taken)})"
    call = f"await {call}" if extraction.awaits else call
    outer = _definition_around(function) if function is not None else top_statement(part.nodes[0])
    base = site.indentation_at(tree.start(outer)) if own else ""
    inner = base + site.indentation
    if part.is_expression:
        expression = tree.text_of(part.nodes[0])
        lines = [f"{inner}return {expression if is_one_statement(expression) else f'({expression})'}"]
        call = f"({call})" if extraction.awaits else call
        place = Edit(tree.start(part.nodes[0]), tree.end(part.nodes[-1]), call)
    else:
        lines = [moved(site, part.nodes, inner), *([f"{inner}return {', '.join(given)}"] if given else [])]
        call = f"return {call}" if extraction.returns else f"{', '.join(given)} = {call}" if given else call
        place = Edit(tree.start(part.nodes[0]), tree.end(part.nodes[-1]), call)
    parameters = ", ".join([*([own.name] if own else []), *(_parameter(site, binding, function) for binding in taken)])
    head = f"{'async ' if extraction.awaits else ''}def {name}({parameters}){_result(site, extraction)}:"
    decorator = [f"{base}@classmethod"] if own and _takes_class(site, function, own) else []
    text = "\n".join([*decorator, base + head, *lines])
    if own:
        end = tree.end(outer)
        return Change((place, Edit(end, end, f"\n\n{text}")))
    start = line_start(site, tree.start(_with_comments(top_statement(outer))))
    above = site.text[:start].rstrip(" \t\r\n")
    n_blank_lines = site.text.count("\n", len(above), start) - 1
    return Change((Edit(start, start, "\n" * (2 - n_blank_lines if above else 0) + f"{text}\n\n\n"), place))


def _own_object(site: Site, extraction: Extraction) -> Binding | None:
    """`self` or `cls`, where the function is a method and what is extracted uses it."""
    function = extraction.function
    if function is None or (block := _definition_around(function).parent) is None or block.parent is None:
        return None
    if block.parent.type != "class_definition" or "staticmethod" in _decorators(site, function):
        return None
    bindings = bindings_of(site.tree, function)
    parameters = function.child_by_field_name("parameters")
    if bindings is None or parameters is None or not parameters.named_children or parameters.named_children[0].type != "identifier":
        return None
    own = next((each for each in extraction.taken if each.is_parameter and each.uses[0].node == parameters.named_children[0]), None)
    return own if own is not None and own.name in _OWN and len(own.writes) == 1 else None


def _takes_class(site: Site, function: Node | None, own: Binding) -> bool:
    """Whether a method gets the class and not an object of it.

    Raises:
        Refused: A decorator may make it one that does.
    """
    name = function.child_by_field_name("name") if function is not None else None
    decorators = _decorators(site, function)
    if "classmethod" in decorators or (name is not None and site.tree.text_of(name) in _IMPLICIT_CLASS_METHODS):
        return True
    if own.name == "cls" and decorators:
        raise Refused(gettext("What the method is called on is up to its decorators."))
    return False


def _needs_class(extraction: Extraction) -> bool:
    """Whether it uses `super()` or names with two underscores, which mean something in a class only."""
    for node in extraction.part.own():
        text = extraction.part.tree.text_of(node) if node.type == "identifier" else ""
        if text in ("super", "__class__") or (text.startswith("__") and not text.endswith("__")):
            return True
    return False


def _wished(site: Site, extraction: Extraction, is_method: bool) -> str:
    wished = "extracted"
    if extraction.part.is_expression:
        wished = name_for(site.tree, extraction.part.nodes[0], "extracted")
    elif len(extraction.given) == 1:
        wished = f"get_{extraction.given[0].name.lstrip('_')}"
    return f"_{wished}" if is_method or site.text.find("\ndef _") >= 0 else wished


def _parameter(site: Site, binding: Binding, function: Node | None) -> str:
    """With its type, where that is written down and known outside of the function."""
    written = _written_type(site, binding)
    bindings = bindings_of(site.tree, function) if function is not None else None
    if written is None or bindings is None or _names_of_function(site, bindings, written):
        return binding.name
    return f"{binding.name}: {site.tree.text_of(written)}"


def _written_type(site: Site, binding: Binding) -> Node | None:
    for use in binding.uses:
        outer = use.node.parent
        if outer is not None and outer.type in ("typed_parameter", "typed_default_parameter", "assignment"):
            if outer.type == "assignment" and outer.child_by_field_name("left") != use.node:
                continue
            if (written := outer.child_by_field_name("type")) is not None:
                return written
    return None


def _names_of_function(site: Site, bindings: Bindings, written: Node) -> bool:
    inside = bindings.within(written.start_byte, written.end_byte)
    return any((binding := bindings.of_use(use)) is not None and binding.scope is not bindings.top for use in inside)


def _result(site: Site, extraction: Extraction) -> str:
    """The type of what it gives, where it is surely known: in functions that say theirs."""
    function = extraction.function
    written = function.child_by_field_name("return_type") if function is not None else None
    if written is None or extraction.part.is_expression or extraction.given:
        return ""
    is_inner = any(outer == function for outer in ancestors(extraction.part.nodes[0]) if outer.type == "function_definition")
    if extraction.returns:
        around = next((outer for outer in ancestors(extraction.part.nodes[0]) if outer.type == "function_definition"), None)
        return f" -> {site.tree.text_of(written)}" if around == function else ""
    return " -> None" if is_inner else ""


def _decorators(site: Site, function: Node | None) -> str:
    outer = function.parent if function is not None else None
    if outer is None or outer.type != "decorated_definition":
        return ""
    return " ".join(site.tree.text_of(child) for child in outer.named_children if child.type == "decorator")


def _definition_around(function: Node) -> Node:
    """The function with its decorators."""
    outer = function.parent
    return outer if outer is not None and outer.type == "decorated_definition" else function


def _with_comments(node: Node) -> Node:
    """The first of the comments that stand directly above, or the node."""
    first, before = node, node.prev_sibling
    while before is not None and before.type == "comment" and before.end_point[0] == first.start_point[0] - 1 and not before.start_point[1]:
        first, before = before, before.prev_sibling
    return first
