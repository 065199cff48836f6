"""Where a text breaks its grammar, and the block that a place of it is in, as plain values; offsets are bytes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that the grammar has no place for, or something that it lacks."""

    start: int
    end: int
    is_missing: bool = False
    """Whether a token is missing there; the flaw is empty then."""


@dataclass(frozen=True, slots=True)
class Block:
    """Statements that belong together: the innermost ones around a place."""

    start: int
    """Of its opener where that is part of it (a brace), else of its first statement."""
    end: int
    n_statements: int
    """Without comments."""
    header_start: int
    """Where the statement or definition begins whose body it is."""


def added(flaws: Collection[Flaw], before: Collection[Flaw], at: int, n_bytes: int) -> list[Flaw]:
    """Return the flaws that a text did not have before `n_bytes` were inserted `at` an offset."""
    known = {(_moved(flaw.start, at, n_bytes), _moved(flaw.end, at, n_bytes), flaw.is_missing) for flaw in before}
    return [flaw for flaw in flaws if (flaw.start, flaw.end, flaw.is_missing) not in known]


def _moved(offset: int, at: int, n_bytes: int) -> int:
    return offset + n_bytes if offset >= at else offset
