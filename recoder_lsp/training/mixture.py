"""Which documents of the corpus the tokenizer and the model get to see, how much of each language, and which are held out."""

from __future__ import annotations

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from recoder_lsp.training import corpus
from recoder_lsp.training.corpus import Document

# Shares of characters. Python and the languages of the web come first; Java and C are taught a little.
SHARES = {"python": 0.30, "javascript": 0.14, "typescript": 0.15, "go": 0.15, "rust": 0.15, "java": 0.06, "c": 0.05}
TOKENIZER_CHARACTERS = 48e6
TOKENIZER_CHARACTERS_PER_PACKAGE = 90_000
WITHOUT_DOCUMENTATION = 0.6
# Tests, examples and benchmarks are code as well, but resemble each other.
TESTS = 0.3
ONE_HELD_OUT_IN = 20


def held_out(packages: Iterable[str], shipped: Path | None = None, manifest: Path | None = None) -> set[str]:
    """Choose the packages that neither tokenizer nor model learns from: whole projects, see `corpus.projects`.

    A project of which an earlier edition learnt anything is never held out, since a later one may start from its weights, and
    one that it did not learn from stays held out; of other projects one in twenty is, always the same ones.

    Args:
        packages: All of them, as REGISTRY:NAME.
        shipped: The list of packages that came with the earlier edition (`corpus.json`).
        manifest: The `manifest.json` of these packages, for where they are at home; without it, only shared names and the
            homes in `shipped` tell which are one project.
    """
    listed = set(packages)
    earlier = json.loads(shipped.read_text("utf-8")) if shipped is not None and shipped.exists() else []
    rows = [*earlier, *(json.loads(manifest.read_text("utf-8"))["packages"] if manifest is not None else [])]
    known = {_key(row): row["held_out"] for row in earlier}
    chosen: set[str] = set()
    for project in corpus.projects({*listed, *known}, {_key(row): row["repository"] for row in rows}):
        decided = [known[package] for package in project if package in known]
        if all(decided) if decided else _stable(project[0]) % ONE_HELD_OUT_IN == 0:
            chosen.update(project)
    return chosen & listed


def for_tokenizer(documents: Sequence[Document], characters: float = TOKENIZER_CHARACTERS) -> Iterator[str]:
    """Yield texts for the tokenizer, no line of a file twice, and no package much more often than another."""
    left = {language: share * characters for language, share in SHARES.items()}
    taken: dict[str, int] = defaultdict(int)
    for document in documents:
        size = len(document.text)
        if left.get(document.language, 0) > 0 and taken[document.package] < TOKENIZER_CHARACTERS_PER_PACKAGE:
            left[document.language] -= size
            taken[document.package] += size
            yield "\n".join(dict.fromkeys(document.text.split("\n")))


def for_training(documents: Iterable[Document], characters: float) -> list[Document]:
    """Choose what the model learns from: whole packages, because files teach what their neighbours are called.

    Documentation is taken out of six files in ten: in the others it teaches to document, and all of it would be a third of
    what is learnt.

    Args:
        documents: Those that may be learnt from.
        characters: How much to choose, of all languages together; of a language that has too little, all of it.
    """
    chance = random.Random(8)
    packages: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        if not corpus.is_test(document.path) or chance.random() < TESTS:
            packages[document.package].append(document)
    left = {language: share * characters for language, share in SHARES.items()}
    chosen = []
    for name in sorted(packages, key=_stable):
        # A language that is full closes only its own files: packages of JavaScript often hold some TypeScript.
        for document in packages[name]:
            if left.get(document.language, 0) > 0:
                bare = corpus.without_documentation(document) if chance.random() < WITHOUT_DOCUMENTATION else document
                left[document.language] -= len(bare.text)
                chosen.append(bare)
    return chosen


def _key(row: dict[str, Any]) -> str:
    return f"{row['registry']}:{row['name']}"


def _stable(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
