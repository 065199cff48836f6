"""Trains the embedder: a table of token rows, so that what was written about code lies near the code.

The loss is that of sentence-transformers' MultipleNegativesRankingLoss in both directions, inside its MatryoshkaLoss;
the loop is our own, because the library's trainer tokenises again in each epoch and was made for models a thousand times slower.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from recoder_lsp.training.embedding_module import NAME_WEIGHT, SATURATION, StaticCodeEmbedding
from recoder_lsp.training.embedding_pairs import Table, Texts


@dataclass(frozen=True)
class View:
    """One way to make a pair of an example: which columns ask, and which answer."""

    query: tuple[str, ...]
    document: tuple[str, ...]
    named: bool
    """The name's vector is added to the document's, as the index does."""
    share: float
    """How much of such pairs each epoch has."""


VIEWS = (
    View(("sentence",), ("body",), True, 1.0),
    View(("sentence",), ("masked",), False, 1.0),
    View(("sentence", "rest"), ("body",), True, 0.5),
    View(("sentence",), ("body", "rest"), True, 0.5),
    View(("short_name",), ("masked",), False, 0.6),
    View(("call",), ("masked",), False, 0.6),
)


@dataclass(frozen=True)
class Plan:
    """How to train. The same plan on the same pairs gives the same model, but for the order of float additions."""

    steps: int = 2_400
    dimensions: int = 256
    batch: int = 1_024
    rate: float = 0.01
    scale: float = 20.0
    half_weight: float = 0.3
    """Matryoshka: how much the loss of the first half of the dimensions counts."""
    brief: bool = True
    """Compare vectors in bfloat16, twice as fast."""
    group: int = 64
    """Pairs of one package that stand together in a batch: neighbours are the harder negatives."""
    near_share: float = 0.5
    """Share of these runs whose pairs stand near each other in their files, too."""
    one_language_share: float = 0.5
    """Share of the batches that have one language alone: no keyword tells their code apart."""
    ungrouped_share: float = 0.1
    """Share of the steps before packages are grouped."""
    dropped: float = 0.1
    """Share of a text's tokens left out, on average, so that a query need not be complete."""
    initial: float = 0.05
    threads: int = 2
    seed: int = 1


def train(plan: Plan, work: Path, output: Path) -> None:
    """Train on `work/embedding-pairs.npz` and write the sentence-transformers folder `output`."""
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    table = Table.load(work / "embedding-pairs.npz")
    serialised = (work / "embedding-tokenizer.json").read_text("utf-8")
    rows = _initial_rows(plan, table, len(json.loads(serialised)["model"]["vocab"]))
    module = StaticCodeEmbedding(serialised, rows)
    optimizer = torch.optim.Adam(module.parameters(), plan.rate, betas=(0.9, 0.99), fused=True)
    batches = _batches(plan, table)
    started, losses = time.monotonic(), []
    operations = 0.0
    for step in range(plan.steps):
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * min(1.0, (step + 1) / 50) * (1 - step / plan.steps)
        batch = next(batches)
        queries, documents, n_rows = batch.vectors(module.embedding)
        loss = loss_of(queries, documents, plan, batch.same_example())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
        operations += 6.0 * plan.dimensions * (n_rows + plan.batch**2)
        if step % 100 == 99:
            seconds = time.monotonic() - started
            print(f"step {step + 1} of {plan.steps}, loss {np.mean(losses[-100:]):.3f}, {seconds:.0f} s", flush=True)
    write(module, output)
    seen = {**asdict(plan), "pairs": plan.steps * plan.batch, "operations": operations, "seconds": time.monotonic() - started}
    (work / "embedding-run.json").write_text(json.dumps({**seen, "loss": float(np.mean(losses[-200:]))}, indent=1))


