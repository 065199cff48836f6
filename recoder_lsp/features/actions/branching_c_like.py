"""Distinctions of cases by `switch`: in JavaScript and TypeScript over enums and unions, in Go over constants of one type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from recoder_lsp.features.actions.bindings import bindings_of, outermost_function
from recoder_lsp.features.actions.branching import Distinction, Member, line_of
from recoder_lsp.features.actions.extract_variable import ends_with_semicolons
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, descendants

_GIVES_UP = re.compile(r"(?:throw\b|return assertNever|assertNever|panic\(|const \w+: never)")


def distinction_in_typescript(site: Site, node: Node) -> Distinction | None:
    """Return what a switch distinguishes; None where that is no enum and no union of texts."""
    tree, body = site.tree, node.child_by_field_name("body")
    cases = [child for child in body.named_children if child.type in ("switch_case", "switch_default")] if body is not None else []
    prefixes, handled = set[str](), set[str]()
    for case in cases:
        value = case.child_by_field_name("value")
        if value is None:
            continue
        if value.type == "member_expression":
            prefix, _, name = tree.text_of(value).rpartition(".")
        elif value.type == "string":
            prefix, name = "", _plain(tree.text_of(value))
        else:
            return None
        prefixes.add(prefix)
        handled.add(name)
    place = _place(site, cases, body)
    if len(prefixes) != 1 or place is None:
        return None
    (prefix,) = prefixes
    at, is_before_default = place
    indentation = site.indentation_at(tree.start(cases[0]))
    semicolon = ";" if ends_with_semicolons(site.text) else ""
    last = [case for case in cases if case.type == "switch_case"][-1]
    if not _jumps(last) and is_before_default:
        return None
    # Otherwise the last branch would go on with the first new one.
    stop = "" if _jumps(last) else f"\n{indentation}{site.indentation}break{semicolon}"
    quote = "'" if "'" in "".join(tree.text_of(each) for each in cases[:1])[:8] else '"'

    def branch(member: Member) -> str:
        value = f"{prefix}.{member.name}" if prefix else f"{quote}{member.name}{quote}"
        said = f"Not implemented: {prefix + '.' if prefix else ''}{member.name}"
        throw = f"{indentation}{site.indentation}throw new Error({quote}{said}{quote}){semicolon}"
        lines = f"{indentation}case {value}:\n{throw}"
        return f"{lines}\n" if is_before_default else f"\n{lines}"

    value = node.child_by_field_name("value")
    subject = value.named_children[0] if value is not None and value.named_children else None
    return Distinction(prefix, frozenset(handled), at, branch, stop, subject)


def members_in_typescript(tree: SyntaxTree, found: Distinction) -> Sequence[Member] | None:
    """Return the members of an enum of the document, or of the union that is the type of what is distinguished."""
    if not found.type_name:
        return [Member(_plain(text)) for text in _union_of(tree, found.subject)]
    for node in descendants(tree.root):
        name = node.child_by_field_name("name") if node.type == "enum_declaration" else None
        if name is not None and tree.text_of(name) == found.type_name:
            body = node.child_by_field_name("body")
            return (
                [Member(tree.text_of(_name_of(each))) for each in body.named_children if each.type != "comment"] if body is not None else ()
            )
    return None


def distinction_in_go(site: Site, node: Node) -> Distinction | None:
    """Return what a switch distinguishes; None where that are no constants of a type of the file."""
    tree = site.tree
    cases = [child for child in node.named_children if child.type in ("expression_case", "default_case")]
    values = [child for case in cases for each in case.children_by_field_name("value") for child in each.named_children]
    if not values or any(value.type != "identifier" for value in values):
        return None
    handled = frozenset(tree.text_of(value) for value in values)
    kinds = {kind for name, kind in _constants(tree) if name in handled}
    place = _place(site, cases, node)
    if len(kinds) != 1 or place is None:
        return None
    at, is_before_default = place
    indentation = site.indentation_at(tree.start(cases[0]))

    def branch(member: Member) -> str:
        lines = f'{indentation}case {member.name}:\n{indentation}{site.indentation}panic("not implemented: {member.name}")'
        return f"{lines}\n" if is_before_default else f"\n{lines}"

    return Distinction(kinds.pop(), handled, at, branch, subject=node.child_by_field_name("value"))


def members_in_go(tree: SyntaxTree, found: Distinction) -> Sequence[Member] | None:
    """Return the constants of the type."""
    return [Member(name) for name, kind in _constants(tree) if kind == found.type_name]


def _place(site: Site, cases: Sequence[Node], body: Node | None) -> tuple[int, bool] | None:
    """Where branches go, and whether that is before the one for everything else; None where that one does something."""
    if not cases or body is None or any(line_of(site, case) is None for case in cases):
        return None
    default = next((case for case in cases if case.type in ("switch_default", "default_case")), None)
    if default is None:
        # Behind what the last branch does, also where a comment ends it.
        last = [child for child in body.named_children if child.start_byte >= cases[-1].start_byte][-1]
        return site.tree.start(last) + len(site.tree.text_of(last).rstrip()), False
    written = site.tree.text_of(default).partition(":")[2].strip().lstrip("{ \n\t")
    at = line_of(site, default)
    return (at, True) if default == cases[-1] and at is not None and _GIVES_UP.match(written) else None


def _jumps(case: Node) -> bool:
    """Whether a branch surely ends the switch."""
    statements = [child for child in case.children_by_field_name("body") if child.is_named]
    while statements and statements[-1].type == "statement_block":
        statements = [child for child in statements[-1].named_children if not child.is_extra]
    return bool(statements) and statements[-1].type in ("break_statement", "return_statement", "throw_statement", "continue_statement")


def _union_of(tree: SyntaxTree, subject: Node | None) -> list[str]:
    """The texts that something may be by its declared type; of `shape.kind` those of all that `shape` may be."""
    node, field = subject, ""
    if subject is not None and subject.type == "member_expression":
        property_ = subject.child_by_field_name("property")
        node, field = subject.child_by_field_name("object"), tree.text_of(property_) if property_ is not None else ""
    function = outermost_function(node) if node is not None else None
    bindings = bindings_of(tree, function or tree.root) if node is not None else None
    binding = bindings.of(node) if bindings is not None and node is not None else None
    outer = binding.uses[0].node.parent if binding is not None else None
    annotation = outer.child_by_field_name("type") if outer is not None else None
    if annotation is None or not annotation.named_children:
        return []
    types = _parts_of_union(tree, annotation.named_children[0])
    if field:
        types = [part for each in types for part in _field_of(tree, each, field)]
    texts = [tree.text_of(each) for each in types if each.type == "literal_type"]
    return texts if len(texts) == len(types) and all(text[:1] in "\"'" for text in texts) else []


def _parts_of_union(tree: SyntaxTree, node: Node) -> list[Node]:
    """What a type may be, names of the file followed."""
    found, waiting, seen = list[Node](), [node], set[str]()
    while waiting:
        each = waiting.pop(0)
        if each.type in ("union_type", "parenthesized_type"):
            waiting = [*each.named_children, *waiting]
            continue
        name = tree.text_of(each) if each.type == "type_identifier" else ""
        declared = _declared(tree, name, "type_alias_declaration") if name and name not in seen else None
        value = declared.child_by_field_name("value") if declared is not None else None
        if value is not None:
            seen.add(name)
            waiting.insert(0, value)
        else:
            found.append(each)
    return found


def _field_of(tree: SyntaxTree, node: Node, field: str) -> list[Node]:
    """What a field of an object type, or of an interface of the file, may be."""
    declared = _declared(tree, tree.text_of(node), "interface_declaration") if node.type == "type_identifier" else node
    body = (declared.child_by_field_name("body") or declared) if declared is not None else None
    for each in body.named_children if body is not None else ():
        name, annotation = each.child_by_field_name("name"), each.child_by_field_name("type")
        if each.type == "property_signature" and name is not None and tree.text_of(name) == field and annotation is not None:
            return _parts_of_union(tree, annotation.named_children[0])
    return [node]


def _declared(tree: SyntaxTree, name: str, kind: str) -> Node | None:
    for statement in tree.root.named_children:
        declared = statement.child_by_field_name("declaration") if statement.type == "export_statement" else statement
        named = declared.child_by_field_name("name") if declared is not None and declared.type == kind else None
        if named is not None and tree.text_of(named) == name:
            return declared
    return None


def _constants(tree: SyntaxTree) -> Iterator[tuple[str, str]]:
    """(name, type) of the constants of a Go file; those without a type of their own in a row take that of the one above."""
    for declaration in (each for each in tree.root.named_children if each.type == "const_declaration"):
        kind = ""
        for spec in (each for each in declaration.named_children if each.type == "const_spec"):
            written, value = spec.child_by_field_name("type"), spec.child_by_field_name("value")
            if written is not None:
                kind = tree.text_of(written)
            elif value is not None:
                kind = ""
            names = [name for name in spec.children_by_field_name("name") if name.is_named]
            if kind:
                yield from ((tree.text_of(name), kind) for name in names if tree.text_of(name) != "_")


def _name_of(member: Node) -> Node:
    return member.child_by_field_name("name") or member


def _plain(text: str) -> str:
    return text[1:-1]
