"""What the document says comes next: how the longest run of tokens before the caret went on elsewhere.

A small model is poor at copying names and idioms from what it has just read; counting them is not. Mixing the two
distributions is the cache language model of Grave, Joulin and Usunier (2017), with counts instead of states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

TRUST_KEY = "recoder.copying.trust"
# Of a very common token only its last occurrences are looked at.
MAX_OCCURRENCES = 64
MOST_DRAFTED = 8
"""How many tokens are foreseen at most."""
NO_TRUST = (0.0,) * 9
"""For a model that needs no help: the copy foresees tokens, and decides about none."""


def trust_of(metadata: Mapping[str, str]) -> tuple[float, ...]:
    """Read how far a model wants to be helped: entry n is the weight of the copy when n tokens match.

    The numbers are measured for a model when it is made (docs/measurements.md, copying). A model that does not state
    any gets no help: a large one copies well by itself.
    """
    try:
        trust = tuple(float(number) for number in metadata.get(TRUST_KEY, "").split(","))
    except ValueError:
        return ()
    return trust if len(trust) > 1 and all(0.0 <= number < 1.0 for number in trust) else ()


class Source:
    """Tokens to copy from, with where each of them is followed by what. Made once and asked many times."""

    def __init__(self, tokens: Sequence[int]) -> None:
        """Index the tokens, the most relevant ones last."""
        self.tokens = list(tokens)
        self._followers: dict[int, list[int]] = {}
        for position in range(1, len(self.tokens)):
            self._followers.setdefault(self.tokens[position - 1], []).append(position)

    def after(self, token: int) -> Sequence[int]:
        """Positions that follow this token, the last ones of a very common token."""
        return self._followers.get(token, ())[-MAX_OCCURRENCES:]


class Copier:
    """Looks for what was just written in the document, again after each token."""

    def __init__(self, trust: Sequence[float], tokens: Sequence[int]) -> None:
        """Index the document's tokens, those before the caret last; control tokens match nothing that is written.

        Args:
            trust: As from `trust_of`; its length bounds how far back is compared.
            tokens: Of the document.
        """
        self._trust = trust
        self._written = list(tokens)
        self._source = Source(tokens)

    def append(self, token: int) -> None:
        """Take in a token that was written. It is not copied from: that would go in circles."""
        self._written.append(token)

    def gone_on(self, token: int) -> Copier:
        """Return another one that has taken in this token too; what it copies from is shared. Takes a microsecond."""
        other = object.__new__(Copier)
        other._trust, other._source = self._trust, self._source
        # No more than that is ever compared.
        other._written = [*self._written[-len(self._trust) :], token]
        return other

    def continuation(self) -> tuple[int, dict[int, float]]:
        """Say how the longest earlier run that equals the last tokens went on.

        Returns:
            The run's length in tokens, and the share of each token among those that followed; (0, {}) where even the
            last token is new.
        """
        longest, found = self._longest()
        counts: dict[int, int] = {}
        for position in found:
            token = self._source.tokens[position]
            counts[token] = counts.get(token, 0) + 1
        return longest, {token: count / len(found) for token, count in counts.items()}

    def draft(self, least: int) -> Sequence[int]:
        """Return the MOST_DRAFTED tokens that followed the longest earlier run that equals the last tokens: of several, the last one.

        Args:
            least: How long that run has to be; where it is shorter, nothing is returned.
        """
        longest, found = self._longest()
        if longest < least:
            return ()
        return self._source.tokens[found[-1] : found[-1] + MOST_DRAFTED]

    def mixed(self, probabilities: np.ndarray) -> np.ndarray:
        """Mix a model's probabilities, shape (vocabulary,), with the copy's; they still add up to one."""
        length, shares = self.continuation()
        if not shares or not self._trust[length]:
            return probabilities
        result = probabilities * (1.0 - self._trust[length])
        for token, share in shares.items():
            result[token] += self._trust[length] * share
        return result

    def _longest(self) -> tuple[int, list[int]]:
        """Return the length of the longest earlier run that equals the last tokens, and the places that follow such runs."""
        longest, found = 0, list[int]()
        for position in self._source.after(self._written[-1]) if self._written else ():
            length = self._match(position)
            if length > longest:
                longest, found = length, []
            if length == longest:
                found.append(position)
        return longest, found

    def _match(self, position: int) -> int:
        """Count how many tokens before `position` equal the last ones written."""
        tokens = self._source.tokens
        longest = min(len(self._trust) - 1, position)
        length = 1
        while length < longest and tokens[position - length - 1] == self._written[-length - 1]:
            length += 1
        return length
