"""Begin training with what a shipped model knows, under another vocabulary or with more layers.

A token that both vocabularies have keeps its row of the embedding; a new one starts as the mean of the old tokens that
spell it. Layers that the old model lacks start as the identity (`model.CodeModel` makes them so) and learn from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from recoder_lsp.training import export, tokenizer
from recoder_lsp.training.model import CodeModel, Shape
from recoder_lsp.training.tokenizer import SPACE, Token, TokenKind


def weights_from(path: Path, vocabulary: Sequence[Token], shape: Shape) -> dict[str, Tensor]:
    """Return the weights to start a model of this shape with.

    Args:
        path: A model that `export` wrote, with the same width, heads and feed-forward as `shape` and no more layers.
        vocabulary: The tokens of the model that is to be trained.
        shape: Its sizes.

    Raises:
        ValueError: The sizes or the control tokens do not fit.
    """
    known = export.read_model(path)
    weights: dict[str, Tensor] = dict(CodeModel(shape).state_dict())
    surplus = known.weights.keys() - weights.keys()
    if surplus:
        raise ValueError(f"{path.name} has more than is wanted: {', '.join(sorted(surplus))}.")
    for name, weight in known.weights.items():
        carried = torch.from_numpy(weight)
        if name == "token_embd.weight":
            carried = _carried_over(carried, known.vocabulary, vocabulary)
        if carried.shape != weights[name].shape:
            raise ValueError(f"{path.name} has {tuple(carried.shape)} for {name}, and {tuple(weights[name].shape)} is wanted.")
        weights[name] = carried
    return weights


def _carried_over(rows: Tensor, old: list[Token], new: Sequence[Token]) -> Tensor:
    tokenize = tokenizer.InPython(old)
    ids = {token.text: number for number, token in enumerate(old)}
    made = []
    for token in new:
        same = ids.get(token.text)
        if same is None and token.kind is not TokenKind.NORMAL:
            raise ValueError(f"The model to start from has no token {token.text}.")
        made.append(rows[same] if same is not None else rows[tokenize(token.text.replace(SPACE, " "))].mean(0))
    return torch.stack(made)
