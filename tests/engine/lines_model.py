"""A stand-in for a model that knows how likely each of some whole texts is."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence

import numpy as np

END = 0


class LinesModel:
    """After the prompt it writes one of `texts`, each as often as its weight says, and then its end token.

    Its pieces are the characters of the texts and `pieces`; where several pieces begin the same text, they share alike.
    """

    def __init__(self, texts: Mapping[str, float], pieces: Sequence[str] = (), prompt: Sequence[int] = (1,)) -> None:
        characters = sorted({character for text in texts for character in text} | {"\n"})
        self._pieces = [b"", *(piece.encode() for piece in (*characters, *pieces))]
        self._texts = {text.encode(): weight for text, weight in texts.items()}
        self._prompt, self._read = list(prompt), list[int]()
        self.evaluated_tokens = 0
        self.context_tokens = 1000
        self.slice_tokens = 64
        self.most_branches = 6
        self.goes_back = True
        self.end_tokens = frozenset({END})
        self.vocabulary_size = len(self._pieces)
        self.steps: list[list[str]] = []
        """What was asked for in each step of a search."""
        self.before_step: Callable[[], None] = lambda: None

    def piece(self, token: int) -> bytes:
        return self._pieces[token]

    @property
    def logits(self) -> np.ndarray:
        return self._after(self._read[len(self._prompt) :])

    def evaluate(self, tokens: Sequence[int]) -> Generator[None, None, None]:
        self.evaluated_tokens += len(tokens)
        self._read = list(tokens)
        yield from ()

    def evaluate_branches(self, trunk: Sequence[int], tails: Sequence[Sequence[int]]) -> Generator[None, None, np.ndarray]:
        yield from ()
        self.before_step()
        self.steps.append([b"".join(map(self.piece, tail)).decode() for tail in tails])
        return np.stack([self._after(tail) for tail in tails])

    def read_branches(self, trunk: Sequence[int], tails: Sequence[Sequence[int]]) -> Generator[None, None, list[np.ndarray]]:
        yield from ()
        self.steps.append([b"".join(map(self.piece, tail)).decode("utf-8", "replace") for tail in tails])
        return [np.stack([self._after(tail[: place + 1]) for place in range(len(tail))]) for tail in tails]

    def evaluate_each(self, tokens: Sequence[int], n_last: int) -> Generator[None, None, np.ndarray]:
        (rows,) = yield from self.read_branches(tokens[:-n_last], [tokens[-n_last:]])
        return rows

    def tokenize(self, text: str) -> list[int]:
        """Take the longest piece each time."""
        tokens: list[int] = []
        rest = text.encode()
        while rest:
            tokens.append(max((token for token, piece in enumerate(self._pieces) if piece and rest.startswith(piece)), key=self._length))
            rest = rest[self._length(tokens[-1]) :]
        return tokens

    def _length(self, token: int) -> int:
        return len(self._pieces[token])

    def _after(self, tail: Sequence[int]) -> np.ndarray:
        written = b"".join(map(self.piece, tail))
        weights = np.full(self.vocabulary_size, 1e-9)
        for text, weight in self._texts.items():
            rest = text.removeprefix(written)
            fitting = [token for token, piece in enumerate(self._pieces) if piece and rest.startswith(piece)]
            if text.startswith(written):
                weights[fitting or END] += weight / max(len(fitting), 1)
        result: np.ndarray = np.log(weights / weights.sum()).astype(np.float32)
        return result
