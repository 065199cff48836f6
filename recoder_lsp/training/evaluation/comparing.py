"""Compares two models item by item, which tells more than two averages: what was gained, what was lost, and how surely."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from recoder_lsp.training.evaluation.report import Measured, Report, Row


@dataclass(frozen=True)
class Change:
    """Of items that both reports have, how many are right in which; by the fewer bits where nothing is right or wrong."""

    name: str
    both: int
    gained: int
    lost: int
    neither: int
    figures: tuple[float, float]
    """Before and after: per cent right, or bits a byte."""

    @property
    def chance(self) -> float:
        """The probability of a difference as large, if neither model were better (sign test, two-sided)."""
        return sign_test(self.gained, self.lost)


def changes(before: Report, after: Report) -> list[Change]:
    """Compare the sets that both reports have, as wholes and by group."""
    found = []
    for name, old in before.sets.items():
        pairs = _pairs(old, after.sets.get(name, Measured({}, [])))
        for group in ["", *sorted({group for row, _ in pairs for group in row.groups})]:
            of_group = [(one, other) for one, other in pairs if not group or group in one.groups]
            if compared := _change(f"{name}: {group}" if group else name, of_group):
                found.append(compared)
    return found


def change(name: str, before: Measured, after: Measured, group: str = "") -> Change | None:
    """Compare the items that two results have both, all of them or those of a group; None where there is nothing to compare."""
    return _change(name, [(one, other) for one, other in _pairs(before, after) if not group or group in one.groups])


def table(found: Sequence[Change]) -> str:
    """Write changes as a Markdown table."""
    lines = ["| | before | after | gained | lost | both | neither | by chance |", "|---|---:|---:|---:|---:|---:|---:|---:|"]
    for change in found:
        before, after = (f"{figure:.3f}" if abs(figure) < 10 else f"{figure:.1f}" for figure in change.figures)
        counts = " | ".join(f"{count:,}" for count in (change.gained, change.lost, change.both, change.neither))
        lines.append(f"| {change.name} | {before} | {after} | {counts} | {change.chance:.3f} |")
    return "\n".join(lines)


def sign_test(gained: int, lost: int) -> float:
    """Return the two-sided probability of a split at least as uneven, of a fair coin."""
    n, most = gained + lost, max(gained, lost)
    tail = sum(math.comb(n, count) for count in range(most, n + 1))
    # The integers are exact, and too large for floats where there are a thousand items.
    return min(1.0, 2 * tail / 2**n) if n else 1.0


def _pairs(before: Measured, after: Measured) -> list[tuple[Row, Row]]:
    rows = {row.id: row for row in after.rows}
    return [(row, rows[row.id]) for row in before.rows if row.id in rows]


def _change(name: str, pairs: Sequence[tuple[Row, Row]]) -> Change | None:
    if pairs and all("right" in row.outcome for pair in pairs for row in pair):
        outcomes = [(bool(old.outcome["right"]), bool(new.outcome["right"])) for old, new in pairs]
        both, gained, lost = outcomes.count((True, True)), outcomes.count((False, True)), outcomes.count((True, False))
        percents = (100 * (both + lost) / len(pairs), 100 * (both + gained) / len(pairs))
        return Change(name, both, gained, lost, outcomes.count((False, False)), percents)
    if pairs and all("bits" in row.outcome for pair in pairs for row in pair):
        rates = [
            (old.outcome["bits"] / max(old.outcome["bytes"], 1), new.outcome["bits"] / max(new.outcome["bytes"], 1)) for old, new in pairs
        ]
        gained, lost = sum(new < old for old, new in rates), sum(new > old for old, new in rates)
        of_all = tuple(
            sum(pair[side].outcome["bits"] for pair in pairs) / max(sum(pair[side].outcome["bytes"] for pair in pairs), 1)
            for side in (0, 1)
        )
        return Change(name, 0, gained, lost, len(pairs) - gained - lost, (of_all[0], of_all[1]))
    return None
