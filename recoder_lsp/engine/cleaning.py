"""What a model wrote becomes what may be inserted: ordered pure steps from raw text to an insertion."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from recoder_lsp.engine.fim import Place
from recoder_lsp.redaction import REDACTED

_SPECIAL = re.compile(
    r"<\|[a-z_]{2,32}\|>|<\uff5c[^>]{2,32}\uff5c>|<fim_\w{3,12}>|<file_sep>|\u2581<(?:PRE|SUF|MID|EOT)>|\[(?:PREFIX|SUFFIX|MIDDLE)\]"
)
# A circle is a unit of up to so many characters, so many times in a row.
_CIRCLE_CHARACTERS, _CIRCLE_TIMES = 40, 4
_REPEATED_LINES = 20
# Places looked at where the rest of the line may begin: there are more only in lines of one character.
_CUTS = 32
_WORD_START = re.compile(r"(?<!\w)_*[^\W\d_]")
_BLANK_LINES = re.compile(r"\A(?:[ \t]*\n)+")
_UNIT_OF_INDENTATION = re.compile(r"^(\t| {2,8})(?=[^\s*])", re.MULTILINE)
_STATEMENT = re.compile(r"(?:async\s+)?(?:def|class|if|elif|else|for|while|with|try|except|finally|match|case)\b|\)")
# Before a brace they say that it is a literal's, a type's or a list of names, not a block's.
_NO_BLOCK = re.compile(r"(?:[=(,:\[]|\breturn|^import(?:\s+type)?|^export(?:\s+(?:type|default))?)\s*$")
# At the top of a file none of these comes twice: of 289 such lines of 25 repositories, none stood there already, of 61 that a
# model wrote, 28 did.
_ONLY_ONCE = re.compile(
    r"(?:(?:pub(?:\([a-z]+\))?|export|default|async|final|public|private|protected|abstract|inline|unsafe|declare|suspend|internal|open"
    r"|data|sealed)\s+)*(?:def|class|func|function|fn|interface|enum|struct|trait|mod|module|import|from|use|using|package|namespace|fun"
    r"|object|require|type|const|let|var|val|static|typedef|extern|#include|#define|#pragma once)\b"
)
_OPENING, _CLOSING = "([{", ")]}"
_QUOTES = "\"'`"
_STRING_PREFIX = re.compile(r"(?<!\w)(?:[fbru]|rb|br|rf|fr)$", re.IGNORECASE)
_PUNCTUATION = ":;,"


@dataclass(frozen=True)
class Insertion:
    """Text for the caret. It also replaces the `replaced` characters that follow the caret on its line."""

    text: str
    replaced: int = 0


def opens_block(place: Place) -> bool:
    """Say whether a block clearly starts at the caret: nothing on its line yet, an opener above, no body below."""
    opener = place.last_line
    if place.rest_of_line.strip() or not _opens(opener.strip(), place.language):
        return False
    below = next((line for line in place.suffix.split("\n")[1:] if line.strip()), "")
    return _indented(below) <= _indented(opener)


def block_indentation(place: Place) -> str:
    """Return the indentation of the line that opens the block: a line indented no deeper ends it."""
    return place.last_line[: _indented(place.last_line)]


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


def without_secrets(text: str, place: Place, block: bool) -> str:
    """Say nothing where the model has copied what stands for a secret in its prompt."""
    return "" if REDACTED in place.line_prefix[-len(REDACTED) + 1 :] + text else text


def without_special_tokens(text: str, place: Place, block: bool) -> str:
    """Cut where a control token leaked into the text."""
    found = _SPECIAL.search(text)
    return text[: found.start()] if found else text


def within_lines(text: str, place: Place, block: bool) -> str:
    """Keep the caret's line, or of a block the lines until one is indented no deeper than its opener."""
    if not block:
        return text.partition("\n")[0]
    least = len(block_indentation(place))
    blank = _BLANK_LINES.match(text)
    if blank and not place.line_prefix.strip():
        text = text[blank.end() :]
        if _indented(text) <= least:
            return ""
    first, *others = text.split("\n")
    kept = [first]
    for line in others:
        if line.strip() and _indented(line) <= least:
            break
        kept.append(line)
    return "\n".join(kept).rstrip()


