"""Puts the imports of a file in order, as the usual tools of its language do, and as far as that loses nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from recoder_lsp.features.actions.imports import go_order, javascript_order, python_order, rust_order
from recoder_lsp.features.actions.imports.dialects import DIALECTS
from recoder_lsp.features.actions.imports.ordering import Order, Unit, blocks_of, likeliest, lists_in, with_sorted_lists
from recoder_lsp.features.actions.offering import Offer, Site
from recoder_lsp.features.edits import Change, Edit
from recoder_lsp.language import gettext

ORDERS: Mapping[str, Order] = MappingProxyType(
    {
        "python": python_order.ORDER,
        "javascript": javascript_order.ORDER,
        "javascriptreact": javascript_order.ORDER,
        "typescript": javascript_order.ORDER,
        "typescriptreact": javascript_order.ORDER,
        "go": go_order.ORDER,
        "rust": rust_order.ORDER,
    }
)
"""By the language of the syntax tree."""


def offers(site: Site) -> Iterator[Offer]:
    """Yield the one offer, where the file has imports in a language that is known."""
    order = ORDERS.get(site.tree.language)
    if order is not None and any(child.type in order.units for parent in order.parents(site.tree.root) for child in parent.named_children):
        yield Offer("import.organise", gettext("Organise imports"), "source.organizeImports", change=partial(_change, site))


def _change(site: Site) -> Change:
    order = ORDERS[site.tree.language]
    is_python = site.tree.language == "python"
    edits = list[Edit]()
    if "isort:skip_file" not in site.text.replace(" ", ""):
        for block in blocks_of(site.tree, order, divided_by_blank_lines=not is_python):
            if is_python and python_order.has_rivals(site.tree, block):
                continue
            indentation = site.indentation_at(block[0].start)
            if is_python:
                text = python_order.organised(site.tree, block, site.snapshot.path, indentation, site.indentation)
            else:
                text = _sorted(site, order, block, indentation)
            edits.append(Edit(block[0].start, block[-1].end, text))
    return Change(tuple(edits))


def _sorted(site: Site, order: Order, block: Sequence[Unit], indentation: str) -> str:
    """The statements of a block in the order of their language, each with its lists sorted, the same one only once."""
    dialect, tree = DIALECTS[site.tree.language], site.tree
    item_key = likeliest(order.item_keys, [found for unit in block for found in lists_in(dialect, tree, unit.node, order)])
    key = likeliest([partial(each, tree) for each in order.keys], [[unit.node for unit in block]])
    joined = javascript_order.joined(tree, block, item_key, site.indentation) if order is javascript_order.ORDER else {}
    texts = list[str]()
    for unit in sorted(block, key=lambda unit: key(unit.node)):
        above, behind = tree.text[unit.start : tree.start(unit.node)], tree.text[tree.end(unit.node) : unit.end]
        code = joined.get(unit.node.id)
        code = with_sorted_lists(dialect, tree, unit.node, order, item_key) if code is None else code
        texts += [above + code + behind] if code else []
    return ("\n" + indentation).join(dict.fromkeys(texts))
