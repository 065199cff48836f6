"""Ghost text: from a caret to what is suggested there, with no inference where none is needed."""

from __future__ import annotations

import asyncio
import itertools
import math
import uuid
from dataclasses import dataclass, replace
from typing import Protocol

from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.cleaning import Insertion, insertion
from recoder_lsp.engine.fim import Layout, Place
from recoder_lsp.engine.generation import Generated
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.engine.runtime import Runtime
from recoder_lsp.engine.scheduler import Priority, Scheduler, Superseded
from recoder_lsp.features.ahead import Ahead
from recoder_lsp.features.answers import Answer, Answers, Candidate
from recoder_lsp.features.asking import Request, apart, line_break, place_of, with_sound_selection, worth_asking
from recoder_lsp.features.context import Context, ContextFinder
from recoder_lsp.features.experts import Experts, Phrases, Switches
from recoder_lsp.features.in_flight import Inference, InFlight
from recoder_lsp.features.pacing import SNOOZE_MINUTES, Pace, Pacing, debounce_s
from recoder_lsp.metrics import Metrics

__all__ = ["InlineCompletion", "Request", "Suggestion"]

REMEMBERED_ACCEPTABLE = 64


class Experience(Protocol):
    """What became of earlier suggestions; `Learning` knows it."""

    def recent_rejections(self, uri: str, line: int) -> int: ...
    def adjustment(self, language: str, source: str) -> float: ...


@dataclass(frozen=True)
class Suggestion:
    """Replace `snapshot.text[start:end]` by `text`; `id` names it when it is accepted."""

    id: str
    text: str
    start: int
    end: int
    generated: Generated | None = None
    """What the model did for it; None when an earlier answer still fitted."""
    probability: float = 0.0
    """That it is right as it stands, from 0 to 1."""
    source: str = "model"
    """Who proposed it first, as in `Candidate`."""


