"""Bits per byte: how many bits a model needs for source text that it has not learnt from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.training.corpus import Document
from recoder_lsp.training.evaluation.report import Measured, Row, summed_up

# About 500 tokens. Characters, so that models with other tokens are asked for the same text.
WINDOW_CHARACTERS = 2_000


def measure(files: Mapping[str, Sequence[Document]], model: LlamaModel) -> Measured:
    """Read the beginning of each file, with nothing before it."""
    rows = []
    for language, documents in files.items():
        for document in documents:
            bits, n_bytes = of_text(document.text, model)
            rows.append(Row(f"{document.package} {document.path}", (language,), {"bits": bits, "bytes": n_bytes}))
    return Measured(summed_up(rows, figures), rows)


def of_text(text: str, model: LlamaModel) -> tuple[float, int]:
    """Return the bits of a text's beginning, and how many bytes that is."""
    bos = model.special.bos
    tokens = model.tokenize(text[:WINDOW_CHARACTERS])[: model.context_tokens - 1]
    # Without a token that begins a text, its first one cannot be predicted.
    given, wanted = ([bos], tokens) if bos is not None else (tokens[:1], tokens[1:])
    return of_tokens(given, wanted, model), sum(len(model.piece(token)) for token in wanted)


def of_tokens(given: Sequence[int], wanted: Sequence[int], model: LlamaModel) -> float:
    """Return the bits of tokens that follow others; 0.0 of none."""
    if not wanted:
        return 0.0
    return float(-model.log_probabilities([*given, *wanted])[-len(wanted) :].sum()) / math.log(2)


def figures(rows: Sequence[Row]) -> dict[str, float | None]:
    """Weigh every byte alike, whatever file it is of."""
    n_bytes = sum(row.outcome["bytes"] for row in rows)
    bits = sum(row.outcome["bits"] for row in rows)
    return {"files": len(rows), "bytes": int(n_bytes), "bits a byte": bits / n_bytes if n_bytes else None}
