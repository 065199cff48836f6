"""Makes training pairs for the embedder: examples as bags of tokens, and the test set of held-out packages."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from recoder_lsp.index.store.embedder import Bags, BagTokenizer
from recoder_lsp.training import corpus, embedding_examples
from recoder_lsp.training.embedding_examples import LANGUAGES, Example

# Of each language.
TEST_FUNCTIONS = 800
DEVELOPMENT_FUNCTIONS = 400
MAX_TEST_FUNCTIONS_PER_PACKAGE = 150
MIN_TEST_BODY_LINES = 3
MAX_SAME_NAMES = 3
UNDOCUMENTED_SHARE = 0.5
"""How many of the functions that teach nothing but their name are learnt from."""
# Names that say nothing about what stands below them.
_USUAL_NAME = re.compile(r"^(__\w+__|main|run|test|setup|teardown|wrapper|inner|decorator|constructor|index|\w{1,2})$", re.IGNORECASE)
_BLOCK = 20_000


def write_examples(documents: Sequence[corpus.Document], output: Path, processes: int = 2) -> None:
    """Write the examples of a corpus as JSON lines, package by package, file by file."""
    in_order = sorted(documents, key=lambda document: (document.package, document.path))
    by_package = [list(group) for _, group in groupby(in_order, lambda document: document.package)]
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
        and bool(example.sentence)
    )


def reserved(
    examples: Iterable[Example], held_out: Iterable[str], earlier: Mapping[str, Iterable[str]], learnt: Container[str]
) -> dict[str, list[str]]:
    """Return the packages that nothing is learnt from: "test", and "development" for choosing between ways of training.

    Both hold what the edition before kept away, the test also what the completion model does, and others, drawn by chance,
    until they have enough test functions of each language.

    Args:
        examples: Of all packages.
        held_out: The packages that the completion model does not learn from.
        earlier: What the edition before kept away: tested on the same, editions can be compared.
        learnt: What that edition learnt from: not drawn, for the same reason.
    """
    testable: dict[str, Counter[str]] = defaultdict(Counter)
    for example in examples:
        if is_testable(example):
            testable[example.package][example.language] += 1
    development = set(earlier.get("development", ()))
    chosen = {"test": (set(earlier.get("test", ())) | set(held_out)) - development, "development": development}
    left = sorted(package for package in testable if package not in learnt and not any(package in packages for packages in chosen.values()))
    random.Random(11).shuffle(left)
    languages = sorted({language for counts in testable.values() for language in counts})
    for name, wanted in (("test", 1.1 * TEST_FUNCTIONS), ("development", DEVELOPMENT_FUNCTIONS)):
        for language in languages:
            found = sum(min(testable[package][language], MAX_TEST_FUNCTIONS_PER_PACKAGE) for package in chosen[name] if package in testable)
            # From the end, so that what the next language sees is still by chance.
            for package in [package for package in reversed(left) if testable[package][language]]:
                if found >= wanted:
                    break
                left.remove(package)
                chosen[name].add(package)
                found += min(testable[package][language], MAX_TEST_FUNCTIONS_PER_PACKAGE)
    return {name: sorted(packages) for name, packages in chosen.items()}


def test_set(examples: Iterable[Example]) -> list[Example]:
    """Choose the test functions among the examples of reserved packages: no question and no body twice."""
    candidates = [example for example in examples if is_testable(example)]
    random.Random(12).shuffle(candidates)
    by_package: Counter[tuple[str, str]] = Counter()
    by_language: Counter[str] = Counter()
    seen: set[str] = set()
    chosen = []
    for example in candidates:
        marks = {example.sentence.lower(), " ".join(example.body.split())}
        origin = (example.package, example.language)
        if by_package[origin] < MAX_TEST_FUNCTIONS_PER_PACKAGE and by_language[example.language] < TEST_FUNCTIONS and not marks & seen:
            seen |= marks
            by_package[origin] += 1
            by_language[example.language] += 1
            chosen.append(example)
    return chosen


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
    languages: np.ndarray
    """uint8, one number for each language."""
    nameable: np.ndarray
    """bool: the name says something, and not too many others have it."""

    @classmethod
    def of(cls, examples: Iterable[Example], tokenizer: BagTokenizer, tested: Iterable[Example] = ()) -> Table:
        """Tokenise the examples, each code only once, and none that is `tested`: packages copy from each other."""
        texts: dict[str, list[str]] = {name: [] for name in COLUMNS}
        packages, kinds, languages, nameable = [], [], [], []
        numbers: dict[str, int] = {}
        seen = {_mark(example.body) for example in tested}
        names: Counter[str] = Counter()
        for example in examples:
            mark = _mark(example.body)
            if mark in seen or len(example.body) < 20:
                continue
            if not example.documentation and not example.calls and mark % 100 >= 100 * UNDOCUMENTED_SHARE:
                continue
            seen.add(mark)
            short_name, sentence = example.short_name, example.sentence
            rest = _without(example.documentation, sentence)
            masked = without_name(example.body, short_name) if short_name else ""
            row = (sentence, rest, example.name, short_name, example.body, masked, "\n".join(example.calls))
            for name, text in zip(COLUMNS, row, strict=True):
                texts[name].append(text)
            packages.append(numbers.setdefault(example.package, len(numbers)))
            kinds.append(("function", "class", "comment", "file").index(example.kind))
            languages.append(LANGUAGES.index(example.language))
            names[short_name.lower()] += 1
            nameable.append(bool(short_name) and not _USUAL_NAME.match(short_name) and names[short_name.lower()] <= MAX_SAME_NAMES)
        columns = {name: Texts.of(column, tokenizer) for name, column in texts.items()}
        return cls(columns, np.array(packages, np.int32), np.array(kinds, np.uint8), np.array(languages, np.uint8), np.array(nameable))

    def save(self, path: Path) -> None:
        """Write the table as one file."""
        arrays = {
            f"{name}.{part}": getattr(column, part) for name, column in self.columns.items() for part in ("tokens", "counts", "starts")
        }
        np.savez(path, packages=self.packages, kinds=self.kinds, languages=self.languages, nameable=self.nameable, **arrays)

    @classmethod
    def load(cls, path: Path) -> Table:
        """Read what `save` wrote."""
        with np.load(path) as file:
            columns = {name: Texts(*(file[f"{name}.{part}"] for part in ("tokens", "counts", "starts"))) for name in COLUMNS}
            return cls(columns, file["packages"], file["kinds"], file["languages"], file["nameable"])


def _mark(body: str) -> int:
    # Not hash(): another one in each process.
    return int.from_bytes(hashlib.blake2b(" ".join(body.split()).encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def without_name(body: str, name: str) -> str:
    """Return a body with a name left out wherever it stands as a whole word."""
    parts, start, at = [], 0, body.find(name)
    while at >= 0:
        end = at + len(name)
        if not (body[at - 1 : at].isalnum() or body[at - 1 : at] == "_" or body[end : end + 1].isalnum() or body[end : end + 1] == "_"):
            parts.append(body[start:at])
            start = end
        at = body.find(name, end)
    return " ".join([*parts, body[start:]])


def _without(documentation: str, sentence: str) -> str:
    """Return the documentation after its first sentence."""
    words = sentence.split()
    return " ".join(documentation.split()[len(words) :]) if words else ""
