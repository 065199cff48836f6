"""The steps that make the code model, for the command line of `python -m recoder_lsp.training`."""

from __future__ import annotations

import argparse
import json
import random
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from recoder_lsp.training import corpus, mixture, parts, tokenizer
from recoder_lsp.training.corpus import Document

VOCABULARY_SIZE = 12_288
PROCESSES = 2
SHARDS = ("train", "held_out")
HELD_OUT_SEED = 2
VOCABULARY, WEIGHTS, CHECKPOINT = "vocabulary.json", "weights.pt", "checkpoint.pt"
# The list of packages of the edition that ships: what it learnt from cannot be held out any more.
SHIPPED = Path(__file__).parent.parent / "models" / "corpus.json"


def add(steps: Any) -> None:
    """Add all of them. Args: `steps` is what `ArgumentParser.add_subparsers` returned."""
    step = steps.add_parser("tokenizer", help="learn the vocabulary")
    step.set_defaults(run=_tokenizer)
    step.add_argument("--size", type=int, default=VOCABULARY_SIZE)
    step = steps.add_parser("shards", help="choose what is learnt from, tokenise it, and relate the files of each package")
    step.set_defaults(run=_shards)
    step.add_argument("--megabytes", type=float, default=200, help="how much text to learn from")
    step = steps.add_parser("train", help="train, or go on with training")
    step.set_defaults(run=_train)
    step.add_argument("--minutes", type=float, default=75, help="time for the steps of the whole run, over all calls")
    step.add_argument("--slice-minutes", type=float, default=float("inf"), help="save and return after so long; call again to go on")
    step.add_argument("--start-from", type=Path, help="a model whose weights are the beginning, with this or another vocabulary")
    step.add_argument("--width", type=int, default=256)
    step.add_argument("--layers", type=int, default=6)
    step.add_argument("--heads", type=int, default=4)
    step.add_argument("--kv-heads", type=int, default=2)
    step.add_argument("--hidden", type=int, default=768, help="width of the feed-forward")
    step.add_argument("--rows", type=int, default=4, help="rows of 1,024 tokens in a batch")
    step.add_argument("--short-share", type=float, default=0.6, help="of the time with rows of 512 tokens")
    step.add_argument("--workers", type=int, default=0, help="processes that make rows")
    step.add_argument(
        "--seed", type=int, default=1, help="which rows are drawn; another one for an edition that goes on from the one before"
    )
    step.add_argument("--threads", type=int, default=2, help="threads of the CPU")
    step.add_argument("--no-compile", action="store_true", help="do without torch.compile, which needs a C++ compiler")
    step = steps.add_parser("export", help="write the model as GGUF, and measure how far copying should help it")
    step.set_defaults(run=_export)
    step.add_argument("output", type=Path)
    step.add_argument("--name", default="Recoder Code")
    step.add_argument("--kind", default="Q8_0", help="how weights are kept: F32, F16, Q8_0, Q6_K, ...")
    step.add_argument("--embedding", default="", help="the same for the embedding; llama.cpp's choice unless given")
    step.add_argument("--beam", default="", help="how lines are searched for: WIDTH,REWARD; greedily unless given")
    step = steps.add_parser("gate", help="learn from held-out packages which suggestions are right, with a finished model")
    step.set_defaults(run=_gate)
    step.add_argument("model", type=Path)
    step.add_argument("output", type=Path)
    step.add_argument("--lines", type=int, default=900, help="how many lines are typed again, at some carets each")
    step.add_argument("--threads", type=int, default=1, help="threads of the model")
    step = steps.add_parser("manifest", help="write the list of packages that ships with the model")
    step.set_defaults(run=_manifest)
    step.add_argument("output", type=Path)
    for name, run, explained in (
        ("pack", _pack, "write what `train` needs as parts of at most 16 MB, to train on another machine"),
        ("unpack", _unpack, "read there what `pack` wrote"),
        ("pack-weights", _pack_weights, "write the trained weights as such parts"),
        ("unpack-weights", _unpack_weights, "read what `pack-weights` wrote, for `export`"),
    ):
        step = steps.add_parser(name, help=explained)
        step.set_defaults(run=run)
        step.add_argument("parts", type=Path, help="folder of the parts")


def shuffled(work: Path) -> list[Document]:
    """Read the corpus of a work folder, in an order that has nothing to do with its packages."""
    documents = list(corpus.read(work / "corpus.jsonl.gz"))
    random.Random(1).shuffle(documents)
    return documents


def held_out(documents: list[Document], work: Path) -> set[str]:
    """Choose the packages that no model learns from; see `mixture.held_out`. Without a manifest, packages go by their names."""
    manifest = work / "manifest.json"
    return mixture.held_out((document.package for document in documents), SHIPPED, manifest if manifest.exists() else None)


def _tokenizer(options: argparse.Namespace) -> None:
    documents = shuffled(options.work)
    kept_away = held_out(documents, options.work)
    texts = mixture.for_tokenizer([document for document in documents if document.package not in kept_away])
    tokenizer.save(tokenizer.train(list(texts), options.size), options.work / VOCABULARY)


