"""Ghost text: from a caret to at most one suggestion, with no inference where none is needed."""

from __future__ import annotations

import functools
import re
import uuid
from collections.abc import Generator
from dataclasses import dataclass, replace

from recoder_lsp import privacy
from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.beam import Beam, beam_of, search
from recoder_lsp.engine.cleaning import Insertion, block_indentation, insertion, opens_block
from recoder_lsp.engine.copying import Source, trust_of
from recoder_lsp.engine.fim import CLOSERS, Budget, Layout, Place, Prompter
from recoder_lsp.engine.fitting import misfit
from recoder_lsp.engine.generation import Generated, Limits, Spelling, generate
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.engine.runtime import Runtime
from recoder_lsp.engine.scheduler import Priority, Scheduler
from recoder_lsp.features.context import Context, ContextFinder
from recoder_lsp.metrics import Metrics

SINGLE_LINE_TOKENS = 32
MAX_SECONDS = 2.0
ELSEWHERE_TOKENS = 3000
PATH_PARTS = 3
# More of a document is not looked at. The start moves in steps, so that one key after the other sees the same text.
MAX_SIDE_CHARACTERS, SIDE_STEP_CHARACTERS = 48_000, 16_384
REMEMBERED_ACCEPTABLE = 64
_BEGINS_LINE = re.compile(r"\w|[\"'@#$~`!&*<{/-]")


@dataclass(frozen=True)
class Request:
    """Where ghost text is wanted.

    `selected_text` is the item that is selected in the completion menu: the suggestion has to go on from
    it, as if it stood at [selected_start, offset].
    """

    snapshot: Snapshot
    offset: int
    invoked: bool = False
    selected_text: str | None = None
    selected_start: int = 0
    for_menu: bool = False
    """The completion menu asks, and must not take the place of a request for ghost text."""


@dataclass(frozen=True)
class Suggestion:
    """Replace `snapshot.text[start:end]` by `text`; `id` names it when it is accepted."""

    id: str
    text: str
    start: int
    end: int
    generated: Generated | None = None
    """What the model did for it; None when an earlier answer still fitted."""


@dataclass(frozen=True)
class _Answer:
    """What the model wrote last for a document, and where: typing along it needs no model."""

    prefix: str
    suffix: str
    raw: str
    block: bool
    confidence_percent: float
    line_end: str
    """What makes it a line of its own, where it was asked for before one that is there already."""


@dataclass
class _Loaded:
    """A model with what was derived from it."""

    model: LlamaModel
    prompter: Prompter
    trust: tuple[float, ...]
    beam: Beam | None = None
    spelling: Spelling | None = None
    context: Context | None = None
    related: Source | None = None
    """The tokens of `context`, to copy from."""


