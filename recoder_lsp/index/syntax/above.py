"""Comments and attributes of a file, found by the place that they stand before or behind."""

from __future__ import annotations

from bisect import bisect_left

from recoder_lsp.index.syntax.ranges import Range


class Above:
    """Looks them up; all offsets are bytes."""

    def __init__(self, data: bytes, comments: list[Range], attributes: list[Range]) -> None:
        self._data = data
        self._are_comments = {_without_line_end(data, comment): True for comment in comments}
        self._items = sorted({**self._are_comments, **{_without_line_end(data, each): False for each in attributes}})
        self._starts = [start for start, _ in self._items]

    def of(self, start: int) -> tuple[int, list[Range]]:
        """Where the run of comments and attributes directly above (no blank line between) begins, and its comments in order."""
        comments: list[Range] = []
        before = bisect_left(self._starts, start) - 1
        while before >= 0:
            item = self._items[before]
            between = self._data[item[1] : start]
            if (between and not between.isspace()) or between.count(b"\n") > 1 or not self._begins_its_line(before):
                break
            if item in self._are_comments:
                comments.append(item)
            start = item[0]
            before -= 1
        return start, comments[::-1]

    def behind(self, end: int) -> Range | None:
        """The comment on the rest of the line."""
        after = bisect_left(self._starts, end)
        if after == len(self._items):
            return None
        item = self._items[after]
        return item if item in self._are_comments and not self._data[end : item[0]].strip(b" \t,;") else None

    def behind_attributes(self, start: int, before: int) -> int:
        """Where the declaration goes on behind attributes that stand at its own start."""
        at = bisect_left(self._starts, start)
        while at < len(self._items) and self._items[at][1] <= before and not self._data[start : self._items[at][0]].strip():
            start = self._items[at][1]
            at += 1
        return start

    def before_comments(self, end: int, start: int) -> int:
        """Where the comments begin that stand directly before `end`, behind `start`; `end` without any."""
        before = bisect_left(self._starts, end) - 1
        while before >= 0 and self._items[before] in self._are_comments and self._items[before][0] > start:
            if self._data[self._items[before][1] : end].strip():
                break
            end = self._items[before][0]
            before -= 1
        return end

    def _begins_its_line(self, position: int) -> bool:
        start = self._items[position][0]
        line_start = self._data.rfind(b"\n", 0, start) + 1
        if position and self._items[position - 1][1] > line_start:
            line_start = self._items[position - 1][1]
        return not self._data[line_start:start].strip()


def _without_line_end(data: bytes, piece: Range) -> Range:
    """Some grammars count the line's end to a comment."""
    start, end = piece
    while end > start and data[end - 1] in b"\r\n":
        end -= 1
    return start, end
