"""Builds a stream from files, with what an earlier stream knows of those that are unchanged; in steps, within fixed memory."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from recoder_lsp.index.hashes import hash_of_file
from recoder_lsp.index.phrases.lexing import lexemes
from recoder_lsp.index.phrases.patterns import is_name, references
from recoder_lsp.index.phrases.stream import CODE_OFFSET, ORDER, PATTERN_ORDER, Stream, Words
from recoder_lsp.redaction import Redaction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_LEXEMES = 4_000_000
"""Of all files together, about 500,000 lines: 57 MB as a file."""

MAX_FILE_LEXEMES = 200_000
MAX_WORDS = 1 << 19
LONGEST_LEXEME = 100
PART_CHARACTERS = 1 << 16
# Three values are packed into one number for sorting.
VALUE_BITS = 21
SORTED_AT_ONCE = 1 << 17
WORDS_SORTED_AT_ONCE = 1 << 15


@dataclass(frozen=True, slots=True)
class Source:
    """A file whose text is only read where no earlier stream knows it."""

    path: str
    content_hash: str
    text: Callable[[], str | None]
    """None where it cannot be read any more."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A file's lexemes, as they are numbered while building."""

    path: str
    content_hash: str
    numbers: NDArray[np.int32]
    spaces: NDArray[np.uint8]
    references: NDArray[np.uint8]


class _Numbers(dict[str, int]):
    """Numbers of lexemes while building: the earlier stream's ids, and those above them in the order of coming."""

    def __init__(self, earlier: Words | None) -> None:
        super().__init__()
        self._earlier, self._n_earlier = earlier, len(earlier) if earlier is not None else 0
        self.new: list[str] = []
        self.names: dict[int, bool] = {0: False}
        """By number, whether a lexeme that was asked for is a name."""

    def __missing__(self, lexeme: str) -> int:
        number = 0
        if len(lexeme) <= LONGEST_LEXEME:
            number = self._earlier.id_of(lexeme) if self._earlier is not None else 0
            if not number and self.n_numbered < MAX_WORDS:
                self.new.append(lexeme)
                number = self.n_numbered
        if number:
            self.names[number] = is_name(lexeme)
        self[lexeme] = number
        return number

    @property
    def n_numbered(self) -> int:
        return self._n_earlier + len(self.new)

    def spelling(self, number: int) -> bytes:
        if number > self._n_earlier or self._earlier is None:
            return self.new[number - self._n_earlier - 1].encode()
        return self._earlier.text_of(number).encode()


def build(files: Iterable[tuple[str, str]], earlier: Stream | None = None) -> Stream:
    """Return the stream of files, given as path and text; see `building`."""
    sources = [Source(path, hash_of_file(text.encode()), partial(str, text)) for path, text in files]
    return finished(building(sources, earlier))


def finished(steps: Generator[None, None, Stream]) -> Stream:
    """Return what comes out of all steps of `building`."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            stream: Stream = done.value
            return stream


def building(sources: Iterable[Source], earlier: Stream | None = None, made_of: bytes = bytes(16)) -> Generator[None, None, Stream]:
    """Build a stream; whoever runs this may stop after any step, and go on later or never.

    Args:
        sources: The files, the most important ones first: those that make it longer than `MAX_LEXEMES` are left out.
        earlier: A stream from which unchanged files are taken without reading them.
        made_of: Kept in the stream.
    """
    numbers = _Numbers(earlier.words if earlier is not None else None)
    parts: list[_Part] = []
    n_lexemes = 0
    for part in _parts(sources, earlier, numbers):
        yield
        if part is None:
            continue
        n_lexemes += len(part.numbers) + 1
        if n_lexemes > MAX_LEXEMES:
            break
        parts.append(part)
    parts.sort(key=lambda part: part.path)
    words, id_of_number = yield from _vocabulary(parts, numbers)
    return (yield from _composed(parts, words, id_of_number, made_of))


def _parts(sources: Iterable[Source], earlier: Stream | None, numbers: _Numbers) -> Iterator[_Part | None]:
    """The files that have a text, with None now and then while one is read."""
    known = {path: file for file, path in enumerate(earlier.paths)} if earlier is not None else {}
    for source in sources:
        file = known.get(source.path)
        if earlier is not None and file is not None and earlier.hashes[file] == source.content_hash:
            extent = earlier.extent(file)
            arrays = (earlier.ids[extent], earlier.spaces[extent], earlier.references[extent])
            yield _Part(source.path, source.content_hash, *arrays)
        elif (text := source.text()) is not None:
            yield from _read(source.path, text, numbers)


def _read(path: str, text: str, numbers: _Numbers) -> Iterator[_Part | None]:
    import numpy as np

    found, spaces, found_references, recent = list[int](), bytearray(), bytearray(), list[int]()
    for piece in _pieces(Redaction(text).of(text)):
        words, before = lexemes(piece)
        numbered = [numbers[word] for word in words]
        found += numbered
        spaces += before
        found_references += references(numbered, numbers.names, recent)
        if len(found) >= MAX_FILE_LEXEMES:
            break
        yield None
    flags = (np.frombuffer(bytes(each[:MAX_FILE_LEXEMES]), np.uint8) for each in (spaces, found_references))
    yield _Part(path, hash_of_file(text.encode()), np.array(found[:MAX_FILE_LEXEMES], np.int32), *flags)


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces that begin with a line: taking one apart is a single call, in which nothing else runs."""
    start = 0
    while start < len(text):
        line_end = text.find("\n", start + PART_CHARACTERS)
        end = len(text) if line_end < 0 else line_end + 1
        yield text[start:end]
        start = end