def write(module: StaticCodeEmbedding, output: Path) -> None:
    """Write the model's folder with sentence-transformers."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize

    SentenceTransformer(modules=[module, Normalize()], device="cpu").save(str(output), create_model_card=False)


def loss_of(queries: torch.Tensor, documents: torch.Tensor, plan: Plan, passed_over: torch.Tensor | None = None) -> torch.Tensor:
    """Return the mean over both directions of the cross-entropy of each right pair among the batch's.

    The same for the first half of the dimensions, with less weight: half a vector is to be of use alone.

    Args:
        queries: n unit rows.
        documents: n unit rows; row i answers query i.
        plan: For the scale, and whether products are taken in bfloat16.
        passed_over: bool (n, n): pairs that are neither right nor wrong.
    """
    middle = queries.shape[1] // 2
    products = []
    for part in (slice(None, middle), slice(middle, None)):
        asked, answered = queries[:, part], documents[:, part]
        if plan.brief:
            asked, answered = asked.bfloat16(), answered.bfloat16()
        products.append((asked @ answered.T).float())
    lengths = [vectors[:, :middle].norm(dim=1).clamp_min(1e-6) for vectors in (queries, documents)]
    half = products[0] / lengths[0][:, None] / lengths[1]
    whole = _entropy(plan.scale * (products[0] + products[1]), passed_over)
    return whole + plan.half_weight * _entropy(plan.scale * half, passed_over)


def _entropy(scores: torch.Tensor, passed_over: torch.Tensor | None) -> torch.Tensor:
    """Return the cross-entropy of the diagonal, by rows and by columns; one exponential serves both."""
    exponentials, right = scores.exp(), scores.diagonal()
    if passed_over is not None:
        exponentials = exponentials.masked_fill(passed_over, 0.0)
    return (exponentials.sum(1).log() + exponentials.sum(0).log() - 2 * right).mean() / 2


def _initial_rows(plan: Plan, table: Table, n_tokens: int) -> torch.Tensor:
    """Draw small rows, those of rare tokens longer: idf is where learning begins."""
    frequency = np.zeros(n_tokens)
    for name in ("sentence", "body"):
        frequency += np.bincount(table.columns[name].tokens, minlength=n_tokens)
    idf = np.log((len(table.kinds) + 1) / (frequency + 1))
    scaled = torch.from_numpy(idf / idf.mean()).float()
    return torch.randn(n_tokens, plan.dimensions) * plan.initial * scaled[:, None]


@dataclass(frozen=True)
class _Bag:
    """Some texts of a column: tokens and weights, and how many of them each text has."""

    tokens: np.ndarray
    weights: np.ndarray
    lengths: np.ndarray


@dataclass(frozen=True)
class _Batch:
    """Pairs in the order of their views, as bags: queries, bodies, names."""

    queries: _Bag
    bodies: _Bag
    names: _Bag
    named: torch.Tensor
    """float32 (n, 1): how much of the name's vector each document gets."""
    rows: torch.Tensor
    """int64 (n): the examples that they are of."""

    def same_example(self) -> torch.Tensor:
        """Say which query and document of different pairs are of one example: bool (n, n)."""
        return (self.rows[:, None] == self.rows).fill_diagonal_(False)

    def vectors(self, embedding: torch.nn.EmbeddingBag) -> tuple[torch.Tensor, torch.Tensor, int]:
        """Return unit rows for queries and documents, and how many rows of the table were added up."""
        bags = (self.queries, self.bodies, self.names)
        tokens = torch.from_numpy(np.concatenate([bag.tokens for bag in bags]).astype(np.int64))
        weights = torch.from_numpy(np.concatenate([bag.weights for bag in bags]))
        lengths = np.concatenate([bag.lengths for bag in bags])
        offsets = torch.from_numpy(np.cumsum(lengths) - lengths)
        units = torch.nn.functional.normalize(embedding(tokens, offsets, per_sample_weights=weights))
        queries, bodies, names = torch.tensor_split(units, 3)
        return queries, torch.nn.functional.normalize(bodies + self.named * names), len(tokens)


def _batches(plan: Plan, table: Table) -> Iterator[_Batch]:
    chance = np.random.default_rng(plan.seed)
    step = 0
    while True:
        rows, views = _pairs(table, chance)
        order = chance.permutation(len(rows))
        if step >= plan.ungrouped_share * plan.steps:
            order = _grouped(order, rows, table, plan, chance)
        for first in range(0, len(order) - plan.batch + 1, plan.batch):
            chosen = order[first : first + plan.batch]
            yield _batch(table, rows[chosen], views[chosen], plan, chance)
            step += 1


