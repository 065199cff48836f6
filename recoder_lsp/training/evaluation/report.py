"""What was measured, item by item, and what it comes to: one JSON file and a table of it. Holds no text of any item."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Summary = Mapping[str, Mapping[str, float | None]]
"""By group, "all" first: what it comes to, by the name of the figure."""


@dataclass(frozen=True)
class Row:
    """One item. `outcome` has "right" (0 or 1) or "bits" and "bytes", by which two models are compared."""

    id: str
    groups: tuple[str, ...]
    outcome: Mapping[str, float]


@dataclass(frozen=True)
class Measured:
    """One set of items."""

    summary: Summary
    rows: Sequence[Row]


@dataclass
class Report:
    """All sets by name, and which file was measured."""

    about: dict[str, Any]
    sets: dict[str, Measured] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the report, a line for each item, so that a difference can be read."""
        parts = []
        for name, measured in self.sets.items():
            rows = ",\n".join(f"   {json.dumps([row.id, list(row.groups), _rounded(row.outcome)])}" for row in measured.rows)
            summary = ",\n".join(f"   {json.dumps(group)}: {json.dumps(_rounded(figures))}" for group, figures in measured.summary.items())
            parts.append(f'  {json.dumps(name)}: {{\n  "summary": {{\n{summary}\n  }},\n  "rows": [\n{rows}\n  ]}}')
        path.write_text(f'{{"about": {json.dumps(self.about)},\n "sets": {{\n' + ",\n".join(parts) + "\n }}\n", "utf-8")

    @classmethod
    def load(cls, path: Path) -> Report:
        """Read what `save` wrote."""
        stored = json.loads(path.read_text("utf-8"))
        sets = {
            name: Measured(entry["summary"], [Row(id, tuple(groups), outcome) for id, groups, outcome in entry["rows"]])
            for name, entry in stored["sets"].items()
        }
        return cls(stored["about"], sets)

    def markdown(self) -> str:
        """Write everything that was measured as tables."""
        about = ", ".join(f"{name} {value}" for name, value in self.about.items())
        return "\n\n".join([about, *(f"### {name}\n\n{table(measured.summary)}" for name, measured in self.sets.items())]) + "\n"


def summed_up(rows: Sequence[Row], figures: Callable[[Sequence[Row]], Mapping[str, float | None]]) -> Summary:
    """Work out the figures for all rows and for those of each group, in the order in which the groups appear."""
    groups = sorted({group for row in rows for group in row.groups})
    return {"all": figures(rows), **{group: figures([row for row in rows if group in row.groups]) for group in groups}} if rows else {}


def table(summary: Summary) -> str:
    """Write figures as a Markdown table, a row for each group; a figure that a group lacks is left blank."""
    names = list(dict.fromkeys(name for figures in summary.values() for name in figures))
    lines = ["| | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    for group, figures in summary.items():
        lines.append(f"| {group} | " + " | ".join(_shown(figures.get(name)) for name in names) + " |")
    return "\n".join(lines)


def percent(part: float, whole: float) -> float | None:
    """Return a share; None of nothing."""
    return 100 * part / whole if whole else None


def percentile(numbers: Sequence[float], share: float) -> float | None:
    """Return the number below which this share of all lies; None of nothing."""
    ordered = sorted(numbers)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None


def _shown(figure: float | None) -> str:
    if figure is None:
        return ""
    return f"{figure:,}" if isinstance(figure, int) else f"{figure:.2f}" if abs(figure) < 10 else f"{figure:,.1f}"


def _rounded(figures: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: round(figure, 4) if isinstance(figure, float) else figure for name, figure in figures.items()}
