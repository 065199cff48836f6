"""Ask for completions as the server does: prompt, healing, copying, cleaning, and related code where there is an index."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from recoder_lsp.app import App
from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.features.asking import Request
from recoder_lsp.features.context import ContextFinder
from recoder_lsp.features.experts import Switches
from recoder_lsp.features.inline_completion import InlineCompletion
from recoder_lsp.training.evaluation.indexes import Indexes

EVERYTHING = Switches()


@dataclass(frozen=True)
class Completion:
    """What would be inserted at a caret, the first line of it."""

    text: str
    confidence: float
    """From 0 to 1; 0 for nothing."""
    ms: float
    is_late: bool = False
    """Whether time ran out before the model came to an end: on a busy machine, that says nothing about the model."""


def settings_for(model: Path, threads: int = 0) -> Settings:
    """Return what users have, with another model. Args: `threads` is as the setting."""
    defaults = Settings()
    return replace(defaults, engine=replace(defaults.engine, model=str(model), threads=threads))


@asynccontextmanager
async def running(settings: Settings, index: Indexes | None = None, switches: Switches = EVERYTHING) -> AsyncIterator[App]:
    """Yield an app whose model is loaded, and close it.

    Args:
        settings: Which model, and all else that users set.
        index: What answers in place of the workspace's index; without it, the document is alone.
        switches: What takes part.
    """
    app = App.build(settings)
    context = ContextFinder(index) if index is not None and switches.context else None
    app.inline_completion = InlineCompletion(app.scheduler, app.runtime, app.metrics, context, index, switches=switches)
    try:
        if switches.model:
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
    snapshot = Snapshot(uri, language, prefix + suffix, version)
    began = time.perf_counter()
    suggestion = await app.inline_completion.suggest(Request(snapshot, len(prefix), invoked=True), app.settings)
    ms = (time.perf_counter() - began) * 1000
    # Nothing of it, and that one was there, counts for the next.
    app.inline_completion.forget(uri)
    if suggestion is None:
        return Completion("", 0.0, ms)
    text, generated = suggestion.text.partition("\n")[0], suggestion.generated
    return Completion(text, suggestion.probability, ms, generated is not None and generated.ended_by == "time")
