"""Measures embedders: does the first sentence of a docstring find its function among those of held-out packages?"""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recoder_lsp.index.store.embedder import Embedder, StaticEmbedder, load_embedder
from recoder_lsp.training.embedding_examples import LANGUAGES, Example
from recoder_lsp.training.embedding_module import NAME_WEIGHT

TIMED_CHUNKS = 128
BM25_SHARE = 0.2
RANK_CONSTANT = 10
NAME_COUNT = 4
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@dataclass(frozen=True)
class Scores:
    """How near each document (column) is to each question (row); the right document has the question's number."""

    label: str
    values: np.ndarray
    chunks_per_second: float = 0.0

    def reciprocal_ranks(self) -> np.ndarray:
        """Return 1 / rank of each right document, 0 beyond rank 10; a tie counts as lost."""
        ranks = (self.values >= self.values.diagonal()[:, None]).sum(1)
        return np.where(ranks <= 10, 1 / np.maximum(ranks, 1), 0)


def table(chosen: Sequence[Example], model: Path, compared: str, work: Path) -> str:
    """Return a Markdown table of the model, BM25, both together, and the same for another model.

    Args:
        chosen: The test functions.
        model: Folder of a static model.
        compared: Folder of any sentence-transformers model, or "".
        work: Where the slow model's vectors are kept between runs.
    """
    questions = [example.sentence for example in chosen]
    names, bodies = [example.name for example in chosen], [example.body for example in chosen]
    words = Scores("BM25, identifiers split", bm25(questions, [_words(body) for body in bodies]))
    named = [_words(body) + (NAME_COUNT - 1) * _words(name) for name, body in zip(names, bodies, strict=True)]
    words_and_name = Scores(f"BM25, the name counted {NAME_COUNT} times", bm25(questions, named))
    static = load_embedder(str(model))
    assert isinstance(static, StaticEmbedder)
    asked = static.queries(questions)
    no_names = [""] * len(names)
    own = Scores("**recoder-embedding**", asked @ static.documents(names, bodies).T, _chunks_per_second(static, names, bodies))
    rows = [words, words_and_name, Scores("recoder-embedding, without the name", asked @ static.documents(no_names, bodies).T), own]
    rows += _fused(own, words_and_name)
    if compared:
        rows += _compared(compared, (questions, names, bodies), words_and_name, work)
    languages = np.array([example.language for example in chosen])
    present = [language for language in LANGUAGES if language in languages]
    lines = [
        f"{len(chosen):,} functions of {len({example.package for example in chosen})} packages",
        "",
        "| ranker | MRR@10 | R@10 | "
        + " | ".join(f"{language} ({(languages == language).sum():,})" for language in present)
        + " | chunks/s |\n|---|---|---|"
        + "---|" * (len(present) + 1),
    ]
    for row in rows:
        found = row.reciprocal_ranks()
        by_language = " | ".join(f"{found[languages == language].mean():.3f}" for language in present)
        speed = f"{row.chunks_per_second:,.0f}" if row.chunks_per_second else ""
        lines.append(f"| {row.label} | {found.mean():.3f} | {(found > 0).mean():.3f} | {by_language} | {speed} |")
    return "\n".join(lines)


def bm25(questions: Sequence[str], documents: Sequence[list[str]], k1: float = 1.2, b: float = 0.75) -> np.ndarray:
    """Score each document for each question by its words."""
    numbers: dict[str, int] = {}
    counted = [Counter(words) for words in documents]
    entries = [(row, numbers.setdefault(word, len(numbers)), count) for row, words in enumerate(counted) for word, count in words.items()]
    rows, columns, counts = (np.array(column) for column in zip(*entries, strict=True))
    lengths = np.array([len(words) for words in documents])
    frequency = np.bincount(columns, minlength=len(numbers))
    idf = np.log1p((len(documents) - frequency + 0.5) / (frequency + 0.5))
    weights = idf[columns] * counts * (k1 + 1) / (counts + k1 * (1 - b + b * lengths[rows] / lengths.mean()))
    # Sorted by word, so that the documents of a word are a slice.
    order = np.argsort(columns, kind="stable")
    ends = np.cumsum(frequency)
    scores = np.zeros((len(questions), len(documents)), np.float32)
    for row, question in enumerate(questions):
        for word in set(_words(question)):
            if (number := numbers.get(word)) is not None:
                entry = order[ends[number] - frequency[number] : ends[number]]
                scores[row, rows[entry]] += weights[entry]
    return scores


def _fused(meaning: Scores, words: Scores) -> list[Scores]:
    normalised = words.values / np.maximum(words.values.max(1, keepdims=True), 1e-9)
    linear = meaning.values + BM25_SHARE * normalised
    ranks = 1 / (RANK_CONSTANT + _ranks(meaning.values)) + 1 / (RANK_CONSTANT + _ranks(words.values))
    return [
        Scores(f"{meaning.label} + {BM25_SHARE} BM25", linear),
        Scores(f"{meaning.label} and BM25 by reciprocal ranks", ranks),
    ]


def _compared(folder: str, texts: tuple[list[str], list[str], list[str]], words: Scores, work: Path) -> list[Scores]:
    """Return the scores of another model: plain, and with the name's vector added as for ours."""
    questions, names, bodies = texts
    model = load_embedder(folder)
    label = model.model.rpartition("-")[0] if Path(folder).name != "model" else Path(folder).parent.name
    kept = hashlib.blake2b(repr((model.model, questions, names, bodies)).encode(), digest_size=8).hexdigest()
    path = work / f"embedding-compared-{kept}.npz"
    if not path.exists():
        np.savez(path, questions=model.queries(questions), bodies=model.queries(bodies), names=model.queries(names))
    with np.load(path) as vectors:
        asked, body, name = vectors["questions"], vectors["bodies"], vectors["names"]
    both = body + NAME_WEIGHT * name
    plain = Scores(label, asked @ body.T, _chunks_per_second(model, [""] * len(bodies), bodies))
    with_name = Scores(f"{label} with the name's vector", asked @ (both / np.linalg.norm(both, axis=1, keepdims=True)).T)
    return [plain, with_name, *_fused(plain, words), *_fused(with_name, words)]


def _chunks_per_second(model: Embedder, names: Sequence[str], bodies: Sequence[str]) -> float:
    """Measure the best of three turns over the same chunks, their words met before: other work on the machine counts less."""
    model.documents(names[:TIMED_CHUNKS], bodies[:TIMED_CHUNKS])
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        model.documents(names[:TIMED_CHUNKS], bodies[:TIMED_CHUNKS])
        seconds.append(time.perf_counter() - started)
    return min(len(bodies), TIMED_CHUNKS) / min(seconds)


def _ranks(values: np.ndarray) -> np.ndarray:
    order = np.argsort(-values, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, values.shape[1] + 1)[None, :], axis=1)
    return ranks


def _words(text: str) -> list[str]:
    return [part.lower() for part in _PART.findall(text)]
