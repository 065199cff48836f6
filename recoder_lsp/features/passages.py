"""Passages: whole lines of files that answers rest on, and the marks in an answer that cite them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from recoder_lsp.document import Snapshot, split_lines
from recoder_lsp.index.process.workspace import Workspace
from recoder_lsp.index.search.quotes import line_of

TIMEOUT_S = 1.0

# A run of [1], [2][3], [1, 2]: but not what picks out of an array, is a link already, or defines one.
_MARKS = re.compile(r"(?<![\w)\]])(?:\[\d{1,3}(?:, ?\d{1,3})*\])+(?![\w(:])")
_NUMBER = re.compile(r"\d+")
_IMAGE = re.compile(r"!(?=\[)|<(?=img\b)", re.IGNORECASE)
_FENCED = r"^ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n(?s:.*?)(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z)"
_IN_LINE = r"(?P<ticks>`+)(?!`)[^\n]+?(?<!`)(?P=ticks)(?!`)"
_CODE = re.compile(f"{_FENCED}|{_IN_LINE}", re.MULTILINE)


@dataclass(frozen=True)
class Passage:
    """Lines of a file, as they were when they were read."""

    uri: str
    path: str
    """As people write it: relative to its folder where it has one."""
    language: str
    start_line: int
    end_line: int
    """The last line (inclusive), both from 0."""
    text: str
    """Without the last line's end."""
    why: str
    """Why it is here, in a few words."""
    name: str = ""
    """Qualified name of what it is, if it is a symbol."""
    kind: str = ""
    is_meant: bool = False
    """Whether the user pointed at it; else it was found."""

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return (
            f"{self.path}:{self.start_line + 1}"
            if self.start_line == self.end_line
            else f"{self.path}:{self.start_line + 1}-{self.end_line + 1}"
        )

    @property
    def link(self) -> str:
        """The same for editors."""
        # Editors leave brackets as they are, and Markdown would end the link there.
        uri = self.uri.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
        return f"{uri}#L{self.start_line + 1}"

    def overlaps(self, other: Passage) -> bool:
        """Whether both have a line in common."""
        return self.uri == other.uri and self.start_line <= other.end_line and other.start_line <= self.end_line


def passage_of(document: Snapshot, path: str, first_line: int, last_line: int, why: str, *, name: str = "", kind: str = "") -> Passage:
    """Return lines of a document that the user pointed at, clamped to those that there are."""
    first = min(max(first_line, 0), len(document.lines) - 1)
    last = min(max(last_line, first), len(document.lines) - 1)
    text = "".join(document.lines[first : last + 1]).rstrip("\r\n")
    return Passage(document.uri, path, document.language, first, last, text, why, name, kind, is_meant=True)


async def where_now(passage: Passage, workspace: Workspace, snapshot_of: Callable[[str], Snapshot | None]) -> Passage | None:
    """Return a passage where its text stands by now, in the open document or else in the file; None where it stands no longer."""
    if (snapshot := snapshot_of(passage.uri)) is not None:
        line = line_of(snapshot.text, passage.text, passage.start_line)
    else:
        asked = {"text": passage.text, "line": passage.start_line}
        match await workspace.ask(passage.uri, "quote", asked, timeout_s=TIMEOUT_S):
            case {"line": int(line)}:
                pass
            case _:
                return None
    if line is None:
        return None
    return replace(passage, start_line=line, end_line=line + len(split_lines(passage.text)) - 1)


def cited(markdown: str, n_passages: int) -> list[int]:
    """Return the numbers that an answer cites, from 1, each once, in the order in which it does; what stands in code is none."""
    numbers: dict[int, None] = {}

    def take(marks: re.Match[str]) -> str:
        numbers.update(dict.fromkeys(int(number) for number in _NUMBER.findall(marks[0])))
        return marks[0]

    _outside_code(markdown, _MARKS, take)
    return [number for number in numbers if 1 <= number <= n_passages]


def with_links(markdown: str, passages: Sequence[tuple[int, Passage]]) -> str:
    """Return an answer whose marks are links, numbered in the order of `passages`; marks that cite nothing are taken out.

    Args:
        markdown: With marks as the model was told to write them.
        passages: Those that are cited, with their numbers in the answer.
    """
    links = {number: f"[[{i}]]({passage.link})" for i, (number, passage) in enumerate(passages, 1)}

    def linked(marks: re.Match[str]) -> str:
        return "".join(links.get(int(number), "") for number in _NUMBER.findall(marks[0]))

    return _outside_code(markdown, _MARKS, linked)


def without_images(markdown: str) -> str:
    """Return an answer that shows no images: who shows them fetches them, and a file may have told the model from where."""
    return _outside_code(markdown, _IMAGE, lambda image: f"\\{image[0]}")


def _outside_code(markdown: str, pattern: re.Pattern[str], change: Callable[[re.Match[str]], str]) -> str:
    parts, at = list[str](), 0
    for code in _CODE.finditer(markdown):
        parts += [pattern.sub(change, markdown[at : code.start()]), code[0]]
        at = code.end()
    return "".join([*parts, pattern.sub(change, markdown[at:])])
