"""All files of a folder as one sequence of lexemes, in which bisection finds every place after the same lexemes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ORDER = 8
"""So many lexemes before a position decide its place in `Stream.order`."""

PATTERN_ORDER = 12
"""So many codes before a position decide its place in `Stream.pattern_order`."""

CODE_OFFSET = 256
"""Added to the id of a lexeme that is no name, so that codes of references are below it."""


@dataclass(frozen=True, eq=False)
class Words:
    """Every lexeme that occurs, once, in the order of code points. The first has the id 1; 0 is the id of none."""

    spellings: bytes | memoryview
    """All of them in UTF-8, one after the other."""
    ends: NDArray[np.int32]
    """Shape (n + 1,): the lexeme with the id i lies between `ends[i - 1]` and `ends[i]`."""

    def __len__(self) -> int:
        return len(self.ends) - 1

    def id_of(self, text: str) -> int:
        """The id of a lexeme; 0 if it does not occur."""
        spelling = _encoded(text)
        found = self._first_from(spelling)
        return found if found <= len(self) and self._spelling(found) == spelling else 0

    def text_of(self, word_id: int) -> str:
        """The lexeme with this id, from 1 to `len`."""
        return self._spelling(word_id).decode("utf-8", "surrogatepass")

    def with_prefix(self, text: str) -> range:
        """The ids of all lexemes that begin so."""
        spelling = _encoded(text)
        # No character's UTF-8 begins with this byte.
        return range(self._first_from(spelling), self._first_from(spelling + b"\xff"))

    def _first_from(self, spelling: bytes) -> int:
        """The id of the first lexeme that is not before this one."""
        low, high = 1, len(self) + 1
        while low < high:
            middle = (low + high) // 2
            if self._spelling(middle) < spelling:
                low = middle + 1
            else:
                high = middle
        return low

    def _spelling(self, word_id: int) -> bytes:
        return bytes(self.spellings[self.ends[word_id - 1] : self.ends[word_id]])


@dataclass(frozen=True, eq=False)
class Stream:
    """The lexemes of n files, sorted by path. Never changed; the arrays may lie in a file that is mapped into memory."""

    ids: NDArray[np.int32]
    """Of all lexemes: a file's, then 0, then the next file's. What is too long to be worth writing again is 0 as well."""
    spaces: NDArray[np.uint8]
    """Of the same shape: 1 where white space stands before the lexeme on its line."""
    order: NDArray[np.int32]
    """Of the same shape: all positions p, sorted by ids[p - 1], then ids[p - 2] and so on, `ORDER` of them; then by p. What
    lies before the first position counts as 0, and a file's beginning does not end the comparison."""
    references: NDArray[np.uint8]
    """Of the same shape: as `patterns.references` gives them for each file by itself; 0 at an id of 0."""
    pattern_order: NDArray[np.int32]
    """As `order`, with `PATTERN_ORDER` codes in place of ids. A lexeme's code is its reference, or its id + `CODE_OFFSET` where that
    is 0; what lies before the first position comes before all codes."""
    starts: NDArray[np.int32]
    """Shape (n,): where each file begins."""
    paths: tuple[str, ...]
    hashes: tuple[str, ...]
    """By which each file's text is known, as `hash_of_file` makes them."""
    words: Words
    made_of: bytes
    """What is equal in two streams of the same files; 16 bytes."""

    def extent(self, file: int) -> slice:
        """The positions of a file, without the 0 behind them."""
        following = self.starts[file + 1] if file + 1 < len(self.starts) else len(self.ids)
        return slice(int(self.starts[file]), int(following) - 1)


def _encoded(text: str) -> bytes:
    # Half characters, which only an editor's text may hold, are in no file, and must not fail here.
    return text.encode("utf-8", "surrogatepass")