def without_repetition(text: str, place: Place, block: bool) -> str:
    """Cut where a model goes in circles: the same lines directly again, or the same few words over and over."""
    lines = text.split("\n")
    # A blank beginning may be doubled in the text, which is settled later.
    first = lines[0] if place.line_prefix.strip() or not place.line_prefix else lines[0].lstrip()
    whole = [place.line_prefix + first, *lines[1:]]
    again = next((number for number in range(1, len(whole)) if _repeats(whole, number)), None)
    if again is not None:
        while again and (not whole[again - 1].strip() or _opens(whole[again - 1].strip(), place.language)):
            again -= 1
        lines = lines[:again]
    for number, line in enumerate(lines):
        end = _first_round(line)
        if end is not None:
            return "\n".join([*lines[:number], line[:end]])
    return "\n".join(lines)


def without_what_follows(text: str, place: Place, block: bool) -> str:
    """Cut where the text goes on with what already stands after the caret."""
    rest = place.rest_of_line.strip()
    if len(rest) > 1 and not place.only_closers_follow:
        cut = _start_of_rest(text, rest, place)
        if cut is not None:
            return text[:cut].rstrip() if place.rest_of_line[0].isspace() else text[:cut]
    following = next((line.strip() for line in place.suffix.split("\n")[1:] if line.strip()), "")
    lines = text.split("\n")
    # A line is only a repetition as a whole: what stands before the caret belongs to it.
    whole = [place.line_prefix + lines[0], *lines[1:]]
    for number, line in enumerate(whole):
        if line.strip() == following and len(following) > 3:
            return "\n".join(lines[:number])
    return text


def without_what_is_there(text: str, place: Place, block: bool) -> str:
    """Say nothing where a definition or an import at the top of the file stands in it already, word for word."""
    line = (place.line_prefix + text.partition("\n")[0]).rstrip()
    if (place.rest_of_line.strip() and not place.only_closers_follow) or not _ONLY_ONCE.match(line):
        return text
    above, below = place.prefix[: len(place.prefix) - len(place.line_prefix)], place.suffix[len(place.rest_of_line) :]
    return "" if f"\n{line}\n" in f"\n{above}" or f"\n{line}\n" in f"{below}\n" else text


def well_indented(text: str, place: Place, block: bool) -> str:
    """Drop white space that doubles what precedes the caret or that no block asks for; add what a new block's body lacks."""
    before = place.line_prefix
    if before.strip():
        return text.lstrip(" \t") if before[-1].isspace() else text
    last = place.last_line
    if _opens(last.strip(), place.language) and len(before) <= _indented(last) and text.lstrip()[:1] not in _CLOSING:
        return _in_body(text, place, last[: _indented(last)])
    inside = _indented(last) or last.endswith((":", "{", "(", "[")) or _unclosed(last)
    return text if inside and not before else text.lstrip(" \t")


def with_bodies(text: str, place: Place, block: bool) -> str:
    """Cut a block of Python before a line that opens a body and has none; one that the block begins with stays alone."""
    if not block or place.language != "python":
        return text
    lines = text.split("\n")
    whole = [place.line_prefix + lines[0], *lines[1:]]
    for number, line in enumerate(whole):
        if not _opens(line.strip(), place.language):
            continue
        below = next((other for other in whole[number + 1 :] if other.strip()), "")
        if _indented(below) <= _indented(line):
            return "\n".join(lines[: number or 1]).rstrip()
    return text


def trimmed(text: str, place: Place, block: bool) -> str:
    """Drop trailing white space, unless more of the line follows."""
    return text.rstrip() if not place.rest_of_line.strip() or place.only_closers_follow else text


STEPS: tuple[Step, ...] = (
    without_secrets,
    without_special_tokens,
    within_lines,
    without_repetition,
    without_what_follows,
    well_indented,
    without_what_is_there,
    with_bodies,
    trimmed,
)


def _opens(line: str, language: str) -> bool:
    """Say whether a line opens a block: a statement's colon or an own brace, not those of a type or a literal."""
    if line.endswith(":"):
        return _STATEMENT.match(line) is not None and not _unclosed(line)
    return language != "python" and line.endswith("{") and not _NO_BLOCK.search(line[:-1]) and not _unclosed(line[:-1])


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
    deep = 0
    for position, depth in enumerate(_depths(line_prefix + text)):
        if position < len(line_prefix):
            # What the line closes of the lines above it, the text cannot close again.
            deep = depth
        elif depth < deep:
            return True
    return False


def _depths(line: str) -> Iterator[int]:
    """Yield after each character how many brackets and quotes are open; negative where lines above opened them."""
    depth, quote, escaped = 0, "", False
    for position, character in enumerate(line):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif quote:
            if character == quote:
                depth, quote = depth - 1, ""
        elif character in _QUOTES and not _is_apostrophe(line, position):
            depth, quote = depth + 1, character
        elif character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
        yield depth


