"""What a model wrote becomes what may be inserted: ordered pure steps from raw text to an insertion."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from recoder_lsp.engine.fim import Place

_SPECIAL = re.compile(
    r"<\|[a-z_]{2,32}\|>|<\uff5c[^>]{2,32}\uff5c>|<fim_\w{3,12}>|<file_sep>|\u2581<(?:PRE|SUF|MID|EOT)>|\[(?:PREFIX|SUFFIX|MIDDLE)\]"
)
# Up to 40 characters, four times in a row.
_CIRCLE = re.compile(r"(.{2,40}?)\1{3,}")
_STATEMENT = re.compile(r"(?:async\s+)?(?:def|class|if|elif|else|for|while|with|try|except|finally|match|case)\b|\)")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_QUOTES = "\"'`"
_PUNCTUATION = ":;,"


@dataclass(frozen=True)
class Insertion:
    """Text for the caret. It also replaces the `replaced` characters that follow the caret on its line."""

    text: str
    replaced: int = 0


def opens_block(place: Place) -> bool:
    """Say whether a block clearly starts at the caret: nothing on its line yet, an opener above, no body below."""
    above = place.line_prefix if place.line_prefix.strip() else place.prefix.rstrip()
    opener = above[above.rfind("\n") + 1 :]
    if place.rest_of_line.strip() or not _opens(opener.strip()):
        return False
    below = next((line for line in place.suffix.split("\n")[1:] if line.strip()), "")
    return _indented(below) <= _indented(opener)


def block_indentation(place: Place) -> str:
    """Return the indentation of the line that opens the block: a line indented no deeper ends it."""
    text = place.prefix if place.line_prefix.strip() else place.prefix.rstrip()
    line = text[text.rfind("\n") + 1 :]
    return line[: _indented(line)]


def insertion(raw: str, place: Place, *, block: bool = False) -> Insertion | None:
    """Clean what a model wrote at a place; None when nothing worth inserting is left.

    Args:
        raw: The model's text, following the caret.
        block: Whether several lines may stay.
    """
    text = raw
    for step in STEPS:
        text = step(text, place, block)
        if not text.strip():
            return None
    return _beside_closers(text, place)


Step = Callable[[str, Place, bool], str]


def without_special_tokens(text: str, place: Place, block: bool) -> str:
    """Cut where a control token leaked into the text."""
    found = _SPECIAL.search(text)
    return text[: found.start()] if found else text


def within_lines(text: str, place: Place, block: bool) -> str:
    """Keep the caret's line, or of a block the lines until one is indented no deeper than its opener."""
    if not block:
        return text.partition("\n")[0]
    least = len(block_indentation(place))
    first, *others = text.split("\n")
    kept = [first]
    for line in others:
        if line.strip() and _indented(line) <= least:
            break
        kept.append(line)
    return "\n".join(kept).rstrip()


def without_repetition(text: str, place: Place, block: bool) -> str:
    """Cut where a model goes in circles: the same line again, or the same few words over and over."""
    lines = text.split("\n")
    seen: set[str] = set()
    for number, line in enumerate(lines):
        if len(line.strip()) > 3 and line in seen:
            lines = lines[:number]
            break
        seen.add(line)
    text = "\n".join(lines)
    circle = _CIRCLE.search(text)
    return text[: circle.end(1)] if circle and circle[1].strip(" -=*#_.") else text


def without_what_follows(text: str, place: Place, block: bool) -> str:
    """Cut where the text goes on with what already stands after the caret."""
    rest = place.rest_of_line.strip()
    if len(rest) > 1 and not place.only_closers_follow and rest in text:
        cut = text[: text.index(rest)]
        return cut.rstrip() if place.rest_of_line[0].isspace() else cut
    following = [line.strip() for line in place.suffix.split("\n")[1:] if line.strip()][:3]
    lines = text.split("\n")
    # A line is only a repetition as a whole: what stands before the caret belongs to it.
    whole = [place.line_prefix + lines[0], *lines[1:]]
    for number, line in enumerate(whole):
        if following and line.strip() == following[0] and len(line.strip()) > 3:
            return "\n".join(lines[:number])
    return text


def well_indented(text: str, place: Place, block: bool) -> str:
    """Drop white space that doubles what already precedes the caret."""
    before = place.line_prefix
    if before and (before[-1].isspace() or (not before.strip() and block)):
        return text.lstrip(" \t")
    if not before and not place.prefix.rstrip().endswith((":", "{", "(", "[")):
        return text.lstrip(" \t") if not block else text
    return text


def trimmed(text: str, place: Place, block: bool) -> str:
    """Drop trailing white space, unless more of the line follows."""
    return text.rstrip() if not place.rest_of_line.strip() or place.only_closers_follow else text


STEPS: tuple[Step, ...] = (without_special_tokens, within_lines, without_repetition, without_what_follows, well_indented, trimmed)


def _opens(line: str) -> bool:
    """Say whether a line opens a block: a statement's colon or an own brace, not those of a type or a literal."""
    if line.endswith(":"):
        return _STATEMENT.match(line) is not None and not _unclosed(line)
    return line.endswith("{") and not _unclosed(line[:-1])


def _unclosed(line: str) -> bool:
    return sum(map(line.count, "([{")) > sum(map(line.count, ")]}"))


def _beside_closers(text: str, place: Place) -> Insertion | None:
    """Settle with the brackets and quotes that an editor has put after the caret already.

    The text closes them itself (the prompt does not show them): where it ends with them they are dropped
    from it, where it goes on beyond them it replaces them.
    """
    rest = place.rest_of_line.rstrip()
    if not rest or not place.only_closers_follow or "\n" in text:
        return Insertion(text)
    closes = _closes_more_than_it_opens(text, place.line_prefix)
    if text.endswith(rest) and (closes or rest[0] in _PUNCTUATION):
        kept = text[: -len(rest)]
        return Insertion(kept) if kept.strip() else None
    return Insertion(text, len(rest)) if closes and rest[0] in text else Insertion(text)


def _closes_more_than_it_opens(text: str, line_prefix: str) -> bool:
    """Say whether the text closes a bracket or quote that was opened before it."""
    quote = _open_quote(line_prefix)
    opened: list[str] = []
    for character in text:
        if quote:
            if character == quote:
                return True
            continue
        if character in "([{":
            opened.append(character)
        elif character in _PAIRS:
            if not opened:
                return True
            opened.pop()
    return False


def _open_quote(line_prefix: str) -> str:
    """Return the quote that is still open at the end of a line's beginning, or nothing."""
    quote, escaped = "", False
    for character in line_prefix:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
    return quote


def _indented(line: str) -> int:
    return len(line) - len(line.lstrip())
