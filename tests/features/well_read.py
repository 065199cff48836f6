"""A stand-in for a loaded model that knows the file by heart: whatever the caret, it writes what comes next."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from types import SimpleNamespace

import numpy as np

from recoder_lsp.engine.runtime import ModelState

BOS, PREFIX, SUFFIX, SEPARATOR, END = range(5)
FIRST_CHARACTER = 5


class WellReadModel:
    """Reads and writes characters, suffix first; ends its insertion where the line of `intended` ends.

    `before_step`, called on the engine thread ahead of each evaluation, lets a test hold it or make it fail; `sureness`
    is how much more it scores the next character than all others. `beam` is what it states for `recoder.beam`.
    """

    def __init__(self, intended: str, before_step: Callable[[], None] = lambda: None, sureness: float = 40.0, beam: str = "") -> None:
        self.intended = intended
        self.sureness = sureness
        self.before_step = before_step
        self.special = SimpleNamespace(bos=BOS, fim_prefix=PREFIX, fim_suffix=SUFFIX, fim_middle=None, fim_separator=SEPARATOR)
        self.metadata = {"tokenizer.ggml.model": "llama", "recoder.beam": beam}
        self.adds_bos = False
        self.end_tokens = frozenset({END})
        self.vocabulary_size = FIRST_CHARACTER + 128
        self.context_tokens = 4096
        self.goes_back = False
        self.slice_tokens = 64
        self.most_branches = 6 if beam else 0
        self.evaluated_tokens = 0
        self.prompts: list[str] = []
        self.steps_of_search = 0
        self._cached: list[int] = []

    def tokenize(self, text: str) -> list[int]:
        return [FIRST_CHARACTER + ord(character) for character in text if ord(character) < 128]

    def piece(self, token: int) -> bytes:
        return bytes([token - FIRST_CHARACTER]) if token >= FIRST_CHARACTER else b""

    @property
    def logits(self) -> np.ndarray:
        return self._after(self._cached)

    def _after(self, tokens: list[int]) -> np.ndarray:
        start = len(tokens) - tokens[::-1].index(PREFIX)
        known = b"".join(map(self.piece, tokens[start:])).decode()
        scores = np.zeros(self.vocabulary_size, np.float32)
        at = self.intended.find(known[-60:])
        rest = self.intended[at + len(known[-60:]) :] if at >= 0 else ""
        scores[self.tokenize(rest[0])[0] if rest else END] = self.sureness
        return scores

    def evaluate(self, tokens: Sequence[int]) -> Generator[None, None, None]:
        self.before_step()
        if not self._cached or len(tokens) - len(self._cached) != 1:
            self.prompts.append(b"".join(map(self.piece, tokens)).decode())
        self.evaluated_tokens += len(tokens)
        self._cached = list(tokens)
        return
        yield

    def evaluate_each(self, tokens: Sequence[int], n_last: int) -> Generator[None, None, np.ndarray]:
        yield from self.evaluate(tokens)
        return np.stack([self._after(list(tokens[: len(tokens) - n_left])) for n_left in reversed(range(n_last))])

    def read_branches(self, trunk: Sequence[int], tails: Sequence[Sequence[int]]) -> Generator[None, None, list[np.ndarray]]:
        yield from ()
        self.before_step()
        return [np.stack([self._after([*trunk, *tail[: place + 1]]) for place in range(len(tail))]) for tail in tails]

    def evaluate_branches(self, trunk: Sequence[int], tails: Sequence[Sequence[int]]) -> Generator[None, None, np.ndarray]:
        yield from ()
        self.before_step()
        self.steps_of_search += 1
        return np.stack([self._after([*trunk, *tail]) for tail in tails])


class ReadyRuntime:
    """A runtime whose model is loaded, or is not yet."""

    def __init__(self, model: WellReadModel | None) -> None:
        self.model = model
        self.asked_to_load = 0
        self.state = ModelState()

    def ready(self) -> WellReadModel | None:
        return self.model

    async def loaded(self) -> WellReadModel:
        assert self.model is not None
        return self.model

    def ensure(self, settings: object) -> None:
        self.asked_to_load += 1
