"""Where a piece of a text stands by now, so that nothing is quoted from where it no longer is."""

from __future__ import annotations

MOST_LOOKED_AT = 200


def line_of(text: str, piece: str, near_line: int) -> int | None:
    """Return the line on which a piece of a text begins now, the nearest to where it was; None if it stands nowhere.

    Args:
        text: All of the file, with line ends as the editor has them.
        piece: What was read earlier, with any line ends.
        near_line: Where it began then, from 0.
    """
    text, piece = _plain(text), _plain(piece).strip("\n")
    if not piece.strip():
        return None
    found: list[int] = []
    at = text.find(piece)
    line, counted = 0, 0
    while at >= 0 and len(found) < MOST_LOOKED_AT:
        line += text.count("\n", counted, at)
        counted = at
        found.append(line)
        at = text.find(piece, at + 1)
    return min(found, key=lambda each: abs(each - near_line), default=None)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
