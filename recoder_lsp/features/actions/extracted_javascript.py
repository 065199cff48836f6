"""An extracted function as JavaScript and TypeScript write it: below what it is taken from, as a method, or inside of the function."""

from __future__ import annotations

import re
from itertools import takewhile

from recoder_lsp.features.actions.bindings import Binding, bindings_of, is_declared_by
from recoder_lsp.features.actions.evaluation import evaluation_of, statement_of
from recoder_lsp.features.actions.extract_variable import ends_with_semicolons
from recoder_lsp.features.actions.extracting import Extraction, Part
from recoder_lsp.features.actions.moving import line_start, moved
from recoder_lsp.features.actions.naming import free_name, name_for
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.edits import Change, Edit, Refused
from recoder_lsp.index.syntax.tree import Node, ancestors, top_statement
from recoder_lsp.language import gettext

_OWN = ("this", "super", "private_property_identifier")
_LITERALS = {"number": "number", "string": "string", "template_string": "string", "true": "boolean", "false": "boolean"}


def require_no_constructor(part: Part) -> None:
    """Refuse what only a constructor can do itself, not a function in it either: in TypeScript to give properties their values."""
    for node in part.own(into_arrows=True):
        called, left = node.child_by_field_name("function"), node.child_by_field_name("left")
        if called is not None and called.type == "super":
            raise Refused(gettext("Only a constructor can call the one of its superclass."))
        of = left.child_by_field_name("object") if left is not None and node.type == "assignment_expression" else None
        if part.tree.language.startswith("typescript") and of is not None and of.type == "this" and _is_in_constructor(part):
            raise Refused(gettext("A constructor has to give the properties their values itself."))


def change_of_javascript(site: Site, extraction: Extraction) -> Change:
    """Return the edits: a function of the module, or a method where `this` is used, and the call.

    Raises:
        Refused: It needs what only the function around it has, or types that are written down nowhere.
    """
    tree, part = site.tree, extraction.part
    own = list(part.own(into_arrows=True))
    if any(node.type == "meta_property" or (node.type == "identifier" and tree.text_of(node) == "arguments") for node in own):
        raise Refused(gettext("It uses the arguments of the function around it."))
    method = _method_around(part.nodes[0]) if any(node.type in _OWN for node in own) else None
    if method is None and any(node.type in _OWN for node in own):
        raise Refused(gettext("`this` means something else in another function."))
    anchor = method or top_statement(part.nodes[-1])
    base = site.indentation_at(tree.start(anchor)) if method else ""
    parameters = ", ".join(f"{binding.name}{_type_of(site, binding)}" for binding in extraction.taken)
    static = "static " if method is not None and any(child.type == "static" for child in method.children) else ""
    is_async = "async " if extraction.awaits else ""
    name = free_name(_wished(site, extraction), site.text, tree.language, as_attribute=method is not None)
    head = f"{static}{is_async}{name}({parameters}) {{" if method else f"{is_async}function {name}({parameters}) {{"
    text = "\n".join([base + head, *_body(site, extraction, base + site.indentation), base + "}"])
    arguments = ", ".join(binding.name for binding in extraction.taken)
    call = _call(site, extraction, f"{'this.' if method else ''}{name}({arguments})")
    end = tree.end(anchor)
    is_apart = site.text[end:].replace("\r", "").startswith("\n\n") or not site.text[end:].strip() or method is not None
    below = Edit(end, end, f"\n\n{text}" + ("" if is_apart else "\n"))
    return Change((Edit(tree.start(part.nodes[0]), tree.end(part.nodes[-1]), call), below))


def change_within(site: Site, extraction: Extraction) -> Change:
    """Return the edits that put the function, an arrow, before the statement: it uses the variables that are there.

    Raises:
        Refused: There is no place for it.
    """
    tree, part, evaluation = site.tree, extraction.part, evaluation_of(site.tree)
    statement = statement_of(part.nodes[0], evaluation) if part.is_expression and evaluation is not None else part.nodes[0]
    start = tree.start(statement) if statement is not None else 0
    if statement is None or extraction.function is None or site.text[line_start(site, start) : start].strip():
        raise Refused(gettext("It uses variables that another function does not have."))
    _require_known_before(statement, extraction)
    indentation = site.indentation_at(start)
    name = free_name(_wished(site, extraction), site.text, tree.language)
    semicolon = ";" if ends_with_semicolons(site.text) else ""
    head = f"{indentation}const {name} = {'async ' if extraction.awaits else ''}() => {{"
    text = "\n".join([head, *_body(site, extraction, indentation + site.indentation), f"{indentation}}}{semicolon}"])
    at = line_start(site, start)
    call = _call(site, extraction, f"{name}()")
    return Change((Edit(at, at, f"{text}\n"), Edit(tree.start(part.nodes[0]), tree.end(part.nodes[-1]), call)))


def _require_known_before(statement: Node, extraction: Extraction) -> None:
    """Refuse what a function before the statement does not see: parameters of functions in it, and what loops and classes have."""
    part, function = extraction.part, extraction.function
    around = list(takewhile(lambda outer: outer != statement.parent, ancestors(part.nodes[0])))
    if any(outer.type == "class_body" for outer in around):
        raise Refused(gettext("It uses variables that another function does not have."))
    bindings = bindings_of(part.tree, function) if function is not None else None
    for binding in bindings.used_within(part.start, part.end) if bindings is not None else ():
        if any(outer == binding.scope.node for outer in around):
            raise Refused(gettext("A function before the statement does not see `{name}`.").format(name=binding.name))


