"""An index without models and databases, for tests of the process around it: finds texts that hold a word."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recoder_lsp.config import IndexSettings
from recoder_lsp.errors import RecoderError
from recoder_lsp.index.process import searching
from recoder_lsp.index.records import Hit


@dataclass(frozen=True)
class Progress:
    phase: str
    done: int = 0
    total: int = 0
    n_files: int = 0
    n_chunks: int = 0


@dataclass(frozen=True)
class Summary:
    complete: bool
    n_files: int
    settings: IndexSettings


class StandIn:
    """What it does beyond finding words is asked for by the names of files: a file "slow" makes reading each file take 10 ms."""

    def __init__(self, root: Path | None, home: Path, settings: IndexSettings) -> None:
        if root is not None and (root / "broken").exists():
            raise RecoderError("The index is broken.", "Remove the file.")
        self.root, self.home, self.settings = root, home, settings
        self.texts: dict[str, str] = {}
        self.buffers: dict[str, str] = {}
        self.calls: list[str] = []
        self.to_read: list[str] | None = None
        (home / "opened").open("a").write(f"{os.getpid()}\n")

    def reconcile(self, report: Callable[[Progress], None], should_stop: Callable[[], bool]) -> Summary:
        self.calls.append("reconcile")
        if self.to_read is None:
            self.texts.clear()
            names = sorted(path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()) if self.root else []
            self.to_read = names
            self.total = len(names)
        while self.to_read:
            if should_stop():
                return Summary(False, len(self.texts), self.settings)
            if (self.root / "slow").exists():
                time.sleep(0.01)
            self._read(self.to_read.pop(0))
            report(Progress("indexing", self.total - len(self.to_read), self.total, len(self.texts), len(self.texts)))
        self.to_read = None
        (self.home / "done").touch()
        report(Progress("idle", 0, 0, len(self.texts), len(self.texts)))
        return Summary(True, len(self.texts), self.settings)

    def restart_round(self) -> None:
        self.calls.append("restart")
        self.to_read = None

    def update(self, paths: Iterable[str], should_stop: Callable[[], bool] = lambda: False) -> bool:
        paths = list(paths)
        self.calls.append(f"update {','.join(sorted(paths))}")
        if "poison" in paths:
            raise ValueError("secret text")
        for path in paths:
            self._read(path)
        return False

    def open_buffer(self, path: str, text: str, language: str) -> bool:
        self.calls.append(f"buffer {path}")
        self.buffers[path] = text
        return False

    def close_buffer(self, path: str) -> bool:
        self.buffers.pop(path, None)
        return False

    def flush(self, should_stop: Callable[[], bool]) -> bool:
        self.calls.append("flush")
        return True

    def keep_phrases(self, should_stop: Callable[[], bool]) -> bool:
        self.calls.append("phrases")
        return True

    def check(self) -> list[str]:
        return ["nothing is wrong"]

    def close(self) -> None:
        (self.home / "closed").touch()

    def answer(self, method: str, params: dict[str, Any]) -> Any:
        if method == "search":
            found = {**self.texts, **self.buffers}
            return {"hits": [_hit(path, text) for path, text in sorted(found.items()) if params["text"] in text], "stale": []}
        if method == "calls":
            return list(self.calls)
        if method == "nap":
            time.sleep(params["seconds"])
            return "slept"
        if method == "leave this machine":
            socket.create_connection(("192.0.2.1", 80), timeout=1)
        if method == "odd":
            return [Path("no JSON")]
        raise KeyError(method)

    def _read(self, path: str) -> None:
        try:
            self.texts[path] = (self.root / path).read_text()
        except OSError:
            self.texts.pop(path, None)


def _hit(path: str, text: str) -> Hit:
    return Hit(path, "plaintext", 0, text.count("\n"), "", "", float(len(text)), ("words",), text)


def impatient(root: Path | None, home: Path, settings: IndexSettings) -> StandIn:
    """In whose process a question counts as stuck at once."""
    searching.STUCK_S = 0.2
    # It runs as the main module, and would wait for the thread that is stuck.
    sys.modules["__main__"].CLOSE_TIMEOUT_S = 0.2  # type: ignore[attr-defined]
    return StandIn(root, home, settings)
