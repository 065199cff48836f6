"""The sub-commands `index` and `search`: what an editor's index does, without an editor."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recoder_lsp.config import IndexSettings
from recoder_lsp.errors import RecoderError
from recoder_lsp.index.process import wire
from recoder_lsp.index.process.client import FolderClient
from recoder_lsp.index.process.place import place_of
from recoder_lsp.index.process.wire import SERVING
from recoder_lsp.index.process.workspace import Workspace
from recoder_lsp.index.progress import size_on_disk
from recoder_lsp.index.records import Hit
from recoder_lsp.index.store.manifest_schema import MANIFEST

START_TIMEOUT_S = 60.0
SHOWN_LINES = 6


@dataclass(frozen=True)
class Search:
    """What `recoder-lsp search` was asked for."""

    words: str
    limit: int = 10
    kinds: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    per_file: int = 2


def folder_named(path: Path) -> Path:
    """Return the folder that the user named.

    Raises:
        RecoderError: It is none.
    """
    if not path.is_dir():
        raise RecoderError(f"{path} is not a folder.", "Give the folder to index: recoder-lsp index PATH")
    return path.resolve()


def root_of(folder: Path, home: Path) -> Path:
    """Return the folder whose index counts here: the nearest that has one, else the repository's, else this one."""
    above = [folder.resolve(), *folder.resolve().parents]
    indexed = (each for each in above if _has_index(each, home))
    repository = (each for each in above if (each / ".git").exists())
    return next(indexed, None) or next(repository, None) or above[0]


async def index(root: Path, home: Path, settings: IndexSettings, *, rebuild: bool) -> dict[str, Any]:
    """Bring the index of a folder up to date, showing how far it is; return the summary.

    Raises:
        RecoderError: It cannot be indexed.
    """
    began = time.monotonic()
    async with _connected(root, home, settings) as client:
        with _Bar() as bar:
            bar.follow(client)
            summary: dict[str, Any] = await client.asked("rebuild" if rebuild else "reconcile")
            # ChromaDB gets its vectors now: the next one to open the index finds all of it.
            await client.asked("settle")
            summary["seconds"], summary["size_bytes"] = time.monotonic() - began, size_on_disk(place_of(root, home).folder)
    return summary


async def check(root: Path, home: Path, settings: IndexSettings) -> list[str]:
    """Compare manifest, disk and vectors; return what does not agree.

    Raises:
        RecoderError: There is no index, or it cannot be opened.
    """
    async with _connected(root, home, settings, must_exist=True) as client:
        problems: list[str] = await client.asked("check")
    return problems


async def stats(root: Path, home: Path, settings: IndexSettings) -> dict[str, Any]:
    """Return what the index holds, without changing it.

    Raises:
        RecoderError: There is no index, or it cannot be opened.
    """
    async with _connected(root, home, settings, must_exist=True) as client:
        found: dict[str, Any] = await client.asked("stats")
    return found


async def search(wanted: Search, root: Path, home: Path, settings: IndexSettings) -> tuple[Hit, ...]:
    """Search a folder, after its index was brought up to date.

    Raises:
        RecoderError: The folder cannot be indexed, or the index does not answer.
    """
    async with _connected(root, home, settings) as client:
        with _Bar() as bar:
            bar.follow(client)
            await client.asked("reconcile")
            await client.asked("settle")
        filters = {"kinds": wanted.kinds, "languages": wanted.languages, "paths": wanted.paths, "per_file": wanted.per_file}
        async with asyncio.timeout(START_TIMEOUT_S):
            # Not `client.search`, for which no answer in time is an empty one.
            found: dict[str, Any] = await client.asked("search", {"text": wanted.words, "limit": wanted.limit, **filters})
        return tuple(wire.hit_of(hit) for hit in found["hits"])


async def open_up_to_date(workspace: Workspace, root: Path, home: Path, settings: IndexSettings) -> None:
    """Have a folder's index answer through a workspace, after it was brought up to date.

    Raises:
        RecoderError: It cannot be indexed.
    """
    workspace.start([root.as_uri()], lambda uri: None, told_of_changes=True)
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            for client in workspace.clients:
                await client.until(lambda now: now.phase in (*SERVING, "failed"))
    except TimeoutError:
        raise RecoderError("The index process does not answer.", "`recoder-lsp doctor` may say why.") from None
    await index(root, home, settings, rebuild=False)


