"""The steps that make the embedder, for the command line of `python -m recoder_lsp.training`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recoder_lsp.training import corpus

Documents = list[corpus.Document]
MODELS = Path(__file__).parent.parent / "models"
RESERVED = MODELS / "recoder-embedding-reserved.json"
"""The packages that the shipped edition has not learnt from."""


def add(steps: Any, documents: Callable[[Path], Documents], held_out: Callable[[Documents, Path], set[str]]) -> None:
    """Add the steps `embedding-pairs`, `embedding-train` and `embedding-evaluate`.

    Args:
        steps: What `ArgumentParser.add_subparsers` returned.
        documents: Reads the corpus of a work folder.
        held_out: Chooses the packages that no model learns from.
    """
    step = steps.add_parser(
        "embedding-pairs", help="find documented code, learn the embedder's vocabulary, tokenise; some packages held out"
    )
    step.set_defaults(run=lambda options: _pairs(options, documents, held_out))
    step = steps.add_parser("embedding-train", help="train the embedder and write its folder")
    step.set_defaults(run=_train)
    step.add_argument("output", type=Path, help="folder for the sentence-transformers model")
    step.add_argument("--steps", type=int, default=2_400, help="how many batches")
    step.add_argument("--batch", type=int, default=1_024, help="pairs in a batch")
    step.add_argument("--dimensions", type=int, default=256)
    step.add_argument("--threads", type=int, default=2)
    step = steps.add_parser("embedding-evaluate", help="first sentence of a docstring to function, held-out packages: the card's table")
    step.set_defaults(run=_evaluate)
    step.add_argument("model", type=Path)
    step.add_argument("--functions", choices=("test", "development"), default="test", help="those of which reserved packages")
    step.add_argument("--compare", default="", help="folder of a sentence-transformers model to measure beside it")


def _pairs(options: argparse.Namespace, documents: Callable[[Path], Documents], held_out: Callable[[Documents, Path], set[str]]) -> None:
    from recoder_lsp.index.store.embedder import BagTokenizer
    from recoder_lsp.training import embedding_pairs, embedding_tokenizer

    files = documents(options.work)
    path = options.work / "embedding-examples.jsonl.gz"
    embedding_pairs.write_examples(files, path)
    of_no_model = held_out(files, options.work)
    # A gigabyte, of which the examples hold what is needed.
    del files
    examples = list(embedding_pairs.read_examples(path))
    earlier = json.loads(RESERVED.read_text("utf-8"))
    before = {f"{row['registry']}:{row['name']}" for row in json.loads((MODELS / "recoder-embedding-corpus.json").read_text("utf-8"))}
    reserved = embedding_pairs.reserved(examples, of_no_model, earlier, before)
    (options.work / "embedding-reserved.json").write_text(json.dumps(reserved, indent=1))
    kept_away = {package for packages in reserved.values() for package in packages}
    learnt = [example for example in examples if example.package not in kept_away]
    serialised = embedding_tokenizer.train(learnt)
    (options.work / "embedding-tokenizer.json").write_text(serialised, "utf-8")
    tested = (example for example in examples if example.package in kept_away and embedding_pairs.is_testable(example))
    table = embedding_pairs.Table.of(learnt, BagTokenizer(serialised), tested)
    table.save(options.work / "embedding-pairs.npz")
    print(f"{len(examples):,} examples, {len(table.kinds):,} of them to learn from; {len(kept_away)} packages kept away")


def _train(options: argparse.Namespace) -> None:
    from recoder_lsp.training import embedding_train

    plan = embedding_train.Plan(options.steps, batch=options.batch, dimensions=options.dimensions, threads=options.threads)
    embedding_train.train(plan, options.work, options.output)


def _evaluate(options: argparse.Namespace) -> None:
    from recoder_lsp.training import embedding_evaluate, embedding_pairs

    packages = set(json.loads((options.work / "embedding-reserved.json").read_text())[options.functions])
    examples = embedding_pairs.read_examples(options.work / "embedding-examples.jsonl.gz")
    chosen = embedding_pairs.test_set(example for example in examples if example.package in packages)
    print(embedding_evaluate.table(chosen, options.model, options.compare, options.work))
