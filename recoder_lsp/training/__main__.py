"""Makes the embedded models, step by step: `python -m recoder_lsp.training --help`.

Each step reads what the one before it left in the work folder, so that a step can be repeated alone.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

from recoder_lsp.training import corpus, embedding_steps, tokenizer

HERE = Path(__file__).parent
VOCABULARY_SIZE = 12_288
HELD_OUT_SHARE = 0.05
# How much text of each language the tokenizer and the model get to see, and of one package for the tokenizer.
TOKENIZER_CHARACTERS = {"python": 20e6, "javascript": 12e6, "typescript": 9e6}
TOKENIZER_CHARACTERS_PER_PACKAGE = 90_000
TRAINING_CHARACTERS = {"python": 72e6, "javascript": 38e6, "typescript": 36e6}
WITHOUT_DOCUMENTATION = 0.6


def main(arguments: list[str] | None = None) -> int:
    """Run one step."""
    parser = argparse.ArgumentParser(prog="python -m recoder_lsp.training", description="Make the embedded models.")
    parser.add_argument("work", type=Path, help="folder for downloads, the corpus and checkpoints (some 3 GB)")
    steps = parser.add_subparsers(metavar="STEP", required=True)
    step = steps.add_parser("corpus", help="fetch the packages of sources.toml and keep the files worth learning from")
    step.set_defaults(run=_corpus)
    step.add_argument("--sources", type=Path, default=HERE / "sources.toml")
    step.add_argument("--excluded", type=Path, default=HERE / "excluded_repositories.txt")
    step.add_argument("--evaluation", type=Path, nargs="*", default=[], help="evaluation items that must not be learnt, JSON lines")
    step = steps.add_parser("tokenizer", help="learn the vocabulary")
    step.set_defaults(run=_tokenizer)
    step.add_argument("--size", type=int, default=VOCABULARY_SIZE)
    step = steps.add_parser("shards", help="tokenise the corpus, some packages held out")
    step.set_defaults(run=_shards)
    step = steps.add_parser("manifest", help="write the list of packages that ships with the model")
    step.set_defaults(run=_manifest)
    step.add_argument("output", type=Path)
    step = steps.add_parser("train", help="train, or go on with training")
    step.set_defaults(run=_train)
    step.add_argument("--minutes", type=float, default=75)
    step.add_argument("--layers", type=int, default=5)
    step.add_argument("--rows", type=int, default=4, help="rows of 1,024 tokens in a batch")
    step.add_argument("--threads", type=int, default=2, help="threads of the CPU")
    step.add_argument("--no-compile", action="store_true", help="do without torch.compile, which needs a C++ compiler")
    step = steps.add_parser("export", help="write the model as GGUF")
    step.set_defaults(run=_export)
    step.add_argument("output", type=Path)
    step.add_argument("--name", default="Recoder Code")
    step = steps.add_parser("predict", help="complete evaluation items through the server's own path")
    step.set_defaults(run=_predict)
    step.add_argument("model", type=Path)
    step.add_argument("items", type=Path, help="JSON lines with prefix and suffix, or prompt and suffix")
    step.add_argument("output", type=Path)
    step.add_argument("--workspaces", type=Path, help="index the items' repositories, which lie here as OWNER__NAME@...")
    for name, run, explained in (
        ("bits", _bits, "bits per byte of each language, over files of the held-out packages"),
        ("typing", _typing, "type lines of the held-out packages key by key: what is shown, and what is right"),
    ):
        step = steps.add_parser(name, help=explained)
        step.set_defaults(run=run)
        step.add_argument("model", type=Path)
        step.add_argument("--files", type=int, default=40, help="how many files of each language")
    embedding_steps.add(steps, _shuffled, _held_out)
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    options.run(options)
    return 0


def _corpus(options: argparse.Namespace) -> None:
    if not options.evaluation:
        print("No evaluation items were given: overlaps with them are not looked for.", file=sys.stderr)
    corpus.build(corpus.read_sources(options.sources), options.work, options.excluded, options.evaluation)


def _tokenizer(options: argparse.Namespace) -> None:
    left, by_package, texts = dict(TOKENIZER_CHARACTERS), dict[str, int](), []
    documents = _shuffled(options.work)
    held_out = _held_out(documents)
    for document in documents:
        if document.package in held_out:
            continue
        size = len(document.text)
        taken = by_package.get(document.package, 0)
        if left[document.language] > 0 and taken < TOKENIZER_CHARACTERS_PER_PACKAGE:
            left[document.language] -= size
            by_package[document.package] = taken + size
            texts.append("\n".join(dict.fromkeys(document.text.split("\n"))))
    tokenizer.save(tokenizer.train(texts, options.size), options.work / "vocabulary.json")


def _shards(options: argparse.Namespace) -> None:
    from recoder_lsp.training import samples

    tokenize = _tokenize(options.work)
    chance = random.Random(8)
    documents = _shuffled(options.work)
    held_out = _held_out(documents)
    left, chosen = dict(TRAINING_CHARACTERS), []
    for document in sorted(documents, key=lambda document: corpus.is_test(document.path)):
        if document.package in held_out or left[document.language] <= 0:
            continue
        bare = corpus.without_documentation(document) if chance.random() < WITHOUT_DOCUMENTATION else document
        left[document.language] -= len(bare.text)
        chosen.append(bare)
    samples.tokenised(chosen, tokenize).save(options.work / "train.npz")
    samples.tokenised([document for document in documents if document.package in held_out], tokenize).save(options.work / "held_out.npz")
    (options.work / "held_out.json").write_text(json.dumps(sorted(held_out), indent=1))


def _manifest(options: argparse.Namespace) -> None:
    corpus.write_shipped_manifest(options.work / "manifest.json", _recorded_held_out(options.work), options.output)


def _train(options: argparse.Namespace) -> None:
    from recoder_lsp.training import samples, train
    from recoder_lsp.training.model import Shape

    vocabulary = tokenizer.load(options.work / "vocabulary.json")
    tokenize, pieces = _tokenize(options.work), [tokenizer.piece(token) for token in vocabulary]
    makers = [
        samples.RowMaker(samples.Shards.load(options.work / f"{name}.npz"), pieces, tokenize, seed)
        for seed, name in enumerate(("train", "held_out"), 1)
    ]
    plan = train.Plan(
        Shape(len(vocabulary), layers=options.layers),
        options.minutes * 60,
        rows=options.rows,
        threads=options.threads,
        compiled=not options.no_compile,
    )
    print(f"{plan}\n{plan.shape.flop_per_token:,} operations a token")
    train.train(plan, makers[0], makers[1], options.work)


def _export(options: argparse.Namespace) -> None:
    from recoder_lsp.training import evaluate, export, samples

    vocabulary, checkpoint = tokenizer.load(options.work / "vocabulary.json"), options.work / "checkpoint.pt"
    export.write_model(checkpoint, vocabulary, options.output, name=options.name)
    trust = evaluate.copying_trust(samples.Shards.load(options.work / "held_out.npz"), options.output)
    size_bytes = export.write_model(checkpoint, vocabulary, options.output, name=options.name, trust=trust)
    print(f"{options.output}: {size_bytes:,} bytes; copying is trusted by {', '.join(f'{weight:.2f}' for weight in trust)}")


def _predict(options: argparse.Namespace) -> None:
    from recoder_lsp.training import evaluate

    evaluate.predict(options.items, options.model, options.output, options.workspaces)


def _bits(options: argparse.Namespace) -> None:
    from recoder_lsp.training import evaluate

    for language, documents in _held_out_files(options).items():
        bits = evaluate.bits_per_byte([document.text for document in documents], options.model)
        print(f"{language}: {bits:.3f} bits a byte")


def _typing(options: argparse.Namespace) -> None:
    from recoder_lsp.training import evaluate

    for language, documents in _held_out_files(options).items():
        typed = evaluate.typed(documents, options.model)
        print(
            f"{language}: {typed.keys} keys, {typed.shown} with a suggestion, {typed.right / max(typed.shown, 1):.1%} of them right; "
            f"{typed.completed / max(typed.keys, 1):.1%} of the characters completed"
        )


def _held_out_files(options: argparse.Namespace) -> dict[str, list[corpus.Document]]:
    held_out = _recorded_held_out(options.work)
    files: dict[str, list[corpus.Document]] = {}
    for document in _shuffled(options.work):
        if document.package in held_out and not corpus.is_test(document.path):
            files.setdefault(document.language, []).append(document)
    return {language: documents[: options.files] for language, documents in sorted(files.items())}


def _recorded_held_out(work: Path) -> set[str]:
    return set(json.loads((work / "held_out.json").read_text()))


def _shuffled(work: Path) -> list[corpus.Document]:
    documents = list(corpus.read(work / "corpus.jsonl.gz"))
    random.Random(1).shuffle(documents)
    return documents


def _held_out(documents: list[corpus.Document]) -> set[str]:
    """Choose the packages that neither the tokenizer nor the model learns from; the same ones for the same corpus."""
    packages = sorted({document.package for document in documents})
    return set(random.Random(7).sample(packages, max(1, int(HELD_OUT_SHARE * len(packages)))))


def _tokenize(work: Path) -> tokenizer.Tokenize:
    """Return the tokenizer as llama.cpp runs it."""
    from recoder_lsp.engine.llama import LlamaModel
    from recoder_lsp.training import export

    path = work / "tokenizer.gguf"
    export.write_tokenizer(tokenizer.load(work / "vocabulary.json"), path)
    return LlamaModel.load(path, context_tokens=64, threads=1).tokenize


if __name__ == "__main__":
    sys.exit(main())