class InlineCompletion:
    """Owned by the event loop. One instance serves all documents."""

    def __init__(
        self,
        scheduler: Scheduler,
        runtime: Runtime,
        metrics: Metrics,
        context: ContextFinder | None = None,
        layout: Layout | None = None,
    ) -> None:
        """Args:
        context: Finds related code; without it prompts hold the document alone.
        layout: Overrides the order that the model states, to compare layouts.
        """
        self._scheduler, self._runtime, self._metrics, self._layout = scheduler, runtime, metrics, layout
        self._context = context
        self._open: set[str] = set()
        self._answers: dict[str, _Answer] = {}
        self._loaded: _Loaded | None = None
        self._acceptable: dict[str, None] = {}

    async def suggest(self, request: Request, settings: Settings) -> Suggestion | None:
        """Return what may follow the caret, or None: nothing worth showing, not sure enough, not wanted here, no model yet.

        Raises:
            Superseded: A newer request for the same document took over.
            RecoderError: The model failed.
        """
        if not worth_asking(request, settings):
            return None
        uri, request = request.snapshot.uri, _with_sound_selection(request)
        self._open.add(uri)
        place = _place(request)
        least_percent = 0 if request.invoked else settings.completion.min_confidence_percent
        answer = self._along(uri, place, least_percent)
        generated = None
        if answer is None:
            loaded = self._model(settings)
            if loaded is None:
                return None
            block = settings.completion.multiline and opens_block(place)
            context = await self._context.at(request.snapshot, request.offset) if self._context else Context()
            line_end = line_end_needed(place)
            generated = await self._scheduler.run(
                lambda: _generation(loaded, _apart(place, line_end), context, block, settings),
                priority=Priority.GHOST_TEXT,
                key=f"{uri}#menu" if request.for_menu else uri,
            )
            self._count(generated)
            answer = _Answer(place.prefix, place.suffix, generated.text, block, generated.confidence_percent, line_end)
            if generated.ended_by != "time" and uri in self._open:
                self._answers[uri] = answer
        else:
            self._metrics.count("ghost_text.typed_along")
        if answer.confidence_percent < least_percent:
            self._metrics.count("ghost_text.unsure")
            return None
        cleaned = insertion(answer.raw, _apart(place, answer.line_end), block=answer.block)
        if cleaned:
            cleaned = replace(cleaned, text=cleaned.text + answer.line_end)
        return self._suggestion(request, cleaned, generated) if cleaned else None

    def accepted(self, suggestion_id: str) -> None:
        """Count that the user took a suggestion; counts stay on this machine."""
        if suggestion_id in self._acceptable:
            del self._acceptable[suggestion_id]
            self._metrics.count("ghost_text.accepted")

    def forget(self, uri: str) -> None:
        """Drop what is remembered of a closed document."""
        self._open.discard(uri)
        self._answers.pop(uri, None)
        if self._context is not None:
            self._context.forget(uri)

    def forget_related_code(self) -> None:
        """Drop what the index said: it goes by other settings or folders from now on."""
        if self._context is not None:
            self._context.forget_all()

    def _along(self, uri: str, place: Place, least_percent: float) -> _Answer | None:
        """Return the last answer, less what was typed of it since, if it still fits this place.

        One that was not sure enough to be shown is not gone on with: what was typed since may have made the model surer.
        """
        last = self._answers.get(uri)
        if last is None or not place.prefix.startswith(last.prefix):
            return None
        typed = place.prefix[len(last.prefix) :]
        if not last.raw.startswith(typed) or not _same_suffix(last.suffix, place.suffix):
            return None
        if last.line_end and last.suffix != place.suffix:
            return None
        if typed and (not last.raw[len(typed) :].strip() or last.confidence_percent < least_percent):
            return None
        return replace(last, prefix=place.prefix, suffix=place.suffix, raw=last.raw[len(typed) :])

    def _model(self, settings: Settings) -> _Loaded | None:
        model = self._runtime.ready()
        if model is None:
            self._loaded = None
            self._runtime.ensure(settings.engine)
            return None
        if self._loaded is None or self._loaded.model is not model:
            self._loaded = _Loaded(model, Prompter(model, self._layout), trust_of(model.metadata), beam_of(model.metadata))
            self._answers.clear()
        return self._loaded

    def _suggestion(self, request: Request, cleaned: Insertion, generated: Generated | None) -> Suggestion:
        text = cleaned.text.replace("\n", _line_break(request.snapshot.text))
        start = request.offset
        if request.selected_text is not None:
            text, start = request.selected_text + text, request.selected_start
        suggestion = Suggestion(uuid.uuid4().hex, text, start, request.offset + cleaned.replaced, generated)
        self._acceptable[suggestion.id] = None
        if len(self._acceptable) > REMEMBERED_ACCEPTABLE:
            del self._acceptable[next(iter(self._acceptable))]
        self._metrics.count("ghost_text.shown")
        return suggestion

    def _count(self, generated: Generated) -> None:
        self._metrics.count("ghost_text.generated")
        self._metrics.count("ghost_text.prompt_tokens_evaluated", generated.evaluated_tokens)
        self._metrics.count("ghost_text.tokens_decoded", generated.decoded_tokens)
        self._metrics.observe("ghost_text.prompt", generated.prompt_ms)
        self._metrics.observe("ghost_text.decode", generated.decode_ms)


def worth_asking(request: Request, settings: Settings) -> bool:
    """Say whether ghost text is wanted here at all.

    Never in a file that holds secrets; inside a word only when asked by hand.
    """
    completion = settings.completion
    if not completion.enabled or request.snapshot.language in completion.disabled_languages:
        return False
    if privacy.is_secret_path(request.snapshot.path):
        return False
    following = request.snapshot.text[request.offset : request.offset + 1]
    return request.invoked or not (following.isalnum() or following == "_")


