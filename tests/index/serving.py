"""Clients of real index processes, and whether such processes are gone."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.process.client import FolderClient
from recoder_lsp.index.process.wire import IndexState

DEADLINE_S = 30.0
STAND_IN = ("--core", "tests.index.standin:StandIn")


def client_of(root: Path | None, home: Path, *, watch: bool = False, settings: IndexSettings | None = None, **more) -> FolderClient:
    """A client of a process around the stand-in."""
    return FolderClient(root, home, settings or IndexSettings(), watch=watch, options=STAND_IN, **more)


async def in_phase(client: FolderClient, phase: str) -> IndexState:
    async with asyncio.timeout(DEADLINE_S):
        return await client.until(lambda state: state.phase == phase)


async def eventually(wanted: Callable[[], object], deadline_s: float = DEADLINE_S) -> None:
    """Wait until this is true."""
    deadline = time.monotonic() + deadline_s
    while not (outcome := wanted()) or (asyncio.iscoroutine(outcome) and not await outcome):
        assert time.monotonic() < deadline, "this never became true"
        await asyncio.sleep(0.01)


async def found(client: FolderClient, word: str) -> list[str]:
    return [hit.path for hit in await client.search(word)]


def runs(process_id: int) -> bool:
    """Whether a process is there; one that has ended and waits to be collected is not."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def index_processes(home: Path) -> list[int]:
    """Ids of all index processes that serve from this home."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal() and runs(int(entry)):
            try:
                words = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"recoder_lsp.index.process.host" in words and os.fsencode(home) in words:
                found.append(int(entry))
    return found
