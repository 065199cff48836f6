"""Where the same lexemes, or the same pattern, stand elsewhere: in a folder's phrases, and in an open document."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recoder_lsp.index.phrases.stream import CODE_OFFSET, Stream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Of many places some are enough.
MOST_PLACES = 128


@dataclass(frozen=True, slots=True)
class Matches:
    """Places before which the same stands as before the caret."""

    places: NDArray[np.intp]
    lengths: NDArray[np.intp]
    """How many lexemes are the same."""
    counts: NDArray[np.float64]
    """For how many places each of them stands: where there are many, some are drawn."""


class Places:
    """Lexemes that are searched one by one: a document's."""

    def __init__(self, ids: NDArray[np.int32], spaces: NDArray[np.uint8], found_references: NDArray[np.uint8]) -> None:
        import numpy as np

        self.ids, self.spaces, self.references = ids, spaces, found_references
        self._codes = np.where(found_references > 0, found_references.astype(np.int32), ids + CODE_OFFSET)

    @classmethod
    def none(cls) -> Places:
        """Return those of an empty text."""
        import numpy as np

        return cls(np.zeros(0, np.int32), np.zeros(0, np.uint8), np.zeros(0, np.uint8))

    @classmethod
    def joined(cls, several: Sequence[Places]) -> Places:
        """Those of several texts as of one: to look once takes less than to look in each."""
        import numpy as np

        ids, spaces, references = zip(*((places.ids, places.spaces, places.references) for places in several), strict=True)
        return cls(np.concatenate(ids), np.concatenate(spaces), np.concatenate(references))

    def after(self, context: Sequence[int]) -> Matches:
        """The places that follow the last one or more of these lexemes, given the last one first."""
        return self._after(self.ids, context)

    def after_pattern(self, codes: Sequence[int]) -> Matches:
        """The same for a pattern."""
        return self._after(self._codes, codes)

    def _after(self, values: NDArray[np.int32], wanted: Sequence[int]) -> Matches:
        import numpy as np

        places = (values[:-1] == wanted[0]).nonzero()[0] + 1 if wanted else np.zeros(0, np.intp)
        lengths = np.ones(len(places), np.intp)
        longer = np.arange(len(places))
        for distance, value in enumerate(wanted[1:], 2):
            longer = longer[places[longer] >= distance]
            longer = longer[values[places[longer] - distance] == value]
            if not len(longer):
                break
            lengths[longer] = distance
        return Matches(places, lengths, np.ones(len(places)))


class Files:
    """The lexemes of a stream, found by bisection. `hidden` are extents that are not looked at: files that are open."""

    def __init__(self, stream: Stream, hidden: Sequence[slice]) -> None:
        self.ids, self.spaces, self.references = stream.ids, stream.spaces, stream.references
        self._order, self._pattern_order, self._hidden = stream.order, stream.pattern_order, hidden
        # Single numbers are read from these five times as fast as from arrays.
        self._id_at, self._reference_at = stream.ids.data, stream.references.data
        self._place_at, self._pattern_place_at = stream.order.data, stream.pattern_order.data

    def after(self, context: Sequence[int]) -> Matches:
        """As `Places.after`; of many places some are drawn, evenly."""
        return self._drawn(self._order, list(_ranges(self._place_at, self._id_at.__getitem__, context)))

    def after_pattern(self, codes: Sequence[int]) -> Matches:
        """As `Places.after_pattern`."""

        def code_at(place: int) -> int:
            return self._reference_at[place] or self._id_at[place] + CODE_OFFSET

        return self._drawn(self._pattern_order, list(_ranges(self._pattern_place_at, code_at, codes)))

    def _drawn(self, order: NDArray[np.int32], ranges: Sequence[tuple[int, int]]) -> Matches:
        """Take places of each length: those of a range that are not in the next one, which lies within it."""
        import numpy as np

        parts, lengths, counts = [np.zeros(0, np.int32)], [0], [0.0]
        for length, ((low, high), (inner_low, inner_high)) in enumerate(zip(ranges, [*ranges[1:], (0, 0)], strict=False), 1):
            n_places = high - low - (inner_high - inner_low)
            every = -(-n_places // MOST_PLACES) or 1
            for start, end in ((low, inner_low), (inner_high, high)) if inner_high else ((low, high),):
                if start < end:
                    parts.append(order[start:end:every])
                    lengths.append(length)
                    counts.append((end - start) / len(parts[-1]))
        sizes = [len(part) for part in parts]
        found = Matches(np.concatenate(parts), np.repeat(lengths, sizes), np.repeat(counts, sizes))
        for extent in self._hidden:
            shown = (found.places < extent.start) | (found.places > extent.stop)
            found = Matches(found.places[shown], found.lengths[shown], found.counts[shown])
        return found


def _ranges(place_at: memoryview, value_at: Callable[[int], int], wanted: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Narrow down the part of an order whose places follow the last 1, 2, ... of these."""
    low, high = 0, len(place_at)
    for distance, value in enumerate(wanted, 1):

        def before(place: int, distance: int = distance) -> int:
            return value_at(place - distance) if place >= distance else 0

        if high - low == 1:
            # Long matches mostly have one place.
            if before(place_at[low]) != value:
                return
        else:
            low = bisect_left(place_at, value, low, high, key=before)
            high = bisect_right(place_at, value, low, high, key=before)
            if low == high:
                return
        yield low, high