def summary_as_text(root: Path, summary: Mapping[str, Any]) -> str:
    """A summary of `index` for people."""
    lines = [
        f"{root}: {summary['n_files']:,} files, {summary['n_symbols']:,} symbols, {summary['n_chunks']:,} chunks, "
        f"{summary['size_bytes'] / 1e6:.1f} MB",
        f"{summary['n_changed']:,} files read ({summary['n_lines_read']:,} lines), {summary['n_removed']:,} removed, "
        f"in {summary['seconds']:.1f} s",
    ]
    if summary["skipped"]:
        reasons = sorted(summary["skipped"].items(), key=lambda entry: (-entry[1], entry[0]))
        lines.append("left out: " + ", ".join(f"{n:,} {reason}" for reason, n in reasons))
    return "\n".join(lines)


def stats_as_text(root: Path, stats: Mapping[str, Any]) -> str:
    """What an index holds, for people."""
    languages = ", ".join(f"{n:,} {language}" for language, n in stats["languages"].items())
    counts = ", ".join(f"{stats['n_' + what]:,} {what}" for what in ("files", "lines", "symbols", "references", "chunks", "vectors"))
    return f"{root}: {counts}\n{languages}"


def hits_as_json(hits: Sequence[Hit]) -> str:
    """Hits for programs: a list, best first; lines count from 1, the last one included."""
    rows = []
    for hit in hits:
        row = dataclasses.asdict(hit)
        rows.append({**row, "start_line": hit.start_line + 1, "end_line": hit.end_line + 1, "why": list(hit.why)})
    return json.dumps(rows, indent=2, ensure_ascii=False)


def hits_as_text(hits: Sequence[Hit]) -> str:
    """Hits for people, each with its first lines."""
    shown = []
    for hit in hits:
        lines = [line.rstrip() for line in hit.text.split("\n") if line.strip()]
        more = f"\n    … {len(lines) - SHOWN_LINES} more lines" if len(lines) > SHOWN_LINES else ""
        head = f"{hit.path}:{hit.start_line + 1}  {hit.symbol}  ({', '.join(hit.why)})"
        shown.append(head + "\n" + "\n".join(f"    {line}" for line in lines[:SHOWN_LINES]) + more)
    return "\n\n".join(shown)


def _has_index(folder: Path, home: Path) -> bool:
    return (place_of(folder, home).folder / MANIFEST).exists()


class _Bar:
    """A progress bar on stderr while files are read, if that is a terminal; otherwise nothing."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("files"), TimeRemainingColumn()
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("looking for files", total=None, visible=False)
        self._following: asyncio.Task[None] | None = None

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._following is not None:
            self._following.cancel()
        self._progress.stop()

    def follow(self, client: FolderClient) -> None:
        """Show the client's states until the end."""
        self._following = asyncio.get_running_loop().create_task(self._follow(client))

    async def _follow(self, client: FolderClient) -> None:
        while True:
            state = client.state
            words = {"scanning": "looking for files", "vectors": "writing vectors"}.get(state.phase, "indexing")
            self._progress.update(self._task, description=words, completed=state.done, total=state.total or None, visible=bool(state.total))
            await client.until(lambda now, before=state: now is not before)  # type: ignore[misc]


@asynccontextmanager
async def _connected(root: Path, home: Path, settings: IndexSettings, *, must_exist: bool = False) -> AsyncIterator[FolderClient]:
    if must_exist and not _has_index(root, home):
        raise RecoderError(f"{root} has no index yet.", f"Make one: recoder-lsp index {root}")
    # Somebody waits for it: at full speed, unless an editor's process does the work.
    client = FolderClient(root, home, dataclasses.replace(settings, cpu_percent=100), watch=False, asks_only=True)
    client.start()
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            state = await client.until(lambda now: now.phase in (*SERVING, "failed"))
        if state.phase == "failed":
            raise RecoderError(state.reason or "The index cannot be opened.", "`recoder-lsp doctor` may say why.")
        yield client
    except TimeoutError:
        raise RecoderError("The index process does not answer.", "Its log lies in ~/.recoder/index; is the machine very busy?") from None
    finally:
        await client.close()
