"""Masked lines: how often the rest of a real line comes out, with and without the workspace's index."""

from __future__ import annotations

import gzip
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recoder_lsp.config import Settings
from recoder_lsp.training.evaluation import typing_lines
from recoder_lsp.training.evaluation.completing import EVERYTHING, Completion, complete, running
from recoder_lsp.training.evaluation.indexes import Indexes, Item
from recoder_lsp.training.evaluation.report import Measured, Row, percent, percentile, summed_up
from recoder_lsp.training.evaluation.steps import INDEX, OTHERS, SWITCHED
from recoder_lsp.training.evaluation.typing_lines import Typed, type_rest

COVERAGES = (0.1, 0.2, 0.3, 0.5)
ACROSS_FILES = "uses a name of another file"

_SPACES = re.compile(r"\s+")
_CARETS = {"start": "caret at a line's start", "mid": "caret between tokens", "word": "caret in a word"}


@dataclass(frozen=True)
class Answered:
    """What became of one item."""

    completion: Completion
    """What came when it was asked for by hand."""
    typed: Typed
    """What came by itself while the line was typed."""


async def answers(
    items: Sequence[Item],
    settings: Settings,
    indexes: Indexes | None = None,
    without: str = "",
    say: Callable[[int], None] = lambda n_done: None,
) -> dict[str, Answered]:
    """Complete and type masked lines, by id. An item says what stands around the caret, and where: see `score` for the rest of it.

    Args:
        items: The lines.
        settings: Which model, and all else that users set.
        indexes: Of the items' repositories; without them, each document is alone.
        without: One of `steps.PARTS`, which is left out.
        say: Told after each item how many are done.
    """
    found = {}
    indexes = None if without in (INDEX, OTHERS) else indexes
    left_out = [part for part in SWITCHED if part == without or (without == OTHERS and part != "model")]
    switches = replace(EVERYTHING, **dict.fromkeys(left_out, False))
    if indexes:
        indexes.take_out(items)
    async with running(settings, indexes, switches) as app:
        for number, item in enumerate(items):
            if indexes:
                indexes.turn_to(item)
            path, language, prefix, suffix = item["path"], item["languageId"], item["prefix"], item["suffix"]
            completion = await complete(app, path, language, prefix, suffix, number)
            found[item["id"]] = Answered(completion, await type_rest(app, path, language, prefix, item["gold"], suffix))
            say(number + 1)
    return found


def score(items: Sequence[Item], found: Mapping[str, Answered]) -> Measured:
    """Compare with what stood there, white space aside.

    Args:
        items: With "id", "gold" (the rest of the line), and what groups them: "language", "mode" (where the caret is),
            "cross_file" (a name on the line is defined in another file), "dup_in_repo" (how often the line occurs elsewhere).
        found: By id; what is missing counts as nothing.
    """
    complete_found = {item["id"]: found.get(item["id"], Answered(Completion("", 0.0, 0.0), Typed(len(item["gold"])))) for item in items}
    rows = [_row(item, complete_found[item["id"]]) for item in items]

    def figures_of(group: Sequence[Row]) -> dict[str, float | None]:
        return {**_figures(group), **typing_lines.figures(complete_found[row.id].typed for row in group)}

    return Measured(summed_up(rows, figures_of), rows)


def read_items(path: Path) -> list[Item]:
    """Read items from JSON lines, gzipped or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def similarity(one: str, other: str) -> float:
    """Return 1 less the edit distance as a share of the longer text; 1.0 for two empty ones."""
    previous = list(range(len(other) + 1))
    for row, left in enumerate(one, 1):
        current = [row]
        for column, right in enumerate(other, 1):
            current.append(min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (left != right)))
        previous = current
    return 1 - previous[-1] / max(len(one), len(other), 1)


def precision_at(coverage: float, rows: Sequence[Row]) -> float | None:
    """Return how many of the surest completions are right, per cent, when only so large a share of all items gets one.

    None where fewer items have a completion at all.
    """
    n_shown = math.ceil(coverage * len(rows))
    surest = sorted((row for row in rows if row.outcome["shown"]), key=lambda row: -row.outcome["confidence"])[:n_shown]
    return percent(sum(row.outcome["right"] for row in surest), n_shown) if len(surest) == n_shown else None


def _row(item: Item, answered: Answered) -> Row:
    completion = answered.completion
    gold, got = _normal(item["gold"]), _normal(completion.text.partition("\n")[0])
    groups = (
        str(item["language"]),
        _CARETS.get(item["mode"], str(item["mode"])),
        ACROSS_FILES if item["cross_file"] else "uses names of its file",
        "line occurs elsewhere too" if item["dup_in_repo"] else "line occurs nowhere else",
    )
    outcome = {
        "right": int(got == gold),
        "similarity": similarity(gold, got),
        "common": _common(gold, got) / max(len(gold), 1),
        "shown": int(bool(got)),
        "confidence": completion.confidence,
        "characters": len(gold),
        "ms": round(completion.ms, 1),
        "late": int(completion.is_late),
        **answered.typed.outcome,
    }
    return Row(item["id"], groups, outcome)


def _figures(rows: Sequence[Row]) -> dict[str, float | None]:
    """Shares are per cent; "completed" is the share of all wanted characters that come with an exact line."""

    def total(name: str) -> float:
        return sum(row.outcome[name] for row in rows)

    saved = sum(row.outcome["characters"] for row in rows if row.outcome["right"])
    return {
        "n": len(rows),
        "exact": percent(total("right"), len(rows)),
        "similarity": percent(total("similarity"), len(rows)),
        "common beginning": percent(total("common"), len(rows)),
        "completed": percent(saved, total("characters")),
        "shown": percent(total("shown"), len(rows)),
        "right of shown": percent(total("right"), total("shown")),
        **{f"right of surest {coverage:.0%}": precision_at(coverage, rows) for coverage in COVERAGES},
        "late": int(total("late")),
        "ms p50": percentile([row.outcome["ms"] for row in rows], 0.5),
        "ms p95": percentile([row.outcome["ms"] for row in rows], 0.95),
    }


def _common(one: str, other: str) -> int:
    """Count the characters that two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))


def _normal(text: str) -> str:
    return _SPACES.sub(" ", text).strip()
