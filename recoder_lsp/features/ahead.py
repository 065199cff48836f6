"""What is done before anybody asks: reading where the next key is expected, and what follows a suggestion on the screen."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any

from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.fim import Place
from recoder_lsp.engine.runtime import Runtime
from recoder_lsp.engine.scheduler import Priority, Scheduler, Superseded
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.answers import Answers
from recoder_lsp.features.asking import Request, may_be_read, place_of, worth_asking
from recoder_lsp.features.context import Context, ContextFinder
from recoder_lsp.features.experts import Experts
from recoder_lsp.features.in_flight import InFlight
from recoder_lsp.logs import log_bug
from recoder_lsp.metrics import Metrics

# A suggestion that stands for so long is looked at. Who types on is there sooner.
LOOKED_AT_S = 0.1
# After so long without a key, what the index has said meanwhile is read.
IDLE_S = 1.0
# An edit so many lines away from the last caret is a jump.
JUMP_LINES = 20

log = logging.getLogger(__name__)


@dataclass
class _Caret:
    """Where a document was edited or asked about last; the line counts from 0."""

    offset: int
    line: int


class Ahead:
    """Owned by the event loop. It does one thing at a time, and whatever happens next takes its place: it never delays a key."""

    def __init__(
        self,
        scheduler: Scheduler,
        runtime: Runtime,
        metrics: Metrics,
        experts: Experts,
        context: ContextFinder | None,
        answers: Answers,
        in_flight: InFlight,
    ) -> None:
        self._scheduler, self._runtime, self._metrics = scheduler, runtime, metrics
        self._experts, self._context, self._answers, self._in_flight = experts, context, answers, in_flight
        self._carets: dict[str, _Caret] = {}
        self._task: asyncio.Task[None] | None = None

    def opened(self, snapshot: Snapshot, settings: Settings) -> None:
        """Read what every prompt for this document begins with. Where its caret stands is not known."""
        if may_be_read(snapshot, settings):
            self._begin(self._read_beginning(snapshot, settings))

    def saved(self, snapshot: Snapshot, settings: Settings) -> None:
        """Read anew around the last caret: what formats on saving may have changed the text there."""
        caret = self._carets.get(snapshot.uri)
        if caret is not None:
            self._begin(self._read(Request(snapshot, min(caret.offset, len(snapshot.text))), settings))

    def edited(self, snapshot: Snapshot, offset: int, settings: Settings) -> None:
        """Read around an edit that is far from the last one: a request may follow it, after the editor's own pause."""
        last, now = self._carets.get(snapshot.uri), self._moved_to(snapshot, offset)
        if last is None or abs(last.line - now.line) > JUMP_LINES:
            self._begin(self._read(Request(snapshot, offset), settings))

    def asked(self, request: Request) -> None:
        """Leave the engine to a request."""
        self.stop()
        self._moved_to(request.snapshot, request.offset)

    def answered(self, request: Request, accepted: Request | None, settings: Settings) -> None:
        """Prepare for what comes after a request.

        Args:
            request: The one that was answered.
            accepted: The one that is expected when the suggestion is taken as a whole; None without one.
            settings: As they are.
        """
        self._begin(self._pause(request, accepted, settings))

    def forget(self, uri: str) -> None:
        """Drop what is remembered of a closed document, and what is being done."""
        self._carets.pop(uri, None)
        self.stop()

    def stop(self) -> None:
        """Stop what is being done."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _moved_to(self, snapshot: Snapshot, offset: int) -> _Caret:
        caret = self._carets[snapshot.uri] = _Caret(offset, snapshot.position_at(offset, "utf-32")[0])
        return caret

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self.stop()
        self._task = asyncio.get_running_loop().create_task(work, name="work ahead")
        self._task.add_done_callback(_ended)

    async def _read_beginning(self, snapshot: Snapshot, settings: Settings) -> None:
        """Wait for the model, and for what the index says about this document."""
        await self._runtime.loaded()
        if self._context is not None:
            await self._context.at(snapshot, 0)
        place = place_of(Request(snapshot, 0))
        await self._evaluate(snapshot.uri, replace(place, prefix="", suffix=""), settings)

    async def _read(self, request: Request, settings: Settings) -> None:
        if not may_be_read(request.snapshot, settings):
            return
        if self._context is not None:
            await self._context.at(request.snapshot, request.offset)
        await self._evaluate(request.snapshot.uri, place_of(request), settings)

    async def _pause(self, request: Request, accepted: Request | None, settings: Settings) -> None:
        await asyncio.sleep(LOOKED_AT_S)
        if accepted is not None:
            await self._prepare(accepted, settings)
        await asyncio.sleep(IDLE_S - LOOKED_AT_S)
        await self._read(request, settings)

    async def _prepare(self, accepted: Request, settings: Settings) -> None:
        """Have the answer ready for the caret after a suggestion; where it will show nothing there, for the next line."""
        uri, least = accepted.snapshot.uri, settings.completion.min_confidence_percent / 100
        for request in (accepted, _on_the_next_line(accepted)):
            place = place_of(request)
            answer = self._answers.find(uri, place, least)
            if answer is None and worth_asking(request, settings) and self._experts.ready(settings):
                work = self._experts.work(request, place, self._known_context(uri), settings)
                answer = await self._in_flight.begin(uri, place, work, priority=Priority.PREFILL, kind="ahead").outcome()
            if answer is None or any(candidate.probability >= least for candidate in answer.candidates):
                return

    async def _evaluate(self, uri: str, place: Place, settings: Settings) -> None:
        work = self._experts.reading(place, self._known_context(uri), settings)
        if work is not None:
            n_tokens = await self._scheduler.run(work, priority=Priority.PREFILL)
            self._metrics.count("ghost_text.tokens_read_ahead", n_tokens)

    def _known_context(self, uri: str) -> Context:
        return self._context.known(uri) if self._context is not None else Context()


def _on_the_next_line(request: Request) -> Request:
    """Return the request that follows Enter: editors indent a new line like the one above."""
    text, offset = request.snapshot.text, request.offset
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    added = "\n" + line[: len(line) - len(line.lstrip())]
    return replace(request, snapshot=replace(request.snapshot, text=text[:offset] + added + text[offset:]), offset=offset + len(added))


def _ended(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, Superseded | RecoderError):
        log_bug(log, "Working ahead failed", error)
