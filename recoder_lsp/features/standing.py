"""Accepted text, followed through later edits: how much of it still stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import partial

from recoder_lsp.document import Snapshot
from recoder_lsp.features.tallies import CallLater, Timer
from recoder_lsp.index.syntax.edits import common_beginning, common_end
from recoder_lsp.learning_store import Event

CHECKS: tuple[tuple[float, Event, Event], ...] = ((30.0, "checked_30_s", "standing_30_s"), (300.0, "checked_5_min", "standing_5_min"))
"""After how many seconds accepted text is looked at, and what is counted then: its characters, and those that still stand."""

MOST_IN_DOCUMENT = 32

MOST_FOLLOWED = 400
"""Of a longer text the first so many characters stand for all of it: comparing costs the square of its length. Measured: 0.4 ms for
three lines of code, 34 ms for this many characters of one call that repeats."""

LOOKED_AROUND = 200
"""So far around its place, in characters, text is looked for after an edit that replaced all of it, as formatters do, or that put
something into it."""

LEAST_IN_COMMON = 3
_PIECES = re.compile(r"\w+|[^\w\s]")


Looked = Callable[[Event, int, Event, int], None]


class AcceptedTexts:
    """The accepted texts of all documents, until each was looked at for the last time. Owned by the event loop."""

    def __init__(self, call_later: CallLater) -> None:
        self._call_later = call_later
        self._documents: dict[str, _Document] = {}

    def add(self, document: Snapshot, start: int, text: str, looked: Looked) -> None:
        """Follow a text that was accepted at `start` of a document, and say to `looked` what is left of it at each check."""
        here = self._documents.setdefault(document.uri, _Document(document))
        here.snapshot = document
        text = text[:MOST_FOLLOWED]
        accepted = _Accepted(Standing(text, start, start + len(text)), looked)
        here.accepted.append(accepted)
        if len(here.accepted) > MOST_IN_DOCUMENT:
            here.accepted.pop(0).cancel()
        for check_idx, (after_s, _, _) in enumerate(CHECKS):
            accepted.timers.append(self._call_later(after_s, partial(self._look, here, accepted, check_idx)))

    def are_in(self, uri: str) -> bool:
        """Say whether a document has any that are still to be looked at."""
        return uri in self._documents

    def changed(self, before: Snapshot, after: Snapshot) -> None:
        """Move along with an edit of a document."""
        here = self._documents.get(after.uri)
        if here is None:
            return
        edit = edit_between(before.text, after.text)
        for accepted in here.accepted:
            accepted.standing.follow(edit, before.text, after.text)
        here.snapshot = after

    def forget(self, uri: str) -> None:
        """Look at nothing more in a document."""
        here = self._documents.pop(uri, None)
        for accepted in here.accepted if here is not None else ():
            accepted.cancel()

    def clear(self) -> None:
        """Look at nothing more."""
        for uri in list(self._documents):
            self.forget(uri)

    def _look(self, here: _Document, accepted: _Accepted, check_idx: int) -> None:
        _, checked, standing = CHECKS[check_idx]
        accepted.looked(checked, weight(accepted.standing.text), standing, accepted.standing.characters(here.snapshot.text))
        if check_idx == len(CHECKS) - 1:
            here.accepted.remove(accepted)
            if not here.accepted:
                del self._documents[here.snapshot.uri]


@dataclass
class _Document:
    snapshot: Snapshot
    accepted: list[_Accepted] = field(default_factory=list)


@dataclass(eq=False)
class _Accepted:
    standing: Standing
    looked: Looked
    timers: list[Timer] = field(default_factory=list)

    def cancel(self) -> None:
        for timer in self.timers:
            timer.cancel()


@dataclass(frozen=True)
class Edit:
    """One text became another by replacing [start, end) by what is [start, new_end) there."""

    start: int
    end: int
    new_end: int


@dataclass
class Standing:
    """An accepted text, and the [start, end) of the document where it, or what became of it, is now."""

    text: str
    start: int
    end: int

    def follow(self, edit: Edit, before: str, after: str) -> None:
        """Move along with an edit; what replaced a part of the text belongs to its place from then on."""
        if edit.start <= self.start and self.end <= edit.end and edit.start < edit.end:
            self._find(edit, before[self.start : self.end], after)
            return
        self.start = _moved(self.start, edit, edit.start)
        self.end = _moved(self.end, edit, edit.new_end)

    def characters(self, document: str) -> int:
        """Count the characters of the text that stand at its place, in their order; white space does not count."""
        looked_at = document[self.start : min(self.end, self.start + len(self.text) + 2 * LOOKED_AROUND)]
        pieces, there = _PIECES.findall(self.text), _PIECES.findall(looked_at)
        blocks = SequenceMatcher(None, pieces, there, autojunk=False).get_matching_blocks()
        common = (n_characters(pieces[block.a : block.a + block.size]) for block in blocks)
        # A bracket or two are in any code.
        return sum(n for n in common if n >= min(LEAST_IN_COMMON, n_characters(pieces)))

    def _find(self, edit: Edit, was: str, after: str) -> None:
        earliest, latest = max(self.start - LOOKED_AROUND, edit.start), min(self.end + LOOKED_AROUND, edit.new_end)
        found = after.find(was, edit.start, edit.new_end)
        self.start, self.end = (found, found + len(was)) if found >= 0 else (min(earliest, latest), latest)


def n_characters(pieces: list[str]) -> int:
    return sum(map(len, pieces))


def weight(text: str) -> int:
    """Return how many characters of a text count: those that are not white space."""
    return n_characters(_PIECES.findall(text))


def edit_between(before: str, after: str) -> Edit:
    """Return the smallest single edit that makes one text of the other; of several, the one furthest to the end."""
    start = common_beginning(before, after, min(len(before), len(after)))
    n_same = common_end(before, after, min(len(before), len(after)) - start)
    return Edit(start, len(before) - n_same, len(after) - n_same)


def _moved(offset: int, edit: Edit, inside: int) -> int:
    if offset <= edit.start:
        return offset
    return offset + edit.new_end - edit.end if offset >= edit.end else inside
