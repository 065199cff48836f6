"""Writes smaller variants of a model, sees to it that nothing but the weights changes, and measures what each costs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recoder_lsp.engine import llama

# The first is how a variant is named; then the kind, and what the embedding is kept as: "" is llama.cpp's choice, Q6_K.
VARIANTS = (
    ("Q8_0", "Q8_0", ""),
    ("Q6_K", "Q6_K", ""),
    ("Q5_K_M", "Q5_K_M", ""),
    ("Q5_K_M-embedding-Q8_0", "Q5_K_M", "Q8_0"),
    ("Q4_K_M", "Q4_K_M", ""),
    ("Q4_K_M-embedding-Q8_0", "Q4_K_M", "Q8_0"),
)
# What quantisation itself writes.
_CHANGED = frozenset({"general.file_type", "general.quantization_version", "GGUF.tensor_count", "GGUF.kv_count"})


def add(steps: Any) -> None:
    """Add the step `quantise`. Args: `steps` is what `ArgumentParser.add_subparsers` returned."""
    from recoder_lsp.training.evaluation.steps import BITS, INFILLING, MASKED, SPEED, add_sources

    step = steps.add_parser("quantise", help="write smaller variants of a model and measure what each costs, item by item")
    step.set_defaults(run=_quantise)
    step.add_argument("model", type=Path, help="best one of F32")
    step.add_argument("folder", type=Path, help="for the variants and their results")
    step.add_argument("--variants", nargs="*", default=[name for name, _, _ in VARIANTS], help="which ones")
    # What tells most about a variant; the others take minutes each.
    add_sources(step, only=(SPEED, MASKED, INFILLING, BITS))


def quantise(source: Path, target: Path, kind: str, *, embedding: str = "") -> None:
    """Write a variant, as `llama.quantise` does.

    Raises:
        RecoderError: llama.cpp failed.
        ValueError: Something that is no weight did not survive.
    """
    llama.quantise(source, target, kind, embedding=embedding)
    before, after = metadata(source), metadata(target)
    changed = sorted(key for key in before.keys() | after.keys() if key not in _CHANGED and before.get(key) != after.get(key))
    if changed:
        raise ValueError(f"{target.name} says something else than {source.name} about {', '.join(changed)}.")


def metadata(path: Path) -> dict[str, Any]:
    """Return everything that a GGUF file says beside its weights: settings, special tokens, vocabulary, scores."""
    import gguf

    return {name: field.contents() for name, field in gguf.GGUFReader(path).fields.items()}


def _quantise(options: argparse.Namespace) -> None:
    from recoder_lsp.training.evaluation import comparing, measuring
    from recoder_lsp.training.evaluation.report import Report, table

    options.folder.mkdir(parents=True, exist_ok=True)
    sources = measuring.Sources.of(options)
    reports: dict[str, Report] = {}
    for name, path in _written(options.model, options.folder, options.variants, lambda text: print(text, flush=True)).items():
        reports[name] = measuring.evaluate(path, sources, lambda line, name=name: print(f"{name}, {line}", flush=True))  # type: ignore[misc]
        reports[name].save(options.folder / f"{name}.json")
    first = reports[options.model.stem]
    print(table({name: _figures(report) for name, report in reports.items()}))
    for name, report in reports.items():
        if report is not first:
            print(f"\n{name} after {options.model.stem}\n")
            print(comparing.table([change for change in comparing.changes(first, report) if ": " not in change.name]))


def _written(model: Path, folder: Path, wanted: list[str], say: Callable[[str], None]) -> dict[str, Path]:
    """Write the variants; return them by name, the model itself first."""
    paths = {model.stem: model}
    for name, kind, embedding in VARIANTS:
        if name in wanted:
            paths[name] = folder / f"{model.stem}-{name}.gguf"
            quantise(model, paths[name], kind, embedding=embedding)
            say(f"{paths[name]}: {paths[name].stat().st_size:,} bytes")
    return paths


def _figures(report: Any) -> dict[str, float | None]:
    """Gather the one figure of each set that says most."""
    from recoder_lsp.training.evaluation import steps

    figures: dict[str, float | None] = {"bytes": report.about["bytes"]}
    for name, figure in (
        (steps.BITS, "bits a byte"),
        (steps.MASKED, "exact"),
        (steps.INDEXED, "exact"),
        (steps.INFILLING, "passed"),
        (steps.SPEED, "tokens read a second"),
        (steps.SPEED, "tokens written a second"),
    ):
        if name in report.sets:
            figures[f"{name}: {figure}"] = report.sets[name].summary["all"][figure]
    return figures
