"""The keys of typing a line again: what the document is after each, and where the caret is. One generator for all replays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """One key: the document just after it."""

    text: str
    caret: int
    is_first: bool
    """Nothing was typed yet: the caret has only just come here."""


def typed(before: str, rest: str, after: str) -> Iterator[Key]:
    """Yield what a document is while `rest` is typed between `before` and `after`, from nothing of it to all of it."""
    for end in range(len(rest) + 1):
        text = before + rest[:end]
        yield Key(text + after, len(text), end == 0)


def typed_lines(text: str, numbers: Iterable[int]) -> Iterator[Key]:
    """Yield the keys of these lines, counted from 0, each from its indentation on, everything else being there already."""
    lines = text.split("\n")
    for number in numbers:
        line = lines[number]
        start = len(line) - len(line.lstrip())
        yield from typed("\n".join([*lines[:number], line[:start]]), line[start:], "\n".join(["", *lines[number + 1 :]]))


def worth_typing(text: str, least: int, most: int) -> list[int]:
    """Return the numbers of the lines that have so many characters: at least without the indentation, at most with it."""
    return [number for number, line in enumerate(text.split("\n")) if len(line.strip()) >= least and len(line) <= most]
