"""Measures a model on everything that is given, one set after the other."""

from __future__ import annotations

import argparse
import asyncio
import functools
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.training.evaluation import explaining, held_out, infilling, likelihood, masked, typing_lines
from recoder_lsp.training.evaluation.completing import Completion, settings_for
from recoder_lsp.training.evaluation.indexes import Indexes, unpacked
from recoder_lsp.training.evaluation.report import Measured, Report
from recoder_lsp.training.evaluation.steps import BITS, DOCUMENTATION, INDEXED, INFILLING, MASKED, NAMES, SETS, SPEED, TYPING

# Typing takes a request for each key; documented functions are rare.
TYPED_SHARE, FUNCTION_FILES = 0.5, 5


@dataclass(frozen=True)
class Sources:
    """What to measure on. None or nothing leaves a set out."""

    work: Path
    """For indexes, to be quicker the next time."""
    only: Sequence[str] = SETS
    masked: Path | None = None
    workspaces: Path | None = None
    without: Sequence[str] = ()
    """Of the masked lines with an index: what is left out, each in turn, after all of it was there."""
    infilling: Path | None = None
    files: held_out.Files | None = None
    """More than `n_files` of a language, to look for functions in."""
    n_files: int = 0
    threads: int = 0
    predictions: Path | None = None

    @classmethod
    def of(cls, options: argparse.Namespace) -> Sources:
        """Read the options of `steps.add_sources`."""
        packages, files = options.held_out or options.work / "held_out.json", None
        wants_files = options.files and not {BITS, DOCUMENTATION, NAMES, TYPING}.isdisjoint(options.only)
        if wants_files and packages.exists() and (options.work / "corpus.jsonl.gz").exists():
            files = held_out.files(options.work, held_out.packages(packages), FUNCTION_FILES * options.files)
        elif wants_files:
            print("There is no corpus with held-out packages: bits per byte and typing are left out.", file=sys.stderr)
        names = ("work", "only", "masked", "workspaces", "without", "infilling", "threads", "predictions")
        given = {name: getattr(options, name) for name in names}
        return cls(**given, files=files, n_files=options.files)


def evaluate(model: Path, sources: Sources, say: Callable[[str], None] = lambda line: None) -> Report:
    """Measure a model on everything that is given; a set after the other, so that times are its own."""
    report = Report(_about(model))
    for name, measure in _measures(model, sources):
        if name.partition("-without-")[0] not in sources.only:
            continue
        began = time.monotonic()
        report.sets[name] = measure()
        say(f"{name}: {time.monotonic() - began:.0f} s")
    return report


def _measures(model: Path, sources: Sources) -> Iterator[tuple[str, Callable[[], Measured]]]:
    threads = sources.threads
    yield SPEED, lambda: _with(model, threads, typing_lines.speed)
    if sources.masked:
        items = masked.read_items(sources.masked)
        settings = settings_for(model, threads)

        def of_masked(name: str, indexes: Indexes | None = None, without: str = "") -> Measured:
            found = asyncio.run(masked.answers(items, settings, indexes, without))
            _keep(sources, name, {id: answered.completion for id, answered in found.items()})
            return masked.score(items, found)

        yield MASKED, lambda: of_masked(MASKED)
        if workspaces := sources.workspaces:

            def with_index(name: str, without: str) -> Measured:
                with closing(Indexes(unpacked(workspaces), sources.work / "evaluation-indexes")) as indexes:
                    return of_masked(name, indexes, without)

            for part in ("", *sources.without):
                name = f"{INDEXED}-without-{part}" if part else INDEXED
                yield name, functools.partial(with_index, name, part)
    if sources.infilling:
        tasks = masked.read_items(sources.infilling)
        yield (
            INFILLING,
            lambda: infilling.score(tasks, _keep(sources, INFILLING, asyncio.run(infilling.completions(tasks, model, threads)))),
        )
    if files := sources.files:
        n_files = sources.n_files
        read = {language: documents[:n_files] for language, documents in files.items()}
        typed = {language: documents[: max(int(TYPED_SHARE * n_files), 1)] for language, documents in files.items()}
        yield BITS, lambda: _with(model, threads, lambda loaded: likelihood.measure(read, loaded))
        yield DOCUMENTATION, lambda: _with(model, threads, lambda loaded: explaining.documentation(files, loaded, n_files))
        yield NAMES, lambda: asyncio.run(explaining.names(files, model, n_files, threads))
        yield TYPING, lambda: asyncio.run(typing_lines.measure(typed, model, threads))


def _about(model: Path) -> dict[str, Any]:
    with closing(LlamaModel.load(model, context_tokens=0, threads=0)) as loaded:
        return {
            "file": model.name,
            "name": loaded.name,
            "bytes": loaded.size_bytes,
            "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
            "vocabulary": loaded.vocabulary_size,
            "context": loaded.trained_context_tokens,
        }


def _with(model: Path, threads: int, measure: Callable[[LlamaModel], Measured]) -> Measured:
    with closing(LlamaModel.load(model, context_tokens=0, threads=threads)) as loaded:
        return measure(loaded)


def _keep(sources: Sources, name: str, found: dict[str, Completion]) -> dict[str, Completion]:
    """Write completions where that is asked for, in the form of the evaluation sets' own scorers; pass them on."""
    if sources.predictions:
        sources.predictions.mkdir(parents=True, exist_ok=True)
        path = sources.predictions / f"{name}.jsonl"
        with path.open("w", encoding="utf-8") as rows:
            for id, completion in found.items():
                row = {"id": id, "pred": completion.text, "ms": completion.ms, "conf": completion.confidence}
                # The hole of a task is a line with its end.
                rows.write(json.dumps({"task_id": id, "completion": completion.text + "\n"} if name == INFILLING else row) + "\n")
    return found
