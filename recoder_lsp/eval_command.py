"""The sub-command `eval`: what ghost text is worth in the user's own repository, and what each part of it is worth there."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from recoder_lsp.config import Settings
from recoder_lsp.errors import RecoderError
from recoder_lsp.index.files.sources import Sources
from recoder_lsp.training.evaluation import comparing, holes, masked
from recoder_lsp.training.evaluation.indexes import Indexes, Item
from recoder_lsp.training.evaluation.report import Measured, Report, table
from recoder_lsp.training.evaluation.steps import PARTS

EVERYTHING, OF_SOME = "everything", "everything, on the holes below"
# All holes once more for each part would take long, and tell little more.
SHARE_WITHOUT = 0.4
SAID_EVERY_HOLES = 20

BY_HAND = ("n", "exact", "similarity", *(f"right of surest {coverage:.0%}" for coverage in masked.COVERAGES), "ms p50", "ms p95")
TYPING = (
    "typed",
    "completed while typing",
    "keys saved",
    "shown while typing",
    "right of those",
    "came too late",
    "key ms p50",
    "key ms p95",
)
OF_PARTS = ("n", "exact", "right of surest 30%", "completed while typing", "right of those", "ms p50", "key ms p50")


@dataclass(frozen=True)
class Wanted:
    """What `recoder-lsp eval` was asked for."""

    n_holes: int = 100
    seed: int = 0
    languages: tuple[str, ...] = ()
    """As LSP names them; none for all that are code."""
    without: tuple[str, ...] = PARTS
    """What is left out, each in turn, on some of the holes."""


def evaluate(root: Path, wanted: Wanted, settings: Settings, say: Callable[[str], None] = lambda line: None) -> Report:
    """Cut holes into a folder's files, and ask for what stood there by the way that the server takes.

    The folder is indexed anew, in a temporary place. A hole is taken out of its own file there before it is asked for, and
    nothing is written to the folder.

    Args:
        root: The folder.
        wanted: Which holes, and what is left out.
        settings: The user's; ghost text is taken to be switched on.
        say: Told how far it is.

    Raises:
        RecoderError: There is nothing to cut holes into, or no model to ask.
    """
    settings = replace(settings, completion=replace(settings.completion, enabled=True, disabled_languages=()))
    report = Report({"folder": root.name, "seed": wanted.seed, "model": settings.engine.model})
    with (
        tempfile.TemporaryDirectory(prefix="recoder-eval-") as home,
        closing(Indexes(lambda name: root, Path(home), settings.index)) as indexes,
    ):
        say(f"indexing {root}")
        with indexes.reader(root.name) as reader:
            text_of = Sources(root, settings.index).text
            items = holes.cut(reader, text_of, root.name, wanted.n_holes, wanted.seed, wanted.languages)
        if not items:
            raise RecoderError(f"{root} has no line to cut a hole into.", "Are its files ignored? `recoder-lsp index --stats` tells.")
        found = _answers(items, settings, indexes, "", say)
        report.sets[EVERYTHING] = masked.score(items, found)
        # They are in the order of chance.
        some = items[: max(round(SHARE_WITHOUT * len(items)), 1)]
        if wanted.without:
            report.sets[OF_SOME] = masked.score(some, found)
        for part in wanted.without:
            report.sets[f"without {part}"] = masked.score(some, _answers(some, settings, indexes, part, say))
    return report


def as_text(report: Report) -> str:
    """The tables for people; shares are per cent."""
    summary = report.sets[EVERYTHING].summary
    parts = ["Asked for by hand:", _table(summary, BY_HAND), "Typed at six keys a second, taking what is right:", _table(summary, TYPING)]
    if OF_SOME in report.sets:
        parts += ["With everything, and without each part:", _table(_of_parts(report.sets), (*OF_PARTS, *_CHANGES))]
    return "\n\n".join(parts)


_CHANGES = ("exact across files", "right by it", "wrong by it", "by chance")


def _answers(
    items: Sequence[Item], settings: Settings, indexes: Indexes, without: str, say: Callable[[str], None]
) -> Mapping[str, masked.Answered]:
    name, began = f"without {without}" if without else EVERYTHING, time.monotonic()

    def progress(n_done: int) -> None:
        if n_done % SAID_EVERY_HOLES == 0 or n_done == len(items):
            say(f"{name}: {n_done} of {len(items)} holes, {time.monotonic() - began:.0f} s")

    return asyncio.run(masked.answers(items, settings, indexes, without, progress))


def _of_parts(sets: Mapping[str, Measured]) -> dict[str, dict[str, float | None]]:
    """The figures of the holes that were tried without something, and what that changed, hole by hole."""
    rows = {}
    for name, measured in sets.items():
        if name == EVERYTHING:
            continue
        crossing = measured.summary.get(masked.ACROSS_FILES, {})
        rows[name] = {**measured.summary["all"], "exact across files": crossing.get("exact")}
        change = comparing.change(name, measured, sets[OF_SOME])
        if name != OF_SOME and change is not None:
            rows[name] |= {"right by it": change.gained, "wrong by it": change.lost, "by chance": change.chance}
    return rows


def _table(summary: Mapping[str, Mapping[str, float | None]], names: Sequence[str]) -> str:
    """A Markdown table of some figures, padded to be read in a terminal."""
    chosen = {group: {name: figures.get(name) for name in names} for group, figures in summary.items()}
    head, _, *body = ([cell.strip() for cell in line.strip("|").split("|")] for line in table(chosen).split("\n"))
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = ([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in (head, rule, *body))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
