"""What the index knows of the word at a place: its definitions as they are now, in Markdown or plain text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recoder_lsp import privacy
from recoder_lsp.document import Snapshot
from recoder_lsp.features.code_at import is_code, word_around
from recoder_lsp.index.process import wire
from recoder_lsp.index.process.workspace import Workspace, uri_of
from recoder_lsp.index.records import Kind, Location

MOST_SHOWN = 3
TIMEOUT_S = 1.0
LONGEST_DOCSTRING = 1_500


@dataclass(frozen=True)
class Description:
    """Definitions of `snapshot.text[start:end]`, best first; never empty."""

    start: int
    end: int
    locations: tuple[Location, ...]
    n_more: int
    """How many further definitions there are."""
    root: Path | None
    """What paths of the locations are relative to; None for documents of no folder."""

    def uri(self, location: Location) -> str:
        """Where the definition lies, as the editor writes it."""
        return uri_of(self.root, location.path)


async def describe(workspace: Workspace, snapshot: Snapshot, offset: int) -> Description | None:
    """Return what the word at the offset may mean; None for what is no name, or not defined in the workspace."""
    word = word_around(snapshot.text, offset, snapshot.language)
    place = workspace.place_of(snapshot.uri)
    if word is None or place is None or privacy.is_secret_path(snapshot.path):
        return None
    line, column = snapshot.position_at(word.start, "utf-8")
    found = await workspace.ask(
        snapshot.uri,
        "describe",
        {
            "language": snapshot.language,
            "name": word.text,
            "line": line,
            "column": column,
            "receiver": word.receiver,
            "in_code": is_code(snapshot.text, word.start, snapshot.language),
            "limit": MOST_SHOWN,
        },
        timeout_s=TIMEOUT_S,
    )
    match found:
        case {"locations": [_, *_] as locations, "n_more": int(n_more)}:
            root = workspace.shown_root(place[0])
            return Description(word.start, word.end, tuple(map(wire.location_of, locations)), n_more, root)
    return None


def in_markdown(description: Description) -> str:
    """All of it, with code in fences and links to the definitions."""
    return _joined(description, "\n\n---\n\n", lambda location: _section(location, description.uri(location)))


def in_plain_text(description: Description) -> str:
    """All of it, without marks."""
    return _joined(description, "\n\n", _plain_section)


def documentation(location: Location, *, markdown: bool) -> str:
    """How a definition is declared and what its author says about it, for the menu."""
    symbol = location.symbol
    if markdown:
        return "\n\n".join(_said_in_markdown(location))
    return "\n\n".join(part for part in (symbol.signature, _shortened(symbol.docstring)) if part)


def fenced(code: str, language: str) -> str:
    """Code between fences that it cannot end by itself."""
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def _joined(description: Description, border: str, section: Callable[[Location], str]) -> str:
    text = border.join(section(location) for location in description.locations)
    if description.n_more:
        text += f"{border}and {description.n_more} other definition{'s' if description.n_more > 1 else ''}"
    return text


def _section(location: Location, uri: str) -> str:
    symbol = location.symbol
    line = symbol.name_span.start_line + 1
    shown = re.sub(r"([\\\[\]*_`<>])", r"\\\1", f"{location.path}:{line}")
    place = f"Defined in [{shown}]({uri}#L{line})"
    return "\n\n".join((*_said_in_markdown(location), _facts(location, place)))


def _said_in_markdown(location: Location) -> list[str]:
    """Signature and docstring, both in fences: the latter may be anybody's, and an editor would fetch the images of its Markdown."""
    symbol = location.symbol
    signature = [fenced(symbol.signature, location.language)] if symbol.signature else []
    return [*signature, *([fenced(_shortened(symbol.docstring), "text")] if symbol.docstring else [])]


def _plain_section(location: Location) -> str:
    symbol = location.symbol
    place = f"Defined in {location.path}:{symbol.name_span.start_line + 1}"
    return "\n\n".join(part for part in (symbol.signature, _shortened(symbol.docstring), _facts(location, place)) if part)


def _facts(location: Location, place: str) -> str:
    uses = location.n_references
    used = [] if not uses else ["used once in the workspace"] if uses == 1 else [f"used {uses} times in the workspace"]
    return " · ".join([place, _kind_in_words(location.symbol.kind), *used])


def _kind_in_words(kind: Kind) -> str:
    return kind.value.replace("_", " ")


def _shortened(docstring: str) -> str:
    return docstring if len(docstring) <= LONGEST_DOCSTRING else docstring[: LONGEST_DOCSTRING - 1].rstrip() + "…"
