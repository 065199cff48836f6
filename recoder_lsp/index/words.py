"""The words of source text: identifiers taken apart, so that "http response" finds `parseHTTPResponse2`."""

from __future__ import annotations

import functools
import re

# A run of these inside an identifier is one word: "HTTP" before "Response", "Response", "response", "2". The last alternative
# takes letters without case, as those of Chinese or Hebrew.
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_IDENTIFIERS = re.compile(r"\w+")

# Longer words are data (base64, hashes), which nobody types into a search.
_LONGEST_WORD = 40
# Beyond this many parts the joined identifier is left out: a test's name that is a sentence.
_MOST_JOINED_PARTS = 6

# About 10 MB when full; the standard library of Python has 110,000 different identifiers.
_REMEMBERED_IDENTIFIERS = 1 << 16


def words(text: str) -> list[str]:
    """The stems of every identifier's parts in order, each compound one followed by itself joined: "parsehttpresponse2".

    Comments and prose come out as the stems of their words. Numbers count as words, punctuation does not; text longer than
    40 characters without a border is left out. What is stored and what is asked go through here alike: another outcome for
    the same text needs another `manifest_schema.SCHEMA_VERSION`.
    """
    return searchable(text).split()


def searchable(text: str) -> str:
    """The same words, with one space between them; the quicker form."""
    return " ".join(filter(None, map(_searchable_identifier, _IDENTIFIERS.findall(text))))


def split_identifier(identifier: str) -> list[str]:
    """Its parts in lower case: "parseHTTPResponse2" -> parse, http, response, 2."""
    lowered = [part.lower() for part in _parts(identifier)]
    if identifier.isascii():
        return lowered
    # "İ" becomes an "i" with a separate dot, which is no letter.
    return [word for part in lowered if (word := "".join(filter(str.isalnum, part)))]


def parts_of(text: str) -> list[str]:
    """The parts of all identifiers, without the joined ones."""
    return [part for identifier in _IDENTIFIERS.findall(text) for part in split_identifier(identifier)]


def stem(word: str) -> str:
    """The word without a plural's or a participle's ending, so that "parsing requests" finds "parse request".

    Careful rather than thorough: what might be part of the stem stays ("class", "status", "string", "bus"). It is worth
    .011 NDCG, and cutting more is worth less (docs/search.md).
    """
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    if len(word) > 6 and word.endswith("ing"):
        return _without_doubled_end(word[:-3])
    return word


def _without_doubled_end(word: str) -> str:
    """ "runn" -> "run", but "call" stays."""
    return word[:-1] if word[-1] == word[-2] and word[-1] not in "lsz" else word


def _parts(identifier: str) -> list[str]:
    if identifier.isascii():
        return _PARTS.findall(identifier)
    # The expression knows the case of ASCII alone: it sees "Größe" as three parts. Splitting by case costs a walk.
    return [part for piece in identifier.split("_") for part in _parts_by_case(piece)]


def _parts_by_case(piece: str) -> list[str]:
    """The same borders as those of _PARTS, for letters of any script."""
    parts: list[str] = []
    start = 0
    for position in range(1, len(piece)):
        before, here = piece[position - 1], piece[position]
        after = piece[position + 1] if position + 1 < len(piece) else ""
        digits_meet_letters = before.isdigit() != here.isdigit()
        hump = here.isupper() and (before.islower() or (before.isupper() and after.islower()))
        if digits_meet_letters or hump:
            parts.append(piece[start:position])
            start = position
    return [part for part in (*parts, piece[start:]) if part]


@functools.lru_cache(maxsize=_REMEMBERED_IDENTIFIERS)
def _searchable_identifier(identifier: str) -> str:
    parts = [part for part in split_identifier(identifier) if len(part) <= _LONGEST_WORD]
    stems = [stem(part) for part in parts]
    if 1 < len(parts) <= _MOST_JOINED_PARTS and len(identifier) <= _LONGEST_WORD:
        stems.append("".join(parts))
    return " ".join(stems)
