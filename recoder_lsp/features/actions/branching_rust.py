"""Distinctions of cases in Rust: `match` over an enum."""

from __future__ import annotations

from collections.abc import Sequence

from recoder_lsp.features.actions.branching import Distinction, Member, line_of
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors, descendants

_GIVES_UP = ("todo!", "unreachable!", "panic!", "unimplemented!")


def distinction_in_rust(site: Site, node: Node) -> Distinction | None:
    """Return what a `match` distinguishes; None where that is no enum."""
    tree, body = site.tree, node.child_by_field_name("body")
    arms = [child for child in body.named_children if child.type == "match_arm"] if body is not None else []
    handled, paths, default = set[str](), list[str](), None
    for arm in arms:
        pattern, value = arm.child_by_field_name("pattern"), arm.child_by_field_name("value")
        if pattern is None or value is None:
            return None
        alternatives = _alternatives(pattern)
        if not alternatives:
            if arm != arms[-1] or tree.text_of(pattern) != "_" or not tree.text_of(value).startswith(_GIVES_UP):
                return None
            default = arm
        for alternative in alternatives:
            path, _, name = _path(tree, alternative).rpartition("::")
            if not path:
                return None
            paths.append(path)
            if pattern.child_by_field_name("condition") is None and _takes_all(tree, alternative):
                handled.add(name)
    names = {path.rpartition("::")[2] for path in paths}
    types = {_implemented(tree, node) if name == "Self" else name for name in names}
    if len(types) != 1 or any(line_of(site, arm) is None for arm in arms):
        return None
    at = line_of(site, default) if default is not None else tree.end(arms[-1])
    indentation = site.indentation_at(tree.start(arms[0]))
    # The last arm may go without a comma.
    needs_comma = default is None and not tree.text_of(arms[-1]).endswith((",", "}"))
    end = tree.end(arms[-1])

    def branch(member: Member) -> str:
        line = f"{indentation}{paths[0]}::{member.name}{member.payload} => todo!(),"
        return f"{line}\n" if default is not None else f"\n{line}"

    if at is None:
        return None
    if needs_comma and site.text[end : end + 1] == ",":
        at, needs_comma = at + 1, False
    return Distinction(
        types.pop(),
        frozenset(handled),
        at,
        branch,
        "," if needs_comma else "",
        node.child_by_field_name("value"),
    )


def members_in_rust(tree: SyntaxTree, found: Distinction) -> Sequence[Member] | None:
    """Return the variants of an enum of the document; None where it has none of this name."""
    for node in descendants(tree.root):
        name = node.child_by_field_name("name") if node.type == "enum_item" else None
        if name is not None and tree.text_of(name) == found.type_name:
            body = node.child_by_field_name("body")
            return [_member(tree, each) for each in body.named_children if each.type == "enum_variant"] if body is not None else ()
    return None


def _member(tree: SyntaxTree, variant: Node) -> Member:
    name, body = variant.child_by_field_name("name"), variant.child_by_field_name("body")
    payload = "" if body is None else "(..)" if body.type == "ordered_field_declaration_list" else " { .. }"
    return Member(tree.text_of(name) if name is not None else "", payload)


def _alternatives(pattern: Node) -> list[Node]:
    """The patterns of variants that a pattern is, or is one of; empty where it is something else."""
    condition = pattern.child_by_field_name("condition")
    found, waiting = list[Node](), [child for child in pattern.named_children if child != condition]
    while waiting:
        node = waiting.pop(0)
        if node.type == "or_pattern":
            waiting += node.named_children
        elif node.type in ("scoped_identifier", "tuple_struct_pattern", "struct_pattern"):
            found.append(node)
        else:
            return []
    return found


def _path(tree: SyntaxTree, pattern: Node) -> str:
    named = pattern.child_by_field_name("type") if pattern.type != "scoped_identifier" else pattern
    return tree.text_of(named) if named is not None else ""


def _takes_all(tree: SyntaxTree, pattern: Node) -> bool:
    """Whether whatever the variant carries fits the pattern."""
    if pattern.type == "scoped_identifier":
        return True
    inner = [child for child in pattern.named_children if child != pattern.child_by_field_name("type")]
    plain = ("identifier", "remaining_field_pattern", "_")
    for each in inner:
        below = each.child_by_field_name("pattern") if each.type == "field_pattern" else each
        if below is not None and below.type not in plain and tree.text_of(below) not in ("_", "..") and below.type != "field_pattern":
            return False
    return True


def _implemented(tree: SyntaxTree, node: Node) -> str:
    """The type that `Self` stands for."""
    outer = next((each for each in ancestors(node) if each.type == "impl_item"), None)
    named = outer.child_by_field_name("type") if outer is not None else None
    return tree.text_of(named).partition("<")[0] if named is not None else ""
