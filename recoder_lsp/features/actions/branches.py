"""Writes the branches that a distinction of cases lacks: members of an enum or a union that nothing is done about yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from recoder_lsp.features.actions.branching import Distinction, Member
from recoder_lsp.features.actions.branching_c_like import distinction_in_go, distinction_in_typescript, members_in_go, members_in_typescript
from recoder_lsp.features.actions.branching_python import distinction_in_python, members_in_python
from recoder_lsp.features.actions.branching_rust import distinction_in_rust, members_in_rust
from recoder_lsp.features.actions.offering import Offer, Site
from recoder_lsp.features.edits import Change, Edit
from recoder_lsp.index.process import wire
from recoder_lsp.index.process.workspace import Workspace
from recoder_lsp.index.records import Kind, Location
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors
from recoder_lsp.language import gettext, ngettext, number

KIND = "quickfix"
MOST_MEMBERS = 100
INDEX_TIMEOUT_S = 0.25

_DISTINGUISHES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "python": ("match_statement", "if_statement"),
        "go": ("expression_switch_statement",),
        "rust": ("match_expression",),
        **dict.fromkeys(("javascript", "javascriptreact", "typescript", "typescriptreact"), ("switch_statement",)),
    }
)
_HEADS = ("case_clause", "elif_clause", "else_clause", "switch_case", "switch_default", "match_arm", "expression_case", "default_case")
_FIND: Mapping[str, Callable[[Site, Node], Distinction | None]] = MappingProxyType(
    {
        "python": distinction_in_python,
        "go": distinction_in_go,
        "rust": distinction_in_rust,
        **dict.fromkeys(("javascript", "javascriptreact", "typescript", "typescriptreact"), distinction_in_typescript),
    }
)
_MEMBERS: Mapping[str, Callable[[SyntaxTree, Distinction], Sequence[Member] | None]] = MappingProxyType(
    {
        "python": members_in_python,
        "go": members_in_go,
        "rust": members_in_rust,
        **dict.fromkeys(("javascript", "javascriptreact", "typescript", "typescriptreact"), members_in_typescript),
    }
)


def offers(site: Site) -> Iterator[Offer]:
    """Yield the one offer, where the members are known in the document itself."""
    if (found := _distinction(site)) is None:
        return
    members = _MEMBERS[site.tree.language](site.tree, found)
    if members:
        yield from _offer(found, members)


async def offers_by_index(site: Site, workspace: Workspace) -> list[Offer]:
    """Return the one offer, where the members are known to the index alone: an enum of another file."""
    found = _distinction(site)
    if found is None or not found.type_name or _MEMBERS[site.tree.language](site.tree, found) is not None:
        return []
    known = await workspace.symbols(found.type_name, limit=20, timeout_s=INDEX_TIMEOUT_S)
    enums = [each for each in known if each.item.symbol.name == found.type_name and _is_enum(each.item)]
    if len(enums) != 1:
        # Which of several is meant, only the types would tell.
        return []
    (enum,) = enums
    outline = await workspace.ask(enum.uri(enum.item.path), "outline", {"language": enum.item.language}, timeout_s=INDEX_TIMEOUT_S)
    symbols = [wire.symbol_of(value) for value in outline or []]
    here = {i for i, symbol in enumerate(symbols) if symbol.name_span == enum.item.symbol.name_span}
    members = [Member(each.name, _payload(each.signature)) for each in symbols if each.parent in here and each.kind is Kind.ENUM_MEMBER]
    return list(_offer(found, members))


def _distinction(site: Site) -> Distinction | None:
    """The one that the caret or the selection is at the head of, or at that of a branch."""
    types = _DISTINGUISHES.get(site.tree.language, ())
    # Before the first word of its line the caret is in what is around.
    start = site.start + len(site.text[site.start :]) - len(site.text[site.start :].lstrip(" \t"))
    node = site.tree.around(start, min(start + 1, len(site.text)))
    row = site.text.count("\n", 0, site.start)
    outer = next((each for each in (node, *ancestors(node)) if each.type in types), None)
    return _FIND[site.tree.language](site, outer) if outer is not None and _is_at_head(outer, row) and not outer.has_error else None


def _is_at_head(node: Node, row: int) -> bool:
    body = node.child_by_field_name("body") or node
    rows = {node.start_point[0], *(child.start_point[0] for child in body.named_children if child.type in _HEADS)}
    return row in rows


def _offer(found: Distinction, members: Sequence[Member]) -> Iterator[Offer]:
    missing = [member for member in members[:MOST_MEMBERS] if member.name not in found.handled]
    if not missing or not found.handled & {member.name for member in members}:
        return
    title = _title(missing, found.type_name)
    text = "".join(found.branch(member) for member in missing)
    yield Offer("branches.missing", title, KIND, lambda: Change((Edit(found.at, found.at, found.before + text),)))


def _title(missing: Sequence[Member], type_name: str) -> str:
    n = len(missing)
    if n == 1:
        return gettext("Implement missing branch `{name}`").format(name=missing[0].name)
    if not type_name:
        return ngettext("Implement {n} missing branch", "Implement {n} missing branches", n).format(n=number(n))
    of_type = ngettext("Implement {n} missing branch of `{type}`", "Implement {n} missing branches of `{type}`", n)
    return of_type.format(n=number(n), type=type_name)


def _is_enum(location: Location) -> bool:
    signature = location.symbol.signature
    is_python = location.language == "python" and any(base in signature for base in ("Enum", "Flag"))
    return location.symbol.kind is Kind.ENUM or is_python


def _payload(signature: str) -> str:
    """What a variant of Rust carries, as a pattern that takes all of it."""
    return "(..)" if "(" in signature else " { .. }" if "{" in signature else ""
