"""Decode an answer from the prompt of a conversation, and hand out its text as it comes."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from recoder_lsp.engine.chat import EndedBy
from recoder_lsp.engine.sampling import Sampler, Sampling
from recoder_lsp.engine.thoughts import Thoughts

if TYPE_CHECKING:
    import numpy as np

# A model that has said the same so often will go on saying it. Code repeats itself too, but hardly ever this much.
LEAST_REPEATS, LEAST_REPEATED_TOKENS = 6, 128
LONGEST_ROUND = 64
LOOKED_FOR_EVERY = 16


class ConversingModel(Protocol):
    """What answering needs of a model; `LlamaModel` is one."""

    @property
    def end_tokens(self) -> frozenset[int]: ...
    @property
    def context_tokens(self) -> int: ...
    @property
    def evaluated_tokens(self) -> int: ...
    @property
    def logits(self) -> np.ndarray: ...
    def evaluate(self, tokens: Sequence[int]) -> Generator[None, None, None]: ...
    def piece(self, token: int) -> bytes: ...


@dataclass(frozen=True)
class Bounds:
    """Where to stop at the latest.

    `max_seconds` of decoding, pauses not counted; `stops` are texts with which the answer is over, and which are no part of it.
    Thoughts count, too.
    """

    max_tokens: int
    max_seconds: float
    stops: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What came out; `tokens` are all that were written. Times are those of the model, pauses not counted."""

    text: str
    tokens: tuple[int, ...]
    ended_by: EndedBy
    evaluated_tokens: int
    prompt_ms: float
    decode_ms: float


def converse(
    model: ConversingModel, prompt: Sequence[int], sampling: Sampling, bounds: Bounds, thoughts: Thoughts, on_text: Callable[[str], None]
) -> Generator[None, None, Answer]:
    """Evaluate the prompt, then decode; yields between slices and tokens so that it can be paused or closed.

    Args:
        model: Reads and writes.
        prompt: In tokens.
        sampling: How they are chosen.
        bounds: Where to stop.
        thoughts: What filters them out of this answer.
        on_text: Gets it piece by piece.

    Raises:
        RecoderError: The model cannot hold or read the prompt.
    """
    reading, writing = _Watch(), _Watch()
    already, tokens = model.evaluated_tokens, list(prompt)
    yield from reading.timed(model.evaluate(tokens))
    evaluated = model.evaluated_tokens - already
    sampler, text = Sampler(sampling), _Text(bounds.stops, thoughts, on_text)
    ended_by: EndedBy = "length"
    while len(tokens) - len(prompt) < bounds.max_tokens and len(tokens) < model.context_tokens:
        token = sampler.choose(model.logits)
        if token in model.end_tokens or text.is_over(model.piece(token)):
            ended_by = "end"
            break
        tokens.append(token)
        if writing.seconds > bounds.max_seconds:
            ended_by = "time"
            break
        if len(tokens) % LOOKED_FOR_EVERY == 0 and goes_round(tokens[len(prompt) :]):
            ended_by = "repetition"
            break
        yield
        yield from writing.timed(model.evaluate(tokens))
    text.finish()
    return Answer(
        text=text.whole,
        tokens=tuple(tokens[len(prompt) :]),
        ended_by=ended_by,
        evaluated_tokens=evaluated,
        prompt_ms=reading.seconds * 1000,
        decode_ms=writing.seconds * 1000,
    )


def goes_round(tokens: Sequence[int]) -> bool:
    """Whether the last tokens are the same few over and over: LEAST_REPEATS times, and LEAST_REPEATED_TOKENS in all."""
    for length in range(1, LONGEST_ROUND + 1):
        n_last = max(LEAST_REPEATS * length, LEAST_REPEATED_TOKENS)
        if len(tokens) >= n_last and tokens[-n_last + length :] == tokens[-n_last:-length]:
            return True
    return False


class _Watch:
    """How long work takes, without the time during which others go first."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, work: Generator[None, None, None]) -> Generator[None, None, None]:
        """Do the work, with its pauses."""
        unfinished = True
        while unfinished:
            began = time.monotonic()
            unfinished = next(work, True) is None
            self.seconds += time.monotonic() - began
            if unfinished:
                yield


class _Text:
    """An answer as it grows. Hands out whole characters only, and nothing that may turn out to be the beginning of a stop."""

    def __init__(self, stops: Sequence[str], thoughts: Thoughts, on_text: Callable[[str], None]) -> None:
        self._stops, self._thoughts, self._on_text = stops, thoughts, on_text
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self.whole = ""

    def is_over(self, piece: bytes) -> bool:
        """Take in what a token stands for, and say whether a stop was reached."""
        self._held += self._thoughts.without(self._decoder.decode(piece))
        for stop in self._stops:
            before, found, _ = self._held.partition(stop)
            if found:
                self._held = before
                return True
        self._hand_out(len(self._held) - max((_overlap(self._held, stop) for stop in self._stops), default=0))
        return False

    def finish(self) -> None:
        """Hand out the rest."""
        self._held += self._thoughts.without(self._decoder.decode(b"", final=True)) + self._thoughts.rest()
        self._hand_out(len(self._held))

    def _hand_out(self, length: int) -> None:
        text, self._held = self._held[:length], self._held[length:]
        if text:
            self.whole += text
            self._on_text(text)


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of the text may be the beginning of the stop."""
    return next((length for length in range(min(len(text), len(stop) - 1), 0, -1) if stop.startswith(text[-length:])), 0)
