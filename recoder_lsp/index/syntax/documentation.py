"""Turns what stands in a source file about a symbol into plain words: docstrings, comments, signatures."""

from __future__ import annotations

import inspect
import re

MOST_DOCSTRING_CHARACTERS = 2000
MOST_SIGNATURE_CHARACTERS = 300

_QUOTED = re.compile(r"""\s*[a-zA-Z~]{0,3}(\"{3}|'{3}|"|')(.*?)\1?\s*""", re.DOTALL)
_BLOCK_COMMENT_START = re.compile(r"\s*(?:/\*+!?<?|\{-+\s?\|?|<!--+|--\[=*\[|\(\*+|=begin\b|<#)[ \t]?")
_BLOCK_COMMENT_END = re.compile(r"\s*(?:\*+/|-+\}|--+>|--\]\]|\]=*\]|\*+\)|=end|#>)\s*$")
_STAR = re.compile(r"^[ \t]*\*(?!\*)[ \t]?", re.MULTILINE)
_LINE_MARK = re.compile(r"^[ \t]*(?:///?[!<]?<?|#+[!:|]?|--+[ \t]?[|^]?|;+|%+)[ \t]?", re.MULTILINE)
_XML_FRAME = re.compile(r"</?(?:summary|remarks|para)>[ \t]*")
_NOTHING_BUT_MARKS = re.compile(r"^[\W_]+$")
_OPENING = " {;:="


def docstring_of(literal: str) -> str:
    """The text of a string literal that documents something, without quotes and indentation."""
    found = _QUOTED.fullmatch(literal)
    return _limited(inspect.cleandoc(found[2] if found else literal))


def comment_text(comments: str) -> str:
    """The text of comments that follow each other, one or more to a line, without their marks."""
    blocks = []
    lines: list[str] = []
    rest = comments.replace("\r", "").split("\n")
    position = 0
    while position < len(rest):
        opening = _BLOCK_COMMENT_START.match(rest[position])
        if not opening:
            lines.append(_LINE_MARK.sub("", rest[position]))
            position += 1
            continue
        end = next((at for at in range(position, len(rest)) if _BLOCK_COMMENT_END.search(rest[at])), len(rest) - 1)
        block = "\n".join([rest[position][opening.end() :], *rest[position + 1 : end + 1]])
        block = _BLOCK_COMMENT_END.sub("", block)
        # Stars down the left side are marks only where every line has one: a list may use them too.
        inner = [line for line in block.split("\n")[1:] if line.strip()]
        if inner and all(line.lstrip().startswith("*") for line in inner):
            block = _STAR.sub("", block)
        blocks = [*lines, inspect.cleandoc(block)]
        lines = blocks
        position = end + 1
    kept = [line.rstrip() for line in lines if not (line.strip() and _NOTHING_BUT_MARKS.match(line.strip()))]
    # C# writes documentation as XML; what frames it says nothing.
    return _limited(_XML_FRAME.sub("", "\n".join(kept)).strip("\n"))


def one_line(declaration: str) -> str:
    """A declaration on one line, without what opens its body, at most 300 characters."""
    line = " ".join(declaration[: 8 * MOST_SIGNATURE_CHARACTERS].split())
    while line and (line[-1] in _OPENING or line.endswith("=>")):
        line = line.removesuffix("=>").rstrip(_OPENING)
    return line if len(line) <= MOST_SIGNATURE_CHARACTERS else line[: MOST_SIGNATURE_CHARACTERS - 1].rstrip() + "…"


def _limited(text: str) -> str:
    text = text.strip()
    return text if len(text) <= MOST_DOCSTRING_CHARACTERS else text[: MOST_DOCSTRING_CHARACTERS - 1].rstrip() + "…"
