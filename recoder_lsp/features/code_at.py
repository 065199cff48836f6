"""What stands at a place of a text: the word, what is before its dot, and whether it is code at all. Cheap, and never exact."""

from __future__ import annotations

import re
from dataclasses import dataclass

# More of a text is not looked at: this runs on the event loop with every key.
SEEN_BEFORE, SEEN_AFTER = 32_000, 16_000
_SEEN_OF_LINE = 2_000

# In these nothing but prose is written, and every word would be offered.
PROSE = frozenset({"", "plaintext", "markdown", "latex", "tex", "bibtex", "restructuredtext", "git-commit", "git-rebase", "log", "diff"})

_HASH = frozenset(
    {
        "python",
        "ruby",
        "shellscript",
        "elixir",
        "yaml",
        "toml",
        "perl",
        "r",
        "julia",
        "makefile",
        "dockerfile",
        "cmake",
        "nix",
        "powershell",
    }
)
_DASHES = frozenset({"lua", "haskell", "sql", "elm", "ada", "vhdl"})
_DOCSTRINGS = frozenset({"python", "elixir", "toml", "julia", "swift", "scala", "kotlin", "java"})
# A single quote is no border of a text here, or not always.
_LONE_QUOTES = frozenset({"rust", "haskell", "scala", "lisp", "clojure", "scheme", "elixir", "ocaml", "fsharp", "sql", "zig"})
_DOLLAR_IN_NAMES = frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact", "php", "vue", "svelte", "java"})

_BORDER = re.compile(r"(?:(?<!\.)\.|->|::)[ \t]*\Z")
_WORD_BEFORE = re.compile(r"[\w$]+\Z")
_CALL_OF_SUPER = re.compile(r"\bsuper\([^()]*\)\Z")


@dataclass(frozen=True)
class Word:
    """A word in a text, and what it is a member of."""

    start: int
    end: int
    text: str
    receiver: str
    """The word before the dot (or `->`, `::`) before it; "?" for something that is no word; "" where there is no dot."""


def word_before(text: str, offset: int, language: str) -> Word:
    """The part of a word that ends at the offset; its text may be empty."""
    start = offset
    while start > 0 and _is_part_of_word(text[start - 1], language):
        start -= 1
    return Word(start, offset, text[start:offset], _receiver(text, start))


def word_around(text: str, offset: int, language: str) -> Word | None:
    """The whole word at the offset, also directly behind it; None between words and for numbers."""
    end = offset
    while end < len(text) and _is_part_of_word(text[end], language):
        end += 1
    word = word_before(text, end, language)
    return None if not word.text or word.text[0].isdigit() else word


def is_code(text: str, offset: int, language: str) -> bool:
    """Whether the offset is neither in a comment nor in a text, as far as a look at the line and a count of borders can say."""
    line_start = text.rfind("\n", 0, offset) + 1
    if _in_block(text, offset, line_start, language):
        return False
    comment = "#" if language in _HASH else "--" if language in _DASHES else "//"
    quotes = '"`' if language in _LONE_QUOTES else "\"'`"
    before = text[max(line_start, offset - _SEEN_OF_LINE) : offset]
    at, opened, opened_at = 0, "", 0
    while at < len(before):
        character = before[at]
        if opened:
            if character == "\\":
                at += 1
            elif character == opened:
                opened = ""
        elif character in quotes:
            opened, opened_at = character, at
        elif before.startswith(comment, at) or (character == "#" and language == "php"):
            return False
        at += 1
    return not opened or _in_filled_part(before, opened, opened_at, language)


def _in_block(text: str, offset: int, line_start: int, language: str) -> bool:
    """Whether a comment or text of several lines is open at the offset."""
    seen_from = max(offset - SEEN_BEFORE, 0)
    if language in _DOCSTRINGS:
        # From the beginning, because only the whole number says which of them are open.
        for border in ('"""', "'''") if language in ("python", "toml") else ('"""',):
            if text.count(border, 0, offset) % 2:
                return True
    if language in _HASH:
        return False
    opened, closed = ("{-", "-}") if language == "haskell" else ("--[[", "]]") if language == "lua" else ("/*", "*/")
    return text.rfind(opened, seen_from, offset) > text.rfind(closed, seen_from, offset)


def _in_filled_part(before: str, opened: str, opened_at: int, language: str) -> bool:
    """Whether code stands in the text that is open: `f"{here`, `${here`."""
    filled = before[opened_at + 1 :]
    if language == "python":
        prefix = _WORD_BEFORE.search(before[:opened_at])
        return prefix is not None and "f" in prefix[0].lower() and filled.rfind("{") > filled.rfind("}")
    return (opened == "`" or language in ("kotlin", "dart", "scala")) and filled.rfind("${") > filled.rfind("}")


def _receiver(text: str, start: int) -> str:
    before = text[max(start - 200, 0) : start]
    border = _BORDER.search(before)
    if border is None:
        return ""
    before = before[: border.start()].rstrip().removesuffix("?")
    if _CALL_OF_SUPER.search(before):
        return "super"
    word = _WORD_BEFORE.search(before)
    # PHP writes variables with a dollar, and their classes without.
    return (word[0].lstrip("$") or word[0]) if word else "?"


def _is_part_of_word(character: str, language: str) -> bool:
    return character.isalnum() or character == "_" or (character == "$" and language in _DOLLAR_IN_NAMES)
