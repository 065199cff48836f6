"""What a model's answer changes in the part of a document that it was shown; or why nothing, in words for the user."""

from __future__ import annotations

from collections.abc import Sequence

from recoder_lsp.document import Snapshot
from recoder_lsp.features.code_actions import finished
from recoder_lsp.features.edits import Change, Refused, applied, require_within, smallest
from recoder_lsp.features.model_answers import NothingToChange
from recoder_lsp.features.only_types import changes_only_types
from recoder_lsp.features.parts import Part, names_defined
from recoder_lsp.features.replies import code_of, require_complete
from recoder_lsp.features.router import Task
from recoder_lsp.index.syntax.parser import Parser
from recoder_lsp.index.syntax.tree import SyntaxTree
from recoder_lsp.language import gettext
from recoder_lsp.redaction import REDACTED

REPEATED_LINES = 120
"""So many lines around a part are looked for in an answer, which must not repeat them."""

_KEEPS_NAMES = frozenset({Task.FIX, Task.SIMPLIFY, Task.TYPES})


def change_of(parser: Parser, task: Task, snapshot: Snapshot, part: Part, reply: str) -> Change:
    """Return what a reply makes of a part of a document, as few edits as possible.

    Args:
        parser: Of this thread.
        task: What was asked for.
        snapshot: The document.
        part: What the model was shown of it.
        reply: Markdown with the code in it.

    Raises:
        Refused: There is none, it is not all, it breaks the syntax, or it does not do what was asked for.
    """
    code = code_of(reply)
    require_complete(code, part.code)
    if REDACTED in code and REDACTED not in part.code:
        raise Refused(gettext("The model wrote a placeholder for a secret into the code, so nothing was changed."))
    code = _without_surroundings(code, part, snapshot.text)
    edits = smallest(part.before, part.replaced(code), part.start)
    if not edits:
        raise NothingToChange(gettext("The model found nothing to change."))
    change = finished(parser, snapshot, Change(edits))
    require_within(change.edits, (part.start, part.end))
    if task in _KEEPS_NAMES:
        _require_same(parser, task, snapshot, part, applied(snapshot.text, change.edits))
    return change


def _require_same(parser: Parser, task: Task, snapshot: Snapshot, part: Part, text: str) -> None:
    """Do nothing where all that the part defined is still there, and where only types were asked for, nothing else has changed."""
    before, after = _tree(parser, snapshot, snapshot.text), _tree(parser, snapshot, text)
    end = part.end + len(text) - len(snapshot.text)
    if lost := names_defined(before, part.start, part.end) - names_defined(after, part.start, end):
        raise Refused(gettext("The model left out {names}, so nothing was changed.").format(names=", ".join(sorted(lost))))
    if task is Task.TYPES and not changes_only_types(before, after):
        raise Refused(gettext("The model changed more than types, so nothing was changed."))


def _tree(parser: Parser, snapshot: Snapshot, text: str) -> SyntaxTree:
    tree = parser.tree(text, parser.language(snapshot.path, snapshot.language, text))
    if tree is None:
        raise Refused(gettext("Recoder cannot parse what the model wrote, so nothing was changed."))
    return tree


def _without_surroundings(code: str, part: Part, text: str) -> str:
    """The code without lines at its ends that repeat what stands before or after the part."""
    if not part.is_whole_lines:
        code = _without_rest_of_line(code, part, text)
    lines, own = code.split("\n"), part.code.split("\n")
    before = text[: part.start].splitlines()[-REPEATED_LINES:]
    after = text[part.end :].splitlines()[:REPEATED_LINES]
    lines = lines[_n_repeated(lines, before, own) :]
    # The same from behind.
    return "\n".join(lines[: len(lines) - _n_repeated(lines[::-1], after[::-1], own[::-1])])


def _without_rest_of_line(code: str, part: Part, text: str) -> str:
    """The code without the rest of the lines on which the part begins and ends: a model likes to write whole lines."""
    before = text[text.rfind("\n", 0, part.start) + 1 : part.start].strip()
    after = text[part.end :].split("\n", 1)[0].strip()
    if not before or part.code.startswith(before) or not code.strip().startswith(before):
        return code
    code = code.strip().removeprefix(before).lstrip()
    return code if part.code.endswith(after) else code.removesuffix(after).rstrip()


def _n_repeated(lines: Sequence[str], before: Sequence[str], own: Sequence[str]) -> int:
    """How many of the first lines are the last ones before the part, and not its own; empty lines do not matter."""
    given = [(i, line.strip()) for i, line in enumerate(lines) if line.strip()]
    texts = [text for _, text in given]
    known, first = ([line.strip() for line in each if line.strip()] for each in (before, own))
    for n in range(min(len(texts) - 1, len(known)), 0, -1):
        if texts[:n] == known[len(known) - n :] and texts[:n] != first[:n] and any(len(text) > 3 for text in texts[:n]):
            return given[n][0]
    return 0