class InlineCompletion:
    """Owned by the event loop. One instance serves all documents."""

    def __init__(
        self,
        scheduler: Scheduler,
        runtime: Runtime,
        metrics: Metrics,
        context: ContextFinder | None = None,
        phrases: Phrases | None = None,
        experience: Experience | None = None,
        layout: Layout | None = None,
        switches: Switches | None = None,
    ) -> None:
        """Args:
        context: Finds related code; without it prompts hold the document alone.
        phrases: Knows the phrases of the workspace.
        experience: Knows what the user made of earlier suggestions.
        layout: Overrides the order that the model states, to compare layouts.
        switches: Which experts take part; all of them without it.
        """
        self._runtime, self._metrics, self._context = runtime, metrics, context
        self._experts = Experts(runtime, phrases, layout, switches or Switches())
        self._experience = experience
        self._answers = Answers()
        self._in_flight = InFlight(scheduler, self._remember)
        self._ahead = Ahead(scheduler, runtime, metrics, self._experts, context, self._answers, self._in_flight)
        self._pacing = Pacing()
        self._model: LlamaModel | None = None
        self._requests = itertools.count()
        self._newest: dict[tuple[str, bool], int] = {}
        """The number of the last request for a document, and for the menu in it."""
        self._acceptable: dict[str, None] = {}

    async def suggest(self, request: Request, settings: Settings) -> Suggestion | None:
        """Return the best of `suggestions`, None without any."""
        return next(iter(await self.suggestions(request, settings)), None)

    async def suggestions(self, request: Request, settings: Settings) -> tuple[Suggestion, ...]:
        """Return what may follow the caret, the best first: all that there is for who asks by hand, else at most one.

        None where there is nothing worth showing, nobody is sure enough, it is not wanted here or now, or there is no model yet.

        Raises:
            Superseded: A newer request for the same document took over, or it was edited or closed.
            RecoderError: The model failed.
        """
        if not worth_asking(request, settings) or not (request.invoked or self.pace(settings) == "active"):
            return ()
        request = with_sound_selection(request)
        if not request.for_menu:
            self._ahead.asked(request)
        place = place_of(request)
        least = 0.0 if request.invoked else settings.completion.min_confidence_percent / 100
        answered = await self._answered(request, place, least, settings)
        if answered is None:
            return ()
        suggestions = self._shown(request, place, answered, least)
        if not request.for_menu and self.pace(settings) == "active":
            self._ahead.answered(request, _accepted(request, suggestions[0]) if suggestions else None, settings)
        return suggestions

    def opened(self, snapshot: Snapshot, settings: Settings) -> None:
        """Read ahead in a document that was opened."""
        if self.pace(settings) == "active":
            self._ahead.opened(snapshot, settings)

    def edited(self, snapshot: Snapshot, offset: int | None, settings: Settings) -> None:
        """Have the requests before an edit answered by nothing, and read ahead where it ends, if that is known."""
        for for_menu in (False, True):
            self._newest.pop((snapshot.uri, for_menu), None)
        if offset is not None and self._context is not None:
            self._context.visited(snapshot, offset)
        if offset is not None and self.pace(settings) == "active":
            self._ahead.edited(snapshot, offset, settings)

    def saved(self, snapshot: Snapshot, settings: Settings) -> None:
        """Read ahead in a document that was saved."""
        if self.pace(settings) == "active":
            self._ahead.saved(snapshot, settings)

    def pace(self, settings: Settings) -> Pace:
        """Say whether anything is done that was not asked for by hand: only while "active"."""
        return self._pacing.pace(settings)

    @property
    def snoozed_s(self) -> int:
        """For how many seconds nothing will be done unasked."""
        return self._pacing.snoozed_s

    def snooze(self, minutes: float = SNOOZE_MINUTES) -> None:
        """Do nothing unasked for so long; 0 ends it."""
        self._pacing.snooze(minutes)
        self._ahead.stop()

    def stop(self) -> None:
        """Stop what is done ahead; requests are not touched."""
        self._ahead.stop()

    def accepted(self, suggestion_id: str) -> None:
        """Count that the user took a suggestion; counts stay on this machine."""
        if suggestion_id in self._acceptable:
            del self._acceptable[suggestion_id]
            self._metrics.count("ghost_text.accepted")

    def forget(self, uri: str) -> None:
        """Drop what is remembered of a closed document, and stop what is done for it."""
        for for_menu in (False, True):
            self._newest.pop((uri, for_menu), None)
        self._in_flight.stop(uri)
        self._ahead.forget(uri)
        self._answers.forget(uri)
        if self._context is not None:
            self._context.forget(uri)

    def forget_related_code(self) -> None:
        """Drop what the index said: it goes by other settings or folders from now on."""
        if self._context is not None:
            self._context.forget_all()

    async def _answered(self, request: Request, place: Place, least: float, settings: Settings) -> _Answered | None:
        """Return an earlier answer that still fits, else that of an inference which runs, else that of a new one; None without experts."""
        uri, number = request.snapshot.uri, next(self._requests)
        self._newest[uri, request.for_menu] = number
        if self._runtime.ready() is not self._model:
            # Another one, or the first: it may know better than what was there without it.
            self._model = self._runtime.ready()
            self._answers.clear()
        while True:
            known = self._answers.find(uri, place, least)
            if known is not None:
                self._metrics.count("ghost_text.typed_along")
                return _Answered(known, None)
            adopted = inference = self._in_flight.adopted(uri, place)
            if inference is None:
                context = await self._context.at(request.snapshot, request.offset) if self._context else Context()
                if not request.invoked and (pause_s := debounce_s(self._runtime.state)):
                    await asyncio.sleep(pause_s)
                self._require_newest(request, number)
                # Another request may have begun one meanwhile.
                adopted = inference = self._in_flight.adopted(uri, place)
            if inference is None:
                if not self._experts.ready(settings):
                    return None
                inference = self._begun(request, place, context, settings)
            answer = await inference.outcome()
            self._require_newest(request, number)
            fitting = answer.along(place, least)
            if fitting is not None:
                self._metrics.count("ghost_text.adopted", adopted is not None)
                return _Answered(fitting, fitting.generated)

    def _begun(self, request: Request, place: Place, context: Context, settings: Settings) -> Inference:
        rejections = 0
        if self._experience is not None:
            line = request.snapshot.text.count("\n", 0, request.offset)
            rejections = self._experience.recent_rejections(request.snapshot.uri, line)
        work = self._experts.work(request, place, context, settings, rejections)
        kind = "menu" if request.for_menu else "ghost text"
        return self._in_flight.begin(request.snapshot.uri, place, work, priority=Priority.GHOST_TEXT, kind=kind)

    def _require_newest(self, request: Request, number: int) -> None:
        if self._newest.get((request.snapshot.uri, request.for_menu)) != number:
            raise Superseded("A newer request replaced this one, or its document has changed.")

    def _remember(self, uri: str, answer: Answer, priority: Priority) -> None:
        """Take in the outcome of an inference."""
        if answer.complete:
            self._answers.add(uri, answer)
        if (generated := answer.generated) is None:
            self._metrics.count("ghost_text.without_model")
            return
        prepared = priority is Priority.PREFILL
        self._metrics.count("ghost_text.prepared" if prepared else "ghost_text.generated")
        self._metrics.count("ghost_text.prompt_tokens_evaluated", generated.evaluated_tokens)
        self._metrics.count("ghost_text.tokens_decoded", generated.decoded_tokens)
        if not prepared:
            self._metrics.observe("ghost_text.prompt", generated.prompt_ms)
            self._metrics.observe("ghost_text.decode", generated.decode_ms)

    def _shown(self, request: Request, place: Place, answered: _Answered, least: float) -> tuple[Suggestion, ...]:
        """Return what of an answer is shown, with everything that has to happen when it is."""
        answer = answered.answer
        sure = [candidate for candidate in answer.candidates if self._adjusted(candidate, request) >= least]
        if answer.candidates and not sure:
            self._metrics.count("ghost_text.unsure")
        found: dict[Insertion, Candidate] = {}
        for candidate in sure:
            cleaned = insertion(candidate.text, apart(place, answer.line_end), block=answer.block)
            if cleaned is not None:
                found.setdefault(replace(cleaned, text=cleaned.text + answer.line_end), candidate)
            if found and not request.invoked:
                break
        suggestions = tuple(_suggestion(request, cleaned, candidate, answered.generated) for cleaned, candidate in found.items())
        self._metrics.count("ghost_text.shown", bool(suggestions))
        for suggestion in suggestions:
            self._acceptable[suggestion.id] = None
            if len(self._acceptable) > REMEMBERED_ACCEPTABLE:
                del self._acceptable[next(iter(self._acceptable))]
        return suggestions

    def _adjusted(self, candidate: Candidate, request: Request) -> float:
        """Return how probable a candidate is after what became of others like it."""
        if self._experience is None:
            return candidate.probability
        odds = candidate.probability / max(1 - candidate.probability, 1e-9)
        odds *= math.exp(self._experience.adjustment(request.snapshot.language, candidate.source))
        return odds / (1 + odds)


@dataclass(frozen=True)
class _Answered:
    """An answer, and what the model did for it now; None when it was there already."""

    answer: Answer
    generated: Generated | None


def _suggestion(request: Request, cleaned: Insertion, candidate: Candidate, generated: Generated | None) -> Suggestion:
    text = cleaned.text.replace("\n", line_break(request.snapshot.text))
    start = request.offset
    if request.selected_text is not None:
        text, start = request.selected_text + text, request.selected_start
    end = request.offset + cleaned.replaced
    return Suggestion(uuid.uuid4().hex, text, start, end, generated, candidate.probability, candidate.source)


def _accepted(request: Request, suggestion: Suggestion) -> Request:
    """Return the request that follows when a suggestion is taken as a whole."""
    before, after = request.snapshot.text[: suggestion.start] + suggestion.text, request.snapshot.text[suggestion.end :]
    return Request(replace(request.snapshot, text=before + after, version=None), len(before))