def _is_apostrophe(line: str, position: int) -> bool:
    """Say whether a quotation mark quotes nothing: that of "don't", or of a lifetime in Rust."""
    if line[position] != "'":
        return False
    before, after = line[max(position - 3, 0) : position], line[position + 1 : position + 3]
    if before[-1:] in ("&", "<") and (after[:1].isalpha() or after[:1] == "_"):
        return after[1:] != "'"
    return before[-1:].isalnum() and _STRING_PREFIX.search(before) is None


def _repeats(lines: list[str], number: int) -> bool:
    """Say whether the line equals the one before it, or begins a run of lines that equals the run before it."""
    for size in range(1, min(number, _REPEATED_LINES) + 1):
        run = lines[number : number + size]
        if run == lines[number - size : number] and any(len(line.strip()) >= 3 for line in run):
            return True
    return False


def _first_round(line: str) -> int | None:
    """Return where the first round of a circle that a line ends with is over; None where there is no circle.

    Numbers and short words may well follow each other: a unit has two words, or one and more than 8 characters.
    """
    line = line.rstrip()
    for size in range(3, _CIRCLE_CHARACTERS + 1):
        # The last round's space has been stripped.
        if _CIRCLE_TIMES * size - 1 > len(line):
            break
        start = len(line) - size
        while start and line[start - 1] == line[start - 1 + size]:
            start -= 1
        unit = line[start : start + size]
        if len(line) - start < _CIRCLE_TIMES * size - 1 or (unit + unit).find(unit, 1) < size:
            continue
        # Twice, so that a word which the unit's edge divides is one.
        words = len(_WORD_START.findall(unit + unit, size))
        if words >= 2 or (words and size > 8):
            return start + size
    return None


def _start_of_rest(text: str, rest: str, place: Place) -> int | None:
    """Return where a text starts to say the rest of the line: at its end, as far as it goes, or from the middle on."""
    text = text.rstrip()
    cuts = [len(text) - size for size in range(min(len(text), len(rest)), 0, -1) if text.endswith(rest[:size])]
    if len(rest) >= 3:
        cuts += [found.start() for found in re.finditer(re.escape(rest), text)]
    open_anyway = left_open(place.line_prefix + rest)
    for cut in cuts[:_CUTS]:
        said = text[cut : cut + len(rest)]
        exact = said == rest and text.endswith(rest) and not place.rest_of_line[0].isspace()
        borders = _is_border(text[:cut], said) and _is_border(said, text[cut + len(said) :] or rest[len(said) :])
        # After a space the rest starts a new word, so the text must have come to one as well.
        apart = not place.rest_of_line[0].isspace() or not said[0].isalnum() or not text[:cut].strip() or text[cut - 1].isspace()
        if (exact or (borders and apart)) and left_open(place.line_prefix + text[:cut] + rest) <= open_anyway:
            return cut
    return None


def _is_border(before: str, after: str) -> bool:
    """Say whether no word goes on from one text to the other."""
    return re.search(r"\w$", before) is None or re.match(r"\w", after) is None


def left_open(line: str) -> int:
    """Count what a line has opened and not closed; closing what lines above opened makes up for nothing."""
    depth = least = 0
    for depth in _depths(line):
        least = min(least, depth)
    return depth - least


def openers_left(lines: str) -> str:
    """Return the brackets that lines open and do not close, in order; those in texts do not count."""
    left, before = "", 0
    for character, depth in zip(lines, _depths(lines), strict=True):
        if character in _OPENING and depth > before:
            left += character
        elif character in _CLOSING and depth < before:
            left = left[:-1]
        before = depth
    return left


def _in_body(text: str, place: Place, outer: str) -> str:
    """Give a new block's first line the indentation it lacks; nothing where the lines below contradict it."""
    first, *others = text.split("\n")
    own = first[: _indented(first)]
    if len(own) > len(outer) and own.startswith(place.line_prefix):
        return text[len(place.line_prefix) :]
    indentation = outer + _unit_of_indentation(place.prefix)
    below = next((line for line in others if line.strip()), None)
    if below is not None and _opens(first.strip(), place.language):
        if _indented(below) <= len(indentation):
            return ""
    elif below is not None and not _unclosed(first):
        indentation = below[: _indented(below)]
    return indentation[len(place.line_prefix) :] + text.lstrip(" \t")


def _unit_of_indentation(prefix: str) -> str:
    """Return what the lines above are indented by: a tab, or the fewest spaces; 4 where none is indented."""
    return min(_UNIT_OF_INDENTATION.findall(prefix[-20_000:]), key=len, default="    ")


def _indented(line: str) -> int:
    return len(line) - len(line.lstrip())
