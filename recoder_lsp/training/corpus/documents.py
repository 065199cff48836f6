"""The files of a corpus, as the steps after it read them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = {
    ".py": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".tsx": "typescript",
    ".go": "go",
    ".rs": "rust",
    ".java": "java",
    ".c": "c",
    ".h": "c",
}


@dataclass(frozen=True)
class Document:
    """One source file of the corpus; `path` is relative to its package's archive."""

    package: str
    path: str
    language: str
    text: str


def read(corpus: Path) -> Iterator[Document]:
    """Yield the documents of a corpus written by `build`."""
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield Document(**json.loads(line))
