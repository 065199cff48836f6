"""Tells the worker which files change, where no editor does."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import cast

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.process.worker import Worker
from recoder_lsp.logs import log_bug

AGAIN_AFTER_S = 30.0

log = logging.getLogger(__name__)


async def keep_watching(root: Path, worker: Worker, settings_now: Callable[[], IndexSettings]) -> None:
    """Watch the folder until this is cancelled; what makes that impossible is tried again after a while."""
    while True:
        try:
            await _watch(root, worker, settings_now)
        except Exception as error:
            # Nobody would notice that changes are no longer noticed.
            log_bug(log, "The folder cannot be watched", error)
            await asyncio.sleep(AGAIN_AFTER_S)


async def _watch(root: Path, worker: Worker, settings_now: Callable[[], IndexSettings]) -> None:
    """Watch until other folders may count than those that are watched."""
    # Imported late: the socket is there first.
    from recoder_lsp.index.files.scanner import Scanner, ScanRules, is_ignore_file
    from recoder_lsp.index.files.watcher import watch

    settings = settings_now()
    scanner = Scanner(root, ScanRules(settings.max_file_kb * 1024, settings.include, settings.exclude))
    found = cast(AsyncGenerator[set[str], None], watch(root, scanner.worth_watching))
    async with contextlib.aclosing(found) as changes:
        async for paths in changes:
            if not paths:
                # The watches are there. What was changed before is found out by another look.
                worker.look_again()
                continue
            worker.watched(sorted(paths))
            if settings != settings_now() or any(is_ignore_file(path) for path in paths):
                return
