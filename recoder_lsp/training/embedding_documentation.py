"""Reads what authors wrote about code: its first sentence, and the comment above a declaration, without marks and markup."""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_COMMENT_LINES = 60
_WORD = re.compile(r"[A-Za-z]{2,}")
_SENTENCE_END = re.compile(r"(?<=[^.\s][.!?])\s+(?=[A-Z`*\"'(\[])|\n\s*\n|\n\s*(?=[-*:@>]|[A-Z]\w+:\s*\n)")
_ROLE = re.compile(r":[\w:]+:(?=`)|\{@\w+\s+([^}]*)\}|</?\w+>")
_TAG = re.compile(r"^\s*[@\\](?!brief\b)\w+", re.MULTILINE)
_BRIEF = re.compile(r"^\s*[@\\]brief\s+")
_NO_PROSE = re.compile(r"copyright|licen[sc]e|eslint|prettier|noqa|pragma|@ts-|clippy|nolint|SPDX", re.IGNORECASE)
_BEGINS = re.compile(r"[`'*]*(?P<name>[\w$]+)(?:\(\w*\))?[`'*]*(?:\s*(?P<dash>--?|:)(?=\s)|(?!\w))\s*")
# Between documentation and declaration: `#[inline]`, `@Override`.
_ATTRIBUTE = re.compile(r"\s*(?:#!?\[|@[A-Z]\w*)")
_LINE_MARK = {"go": ("//",), "rust": ("///", "//"), "java": ("//",), "c": ("//",)}


def words_in(text: str) -> int:
    """Count the words of two letters or more."""
    return len(_WORD.findall(text))


def is_prose(text: str) -> bool:
    """Say whether a text is words, not code that was commented out, a rule or a licence."""
    plain = sum(character.isalpha() or character in " ,.'-" for character in text)
    return text.isascii() and plain > 0.85 * len(text) and not _NO_PROSE.search(text)


def first_sentence(documentation: str, name: str = "", always: bool = False) -> str:
    """Return what a docstring says first, without markup; "" where that is no sentence of three words.

    Args:
        documentation: As written, without comment marks.
        name: Left out where the sentence begins with it: nobody who searches knows it.
        always: Whether even where it is a plain word without a dash behind it: in Go, whose style asks for the name.
    """
    text = _ROLE.sub(r"\1", documentation).strip()
    if name:
        begins = _BEGINS.match(text)
        if begins and begins["name"] == name and (begins["dash"] or always or not (name.isalpha() and name.islower())):
            text = text[begins.end() :]
    sentence = " ".join(_SENTENCE_END.split(text, maxsplit=1)[0].split())
    return sentence[:400] if words_in(sentence) >= 3 and is_prose(sentence) else ""


def above(lines: Sequence[str], number: int, language: str = "javascript") -> str:
    """Return the comment that ends on the line above, attributes of the declaration between them, its tags last.

    In scripts only a /** comment */ documents; elsewhere lines of // do too.
    """
    last = number - 1
    if language in ("rust", "java"):
        while last >= 0 and number - last < 8 and _ATTRIBUTE.match(lines[last]):
            last -= 1
    if last < 0:
        return ""
    for mark in _LINE_MARK.get(language, ()):
        first = last
        while first >= 0 and last - first < MAX_COMMENT_LINES and lines[first].lstrip().startswith(mark):
            first -= 1
        if first < last:
            return _tags_last("\n".join(line.strip().lstrip("/!").removeprefix(" ") for line in lines[first + 1 : last + 1]))
    if not lines[last].rstrip().endswith("*/"):
        return ""
    begin = next((n for n in range(last, max(-1, last - MAX_COMMENT_LINES), -1) if lines[n].lstrip().startswith("/*")), None)
    if begin is None:
        return ""
    written = (line.strip().removeprefix("/**").removeprefix("/*").removesuffix("*/").lstrip("* ") for line in lines[begin : last + 1])
    return _tags_last("\n".join(written))


def _tags_last(text: str) -> str:
    text = _BRIEF.sub("", text)
    tagged = _TAG.search(text)
    described = text[: tagged.start()].strip() if tagged else text.strip()
    return f"{described}\n\n{text[tagged.start() :].strip()}".strip() if tagged else described
