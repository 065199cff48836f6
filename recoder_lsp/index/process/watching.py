"""Tells the worker which files change, where no editor does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import cast

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.process.worker import Worker

WATCHES_READY_S = 1.0


async def keep_watching(root: Path, worker: Worker, settings_now: Callable[[], IndexSettings]) -> None:
    """Watch the folder until this is cancelled."""
    # Imported late: the socket is there first.
    from recoder_lsp.index.files.scanner import Scanner, ScanRules, is_ignore_file
    from recoder_lsp.index.files.watcher import watch

    if worker.state.phase != "opening":
        # What was changed before anybody watched is found out once the watches are there.
        asyncio.get_running_loop().call_later(WATCHES_READY_S, worker.look_again)
    while True:
        settings = settings_now()
        scanner = Scanner(root, ScanRules(settings.max_file_kb * 1024, settings.include, settings.exclude))
        found = cast(AsyncGenerator[set[str], None], watch(root, scanner.worth_watching))
        async with contextlib.aclosing(found) as changes:
            async for paths in changes:
                worker.watched(sorted(paths))
                if settings != settings_now() or any(is_ignore_file(path) for path in paths):
                    # Other folders may count from now on.
                    break
