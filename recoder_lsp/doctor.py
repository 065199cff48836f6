"""`recoder-lsp doctor`: whether everything is in place, each finding with what to do about it."""

import asyncio
import dataclasses
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from recoder_lsp import __version__, connect, privacy
from recoder_lsp.config import IndexSettings, Problem, Settings, home
from recoder_lsp.document import Snapshot
from recoder_lsp.engine import machine, models
from recoder_lsp.engine.chat import Turn
from recoder_lsp.engine.chat_model import ChatModel
from recoder_lsp.engine.chat_template import TEMPLATE_KEY
from recoder_lsp.engine.runtime import CHAT, Runtime
from recoder_lsp.engine.scheduler import Priority, Scheduler
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.inline_completion import InlineCompletion, Request
from recoder_lsp.index.folder_index import FolderIndex
from recoder_lsp.metrics import Metrics

SPARE_BYTES = 300_000_000
"""What the server needs besides the model itself: the interpreter, the context, and some room."""

TRIAL = "def is_even(number):\n    return "
QUESTION, ANSWER_TOKENS = "Say hello.", 8


@dataclass(frozen=True)
class Finding:
    """One thing looked at; only `fail` means that Recoder cannot work."""

    subject: str
    verdict: Literal["ok", "warn", "fail"]
    text: str
    hint: str = ""


async def examine(settings: Settings, problems: Sequence[Problem], environ: Mapping[str, str]) -> list[Finding]:
    """Look at everything once. Loads the models, asks for a suggestion and an answer, indexes one file and finds it; leaves no trace."""
    return [
        _python(),
        *_configuration(problems),
        _home(home(environ)),
        _threads(settings.engine.threads),
        *await _model(settings, environ),
        await _chat_model(settings),
        await asyncio.to_thread(_index, settings.index),
    ]


def as_text(findings: Sequence[Finding]) -> str:
    """Return the findings line by line, then how to connect each editor to this very installation."""
    lines = [f"recoder-lsp {__version__}", ""]
    for finding in findings:
        lines.append(f"{finding.verdict:<5} {finding.subject}: {finding.text}")
        lines += [f"      {finding.hint}"] if finding.hint else []
    command = command_here()
    for editor in connect.EDITORS:
        lines += ["", f"{editor.name} ({editor.place})", f"  {editor.note}", ""]
        lines += [f"    {line}" for line in editor.settings_for(command).splitlines()]
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> str:
    """Return the findings and the editors' settings as a JSON document."""
    editors = {editor.name: {"place": editor.place, "settings": editor.settings_for(command_here())} for editor in connect.EDITORS}
    document: dict[str, Any] = {
        "version": __version__,
        "findings": [dataclasses.asdict(finding) for finding in findings],
        "editors": editors,
    }
    return json.dumps(document, indent=2)


def command_here() -> str:
    """Return the command as an editor has to call it: absolute where it is not on the PATH."""
    if shutil.which(connect.COMMAND):
        return connect.COMMAND
    beside_python = Path(sys.executable).with_name(connect.COMMAND)
    return str(beside_python) if beside_python.exists() else connect.COMMAND


def _python() -> Finding:
    text = f"{platform.python_version()} at {sys.executable}"
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding("python", "ok", text)
    return Finding("python", "warn", text, "Recoder is tested with Python 3.11 to 3.13.")


def _configuration(problems: Sequence[Problem]) -> list[Finding]:
    if not problems:
        return [Finding("configuration", "ok", "no problem in the settings files and the environment")]
    return [Finding("configuration", "warn", str(problem), "docs/settings.md lists every setting.") for problem in problems]


def _home(folder: Path) -> Finding:
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        return Finding("home", "fail", f"{existing} is not a folder", "Move it away, or set RECODER_HOME to another folder.")
    if not os.access(existing, os.W_OK | os.X_OK):
        return Finding("home", "fail", f"{folder} cannot be written to", "Give yourself access, or set RECODER_HOME to another folder.")
    return Finding("home", "ok", str(folder) if folder.exists() else f"{folder} (made when it is needed)")


def _threads(wanted: int) -> Finding:
    cores = machine.usable_cores()
    text = f"{machine.threads_for(wanted)} for the model, {cores} cores usable"
    if wanted > cores:
        return Finding("threads", "warn", text, f"engine.threads is {wanted}: lower it, or leave it at 0.")
    if cores == 1:
        return Finding("threads", "warn", text, "The model and the editor share one core: suggestions come slower.")
    return Finding("threads", "ok", text)


def _memory(model_bytes: int) -> Finding:
    available = machine.available_memory_bytes()
    if available is None:
        return Finding("memory", "ok", "this system does not say how much is free")
    text = f"{available // 1_000_000} MB free, the model has {model_bytes // 1_000_000} MB"
    if available < model_bytes + SPARE_BYTES:
        return Finding("memory", "warn", text, "Close something, or choose a smaller model.")
    return Finding("memory", "ok", text)


