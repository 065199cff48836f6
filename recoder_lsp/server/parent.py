"""Knows whether the editor that started this process is still there."""

import asyncio
import os
import sys
from pathlib import Path

CHECK_EVERY_S = 1.0


async def wait_until_gone(process_id: int) -> None:
    """Return when that process has ended."""
    while is_running(process_id):  # noqa: ASYNC110 - nobody would set an event: a process that dies tells nobody
        await asyncio.sleep(CHECK_EVERY_S)


def is_running(process_id: int) -> bool:
    """Whether a process of this id runs; one that has ended but was not collected by its parent does not."""
    if process_id <= 0:
        return False
    if sys.platform == "win32":
        return _is_running_on_windows(process_id)
    try:
        os.kill(process_id, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    try:
        # The state follows the name, which stands in brackets and may itself hold any character.
        state = Path(f"/proc/{process_id}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state not in ("Z", "X")


def _is_running_on_windows(process_id: int) -> bool:
    import ctypes

    may_wait, still_running = 0x00100000, 0x102
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - exists on Windows only
    handle = kernel.OpenProcess(may_wait, False, process_id)
    if not handle:
        access_denied = 5
        return bool(kernel.GetLastError() == access_denied)
    try:
        return bool(kernel.WaitForSingleObject(handle, 0) == still_running)
    finally:
        kernel.CloseHandle(handle)
