"""The processes that a test has started: the editor, the server, the index; known by the RECODER_HOME that they have inherited."""

import os
import time
from pathlib import Path

TIMEOUT_S = 60.0
CHECK_EVERY_S = 0.05


def processes_of(home: Path) -> list[int]:
    """Their ids."""
    wanted = f"RECODER_HOME={home}\0".encode()
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if wanted in _read(pid, "environ")]


def server_pid(home: Path) -> int | None:
    """The server that an editor has started with this home; None while there is none."""
    for pid in processes_of(home):
        words = _read(pid, "cmdline").split(b"\0")[1:-1]
        if words == [b"-m", b"recoder_lsp"] or (len(words) == 1 and words[0].endswith(b"/recoder-lsp")):
            return pid
    return None


def left_behind(home: Path) -> list[int]:
    """Those that are still there when they have had some time to end."""
    end = time.monotonic() + TIMEOUT_S
    while (left := processes_of(home)) and time.monotonic() < end:
        time.sleep(CHECK_EVERY_S)
    return left


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
