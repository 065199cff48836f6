"""Cuts a file into pieces that can be found: a symbol each, long ones cut between statements, short neighbours together.

Pieces are made of whole lines (only lines of more than 4,000 bytes are cut within), do not overlap, and leave out nothing but
blank lines. They depend on text and outline alone, so that an edit changes the ids of few of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate

from recoder_lsp.index.hashes import hash_of_chunk
from recoder_lsp.index.records import Chunk, Kind, Outline, Symbol

MOST_LINES = 80
MOST_BYTES = 4_000
MOST_PLAIN_LINES = 40
"""Of text that belongs to no symbol."""
SMALL_CLASS_LINES = 40
"""Up to here a class stays whole, with its methods."""
SHORT_LINES = 4
"""Pieces with fewer lines, blank ones not counted, join a neighbour."""

_CONTAINERS = frozenset(
    {Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.ENUM, Kind.NAMESPACE, Kind.MODULE, Kind.TYPE, Kind.HEADING, Kind.VARIABLE, Kind.CONSTANT}
)
_WITH_PIECES = frozenset({Kind.FUNCTION, Kind.METHOD, Kind.CONSTRUCTOR, Kind.PROPERTY, Kind.MACRO}) | (
    _CONTAINERS - {Kind.VARIABLE, Kind.CONSTANT, Kind.TYPE}
)


def chunks_of(path: str, text: str, outline: Outline) -> tuple[Chunk, ...]:
    """The file's pieces in order; a text of blank lines has none."""
    lines = _Lines(text)
    pieces = _Cutting(lines, outline).pieces()
    repetitions: Counter[tuple[str, str]] = Counter()
    chunks = []
    for piece in pieces:
        chunk = _chunk(path, lines, piece, outline, repetitions)
        if chunk is not None:
            chunks.append(chunk)
    return tuple(chunks)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Lines [start, end) of a file and the symbol that they are about."""

    start: int
    end: int
    symbol: int | None
    is_later_part: bool = False
    first_byte: int | None = None
    """Only for parts of one long line."""
    last_byte: int | None = None


class _Lines:
    """Where the lines of a text begin, in bytes."""

    def __init__(self, text: str) -> None:
        self.data = text.encode("utf-8", "surrogatepass")
        lines = self.data.split(b"\n")
        # As if a line break ended the last line too.
        self.starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
        self.blank = [not line.strip() for line in lines]

    def __len__(self) -> int:
        return len(self.blank)

    def n_bytes(self, start: int, end: int) -> int:
        return self.starts[end] - self.starts[start]

    def n_filled(self, start: int, end: int) -> int:
        """How many of these lines are not blank."""
        return end - start - sum(self.blank[start:end])

    def trimmed(self, start: int, end: int) -> tuple[int, int]:
        """Without the blank lines at both ends; start == end when there is nothing else."""
        while start < end and self.blank[start]:
            start += 1
        while start < end and self.blank[end - 1]:
            end -= 1
        return start, end


class _Cutting:
    """Cuts one file."""

    def __init__(self, lines: _Lines, outline: Outline) -> None:
        self._lines = lines
        self._symbols = outline.symbols
        self._breaks = {point.line: point.depth for point in outline.breaks}
        self._break_lines = sorted(self._breaks)
        self._children: dict[int | None, list[int]] = {}
        for position, symbol in enumerate(outline.symbols):
            self._children.setdefault(symbol.parent, []).append(position)
        for children in self._children.values():
            children.sort(key=lambda position: (outline.symbols[position].span.start_byte, -outline.symbols[position].span.end_byte))

    def pieces(self) -> list[_Piece]:
        # A stack instead of recursion: headings and namespaces may be nested deeper than Python's.
        pieces: list[_Piece] = []
        todo: list[tuple[int, int, int | None, bool]] = [(0, len(self._lines), None, True)]
        while todo:
            start, end, symbol, may_be_cut = todo.pop()
            if may_be_cut and not self._stays_whole(start, end, symbol):
                todo += reversed(list(self._inner(start, end, symbol)))
            else:
                pieces.append(_Piece(start, end, symbol))
        return list(self._cut_to_size(self._joined(pieces)))

    def _stays_whole(self, start: int, end: int, symbol: int | None) -> bool:
        if symbol is None:
            return False
        kind = self._symbols[symbol].kind
        if not any(self._symbols[child].kind in _WITH_PIECES for child in self._children.get(symbol, ())):
            return True
        if kind not in _CONTAINERS:
            # What is defined inside a function belongs to it, unless it is too long for one piece anyway.
            return end - start <= MOST_LINES and self._lines.n_bytes(start, end) <= MOST_BYTES
        return end - start <= SMALL_CLASS_LINES and self._lines.n_bytes(start, end) <= MOST_BYTES

    def _inner(self, start: int, end: int, owner: int | None) -> Iterator[tuple[int, int, int | None, bool]]:
        """What these lines consist of: symbols with pieces of their own, and what is between them, which is the owner's."""
        cursor = start
        for child in self._children.get(owner, ()):
            symbol = self._symbols[child]
            if owner is not None and symbol.kind not in _WITH_PIECES:
                continue
            first = max(symbol.span.start_line, cursor)
            # A span that ends at the start of a line has nothing on it.
            last = symbol.span.end_line if symbol.span.end_column else symbol.span.end_line - 1
            after = min(max(last, symbol.span.start_line) + 1, end)
            if first >= after:
                continue
            if cursor < first:
                yield cursor, first, owner, False
            yield first, after, child, True
            cursor = after
        if cursor < end:
            yield cursor, end, owner, False

    def _joined(self, pieces: Sequence[_Piece]) -> list[_Piece]:
        """Pieces without blank ends, where short ones joined their neighbours."""
        joined: list[_Piece] = []
        for piece in pieces:
            start, end = self._lines.trimmed(piece.start, piece.end)
            if start == end:
                continue
            piece = _Piece(start, end, piece.symbol)
            if joined and self._belong_together(joined[-1], piece):
                joined[-1] = self._together(joined[-1], piece)
            else:
                joined.append(piece)
        return joined

    def _belong_together(self, before: _Piece, piece: _Piece) -> bool:
        if piece.end - before.start > MOST_PLAIN_LINES or self._lines.n_bytes(before.start, piece.end) > MOST_BYTES:
            # A closing bracket goes with what it closes even so; cutting to size comes later.
            return self._is_leftover(piece) and piece.start - before.end <= 1
        if self._is_leftover(piece) or self._is_leftover(before):
            return True
        return self._is_short(before) and self._is_short(piece) and self._parent(before) == self._parent(piece)

    def _together(self, before: _Piece, piece: _Piece) -> _Piece:
        named = [one for one in (before, piece) if one.symbol is not None]
        # The longest symbol gives the name; of short ones the first.
        main = max(named, key=lambda one: (not self._is_leftover(one), not self._is_short(one)), default=before)
        return _Piece(before.start, piece.end, main.symbol)

    def _is_short(self, piece: _Piece) -> bool:
        return self._lines.n_filled(piece.start, piece.end) < SHORT_LINES

    def _is_leftover(self, piece: _Piece) -> bool:
        """A few lines that stand for no symbol: brackets, a comment, a statement between two functions."""
        if not self._is_short(piece):
            return False
        return piece.symbol is None or self._symbols[piece.symbol].span.start_line < piece.start

    def _parent(self, piece: _Piece) -> int | None:
        return None if piece.symbol is None else self._symbols[piece.symbol].parent

    def _cut_to_size(self, pieces: Sequence[_Piece]) -> Iterator[_Piece]:
        for piece in pieces:
            most_lines = MOST_PLAIN_LINES if piece.symbol is None else MOST_LINES
            start = piece.start
            while start < piece.end:
                end = self._end_of_part(start, piece.end, most_lines)
                first, last = self._lines.trimmed(start, end)
                if first < last:
                    part = _Piece(first, last, piece.symbol, is_later_part=start > piece.start)
                    yield from self._cut_long_line(part)
                start = end

    def _end_of_part(self, start: int, end: int, most_lines: int) -> int:
        """Where a part that begins at `start` best ends: before a statement nested as little as possible, else at a blank line."""
        lines = self._lines
        if end - start <= most_lines and lines.n_bytes(start, end) <= MOST_BYTES:
            return end
        furthest = min(end, start + most_lines)
        while furthest > start + 1 and lines.n_bytes(start, furthest) > MOST_BYTES:
            furthest -= 1
        # Not too early, and no rest that is hardly worth a part.
        earliest = start + max(1, (furthest - start) // 3)
        candidates = self._break_lines[bisect_left(self._break_lines, earliest) : bisect_left(self._break_lines, furthest + 1)]
        if candidates:
            return min(candidates, key=lambda line: (self._breaks[line], -line))
        blank = [line for line in range(earliest, min(furthest + 1, end)) if lines.blank[line]]
        return blank[-1] if blank else furthest

    def _cut_long_line(self, part: _Piece) -> Iterator[_Piece]:
        if part.end - part.start > 1 or self._lines.n_bytes(part.start, part.end) <= MOST_BYTES:
            yield part
            return
        data, start, end = self._lines.data, self._lines.starts[part.start], self._lines.starts[part.end] - 1
        first = start
        while first < end:
            last = min(first + MOST_BYTES, end)
            # Not within a character: its later bytes are 10xxxxxx.
            while last < end and data[last] & 0xC0 == 0x80:
                last -= 1
            yield _Piece(part.start, part.end, part.symbol, part.is_later_part or first > start, first, last)
            first = last


def _chunk(path: str, lines: _Lines, piece: _Piece, outline: Outline, repetitions: Counter[tuple[str, str]]) -> Chunk | None:
    start = lines.starts[piece.start] if piece.first_byte is None else piece.first_byte
    end = min(lines.starts[piece.end] - 1, len(lines.data)) if piece.last_byte is None else piece.last_byte
    content = lines.data[start:end]
    if not content.strip():
        return None
    symbol: Symbol | None = None if piece.symbol is None else outline.symbols[piece.symbol]
    name = symbol.qualified_name if symbol else ""
    content_hash = hash_of_chunk(content)
    repetition = repetitions[name, content_hash]
    repetitions[name, content_hash] += 1
    identity = "\0".join((path, name, content_hash, str(repetition)))
    is_inside = symbol is not None and (piece.is_later_part or symbol.span.start_line < piece.start)
    return Chunk(
        id=blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(),
        path=path,
        symbol=piece.symbol,
        kind=symbol.kind if symbol else None,
        name=name,
        start_byte=start,
        end_byte=end,
        start_line=piece.start,
        end_line=piece.end - 1,
        content_hash=content_hash,
        text=content.decode("utf-8", "surrogatepass"),
        header=symbol.signature + "\n" if symbol is not None and is_inside and symbol.signature else "",
    )
