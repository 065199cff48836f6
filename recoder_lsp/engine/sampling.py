"""Chooses the next token of an answer: the likeliest, or one of the likely ones by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Sampling:
    """How much chance there is, and how it is bounded, as llama.cpp does by default: first `min_p`, then `top_p`, then `temperature`."""

    temperature: float
    """0.0 always takes the likeliest token; 1.0 goes by the model's probabilities."""
    top_p: float = 0.95
    """Of the likeliest, as many as it takes to come to this probability together."""
    min_p: float = 0.05
    """Nothing that is less likely than this share of the likeliest."""
    seed: int | None = None
    """The same seed chooses the same; None another each time."""


class Sampler:
    """Chooses tokens for one answer."""

    def __init__(self, sampling: Sampling) -> None:
        """Begin an answer."""
        import numpy as np

        self._sampling = sampling
        self._chance = np.random.default_rng(sampling.seed)

    def choose(self, logits: np.ndarray) -> int:
        """Return a token, by the logits of all of them, shape (vocabulary,)."""
        import numpy as np

        sampling = self._sampling
        if sampling.temperature <= 0.0:
            return int(logits.argmax())
        least = logits.max() + np.log(max(sampling.min_p, 1e-9))
        (tokens,) = np.nonzero(logits >= least)
        likely = logits[tokens].astype(np.float64)
        order = (-likely).argsort(kind="stable")
        tokens, likely = tokens[order], likely[order] - likely.max()
        probabilities = np.exp(likely)
        before = probabilities.cumsum() - probabilities
        n_kept = max(int((before < sampling.top_p * probabilities.sum()).sum()), 1)
        weights = np.exp(likely[:n_kept] / sampling.temperature)
        return int(tokens[self._chance.choice(n_kept, p=weights / weights.sum())])