def _shards(options: argparse.Namespace) -> None:
    from recoder_lsp.training import sharding

    tokenize = tokenizer.InPython(tokenizer.load(options.work / VOCABULARY))
    documents = list(corpus.read(options.work / "corpus.jsonl.gz"))
    kept_away = held_out(documents, options.work)
    chosen = mixture.for_training((document for document in documents if document.package not in kept_away), options.megabytes * 1e6)
    unseen = [document for document in documents if document.package in kept_away]
    if not chosen or not unseen:
        raise ValueError(f"Of {len(documents)} files, {len(chosen)} would be learnt and {len(unseen)} held out: take more packages.")
    for name, part in zip(SHARDS, (chosen, unseen), strict=True):
        sharding.tokenised(part, tokenize, processes=PROCESSES).save(options.work / f"{name}.npz")
    (options.work / "held_out.json").write_text(json.dumps(sorted(kept_away), indent=1))


def _train(options: argparse.Namespace) -> None:
    from recoder_lsp.training import samples, start, train
    from recoder_lsp.training.model import Shape
    from recoder_lsp.training.shards import Shards

    began = time.monotonic()
    if (options.work / WEIGHTS).exists():
        raise ValueError(f"{options.work / WEIGHTS} was trained elsewhere, and `export` takes it. To train here, remove it.")
    vocabulary = tokenizer.load(options.work / VOCABULARY)
    tokenize, pieces = tokenizer.InPython(vocabulary), [tokenizer.piece(token) for token in vocabulary]
    seeds = dict(zip(SHARDS, (options.seed, HELD_OUT_SEED), strict=True))
    makers = [samples.RowMaker(Shards.load(options.work / f"{name}.npz"), pieces, tokenize, seed) for name, seed in seeds.items()]
    shape = Shape(len(vocabulary), options.width, options.layers, options.heads, options.kv_heads, options.hidden)
    plan = train.Plan(
        shape,
        options.minutes * 60,
        slice_seconds=options.slice_minutes * 60 - (time.monotonic() - began),
        rows=options.rows,
        short_share=options.short_share,
        threads=options.threads,
        workers=options.workers,
        compiled=not options.no_compile,
    )
    print(f"{plan}\n{shape.n_weights:,} weights, {shape.flop_per_token:,} operations a token", flush=True)
    weights = start.weights_from(options.start_from, vocabulary, shape) if options.start_from else None
    train.train(plan, makers[0], makers[1], options.work, weights)


def _export(options: argparse.Namespace) -> None:
    from recoder_lsp.training import copying_trust, export
    from recoder_lsp.training.shards import Shards

    vocabulary, checkpoint = tokenizer.load(options.work / VOCABULARY), options.work / WEIGHTS
    if not checkpoint.exists():
        checkpoint = options.work / CHECKPOINT
    kept = {"name": options.name, "kind": options.kind, "embedding": options.embedding, "beam": options.beam}
    export.write_model(checkpoint, vocabulary, options.output, **kept)
    trust = copying_trust.copying_trust(Shards.load(options.work / "held_out.npz"), options.output)
    size_bytes = export.write_model(checkpoint, vocabulary, options.output, **kept, trust=trust)
    print(f"{options.output}: {size_bytes:,} bytes; copying is trusted by {', '.join(f'{weight:.2f}' for weight in trust)}")


def _gate(options: argparse.Namespace) -> None:
    from recoder_lsp.training import gate

    kept_away = set(json.loads((options.work / "held_out.json").read_text()))
    documents = [document for document in corpus.read(options.work / "corpus.jsonl.gz") if document.package in kept_away]
    print(gate.run(documents, options.model, options.lines, options.output, options.threads))


def _manifest(options: argparse.Namespace) -> None:
    kept_away = set(json.loads((options.work / "held_out.json").read_text()))
    corpus.write_shipped_manifest(options.work / "manifest.json", kept_away, options.output, SHIPPED)


def _pack(options: argparse.Namespace) -> None:
    from recoder_lsp.training.shards import Shards

    options.parts.mkdir(parents=True, exist_ok=True)
    shutil.copy(options.work / VOCABULARY, options.parts)
    for name in SHARDS:
        packed = Shards.load(options.work / f"{name}.npz").save_parts(options.parts / name)
        print(f"{name}: {sum(part.stat().st_size for part in packed):,} bytes in {len(packed)} parts")


def _unpack(options: argparse.Namespace) -> None:
    from recoder_lsp.training.shards import Shards

    shutil.copy(options.parts / VOCABULARY, options.work)
    for name in SHARDS:
        # Not compressed: time is dear there, and it is read once.
        Shards.load_parts(options.parts / name).save(options.work / f"{name}.npz", compressed=False)


def _pack_weights(options: argparse.Namespace) -> None:
    from recoder_lsp.training import train

    with TemporaryDirectory() as own:
        weights = Path(own) / WEIGHTS
        train.write_weights(options.work / CHECKPOINT, weights)
        packed = parts.split(weights, options.parts)
    print(f"{sum(part.stat().st_size for part in packed):,} bytes in {len(packed)} parts")


def _unpack_weights(options: argparse.Namespace) -> None:
    # Not as a checkpoint: there is nothing in it to go on with.
    parts.join(options.parts, options.work / WEIGHTS)
