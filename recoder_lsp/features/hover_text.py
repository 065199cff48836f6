"""Writes what is known of a name, in Markdown or plain text. What comes from code, commits and models is never taken for Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from recoder_lsp.features.hover import Description
from recoder_lsp.features.markdown import escaped, fenced
from recoder_lsp.features.wording import kind_in_words
from recoder_lsp.git import LastChange
from recoder_lsp.index.records import Kind, Location
from recoder_lsp.index.search.facts import Facts, Neighbour
from recoder_lsp.index.syntax.bodies import Body
from recoder_lsp.language import gettext, ngettext, number
from recoder_lsp.redaction import redact

LONGEST_DOCSTRING = 1_500
LONGEST_COMMIT = 80
# From here on a function is said to be complex, or long. 10 is the limit that McCabe proposed (A Complexity Measure, 1976).
NOTABLE_COMPLEXITY, NOTABLE_LINES = 10, 60
MOST_RETURNED = 3
_SAYS_WHAT_IT_RETURNS = re.compile(r"\)\s*(?:->|:)")
_AGES: tuple[tuple[float, Callable[[int], str]], ...] = (
    (365.25 * 86_400, lambda n: ngettext("{n} year ago", "{n} years ago", n)),
    (30.44 * 86_400, lambda n: ngettext("{n} month ago", "{n} months ago", n)),
    (7 * 86_400, lambda n: ngettext("{n} week ago", "{n} weeks ago", n)),
    (86_400, lambda n: ngettext("{n} day ago", "{n} days ago", n)),
    (3_600, lambda n: ngettext("{n} hour ago", "{n} hours ago", n)),
    (60, lambda n: ngettext("{n} minute ago", "{n} minutes ago", n)),
)


@dataclass(frozen=True)
class _Style:
    """How a text, a piece of code and a place are written."""

    text: Callable[[str], str]
    code: Callable[[str], str]
    place: Callable[[str, str], str]
    line_break: str


def in_markdown(description: Description, *, authors: bool = False) -> str:
    """All of it, with code in fences and links to the definitions. Args: `authors` shows who changed it last, by initials."""
    style = _Style(escaped, _code_span, lambda shown, uri: f"[{escaped(shown)}]({uri})", "  \n")
    return _joined(description, "\n\n---\n\n", _said_in_markdown, style, authors)


def in_plain_text(description: Description, *, authors: bool = False) -> str:
    """All of it, without marks."""
    style = _Style(str, str, lambda shown, uri: shown, "\n")
    return _joined(description, "\n\n", _said_plainly, style, authors)


def documentation(location: Location, *, markdown: bool) -> str:
    """How a definition is declared and what its author says about it, for the menu."""
    return "\n\n".join(_said_in_markdown(location) if markdown else _said_plainly(location))


def _joined(description: Description, border: str, said: Callable[[Location], list[str]], style: _Style, authors: bool) -> str:
    first, *others = description.locations
    sections = ["\n\n".join([*said(first), *_summary(description, style), style.line_break.join(_lines(description, style, authors))])]
    sections += ["\n\n".join([*said(other), _place_and_kind(other, description, style)]) for other in others]
    if description.n_more:
        more = ngettext("and {n} other definition", "and {n} other definitions", description.n_more)
        sections.append(more.format(n=number(description.n_more)))
    return border.join(sections)


def _lines(description: Description, style: _Style, authors: bool) -> list[str]:
    """What is known of the first definition, below what its author says."""
    location, facts, change = description.locations[0], description.facts, description.last_change
    return [
        _place_and_kind(location, description, style),
        *(_facts(location, facts, description, style) if facts is not None else []),
        *([_changed(change, style, authors)] if change is not None else []),
    ]


def _summary(description: Description, style: _Style) -> list[str]:
    summary = description.summary
    return [f"{style.text(redact(summary.text))}{style.line_break}{style.text(f'({summary.origin})')}"] if summary is not None else []


def _said_in_markdown(location: Location) -> list[str]:
    """Signature and docstring, both in fences: the latter may be anybody's, and an editor would fetch the images of its Markdown."""
    symbol = location.symbol
    signature = [fenced(symbol.signature, location.language)] if symbol.signature else []
    return [*signature, *([fenced(_shortened(symbol.docstring), "text")] if symbol.docstring else [])]


def _said_plainly(location: Location) -> list[str]:
    return [part for part in (location.symbol.signature, _shortened(location.symbol.docstring)) if part]


def _place_and_kind(location: Location, description: Description, style: _Style) -> str:
    symbol, uses = location.symbol, location.n_references
    line = symbol.name_span.start_line + 1
    place = style.place(f"{location.path}:{line}", f"{description.uri(location.path)}#L{line}")
    used = ngettext("used once in the workspace", "used {n} times in the workspace", uses).format(n=number(uses))
    defined = gettext("Defined in {place}").format(place=place)
    return " · ".join([defined, kind_in_words(symbol.kind), *([used] if uses else [])])


