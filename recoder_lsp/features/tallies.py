"""How often suggestions turned out right: counts on their way to the store, and what they say about the next predictions."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Protocol

from recoder_lsp.errors import RecoderError
from recoder_lsp.language import english
from recoder_lsp.learning_store import Counted, Event, LearningStore

SAVED_AFTER_S = 30.0

PRIOR_OUTCOMES = 50
"""So many suggestions that turned out as predicted are added in mind: the first few outcomes say little."""
MOST_SHIFT = 1.0

log = logging.getLogger(__name__)


class Timer(Protocol):
    """What `call_later` of an event loop returns."""

    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], Any]], Timer]


class Tallies:
    """Owned by the event loop, but for `shift`, which any thread may call. What cannot be saved is lost, with one line in the log."""

    def __init__(self, store: LearningStore, now: Callable[[], float], call_later: CallLater) -> None:
        self._store, self._now, self._call_later = store, now, call_later
        self._unsaved: Counter[Counted] = Counter()
        self._shifts: Mapping[tuple[str, str], float] | None = None
        self._timer: Timer | None = None
        self._one_at_a_time = asyncio.Lock()
        self._saving: asyncio.Task[None] | None = None
        self._failed = False

    def count(self, language: str, source: str, decile: int, event: Event, n: int = 1) -> None:
        """Count an event; it is saved some time later."""
        day = date.fromtimestamp(self._now()).isoformat()
        self._unsaved[Counted(day, language, source, decile, event)] += n
        if self._timer is None:
            self._timer = self._call_later(SAVED_AFTER_S, self._save_soon)

    def shift(self, language: str, source: str) -> float:
        """Return by how much predictions were off when the counts were last saved: what to add to the log-odds of the next ones."""
        return (self._shifts or {}).get((language, source), 0.0)

    def load(self) -> None:
        """Begin to read what earlier sessions counted, unless that was done."""
        if self._shifts is None:
            self._shifts = {}
            self._save_soon()

    def forget(self) -> None:
        """Drop what is not saved yet."""
        self._unsaved.clear()
        self._shifts = None

    async def close(self) -> None:
        """Save what is left."""
        if self._timer is not None:
            self._timer.cancel()
        if self._unsaved or self._one_at_a_time.locked():
            await self._save()

    def _save_soon(self) -> None:
        self._timer = None
        self._saving = asyncio.get_running_loop().create_task(self._save(), name="saving what was learned")

    async def _save(self) -> None:
        async with self._one_at_a_time:
            counts, self._unsaved = self._unsaved, Counter()
            try:
                self._shifts = await asyncio.to_thread(_saved, self._store, counts)
            except RecoderError as error:
                if not self._failed:
                    log.warning("%s Suggestions come as ever.", english(error.message))
                self._failed = True


def shift_of(outcomes: Iterable[tuple[int, Mapping[str, int]]]) -> float:
    """Return the difference in log-odds between how many suggestions were right and how many should have been.

    Right is what was accepted, and what was typed by hand exactly so; what was accepted in part is half right.

    Args:
        outcomes: For each decile of the predicted probability, how often each event was counted.
    """
    n_decided = predicted = right = 0.0
    for decile, n in outcomes:
        decided = sum(n.get(event, 0) for event in ("accepted", "typed", "partly", "rejected"))
        n_decided += decided
        predicted += decided * (decile + 0.5) / 10
        right += n.get("accepted", 0) + n.get("typed", 0) + n.get("partly", 0) / 2
    if n_decided <= 0:
        return 0.0
    expected = predicted / n_decided
    found = (right + PRIOR_OUTCOMES * expected) / (n_decided + PRIOR_OUTCOMES)
    return min(max(_log_odds(found) - _log_odds(expected), -MOST_SHIFT), MOST_SHIFT)


def _saved(store: LearningStore, counts: Mapping[Counted, int]) -> dict[tuple[str, str], float]:
    """Save, and return the shifts by language and source. Blocks: runs on a thread of its own."""
    store.add(counts)
    outcomes: dict[tuple[str, str], list[tuple[int, Mapping[str, int]]]] = {}
    for (language, source, decile), n in store.totals("language", "source", "decile").items():
        outcomes.setdefault((language, source), []).append((int(decile), n))
    return {where: shift_of(deciles) for where, deciles in outcomes.items()}


def _log_odds(probability: float) -> float:
    # A damaged file may have counted anything.
    probability = min(max(probability, 0.01), 0.99)
    return math.log(probability / (1 - probability))
