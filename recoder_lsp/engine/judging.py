"""How likely given lines are at a caret, as the search for a line would see them."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from recoder_lsp.engine.branches import BRANCH_TOKENS
from recoder_lsp.engine.copying import Copier
from recoder_lsp.engine.fim import Prompt
from recoder_lsp.engine.generation import Alternative, Model, Spelling, log_of, probabilities_of

if TYPE_CHECKING:
    import numpy as np


_Tokens = tuple[int, ...]


class ReadingModel(Model, Protocol):
    """What judging needs of a model beyond decoding; `LlamaModel` is one."""

    @property
    def slice_tokens(self) -> int: ...
    @property
    def most_branches(self) -> int: ...
    def tokenize(self, text: str) -> list[int]: ...
    def read_branches(self, trunk: Sequence[int], tails: Sequence[Sequence[int]]) -> Generator[None, None, list[np.ndarray]]: ...


@dataclass(frozen=True)
class Judged(Alternative):
    """A given text, with the scores of its usual spelling and of its end."""

    whole: bool
    """False where its beginning alone was judged: it is too long, the prompt leaves too little room, or it is hopeless."""


def judge(
    model: ReadingModel,
    spelling: Spelling,
    prompt: Prompt,
    texts: Sequence[str],
    trust: Sequence[float] = (),
    least: float = -math.inf,
) -> Generator[None, None, list[Judged]]:
    """Evaluate the prompt if it is not in the cache, then read the texts, as many at once as a slice holds; yields in between.

    A text's scores are those that `search` would give it: of the tokens that go beyond what is healed, all that ends a line
    being one. Only that `search` takes the spelling that it comes upon first, here it is the usual one; and that white space
    at its end is left out here.

    Args:
        texts: Lines, or what is left of them: they follow the caret, like `Generated.text`.
        trust: As for `generate`.
        least: A text whose first token has a logarithm below this is not read: that one is known without.

    Returns:
        One for each text, in their order, `text` as given.

    Raises:
        RecoderError: The model cannot hold or read the prompt.
    """
    import numpy as np

    trunk = list(prompt.tokens)
    yield from model.evaluate(trunk)
    first = model.logits[None]
    room = min(BRANCH_TOKENS, model.context_tokens - len(trunk))
    judging = _Judging(model, spelling, prompt, Copier(trust, (*prompt.elsewhere, *trunk)) if trust else None)
    spelled = [judging.spelled(text) for text in texts]
    scores = {tokens: judging.scores(tokens, first) for tokens in spelled}
    read = {tokens for tokens in spelled if tokens[:room] and sum(scores[tokens]) >= least}
    for group in _groups(sorted(read), room, model):
        yield
        rows = yield from _read(model, trunk, [tokens[:room] for tokens in group])
        for tokens, following in zip(group, rows, strict=True):
            scores[tokens] = judging.scores(tokens, np.concatenate((first, following)))
    whole = {tokens for tokens in spelled if not tokens or (tokens in read and len(tokens) <= room)}
    return [
        Judged(text, sum(scores[tokens]), len(scores[tokens]), next(iter(scores[tokens]), 0.0), tokens in whole)
        for text, tokens in zip(texts, spelled, strict=True)
    ]


def _groups(spelled: Sequence[_Tokens], room: int, model: ReadingModel) -> Iterator[list[_Tokens]]:
    """Yield what can be read at once: no more branches than there are, and no more tokens than a slice."""
    group, heads = list[_Tokens](), set[_Tokens]()
    for tokens in spelled:
        longer = {tokens[: place + 1] for place in range(len(tokens[:room]))}
        if group and (len(group) >= model.most_branches or len(heads | longer) > model.slice_tokens):
            yield group
            group, heads = [], set()
        group.append(tokens)
        heads |= longer
    if group:
        yield group


def _read(model: ReadingModel, trunk: list[int], tails: Sequence[_Tokens]) -> Generator[None, None, list[np.ndarray]]:
    """Return the logits after each token of each tail; where there are no branches, tails come one at a time."""
    if model.most_branches:
        return (yield from model.read_branches(trunk, tails))
    (tail,) = tails
    return [(yield from model.evaluate_each([*trunk, *tail], len(tail)))]


class _Judging:
    """What the texts for one prompt have in common."""

    def __init__(self, model: ReadingModel, spelling: Spelling, prompt: Prompt, copier: Copier | None) -> None:
        self._model, self._spelling, self._healing, self._copier = model, spelling, prompt.healing, copier

    def spelled(self, text: str) -> _Tokens:
        """Tokenise what follows the prompt. What is healed may begin within a character: its bytes are tokens of their own then."""
        data = self._healing + text.rstrip().encode("utf-8", "replace")
        whole = data.decode("utf-8", "ignore")
        within = [bytes([byte]) for byte in data[: len(data) - len(whole.encode())]]
        bytewise = [token for byte in within for token in self._spelling.starts(byte) if self._model.piece(token) == byte]
        return (*bytewise, *self._model.tokenize(whole))

    def scores(self, tokens: _Tokens, logits: np.ndarray) -> list[float]:
        """Return the logarithms of the tokens that go beyond what is healed, as far as there are logits, and of the end."""
        scores, owed, copier = list[float](), self._healing, self._copier
        for place, probabilities in enumerate(probabilities_of(logits)):
            mixed = copier.mixed(probabilities) if copier else probabilities
            if place == len(tokens):
                scores.append(log_of(float(mixed[self._spelling.enders].sum())))
                break
            token, piece = tokens[place], self._model.piece(tokens[place])
            if not owed:
                scores.append(log_of(float(mixed[token])))
            elif len(piece) > len(owed):
                scores.append(log_of(float(mixed[token])) - log_of(float(mixed[self._spelling.starts(owed)].sum())))
            owed = owed[len(piece) :]
            copier = copier.gone_on(token) if copier else None
        return scores