async def _model(settings: Settings, environ: Mapping[str, str]) -> list[Finding]:
    try:
        path = models.resolve(settings.engine.model, environ)
    except RecoderError as error:
        return [Finding("model", "fail", error.message, error.hint)]
    memory = _memory(path.stat().st_size)
    scheduler, metrics = Scheduler(), Metrics()
    runtime = Runtime(scheduler, metrics, None)
    try:
        started = time.perf_counter()
        runtime.ensure(settings.engine)
        model = await runtime.loaded()
        loaded_ms = (time.perf_counter() - started) * 1000
        text = f"{model.name}, {model.size_bytes / 1_000_000:.1f} MB, loaded in {loaded_ms:.0f} ms from {path}"
        return [
            memory,
            Finding("model", "ok", text),
            _speed(runtime),
            await _trial(InlineCompletion(scheduler, runtime, metrics), settings),
        ]
    except RecoderError as error:
        return [memory, Finding("model", "fail", error.message, error.hint)]
    finally:
        await runtime.close()
        scheduler.close()


def _speed(runtime: Runtime) -> Finding:
    prefill, decode = runtime.state.prefill_tokens_per_s, runtime.state.decode_tokens_per_s
    if not prefill or not decode:
        return Finding("speed", "warn", "not measured", "Please report this.")
    text = f"reads {prefill:.0f} and writes {decode:.0f} tokens a second"
    if decode < 20:
        return Finding("speed", "warn", text, "Suggestions will feel slow: choose a smaller model.")
    return Finding("speed", "ok", text)


async def _trial(completion: InlineCompletion, settings: Settings) -> Finding:
    snapshot = Snapshot(uri="untitled:trial.py", language="python", text=TRIAL, version=None)
    started = time.perf_counter()
    suggestion = await completion.suggest(Request(snapshot, len(TRIAL), invoked=True), settings)
    elapsed_ms = (time.perf_counter() - started) * 1000
    if suggestion is None:
        return Finding("suggestion", "warn", f"none for a simple function, after {elapsed_ms:.0f} ms", _why_none(settings))
    return Finding("suggestion", "ok", f"came after {elapsed_ms:.0f} ms")


async def _chat_model(settings: Settings) -> Finding:
    subject, scheduler, metrics = "chat model", Scheduler(), Metrics()
    runtime = Runtime(scheduler, metrics, role=CHAT)
    chat = ChatModel(scheduler, runtime, metrics)
    if not chat.available(settings):
        return Finding(subject, "ok", "none: chat answers from the index alone", "Set models.chat to an instruct model in GGUF form.")
    try:
        reply = await chat.write([Turn("user", QUESTION)], settings, priority=Priority.CHAT, max_tokens=ANSWER_TOKENS, temperature=0.0)
        model = await runtime.loaded()
        speed = (
            f"reads {runtime.state.prefill_tokens_per_s or 0:.0f} and writes {runtime.state.decode_tokens_per_s or 0:.0f} tokens a second"
        )
        text = f"{model.name}, {model.size_bytes / 1_000_000:.1f} MB, {speed}"
        if not reply.text.strip():
            return Finding(subject, "warn", f"{text}, but answers nothing", "Set models.chat to another instruct model.")
        if TEMPLATE_KEY not in model.metadata:
            return Finding(subject, "warn", f"{text}; its file has no chat template", "Is it an instruct model? It is spoken to in ChatML.")
        return Finding(subject, "ok", text)
    except RecoderError as error:
        # Everything but chat and edits works without.
        return Finding(subject, "warn", error.message, error.hint)
    finally:
        chat.close()
        await runtime.close()
        scheduler.close()


def _index(settings: IndexSettings) -> Finding:
    """Index one file in a temporary folder and find it: parsers, SQLite, the embedding model and ChromaDB all have to work."""
    if not settings.enabled:
        return Finding("index", "ok", "turned off by index.enabled")
    started = time.perf_counter()
    # Which files the user wants in the index says nothing about whether one can be made.
    settings = dataclasses.replace(settings, include=(), exclude=())
    try:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder, "workspace")
            root.mkdir()
            Path(root, "trial.py").write_text(TRIAL + "number % 2 == 0\n")
            index = FolderIndex.open(root, Path(folder, "index"), settings)
            try:
                index.reconcile(lambda progress: None, lambda: False)
                index.flush(lambda: False)
                hits = index.answer("search", {"text": "is even"})["hits"]
                problems = index.check()
            finally:
                index.close()
    except RecoderError as error:
        return Finding("index", "fail", error.message, error.hint)
    except Exception as error:
        # As in a worker loop: whatever is broken in this installation, the other findings are worth knowing.
        return Finding("index", "fail", f"{type(error).__name__}: {error}", "Is everything installed? Install recoder-lsp anew.")
    elapsed_ms = (time.perf_counter() - started) * 1000
    if problems:
        return Finding("index", "warn", problems[0], _about_vectors(settings.chroma_url))
    if not hits:
        return Finding("index", "fail", "does not find what was just indexed", "Please report this.")
    return Finding("index", "ok", f"finds what was just indexed, after {elapsed_ms:.0f} ms")


def _about_vectors(chroma_url: str) -> str:
    hint = "Search works without ChromaDB, with more memory. Is index.chroma_url right?"
    try:
        is_elsewhere = bool(chroma_url) and not privacy.is_local(urlsplit(chroma_url).hostname or "")
    except ValueError:
        return hint
    if is_elsewhere:
        return "index.chroma_url is another machine, which doctor does not connect to; the index itself does. This may be all right."
    return hint


def _why_none(settings: Settings) -> str:
    if not settings.completion.enabled:
        return "completion.enabled is false."
    if "python" in settings.completion.disabled_languages:
        return 'completion.disabled_languages holds "python".'
    return "Is this model made for code completion?"
