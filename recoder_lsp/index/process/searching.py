"""The one thread of the index process that answers questions, and how it is noticed that it answers none any more."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

STUCK_S = 60.0
"""No question takes so long, not even the first one on a busy machine."""

END_TIMEOUT_S = 1.0
THREAD = "recoder-search"

R = TypeVar("R")

log = logging.getLogger(__name__)


class SearchThread:
    """Belongs to the event loop; what is run on it belongs to the thread."""

    def __init__(self, on_stuck: Callable[[], None]) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=THREAD)
        self._on_stuck = on_stuck
        self._examining: asyncio.Task[None] | None = None

    async def run(self, work: Callable[[], R]) -> R:
        """Return what this returns; cancelled before its turn it never begins."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def examine(self) -> None:
        """Somebody waited in vain: find out whether anything is still done here. Returns at once."""
        if self._examining is None or self._examining.done():
            self._examining = asyncio.get_running_loop().create_task(self._examine(), name="is the search stuck")

    def close(self) -> bool:
        """Stop; False if the thread would not."""
        if self._examining is not None:
            self._examining.cancel()
        self._executor.shutdown(wait=False, cancel_futures=True)
        threads = [thread for thread in threading.enumerate() if thread.name.startswith(THREAD)]
        for thread in threads:
            thread.join(END_TIMEOUT_S)
        return not any(thread.is_alive() for thread in threads)

    async def _examine(self) -> None:
        try:
            async with asyncio.timeout(STUCK_S):
                await self.run(_nothing)
        except TimeoutError:
            log.error("No question is answered any more.")
            self._on_stuck()


def _nothing() -> None:
    """That it was done is the answer."""
