"""Lines that wait for more: with what they may go on, so that a line is not called broken because it is not complete."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from recoder_lsp.engine.cleaning import openers_left

_OPERAND = "x"
_CLOSING: Mapping[str, str] = MappingProxyType({"(": ")", "[": "]", "{": "}"})
# What may follow a line, besides what closes its brackets: the rest of a statement, or a body with its end.
_ENDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "python": ("", ":", " else x"),
        "lua": ("", "\nend", " then\nend", " do\nend"),
        "haskell": ("", " -> x", " = x"),
        "ruby": ("", "\nend"),
        "elixir": ("", "\nend", " do\nend"),
        "shellscript": ("", "\nfi", "\ndone", "\nesac", "\n;;", "\n}", " then\nx\nfi"),
    }
)
_ENDS_WITH_BRACES = ("", ";", " {}", " x", ":x")
_CLOSING_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"lua": ("end",), "ruby": ("end",), "elixir": ("end",), "shellscript": ("fi", "done", "}"), "python": (), "haskell": ()}
)
_PROBES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"lua": ("recoder()", _OPERAND), "elixir": ("recoder()", _OPERAND), "shellscript": ("recoder",)}
)
_WITHOUT_BLOCK_COMMENTS = frozenset(("python", "shellscript", "ruby", "elixir", "lua", "haskell"))
_LAST_TOKEN = re.compile(r"(?:\w+|\W)\Z")


def possible_ends(lines: str, language: str) -> list[str]:
    """Return with what lines could go on to be complete: brackets closed, an operand, a body."""
    closers = _closers(lines)
    ends = [closers + end for end in _ENDS.get(language, _ENDS_WITH_BRACES)]
    if closers and language in _CLOSING_WORDS:
        # A function among the arguments: it ends before they do.
        ends += [f"\n{word}{closers}" for word in _CLOSING_WORDS[language]]
    text_end = _end_of_text(lines, language)
    if text_end:
        return [text_end, *(text_end + end for end in ends)]
    return [start + end for start in ("", _OPERAND) for end in ends if start + end]


def _closers(lines: str) -> str:
    return "".join(_CLOSING[opener] for opener in reversed(openers_left(lines)))


def _end_of_text(lines: str, language: str) -> str:
    """Return what ends a comment or a text that is open at the end of lines and may go on over more; nothing elsewhere."""
    if language not in _WITHOUT_BLOCK_COMMENTS and lines.rfind("/*") > lines.rfind("*/"):
        return " */"
    if language == "rust" and lines.endswith("\\"):
        return '\n"'
    return next((border for border in ('"""', "'''", "`") if lines.count(border) % 2), "")


def closing_words(opener: str, language: str) -> tuple[str, ...]:
    """Return what may close a block that a line opens, in languages where something has to."""
    if language in _CLOSING_WORDS:
        return _CLOSING_WORDS[language]
    return (_closers(opener) + (";" if "(" in openers_left(opener) else ""),) if opener.endswith("{") else ()


def may_be_header(line: str, language: str) -> bool:
    """Say whether a body may follow a line, by its last sign; where a header ends with a word, any line may."""
    if language == "python":
        return line.endswith(":")
    return language in _CLOSING_WORDS or line.endswith(("{", ":"))


def probes(language: str) -> tuple[str, ...]:
    """Return what may stand in any block, a statement, and what may also stand in other brackets."""
    return _PROBES.get(language, ("recoder();", _OPERAND))


def opener_of_body(header: str) -> str:
    """Return the last word or sign of a header: a block begins with it, or behind it."""
    found = _LAST_TOKEN.search(header)
    return found[0] if found else ""
