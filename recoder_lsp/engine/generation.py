"""Decode greedily from a prompt: heal the token at the caret, stop where the insertion ends."""

from __future__ import annotations

import math
import re
import time
from bisect import bisect_left
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from recoder_lsp.engine.copying import Copier, Source
from recoder_lsp.engine.fim import Prompt

if TYPE_CHECKING:
    import numpy as np

EndedBy = Literal["end", "line", "dedent", "length", "time", "nothing"]


class Model(Protocol):
    """What decoding needs of a model; `LlamaModel` is one."""

    @property
    def end_tokens(self) -> frozenset[int]: ...
    @property
    def vocabulary_size(self) -> int: ...
    @property
    def context_tokens(self) -> int: ...
    @property
    def evaluated_tokens(self) -> int: ...
    @property
    def logits(self) -> np.ndarray: ...
    def piece(self, token: int) -> bytes: ...
    def evaluate(self, tokens: Sequence[int]) -> Generator[None, None, None]: ...


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


@dataclass(frozen=True)
class Generated:
    """What came out. `text` is raw: it follows the caret, healed characters removed, and ends at a whole word or line."""

    text: str
    ended_by: EndedBy
    mean_log_probability: float
    """Natural logarithm, over the tokens that go beyond what is healed, the end token included; 0.0 without any."""
    prompt_tokens: int
    evaluated_tokens: int
    """Tokens of the prompt that had to be evaluated because the cache did not hold them."""
    decoded_tokens: int
    """Tokens evaluated after the prompt: a search counts those of all the beginnings it follows."""
    prompt_ms: float
    decode_ms: float

    @property
    def confidence_percent(self) -> float:
        """The geometric mean of the probabilities of its tokens, from 0 to 100."""
        return 100 * math.exp(self.mean_log_probability)


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
    model: Model, spelling: Spelling, prompt: Prompt, limits: Limits, trust: Sequence[float] = (), related: Source | None = None
) -> Generator[None, None, Generated]:
    """Evaluate the prompt, then decode; yields between slices and tokens so that it can be paused or closed.

    Args:
        trust: How far the document's own continuations are mixed in, as from `copying.trust_of`; empty is not at all.
        related: Code of other files to copy from too.

    Raises:
        RecoderError: The model cannot hold or read the prompt.
    """
    began = time.monotonic()
    already = model.evaluated_tokens
    tokens = list(prompt.tokens)
    yield from model.evaluate(tokens)
    evaluated, decoding_since = model.evaluated_tokens - already, time.monotonic()
    copier = Copier(trust, (*prompt.elsewhere, *tokens), related) if trust else None
    owed, out, scores = prompt.healing, b"", list[float]()
    ended_by: EndedBy = "length"
    n_decoded = 0
    n_healed = 0
    while n_decoded - n_healed < limits.max_tokens and len(tokens) < model.context_tokens:
        allowed = spelling.starts(owed) if owed else None
        if allowed == []:
            break
        probabilities = probabilities_of(model.logits)
        token, score = _best(copier.mixed(probabilities) if copier else probabilities, allowed)
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
        if time.monotonic() - decoding_since > limits.max_seconds:
            ended_by = "time"
            break
        tokens.append(token)
        if copier:
            copier.append(token)
        n_decoded += 1
        yield
        yield from model.evaluate(tokens)
    return Generated(
        text="" if owed else whole(out.decode("utf-8", "ignore"), ended_by, limits),
        ended_by="nothing" if owed else ended_by,
        mean_log_probability=sum(scores) / len(scores) if scores else 0.0,
        prompt_tokens=len(prompt.tokens),
        evaluated_tokens=evaluated,
        decoded_tokens=n_decoded,
        prompt_ms=(decoding_since - began) * 1000,
        decode_ms=(time.monotonic() - decoding_since) * 1000,
    )


def probabilities_of(logits: np.ndarray) -> np.ndarray:
    """Turn logits into probabilities (softmax), in the precision they come in."""
    import numpy as np

    weights = np.exp(logits - logits.max())
    result: np.ndarray = weights / weights.sum()
    return result


def _best(probabilities: np.ndarray, allowed: list[int] | None) -> tuple[int, float]:
    """Return the likeliest token, of the allowed ones if given, and its log-probability among them."""
    if allowed is None:
        best, total = int(probabilities.argmax()), 1.0
    else:
        best, total = allowed[int(probabilities[allowed].argmax())], float(probabilities[allowed].sum())
    return best, math.log(max(float(probabilities[best]), 1e-12) / max(total, 1e-12))


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
