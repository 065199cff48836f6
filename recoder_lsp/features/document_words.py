"""Names that a document uses, nearest first; found by looking at its letters, in a millisecond, on the event loop."""

from __future__ import annotations

import re
from dataclasses import dataclass

from recoder_lsp.features.code_at import SEEN_AFTER, SEEN_BEFORE, Word, member_borders
from recoder_lsp.index.search.matching import Fit, fit_of

MOST_NAMES = 40
_HEADER = re.compile(r"\b(?:def|function|func|fn|fun|sub|lambda|proc)\b|=>|\)[^;=]*(?:\{|:|->.*)[ \t]*$")


@dataclass(frozen=True)
class UsedName:
    """A name, and how near its nearest use is."""

    name: str
    fit: Fit
    tier: int
    """0 in the function around the caret (or of the same object), 1 elsewhere in the document."""
    distance: int
    """To the caret, in characters."""


def names_used(text: str, word: Word, language: str) -> list[UsedName]:
    """Names that fit what was typed, best first: by fit, then by tier, then by nearness.

    Args:
        text: The whole document; only some of it around the word is looked at.
        word: What was typed; behind a dot only what stands behind dots counts.
        language: The document's.
    """
    if word.receiver == "?" and not word.text:
        # Every member of everything would do.
        return []
    borders = member_borders(language)
    window_start = max(word.start - SEEN_BEFORE, 0)
    window = text[window_start : word.end + SEEN_AFTER]
    caret = word.start - window_start
    function = (0, 0) if word.receiver else _function_around(window, caret)
    best: dict[str, tuple[int, int]] = {}
    for match in _pattern(word, borders).finditer(window):
        name, at = match["name"], match.start("name")
        same_object = word.receiver != "" and _is_member_of(window, at, word.receiver, borders)
        if word.receiver and not word.text and not same_object:
            # Without a letter every member of everything would do.
            continue
        tier = 0 if same_object or function[0] <= at < function[1] else 1
        nearness = (tier, abs(at - caret))
        if name not in best or nearness < best[name]:
            best[name] = nearness
    found = [
        UsedName(name, fit, tier, distance)
        for name, (tier, distance) in best.items()
        if name != word.text and (fit := fit_of(word.text, name)) is not None
    ]
    return sorted(found, key=lambda used: (used.fit, used.tier, used.distance))[:MOST_NAMES]


def _pattern(word: Word, borders: tuple[str, ...]) -> re.Pattern[str]:
    """Finds names; each pattern begins with what is rare, because the expression engine then skips quickly over the rest."""
    if not word.text:
        return re.compile(rf"{re.escape(word.receiver)}(?:{'|'.join(map(re.escape, borders))})(?P<name>[^\W\d][\w$]*)")
    first = f"[{re.escape(word.text[0].lower())}{re.escape(word.text[0].upper())}]"
    before = f"(?:{'|'.join(f'(?<={re.escape(border)}.)' for border in borders)})" if word.receiver else r"(?<![\w$.].)"
    return re.compile(rf"(?P<name>{first}{before}[\w$]*)", re.DOTALL)


def _is_member_of(window: str, at: int, receiver: str, borders: tuple[str, ...]) -> bool:
    """Whether the name at a place stands behind this word and a dot."""
    border = next((each for each in borders if window.endswith(each, 0, at)), None)
    if border is None or receiver == "?":
        return False
    start = at - len(border) - len(receiver)
    before = window[start - 1 : start]
    return start >= 0 and window.startswith(receiver, start) and not (before.isalnum() or before == "_")


def _function_around(window: str, caret: int) -> tuple[int, int]:
    """From where to where the innermost function reaches, by its indentation; nothing outside of functions."""
    line_start = window.rfind("\n", 0, caret) + 1
    line_end = window.find("\n", caret)
    indentation = _indentation(window[line_start : len(window) if line_end < 0 else line_end])
    at, header_indentation = line_start, -1
    while at and indentation:
        above = window.rfind("\n", 0, at - 1) + 1
        line = window[above : at - 1]
        if line.strip() and (inner := _indentation(line)) < indentation:
            indentation = inner
            if _HEADER.search(line):
                header_indentation, at = inner, above
                break
        at = above
    if header_indentation < 0:
        return (0, 0)
    start, end = at, line_start
    while end < len(window):
        below = window.find("\n", end)
        below = len(window) if below < 0 else below + 1
        line = window[end:below]
        if end > line_start and line.strip() and _indentation(line) <= header_indentation and line.strip()[0] not in ")}]":
            break
        end = below
    return start, end


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
