"""Files of packages that no model learns from: the same ones for the same packages, and as many of each package as can be."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path

from recoder_lsp.training import corpus
from recoder_lsp.training.corpus import Document

Files = dict[str, list[Document]]
"""By language."""


def packages(path: Path) -> set[str]:
    """Read which packages are held out: a list of REGISTRY:NAME, or the manifest that ships with a model."""
    entries = json.loads(path.read_text("utf-8"))
    return {
        entry if isinstance(entry, str) else f"{entry['registry']}:{entry['name']}"
        for entry in entries
        if isinstance(entry, str) or entry["held_out"]
    }


def files(work: Path, held_out: set[str], n_files: int) -> Files:
    """Return some files of each language, no tests; the first call for some packages reads the whole corpus.

    Args:
        work: With corpus.jsonl.gz; what was found is kept there.
        held_out: The packages.
        n_files: How many of each language at most.
    """
    found: Files = {}
    for document in _documents(work, held_out):
        if not corpus.is_test(document.path):
            found.setdefault(document.language, []).append(document)
    return {language: _in_turn(documents)[:n_files] for language, documents in sorted(found.items())}


def _documents(work: Path, held_out: set[str]) -> list[Document]:
    source = work / "corpus.jsonl.gz"
    size_bytes = source.stat().st_size
    digest = hashlib.sha256(f"{size_bytes} {sorted(held_out)}".encode()).hexdigest()[:12]
    kept = work / f"held_out_files-{digest}.jsonl.gz"
    if not kept.exists():
        partial = kept.with_suffix(".partial")
        with gzip.open(partial, "wt", encoding="utf-8") as lines:
            lines.writelines(json.dumps(asdict(document)) + "\n" for document in corpus.read(source) if document.package in held_out)
        partial.rename(kept)
    return list(corpus.read(kept))


def _in_turn(documents: Iterable[Document]) -> list[Document]:
    """Order documents so that one of each package comes before a second one of any."""
    by_package: dict[str, list[Document]] = {}
    for document in sorted(documents, key=_place):
        by_package.setdefault(document.package, []).append(document)
    rounds = zip_longest(*(by_package[package] for package in sorted(by_package)))
    return [document for turn in rounds for document in turn if document is not None]


def _place(document: Document) -> str:
    return hashlib.sha256(f"{document.package} {document.path}".encode()).hexdigest()
