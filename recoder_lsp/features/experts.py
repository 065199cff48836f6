"""One inference: what the experts say at a place, and the one decision over it. Runs on the engine thread.

The model searches for lines, the phrases of the workspace propose others, each judges what the other has proposed, and the
gate says how probable it is that a line is right. What would break the document is dropped, whoever proposed it.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from recoder_lsp.config import Settings
from recoder_lsp.engine.beam import search
from recoder_lsp.engine.cleaning import block_indentation, insertion
from recoder_lsp.engine.fim import Budget, Layout, Place, Prompt
from recoder_lsp.engine.fitting import misfit
from recoder_lsp.engine.generation import Alternative, Generated, Limits, generate
from recoder_lsp.engine.judging import judge
from recoder_lsp.engine.runtime import Runtime
from recoder_lsp.engine.scheduler import Work
from recoder_lsp.features.answers import Answer, Candidate
from recoder_lsp.features.asking import Request, apart, line_end_needed
from recoder_lsp.features.checking import Checker
from recoder_lsp.features.completion_model import CompletionModel, Loaded
from recoder_lsp.features.context import Context
from recoder_lsp.features.gate import FIRST_LINES, Evidence, Gate, features, first_look
from recoder_lsp.features.unresolved import unresolved_names
from recoder_lsp.index.phrases.predicting import Caret, Line, Predictor
from recoder_lsp.index.phrases.stream import Stream

SINGLE_LINE_TOKENS = 32
MAX_SECONDS = 2.0
ELSEWHERE_TOKENS = 3000
# Of the lines that only the phrases propose, so many are put before the model.
MOST_JUDGED = 4
# The logarithm of a first token: what begins so is not read on.
HOPELESS = -8.0
# Unless everything is wanted, lines that their own expert finds less likely are not looked for (a logarithm), and candidates that
# are less probable are not checked: they would hardly be shown.
UNLIKELY, IMPROBABLE = -4.0, 0.1
# What the first look was learnt for: it says whether anything this probable will come out.
FIRST_LOOK_FROM_PERCENT = 35
# So many candidates are parsed in their place: one is shown, the others are there to cycle through.
MOST_CHECKED = 3
CHECK_SECONDS = 0.05


@dataclass(frozen=True)
class Switches:
    """Which experts take part: all of them, but where each is measured by leaving it out. `names` says which are known nowhere."""

    model: bool = True
    phrases: bool = True
    names: bool = True
    context: bool = True
    gate: bool = True


class Phrases(Protocol):
    """What knows the phrases of the workspace; a `Workspace` does."""

    def phrases(self, uri: str) -> tuple[Stream, str] | None: ...


class Experts:
    """Owned by the event loop; what its methods return is work for the engine thread, where alone the model may be touched."""

    def __init__(
        self, runtime: Runtime, phrases: Phrases | None = None, layout: Layout | None = None, switches: Switches = Switches()
    ) -> None:
        """Args:
        runtime: Holds the model.
        phrases: Knows the phrases of the workspace; without it, those of the open documents are all there is.
        layout: Overrides the order that the model states, to compare layouts.
        switches: Which experts take part.
        """
        self._completion_model, self._phrases, self._switches = CompletionModel(runtime, layout), phrases, switches
        self._predictor = Predictor(None)
        self._checker = Checker()
        self._gate: Gate | None = None

    def ready(self, settings: Settings) -> bool:
        """Say whether anyone can answer by now; a model that is missing begins to load."""
        return self._model(settings) is not None or self._switches.phrases

    def work(self, request: Request, place: Place, context: Context, settings: Settings, rejections: int = 0) -> Work[Answer]:
        """Return what has to be done for an answer at this place; only where they are `ready`.

        Args:
            request: What was asked.
            place: Where.
            context: Related code.
            settings: What the user wants.
            rejections: How many suggestions were turned down here in the last minute.
        """
        panel = self._panel(request.snapshot.uri, place, context, settings)
        panel.thorough = request.invoked or settings.completion.min_confidence_percent == 0 or not self._switches.gate
        return lambda: _answer(panel, self._gate_loaded(), rejections)

    def evidence(self, request: Request, place: Place, context: Context, settings: Settings) -> Work[list[Evidence]]:
        """Return what has to be done to learn what `work` decides by: for training the gate."""
        panel = self._panel(request.snapshot.uri, place, context, settings)
        return lambda: _found(panel)

    def reading(self, place: Place, context: Context, settings: Settings) -> Work[int] | None:
        """Return what has to be done to have the prompt for this place read ahead, with nothing written; None without a model.

        It says how many tokens that took.
        """
        loaded = self._model(settings)
        return (lambda: _read(loaded, apart(place, line_end_needed(place)), context, settings)) if loaded is not None else None

    def _panel(self, uri: str, place: Place, context: Context, settings: Settings) -> _Panel:
        known = self._phrases.phrases(uri) if self._phrases is not None and self._switches.phrases else None
        stream, path = known if known is not None else (None, None)
        if stream is not self._predictor.stream:
            self._predictor = Predictor(stream)
        loaded = self._model(settings) if self._switches.model else None
        predictor = self._predictor if self._switches.phrases else None
        knows = predictor.knows if predictor is not None and self._switches.names else None
        return _Panel(uri, path, place, context, settings, loaded, predictor, knows, self._checker, knows_workspace=stream is not None)

    def _gate_loaded(self) -> Gate | None:
        if self._gate is None and self._switches.gate:
            self._gate = Gate.load()
        return self._gate

    def _model(self, settings: Settings) -> Loaded | None:
        return self._completion_model.ready(settings) if self._switches.model else None


@dataclass
class _Panel:
    """Who is asked, and about what."""

    uri: str
    path: str | None
    whole_place: Place
    context: Context
    settings: Settings
    loaded: Loaded | None
    predictor: Predictor | None
    knows: Callable[[str], bool] | None
    """Whether a word occurs anywhere; None where names take no part."""
    checker: Checker
    generated: Generated | None = None
    """What the model did for it."""
    thorough: bool = True
    """Whether unlikely lines are wanted, too."""
    knows_workspace: bool = False
    """Whether phrases of other files take part."""

    @functools.cached_property
    def line_end(self) -> str:
        return line_end_needed(self.whole_place)

    @functools.cached_property
    def place(self) -> Place:
        """Where the insertion stands: apart from a line that begins at the caret."""
        return apart(self.whole_place, self.line_end)


def _answer(panel: _Panel, gate: Gate | None, rejections: int) -> Generator[None, None, Answer]:
    place = panel.place
    opens_block = panel.settings.completion.multiline and panel.checker.opens_block(panel.whole_place)
    found = yield from _found(panel, gate)
    judged = _judged(found, place, gate, rejections)
    likely = judged if panel.thorough else [candidate for candidate in judged if candidate.probability >= IMPROBABLE]
    candidates = _checked(panel, likely, block=opens_block)
    rest: Generated | None = None
    if opens_block and panel.loaded is not None and panel.generated is not None:
        candidates, rest = yield from _gone_on(panel, panel.loaded, candidates)
    complete = all(each is None or each.ended_by != "time" for each in (panel.generated, rest))
    whole = panel.whole_place
    return Answer(whole.prefix, whole.suffix, rest is not None, panel.line_end, candidates, panel.generated, complete, panel.thorough)


def _found(panel: _Panel, gate: Gate | None = None) -> Generator[None, None, list[Evidence]]:
    """Collect what the experts propose, and what each makes of all of it; the model is left out where that is hopeless."""
    found: dict[str, Evidence] = {}
    caret = _caret(panel)
    least = -math.inf if panel.thorough else UNLIKELY
    every = [line for line in caret.lines() if line.text.strip()] if caret is not None else []
    lines = [line for line in every if line.log_probability > least]
    ask_model = panel.loaded is not None and not (gate is not None and caret is not None and _is_hopeless(panel, caret, every, gate))
    if panel.loaded is not None and ask_model:
        yield
        generated = panel.generated = yield from _searched(panel.loaded, panel.place, panel.context, panel.settings, least)
        for rank, proposed in enumerate((generated, *generated.alternatives)):
            if proposed.text.strip():
                found.setdefault(plain(proposed.text), Evidence(proposed.text, proposed, rank))
    for rank, line in enumerate(lines):
        known = found.get(plain(line.text), Evidence(line.text, named=line.named))
        found[plain(line.text)] = replace(known, phrases_rank=rank)
    if panel.loaded is not None and panel.loaded.beam is not None and ask_model:
        yield from _put_before_model(panel, panel.loaded, found)
    return [_looked_at(evidence, panel, caret) for evidence in found.values()]


def _is_hopeless(panel: _Panel, caret: Caret, lines: Sequence[Line], gate: Gate) -> bool:
    """Say whether, as the phrases have it, hardly anything would be shown: then the model is asked for nothing, and most keys are that."""
    if panel.thorough or panel.settings.completion.min_confidence_percent < FIRST_LOOK_FROM_PERCENT:
        return False
    best = [_looked_at(Evidence(line.text, phrases_rank=rank), panel, caret) for rank, line in enumerate(lines[:FIRST_LINES])]
    return gate.is_hopeless(first_look(best, len(lines), panel.place, knows_workspace=panel.knows_workspace))


def _looked_at(evidence: Evidence, panel: _Panel, caret: Caret | None) -> Evidence:
    """Add what phrases, names and the lines around say about a candidate."""
    place = panel.place
    return replace(
        evidence,
        phrases=caret.judged(evidence.text) if caret is not None else None,
        misfit=misfit(evidence.text, place),
        unresolved=unresolved_names(evidence.text, panel.knows, place.language, place.prefix) if panel.knows is not None else 0,
    )


def _caret(panel: _Panel) -> Caret | None:
    if panel.predictor is None:
        return None
    place = panel.place
    return panel.predictor.at(panel.uri, panel.path, place.prefix, place.suffix, names=panel.knows is not None)


def _put_before_model(panel: _Panel, loaded: Loaded, found: dict[str, Evidence]) -> Generator[None, None, None]:
    """Have the model judge the lines that it did not think of."""
    foreign = [evidence for evidence in found.values() if evidence.model is None][:MOST_JUDGED]
    if not foreign:
        return
    prompt = _prompt(loaded, panel.place, panel.context, panel.settings)
    texts = [evidence.text for evidence in foreign]
    judged = yield from judge(loaded.model, loaded.spelling, prompt, texts, loaded.trust, HOPELESS)
    for evidence, model in zip(foreign, judged, strict=True):
        found[plain(evidence.text)] = replace(evidence, model=model)


def _judged(found: Sequence[Evidence], place: Place, gate: Gate | None, rejections: int) -> list[Candidate]:
    """Order candidates by how probable they are."""
    if not found:
        return []
    if gate is None:
        return sorted((Candidate(each.text, _own_probability(each), each.source) for each in found), key=lambda each: -each.probability)
    rows = features(found, place, rejections)
    candidates = [Candidate(each.text, gate.probability(row), each.source) for each, row in zip(found, rows, strict=True)]
    return sorted(candidates, key=lambda candidate: -candidate.probability)


def _own_probability(evidence: Evidence) -> float:
    """What a candidate's own expert says, as the mean probability of a token."""
    if evidence.model_rank is not None and evidence.model is not None:
        return evidence.model.confidence_percent / 100
    line = evidence.phrases.line if evidence.phrases is not None else None
    return Alternative("", line.log_probability, line.n_lexemes, 0.0).confidence_percent / 100 if line is not None else 0.0


