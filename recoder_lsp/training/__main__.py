"""Makes the embedded models, step by step: `python -m recoder_lsp.training --help`, and docs/training.md.

Each step reads what the one before it left in the work folder, so that a step can be repeated alone.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from recoder_lsp.training import code_steps, corpus, embedding_steps, quantising
from recoder_lsp.training.evaluation import steps as evaluation_steps

HERE = Path(__file__).parent / "corpus"


def main(arguments: list[str] | None = None) -> int:
    """Run one step."""
    parser = argparse.ArgumentParser(prog="python -m recoder_lsp.training", description="Make the embedded models.")
    parser.add_argument("work", type=Path, help="folder for downloads, the corpus and checkpoints (some 5 GB)")
    steps = parser.add_subparsers(metavar="STEP", required=True)
    step = steps.add_parser("corpus", help="fetch the packages of sources.toml and keep the files worth learning from")
    step.set_defaults(run=_corpus)
    step.add_argument("--sources", type=Path, default=HERE / "sources.toml")
    step.add_argument("--excluded", type=Path, default=HERE / "excluded_repositories.txt")
    step.add_argument("--evaluation", type=Path, nargs="*", default=[], help="evaluation items that must not be learnt, JSON lines")
    code_steps.add(steps)
    quantising.add(steps)
    evaluation_steps.add(steps)
    embedding_steps.add(steps, code_steps.shuffled, code_steps.held_out)
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    options.run(options)
    return 0


def _corpus(options: argparse.Namespace) -> None:
    if not options.evaluation:
        print("No evaluation items were given: overlaps with them are not looked for.", file=sys.stderr)
    corpus.build(corpus.read_sources(options.sources), options.work, options.excluded, options.evaluation)


if __name__ == "__main__":
    sys.exit(main())
