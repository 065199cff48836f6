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

# What stands before a member besides a dot; elsewhere `->` begins a type or a body, and `::` a type or a slice.
_ARROW = frozenset({"c", "cpp", "cuda-cpp", "objective-c", "objective-cpp", "php", "perl"})
_COLONS = frozenset({"cpp", "cuda-cpp", "objective-cpp", "rust", "php", "ruby", "perl", "r", "java", "kotlin"})
_TRAILING_TYPE = re.compile(r"\)(?:\s*(?:const|noexcept|mutable|constexpr|volatile|&&?))*[ \t]*->[ \t]+\Z")

_WORD_BEFORE = re.compile(r"[\w$]+\Z")
_CALL_OF_SUPER = re.compile(r"\bsuper\([^()]*\)\Z")

_LETTER = re.compile(r"'(?:\\[^'\n]{1,10}|[^\\'\n])'")
_HAS_EXPRESSIONS = frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact", "vue", "svelte", "ruby"})
_EXPRESSION = re.compile(r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[])+/")
_BEFORE_EXPRESSION = re.compile(r"(?:^|[(,=:\[!&|?{;>~]|\b(?:return|typeof|case|in|of|when|if|unless|and|or|not))\s*\Z")
_BEFORE_SEEN = 20
# Borders that turn out to be none: of so many the rest is believed to be none either.
_MOST_BORDERS, _MOST_IN_VAIN = 5_000, 100


@dataclass(frozen=True)
class Word:
    """A word in a text, and what it is a member of."""

    start: int
    end: int
    text: str
    receiver: str
    """The word before the dot (or one of `member_borders`) before it; "?" for something that is no word; "" where there is no dot."""


def word_before(text: str, offset: int, language: str) -> Word:
    """The part of a word that ends at the offset; its text may be empty."""
    start = offset
    while start > 0 and _is_part_of_word(text[start - 1], language):
        start -= 1
    return Word(start, offset, text[start:offset], _receiver(text, start, language))


def word_around(text: str, offset: int, language: str) -> Word | None:
    """The whole word at the offset, also directly behind it; None between words and for numbers."""
    end = offset
    while end < len(text) and _is_part_of_word(text[end], language):
        end += 1
    word = word_before(text, end, language)
    return None if not word.text or word.text[0].isdigit() else word


def member_borders(language: str) -> tuple[str, ...]:
    """What may stand between a thing and its member."""
    return (".", *(["->"] if language in _ARROW else []), *(["::"] if language in _COLONS else []))


def is_code(text: str, offset: int, language: str) -> bool:
    """Whether the offset is neither in a comment nor in a text, as far as a look at the line and at borders of blocks can say."""
    code_from = _code_from(text, offset, language)
    return code_from is not None and _is_code_in_line(text, code_from, offset, language)


def _is_code_in_line(text: str, start: int, offset: int, language: str) -> bool:
    """Whether the offset is in no comment and text that begins behind the start, or on the offset's line if that is later."""
    before = text[max(start, text.rfind("\n", 0, offset) + 1, offset - _SEEN_OF_LINE) : offset]
    comment = _comment_of(language)
    quotes = '"`' if language in _LONE_QUOTES else "\"'`"
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
        elif character == "'" and (letter := _LETTER.match(before, at)):
            at = letter.end() - 1
        elif before.startswith(comment, at) or (character == "#" and language == "php"):
            return False
        elif before.startswith("/*", at) and language not in _HASH:
            closed = before.find("*/", at + 2)
            if closed < 0:
                return False
            at = closed + 1
        elif character == "/" and (expression := _expression_at(before, at, language)):
            at = expression.end() - 1
        at += 1
    return not opened or _in_filled_part(before, opened, opened_at, language)


def _comment_of(language: str) -> str:
    return "#" if language in _HASH else "--" if language in _DASHES else "//"


def _expression_at(before: str, at: int, language: str) -> re.Match[str] | None:
    """A regular expression that begins at the slash, where that does not divide."""
    if language not in _HAS_EXPRESSIONS or not _BEFORE_EXPRESSION.search(before[max(at - _BEFORE_SEEN, 0) : at]):
        return None
    return _EXPRESSION.match(before, at)


def _code_from(text: str, offset: int, language: str) -> int | None:
    """Where the last comment or text of several lines ends before the offset; None if one is open there."""
    code_from: int | None = 0
    if language in _DOCSTRINGS:
        code_from = _behind_docstrings(text, offset, language)
    if code_from is None or language in _HASH:
        return code_from
    opener, closer = ("{-", "-}") if language == "haskell" else ("--[[", "]]") if language == "lua" else ("/*", "*/")
    seen_from = max(offset - SEEN_BEFORE, code_from)
    at = offset
    for _ in range(_MOST_IN_VAIN):
        at = text.rfind(opener, seen_from, at)
        if at < 0:
            break
        if _is_code_in_line(text, seen_from, at, language):
            closed = text.find(closer, at + 2, offset)
            return None if closed < 0 else closed + len(closer)
    return code_from


def _behind_docstrings(text: str, offset: int, language: str) -> int | None:
    """Where the last text in triple quotes ends before the offset; None if one is open there.

    From the beginning, because only all of them say which are open.
    """
    borders = re.compile(r"\"{3}|'{3}" if language in ("python", "toml") else r"\"{3}")
    opened, at, code_from, n_in_vain = "", 0, 0, 0
    for _ in range(_MOST_BORDERS):
        if opened:
            at = text.find(opened, at, offset)
            if at < 0:
                return None
            if text[at - 1] != "\\":
                opened, code_from = "", at + 3
        else:
            border = borders.search(text, at, offset)
            if border is None or n_in_vain >= _MOST_IN_VAIN:
                break
            at = border.start()
            # In a comment or a text it opens nothing.
            if _is_code_in_line(text, code_from, at, language):
                opened = border[0]
            else:
                n_in_vain += 1
        at += 3
    return code_from


def _in_filled_part(before: str, opened: str, opened_at: int, language: str) -> bool:
    """Whether code stands in the text that is open: `f"{here`, `${here`."""
    filled = before[opened_at + 1 :]
    if language == "python":
        prefix = _WORD_BEFORE.search(before[:opened_at])
        return prefix is not None and "f" in prefix[0].lower() and filled.rfind("{") > filled.rfind("}")
    return (opened == "`" or language in ("kotlin", "dart", "scala")) and filled.rfind("${") > filled.rfind("}")


def _receiver(text: str, start: int, language: str) -> str:
    before = text[max(start - 200, 0) : start]
    whole = before.rstrip(" \t")
    border = next((each for each in member_borders(language) if whole.endswith(each)), "")
    # Two dots are a range, three spread something.
    if not border or whole.endswith("..") or (border == "->" and _TRAILING_TYPE.search(before)):
        return ""
    before = whole.removesuffix(border).rstrip().removesuffix("?")
    if _CALL_OF_SUPER.search(before):
        return "super"
    word = _WORD_BEFORE.search(before)
    # PHP writes variables with a dollar, and their classes without.
    return (word[0].lstrip("$") or word[0]) if word else "?"


def _is_part_of_word(character: str, language: str) -> bool:
    return character.isalnum() or character == "_" or (character == "$" and language in _DOLLAR_IN_NAMES)
