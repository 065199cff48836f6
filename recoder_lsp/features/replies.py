"""Takes the code out of what a chat model answered, or says why there is none to be had."""

from __future__ import annotations

import re
from dataclasses import dataclass

from recoder_lsp.features.edits import Refused
from recoder_lsp.language import gettext

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^`]*)$")
_THOUGHTS = re.compile(r"\A\s*<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)
_COMMENT = re.compile(r"(?:#|//|/\*|--|<!--|\{/\*|;|%)\s*")
# Directly before a name it is no ellipsis, but takes an object apart.
_ELLIPSIS = re.compile(r"(?:\.{3}|…)(?!\w)")
_OTHERS = re.compile(r"\b(?:rest|existing|remaining|unchanged|same|omitted|previous|original|other)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Block:
    """The code between two fences, without them and without the last line break; `is_closed` unless the reply ended before the second."""

    code: str
    language: str
    is_closed: bool


def code_of(reply: str) -> str:
    r"""Return the code of the only fenced block of a reply, with \n between its lines.

    Raises:
        Refused: There is none, there are several, or the only one has no end.
    """
    blocks = blocks_of(reply)
    if not blocks:
        raise Refused(gettext("The model answered without code, so nothing was changed."))
    if not blocks[-1].is_closed:
        raise Refused(gettext("The model's answer ends in the middle of the code, so nothing was changed."))
    if len({block.code for block in blocks}) > 1:
        raise Refused(gettext("The model answered with several pieces of code, and which of them is meant is not clear."))
    return blocks[0].code


def prose_of(reply: str) -> str:
    """Return a reply without the thoughts that some models begin with, and without a fence around all of it."""
    text = _without_thoughts(reply).strip()
    blocks = blocks_of(text)
    if len(blocks) == 1 and _FENCE.match(text.split("\n")[0]) and _FENCE.match(text.split("\n")[-1]):
        return blocks[0].code.strip()
    return text


def blocks_of(reply: str) -> list[Block]:
    """Return the fenced blocks of Markdown, in order. A fence that stands in a block, being shorter or of another kind, is code."""
    blocks: list[Block] = []
    opener, language, lines = "", "", list[str]()
    for line in _without_thoughts(reply).replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        fence = _FENCE.match(line)
        if not opener:
            if fence:
                opener, language, lines = fence[1], fence[2].strip(), []
        elif fence and fence[1].startswith(opener) and not fence[2].strip():
            blocks.append(Block("\n".join(lines), language, is_closed=True))
            opener = ""
        else:
            lines.append(line)
    return [*blocks, Block("\n".join(lines), language, is_closed=False)] if opener else blocks


def require_complete(code: str, before: str) -> None:
    """Do nothing where no line of the code stands for lines that the model did not care to repeat ("# ... rest as before").

    Raises:
        Refused: One does, and stood not there before.
    """
    known = {line.strip() for line in before.split("\n")}
    lines = [line.strip() for line in code.split("\n")]
    is_shorter = code.count("\n") < before.count("\n")
    if any(line not in known and _stands_for_others(line, is_shorter) for line in lines):
        raise Refused(gettext("The model left out parts of the code, so nothing was changed."))


def _stands_for_others(line: str, is_shorter: bool) -> bool:
    comment = _COMMENT.match(line)
    said = line[comment.end() :] if comment else line
    if not _ELLIPSIS.search(said) or (comment is None and not _ELLIPSIS.match(said)):
        return False
    # Without a word it is what Python has for an empty body, unless there was more.
    return _OTHERS.search(said) is not None or (not re.search(r"\w", said) and (comment is not None or is_shorter))


def _without_thoughts(reply: str) -> str:
    return _THOUGHTS.sub("", reply, count=1)
