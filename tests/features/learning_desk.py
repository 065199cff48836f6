"""A document with a caret ▮, what is suggested at it, and a clock that is turned by hand."""

import itertools
from collections import Counter

from recoder_lsp.document import Snapshot
from recoder_lsp.features.inline_completion import Suggestion
from recoder_lsp.features.learning import Learning
from recoder_lsp.learning_store import LearningStore

URI = "file:///w/a.py"
# 21 November 2026, 12:00 UTC.
NOON = 1795262400.0


class Clock:
    """Seconds, and what is to be done after some of them."""

    def __init__(self, now=NOON):
        self.now = now
        self.timers = []

    def call_later(self, delay_s, call):
        timer = Timer(self.now + delay_s, call)
        self.timers.append(timer)
        return timer

    def go_on(self, seconds):
        self.now += seconds
        due = sorted((timer for timer in self.timers if timer.at <= self.now), key=lambda timer: timer.at)
        self.timers = [timer for timer in self.timers if timer.at > self.now]
        for timer in due:
            if not timer.cancelled:
                timer.call()

    @property
    def n_waiting(self):
        return sum(not timer.cancelled for timer in self.timers)


class Timer:
    def __init__(self, at, call):
        self.at, self.call, self.cancelled = at, call, False

    def cancel(self):
        self.cancelled = True


class Desk:
    """Tells a Learning what an editor would."""

    def __init__(self, home, *, enabled=True, clock=None):
        self.store = LearningStore(home)
        self.clock = clock or Clock()
        self.learning = Learning(self.store, enabled, now=lambda: self.clock.now, call_later=self.clock.call_later)
        self._ids = itertools.count()
        self._documents = {}

    def open(self, text, uri=URI, language="python"):
        """Show a document; returns its snapshot and the caret."""
        before, _, after = text.partition("▮")
        known = self._documents.get(uri)
        if known is None or known.text != before + after:
            self._documents[uri] = Snapshot(uri, language, before + after, 1)
        return self._documents[uri], len(before)

    def shown(self, text, suggested, *, replaces=0, uri=URI, language="python", probability=0.75, source="model", selected=0):
        """Suggest at the caret, in place of what is `replaces` after it and `selected` before it; returns the id."""
        snapshot, offset = self.open(text, uri, language)
        suggestion = Suggestion(
            f"id-{next(self._ids)}", suggested, offset - selected, offset + replaces, probability=probability, source=source
        )
        self.learning.shown(snapshot, offset, suggestion)
        return suggestion.id

    def edited(self, text, uri=URI):
        """Make the document this one."""
        before = self._documents[uri]
        after, _ = self.open(text, uri)
        assert self.learning.watches(uri) or not self.learning._shown
        self.learning.changed(before, after)

    async def saved(self):
        """Wait until what was counted so far is in the store."""
        await self.learning._tallies._save()

    async def counted(self):
        """Everything that was counted and saved, when the server ends."""
        await self.learning.close()
        return await self.counted_so_far()

    async def counted_so_far(self):
        await self.saved()
        events = sum(self.store.totals("day").values(), Counter())
        return {event: n for event, n in events.items() if n}