def _body(site: Site, extraction: Extraction, indentation: str) -> list[str]:
    tree, part = site.tree, extraction.part
    semicolon = ";" if ends_with_semicolons(site.text) else ""
    if part.is_expression:
        expression = tree.text_of(part.nodes[0])
        return [f"{indentation}return ({expression}){semicolon}" if "\n" in expression else f"{indentation}return {expression}{semicolon}"]
    blank = [f"{indentation}let {binding.name}{_type_of(site, binding)}{semicolon}" for binding in extraction.blank]
    given = [binding.name for binding in extraction.given]
    many = f"{{ {', '.join(given)} }}" if _declared_here(extraction) else f"[{', '.join(given)}]"
    result = [f"{indentation}return {given[0] if len(given) == 1 else many}{semicolon}"] if given else []
    return [*blank, moved(site, part.nodes, indentation), *result]


def _call(site: Site, extraction: Extraction, call: str) -> str:
    """What stands in place of the code."""
    call = f"await {call}" if extraction.awaits else call
    if extraction.part.is_expression:
        return f"({call})" if extraction.awaits else call
    semicolon = ";" if ends_with_semicolons(site.text) else ""
    given = [binding.name for binding in extraction.given]
    if extraction.returns:
        return f"return {call}{semicolon}"
    if not given:
        return call + semicolon
    declared = _declared_here(extraction)
    if declared not in (0, len(given)):
        raise Refused(gettext("It declares variables and changes others, all of which are used afterwards."))
    if not declared:
        target = given[0] if len(given) == 1 else f"[{', '.join(given)}]"
        return f"{';' if len(given) > 1 and not semicolon else ''}{target} = {call}{semicolon}"
    kinds = {_kind_of(binding, extraction) for binding in extraction.given}
    if not kinds <= {"const", "let", "var"} or ("var" in kinds and len(kinds) > 1):
        raise Refused(gettext("A function or class that is declared here is used elsewhere."))
    kind = kinds.pop() if len(kinds) == 1 else "let"
    target = given[0] if len(given) == 1 else f"{{ {', '.join(given)} }}"
    return f"{kind} {target} = {call}{semicolon}"


def _declared_here(extraction: Extraction) -> int:
    """How many of the results are declared in the part."""
    return sum(bool(_kind_of(binding, extraction)) for binding in extraction.given)


def _kind_of(binding: Binding, extraction: Extraction) -> str:
    """How the part declares a variable: "const", "let", "var", something else; "" where it does not."""
    for use in binding.uses:
        if use.writes and extraction.part.holds(use.node):
            for outer in ancestors(use.node):
                if outer.type == "variable_declarator" and not is_declared_by(outer, use.node):
                    # In the value of another variable.
                    break
                if outer.type in ("lexical_declaration", "variable_declaration"):
                    changes = any(each.writes and not extraction.part.holds(each.node) for each in binding.uses)
                    kind = outer.children[0].type
                    return kind if kind != "let" or changes else "const"
                if outer.type.endswith("_declaration"):
                    return outer.type
                if outer.type in ("expression_statement", "statement_block"):
                    break
    return ""


def _type_of(site: Site, binding: Binding) -> str:
    """ ": string" for TypeScript, as it is written down or plain from the value; "" for JavaScript.

    Raises:
        Refused: It is neither.
    """
    if not site.tree.language.startswith("typescript"):
        return ""
    for use in binding.uses:
        outer = use.node.parent
        if outer is None or outer.type not in ("required_parameter", "optional_parameter", "variable_declarator"):
            continue
        annotation, value = outer.child_by_field_name("type"), outer.child_by_field_name("value")
        if annotation is not None:
            written = site.tree.text_of(annotation)
            if _is_known_outside(site, use.node, written):
                return written + (" | undefined" if outer.type == "optional_parameter" else "")
        if value is not None and value.type in _LITERALS and outer.type != "optional_parameter":
            return f": {_LITERALS[value.type]}"
    raise Refused(gettext("The type of `{name}` is written down nowhere.").format(name=binding.name))


def _is_known_outside(site: Site, node: Node, written: str) -> bool:
    """Whether a type uses no parameters of the functions and classes around it, and no variables."""
    parameters = [each for outer in ancestors(node) for each in outer.named_children if each.type == "type_parameters"]
    names = {site.tree.text_of(name) for each in parameters for child in each.named_children for name in child.named_children[:1]}
    return not names & set(re.findall(r"[\w$]+", written)) and "typeof" not in written and "this" not in written


def _wished(site: Site, extraction: Extraction) -> str:
    if extraction.part.is_expression:
        return name_for(site.tree, extraction.part.nodes[0], "extracted")
    if len(extraction.given) == 1:
        name = extraction.given[0].name.lstrip("_$")
        return f"get{name[:1].upper()}{name[1:]}"
    return "extracted"


def _method_around(node: Node) -> Node | None:
    """The method whose `this` it is: only arrow functions stand in between."""
    for outer in ancestors(node):
        if outer.type == "method_definition":
            return outer if outer.parent is not None and outer.parent.type == "class_body" else None
        if outer.type in (
            "function_declaration",
            "function_expression",
            "generator_function",
            "class_static_block",
            "public_field_definition",
        ):
            return None
    return None


def _is_in_constructor(part: Part) -> bool:
    method = _method_around(part.nodes[0])
    named = method.child_by_field_name("name") if method is not None else None
    return named is not None and part.tree.text_of(named) == "constructor"
