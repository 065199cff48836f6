"""Answers without a model: the passages themselves, each explained by what the index knows of it, and said to be just that."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recoder_lsp.features.chat_context import Gathered
from recoder_lsp.features.markdown import escaped, fenced
from recoder_lsp.features.passages import Passage
from recoder_lsp.features.router import Task
from recoder_lsp.features.wording import kind_in_words
from recoder_lsp.index.process import wire
from recoder_lsp.index.process.wire import SERVING
from recoder_lsp.index.process.workspace import Workspace, uri_of
from recoder_lsp.index.records import Location
from recoder_lsp.index.search.facts import Facts, Neighbour, facts_of
from recoder_lsp.language import gettext, marked, ngettext, number
from recoder_lsp.redaction import redact

MOST_SHOWN, LINES_SHOWN = 5, 12
# Of so many it is said what uses them and what they use: for the others that would take the index too long.
MOST_EXPLAINED = 2
LONGEST_SENTENCE = 300
TIMEOUT_S = 1.0

_WHAT_IT_IS_NOT = {
    Task.EXPLAIN: marked("It says what the code is and what it has to do with, not what it means."),
}


@dataclass(frozen=True)
class _Known:
    """What the index knows of what a passage defines."""

    location: Location
    facts: Facts | None


async def answer(workspace: Workspace, gathered: Gathered, task: Task, no_model: str) -> tuple[str, tuple[Passage, ...]]:
    """Return an answer in Markdown, and the passages that it shows, in order.

    Args:
        workspace: Is asked about each passage.
        gathered: The passages, best first.
        task: What was asked for.
        no_model: Why no model answers, as a sentence; "" where none was to be asked.
    """
    shown = gathered.passages[:MOST_SHOWN]
    known = await asyncio.gather(*(_known(workspace, passage, with_facts=i < MOST_EXPLAINED) for i, passage in enumerate(shown)))
    parts = [_said_first(no_model, task)] if no_model and shown else []
    if not shown:
        nothing = gettext("Nothing in the workspace fits this.")
        if not workspace.available:
            nothing = gettext("The workspace cannot be searched. {reason}").format(reason=workspace.state.reason)
        parts = [" ".join(part for part in (no_model, nothing) if part)]
    parts += [_section(workspace, i, passage, about) for i, (passage, about) in enumerate(zip(shown, known, strict=True), 1)]
    if workspace.state.phase in SERVING and workspace.state.phase not in ("idle", "vectors"):
        more = gettext("The workspace is still being indexed: there may be more.")
        parts.append(f"*{more}*")
    return "\n\n".join(parts), shown


def _said_first(no_model: str, task: Task) -> str:
    why = gettext("{no_model} So no model wrote this: it is what the index finds, best first.").format(no_model=no_model)
    return f"*{' '.join(part for part in (why, gettext(_WHAT_IT_IS_NOT.get(task, ''))) if part)}*"


def _section(workspace: Workspace, nth: int, passage: Passage, known: _Known | None) -> str:
    name = f" · {kind_in_words(passage.kind)} `{passage.name}`" if passage.name else ""
    parts = [f"**{nth}. [{escaped(passage.place)}]({passage.link})**{name}"]
    if known is not None:
        parts += [_sentence(known.location.symbol.docstring), _neighbours(workspace, passage, known)]
    found_by = gettext("Found by {reasons}.").format(reasons=escaped(passage.why))
    parts += [fenced(_first_lines(redact(passage.text)), passage.language), f"*{found_by}*" if not passage.is_meant else ""]
    return "\n\n".join(part for part in parts if part)


def _sentence(docstring: str) -> str:
    """What its author says first."""
    first = " ".join(docstring.strip().split("\n\n")[0].split())
    return escaped(redact(first if len(first) <= LONGEST_SENTENCE else first[: LONGEST_SENTENCE - 1].rstrip() + "…"))


def _neighbours(workspace: Workspace, passage: Passage, known: _Known) -> str:
    """What uses it, and what it uses."""
    place, facts, parts = workspace.place_of(passage.uri), known.facts, list[str]()
    root = workspace.shown_root(place[0]) if place is not None else None

    def links(neighbours: Sequence[Neighbour], n: int, *, may_be_more: bool = False) -> str:
        named = [f"[`{each.name or each.path}`]({uri_of(root, each.path)}#L{each.line + 1})" for each in neighbours]
        names, more = ", ".join(named), n - len(named)
        if more <= 0:
            return names
        many = gettext("{names} and many more") if may_be_more else ngettext("{names} and {n} more", "{names} and {n} more", more)
        return many.format(names=names, n=number(more))

    if facts is not None and facts.callers:
        parts.append(
            gettext("Used by {names}.").format(names=links(facts.callers, facts.n_callers, may_be_more=facts.may_have_more_callers))
        )
    elif known.location.n_references:
        parts.append(
            ngettext("Its name is used once.", "Its name is used {n} times.", known.location.n_references).format(
                n=number(known.location.n_references)
            )
        )
    if facts is not None and facts.callees:
        parts.append(gettext("Uses {names}.").format(names=links(facts.callees, facts.n_callees)))
    if facts is not None and facts.body is not None and facts.body.raises:
        parts.append(gettext("Raises {names}.").format(names=", ".join(f"`{each}`" for each in facts.body.raises)))
    return " ".join(parts)


def _first_lines(text: str) -> str:
    lines = text.split("\n")
    more = len(lines) - LINES_SHOWN
    if more <= 1:
        return text
    return "\n".join([*lines[:LINES_SHOWN], ngettext("… {n} more line", "… {n} more lines", more).format(n=number(more))])


async def _known(workspace: Workspace, passage: Passage, *, with_facts: bool) -> _Known | None:
    """What the index knows of a passage's symbol, as the text has it now."""
    place = workspace.place_of(passage.uri)
    if not passage.name or place is None:
        return None
    asked: dict[str, Any] = {"language": passage.language, "target": place[1], "qualified_name": passage.name}
    asked |= {"with_facts": with_facts, "with_body": passage.is_meant}
    match await workspace.ask(passage.uri, "definition", asked, timeout_s=TIMEOUT_S):
        case {"location": {**location}, **rest}:
            return _Known(wire.location_of(location), facts_of(rest.get("facts")))
    return None
