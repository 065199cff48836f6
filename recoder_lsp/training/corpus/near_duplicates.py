"""Finds files that add little to what was kept before: near copies, by MinHash over runs of five words, and known lines."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

# With 21 bands of 6, a pair of similarity 0.7 is compared in 93 cases of 100, one of 0.8 nearly always, one of 0.4 in 8.
BANDS, ROWS = 21, 6
SIMILARITY = 0.7
RUN_WORDS = 5

# A file of which more lines are known, of one file or another, is put together from what was learnt before. Shorter lines are everybody's.
KNOWN_SHARE = 0.7
SHORTEST_LINE = 16

_WORD = re.compile(r"\w+")

Signature = tuple[int, ...]


def signature(text: str) -> Signature:
    """Summarise which runs of five words a text has: the share of equal entries of two signatures is their similarity.

    The same text has the same signature in every process and on every machine. One with fewer words has the empty signature.
    """
    words = _WORD.findall(text)
    runs = {" ".join(run) for run in zip(*(words[at:] for at in range(RUN_WORDS)), strict=False)}
    if not runs:
        return ()
    # Not above: only who makes a corpus needs it, and every step reads one.
    from rensa import RMinHash

    minhash = RMinHash(num_perm=BANDS * ROWS, seed=1)
    minhash.update(sorted(runs))
    return tuple(minhash.digest())


class NearDuplicates:
    """Remembers signatures in the order in which they come: the first of a group is the one that is kept."""

    def __init__(self) -> None:
        self._kept: list[Signature] = []
        self._by_band: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)

    def is_new(self, seen: Signature) -> bool:
        """Say whether nothing similar was kept before; what is new is kept from here on."""
        bands = [(start, *seen[start : start + ROWS]) for start in range(0, len(seen), ROWS)]
        candidates = dict.fromkeys(index for band in bands for index in self._by_band.get(band, ()))
        if any(similarity(seen, self._kept[index]) >= SIMILARITY for index in candidates):
            return False
        for band in bands:
            self._by_band[band].append(len(self._kept))
        self._kept.append(seen)
        return True


class KnownLines:
    """Remembers the lines of what was kept, to find what is made of boilerplate and so resembles no single file enough."""

    def __init__(self) -> None:
        self._known: set[int] = set()

    def is_new(self, text: str) -> bool:
        """Say whether enough of a text's lines are new; they are known from here on, if so."""
        lines = {hash(line) for line in map(str.strip, text.split("\n")) if len(line) >= SHORTEST_LINE}
        if lines and len(lines & self._known) > KNOWN_SHARE * len(lines):
            return False
        self._known |= lines
        return True


def similarity(one: Sequence[int], other: Sequence[int]) -> float:
    """Estimate the share of runs that two texts have in common, to about 0.04."""
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(one)