def _pairs(table: Table, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return which row is seen in which view during one epoch."""
    has = {name: column.lengths >= 2 for name, column in table.columns.items()}
    has["short_name"] = table.nameable
    rows, views = [], []
    for number, view in enumerate(VIEWS):
        possible = np.logical_and.reduce([has[name] for name in (*view.query, *view.document)])
        found = np.flatnonzero(possible & (chance.random(len(possible)) < view.share))
        rows.append(found)
        views.append(np.full(len(found), number, np.uint8))
    return np.concatenate(rows), np.concatenate(views)


def _grouped(order: np.ndarray, rows: np.ndarray, table: Table, plan: Plan, chance: np.random.Generator) -> np.ndarray:
    """Reorder so that runs of pairs are of one package, and the runs of some batches of one language; both in random order."""
    is_near = chance.random(len(order)) < plan.near_share
    near, far = order[is_near], order[~is_near]
    # Rows have the order of packages and files; the other pairs keep their random order within a package.
    by_package = (near[np.argsort(rows[near])], far[np.argsort(table.packages[rows[far]], kind="stable")])
    n_runs = [len(pairs) // plan.group for pairs in by_package]
    runs = np.concatenate([pairs[: n * plan.group].reshape(n, plan.group) for pairs, n in zip(by_package, n_runs, strict=True)])
    runs = runs[chance.permutation(len(runs))]
    middle = int(len(runs) * plan.one_language_share)
    alike = runs[:middle][np.argsort(table.languages[rows[runs[:middle, 0]]], kind="stable")]
    joined = np.concatenate([alike, runs[middle:]]).reshape(-1)
    batches = joined[: len(joined) // plan.batch * plan.batch].reshape(-1, plan.batch)
    return batches[chance.permutation(len(batches))].reshape(-1)


def _batch(table: Table, rows: np.ndarray, views: np.ndarray, plan: Plan, chance: np.random.Generator) -> _Batch:
    asked, answered = [], []
    for number, view in enumerate(VIEWS):
        chosen = rows[views == number]
        asked.append(_together([_taken(table.columns[name], chosen) for name in view.query]))
        answered.append(_together([_taken(table.columns[name], chosen) for name in view.document]))
    ordered = rows[np.argsort(views, kind="stable")]
    named = np.array([view.named for view in VIEWS], np.float32)[np.sort(views)] * NAME_WEIGHT
    return _Batch(
        _thinned(_joined(asked), plan.dropped, chance),
        _thinned(_joined(answered), plan.dropped / 2, chance),
        _taken(table.columns["name"], ordered),
        torch.from_numpy(named[:, None]),
        torch.from_numpy(ordered),
    )


def _taken(column: Texts, rows: np.ndarray) -> _Bag:
    lengths = column.lengths[rows]
    index = np.arange(lengths.sum()) + np.repeat(column.starts[rows] - (np.cumsum(lengths) - lengths), lengths)
    return _Bag(column.tokens[index], column.counts[index].astype(np.float32) ** SATURATION, lengths)


def _together(bags: list[_Bag]) -> _Bag:
    """Return for each text the tokens that it has in any of the columns."""
    if len(bags) == 1:
        return bags[0]
    owner = np.concatenate([np.repeat(np.arange(len(bag.lengths)), bag.lengths) for bag in bags])
    order = np.argsort(owner, kind="stable")
    joined = _joined(bags)
    return _Bag(joined.tokens[order], joined.weights[order], np.sum([bag.lengths for bag in bags], axis=0))


def _joined(bags: list[_Bag]) -> _Bag:
    return _Bag(*(np.concatenate([getattr(bag, part) for bag in bags]) for part in ("tokens", "weights", "lengths")))


def _thinned(bag: _Bag, dropped: float, chance: np.random.Generator) -> _Bag:
    """Leave tokens out, of each text another share between none and twice `dropped`."""
    share = np.repeat(chance.random(len(bag.lengths), np.float32) * 2 * dropped, bag.lengths)
    return _Bag(bag.tokens, bag.weights * (chance.random(len(share), np.float32) >= share), bag.lengths)
