"""Ask for completions as the server does: prompt, healing, copying, cleaning, and related code where there is an index."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recoder_lsp.app import App
from recoder_lsp.config import IndexSettings, Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.features.context import ContextFinder, Index
from recoder_lsp.features.inline_completion import InlineCompletion, Request
from recoder_lsp.index.folder_index import FolderIndex
from recoder_lsp.index.process import wire


@dataclass(frozen=True)
class Completion:
    """What would be inserted at a caret, the first line of it."""

    text: str
    confidence: float
    """From 0 to 1; 0 for nothing."""
    ms: float
    is_late: bool = False
    """Whether time ran out before the model came to an end: on a busy machine, that says nothing about the model."""


@asynccontextmanager
async def running(model: Path, index: Index | None = None, threads: int = 0) -> AsyncIterator[App]:
    """Yield an app whose model is loaded, and close it.

    Args:
        model: The GGUF file.
        index: Finds related code; without it, prompts hold the document alone.
        threads: As the setting; 0 is what users have.
    """
    settings = replace(Settings(), engine=replace(Settings().engine, model=str(model), threads=threads))
    app = App.build(settings)
    context = ContextFinder(index) if index is not None else None
    app.inline_completion = InlineCompletion(app.scheduler, app.runtime, app.metrics, context)
    try:
        app.runtime.ensure(settings.engine)
        await app.runtime.loaded()
        yield app
    finally:
        await app.close()


async def complete(app: App, path: str, language: str, prefix: str, suffix: str, version: int) -> Completion:
    """Ask by hand, as if the document had just been opened.

    Args:
        app: With a loaded model.
        path: Of the document; the model sees its last parts.
        language: Language identifier.
        prefix: What stands before the caret.
        suffix: What stands after it.
        version: Another one for each call.
    """
    uri = f"file:///{path}"
    app.inline_completion.forget(uri)
    snapshot = Snapshot(uri, language, prefix + suffix, version)
    began = time.perf_counter()
    suggestion = await app.inline_completion.suggest(Request(snapshot, len(prefix), invoked=True), app.settings)
    ms = (time.perf_counter() - began) * 1000
    if suggestion is None:
        return Completion("", 0.0, ms)
    text, generated = suggestion.text.partition("\n")[0], suggestion.generated
    return (
        Completion(text, generated.confidence_percent / 100, ms, generated.ended_by == "time") if generated else Completion(text, 0.0, ms)
    )


class Indexes:
    """The indexes of evaluation items' repositories, in this process; asked as a workspace is. One at a time for a home."""

    def __init__(self, workspaces: Path, home: Path) -> None:
        """Open nothing yet.

        Args:
            workspaces: A folder with one folder OWNER__NAME@... for each repository.
            home: Where indexes are kept, to be quicker the next time.
        """
        self._workspaces, self._home = workspaces, home
        self._open: dict[str, FolderIndex] = {}
        self._current: FolderIndex | None = None
        self._path = ""

    def turn_to(self, item: Mapping[str, Any]) -> None:
        """Have the item's repository answer, with its file as it is around the hole: what is asked for is not in the index."""
        self._put_back()
        repository = item["repo"].replace("/", "__")
        if repository not in self._open:
            self._open[repository] = self._opened(repository)
        self._current, self._path = self._open[repository], item["path"]
        self._current.open_buffer(self._path, item["prefix"] + item["suffix"], item["languageId"])

    async def ask(self, uri: str, method: str, params: dict[str, Any], *, timeout_s: float = 0.0) -> Any:
        """Answer as `Workspace.ask` does, over the same wire format."""
        assert self._current is not None
        answer = self._current.answer(method, {"path": self._path, **params})
        return wire.decode(wire.encode({"result": answer})[wire.HEADER_BYTES :])["result"]

    def close(self) -> None:
        """Leave the indexes as the folders are."""
        self._put_back()
        for index in self._open.values():
            index.close()
        self._open, self._current = {}, None

    def _put_back(self) -> None:
        if self._current is not None:
            self._current.close_buffer(self._path)

    def _opened(self, repository: str) -> FolderIndex:
        found = sorted(self._workspaces.glob(f"{repository}@*"))
        if not found:
            raise FileNotFoundError(f"{self._workspaces} has no {repository}@...")
        root = found[0]
        # An archive has one folder at its top.
        inner = [entry for entry in root.iterdir() if not entry.name.startswith(".")]
        index = FolderIndex.open(inner[0] if len(inner) == 1 else root, self._home / root.name, IndexSettings())
        index.reconcile(lambda progress: None, lambda: False)
        index.flush(lambda: False)
        return index
