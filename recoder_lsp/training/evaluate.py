"""Measure a model through the server's own path: masked lines, infilling, typing, bits per byte.

The evaluation items are not part of this repository; each function takes the path of a file of them.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import math
import random
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recoder_lsp.app import App
from recoder_lsp.config import IndexSettings, Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.copying import Copier
from recoder_lsp.engine.generation import probabilities_of
from recoder_lsp.engine.scheduler import Priority
from recoder_lsp.features.context import ContextFinder, Index
from recoder_lsp.features.inline_completion import InlineCompletion, Request
from recoder_lsp.index.folder_index import FolderIndex
from recoder_lsp.index.process import wire
from recoder_lsp.training.corpus import Document
from recoder_lsp.training.samples import Shards
from recoder_lsp.training.tokenizer import BOS

HOLE_TOKENS = 60


def predict(items: Path, model: Path, output: Path, workspaces: Path | None = None) -> None:
    """Complete every item and write rows of {"id" or "task_id", "pred" and "completion", "ms", "conf"}.

    Items are JSON lines, gzipped or not: with "prefix" and "suffix" (masked lines) or "prompt" and "suffix"
    (HumanEval-Infilling). A prediction is the text that would be inserted, cut at its line.

    Args:
        items: What to complete.
        model: The GGUF file.
        output: Where the rows go.
        workspaces: A folder with one folder OWNER__NAME@... for each item's "repo". Each is indexed, with the item's own
            file as it is around the hole: the index never has the line that is asked for. None completes without an index.
    """
    asyncio.run(_predict(items, model, output, workspaces))


async def _predict(items: Path, model: Path, output: Path, workspaces: Path | None) -> None:
    indexes = _Indexes(workspaces) if workspaces else None
    async with _running(model, indexes) as app:
        with output.open("w", encoding="utf-8") as rows:
            for number, item in enumerate(_read(items)):
                if indexes:
                    indexes.turn_to(item)
                    app.inline_completion.forget(f"file:///{item['path']}")
                prefix = item.get("prefix", item.get("prompt", ""))
                path = item.get("path", "solution.py")
                snapshot = Snapshot(f"file:///{path}", item.get("languageId", "python"), prefix + item["suffix"], number)
                began = time.perf_counter()
                suggestion = await app.inline_completion.suggest(Request(snapshot, len(prefix), invoked=True), app.settings)
                ms = (time.perf_counter() - began) * 1000
                text = suggestion.text.partition("\n")[0] if suggestion else ""
                confidence = suggestion.generated.confidence_percent / 100 if suggestion and suggestion.generated else 0.0
                row: dict[str, Any] = {"ms": ms, "conf": confidence}
                row |= {"task_id": item["task_id"], "completion": text} if "task_id" in item else {"id": item["id"], "pred": text}
                rows.write(json.dumps(row) + "\n")


@dataclass(frozen=True)
class Typed:
    """What typing some lines key by key came to."""

    keys: int
    """As many as characters typed."""
    shown: int
    """Keys at which a suggestion appeared unasked."""
    right: int
    """Of those, how many were exactly the rest of the line."""
    completed: int
    """Characters that need not have been typed, had the first right suggestion of each line been taken."""


def typed(documents: Sequence[Document], model: Path, *, seed: int = 5) -> Typed:
    """Type one line of each document, drawn at random, everything else of it being there already."""
    return asyncio.run(_typed(documents, model, random.Random(seed)))


async def _typed(documents: Sequence[Document], model: Path, chance: random.Random) -> Typed:
    async with _running(model) as app:
        keys = shown = right = completed = 0
        for document in documents:
            lines = document.text.split("\n")
            worth_typing = [number for number, line in enumerate(lines) if len(line.strip()) >= 15 and len(line) <= 90]
            if not worth_typing:
                continue
            number = chance.choice(worth_typing)
            line, saved = lines[number], 0
            start = len(line) - len(line.lstrip())
            for end in range(start, len(line)):
                before = "\n".join([*lines[:number], line[:end]])
                snapshot = Snapshot(f"file:///{document.path}", document.language, "\n".join([before, *lines[number + 1 :]]), end)
                suggestion = await app.inline_completion.suggest(Request(snapshot, len(before)), app.settings)
                if suggestion is not None:
                    is_right = suggestion.text.partition("\n")[0] == line[end:]
                    shown, right = shown + 1, right + is_right
                    saved = saved or is_right * (len(line) - end)
            keys, completed = keys + len(line) - start, completed + saved
    return Typed(keys, shown, right, completed)


def bits_per_byte(texts: Iterable[str], model: Path, *, window_tokens: int = 512) -> float:
    """Return how many bits the model needs for a byte of source text, read left to right in windows."""
    return asyncio.run(_bits_per_byte(list(texts), model, window_tokens))


async def _bits_per_byte(texts: list[str], model: Path, window_tokens: int) -> float:
    import numpy as np

    async with _running(model) as app:
        loaded = await app.runtime.loaded()

        def score(text: str) -> Any:
            tokens = loaded.tokenize(text)[:window_tokens]
            bos = loaded.special.bos
            row, nats = [bos] if bos is not None else tokens[:1], 0.0
            for token in tokens[len(row) - 1 if bos is None else 0 :]:
                yield from loaded.evaluate(row)
                logits = loaded.logits.astype(np.float64)
                nats += float(np.log(np.exp(logits - logits.max()).sum()) + logits.max() - logits[token])
                row.append(token)
                yield
            return nats, sum(len(loaded.piece(token)) for token in tokens)

        total, n_bytes = 0.0, 0
        for text in texts:
            nats, length = await app.scheduler.run(lambda text=text: score(text), priority=Priority.PREFILL)  # type: ignore[misc]
            total, n_bytes = total + nats, n_bytes + length
    return total / math.log(2) / n_bytes


def copying_trust(shards: Shards, model: Path, *, files: int = 200, longest: int = 8) -> list[float]:
    """Measure how far a model should be helped by copying from the document, for `export.write_model`.

    In the middle of files that it was not trained on, the weight of the copy is found that makes the text likeliest, for
    each length of match apart (the expectation-maximisation of a mixture of two).

    Returns:
        `longest` + 1 weights; entry n is for n matching tokens.
    """
    return asyncio.run(_copying_trust(shards, model, files, longest))


async def _copying_trust(shards: Shards, model: Path, files: int, longest: int) -> list[float]:
    import numpy as np

    async with _running(model) as app:
        loaded = await app.runtime.loaded()
        seen: list[list[tuple[float, float]]] = [[] for _ in range(longest + 1)]

        def watch(tokens: list[int]) -> Any:
            # As in use: everything but some lines is there already, below the caret too.
            first, end = len(tokens) // 2, min(len(tokens) // 2 + HOLE_TOKENS, len(tokens))
            copier = Copier([0.0] * (longest + 1), [*tokens[end:], BOS, *tokens[:first]])
            for position in range(first, end):
                yield from loaded.evaluate([BOS, *tokens[max(0, first - 500) : position]])
                probabilities = probabilities_of(loaded.logits.astype(np.float64))
                length, shares = copier.continuation()
                seen[length].append((float(probabilities[tokens[position]]), shares.get(tokens[position], 0.0)))
                copier.append(tokens[position])
                yield

        for index in np.random.default_rng(5).permutation(len(shards.paths))[:files]:
            tokens = shards.file(int(index)).tolist()
            if len(tokens) > 200:
                await app.scheduler.run(lambda tokens=tokens: watch(tokens), priority=Priority.PREFILL)  # type: ignore[misc]
    trust = [0.0]
    for pairs in seen[1:]:
        weight = 0.3
        for _ in range(200 if pairs else 0):
            weight = sum(weight * copied / max((1 - weight) * own + weight * copied, 1e-12) for own, copied in pairs) / len(pairs)
        trust.append(min(weight, 0.95) if pairs else trust[-1])
    return trust


class _Indexes:
    """The indexes of evaluation items' repositories, in this process; asked as a workspace is."""

    def __init__(self, workspaces: Path) -> None:
        self._workspaces = workspaces
        self._home = tempfile.TemporaryDirectory()
        self._open: dict[str, FolderIndex] = {}
        self._current: FolderIndex | None = None
        self._path = ""

    def turn_to(self, item: dict[str, Any]) -> None:
        """Have the item's repository answer, with its file as it is around the hole."""
        repository = item["repo"].replace("/", "__")
        if self._current is not None:
            self._current.close_buffer(self._path)
        if repository not in self._open:
            root = next(self._workspaces.glob(f"{repository}@*"))
            # An archive has one folder at its top.
            inner = [entry for entry in root.iterdir() if not entry.name.startswith(".")]
            index = FolderIndex.open(inner[0] if len(inner) == 1 else root, Path(self._home.name, repository), IndexSettings())
            index.reconcile(lambda progress: None, lambda: False)
            self._open[repository] = index
        self._current, self._path = self._open[repository], item["path"]
        self._current.open_buffer(self._path, item["prefix"] + item["suffix"], item["languageId"])

    async def ask(self, uri: str, method: str, params: dict[str, Any], *, timeout_s: float = 0.0) -> Any:
        assert self._current is not None
        answer = self._current.answer(method, {"path": self._path, **params})
        return wire.decode(wire.encode({"result": answer})[wire.HEADER_BYTES :])["result"]


@asynccontextmanager
async def _running(model: Path, index: Index | None = None) -> AsyncIterator[App]:
    """Yield an app whose model is loaded, and close it."""
    settings = replace(Settings(), engine=replace(Settings().engine, model=str(model)))
    app = App.build(settings)
    if index is not None:
        app.inline_completion = InlineCompletion(app.scheduler, app.runtime, app.metrics, ContextFinder(index))
    try:
        app.runtime.ensure(settings.engine)
        await app.runtime.loaded()
        yield app
    finally:
        await app.close()


def _read(items: Path) -> Iterator[dict[str, Any]]:
    opener = gzip.open if items.suffix == ".gz" else open
    with opener(items, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
