"""What finding a place for an import has in common in all languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Insertion:
    """Put `text` at `offset`, in code points."""

    offset: int
    text: str


def line_break_of(text: str) -> str:
    """The line break of the document: that of its first line."""
    at = text.find("\n")
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n"


def end_of_line(text: str, offset: int) -> int:
    """Where the line's content ends, before its break."""
    at = text.find("\n", offset)
    end = len(text) if at < 0 else at
    return end - 1 if end > offset and text[end - 1 : end] == "\r" else end


def below(text: str, offset: int, statement: str) -> Insertion:
    """The statement as a line of its own below the one that ends at or after the offset."""
    return Insertion(end_of_line(text, offset), line_break_of(text) + statement)


def at_the_top(text: str, offset: int, statement: str, n_blank_lines: int) -> Insertion:
    """The statement as a line of its own before the line that begins at the offset, and blank ones after it, unless there are some."""
    newline = line_break_of(text)
    rest = text[offset:]
    if not rest.strip() or rest.startswith(("\n", "\r\n")):
        n_blank_lines = 0
    lead = newline if offset and not text[:offset].endswith("\n") else ""
    return Insertion(offset, lead + statement + newline * (1 + n_blank_lines))


def apart_from(text: str, insertion: Insertion, start: int, end: int) -> Insertion | None:
    """The same insertion where it does not touch `text[start:end]`; None if it has to."""
    if not start <= insertion.offset <= end:
        return insertion
    newline = line_break_of(text)
    if insertion.offset > start or not text[:start].endswith(newline) or not insertion.text.endswith(newline):
        return None
    # The line break may as well come first: then all of it stands at the end of the line above.
    return Insertion(start - len(newline), newline + insertion.text.removesuffix(newline))
