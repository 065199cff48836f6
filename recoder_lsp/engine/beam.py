"""Decode one line by beam search: several beginnings of it are followed at once, and the best whole line is taken.

The likeliest next token often begins an unlikely line. As in JetBrains' full-line completion (Semenkin et al. 2024), only
lines that have come to their end compete; where a limit is reached first, the best beginning does too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from recoder_lsp.engine.branches import BRANCH_TOKENS, Beam, beam_of
from recoder_lsp.engine.copying import Copier
from recoder_lsp.engine.fim import Prompt
from recoder_lsp.engine.generation import (
    MOST_ALTERNATIVES,
    Alternative,
    Course,
    EndedBy,
    Generated,
    Limits,
    Model,
    Spelling,
    log_of,
    probabilities_of,
    whole,
)

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Beam", "BranchingModel", "Misfit", "beam_of", "search"]

# What is so much worse than the best beginning, or can no longer catch up with the best whole line, is given up.
# Natural logarithms; measured in docs/measurements.md, beam.
GIVE_UP, CATCH_UP = 3.0, 0.5

Misfit = Callable[[str], float]
"""How badly a text goes with what stands around the caret: a natural logarithm, 0.0 for nothing to object to."""


class BranchingModel(Model, Protocol):
    """What a search needs of a model beyond decoding; `LlamaModel` is one."""

    def evaluate_branches(self, trunk: Sequence[int], tails: Sequence[Sequence[int]]) -> Generator[None, None, np.ndarray]: ...


@dataclass(frozen=True, slots=True)
class _Beginning:
    """The beginning of a line. Its tokens follow the prompt; `owed` are the healed bytes that are not spelled yet."""

    tokens: tuple[int, ...]
    text: bytes
    owed: bytes
    value: float
    """What decides: the logarithm of its probability, with the rewards."""
    scores: tuple[float, ...]
    copier: Copier | None
    n_healed: int = 0


@dataclass(slots=True)
class _Line:
    """A whole line. It may come out in several ways, with or without white space at its end: their probabilities add up."""

    text: bytes
    scores: tuple[float, ...]
    likeliest: float
    """The value of the best of these ways alone: it says which white space `text` ends with."""
    value: float
    misfit: float

    @property
    def worth(self) -> float:
        return self.value - self.misfit

    def alternative(self) -> Alternative:
        return Alternative(self.text.decode("utf-8", "ignore"), sum(self.scores), len(self.scores), self.scores[0])


_Candidate = tuple[float, int, int | None, float]
"""Value, place of the beginning that it goes on from, token or None for the end of the line, and the token's own score."""


def search(
    model: BranchingModel,
    spelling: Spelling,
    prompt: Prompt,
    limits: Limits,
    beam: Beam,
    misfit: Misfit,
    trust: Sequence[float] = (),
) -> Generator[None, None, Generated]:
    """Evaluate the prompt, then search for the rest of the line; yields between slices and steps, as `generate` does.

    Args:
        misfit: Asked once for each whole line that is found.
        trust: As for `generate`.

    Returns:
        The line, with scores of its own tokens alone, as it was spelled first; and with the other lines that were found, the
        same way. All that ends a line counts as one token, so that its confidence is a little higher than that of `generate`
        for the same line. `ended_by` is "time" whenever the time was up, also with a whole line: one more try may do better.

    Raises:
        RecoderError: The model cannot hold or read the prompt.
    """
    course = Course(model, prompt)
    trunk = list(prompt.tokens)
    yield from model.evaluate(trunk)
    course.read()
    copier = Copier(trust, (*prompt.elsewhere, *trunk)) if trust else None
    steps = _Steps(model, spelling, beam, misfit)
    live = steps.gone_on([_Beginning((), b"", prompt.healing, 0.0, (), copier)], model.logits[None])
    ended_by: EndedBy = "line"
    while live := [beginning for beginning in live if sum(beginning.scores) > limits.least_log_probability]:
        longest = max(len(beginning.tokens) - beginning.n_healed for beginning in live)
        n_tokens = len(live[0].tokens)  # of each of them, with what is healed
        if longest >= limits.max_tokens or n_tokens > BRANCH_TOKENS or len(trunk) + n_tokens >= model.context_tokens:
            ended_by = "length"
            break
        if course.decoding_s > limits.max_seconds:
            ended_by = "time"
            break
        course.decoded_tokens += len(live)
        yield
        logits = yield from model.evaluate_branches(trunk, [beginning.tokens for beginning in live])
        live = steps.gone_on(live, logits)
    lines = [line for line in steps.lines() if sum(line.scores) > limits.least_log_probability]
    text, scores, ended_by = _outcome(lines[0] if lines else None, live[0] if live else None, ended_by, limits)
    others = [other for line in lines if (other := line.alternative()).text.rstrip() != text.rstrip()]
    return course.generated(text, ended_by, scores, others[:MOST_ALTERNATIVES])


def _outcome(line: _Line | None, begun: _Beginning | None, ended_by: EndedBy, limits: Limits) -> tuple[str, tuple[float, ...], EndedBy]:
    """Choose between the best whole line and the best beginning: there is one only where a limit was reached."""
    if begun and not begun.owed and (line is None or line.worth < begun.value):
        text = whole(begun.text.decode("utf-8", "ignore"), ended_by, limits)
        if text.strip():
            return text, begun.scores, ended_by
    if line is None or (begun and line.worth < begun.value - GIVE_UP):
        return "", begun.scores if begun else (), "time" if ended_by == "time" else "nothing"
    return line.text.decode("utf-8", "ignore"), line.scores, "time" if ended_by == "time" else "line"


