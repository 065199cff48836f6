"""Read ahead what the document suggests comes next: where it does, one batch has served several tokens.

The same tokens come out as without: what follows each is asked of the model all the same (Leviathan, Kalman and Matias 2023,
with the document for a draft model, as in prompt lookup decoding).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Protocol

from recoder_lsp.engine.copying import Copier

if TYPE_CHECKING:
    import numpy as np

# Measured in docs/measurements.md, speculation.
LEAST_MATCH, FIRST_LENGTH, MOST_MISSES = 4, 4, 2


class SpeculatingModel(Protocol):
    """What reading ahead needs of a model; `LlamaModel` is one."""

    @property
    def goes_back(self) -> bool: ...
    @property
    def logits(self) -> np.ndarray: ...
    def evaluate(self, tokens: Sequence[int]) -> Generator[None, None, None]: ...
    def evaluate_each(self, tokens: Sequence[int], n_last: int) -> Generator[None, None, np.ndarray]: ...


class Speculation:
    """For one text that is decoded; it gives up where what it drafts does not come."""

    def __init__(self, model: SpeculatingModel, copier: Copier) -> None:
        """Args: `copier` is the one that takes in each token as it is written."""
        self._model, self._copier = model, copier
        self._ahead: deque[tuple[int, np.ndarray]] = deque()
        self._length, self._n_misses = FIRST_LENGTH, 0
        self.drafted_tokens = 0
        """Tokens that were read before they were written."""
        self.accepted_tokens = 0
        """Those of them that were then written."""

    def after(self, tokens: Sequence[int], most: int) -> Generator[None, None, np.ndarray]:
        """Return what may follow the tokens: the logits that there are after `model.evaluate(tokens)`.

        Args:
            tokens: Those of the call before, and one more.
            most: No more tokens than this will follow.
        """
        if self._ahead:
            drafted, logits = self._ahead.popleft()
            if drafted == tokens[-1]:
                self.accepted_tokens += 1
                self._n_misses = 0
                # What came as it was drafted is likely to go on so.
                self._length *= 1 if self._ahead else 2
                return logits
            self._ahead.clear()
            self._length = FIRST_LENGTH
        draft = self._draft(most)
        if not draft:
            yield from self._model.evaluate(tokens)
            return self._model.logits
        rows = yield from self._model.evaluate_each([*tokens, *draft], 1 + len(draft))
        self.drafted_tokens += len(draft)
        # Until its first token turns out to be right.
        self._n_misses += 1
        self._ahead.extend(zip(draft, rows[1:], strict=True))
        first: np.ndarray = rows[0]
        return first

    def _draft(self, most: int) -> Sequence[int]:
        # Where a memory cannot be cut, a wrong token would cost the whole prompt.
        if self._n_misses >= MOST_MISSES or not self._model.goes_back:
            return ()
        return self._copier.draft(LEAST_MATCH)[: min(self._length, most)]