def _checked(panel: _Panel, candidates: Sequence[Candidate], *, block: bool) -> tuple[Candidate, ...]:
    """Keep the best candidates that break nothing, cut to what does not."""
    place, deadline = panel.place, time.monotonic() + CHECK_SECONDS
    kept: list[Candidate] = []
    for candidate in candidates:
        if len(kept) == MOST_CHECKED:
            break
        cleaned = insertion(candidate.text, place, block=block)
        if cleaned is None:
            continue
        after = place.suffix[cleaned.replaced :]
        checked = panel.checker.check(place.prefix, cleaned.text, after, place.language, deadline)
        if checked.text is not None and checked.text.strip():
            kept.append(replace(candidate, text=checked.text) if checked.trimmed or block else candidate)
    return tuple(kept)


def _gone_on(
    panel: _Panel, loaded: Loaded, candidates: tuple[Candidate, ...]
) -> Generator[None, None, tuple[tuple[Candidate, ...], Generated | None]]:
    """Have the model write the rest of the block that the best line begins; return that too, if it goes on.

    Where nothing more belongs on the caret's line, as behind a header, the block begins with the line below.
    """
    best, *others = candidates or (Candidate("", 1.0, "model"),)
    place, completion = panel.place, panel.settings.completion
    begun = replace(place, prefix=place.prefix + best.text)
    limits = Limits(completion.max_tokens, MAX_SECONDS, block_indentation(place))
    prompt = _prompt(loaded, begun, panel.context, panel.settings)
    rest = yield from generate(loaded.model, loaded.spelling, prompt, limits, loaded.trust)
    if not rest.text.strip() or not rest.text.lstrip(" \t").startswith("\n"):
        return candidates, None
    whole = replace(best, text=best.text + rest.text, probability=min(best.probability, rest.confidence_percent / 100))
    checked = _checked(panel, [whole], block=True)
    return ((*checked, *others), rest) if checked else (candidates, None)


