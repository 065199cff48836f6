"""Changes to documents as values: applied, made as small as they can be, and checked before anybody sees them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recoder_lsp.errors import RecoderError
from recoder_lsp.index.syntax.parser import Parser
from recoder_lsp.index.syntax.tree import SyntaxTree
from recoder_lsp.language import gettext

# difflib takes time in proportion to the square of what differs; beyond this, what differs is replaced as a whole.
_MOST_COMPARED_LINES = 4_000


class Refused(RecoderError):
    """A change that is not made, and why, in words for the user."""


@dataclass(frozen=True, order=True)
class Edit:
    """Replace `text[start:end]`, in code points of the text before any edit. An insertion has `start == end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class FileChange:
    """What happens to a file other than the document itself."""

    uri: str
    edits: tuple[Edit, ...]
    before: str | None
    """The text that the edits are of, as it was read just now; None for a file that is created, whose edits insert at 0."""


@dataclass(frozen=True)
class Change:
    """All that an action does, at once: it is undone in one step."""

    edits: tuple[Edit, ...] = ()
    """Of the document that the action was asked for, in order, none of them touching another."""
    others: tuple[FileChange, ...] = ()


def applied(text: str, edits: Iterable[Edit]) -> str:
    """Return the text after the edits.

    Raises:
        ValueError: They overlap, or lie outside of the text.
    """
    parts, at = list[str](), 0
    for edit in sorted(edits):
        if not at <= edit.start <= edit.end <= len(text):
            raise ValueError("edits overlap, or lie outside of the text")
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


def smallest(before: str, after: str, offset: int = 0) -> tuple[Edit, ...]:
    """Return the edits that turn one text into another and leave the lines that both have alone; within a line only what differs.

    Args:
        before: A text, or a part of one.
        after: What it becomes.
        offset: Where `before` begins in the text that the edits are for.
    """
    if before == after:
        return ()
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(old) + len(new) > _MOST_COMPARED_LINES:
        return (_trimmed(before, after, offset),)
    starts = [offset]
    for line in old:
        starts.append(starts[-1] + len(line))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return tuple(
        _trimmed("".join(old[i:j]), "".join(new[k:m]), starts[i]) for operation, i, j, k, m in matcher.get_opcodes() if operation != "equal"
    )


def require_sound(parser: Parser, language: str, before: str, edits: Sequence[Edit]) -> None:
    """Do nothing where a text is no more broken after the edits than before, as a whole and where they are.

    Raises:
        Refused: It would be, or the edits do not fit together. Where there is no grammar for the language nothing can be told.
    """
    try:
        after = applied(before, edits)
    except ValueError as error:
        raise Refused(gettext("This change does not fit the document."), gettext("Ask again: the document may have changed.")) from error
    if (tree := parser.tree(before, language)) is None:
        return
    changed = parser.tree(after, language)
    if changed is None or _breaks(tree, changed, edits) or (language == "python" and _compiles(before) and not _compiles(after)):
        raise Refused(gettext("This change would break the syntax of the document, so it is not made."))


def require_within(edits: Iterable[Edit], *allowed: tuple[int, int]) -> None:
    """Do nothing where every edit lies within one of the ranges.

    Raises:
        Refused: One of them touches something else.
    """
    for edit in edits:
        if not any(start <= edit.start and edit.end <= end for start, end in allowed):
            raise Refused(gettext("This change would touch more than what was selected, so it is not made."))


def _trimmed(before: str, after: str, offset: int) -> Edit:
    """Replace one text by another, without what both begin and end with."""
    most = min(len(before), len(after))
    start = next((i for i in range(most) if before[i] != after[i]), most)
    end = next((i for i in range(most - start) if before[-1 - i] != after[-1 - i]), most - start)
    # A line break of two characters is never divided.
    if start and before[start - 1 : start] == "\r":
        start -= 1
    if end and before[len(before) - end : len(before) - end + 1] == "\n" and before[len(before) - end - 1 : len(before) - end] == "\r":
        end -= 1
    return Edit(offset + start, offset + len(before) - end, after[start : len(after) - end])


def _breaks(before: SyntaxTree, after: SyntaxTree, edits: Iterable[Edit]) -> bool:
    """Whether there are more flaws than before, or where one of the edits is."""
    if len(after.flaws()) > len(before.flaws()):
        return True
    edits = sorted(edits)
    at_edits = _n_flaws_at(before, [(edit.start, edit.end) for edit in edits])
    return any(now > then for then, now in zip(at_edits, _n_flaws_at(after, _ranges_after(edits)), strict=True))


def _ranges_after(edits: Sequence[Edit]) -> list[tuple[int, int]]:
    """Where the texts of the edits, which are in order, stand once they are applied."""
    ranges, moved = list[tuple[int, int]](), 0
    for edit in edits:
        start = edit.start + moved
        ranges.append((start, start + len(edit.text)))
        moved += len(edit.text) - (edit.end - edit.start)
    return ranges


def _n_flaws_at(tree: SyntaxTree, ranges: Iterable[tuple[int, int]]) -> list[int]:
    """How many flaws touch each range."""
    flaws = [(tree.offset_at(flaw.start), tree.offset_at(flaw.end)) for flaw in tree.flaws()]
    return [sum(flaw_start <= end and start <= flaw_end for flaw_start, flaw_end in flaws) for start, end in ranges]


def _compiles(text: str) -> bool:
    """Whether Python takes it: tree-sitter is more lenient."""
    try:
        compile(text, "<document>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