class _Steps:
    """One search: takes beginnings a token further, and collects the lines that are whole."""

    def __init__(self, model: BranchingModel, spelling: Spelling, beam: Beam, misfit: Misfit) -> None:
        self._lines: dict[bytes, _Line] = {}
        self._model, self._spelling, self._beam, self._misfit = model, spelling, beam, misfit

    def gone_on(self, live: Sequence[_Beginning], logits: np.ndarray) -> list[_Beginning]:
        """Return the best beginnings that are one token longer, the best first; none when no line can become better.

        Args:
            logits: shape (n, vocabulary): a row for each beginning.
        """
        probabilities = probabilities_of(logits)
        candidates: list[_Candidate] = []
        for place, beginning in enumerate(live):
            mixed = beginning.copier.mixed(probabilities[place]) if beginning.copier else probabilities[place]
            candidates += self._owed(place, beginning, mixed) if beginning.owed else self._free(place, beginning, mixed)
        candidates.sort(key=lambda candidate: -candidate[0])
        longer: dict[tuple[bytes, bytes], _Beginning] = {}
        for value, place, token, score in candidates:
            if token is None:
                self._end(live[place].text, value, (*live[place].scores, score))
                continue
            found = _with(live[place], token, self._model.piece(token), value, score)
            if b"\n" in found.text:
                self._end(found.text.partition(b"\n")[0], value, found.scores)
                continue
            # Two ways to spell one text: the likelier goes on for both.
            known = longer.get((found.text, found.owed))
            if known is not None:
                longer[found.text, found.owed] = replace(known, value=_sum(known.value, value))
            elif len(longer) < self._beam.width:
                longer[found.text, found.owed] = found
        return self._worth_following(list(longer.values()))

    def lines(self) -> list[_Line]:
        """Return the whole lines so far that are not hopeless beside the best, which comes first."""
        lines = sorted(self._lines.values(), key=lambda line: -line.worth)
        return [line for line in lines if line.worth > lines[0].worth - GIVE_UP]

    def _worth_following(self, beginnings: list[_Beginning]) -> list[_Beginning]:
        best = max((each.value for each in beginnings), default=-math.inf)
        line = max((each.worth for each in self._lines.values()), default=-math.inf)
        least = max(best - GIVE_UP, line - CATCH_UP)
        return sorted((each for each in beginnings if each.value > least), key=lambda each: -each.value)

    def _owed(self, place: int, beginning: _Beginning, probabilities: np.ndarray) -> Iterator[_Candidate]:
        """Yield the best tokens of those that spell what is owed. All of them share the condition: the value leaves it out."""
        allowed = self._spelling.starts(beginning.owed)
        if not allowed:
            return
        likely = probabilities[allowed]
        total = log_of(float(likely.sum()))
        for choice in likely.argsort()[: -self._beam.width - 1 : -1]:
            token, score = allowed[choice], log_of(float(likely[choice]))
            reward = self._beam.reward if len(self._model.piece(token)) > len(beginning.owed) else 0.0
            yield beginning.value + score + reward, place, token, score - total

    def _free(self, place: int, beginning: _Beginning, probabilities: np.ndarray) -> Iterator[_Candidate]:
        """Yield the best tokens, and the end of the line: the many tokens that end it, by how the next is indented, count as one."""
        enders = self._spelling.enders
        likely = probabilities.copy()
        likely[enders] = 0.0
        value = beginning.value + self._beam.reward
        score = log_of(float(probabilities[enders].sum()))
        yield value + score, place, None, score
        n_best = min(self._beam.width, len(likely))
        for token in likely.argpartition(-n_best)[-n_best:]:
            if likely[token] > 0.0:
                score = log_of(float(likely[token]))
                yield value + score, place, int(token), score

    def _end(self, text: bytes, value: float, scores: tuple[float, ...]) -> None:
        line = self._lines.get(text.rstrip())
        if line is None:
            self._lines[text.rstrip()] = _Line(text, scores, value, value, self._misfit(text.decode("utf-8", "ignore")))
            return
        line.value = _sum(line.value, value)
        if value > line.likeliest and text != line.text:
            line.text, line.scores = text, scores
        line.likeliest = max(line.likeliest, value)


def _with(beginning: _Beginning, token: int, piece: bytes, value: float, score: float) -> _Beginning:
    owed = beginning.owed
    return _Beginning(
        tokens=(*beginning.tokens, token),
        # A piece that spells only part of what is owed adds nothing.
        text=beginning.text + piece[len(owed) :],
        owed=owed[len(piece) :],
        value=value,
        scores=(*beginning.scores, score) if len(piece) > len(owed) or not owed else beginning.scores,
        copier=beginning.copier.gone_on(token) if beginning.copier else None,
        n_healed=beginning.n_healed + bool(owed),
    )


def _sum(one: float, other: float) -> float:
    """Add two probabilities that are given as logarithms."""
    return max(one, other) + math.log1p(math.exp(-abs(one - other)))
