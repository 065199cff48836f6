"""Measures how far a model should be helped by copying from the document; `export.write_model` keeps the numbers in its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recoder_lsp.engine.copying import Copier
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.training.shards import Shards
from recoder_lsp.training.tokenizer import BOS

HOLE_TOKENS = 60
TOKENS_BEFORE = 500
SHORTEST_FILE_TOKENS = 200
HIGHEST = 0.95


def copying_trust(shards: Shards, model: Path, *, files: int = 200, longest: int = 8) -> list[float]:
    """Return the weights that make text of files likeliest that the model was not trained on.

    In the middle of each file, as in use: everything but some lines is there already, below the caret too. For each length
    of match apart (the expectation-maximisation of a mixture of two).

    Returns:
        `longest` + 1 weights; entry n is for n matching tokens.
    """
    loaded = LlamaModel.load(model, context_tokens=0, threads=0)
    # For each length of match: how likely the next token was, to the model and to the copy.
    seen: list[list[tuple[float, float]]] = [[] for _ in range(longest + 1)]
    for index in np.random.default_rng(5).permutation(len(shards.starts) - 1)[:files]:
        tokens = shards.file(int(index)).tolist()
        if len(tokens) <= SHORTEST_FILE_TOKENS:
            continue
        first, end = len(tokens) // 2, min(len(tokens) // 2 + HOLE_TOKENS, len(tokens))
        read = [BOS, *tokens[max(0, first - TOKENS_BEFORE) : end]]
        own = np.exp(loaded.log_probabilities(read)[-(end - first) :])
        copier = Copier([0.0] * (longest + 1), [*tokens[end:], BOS, *tokens[:first]])
        for position, probability in zip(range(first, end), own.tolist(), strict=True):
            length, shares = copier.continuation()
            seen[length].append((probability, shares.get(tokens[position], 0.0)))
            copier.append(tokens[position])
    loaded.close()
    trust = [0.0]
    for pairs in seen[1:]:
        trust.append(min(_likeliest_weight(pairs), HIGHEST) if pairs else trust[-1])
    return trust


def _likeliest_weight(pairs: list[tuple[float, float]]) -> float:
    weight = 0.3
    for _ in range(200):
        weight = sum(weight * copied / max((1 - weight) * own + weight * copied, 1e-12) for own, copied in pairs) / len(pairs)
    return weight