def _searched(loaded: Loaded, place: Place, context: Context, settings: Settings, least: float) -> Generator[None, None, Generated]:
    """Prompt, and decode a line."""
    prompt = _prompt(loaded, place, context, settings)
    limits = Limits(min(settings.completion.max_tokens, SINGLE_LINE_TOKENS), MAX_SECONDS, least_log_probability=least)
    if loaded.beam is None:
        return (yield from generate(loaded.model, loaded.spelling, prompt, limits, loaded.trust))
    fits = functools.partial(misfit, place=place)
    return (yield from search(loaded.model, loaded.spelling, prompt, limits, loaded.beam, fits, loaded.trust))


def _read(loaded: Loaded, place: Place, context: Context, settings: Settings) -> Generator[None, None, int]:
    already = loaded.model.evaluated_tokens
    yield from loaded.model.evaluate(_prompt(loaded, place, context, settings).tokens)
    return loaded.model.evaluated_tokens - already


def _prompt(loaded: Loaded, place: Place, context: Context, settings: Settings) -> Prompt:
    completion = settings.completion
    room = max(loaded.model.context_tokens - completion.max_tokens - 64, 64)
    suffix_tokens = min(completion.suffix_tokens, room // 4)
    elsewhere = ELSEWHERE_TOKENS if loaded.trust else 0
    prefix_tokens = min(completion.prefix_tokens, room - suffix_tokens)
    context_tokens = min(completion.context_tokens, room - suffix_tokens - prefix_tokens)
    return loaded.prompter.prompt(place, Budget(prefix_tokens, suffix_tokens, context_tokens, elsewhere), context.in_prompt)


def plain(text: str) -> str:
    """Return a text as it is compared: white space aside."""
    return " ".join(text.split())
