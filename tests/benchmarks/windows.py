"""What one, two, five and ten windows cost, of one folder and of ten: `make bench-windows`.

    python -m tests.benchmarks.windows [FOLDER ...]

Each window has a server, which is told what VS Code tells; its folder is indexed and its model has answered before anything is
measured. First all windows are of the first folder, then each is of another one. Without folders these are packages of the standard
library of the running Python. Memory is what Linux calls the proportional set size: a page that several processes share counts for
each in part. Needs Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recoder_lsp.demo.process import ServerProcess
from recoder_lsp.errors import RecoderError
from recoder_lsp.index.process.calling import MODULE
from tests.benchmarks.peer import cpu_s, wait_for_rest
from tests.editors.processes import left_behind, processes_of

N_WINDOWS = (1, 2, 5, 10)
PACKAGES = ("asyncio", "email", "json", "logging", "http", "importlib", "multiprocessing", "unittest", "urllib", "xml")
CLIENT = Path(__file__).parents[1] / "data" / "clients" / "vscode-1.139.json"
AT_REST_S = 30.0
PATIENCE_S = 60.0
"""Many servers that begin at once wait for each other."""

HEADER = (
    "| | windows | index processes | servers MB | index MB | together MB | a further window MB | CPU at rest |\n"
    "|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Used:
    """What the processes of all windows occupy."""

    n_indexes: int
    servers_mb: float
    indexes_mb: float

    @property
    def total_mb(self) -> float:
        return self.servers_mb + self.indexes_mb


class Windows:
    """Windows of an editor, each with a server of its own. Leaving closes them, as an editor does that is quit."""

    def __init__(self) -> None:
        self._servers: list[ServerProcess] = []
        self._life = ExitStack()

    def __enter__(self) -> Windows:
        return self

    def __exit__(self, *error: Any) -> None:
        self._life.__exit__(*error)

    def __len__(self) -> int:
        return len(self._servers)

    def open(self, folder: Path) -> None:
        """Open a folder in a new window, with one of its files."""
        server = self._life.enter_context(ServerProcess(PATIENCE_S))
        root = folder.as_uri()
        client = json.loads(CLIENT.read_text("utf-8"))
        folders = [{"uri": root, "name": folder.name}]
        server.ask("initialize", client | {"processId": os.getpid(), "rootUri": root, "workspaceFolders": folders})
        server.tell("initialized", {})
        file = min(folder.rglob("*.py"))
        text = file.read_text("utf-8", "replace")
        document = {"uri": file.as_uri(), "languageId": "python", "version": 1, "text": text}
        server.tell("textDocument/didOpen", {"textDocument": document})
        caret = {"line": text.count("\n"), "character": 0}
        self._servers.append(server)
        at_the_end = {"textDocument": {"uri": document["uri"]}, "position": caret, "context": {"triggerKind": 2}}
        server.ask("textDocument/inlineCompletion", at_the_end)

    def wait(self) -> None:
        """Return when every window has its model and its index, and nothing is done in the background any more."""
        for server in self._servers:
            while not _serves(server.ask("recoder/status", None)):
                time.sleep(0.1)
        wait_for_rest(*(server.process_id for server in self._servers))

    def cpu_s(self) -> float:
        """Return the seconds that they have computed so far; an index process is the child of the server that began it."""
        return sum(cpu_s(server.process_id) for server in self._servers)


def used_by(numbers: Sequence[int]) -> Used:
    """Return what these processes occupy now."""
    indexes = [number for number in numbers if MODULE.encode() in _said(number, "cmdline").split(b"\0")]
    servers = [number for number in numbers if number not in indexes]
    return Used(len(indexes), sum(map(_pss_mb, servers)), sum(map(_pss_mb, indexes)))


def measure(label: str, folder_of: Callable[[int], Path], n_windows: Sequence[int]) -> list[int]:
    """Open more and more windows, printing a row at each number of them; return the ids of processes that outlived the last."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        os.environ["RECODER_HOME"] = temporary
        with Windows() as windows:
            before, n_before = 0.0, 0
            for number in n_windows:
                while len(windows) < number:
                    windows.open(folder_of(len(windows)))
                windows.wait()
                computed_s, began = windows.cpu_s(), time.monotonic()
                time.sleep(AT_REST_S)
                cpu = (windows.cpu_s() - computed_s) / (time.monotonic() - began)
                used = used_by(processes_of(Path(temporary)))
                further = (used.total_mb - before) / (number - n_before)
                before, n_before = used.total_mb, number
                mb = " | ".join(f"{each:,.0f}" for each in (used.servers_mb, used.indexes_mb, used.total_mb, further))
                print(f"| {label} | {number} | {used.n_indexes} | {mb} | {cpu:.1%} |", flush=True)
        return left_behind(Path(temporary))


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.windows", description=__doc__.partition("\n")[0])
    parser.add_argument("folders", type=Path, nargs="*", help="what to open; one for each window")
    stdlib = Path(sysconfig.get_paths()["stdlib"])
    folders = [folder.resolve() for folder in parser.parse_args(arguments).folders] or [stdlib / name for name in PACKAGES]
    print(HEADER, flush=True)
    left = measure("the same folder", lambda number: folders[0], N_WINDOWS)
    left += measure("a folder each", folders.__getitem__, [number for number in N_WINDOWS if number <= len(folders)])
    print(f"\nProcesses that are left after closing them: {len(left)}.")
    return 1 if left else 0


def _serves(status: dict[str, Any]) -> bool:
    return status["engine"]["state"] == "ready" and status["index"]["state"] == "idle"


def _pss_mb(number: int) -> float:
    shares = (int(line.split()[1]) for line in _said(number, "smaps_rollup").splitlines() if line.startswith(b"Pss:"))
    return next(shares, 0) / 1024


def _said(number: int, name: str) -> bytes:
    """What Linux says about a process; nothing where it has ended, or is somebody else's."""
    try:
        return Path(f"/proc/{number}/{name}").read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RecoderError as error:
        sys.exit(str(error))
