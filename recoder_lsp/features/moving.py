"""Edits of a document that has changed elsewhere since: moved to where their lines stand now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from recoder_lsp.features.edits import Edit, Refused
from recoder_lsp.index.syntax.edits import common_beginning, common_end
from recoder_lsp.language import gettext


def moved(edits: Iterable[Edit], start: int, end: int, before: str, now: str) -> tuple[Edit, ...]:
    """Return the edits of one text for another, both having the same in place of `before[start:end]`, where the edits are.

    Raises:
        Refused: What they are made for has changed.
    """
    n_same = common_beginning(before, now, min(len(before), len(now)))
    n_same_behind = common_end(before, now, min(len(before), len(now)) - n_same)
    if end <= n_same:
        return tuple(edits)
    if len(before) - n_same_behind <= start:
        by = len(now) - len(before)
        return tuple(replace(edit, start=edit.start + by, end=edit.end + by) for edit in edits)
    raise Refused(gettext("The code has changed meanwhile, so nothing was changed."), gettext("Ask again."))
