"""What is known of the word at a place: its definitions, who calls them, when they were changed; what is there at once, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from recoder_lsp import privacy
from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.features.code_at import is_code, word_around
from recoder_lsp.features.last_changes import LastChanges
from recoder_lsp.features.summaries import Subject, Summaries, Summary
from recoder_lsp.git import LastChange
from recoder_lsp.index.process import wire
from recoder_lsp.index.process.workspace import Workspace, uri_of
from recoder_lsp.index.records import Location
from recoder_lsp.index.search.facts import Facts, facts_of

MOST_SHOWN = 3
TIMEOUT_S = 1.0
# What is not there by then is there at the next look.
WAIT_S = 0.03

T = TypeVar("T")


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
    facts: Facts | None = None
    """About the first of them."""
    last_change: LastChange | None = None
    """Of the first of them, where that is known already."""
    summary: Summary | None = None
    """What a model made of it, where that is known already."""

    def uri(self, path: str) -> str:
        """Where a file lies, as the editor writes it."""
        return uri_of(self.root, path)


class Hovers:
    """Owned by the event loop."""

    def __init__(self, workspace: Workspace, last_changes: LastChanges, summaries: Summaries) -> None:
        self._workspace, self._last_changes, self._summaries = workspace, last_changes, summaries

    async def describe(
        self,
        snapshot: Snapshot,
        offset: int,
        settings: Settings,
        *,
        snapshot_of: Callable[[str], Snapshot | None],
        described: Callable[[bool], None] = lambda found: None,
    ) -> Description | None:
        """Return what the word at the offset may mean; None for what is no name, or not defined in the workspace.

        Neither Git nor a model is waited for longer than WAIT_S.

        Args:
            snapshot: The document.
            offset: Where.
            settings: As they are.
            snapshot_of: Gives an open document, None for others.
            described: Called when a model was asked to describe it meanwhile; told whether it is worth looking again.
        """
        if not settings.hover.enabled:
            return None
        description = await describe(self._workspace, snapshot, offset)
        if description is None or description.facts is None:
            return description
        change = _started(self._last_change(description, snapshot_of))
        subject = _subject(description, description.facts)
        known = _started(self._summaries.known(subject, settings)) if subject is not None else None
        await asyncio.wait([change, *([known] if known is not None else [])], timeout=WAIT_S)
        summary = _outcome(known)
        if subject is not None and summary is None:
            self._summaries.wish(subject, settings, described)
        return replace(description, last_change=_outcome(change), summary=summary)

    def typed(self) -> None:
        """A key was pressed: leave the machine to that."""
        self._summaries.typed()

    async def settled(self) -> None:
        """Wait until Git has answered what it was asked."""
        await self._last_changes.settled()

    async def close(self) -> None:
        """Stop what goes on in the background."""
        self._summaries.stop()
        await self._last_changes.close()

    async def _last_change(self, description: Description, snapshot_of: Callable[[str], Snapshot | None]) -> LastChange | None:
        location = description.locations[0]
        uri = description.uri(location.path)
        opened, span = snapshot_of(uri), location.symbol.span
        path = Snapshot(uri, "", "", None).path
        if description.facts is None or not uri.startswith("file:") or not path.startswith("/"):
            return None
        lines = span.start_line, span.end_line - (span.end_column == 0 and span.end_line > span.start_line)
        return await self._last_changes.of(Path(path), *lines, description.facts.text_hash, opened.text if opened else None)


async def describe(workspace: Workspace, snapshot: Snapshot, offset: int) -> Description | None:
    """Return what the index says about the word at the offset; None for what is no name, or not defined in the workspace."""
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
            "with_facts": True,
        },
        timeout_s=TIMEOUT_S,
    )
    match found:
        case {"locations": [_, *_] as locations, "n_more": int(n_more)}:
            root, facts = workspace.shown_root(place[0]), facts_of(found.get("facts"))
            return Description(word.start, word.end, tuple(map(wire.location_of, locations)), n_more, root, facts)
    return None


def _subject(description: Description, facts: Facts) -> Subject | None:
    """What a model may describe: a function that nobody has documented, where no other definition may be meant as well."""
    location = description.locations[0]
    if not facts.text or len(description.locations) > 1:
        return None
    return Subject(location.path, location.language, location.symbol.name, facts.text, facts.text_hash)


def _started(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    return asyncio.get_running_loop().create_task(work, name="more about a name")


def _outcome(task: asyncio.Task[T | None] | None) -> T | None:
    """What a task has returned by now; None if it has not, and it goes on then."""
    return task.result() if task is not None and task.done() else None
