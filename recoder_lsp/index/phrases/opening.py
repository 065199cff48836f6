"""The phrases of a folder as the server has them: opened in the background, and again when there are newer ones."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

from recoder_lsp.index.phrases import storing
from recoder_lsp.index.phrases.stream import Stream

LOOK_EVERY_S = 1.0

log = logging.getLogger(__name__)


class OpenedPhrases:
    """Belongs to the event loop, which only ever asks for the state of the file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stream: Stream | None = None
        self._version: tuple[int, int] | None = None
        self._looked_at = -LOOK_EVERY_S
        self._opening: asyncio.Task[None] | None = None

    def now(self) -> Stream | None:
        """What was opened last; looks now and then whether it is still the newest."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at >= LOOK_EVERY_S and (self._opening is None or self._opening.done()):
            self._looked_at = now
            version = self._version_on_disk()
            if version is None:
                self._stream = None
            elif version != self._version:
                self._opening = asyncio.get_running_loop().create_task(self._open(), name="open phrases")
            self._version = version
        return self._stream

    def _version_on_disk(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self._file)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    async def _open(self) -> None:
        try:
            self._stream = await asyncio.to_thread(storing.read, self._file)
        except (OSError, storing.DamagedPhrases) as error:
            # The index process builds them anew, and then the file is another one.
            log.info("The phrases of a folder cannot be opened: %s", type(error).__name__)
            self._stream = None
