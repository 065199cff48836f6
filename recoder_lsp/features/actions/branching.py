"""What a distinction of cases is, in every language: which members it handles, and how another branch is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recoder_lsp.features.actions.offering import Site
from recoder_lsp.index.syntax.tree import Node


@dataclass(frozen=True)
class Member:
    """One of the values that there are."""

    name: str
    """As it is called among them: `RED` of `Color.RED`; a text with its quotes."""
    payload: str = ""
    """What the pattern of a branch needs behind the name."""


@dataclass(frozen=True)
class Distinction:
    """A match, a switch or a chain of ifs over one value."""

    type_name: str
    """What the members belong to; "" where they have no such name."""
    handled: frozenset[str]
    at: int
    """Where the missing branches go."""
    branch: Callable[[Member], str]
    """Writes one, with its line breaks."""
    before: str = ""
    """What has to be written before them."""
    subject: Node | None = None
    """What is distinguished."""


def line_of(site: Site, node: Node) -> int | None:
    """Return where the line of a node begins, if nothing stands before it."""
    start = site.tree.start(node)
    at = site.text.rfind("\n", 0, start) + 1
    return at if not site.text[at:start].strip() else None