def line_end_needed(place: Place) -> str:
    """Return what has to follow an insertion that becomes a line above the one that the caret stands before; nothing elsewhere.

    It is a line end, and the indentation that the insertion takes from that line. A rest that no line begins with, such as
    ` = compute()` or `)`, is not a line: it waits for its beginning.
    """
    before, rest = place.prefix.rpartition("\n")[2], place.suffix.partition("\n")[0].strip()
    return "\n" + before if not before.strip() and _BEGINS_LINE.match(rest) else ""


def _apart(place: Place, line_end: str) -> Place:
    return replace(place, suffix=line_end + place.suffix) if line_end else place


def _generation(loaded: _Loaded, place: Place, context: Context, block: bool, settings: Settings) -> Generator[None, None, Generated]:
    """Prompt and decode; runs on the engine thread, where alone the model may be touched."""
    completion = settings.completion
    if loaded.spelling is None:
        loaded.spelling = Spelling(loaded.model)
    room = max(loaded.model.context_tokens - completion.max_tokens - 64, 64)
    suffix_tokens = min(completion.suffix_tokens, room // 4)
    elsewhere = ELSEWHERE_TOKENS if loaded.trust else 0
    prefix_tokens = min(completion.prefix_tokens, room - suffix_tokens)
    context_tokens = min(completion.context_tokens, room - suffix_tokens - prefix_tokens)
    budget = Budget(prefix_tokens, suffix_tokens, context_tokens, elsewhere)
    prompt = loaded.prompter.prompt(place, budget, context.in_prompt)
    if loaded.trust and loaded.context is not context:
        loaded.context, loaded.related = context, Source(loaded.prompter.tokens_of(context.to_copy)) if context.to_copy else None
    max_tokens = completion.max_tokens if block else min(completion.max_tokens, SINGLE_LINE_TOKENS)
    limits = Limits(max_tokens, MAX_SECONDS, block_indentation(place) if block else None)
    if block or loaded.beam is None:
        return (yield from generate(loaded.model, loaded.spelling, prompt, limits, loaded.trust, loaded.related))
    fits = functools.partial(misfit, place=place)
    return (yield from search(loaded.model, loaded.spelling, prompt, limits, loaded.beam, fits, loaded.trust, loaded.related))


def _place(request: Request) -> Place:
    text, offset = request.snapshot.text, request.offset
    caret = offset if request.selected_text is None else request.selected_start
    start = max(caret - MAX_SIDE_CHARACTERS, 0) // SIDE_STEP_CHARACTERS * SIDE_STEP_CHARACTERS
    prefix = text[start:caret] + (request.selected_text or "")
    suffix = text[offset : offset + MAX_SIDE_CHARACTERS]
    path = "/".join(request.snapshot.path.split("/")[-PATH_PARTS:])
    return Place(path, request.snapshot.language, _with_plain_breaks(prefix), _with_plain_breaks(suffix), text.count("\n", 0, start))


def _with_sound_selection(request: Request) -> Request:
    """Ignore a selected item that does not stand on the caret's line, before the caret."""
    if request.selected_text is None:
        return request
    line_start = request.snapshot.text.rfind("\n", 0, request.offset) + 1
    sound = line_start <= request.selected_start <= request.offset and "\n" not in request.selected_text
    return request if sound else replace(request, selected_text=None, selected_start=0)


def _with_plain_breaks(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _line_break(text: str) -> str:
    """Return the line break that a document uses: that of its first line."""
    at = text.find("\n")
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n" if at >= 0 or "\r" not in text else "\r"


def _same_suffix(last: str, now: str) -> bool:
    """Say whether two suffixes are the same but for closers that an editor has put at the caret since."""
    if last == now:
        return True
    rest, line_end, below = now.partition("\n")
    last_rest, last_line_end, last_below = last.partition("\n")
    only_closers = all(character in CLOSERS for character in rest.strip() + last_rest.strip())
    return only_closers and (line_end, below) == (last_line_end, last_below)
