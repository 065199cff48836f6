"""One sentence out of what a completion model wrote into a hole in documentation."""

from __future__ import annotations

import re

from recoder_lsp.redaction import REDACTED

LEAST_WORDS, MOST_CHARACTERS = 3, 160
COPIED_WORDS = 5

_CLOSING = re.compile(r"\"\"\"|'''|\*/")
_CODE = re.compile(r"[(){}\[\]=;<>\\]|->|::|^\W*[:@#]")
_WORD = re.compile(r"[^\W_]+")
_UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b")


def sentence_of(text: str) -> str:
    """Return the first line of a text as a sentence with its full stop; "" for code, repetitions and what is too short to say anything."""
    line = " ".join(_CLOSING.split(text.strip().partition("\n")[0])[0].split())
    words = re.findall(r"[^\W\d_]{2,}", line.lower())
    goes_in_circles = len(set(words)) * 2 <= len(words)
    if len(words) < LEAST_WORDS or goes_in_circles or len(line) > MOST_CHARACTERS or not line[0].isalpha():
        return ""
    if _CODE.search(line) or _UNFINISHED.search(line) or REDACTED.strip("[]") in words:
        return ""
    line = line[0].upper() + line[1:]
    return line if line[-1] in ".!?" else line.rstrip(",:-") + "."


def is_copied(sentence: str, text: str) -> bool:
    """Whether a sentence, or five words of it in a row, stands elsewhere in a text: then it is about something else."""
    words, others = _WORD.findall(sentence.lower()), " ".join(_WORD.findall(text.lower()))
    runs = [words[at : at + COPIED_WORDS] for at in range(max(len(words) - COPIED_WORDS, 0) + 1)]
    return any(f" {' '.join(run)} " in f" {others} " for run in runs)
