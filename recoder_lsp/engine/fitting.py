"""How a line goes with what stands around it: what a small model overlooks and a glance shows."""

from __future__ import annotations

import re

from recoder_lsp.engine.cleaning import left_open
from recoder_lsp.engine.fim import Place

# Natural logarithms. Of 800 lines of real files, 12 lacked an opener above deeper lines and none repeated the line above:
# each costs a factor of some seven.
MISFIT = 2.0
# A blank line is never shown: what may follow it is of more use, and whether the model is sure of that is asked later.
BLANK = 4.0
_GOES_ON = (",", "\\", "+", "|", "&", "=", ".", ">", "?")
_OPENS = (":", "{", "(", "[")
_C_LIKE = ("c", "cpp", "csharp", "java", "javascript", "javascriptreact", "typescript", "typescriptreact")
# Elsewhere a block may begin with a word (`then`, `def area`) or with nothing at all, as an entry of a YAML list does.
_OPENS_WITH_SIGN = frozenset(("python", "dart", "go", "kotlin", "php", "rust", "scala", "swift", *_C_LIKE))
_BRACELESS = re.compile(r"\b(else|do)$|^\W*(else\s+)?(if|for|foreach|while)\b.*\)$")
_HASH_COMMENT = re.compile(r"(?:^|\s)#.*")
_SLASH_COMMENT = re.compile(r"(?:^|\s)(?://|/\*).*|^\s*[*#].*")


def misfit(text: str, place: Place) -> float:
    """Return what a line's text after the caret loses by: a natural logarithm, 0.0 where there is nothing to object to.

    Only what is odd in a file that is still being written, too: lines may be missing there, so that an opener with
    nothing below is none of it.
    """
    if place.rest_of_line.strip() and not place.only_closers_follow:
        return 0.0
    line = (place.line_prefix + text).rstrip()
    if not line.strip():
        return BLANK
    below = next((other for other in place.suffix.split("\n", 60)[1:] if other.strip()), "")
    above = next((other for other in reversed(place.prefix[-2000:].split("\n")[:-1]) if other.strip()), "")
    lacks_opener = _indented(below) > _indented(line) and not _may_stand_above_deeper(line, place.language)
    repeats = line.strip() == above.strip() and len(line.strip()) > 3
    return MISFIT * (lacks_opener + repeats)


def _may_stand_above_deeper(line: str, language: str) -> bool:
    """Say whether a line opens something or goes on below, is a comment, or is of a language where that cannot be seen."""
    if language not in _OPENS_WITH_SIGN or left_open(line):
        return True
    is_python = language == "python"
    code = (_HASH_COMMENT if is_python else _SLASH_COMMENT).sub("", line).strip()
    return not code or code.endswith((*_OPENS, *_GOES_ON)) or (not is_python and bool(_BRACELESS.search(code)))


def _indented(line: str) -> int:
    return len(line) - len(line.lstrip())
