"""Type lines key by key, as a person does who is shown what the model is sure of: what appears, what is right, what it takes."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from recoder_lsp.document import Snapshot
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.features.inline_completion import Request
from recoder_lsp.training.corpus import Document
from recoder_lsp.training.evaluation.completing import running
from recoder_lsp.training.evaluation.report import Measured, Row, percent, percentile, summed_up

LEAST_CHARACTERS, MOST_CHARACTERS = 15, 90
READ_TOKENS, WRITTEN_TOKENS = 512, 64


async def measure(files: Mapping[str, Sequence[Document]], model: Path, threads: int = 0, *, seed: int = 5) -> Measured:
    """Type one line of each file, drawn at random, everything else of it being there already."""
    rows, warm_ms = [], dict[str, list[float]]()
    async with running(model, threads=threads) as app:
        for language, documents in files.items():
            for document in documents:
                lines = document.text.split("\n")
                worth_typing = [
                    at for at, line in enumerate(lines) if len(line.strip()) >= LEAST_CHARACTERS and len(line) <= MOST_CHARACTERS
                ]
                if not worth_typing:
                    continue
                at = random.Random(f"{seed} {document.path}").choice(worth_typing)
                line, shown, right, saved = lines[at], 0, 0, 0
                start = len(line) - len(line.lstrip())
                for end in range(start, len(line)):
                    before = "\n".join([*lines[:at], line[:end]])
                    text = "\n".join([before, *lines[at + 1 :]])
                    request = Request(Snapshot(f"file:///{document.path}", language, text, end), len(before))
                    began = time.perf_counter()
                    suggestion = await app.inline_completion.suggest(request, app.settings)
                    if end > start:
                        warm_ms.setdefault(language, []).append((time.perf_counter() - began) * 1000)
                    if suggestion is not None:
                        is_right = suggestion.text.partition("\n")[0] == line[end:]
                        shown, right = shown + 1, right + is_right
                        saved = saved or is_right * (len(line) - end)
                outcome = {"keys": len(line) - start, "shown": shown, "correct": right, "completed": saved}
                rows.append(Row(f"{document.package} {document.path}#{at + 1}", (language,), outcome))
                app.inline_completion.forget(f"file:///{document.path}")
    summary = {group: {**figures, **_times(warm_ms, group)} for group, figures in summed_up(rows, _figures).items()}
    return Measured(summary, rows)


def speed(model: LlamaModel) -> Measured:
    """Measure how fast a model reads and writes, in tokens a second, on one thread or as many as it was loaded with."""
    tokens = [place * 7919 % model.vocabulary_size for place in range(min(READ_TOKENS + WRITTEN_TOKENS, model.context_tokens))]
    n_read = len(tokens) - WRITTEN_TOKENS
    began = time.perf_counter()
    _evaluate(model, tokens[:n_read])
    read_s, began = time.perf_counter() - began, time.perf_counter()
    for end in range(n_read + 1, len(tokens) + 1):
        _evaluate(model, tokens[:end])
    written_s = time.perf_counter() - began
    return Measured({"all": {"tokens read a second": n_read / read_s, "tokens written a second": WRITTEN_TOKENS / written_s}}, [])


def _evaluate(model: LlamaModel, tokens: list[int]) -> None:
    for _ in model.evaluate(tokens):
        pass


def _figures(rows: Sequence[Row]) -> dict[str, float | None]:
    keys, shown, right, completed = (sum(row.outcome[name] for row in rows) for name in ("keys", "shown", "correct", "completed"))
    return {
        "lines": len(rows),
        "keys": int(keys),
        "keys with a suggestion": percent(shown, keys),
        "right of shown": percent(right, shown),
        "completed": percent(completed, keys),
    }


def _times(warm_ms: Mapping[str, list[float]], group: str) -> dict[str, float | None]:
    times = warm_ms.get(group, []) if group != "all" else [ms for times in warm_ms.values() for ms in times]
    return {"warm key ms p50": percentile(times, 0.5), "p95": percentile(times, 0.95)}
