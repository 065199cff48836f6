"""Makes training pairs for the embedder: examples as bags of tokens, and the test set of held-out packages."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from recoder_lsp.index.store.embedder import Bags, BagTokenizer
from recoder_lsp.training import corpus, embedding_examples
from recoder_lsp.training.embedding_examples import Example, first_sentence

TEST_FUNCTIONS = 5_000
DEVELOPMENT_FUNCTIONS = 2_500
MAX_TEST_FUNCTIONS_PER_PACKAGE = 250
MIN_TEST_BODY_LINES = 3
MAX_SAME_NAMES = 3
# Names that say nothing about what stands below them.
_USUAL_NAME = re.compile(r"^(__\w+__|main|run|test|setup|teardown|wrapper|inner|decorator|constructor|index|\w{1,2})$", re.IGNORECASE)
_BLOCK = 20_000


def write_examples(documents: Sequence[corpus.Document], output: Path, processes: int = 2) -> None:
    """Write the examples of a corpus as JSON lines, package by package."""
    by_package = [list(group) for _, group in groupby(sorted(documents, key=_package), _package)]
    with ProcessPoolExecutor(processes) as pool, gzip.open(output, "wt", encoding="utf-8", compresslevel=1) as lines:
        for examples in pool.map(embedding_examples.of_package, by_package, chunksize=4):
            lines.writelines(json.dumps(asdict(example), ensure_ascii=False) + "\n" for example in examples)


def read_examples(path: Path) -> Iterator[Example]:
    """Yield what `write_examples` wrote."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            fields = json.loads(line)
            yield Example(**{**fields, "calls": tuple(fields["calls"])})


def is_testable(example: Example) -> bool:
    """Say whether a function and its docstring's first sentence make a fair question."""
    return (
        example.kind == "function"
        and example.body.count("\n") + 1 >= MIN_TEST_BODY_LINES
        and not corpus.is_test(example.path)
        and bool(first_sentence(example.documentation))
    )


def reserved(examples: Iterable[Example], held_out: set[str]) -> dict[str, list[str]]:
    """Return the packages that nothing is learnt from: "test" and "development".

    The held-out packages of the completion model and as many more, drawn by chance, as make up the test functions; and
    other packages for choosing between ways of training.
    """
    testable = Counter(example.package for example in examples if is_testable(example))
    left = sorted(testable.keys() - held_out)
    random.Random(11).shuffle(left)
    chosen = {"test": sorted(held_out), "development": list[str]()}
    for name, wanted in (("test", 1.1 * TEST_FUNCTIONS), ("development", DEVELOPMENT_FUNCTIONS)):
        while left and sum(min(testable[package], MAX_TEST_FUNCTIONS_PER_PACKAGE) for package in chosen[name]) < wanted:
            chosen[name].append(left.pop())
    return {name: sorted(packages) for name, packages in chosen.items()}


def test_set(examples: Iterable[Example]) -> list[Example]:
    """Choose the test functions among the examples of reserved packages: no question and no body twice."""
    candidates = [example for example in examples if is_testable(example)]
    random.Random(12).shuffle(candidates)
    by_package: Counter[str] = Counter()
    seen: set[str] = set()
    chosen = []
    for example in candidates:
        marks = {first_sentence(example.documentation).lower(), " ".join(example.body.split())}
        if by_package[example.package] < MAX_TEST_FUNCTIONS_PER_PACKAGE and not marks & seen:
            seen |= marks
            by_package[example.package] += 1
            chosen.append(example)
    return chosen[:TEST_FUNCTIONS]


@dataclass(frozen=True)
class Texts:
    """One column of the examples as bags: uint16 tokens, uint8 counts, int64 starts (one more than rows)."""

    tokens: np.ndarray
    counts: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, texts: Sequence[str], tokenizer: BagTokenizer) -> Texts:
        """Count the tokens of each text."""
        blocks: list[Bags] = [tokenizer.bags(texts[first : first + _BLOCK]) for first in range(0, len(texts), _BLOCK)]
        lengths = np.concatenate([np.diff(block.ends, prepend=0) for block in blocks])
        return cls(
            np.concatenate([block.tokens for block in blocks]).astype(np.uint16),
            np.concatenate([np.minimum(block.counts, 255) for block in blocks]).astype(np.uint8),
            np.concatenate([[0], np.cumsum(lengths)]),
        )

    @property
    def lengths(self) -> np.ndarray:
        """How many different tokens each text has."""
        return np.diff(self.starts)


COLUMNS = ("sentence", "rest", "name", "short_name", "body", "masked", "call")


@dataclass(frozen=True)
class Table:
    """All training examples, column by column; row i of each column belongs to example i."""

    columns: dict[str, Texts]
    packages: np.ndarray
    """int32, one number for each package: what belongs together."""
    kinds: np.ndarray
    """uint8: 0 function, 1 class, 2 comment, 3 file."""
    nameable: np.ndarray
    """bool: the name says something, and not too many others have it."""

    @classmethod
    def of(cls, examples: Iterable[Example], tokenizer: BagTokenizer) -> Table:
        """Tokenise the examples, each code only once."""
        texts: dict[str, list[str]] = {name: [] for name in COLUMNS}
        packages, kinds, nameable = [], [], []
        numbers: dict[str, int] = {}
        seen: set[int] = set()
        names: Counter[str] = Counter()
        for example in examples:
            mark = hash(" ".join(example.body.split()))
            if mark in seen or len(example.body) < 20:
                continue
            seen.add(mark)
            short_name = example.name.rpartition(".")[2] if example.kind != "file" else ""
            sentence = first_sentence(example.documentation)
            rest = _without(example.documentation, sentence)
            masked = re.sub(rf"\b{re.escape(short_name)}\b", " ", example.body) if short_name else example.body
            row = (sentence, rest, example.name, short_name, example.body, masked, "\n".join(example.calls))
            for name, text in zip(COLUMNS, row, strict=True):
                texts[name].append(text)
            packages.append(numbers.setdefault(example.package, len(numbers)))
            kinds.append(("function", "class", "comment", "file").index(example.kind))
            names[short_name.lower()] += 1
            nameable.append(bool(short_name) and not _USUAL_NAME.match(short_name) and names[short_name.lower()] <= MAX_SAME_NAMES)
        columns = {name: Texts.of(column, tokenizer) for name, column in texts.items()}
        return cls(columns, np.array(packages, np.int32), np.array(kinds, np.uint8), np.array(nameable))

    def save(self, path: Path) -> None:
        """Write the table as one file."""
        arrays = {
            f"{name}.{part}": getattr(column, part) for name, column in self.columns.items() for part in ("tokens", "counts", "starts")
        }
        np.savez(path, packages=self.packages, kinds=self.kinds, nameable=self.nameable, **arrays)

    @classmethod
    def load(cls, path: Path) -> Table:
        """Read what `save` wrote."""
        with np.load(path) as file:
            columns = {name: Texts(*(file[f"{name}.{part}"] for part in ("tokens", "counts", "starts"))) for name in COLUMNS}
            return cls(columns, file["packages"], file["kinds"], file["nameable"])


def _package(document: corpus.Document) -> str:
    return document.package


def _without(documentation: str, sentence: str) -> str:
    """Return the documentation after its first sentence."""
    words = sentence.split()
    return " ".join(documentation.split()[len(words) :]) if words else ""
