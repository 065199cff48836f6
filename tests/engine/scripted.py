"""A stand-in for a model that wants to write a given text, in given pieces."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np

END = 0


class ScriptedModel:
    """Writes `script` piece by piece, whatever the prompt; then the end token.

    Any token may be forced on it (healing does): it goes on with the script where the forced text leaves off.
    A piece may be bytes, as of half a character.
    """

    def __init__(self, pieces: Sequence[str | bytes], script: str, prompt: Sequence[int] = (1,)) -> None:
        self._pieces = [b"", *(piece if isinstance(piece, bytes) else piece.encode() for piece in pieces)]
        self._script = script.encode()
        self._prompt = len(prompt)
        self._cached: list[int] = []
        self.evaluated_tokens = 0
        self.context_tokens = 1000
        self.goes_back = True
        self.n_batches = 0
        self.end_tokens = frozenset({END})
        self.vocabulary_size = len(self._pieces)

    def piece(self, token: int) -> bytes:
        return self._pieces[token]

    def token(self, piece: str) -> int:
        return self._pieces.index(piece.encode())

    @property
    def logits(self) -> np.ndarray:
        return self._after(self._cached)

    def evaluate_each(self, tokens: Sequence[int], n_last: int) -> Generator[None, None, np.ndarray]:
        """Evaluate what may turn out to be something else; `n_batches` counts how often."""
        self.n_batches += 1
        yield from self.evaluate(tokens)
        return np.stack([self._after(tokens[:length]) for length in range(len(tokens) - n_last + 1, len(tokens) + 1)])

    def _after(self, tokens: Sequence[int]) -> np.ndarray:
        written = b"".join(self._pieces[token] for token in tokens[self._prompt :])
        rest = self._script[len(written) :] if self._script.startswith(written) else b""
        scores = np.full(self.vocabulary_size, -10.0, np.float32)
        fitting = [(len(piece), token) for token, piece in enumerate(self._pieces) if piece and rest.startswith(piece)]
        for length, token in fitting:
            scores[token] = length
        if not fitting:
            scores[END] = 5.0
        return scores

    def evaluate(self, tokens: Sequence[int]) -> Generator[None, None, None]:
        common = 0
        while common < min(len(tokens), len(self._cached)) and tokens[common] == self._cached[common]:
            common += 1
        for position in range(min(common, len(tokens) - 1), len(tokens)):
            self._cached[position:] = [tokens[position]]
            self.evaluated_tokens += 1
            if position < len(tokens) - 1:
                yield
