"""Trains the gate: lines of packages that no model has seen are typed again, and the experts are asked at some carets of each.

What they propose there is right or wrong, and from that the forest learns when it is. As users are not asked, what they would have
turned down is taken to be what was likely and wrong at an earlier caret of the same line.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recoder_lsp.app import App
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.scheduler import Priority
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.asking import Request, place_of
from recoder_lsp.features.context import Context
from recoder_lsp.features.experts import FIRST_LOOK_FROM_PERCENT, Experts, plain
from recoder_lsp.features.gate import FEATURES, FIRST_FEATURES, MISSING, NO_RANK, VERSION, Evidence, features, first_look_of
from recoder_lsp.index.phrases.building import build
from recoder_lsp.index.phrases.stream import Stream
from recoder_lsp.training.corpus import Document
from recoder_lsp.training.evaluation.completing import settings_for
from recoder_lsp.training.evaluation.holes import caret_in, code_lines

# How many lines of each language: most of those that are written most, and that the index knows best.
SHARES = {"python": 0.3, "javascript": 0.17, "typescript": 0.13, "go": 0.15, "rust": 0.15, "java": 0.06, "c": 0.04}
CARETS_A_LINE = 2
LEAST_FILES = 5
# Where the model is not loaded yet, and where an index is not there, the rest of the experts have to decide as well.
WITHOUT_MODEL, WITHOUT_PHRASES = 0.25, 0.1
# Of the lines, this share is typed where no workspace is open.
WITHOUT_WORKSPACE = 0.25
LIKELY = math.log(0.5)
FOLDS = 5
# From this probability on something is shown, by default; so much of what is then right may not be lost by not asking the model.
SHOWN, KEPT = FIRST_LOOK_FROM_PERCENT / 100, 0.98
# With fewer carets that would show something, or nothing, there is no first look.
LEAST_OF_EACH = 20

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Caret:
    """One place: what was proposed, in numbers, and which of it is right."""

    package: str
    language: str
    rows: list[list[float]]
    right: list[bool]
    is_whole: bool = True
    """Whether all experts took part."""
    knows_workspace: bool = True
    """Whether there were phrases of other files."""


class _Package:
    """The phrases of the package at hand."""

    def __init__(self) -> None:
        self.stream: Stream | None = None
        self.path = ""

    def phrases(self, uri: str) -> tuple[Stream, str] | None:
        return (self.stream, self.path) if self.stream is not None else None


async def collect(documents: Sequence[Document], model: Path, n_lines: int, seed: int = 3, threads: int = 1) -> list[Caret]:
    """Ask the experts at carets of lines drawn at random; about four carets a second.

    Args:
        documents: Of packages that the model has not learnt from.
        model: The GGUF file.
        n_lines: How many lines, of all languages together.
        seed: Other lines for another number.
        threads: Of the model.
    """
    settings = settings_for(model, threads)
    app, package = App.build(settings), _Package()
    experts = Experts(app.runtime, package)
    chance = random.Random(seed)
    found: list[Caret] = []
    try:
        app.runtime.ensure(settings.engine)
        await app.runtime.loaded()
        for name, stream, document, number in _lines(documents, n_lines, chance):
            package.stream, package.path = (stream if chance.random() >= WITHOUT_WORKSPACE else None), document.path
            lines = document.text.split("\n")
            line, rejections = lines[number], 0
            for column in sorted({caret_in(line, chance)[1] for _ in range(CARETS_A_LINE)}):
                before = "\n".join([*lines[:number], line[:column]])
                text = "\n".join([before, *lines[number + 1 :]])
                request = Request(Snapshot(f"file:///{document.path}", document.language, text, column), len(before), invoked=True)
                work = experts.evidence(request, place_of(request), Context(), settings)
                evidence = await app.scheduler.run(work, priority=Priority.GHOST_TEXT)
                gold = plain(line[column:])
                for some in _parts(evidence, chance):
                    place, right = place_of(request), [plain(each.text) == gold for each in some]
                    rows = features(some, place, rejections)
                    found.append(Caret(name, document.language, rows, right, some is evidence, package.stream is not None))
                rejections += _would_be_rejected(evidence, gold)
    finally:
        await app.close()
    return found


def train(carets: Sequence[Caret], file: Path) -> str:
    """Train the forest on all of it, write it, and return how well forests do on packages that they have not learnt from.

    Raises:
        RecoderError: There are too few carets.
    """
    n_packages = len({caret.package for caret in carets})
    if n_packages < 2:
        raise RecoderError("A gate needs lines of two packages at least.", "Hold out more packages, or draw more lines.")
    scores = _held_out_scores(carets)
    first, about_first = _first_look(carets, scores)
    table = f"{report(carets, scores)}\n\n{about_first}"
    stored = {
        "version": VERSION,
        "about": f"Trained by `python -m recoder_lsp.training WORK gate` on {len(carets)} carets of {n_packages} packages.",
        "features": list(FEATURES),
        **_stored(_fitted(*_matrix(_in_workspaces(carets)))),
        "first": first,
    }
    file.write_text(_as_text(stored), "utf-8")
    return table


def report(carets: Sequence[Caret], scores: Sequence[Sequence[float]]) -> str:
    """Write as a table how often the most probable candidate is right, overall and among the surest."""
    lines = ["| | carets | proposed at all | right | right of surest 10 % | 20 % | 30 % | 50 % | log loss |", "|---|" + "---:|" * 8]
    pairs = [(caret, score) for caret, score in zip(carets, scores, strict=True) if caret.is_whole and caret.knows_workspace]
    for name in ("all", *sorted({caret.language for caret in carets})):
        chosen = [(caret, score) for caret, score in pairs if name in ("all", caret.language)]
        best = sorted((max(zip(score, caret.right, strict=True)) for caret, score in chosen), reverse=True)
        numbers = [100 * sum(any(caret.right) for caret, _ in chosen) / len(chosen), 100 * sum(right for _, right in best) / len(best)]
        for share in (0.1, 0.2, 0.3, 0.5):
            surest = best[: math.ceil(share * len(best))]
            numbers.append(100 * sum(right for _, right in surest) / len(surest))
        loss = -sum(math.log(max(score if right else 1 - score, 1e-9)) for score, right in best) / len(best)
        lines.append(f"| {name} | {len(chosen)} | {' | '.join(f'{number:.1f}' for number in numbers)} | {loss:.3f} |")
    return "\n".join(lines)


def _lines(documents: Sequence[Document], n_lines: int, chance: random.Random) -> Iterator[tuple[str, Stream, Document, int]]:
    """Draw lines, as many of each language as its share, from packages with some files of it; package by package."""
    by_package: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        family = "javascript" if document.language.startswith("typescript") else document.language
        by_package.setdefault((document.package, family), []).append(document)
    chosen: dict[tuple[str, str], list[tuple[Document, int]]] = {}
    for language, share in SHARES.items():
        packages = [key for key, files in by_package.items() if sum(file.language == language for file in files) >= LEAST_FILES]
        for _ in range(round(share * n_lines) if packages else 0):
            key = chance.choice(packages)
            document = chance.choice([file for file in by_package[key] if file.language == language])
            numbers = [number for number, _ in code_lines(document.text)]
            if numbers:
                chosen.setdefault(key, []).append((document, chance.choice(numbers)))
    for key, lines in chosen.items():
        drawn: dict[str, set[int]] = {}
        for document, number in lines:
            drawn.setdefault(document.path, set()).add(number)
        # Not even words that these lines alone have may be known.
        stream = build((file.path, _without(file.text, drawn.get(file.path, set()))) for file in by_package[key])
        for document, number in lines:
            yield key[0], stream, document, number


def _without(text: str, numbers: Collection[int]) -> str:
    return "\n".join("" if number in numbers else line for number, line in enumerate(text.split("\n")))


def _parts(evidence: list[Evidence], chance: random.Random) -> Iterator[list[Evidence]]:
    """Yield what all experts say, and now and then what some would say without the others."""
    if evidence:
        yield evidence
    draw = chance.random()
    some: list[Evidence] = []
    if draw < WITHOUT_MODEL:
        some = [replace(each, model=None, model_rank=None) for each in evidence if each.phrases_rank is not None]
    elif draw < WITHOUT_MODEL + WITHOUT_PHRASES:
        some = [replace(each, phrases=None, phrases_rank=None) for each in evidence if each.model_rank is not None]
    if some:
        yield some


def _would_be_rejected(evidence: Sequence[Evidence], gold: str) -> bool:
    likely = [each for each in evidence if each.model is not None and each.model_rank == 0 and each.model.mean_log_probability > LIKELY]
    return any(plain(each.text) != gold for each in likely)


def _in_workspaces(carets: Sequence[Caret]) -> list[Caret]:
    """Those that candidates are judged by: the others are there for the first look, which decides for all."""
    return [caret for caret in carets if caret.knows_workspace]


def _matrix(carets: Sequence[Caret]) -> tuple[Matrix, npt.NDArray[np.bool_]]:
    rows = [row for caret in carets for row in caret.rows]
    return np.array(rows, np.float64), np.array([right for caret in carets for right in caret.right])


def _held_out_scores(carets: Sequence[Caret]) -> list[list[float]]:
    """Score each caret by a forest that has seen nothing of its package."""
    packages = sorted({caret.package for caret in carets})
    fold = {package: number % FOLDS for number, package in enumerate(packages)}
    scores: list[list[float]] = [[] for _ in carets]
    for number in range(min(FOLDS, len(packages))):
        forest = _fitted(*_matrix(_in_workspaces([caret for caret in carets if fold[caret.package] != number])))
        for place, caret in enumerate(carets):
            if fold[caret.package] == number:
                scores[place] = forest.predict_proba(np.array(caret.rows))[:, 1].tolist()
    return scores


def _fitted(rows: Matrix, right: npt.NDArray[np.bool_]) -> Any:
    from sklearn.ensemble import GradientBoostingClassifier

    forest = GradientBoostingClassifier(
        n_estimators=140, learning_rate=0.07, max_depth=4, min_samples_leaf=20, subsample=0.7, max_features=0.5, random_state=1
    )
    return forest.fit(rows, right)


def _first_look(carets: Sequence[Caret], scores: Sequence[Sequence[float]]) -> tuple[dict[str, Any], str]:
    """Fit what says by phrases alone whether anything would be shown; return it as stored, and a sentence on what it saves and costs.

    Where it is drawn, KEPT of what would be shown and be right is kept, by forests that have seen nothing of the package.
    """
    whole = [(caret, score) for caret, score in zip(carets, scores, strict=True) if caret.is_whole]
    rows = np.array([_first_row(caret) for caret, _ in whole])
    shown = np.array([max(score) >= SHOWN for _, score in whole])
    right = np.array([max(score) >= SHOWN and caret.right[int(np.argmax(score))] for caret, score in whole])
    packages = sorted({caret.package for caret, _ in whole})
    fold = np.array([packages.index(caret.package) % FOLDS for caret, _ in whole])
    if any(min(np.bincount(shown[fold != number], minlength=2)) < LEAST_OF_EACH for number in range(min(FOLDS, len(packages)))):
        nothing = {"features": list(FIRST_FEATURES), "least": 0.0, "bias": 0.0, "trees": []}
        return nothing, "First look: too few carets to learn it from, so the model is asked everywhere."
    probable = np.zeros(len(whole))
    for number in range(min(FOLDS, len(packages))):
        forest = _fitted(rows[fold != number], shown[fold != number])
        probable[fold == number] = forest.predict_proba(rows[fold == number])[:, 1]
    least = round(float(np.quantile(probable[right], 1 - KEPT)), 5) if right.any() else 0.0
    hopeless = probable < least
    lost = 100 * (hopeless & right).sum() / max(right.sum(), 1)
    saved, would_show = 100 * hopeless.mean(), 100 * shown.mean()
    about = (
        f"First look: {would_show:.1f} % of the carets would show something. At {saved:.1f} % the model is not asked, "
        f"which costs {lost:.1f} % of what would be shown and be right."
    )
    return {"features": list(FIRST_FEATURES), "least": least, **_stored(_fitted(rows, shown))}, about


def _first_row(caret: Caret) -> list[float]:
    rank, phrases = FEATURES.index("phrases rank"), FEATURES.index("phrases")
    proposed = sorted((row for row in caret.rows if row[rank] < NO_RANK and row[phrases] > MISSING), key=lambda row: row[rank])
    return first_look_of(proposed, len(proposed), caret.rows[0], knows_workspace=caret.knows_workspace)


def _stored(forest: Any) -> dict[str, Any]:
    prior = float(forest.init_.class_prior_[1])
    trees = [_nodes(tree.tree_, forest.learning_rate) for (tree,) in forest.estimators_]
    return {"bias": round(math.log(prior / (1 - prior)), 5), "trees": trees}


def _as_text(stored: dict[str, Any]) -> str:
    """JSON with one tree a line, to be read in a diff."""
    shown = {**stored, "trees": "@trees", "first": {**stored["first"], "trees": "@first"}}
    text = json.dumps(shown, indent=1)
    for mark, trees in (("@trees", stored["trees"]), ("@first", stored["first"]["trees"])):
        lines = ",\n".join(f"  {json.dumps(tree, separators=(',', ':'))}" for tree in trees)
        text = text.replace(f'"{mark}"', f"[\n{lines}\n ]")
    return text + "\n"


def _nodes(tree: Any, rate: float) -> list[list[float]]:
    """Return a tree's nodes as `Gate` reads them."""
    nodes = []
    for at in range(tree.node_count):
        is_leaf = tree.children_left[at] < 0
        value = round(float(tree.value[at].item()) * rate, 5) if is_leaf else 0.0
        feature = -1 if is_leaf else int(tree.feature[at])
        nodes.append([feature, round(float(tree.threshold[at]), 5), int(tree.children_left[at]), int(tree.children_right[at]), value])
    return nodes


def run(documents: Sequence[Document], model: Path, n_lines: int, file: Path, threads: int) -> str:
    """Collect, train and write; return the table."""
    return train(asyncio.run(collect(documents, model, n_lines, threads=threads)), file)
