"""The sub-command `chat`: one question about a folder, answered as in an editor."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recoder_lsp import index_commands
from recoder_lsp.app import App
from recoder_lsp.config import Settings, home
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.chat import Answer, Question
from recoder_lsp.features.chat_context import Subject
from recoder_lsp.index.process.wire import SERVING

START_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Asked:
    """What `recoder-lsp chat` was asked; "" and None are what the settings say."""

    message: str
    model: str = ""
    temperature: float | None = None


async def ask(asked: Asked, root: Path, settings: Settings, on_text: Callable[[str], None]) -> Answer:
    """Bring the index of a folder up to date, then return the answer. `on_text` gets it piece by piece, as it is written.

    Raises:
        RecoderError: There is nothing to answer, or the index or the model fails.
    """
    if asked.model:
        settings = dataclasses.replace(settings, models=dataclasses.replace(settings.models, chat=asked.model))
    app = App.build(settings)
    try:
        if settings.index.enabled:
            await _open_index(app, root)
            await index_commands.index(root, home(os.environ), settings.index, rebuild=False)
        question = Question(Subject(asked.message), temperature=asked.temperature)
        return await app.chat.answer(question, settings, lambda uri: None, on_text)
    finally:
        await app.close()


def as_json(answer: Answer) -> str:
    """The answer for programs; lines count from 1, the last one included."""
    citations = [
        {"path": each.path, "uri": each.uri, "start_line": each.start_line + 1, "end_line": each.end_line + 1, "why": each.why}
        for each in answer.citations
    ]
    timings = {name: round(value, 1) for name, value in dataclasses.asdict(answer.timings).items()}
    document = {"markdown": answer.markdown, "citations": citations, "model": answer.model or None, "timings": timings}
    return json.dumps(document, indent=2, ensure_ascii=False)


def sources_as_text(answer: Answer) -> str:
    """What a model's answer rests on, for people; "" for nothing. Without a model, the answer is nothing else."""
    if not answer.model:
        return ""
    lines = [f"  [{number}] {passage.place}  ({passage.why})" for number, passage in enumerate(answer.citations, 1)]
    return "\n".join(["Sources:", *lines]) if lines else ""


async def _open_index(app: App, root: Path) -> None:
    app.workspace.start([root.as_uri()], lambda uri: None, told_of_changes=True)
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            for client in app.workspace.clients:
                await client.until(lambda now: now.phase in (*SERVING, "failed"))
    except TimeoutError:
        raise RecoderError("The index process does not answer.", "`recoder-lsp doctor` may say why.") from None
