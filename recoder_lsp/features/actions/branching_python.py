"""Distinctions of cases in Python: `match`, and chains of `if` and `elif`, over enums and literals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recoder_lsp.features.actions.bindings import bindings_of, outermost_function
from recoder_lsp.features.actions.branching import Distinction, Member, line_of
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, descendants

_ENUMS = ("Enum", "StrEnum", "IntEnum", "Flag", "IntFlag", "ReprEnum")


def distinction_in_python(site: Site, node: Node) -> Distinction | None:
    """Return what a `match` or an `if` with `elif` distinguishes; None where that is nothing of a kind with members."""
    return _of_match(site, node) if node.type == "match_statement" else _of_ifs(site, node)


def members_in_python(tree: SyntaxTree, found: Distinction) -> Sequence[Member] | None:
    """Return the members that the document itself tells; None where it does not."""
    if not found.type_name:
        return _literals(tree, found.subject)
    name = found.type_name.rpartition(".")[2]
    for node in descendants(tree.root):
        if node.type == "class_definition" and _text(tree, node.child_by_field_name("name")) == name:
            bases = node.child_by_field_name("superclasses")
            if bases is None or not any(tree.text_of(base).rpartition(".")[2] in _ENUMS for base in bases.named_children):
                return ()
            return [Member(each) for each in _members_of(tree, node)]
    return None


def _of_match(site: Site, node: Node) -> Distinction | None:
    tree, body = site.tree, node.child_by_field_name("body")
    cases = [child for child in body.named_children if child.type == "case_clause"] if body is not None else []
    handled, prefixes, default = set[str](), set[str](), None
    for case in cases:
        patterns = [child for child in case.named_children if child.type == "case_pattern"]
        if len(patterns) != 1:
            return None
        values = list(_values(tree, patterns[0]))
        if not values or None in values:
            if case != cases[-1] or not _only_raises(tree, case) or case.child_by_field_name("guard") is not None:
                return None
            default = case
            continue
        for prefix, name in (value for value in values if value is not None):
            prefixes.add(prefix)
            if case.child_by_field_name("guard") is None:
                handled.add(name)
    if len(prefixes) != 1 or _goes_on_for_others(node, [case.child_by_field_name("consequence") for case in cases]):
        return None
    (prefix,) = prefixes
    before = default or node
    at = line_of(site, default) if default is not None else site.tree.end(node)
    if at is None or line_of(site, cases[0]) is None:
        return None
    indentation = site.indentation_at(tree.start(cases[0]))
    return _distinction(site, prefix, handled, at, f"{indentation}case {{}}:", before is default, node.child_by_field_name("subject"))


def _of_ifs(site: Site, node: Node) -> Distinction | None:
    tree = site.tree
    clauses = list(node.children_by_field_name("alternative"))
    conditions = [
        node.child_by_field_name("condition"),
        *(each.child_by_field_name("condition") for each in clauses if each.type == "elif_clause"),
    ]
    default = next((each for each in clauses if each.type == "else_clause"), None)
    if len(conditions) < 2 or (default is not None and not _only_raises(tree, default)):
        return None
    tests = [_test(tree, condition) for condition in conditions]
    if len({(test[0], test[1], test[2]) for test in tests if test is not None}) != 1 or None in tests or tests[0] is None:
        return None
    if _goes_on_for_others(node, [node.child_by_field_name("consequence"), *(each.child_by_field_name("consequence") for each in clauses)]):
        return None
    subject, operator, prefix, _ = tests[0]
    at = line_of(site, default) if default is not None else tree.end(node)
    if at is None:
        return None
    form = f"{site.indentation_at(tree.start(node))}elif {subject} {operator} {{}}:"
    left = conditions[0].named_children[0] if conditions[0] is not None else None
    return _distinction(site, prefix, {test[3] for test in tests if test is not None}, at, form, default is not None, left)


def _distinction(site: Site, prefix: str, handled: set[str], at: int, form: str, has_default: bool, subject: Node | None) -> Distinction:
    inner = form[: len(form) - len(form.lstrip())] + site.indentation

    def branch(member: Member) -> str:
        value = f"{prefix}.{member.name}" if prefix else member.name
        said = f'"{value}"' if prefix else f"{value}"
        lines = f"{form.format(value)}\n{inner}raise NotImplementedError({said})"
        return f"{lines}\n" if has_default else f"\n{lines}"

    return Distinction(prefix.rpartition(".")[2], frozenset(handled), at, branch, subject=subject)


def _values(tree: SyntaxTree, pattern: Node) -> Iterator[tuple[str, str] | None]:
    """(what it belongs to, name) of each value that a pattern matches; None for what is no such value."""
    waiting = list(pattern.named_children)
    while waiting:
        node = waiting.pop(0)
        if node.type == "union_pattern":
            waiting += node.named_children
        elif node.type == "dotted_name" and len(node.named_children) > 1:
            before, _, name = tree.text_of(node).rpartition(".")
            yield before, name
        elif node.type == "string":
            yield "", tree.text_of(node)
        else:
            yield None


def _test(tree: SyntaxTree, condition: Node | None) -> tuple[str, str, str, str] | None:
    """(subject, operator, what the value belongs to, its name) of a comparison."""
    if condition is None or condition.type != "comparison_operator" or len(condition.named_children) != 2:
        return None
    left, right = condition.named_children
    operator = next((child.type for child in condition.children if not child.is_named), "")
    if operator not in ("==", "is") or left.type not in ("identifier", "attribute"):
        return None
    if right.type == "attribute":
        before, _, name = tree.text_of(right).rpartition(".")
        return tree.text_of(left), operator, before, name
    return (tree.text_of(left), operator, "", tree.text_of(right)) if right.type == "string" else None


def _only_raises(tree: SyntaxTree, clause: Node) -> bool:
    """Whether a branch for everything else just says that there is nothing else."""
    block = clause.child_by_field_name("consequence") or clause.child_by_field_name("body")
    statements = [child for child in block.named_children if not child.is_extra] if block is not None else []
    if len(statements) != 1:
        return False
    return statements[0].type in ("raise_statement", "assert_statement") or "assert_never" in tree.text_of(statements[0])


def _goes_on_for_others(node: Node, blocks: Sequence[Node | None]) -> bool:
    """Whether all branches leave, so that what stands below is the branch for everything else."""
    leave = ("return_statement", "raise_statement", "continue_statement", "break_statement")
    ends = [block.named_children[-1].type if block is not None and block.named_children else "" for block in blocks]
    below = node.next_named_sibling
    return below is not None and not below.is_extra and all(end in leave for end in ends)


def _members_of(tree: SyntaxTree, enum: Node) -> Iterator[str]:
    body = enum.child_by_field_name("body")
    for statement in body.named_children if body is not None else ():
        assignment = statement.named_children[0] if statement.type == "expression_statement" and statement.named_children else None
        left = assignment.child_by_field_name("left") if assignment is not None and assignment.type == "assignment" else None
        if (
            left is not None
            and left.type == "identifier"
            and assignment is not None
            and assignment.child_by_field_name("right") is not None
        ):
            name = tree.text_of(left)
            if not name.startswith("_"):
                yield name


def _literals(tree: SyntaxTree, subject: Node | None) -> Sequence[Member] | None:
    """The texts of a parameter's type `Literal[...]`, also where the file gives that a name."""
    function = outermost_function(subject) if subject is not None else None
    bindings = bindings_of(tree, function) if function is not None else None
    binding = bindings.of(subject) if bindings is not None and subject is not None else None
    outer = binding.uses[0].node.parent if binding is not None and binding.is_parameter and len(binding.writes) == 1 else None
    written = outer.child_by_field_name("type") if outer is not None else None
    if written is None:
        return ()
    name = tree.text_of(written)
    alias = next((found for each in tree.root.named_children if (found := _alias(tree, each, name)) is not None), None)
    literal = alias if alias is not None else written
    if not tree.text_of(literal).removeprefix("typing.").removeprefix("t.").startswith("Literal["):
        return ()
    return [Member(tree.text_of(node)) for node in descendants(literal) if node.type == "string"]


def _alias(tree: SyntaxTree, statement: Node, name: str) -> Node | None:
    assignment = statement.named_children[0] if statement.type == "expression_statement" and statement.named_children else statement
    left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
    return right if assignment.type in ("assignment", "type_alias_statement") and _text(tree, left) == name else None


def _text(tree: SyntaxTree, node: Node | None) -> str:
    return tree.text_of(node) if node is not None else ""
