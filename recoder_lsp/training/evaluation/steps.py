"""The steps that measure models, for the command line of `python -m recoder_lsp.training`.

What measures is imported by the step that needs it: training itself runs where there is nothing but PyTorch.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SPEED, MASKED, INDEXED, INFILLING = "speed", "masked", "masked-with-index", "infilling"
BITS, DOCUMENTATION, NAMES, TYPING = "bits", "documentation", "names", "typing"
SETS = (SPEED, MASKED, INDEXED, INFILLING, BITS, DOCUMENTATION, NAMES, TYPING)
SWITCHED, INDEX = ("model", "phrases", "names", "context", "gate"), "index"
OTHERS = "others"
"""Everything but the model, the index included: what is left is what the model knows by itself."""
PARTS = (*SWITCHED, INDEX, OTHERS)
"""What can be left out, to see what it is worth: a field of `Switches`, or all that the index gives."""


def add(steps: Any) -> None:
    """Add the steps `evaluate` and `compare`. Args: `steps` is what `ArgumentParser.add_subparsers` returned."""
    step = steps.add_parser("evaluate", help="measure a model on everything that is given; item by item, as JSON, and as a table")
    step.set_defaults(run=_evaluate)
    step.add_argument("model", type=Path)
    step.add_argument("--output", type=Path, required=True, help="JSON file; the table goes beside it, as .md")
    add_sources(step)
    step = steps.add_parser("compare", help="compare two results of `evaluate` item by item")
    step.set_defaults(run=_compare)
    step.add_argument("before", type=Path)
    step.add_argument("after", type=Path)


def add_sources(step: argparse.ArgumentParser, only: Sequence[str] = SETS) -> None:
    """Add the options that say what to measure on; what is not given is left out. Args: `only` is what is measured unasked."""
    step.add_argument("--only", nargs="+", choices=SETS, default=only, help="these sets")
    step.add_argument("--masked", type=Path, help="masked lines, JSON lines")
    step.add_argument(
        "--workspaces", type=Path, help="folder of the masked lines' repositories (OWNER__NAME@...): measure with an index too"
    )
    step.add_argument("--without", nargs="+", choices=PARTS, default=(), help="with an index, then also without each of these")
    step.add_argument("--infilling", type=Path, help="HumanEval-Infilling tasks, JSON lines; their programs are run")
    step.add_argument("--files", type=int, default=40, help="files of each language of the held-out packages; 0 for none of them")
    step.add_argument("--held-out", type=Path, help="other packages than the work folder's held_out.json, or a shipped manifest")
    step.add_argument("--threads", type=int, default=0, help="as the setting engine.threads; 0 is what users have")
    step.add_argument("--predictions", type=Path, help="folder for the completions themselves, as other scorers read them")


def _evaluate(options: argparse.Namespace) -> None:
    from recoder_lsp.training.evaluation import measuring

    report = measuring.evaluate(options.model, measuring.Sources.of(options), lambda line: print(line, file=sys.stderr, flush=True))
    report.save(options.output)
    options.output.with_suffix(".md").write_text(report.markdown(), "utf-8")
    print(report.markdown())


def _compare(options: argparse.Namespace) -> None:
    from recoder_lsp.training.evaluation import comparing
    from recoder_lsp.training.evaluation.report import Report

    print(comparing.table(comparing.changes(Report.load(options.before), Report.load(options.after))))
