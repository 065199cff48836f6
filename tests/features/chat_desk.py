"""A folder with a real index, documents that are open in it, and a chat about both, with a real model where the test makes one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recoder_lsp.chat_store import ChatStore
from recoder_lsp.config import ModelsSettings, Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.chat_model import ChatModel
from recoder_lsp.engine.runtime import CHAT, Runtime
from recoder_lsp.engine.scheduler import Scheduler
from recoder_lsp.features.chat import Answer, Chat, Question
from recoder_lsp.features.chat_context import Subject
from recoder_lsp.features.conversations import Conversations
from recoder_lsp.features.prompts import Prompts
from recoder_lsp.index.process import wire
from recoder_lsp.index.process.wire import IndexState
from recoder_lsp.index.process.workspace import Placed
from recoder_lsp.index.syntax.languages import language_of
from recoder_lsp.metrics import Metrics
from tests.index.small_folder import SmallFolder
from tests.scripted_chat import endless_model, scripted_model

SCHEDULER = '''"""Decides what runs next."""

from app.jobs import Job


class Scheduler:
    """Runs one job at a time, the most urgent first."""

    def pick_next(self, waiting: list[Job]) -> Job:
        """Return the job whose turn it is."""
        if not waiting:
            raise LookupError("nothing waits")
        return min(waiting, key=urgency_of)


def urgency_of(job: Job) -> int:
    """The lower, the sooner."""
    return job.priority
'''
JOBS = '''"""What can be run."""


class Job:
    """A piece of work."""

    priority = 1


def run_all(scheduler, jobs):
    """Run everything that waits, in the order that the scheduler picks."""
    while jobs:
        job = scheduler.pick_next(jobs)
        jobs.remove(job)
'''
CONFIG = '''"""Reads settings from a file."""

import tomllib


def read_settings(path):
    """Return the settings of a TOML file."""
    with open(path, "rb") as file:
        return tomllib.load(file)
'''
FILES = {"app/scheduler.py": SCHEDULER, "app/jobs.py": JOBS, "app/config.py": CONFIG, "app/__init__.py": ""}


class IndexedWorkspace:
    """Behaves as `index.workspace.Workspace` for what chat asks; there is no process between."""

    def __init__(self, folder: Path, files: dict[str, str]) -> None:
        folder.mkdir(exist_ok=True)
        self.small = SmallFolder(folder)
        self.root: Path | None = self.small.root
        self.state, self.available = IndexState("idle"), True
        self.asked: list[str] = []
        for path, text in files.items():
            self.small.write(path, text)
        self.small.reconcile()

    @property
    def clients(self) -> Sequence[Any]:
        return [self]

    def shown_root(self, client: Any) -> Path | None:
        return self.root

    def place_of(self, uri: str) -> tuple[Any, str] | None:
        path = Path(Snapshot(uri, "", "", None).path)
        return (self, path.relative_to(self.small.root).as_posix()) if path.is_relative_to(self.small.root) else None

    async def ask(self, uri_or_method: str, *rest: Any, timeout_s: float = 0.0) -> Any:
        """As of the workspace (document, method, parameters), and as of its clients (method, parameters)."""
        *uri, method, params = (uri_or_method, *rest)
        place = self.place_of(uri[0]) if uri else None
        if uri and place is None:
            return None
        self.asked.append(method)
        found = self.small.index.answer(method, {**({"path": place[1]} if place else {}), **params})
        return wire.decode(wire.encode({"result": found})[4:])["result"]

    def opened(self, uri: str) -> None:
        """What the server tells; the index of these tests goes by the files."""

    changed = saved = closed = opened

    async def search(self, query: str, *, timeout_s: float = 0.0, **options: Any) -> tuple[Placed[Any], ...]:
        found = await self.ask("search", {"text": query, **options})
        return tuple(Placed(self.root, wire.hit_of(hit)) for hit in found["hits"])


class ChatDesk:
    """Everything that answers, and who asks."""

    def __init__(self, folder: Path, workspace: IndexedWorkspace) -> None:
        self.folder, self.workspace = folder, workspace
        self.home = folder / "recoder"
        self.scheduler = Scheduler()
        self.runtime = Runtime(self.scheduler, Metrics(), lambda state: None, role=CHAT)
        self.writer = ChatModel(self.scheduler, self.runtime, Metrics())
        self.chat = Chat(workspace, self.writer, Prompts(self.home))  # type: ignore[arg-type]
        self.store = ChatStore(self.home)
        self.conversations = Conversations(self.chat, self.store)
        self.settings = Settings()
        self.open: dict[str, Snapshot] = {}
        self.heard: list[str] = []

    def uri(self, path: str) -> str:
        return (self.workspace.small.root / path).as_uri()

    def document(self, path: str, text: str | None = None) -> Snapshot:
        """Open a file, with its text or another."""
        text = (self.workspace.small.root / path).read_text() if text is None else text
        self.open[self.uri(path)] = snapshot = Snapshot(self.uri(path), language_of(path), text, 1)
        return snapshot

    def use_model(self, reply: str | Sequence[str], *, max_tokens: int = 256, **options: Any) -> None:
        """Have a model that answers so."""
        self.settings = Settings(models=ModelsSettings(chat=str(scripted_model(self.folder, reply, **options)), chat_max_tokens=max_tokens))

    def use_endless_model(self, *, max_tokens: int) -> None:
        """Have a model that goes on for as long as it may."""
        self.settings = Settings(models=ModelsSettings(chat=str(endless_model(self.folder)), chat_max_tokens=max_tokens))

    async def ask(self, message: str, document: Snapshot | None = None, start: int = 0, end: int | None = None, **more: Any) -> Answer:
        """Ask about an open document, or a part of it."""
        subject = Subject(message, document, start, start if end is None else end)
        return await self.chat.answer(Question(subject, **more), self.settings, self.open.get, self.heard.append)

    async def close(self) -> None:
        self.writer.close()
        await self.runtime.close()
        self.scheduler.close()


def selected(document: Snapshot, code: str) -> tuple[int, int]:
    """Where some code of a document stands."""
    start = document.text.index(code)
    return start, start + len(code)
