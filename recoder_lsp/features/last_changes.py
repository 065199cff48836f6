"""When definitions were changed last, as Git knows it: asked in the background, and remembered for the next look."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recoder_lsp import git
from recoder_lsp.git import LastChange

REMEMBERED = 128
# A commit may have been made since.
KEPT_S = 60.0
# Git reads a file's history with all of a core.
AT_ONCE = 1


@dataclass
class _Asked:
    at_s: float
    task: asyncio.Task[LastChange | None]


class LastChanges:
    """Owned by the event loop."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked: OrderedDict[tuple[Path, int, str], _Asked] = OrderedDict()
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def of(self, path: Path, first_line: int, last_line: int, text_hash: str, text: str | None = None) -> LastChange | None:
        """Return the last change of a definition. Whoever gives up waiting finds it here later.

        Args:
            path: Its file.
            first_line: From 0.
            last_line: Inclusive.
            text_hash: Of the definition as it is now.
            text: Of the file as it is in the editor, where it is open there.
        """
        key = (path, first_line, text_hash)
        asked = self._asked.get(key)
        if asked is None or self._clock() - asked.at_s > KEPT_S:
            task = asyncio.get_running_loop().create_task(self._ask(path, first_line, last_line, text), name="last change")
            asked = self._asked[key] = _Asked(self._clock(), task)
            if len(self._asked) > REMEMBERED:
                self._asked.popitem(last=False)[1].task.cancel()
        # Not awaited itself: that would cancel it along with who asks.
        await asyncio.wait([asked.task])
        return asked.task.result() if not asked.task.cancelled() else None

    async def settled(self) -> None:
        """Wait until all that was asked is answered."""
        if self._asked:
            await asyncio.wait([asked.task for asked in self._asked.values()])

    async def _ask(self, path: Path, first_line: int, last_line: int, text: str | None) -> LastChange | None:
        async with self._turn:
            return await git.last_change(path, first_line, last_line, text)

    async def close(self) -> None:
        """Stop asking, and forget everything."""
        tasks = [asked.task for asked in self._asked.values()]
        self._asked.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
