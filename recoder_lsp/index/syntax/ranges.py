"""The bytes of a file: pieces of it, and the lines that they are on."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, count
from operator import add

from recoder_lsp.index.records import Span
from recoder_lsp.redaction import Redaction

Range = tuple[int, int]
"""First and last byte (exclusive)."""


class Text:
    """The bytes of a file and where its lines start."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        # All in C: this is done for every file, and lines are many.
        self.line_starts = [0, *map(add, accumulate(map(len, data.split(b"\n"))), count(1))]
        self.line_starts.pop()
        self._redaction = Redaction(data.decode("utf-8", "replace"))

    def part(self, piece: Range) -> str:
        """The text of a range."""
        return self.data[piece[0] : piece[1]].decode("utf-8", "replace")

    def shown(self, piece: Range) -> str:
        """The same as it may be stored and shown: without secrets."""
        return self._redaction.of(self.part(piece))

    def name(self, piece: Range) -> str:
        """The same on one line: a CSS selector may take several."""
        name = self.part(piece)
        return " ".join(name.split()) if "\n" in name else name

    def trimmed_end(self, start: int, end: int) -> int:
        """The end of a range without the white space that some grammars count to it."""
        while end > start and self.data[end - 1] in b" \t\r\n":
            end -= 1
        return end

    def line_of(self, offset: int) -> int:
        """The line that a byte is on."""
        return bisect_right(self.line_starts, offset) - 1

    def span(self, start: int, end: int) -> Span:
        """A range with its lines and columns."""
        first = bisect_right(self.line_starts, start) - 1
        last = bisect_right(self.line_starts, end, first) - 1
        return Span(start, end, first, start - self.line_starts[first], last, end - self.line_starts[last])
