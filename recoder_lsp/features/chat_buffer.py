"""Chat in a Markdown file (`*.recoder.md`): questions and answers below headings, and where the next answer goes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from recoder_lsp.chat_store import Conversation
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.chat import Turn
from recoder_lsp.features.actions.offering import Offer, Site
from recoder_lsp.language import gettext

ENDING = ".recoder.md"
ASK = "recoder.chat.buffer"
YOU, RECODER = "## You", "## Recoder"

_HEADING = re.compile(r"## (You|Recoder)[ \t]*")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True)
class Lens:
    """A command that stands above a line."""

    line: int
    title: str
    command: str


@dataclass(frozen=True)
class Buffer:
    """A conversation as its document has it."""

    said: tuple[Turn, ...]
    """Questions and answers in turn, without the last question."""
    question: str
    """The last one, without an answer; "" where there is none."""
    line: int
    """Where it begins, from 0: its heading, if it has one."""
    end: int
    """Where its text ends, as an offset: the answer goes behind it."""


@dataclass(frozen=True)
class _Part:
    """What one side says between two headings."""

    role: Literal["user", "assistant"]
    line: int
    end: int
    text: str


def is_buffer(snapshot: Snapshot) -> bool:
    """Whether one may ask in a document."""
    return snapshot.path.endswith(ENDING)


def read(snapshot: Snapshot) -> Buffer:
    """Take a document apart. What stands before the first heading is a question.

    A line that is one of our headings is one also where Markdown would call it code: an answer may have been stopped inside of it.
    """
    merged: list[_Part] = []
    for part in _parts(snapshot):
        if merged and merged[-1].role == part.role:
            # A question that was never answered is asked with the next one.
            part = replace(part, text=f"{merged.pop().text}\n\n{part.text}")
        if merged or part.role == "user":
            merged.append(part)
    turns = tuple(Turn(part.role, part.text) for part in merged)
    if turns and turns[-1].role == "user":
        return Buffer(turns[:-1], turns[-1].content, merged[-1].line, merged[-1].end)
    return Buffer(turns, "", len(snapshot.lines) - 1, len(snapshot.text))


def lenses(snapshot: Snapshot) -> list[Lens]:
    """Return what stands above the last question of a document; nothing in other documents."""
    buffer = read(snapshot) if is_buffer(snapshot) else None
    return [Lens(buffer.line, gettext("Ask Recoder"), ASK)] if buffer is not None and buffer.question else []


def offers(site: Site) -> Iterable[Offer]:
    """The same as a code action, for editors without code lenses."""
    if is_buffer(site.snapshot) and read(site.snapshot).question:
        yield Offer("chat.buffer", gettext("Ask Recoder"), "refactor.rewrite", command=ASK, is_preferred=True)


def as_answer(markdown: str) -> str:
    """An answer as it may stand in a document: none of its lines is taken for one of our headings."""
    return "\n".join(f" {line}" if _HEADING.fullmatch(line) else line for line in markdown.split("\n"))


def transcript(conversation: Conversation) -> str:
    """A conversation as such a document, which can be gone on with."""
    parts = [f"<!-- {time.strftime('%Y-%m-%d %H:%M', time.localtime(conversation.messages[0].at_s))} -->"]
    for message in conversation.messages:
        if message.role == "user":
            parts += [YOU, as_answer(message.text)]
        else:
            parts += [RECODER, *([f"<!-- {message.model} -->"] if message.model else []), as_answer(message.text)]
    return "\n\n".join([*parts, YOU]) + "\n\n"


def _parts(snapshot: Snapshot) -> Iterator[_Part]:
    """In order, without those that say nothing."""
    role: Literal["user", "assistant"] = "user"
    first, start, offset = 0, 0, 0
    for line, text in enumerate((*snapshot.lines, YOU)):
        heading = _HEADING.fullmatch(text.rstrip("\r\n"))
        if heading is not None:
            said = snapshot.text[start:offset]
            if clean := _COMMENT.sub("", said).strip():
                yield _Part(role, first, start + len(said.rstrip()), clean)
            role = "user" if heading[1] == "You" else "assistant"
            first, start = line, offset + len(text)
        offset += len(text)
