"""What becomes of suggestions: taken, typed by hand or rejected, and whether accepted text stays; counted, and of use for the next ones."""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recoder_lsp.document import Snapshot
from recoder_lsp.features.showing import Followed, Showing
from recoder_lsp.features.standing import AcceptedTexts
from recoder_lsp.features.tallies import CallLater, Tallies
from recoder_lsp.learning_store import Event, LearningStore

if TYPE_CHECKING:
    from recoder_lsp.features.inline_completion import Suggestion

REMEMBERED = 64
MOST_SHOWN_AT_ONCE = 8
RECENT_S, NEAR_LINES = 60.0, 2
_LANGUAGE = re.compile(r"[\w+#.-]{1,32}")


@dataclass(eq=False)
class _Fate:
    """What became of a suggestion so far."""

    uri: str
    line: int
    language: str
    source: str
    decile: int
    outcome: Event | None = None
    partly: bool = False


@dataclass(eq=False)
class _Shown:
    showing: Showing
    fate: _Fate
    seen: Snapshot
    """The last text that it was suggested for."""


class Learning:
    """Owned by the event loop, but for `recent_rejections` and `adjustment`, which any thread may call. Never fails, and never waits."""

    def __init__(
        self, store: LearningStore, enabled: bool, *, now: Callable[[], float] = time.time, call_later: CallLater | None = None
    ) -> None:
        """Args:
        now: Seconds since 1970.
        call_later: As of an event loop; by default that of the running one.
        """
        call_later = call_later or (lambda delay_s, call: asyncio.get_running_loop().call_later(delay_s, call))
        self._enabled, self._now = enabled, now
        self._tallies = Tallies(store, now, call_later)
        self._accepted = AcceptedTexts(call_later)
        # Ghost text stands at one place only: where the user is.
        self._shown: list[_Shown] = []
        self._latest: Snapshot | None = None
        self._fates: OrderedDict[str, _Fate] = OrderedDict()
        self._rejections: tuple[tuple[float, _Fate], ...] = ()

    # -- what happens

    def configure(self, enabled: bool) -> None:
        """Begin or stop; what is not saved yet when it stops is dropped."""
        if self._enabled and not enabled:
            self._accepted.clear()
            self._fates.clear()
            self._shown, self._rejections = [], ()
            self._tallies.forget()
        self._enabled = enabled

    def shown(self, snapshot: Snapshot, offset: int, suggestion: Suggestion) -> None:
        """Take note of a suggestion that the editor gets for a caret; of several, the best is told first.

        What is left of one while it is being typed is the same one. `suggestion.probability` is what was predicted before any
        `adjustment`, which would otherwise chase itself.
        """
        if not self._enabled:
            return
        self._tallies.load()
        if self._latest is not None and self._latest.uri != snapshot.uri:
            self._drop(self._shown)
        elif self._shown and not any(shown.showing.is_at(offset) for shown in self._shown):
            self._reject(self._visible())
        self._latest = snapshot
        for shown in self._shown:
            if shown.showing.is_also(snapshot, suggestion):
                shown.seen = snapshot
                self._remember(suggestion.id, shown.fate)
                return
        fate = _fate(snapshot, offset, suggestion)
        self._shown = [*self._shown[1 - MOST_SHOWN_AT_ONCE :], _Shown(Showing.of(snapshot, offset, suggestion), fate, snapshot)]
        self._remember(suggestion.id, fate)
        self._count(fate, "shown")

    def accepted(self, suggestion_id: str) -> None:
        """Count that the editor told of an acceptance. What was inferred from an edit gives way."""
        fate = self._fates.get(suggestion_id)
        if fate is not None:
            self._settle(fate, "accepted")

    def watches(self, uri: str) -> bool:
        """Say whether `changed` wants to hear of edits of this document."""
        return self._accepted.are_in(uri) or any(shown.fate.uri == uri for shown in self._shown)

    def changed(self, before: Snapshot, after: Snapshot) -> None:
        """Compare what was suggested, and what was accepted earlier, with an edited document."""
        self._accepted.changed(before, after)
        if not any(shown.fate.uri == after.uri for shown in self._shown):
            return
        visible = self._visible()
        self._drop([shown for shown in self._shown if shown not in visible])
        followed = [(shown, shown.showing.follow(after)) for shown in visible]
        self._shown = [shown for shown, how in followed if how is not Followed.OTHERWISE]
        if not self._shown:
            self._reject(visible)
        for shown, how in followed:
            if how in (Followed.PART_TAKEN, Followed.ALL_TAKEN):
                shown.fate.partly = True
                self._look_later(shown, after)
            if how in (Followed.ALL_TAKEN, Followed.ALL_TYPED):
                self._settle(shown.fate, "typed" if how is Followed.ALL_TYPED else "accepted")
                self._drop(self._shown)
                return

    def closed(self, uri: str) -> None:
        """Forget a document that was closed, or whose text is no longer known."""
        self._accepted.forget(uri)
        self._drop([shown for shown in self._shown if shown.fate.uri == uri])

    async def close(self) -> None:
        """Save what was counted, and stop."""
        self._accepted.clear()
        await self._tallies.close()

    # -- what was learned

    def recent_rejections(self, uri: str, line: int) -> int:
        """Return how many suggestions were rejected on this line, or near it, in the last minute."""
        since = self._now() - RECENT_S
        return sum(at >= since and fate.uri == uri and abs(fate.line - line) <= NEAR_LINES for at, fate in self._rejections)

    def adjustment(self, language: str, source: str) -> float:
        """Return what to add to the log-odds of a prediction, from -1 to 1, so that predictions agree with what became of them here."""
        return self._tallies.shift(language, source)

    # -- one suggestion

    def _visible(self) -> list[_Shown]:
        """Those that belong to the last text that suggestions were made for, the best first."""
        return [shown for shown in self._shown if shown.seen is self._latest]

    def _reject(self, visible: Sequence[_Shown]) -> None:
        """Count the best as not wanted; whether the user looked at the others is not known."""
        for shown in visible[:1]:
            if shown.fate.outcome is None and not shown.fate.partly:
                self._settle(shown.fate, "rejected")
                self._rejections = (*self._rejections[1 - REMEMBERED :], (self._now(), shown.fate))
        self._drop(visible)
        self._shown = []

    def _drop(self, gone: Sequence[_Shown]) -> None:
        """Something else happened than an answer to these; that a part was taken counts."""
        for shown in gone:
            if shown.fate.partly and shown.fate.outcome is None:
                self._settle(shown.fate, "partly")
        self._shown = [shown for shown in self._shown if shown not in gone]

    def _settle(self, fate: _Fate, outcome: Event) -> None:
        if fate.outcome in (outcome, "accepted"):
            return
        if fate.outcome is not None:
            self._count(fate, fate.outcome, -1)
            self._rejections = tuple(each for each in self._rejections if each[1] is not fate)
        fate.outcome = outcome
        self._count(fate, outcome)

    def _look_later(self, shown: _Shown, after: Snapshot) -> None:
        """See to it that what was taken with the last edit is looked at again."""
        fate, start, text = shown.fate, *shown.showing.taken

        def looked(checked: Event, n_checked: int, standing: Event, n_standing: int) -> None:
            self._count(fate, checked, n_checked)
            self._count(fate, standing, n_standing)

        self._accepted.add(after, start, text, looked)

    def _remember(self, suggestion_id: str, fate: _Fate) -> None:
        self._fates[suggestion_id] = fate
        if len(self._fates) > REMEMBERED:
            self._fates.popitem(last=False)

    def _count(self, fate: _Fate, event: Event, n: int = 1) -> None:
        self._tallies.count(fate.language, fate.source, fate.decile, event, n)


def _fate(snapshot: Snapshot, offset: int, suggestion: Suggestion) -> _Fate:
    line, _ = snapshot.position_at(offset, "utf-32")
    # The editor says what language it is; only what looks like a name is written down.
    language = snapshot.language if _LANGUAGE.fullmatch(snapshot.language) else "other"
    decile = min(max(int(suggestion.probability * 10), 0), 9)
    return _Fate(snapshot.uri, line, language, suggestion.source, decile)
