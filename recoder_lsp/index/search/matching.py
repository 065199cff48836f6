"""How well a name fits the letters typed so far; the same for the names of a document and those of the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from recoder_lsp.index.words import split_identifier

_MOST_LETTERS, _MOST_PARTS = 12, 8


class Fit(IntEnum):
    """From the best to the worst."""

    PREFIX = 0
    """The name begins with what was typed."""
    PREFIX_IN_ANY_CASE = 1
    HUMPS = 2
    """The letters begin parts of the name, the first one among them: "gsn" for getSomeName."""


def fit_of(typed: str, name: str) -> Fit | None:
    """Return how the name fits, None for not at all. Nothing typed fits everything."""
    if name.startswith(typed):
        return Fit.PREFIX
    if name.lower().startswith(typed.lower()):
        return Fit.PREFIX_IN_ANY_CASE
    if name[:1].lower() != typed[:1].lower() and not name.startswith("_"):
        return None
    # Splitting costs: a name with fewer letters than were typed cannot fit.
    if len(name) < len(typed) or len(typed) > _MOST_LETTERS:
        return None
    letters = typed.replace("_", "").lower()
    parts = split_identifier(name)[:_MOST_PARTS]
    return Fit.HUMPS if letters and _begins_parts(letters, parts, is_first=True) else None


def _begins_parts(letters: str, parts: Sequence[str], *, is_first: bool = False) -> bool:
    """Whether the letters are beginnings of parts, in their order; all but the first part may be passed over."""
    if not letters:
        return True
    if not parts:
        return False
    first, rest = parts[0], parts[1:]
    for length in range(min(len(first), len(letters)), 0, -1):
        if first.startswith(letters[:length]) and _begins_parts(letters[length:], rest):
            return True
    return not is_first and _begins_parts(letters, rest)
