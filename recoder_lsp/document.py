"""A document's text as LSP sees it: lines, positions, edits, and the frozen `Snapshot` that features get."""

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Literal
from urllib.parse import unquote, urlsplit

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)")
_DRIVE = re.compile(r"/[A-Za-z]:(?:/|$)")
_CODECS: dict[Encoding, tuple[str, int]] = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def split_lines(text: str) -> list[str]:
    r"""Split at LSP's line ends only (\n, \r\n, \r), which stay on their lines.

    Joined, the lines are the text. There is always a last line without an end, which may be empty: every caret
    position has its line. `str.splitlines` would also break at form feeds and seven more characters, which LSP does not.
    """
    if "\r" not in text:
        *ended, last = text.split("\n")
        return [line + "\n" for line in ended] + [last]
    lines = _LINE.findall(text)
    return [*lines, text[sum(map(len, lines)) :]]


def apply_edit(lines: list[str], start: tuple[int, int], end: tuple[int, int], new_text: str, encoding: Encoding) -> None:
    """Replace the text between two (line, character) positions, in place; `lines` is as from `split_lines`.

    Positions are clamped and put in order, as editors' own libraries do it. Costs O(edit), plus moving the line table.
    """
    (first, first_column), (last, last_column) = sorted((_clamped(lines, *start, encoding), _clamped(lines, *end, encoding)))
    # From one line above, because its \r and a new \n become one line end.
    above, below = max(first - 1, 0), last + 1
    before = "".join(lines[above:first]) + lines[first][:first_column]
    replacement = split_lines(before + new_text + lines[last][last_column:])
    if below < len(lines):
        # The region ended with a line end, after which the next line already stands.
        replacement.pop()
    lines[above:below] = replacement


def without_lone_surrogates(text: str) -> str:
    """Replace halves of characters, which JSON can carry and UTF-8 cannot, by U+FFFD; all lengths stay as they were."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return re.sub("[\ud800-\udfff]", "\ufffd", text)
    return text


@dataclass(frozen=True)
class Snapshot:
    """One document, frozen when the request arrived. Offsets are code points into `text`."""

    uri: str
    language: str
    text: str
    version: int | None

    @classmethod
    def of_lines(cls, uri: str, language: str, lines: Sequence[str], version: int | None) -> "Snapshot":
        """Make a snapshot whose lines are known already, as from `split_lines`."""
        snapshot = cls(uri, language, "".join(lines), version)
        snapshot.__dict__["lines"] = tuple(lines)
        return snapshot

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines with their ends; the last one has none and may be empty."""
        return tuple(split_lines(self.text))

    @cached_property
    def path(self) -> str:
        """The file's path for a file: URI, with `/` between its parts; otherwise the last part of the URI."""
        try:
            parts = urlsplit(self.uri)
        except ValueError:
            return unquote(self.uri.rpartition("/")[2])
        path = unquote(parts.path)
        if parts.scheme != "file":
            return path.rpartition("/")[2]
        if parts.netloc not in ("", "localhost"):
            return f"//{parts.netloc}{path}"
        return path[1:] if _DRIVE.match(path) else path

    def offset_at(self, line: int, character: int, encoding: Encoding) -> int:
        """Return the offset of a position, clamped: beyond a line's end means before its break, beyond the last line the end."""
        line, column = _clamped(self.lines, line, character, encoding)
        return self._line_starts[line] + column

    def position_at(self, offset: int, encoding: Encoding) -> tuple[int, int]:
        """Return (line, character) of an offset, which is clamped into the text; inside a \\r\\n means before it."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect.bisect_right(self._line_starts, offset) - 1
        before = self.lines[line][: offset - self._line_starts[line]].rstrip("\r\n")
        return line, _units(before, encoding)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *accumulate(map(len, self.lines[:-1]))]


def _clamped(lines: Sequence[str], line: int, character: int, encoding: Encoding) -> tuple[int, int]:
    """(line, column in code points) of a position; a position inside a character means before it."""
    if line < 0:
        return 0, 0
    if line >= len(lines):
        return len(lines) - 1, len(lines[-1])
    content = lines[line].rstrip("\r\n")
    character = max(character, 0)
    if content.isascii() or encoding == "utf-32":
        return line, min(character, len(content))
    codec, unit_bytes = _CODECS[encoding]
    return line, len(content.encode(codec, "replace")[: character * unit_bytes].decode(codec, "ignore"))


def _units(text: str, encoding: Encoding) -> int:
    if text.isascii() or encoding == "utf-32":
        return len(text)
    codec, unit_bytes = _CODECS[encoding]
    return len(text.encode(codec, "replace")) // unit_bytes