def _facts(location: Location, facts: Facts, description: Description, style: _Style) -> list[str]:
    is_class = location.symbol.kind in (Kind.CLASS, Kind.STRUCT)
    used_by = gettext("Used by {names}") if is_class else gettext("Called by {names}")
    callers = _neighbours(facts.callers, facts.n_callers, description, style, facts.may_have_more_callers)
    callees = _neighbours(facts.callees, facts.n_callees, description, style)
    lines = [
        used_by.format(names=callers) if callers else "",
        gettext("Calls {names}").format(names=callees) if callees else "",
    ]
    if facts.body is not None:
        lines += [_outcomes(location, facts.body, style), _size(location, facts.body)]
        lines += [
            gettext("{note} (line {line})").format(note=style.text(redact(todo.text)), line=todo.line + 1) for todo in facts.body.todos
        ]
    return [line for line in lines if line]


def _neighbours(shown: Sequence[Neighbour], n: int, description: Description, style: _Style, may_be_more: bool = False) -> str:
    if not shown:
        return ""
    named = []
    for each in shown:
        target = f"{description.uri(each.path)}#L{each.line + 1}"
        name = style.place(each.name or each.path.rpartition("/")[2], target)
        times = ngettext("{name} ({n} time)", "{name} ({n} times)", each.n)
        named.append(times.format(name=name, n=number(each.n)) if each.n > 1 else name)
    names, others = ", ".join(named), n - len(shown)
    if others <= 0:
        return names
    if may_be_more:
        return ngettext("{names} and at least {n} other", "{names} and at least {n} others", others).format(names=names, n=number(others))
    return ngettext("{names} and {n} other", "{names} and {n} others", others).format(names=names, n=number(others))


def _outcomes(location: Location, body: Body, style: _Style) -> str:
    parts = []
    if body.raises:
        # Translators: this and the next two may begin a line, with a capital then; they must not begin with what is in braces.
        parts.append(gettext("raises {names}").format(names=_listed(body.raises, style)))
    if not _SAYS_WHAT_IT_RETURNS.search(location.symbol.signature):
        parts += _given_back(gettext("returns {values}"), body.returns, style) if location.symbol.kind is not Kind.CONSTRUCTOR else []
        parts += _given_back(gettext("yields {values}"), body.yields, style)
    text = " · ".join(parts)
    return text[:1].upper() + text[1:]


def _given_back(said: str, expressions: Sequence[str], style: _Style) -> list[str]:
    short = [redact(each) for each in expressions if each != "…"]
    if not any(short):
        return []
    shown = short[:MOST_RETURNED]
    values = _listed(shown, style)
    if len(shown) < len(expressions):
        values = gettext("{values} or other things").format(values=values)
    return [said.format(values=values)]


def _listed(names: Iterable[str], style: _Style) -> str:
    return ", ".join(style.code(name) if name else gettext("nothing") for name in names)


def _size(location: Location, body: Body) -> str:
    n_lines = location.symbol.span.end_line - location.symbol.span.start_line + 1
    complexity = gettext("Cyclomatic complexity {n}").format(n=number(body.complexity))
    length = ngettext("{n} line", "{n} lines", n_lines).format(n=number(n_lines))
    return " · ".join([*([complexity] if body.complexity >= NOTABLE_COMPLEXITY else []), *([length] if n_lines >= NOTABLE_LINES else [])])


def _changed(change: LastChange, style: _Style, authors: bool) -> str:
    if not change.is_committed:
        return gettext("Changed, and not committed yet")
    is_by = authors and bool(change.author_initials)
    changed = gettext("Changed {ago} by {author}") if is_by else gettext("Changed {ago}")
    changed = changed.format(ago=_ago(change.age_s), author=style.text(change.author_initials))
    summary = redact(change.summary)
    summary = summary if len(summary) <= LONGEST_COMMIT else summary[: LONGEST_COMMIT - 1].rstrip() + "…"
    return gettext("{change}: {summary}").format(change=changed, summary=style.text(summary)) if summary else changed


def _ago(seconds: float) -> str:
    for unit_s, said in _AGES:
        n = int(seconds // unit_s)
        if n:
            return said(n).format(n=number(n))
    return gettext("just now")


def _code_span(code: str) -> str:
    """Code on a line, between marks that it cannot end by itself."""
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    marks = "`" * (longest + 1)
    return f"{marks} {code} {marks}" if longest else f"`{code}`"


def _shortened(docstring: str) -> str:
    return docstring if len(docstring) <= LONGEST_DOCSTRING else docstring[: LONGEST_DOCSTRING - 1].rstrip() + "…"