def _vocabulary(parts: list[_Part], numbers: _Numbers) -> Generator[None, None, tuple[Words, NDArray[np.int32]]]:
    """The lexemes that occur, and the id of each number."""
    import numpy as np

    is_used = np.zeros(numbers.n_numbered + 1, np.bool_)
    for part in parts:
        is_used[part.numbers] = True
        yield
    is_used[0] = False
    used = np.flatnonzero(is_used)
    spelled: list[tuple[bytes, int]] = []
    for first in range(0, len(used), WORDS_SORTED_AT_ONCE):
        some = used[first : first + WORDS_SORTED_AT_ONCE].tolist()
        spelled += sorted((numbers.spelling(number), number) for number in some)
        yield
    # Merely merges what is sorted in parts: nothing else runs while a list is sorted.
    spelled.sort()
    ends = np.zeros(len(spelled) + 1, np.int32)
    np.cumsum([len(spelling) for spelling, _ in spelled], out=ends[1:])
    id_of_number = np.zeros(numbers.n_numbered + 1, np.int32)
    id_of_number[[number for _, number in spelled]] = np.arange(1, len(spelled) + 1, dtype=np.int32)
    return Words(b"".join(spelling for spelling, _ in spelled), ends), id_of_number


def _composed(parts: list[_Part], words: Words, id_of_number: NDArray[np.int32], made_of: bytes) -> Generator[None, None, Stream]:
    import numpy as np

    bounds = np.cumsum([0, *(len(part.numbers) + 1 for part in parts)])
    n_lexemes = int(bounds[-1])
    # With room in front for what lies before the first position.
    ids = np.zeros(ORDER + n_lexemes, np.int32)
    spaces, found_references = np.zeros(n_lexemes, np.uint8), np.zeros(n_lexemes, np.uint8)
    for part, start in zip(parts, bounds.tolist(), strict=False):
        extent = slice(start, start + len(part.numbers))
        ids[ORDER:][extent], spaces[extent], found_references[extent] = id_of_number[part.numbers], part.spaces, part.references
        yield
    order = yield from _ordered(ids, ORDER)
    codes = np.zeros(PATTERN_ORDER + n_lexemes, np.int32)
    codes[PATTERN_ORDER:] = np.where(found_references > 0, found_references, ids[ORDER:] + CODE_OFFSET)
    pattern_order = yield from _ordered(codes, PATTERN_ORDER)
    starts, paths, hashes = bounds[:-1].astype(np.int32), (part.path for part in parts), (part.content_hash for part in parts)
    return Stream(ids[ORDER:], spaces, order, found_references, pattern_order, starts, tuple(paths), tuple(hashes), words, made_of)


def _ordered(values: NDArray[np.int32], depth: int) -> Generator[None, None, NDArray[np.int32]]:
    """All positions, sorted by the values before them: the last one first, so many of them; then by position.

    In blocks by the last one, so that neither memory nor the time of a step grows with the whole.

    Args:
        values: Below 2 ** `VALUE_BITS`; the first `depth` of them lie before the first position.
        depth: A multiple of the values that are packed into one number makes the most of it.
    """
    import numpy as np

    last = values[depth - 1 : -1]
    bounds = np.concatenate(([0], np.cumsum(np.bincount(last))))
    order = np.empty(len(last), np.int32)
    low = 0
    while low < len(bounds) - 1:
        high = max(int(bounds.searchsorted(bounds[low] + SORTED_AT_ONCE, side="right")) - 1, low + 1)
        positions = np.flatnonzero((last >= low) & (last < high)).astype(np.int32)
        order[bounds[low] : bounds[high]] = positions[np.lexsort(_keys(values, positions + depth, depth))]
        low = high
        yield
    return order


def _keys(values: NDArray[np.int32], places: NDArray[np.int32], depth: int) -> list[NDArray[np.int64]]:
    """What places are sorted by, the least important first: the values before them, three in a number."""
    import numpy as np

    keys = []
    for distance in range(1, depth + 1, 3):
        key = values[places - distance].astype(np.int64)
        for further in range(distance + 1, min(distance + 3, depth + 1)):
            key = (key << VALUE_BITS) | values[places - further]
        keys.append(key)
    return keys[::-1]
