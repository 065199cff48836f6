"""Which places of which files come in which row: an order for each pass over the corpus, known before any row is made.

So that a row can be made from its number alone: by any process, in any order, and after an interruption.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

# What a sample needs besides the file's text: path, control tokens, some related code.
_AROUND_TOKENS = 60
# Rows are taken for full with so much room left: the last sample grows into it.
_FULL_SHARE = 0.9


@dataclass(frozen=True)
class Place:
    """A file, the token where a sample of it begins, and how many tokens the sample may have."""

    file: int
    start: int
    budget: int


class Epochs:
    """The places of all rows of one length; every file comes once before any comes again."""

    def __init__(self, sizes: npt.NDArray[np.int64], length: int, seed: int) -> None:
        """Args: `sizes` are the tokens of each file, `length` those of a row."""
        self._sizes, self._length, self._seed = sizes, length, seed
        self._order = lru_cache(maxsize=2)(self._ordered)
        self._first_rows = [0]
        """The number of each epoch's first row, as far as it is known."""

    def places(self, row: int) -> list[Place]:
        """Return the places of one row, of any number from 0; the one with most text behind it comes last."""
        epoch = 0
        while True:
            if epoch + 1 == len(self._first_rows):
                self._first_rows.append(self._first_rows[epoch] + len(self._order(epoch)[1]))
            if row < self._first_rows[epoch + 1]:
                break
            epoch += 1
        table, ends = self._order(epoch)
        number = row - self._first_rows[epoch]
        rows = table[ends[number - 1] if number else 0 : ends[number]]
        found = [Place(int(file), int(start), int(budget)) for file, start, budget in rows]
        return sorted(found, key=lambda place: min(int(self._sizes[place.file]) - place.start, self._length))

    def rows_in_first(self) -> int:
        """How many rows the first pass has."""
        return len(self._order(0)[1])

    def _ordered(self, epoch: int) -> tuple[npt.NDArray[np.int64], list[int]]:
        """A table of (file, start, budget) in the order of an epoch, and where in it each row ends."""
        chance, sizes, length = np.random.default_rng((self._seed, epoch)), self._sizes, self._length
        step = max(length * 2 // 3, 1)
        n_places = np.maximum(-(-(sizes - length // 3) // step), 1)
        files = np.repeat(np.arange(len(sizes)), n_places)
        number = np.arange(len(files)) - np.repeat(np.cumsum(n_places) - n_places, n_places)
        # All but the tops of files begin elsewhere in each epoch.
        starts = number * step - np.where(number, chance.integers(0, step // 2 + 1, len(sizes))[files], 0)
        wanted = np.where(chance.random(len(files)) < 0.5, length, chance.integers(length // 4, length + 1, len(files)))
        budgets = np.minimum(wanted, sizes[files] - starts + _AROUND_TOKENS)
        order = chance.permutation(len(files))
        table = np.stack([files, starts, budgets], 1)[order]
        ends, filled = list[int](), 0
        for position, budget in enumerate(table[:, 2].tolist(), 1):
            filled += budget
            if filled >= _FULL_SHARE * length:
                ends.append(position)
                filled = 0
        # A row that is not full at the end of an epoch is filled like any other.
        return table, ends if ends and ends[-1] == len(table) else [*ends, len(table)]
