"""Decode greedily from a prompt: heal the token at the caret, stop where the insertion ends."""

from __future__ import annotations

import math
import re
import time
from bisect import bisect_left
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from recoder_lsp.engine.copying import NO_TRUST, Copier
from recoder_lsp.engine.fim import Prompt
from recoder_lsp.engine.speculate import SpeculatingModel, Speculation

if TYPE_CHECKING:
    import numpy as np

MOST_ALTERNATIVES = 5

EndedBy = Literal["end", "line", "dedent", "length", "time", "nothing"]


class Model(SpeculatingModel, Protocol):
    """What decoding needs of a model; `LlamaModel` is one."""

    @property
    def end_tokens(self) -> frozenset[int]: ...
    @property
    def vocabulary_size(self) -> int: ...
    @property
    def context_tokens(self) -> int: ...
    @property
    def evaluated_tokens(self) -> int: ...
    def piece(self, token: int) -> bytes: ...


@dataclass(frozen=True)
class Limits:
    """Where to stop at the latest.

    `block_indentation` is None for a single line; else decoding goes on over lines until one is indented
    by no more white space than this.
    """

    max_tokens: int
    max_seconds: float
    """From the first token on."""
    block_indentation: str | None = None
    least_log_probability: float = -math.inf
    """Lines that are less likely are not searched for."""


@dataclass(frozen=True)
class Alternative:
    """A text that may follow the caret, and how likely it is. `text` is raw: healed characters are removed from it."""

    text: str
    log_probability: float
    """Natural logarithm, over the tokens that go beyond what is healed, what ends the text included."""
    n_tokens: int
    """How many tokens these are."""
    first_log_probability: float
    """That of the first of them alone."""

    @property
    def mean_log_probability(self) -> float:
        """The logarithm per token; 0.0 without any."""
        return self.log_probability / self.n_tokens if self.n_tokens else 0.0

    @property
    def confidence_percent(self) -> float:
        """The geometric mean of the probabilities of its tokens, from 0 to 100."""
        return 100 * math.exp(self.mean_log_probability)


@dataclass(frozen=True)
class Generated(Alternative):
    """What came out; `text` ends at a whole word or line."""

    ended_by: EndedBy
    alternatives: tuple[Alternative, ...]
    """The other whole lines that a search found, the best first, MOST_ALTERNATIVES of them at most; one of them may be blank."""
    prompt_tokens: int
    evaluated_tokens: int
    """Tokens of the prompt that had to be evaluated because the cache did not hold them."""
    decoded_tokens: int
    """Tokens written after the prompt: a search counts those of all the beginnings it follows."""
    drafted_tokens: int
    """Tokens evaluated before it was known that they are to be written."""
    accepted_tokens: int
    """Those of them that were."""
    prompt_ms: float
    decode_ms: float


class Course:
    """One inference as it goes on: what it has read and written so far, and how long that took."""

    def __init__(self, model: Model, prompt: Prompt) -> None:
        """Begin, before the prompt is evaluated."""
        self._model, self._prompt_tokens = model, len(prompt.tokens)
        self._began, self._already = time.monotonic(), model.evaluated_tokens
        self.decoded_tokens = self.drafted_tokens = self.accepted_tokens = 0

    def read(self) -> None:
        """Take note that the prompt is evaluated: from here on it is decoding."""
        self._decoding_since, self._evaluated = time.monotonic(), self._model.evaluated_tokens - self._already

    @property
    def decoding_s(self) -> float:
        return time.monotonic() - self._decoding_since

    def generated(self, text: str, ended_by: EndedBy, scores: Sequence[float], alternatives: Sequence[Alternative] = ()) -> Generated:
        """Return what came out of it; `scores` are the logarithms of the tokens of `text`."""
        return Generated(
            text=text,
            log_probability=sum(scores),
            n_tokens=len(scores),
            first_log_probability=scores[0] if scores else 0.0,
            ended_by=ended_by,
            alternatives=tuple(alternatives),
            prompt_tokens=self._prompt_tokens,
            evaluated_tokens=self._evaluated,
            decoded_tokens=self.decoded_tokens,
            drafted_tokens=self.drafted_tokens,
            accepted_tokens=self.accepted_tokens,
            prompt_ms=(self._decoding_since - self._began) * 1000,
            decode_ms=self.decoding_s * 1000,
        )


