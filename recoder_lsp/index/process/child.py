"""Starts an index process, which may outlive who started it."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

PACKAGE_PARENT = Path(__file__).parents[3]


class Child:
    """A process that was started; waited for on a thread of its own, so that it never stays behind as a zombie."""

    def __init__(self, command: Sequence[str]) -> None:
        self.exit_code: int | None = None
        self._command = command
        threading.Thread(target=self._run, name="recoder-index-process", daemon=True).start()

    def _run(self) -> None:
        try:
            # Not asyncio's way of starting processes: that kills them when the loop ends, and other editors use this one.
            # The first place where Python looks for modules is the working directory, so that must not be the user's.
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=PACKAGE_PARENT,
                start_new_session=True,
            )
        except OSError:
            self.exit_code = -1
            return
        self.exit_code = process.wait()
