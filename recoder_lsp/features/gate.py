"""One decision over all candidates: how probable it is that each is what stands there in the end.

A small forest of decision trees (gradient boosting), trained by `python -m recoder_lsp.training WORK gate` on lines of packages that no
model has seen, asked through the server's own path. Its outcome orders the candidates of all experts, and says which are shown.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from recoder_lsp.engine.fim import Place
from recoder_lsp.engine.generation import Alternative
from recoder_lsp.errors import RecoderError
from recoder_lsp.index.phrases.predicting import Judged
from recoder_lsp.language import gettext

GATE_FILE = Path(__file__).parent.parent / "models" / "recoder-gate.json"
VERSION = 2
# Of the lines around a caret, so many are near, and so many characters of each side are looked at.
NEAR_LINES, SEEN_CHARACTERS = 12, 12_000
_NAME = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
_SPACES = re.compile(r"\s+")
# Stands for what an expert did not say: below all that it may say.
MISSING = -999.0
# The rank of what an expert did not propose.
NO_RANK = 9.0
# So many lines by phrases decide whether the model is asked at all.
FIRST_LINES = 2


@dataclass(frozen=True)
class Evidence:
    """A candidate, and what each expert makes of it."""

    text: str
    model: Alternative | None = None
    """How likely the model finds it; None without a model, or where it was not asked."""
    model_rank: int | None = None
    """Its place among the lines that the model proposed, 0 for the best; None where it did not."""
    phrases: Judged | None = None
    phrases_rank: int | None = None
    named: bool = False
    """Whether it begins with a name that nothing speaks for but how it begins."""
    misfit: float = 0.0
    """How badly it goes with the lines around it, as `engine.fitting` says."""
    unresolved: int = 0
    """How many of its names are known nowhere."""

    @property
    def source(self) -> str:
        """Who proposed it first."""
        return "model" if self.model_rank is not None else "names" if self.named else "phrases"


class _Best(NamedTuple):
    """The best that each expert finds among all candidates."""

    model: float
    phrases: float
    either: float


# What `features` returns, in its order.
FEATURES = (
    *("model", "model a token", "model first", "model rank", "model less best"),
    *("phrases", "phrases a lexeme", "phrases least", "phrases below", "phrases lexemes", "phrases rank", "phrases less best"),
    *("matched", "pattern", "either", "either less best", "misfit", "unresolved", "candidates"),
    *("length", "names", "brackets", "ends open", "ends statement", "line begun", "in word", "at line start"),
    *("just above", "just below", "above", "below", "like line above", "rejections"),
)


# What `first_look` returns, in its order: of each line what phrases and its place say about it, and where the caret is.
_OF_FIRST_LINES = (
    *("phrases", "phrases a lexeme", "phrases least", "phrases below", "phrases lexemes", "matched", "pattern", "unresolved", "misfit"),
    *("length", "names", "brackets", "ends open", "ends statement", "just above", "just below", "above", "below", "like line above"),
)
_OF_CARET = ("line begun", "in word", "at line start")
FIRST_FEATURES = (
    "workspace",
    "lines",
    *(f"{name} of {rank}" for rank in range(1, FIRST_LINES + 1) for name in _OF_FIRST_LINES),
    *_OF_CARET,
)
_FIRST_PLACES = tuple(FEATURES.index(name) for name in _OF_FIRST_LINES)
_CARET_PLACES = tuple(FEATURES.index(name) for name in _OF_CARET)


def features(found: Sequence[Evidence], place: Place, rejections: int = 0) -> list[list[float]]:
    """Put candidates into numbers, one row for each, as FEATURES names them.

    Args:
        found: All candidates for one place.
        place: Where they would stand.
        rejections: How many suggestions were turned down here in the last minute.
    """
    surroundings = _Surroundings(place)
    best = _Best(*(max(column) for column in zip(*((_model(each), _phrases(each), _either(each)) for each in found), strict=True)))
    return [
        [*_of_experts(evidence, best), float(len(found)), *surroundings.of_text(evidence.text), float(rejections)] for evidence in found
    ]


def first_look(best: Sequence[Evidence], n_lines: int, place: Place, *, knows_workspace: bool) -> list[float]:
    """Put what phrases alone propose into numbers, as FIRST_FEATURES names them.

    Args:
        best: The best FIRST_LINES of the lines that they propose, or fewer.
        n_lines: How many they propose.
        place: Where these would stand.
        knows_workspace: Whether phrases of other files take part.
    """
    rows = features(best or [Evidence("")], place)
    return first_look_of(rows if best else [], n_lines, rows[0], knows_workspace=knows_workspace)


def first_look_of(rows: Sequence[Sequence[float]], n_lines: int, any_row: Sequence[float], *, knows_workspace: bool) -> list[float]:
    """Do the same from rows of `features`: those of the lines by phrases, the best first, how many there are, and any row of that caret."""
    of_lines = [row[place] for row in rows[:FIRST_LINES] for place in _FIRST_PLACES]
    missing = [MISSING] * (len(_FIRST_PLACES) * FIRST_LINES - len(of_lines))
    return [float(knows_workspace), float(n_lines), *of_lines, *missing, *(any_row[place] for place in _CARET_PLACES)]


class Gate:
    """Two trained forests: one knows how probable each candidate is, the other whether asking the model is worth it."""

    def __init__(self, candidates: Forest, first: Forest, least: float) -> None:
        """Args:
        candidates: Goes by `features`.
        first: How probable it is that something will be shown; goes by `first_look`.
        least: Where that is less probable, the model is not asked.
        """
        self._candidates, self._first, self._least = candidates, first, least

    @classmethod
    def load(cls, file: Path = GATE_FILE) -> Gate:
        """Read what training wrote.

        Raises:
            RecoderError: It was made for other features.
        """
        stored = json.loads(file.read_text("utf-8"))
        first = stored.get("first", {})
        if (stored["version"], stored["features"], first.get("features")) != (VERSION, list(FEATURES), list(FIRST_FEATURES)):
            raise RecoderError(
                gettext("{file} was made for other features.").format(file=file.name),
                gettext("Train the gate again, or install Recoder LSP again."),
            )
        return cls(Forest(stored["trees"], stored["bias"]), Forest(first["trees"], first["bias"]), first["least"])

    def probability(self, row: Sequence[float]) -> float:
        """Return how probable it is that a candidate with these features is right, from 0 to 1."""
        return self._candidates.probability(row)

    def is_hopeless(self, row: Sequence[float]) -> bool:
        """Say by a `first_look` whether hardly anything would be shown here, whatever the model proposes."""
        return self._first.probability(row) < self._least


class Forest:
    """Decision trees that vote."""

    def __init__(self, trees: Sequence[Sequence[Sequence[float]]], bias: float) -> None:
        """Args:
        trees: Of each its nodes: feature, threshold, node where it is not above that, node where it is, value. A leaf's feature is -1.
        bias: The log-odds before the first tree.
        """
        self._trees, self._bias = trees, bias

    def probability(self, row: Sequence[float]) -> float:
        """Return what they come to, from 0 to 1."""
        log_odds = self._bias
        for tree in self._trees:
            node = tree[0]
            while node[0] >= 0:
                node = tree[int(node[2] if row[int(node[0])] <= node[1] else node[3])]
            log_odds += node[4]
        return 1 / (1 + math.exp(-log_odds))


class _Surroundings:
    """What the lines around a caret say about a line there."""

    def __init__(self, place: Place) -> None:
        self._line_prefix, self._in_word = place.line_prefix, bool(re.match(r"[\w$]", place.prefix[-1:]))
        *self._above, _ = _plain_lines(place.prefix[-SEEN_CHARACTERS:])
        _, *self._below = _plain_lines(place.suffix[:SEEN_CHARACTERS])
        self._last = next((line for line in reversed(self._above) if line), "")

    def of_text(self, text: str) -> list[float]:
        text = text.partition("\n")[0].rstrip()
        line = _SPACES.sub(" ", self._line_prefix + text).strip()
        begun = self._line_prefix.strip()
        n_like = next((at for at, (one, other) in enumerate(zip(self._last, line, strict=False)) if one != other), len(line))
        return [
            float(len(text.strip())),
            float(len(_NAME.findall(text))),
            float(sum(text.count(bracket) for bracket in "([{") - sum(text.count(bracket) for bracket in ")]}")),
            float(text[-1:] in tuple("({[,")),
            float(text[-1:] in tuple(";:")),
            float(len(begun)),
            float(self._in_word),
            float(not begun),
            float(line in self._above[-NEAR_LINES:]),
            float(line in self._below[:NEAR_LINES]),
            float(self._above.count(line)),
            float(self._below.count(line)),
            float(min(n_like, len(self._last))),
        ]


def _of_experts(evidence: Evidence, best: _Best) -> list[float]:
    model, phrases = evidence.model, evidence.phrases
    row = [MISSING] * 5
    if model is not None:
        row = [model.log_probability, model.mean_log_probability, model.first_log_probability, _rank(evidence.model_rank)]
        row.append(model.log_probability - best.model)
    if phrases is None:
        row += [MISSING] * 9
    else:
        line = phrases.line
        row += [line.log_probability, line.log_probability / max(line.n_lexemes, 1), line.least, phrases.below, float(line.n_lexemes)]
        row += [_rank(evidence.phrases_rank), line.log_probability - best.phrases, float(line.n_matched), float(line.n_pattern)]
    return [*row, _either(evidence), _either(evidence) - best.either, evidence.misfit, float(evidence.unresolved)]


def _rank(rank: int | None) -> float:
    return NO_RANK if rank is None else float(rank)


def _model(evidence: Evidence) -> float:
    return evidence.model.log_probability if evidence.model is not None else -99.0


def _phrases(evidence: Evidence) -> float:
    return evidence.phrases.line.log_probability if evidence.phrases is not None else -99.0


def _either(evidence: Evidence) -> float:
    """The logarithm of the mean of both probabilities: what one expert finds likely may be news to the other."""
    one, other = _model(evidence), _phrases(evidence)
    return max(one, other) + math.log1p(math.exp(-abs(one - other))) - math.log(2)


def _plain_lines(text: str) -> list[str]:
    return [_SPACES.sub(" ", line).strip() for line in text.split("\n")]
