"""One ghost text at its place, and how far what the user does there follows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from recoder_lsp.document import Snapshot
from recoder_lsp.engine.fim import CLOSERS
from recoder_lsp.index.syntax.edits import common_beginning

if TYPE_CHECKING:
    from recoder_lsp.features.inline_completion import Suggestion

AT_ONCE = 3
"""So many characters of a suggestion in one edit were taken, not typed: some editors send two keys as one edit."""

OPENERS = "([{<\"'`"


class Followed(Enum):
    """What an edit made of a suggestion."""

    ALONG = auto()
    PART_TAKEN = auto()
    ALL_TAKEN = auto()
    ALL_TYPED = auto()
    OTHERWISE = auto()


@dataclass
class Showing:
    """A suggestion as it was shown first, where `snapshot.text[start:end]` was to become `text`. Owned by the event loop."""

    snapshot: Snapshot
    start: int
    end: int
    text: str
    n_at_first: int
    """How many characters of `text` stood there already."""
    n_closers: int
    """How many characters after the caret were to be replaced."""
    caret: int
    n_stand: int = field(init=False)
    """How many characters of `text` stand there now."""
    n_stood: int = field(init=False)
    """How many stood there before the last edit."""

    def __post_init__(self) -> None:
        self.n_stand = self.n_stood = self.n_at_first

    @classmethod
    def of(cls, snapshot: Snapshot, offset: int, suggestion: Suggestion) -> Showing:
        n_at_first = _n_common(snapshot.text[suggestion.start : offset], suggestion.text)
        return cls(snapshot, suggestion.start, suggestion.end, suggestion.text, n_at_first, suggestion.end - offset, offset)

    def is_also(self, snapshot: Snapshot, suggestion: Suggestion) -> bool:
        """Whether a later suggestion leads to the same document as this one: it is the rest of it."""
        before, now = self.snapshot.text, snapshot.text
        n_now = len(now) + len(suggestion.text) - (suggestion.end - suggestion.start)
        if n_now != len(before) + len(self.text) - (self.end - self.start):
            return False
        led = before[: self.start] + self.text + before[self.end :]
        return led == now[: suggestion.start] + suggestion.text + now[suggestion.end :]

    @property
    def taken(self) -> tuple[int, str]:
        """What the last edit put in, and the offset in the edited document where it begins."""
        return self.start + self.n_stood, self.text[self.n_stood : self.n_stand]

    def is_at(self, offset: int) -> bool:
        """Whether a caret is where this one is looked at, not somewhere else."""
        return self.start <= offset <= self.caret

    def follow(self, after: Snapshot) -> Followed:
        """Compare the place with what it is after an edit."""
        here = self._here(after.text)
        n_common = _n_common(here, self.text) if here is not None else 0
        if here is None or n_common < self.n_at_first or not self._is_closed(here[n_common:], self.text[self.n_at_first : n_common]):
            return Followed.OTHERWISE
        self.n_stood, self.n_stand, self.caret = self.n_stand, n_common, self.start + len(here)
        at_once = len(self.text[self.n_stood : self.n_stand].strip()) >= AT_ONCE
        if n_common == len(self.text):
            return Followed.ALL_TAKEN if at_once else Followed.ALL_TYPED
        return Followed.PART_TAKEN if at_once and self._ends_word(n_common) else Followed.ALONG

    def _here(self, after: str) -> str | None:
        """What stands between the text before and the text after the place, None where those have changed."""
        before = self.snapshot.text
        n_after_place = len(before) - self.end
        if len(after) < self.start + n_after_place or not after.startswith(before[: self.start]) or not after.endswith(before[self.end :]):
            return None
        return after[self.start : len(after) - n_after_place]

    def _is_closed(self, rest: str, typed: str) -> bool:
        """Whether what follows the caret is only what was there, and what an editor adds for brackets and quotes that open."""
        n_opened = sum(character in OPENERS for character in typed)
        return len(rest) <= self.n_closers + n_opened and all(character in CLOSERS for character in rest.strip())

    def _ends_word(self, at: int) -> bool:
        return not (_in_word(self.text[at - 1]) and _in_word(self.text[at]))


def _n_common(one: str, other: str) -> int:
    return common_beginning(one, other, min(len(one), len(other)))


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"