class Spelling:
    """Finds the tokens that can spell given bytes, for one model."""

    def __init__(self, model: Model) -> None:
        """Read every piece of the vocabulary once (10 ms for 12,000 tokens)."""
        pieces = [(model.piece(token), token) for token in range(model.vocabulary_size)]
        self._sorted = sorted(entry for entry in pieces if entry[0])
        self._keys = [piece for piece, _ in self._sorted]
        self.enders = sorted(model.end_tokens | {token for piece, token in pieces if piece.startswith(b"\n")})
        """Tokens with which a line is over, whatever follows it."""

    def starts(self, text: bytes) -> list[int]:
        """Return the tokens that begin `text` or go beyond it."""
        low = bisect_left(self._keys, text)
        found = []
        while low < len(self._keys) and self._keys[low].startswith(text):
            found.append(self._sorted[low][1])
            low += 1
        for length in range(1, len(text)):
            place = bisect_left(self._keys, text[:length])
            while place < len(self._keys) and self._keys[place] == text[:length]:
                found.append(self._sorted[place][1])
                place += 1
        return found


def generate(
    model: Model, spelling: Spelling, prompt: Prompt, limits: Limits, trust: Sequence[float] = ()
) -> Generator[None, None, Generated]:
    """Evaluate the prompt, then decode; yields between slices and tokens so that it can be paused or closed.

    Args:
        trust: How far the document's own continuations are mixed in, as from `copying.trust_of`; empty is not at all.

    Raises:
        RecoderError: The model cannot hold or read the prompt.
    """
    course = Course(model, prompt)
    tokens = list(prompt.tokens)
    yield from model.evaluate(tokens)
    course.read()
    copier = Copier(trust or NO_TRUST, (*prompt.elsewhere, *tokens))
    speculation, logits = Speculation(model, copier), model.logits
    owed, out, scores = prompt.healing, b"", list[float]()
    ended_by: EndedBy = "length"
    n_healed = 0
    while course.decoded_tokens - n_healed < limits.max_tokens and len(tokens) < model.context_tokens:
        allowed = spelling.starts(owed) if owed else None
        if allowed == []:
            break
        token, score = _best(copier.mixed(probabilities_of(logits)), allowed)
        piece = model.piece(token)
        if len(piece) > len(owed) or not owed:
            scores.append(score)
        if token in model.end_tokens:
            ended_by = "end"
            break
        # A piece that spells only part of what is owed adds nothing.
        out += piece[len(owed) :]
        n_healed += bool(owed)
        owed = owed[len(piece) :]
        stop = _stop(out, limits)
        if stop:
            ended_by = stop
            break
        if course.decoding_s > limits.max_seconds:
            ended_by = "time"
            break
        tokens.append(token)
        copier.append(token)
        course.decoded_tokens += 1
        yield
        most = min(limits.max_tokens + n_healed - course.decoded_tokens, model.context_tokens - len(tokens)) - 1
        logits = yield from speculation.after(tokens, max(most, 0))
    course.drafted_tokens, course.accepted_tokens = speculation.drafted_tokens, speculation.accepted_tokens
    text = "" if owed else whole(out.decode("utf-8", "ignore"), ended_by, limits)
    return course.generated(text, "nothing" if owed else ended_by, scores)


def probabilities_of(logits: np.ndarray) -> np.ndarray:
    """Turn logits into probabilities (softmax), in the precision they come in; shape (vocabulary,) or (n, vocabulary)."""
    import numpy as np

    result: np.ndarray = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result /= result.sum(axis=-1, keepdims=True)
    return result


def log_of(probability: float) -> float:
    """Return the natural logarithm; what is next to impossible counts as no less likely than that."""
    return math.log(max(probability, 1e-12))


def _best(probabilities: np.ndarray, allowed: list[int] | None) -> tuple[int, float]:
    """Return the likeliest token, of the allowed ones if given, and its log-probability among them."""
    if allowed is None:
        best, total = int(probabilities.argmax()), 1.0
    else:
        best, total = allowed[int(probabilities[allowed].argmax())], float(probabilities[allowed].sum())
    return best, log_of(float(probabilities[best])) - log_of(total)


def whole(text: str, ended_by: EndedBy, limits: Limits) -> str:
    """Cut a single line at its end, and drop what was still being written when a limit was reached.

    That is of a block the last line, of a line the last word.
    """
    if limits.block_indentation is None:
        text = text.partition("\n")[0]
    if ended_by not in ("length", "time"):
        return text
    return text.rpartition("\n")[0] if "\n" in text.lstrip("\n") else re.sub(r"\w+\Z", "", text)


def _stop(out: bytes, limits: Limits) -> EndedBy | None:
    """Say whether the text so far is complete."""
    if limits.block_indentation is None:
        return "line" if b"\n" in out else None
    _, last_break, line = out.rpartition(b"\n")
    if not last_break or not line.strip():
        return None
    indentation = line[: len(line) - len(line.lstrip())]
    return "dedent" if len(indentation) <= len(limits.block_indentation.encode()) else None
