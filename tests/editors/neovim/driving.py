"""A real Neovim with a user interface attached: keys go in, Lua is run in it, and its screen is read."""

import contextlib
import itertools
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgpack

from tests.editors.neovim.screen import Screen

T = TypeVar("T")
TIMEOUT_S = 60.0
CHECK_EVERY_S = 0.02
PATIENCE_S = 0.2


class LuaError(Exception):
    """Neovim said that something failed."""


class Neovim:
    """One Neovim, driven as a program with a window of its own would do it; ended by `with`."""

    def __init__(self, command: Sequence[str], cwd: Path, environ: Mapping[str, str], columns: int = 100, rows: int = 30) -> None:
        self.process = subprocess.Popen(
            [*command, "--embed", "-i", "NONE", "-n"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=cwd,
            env={**os.environ, **environ},
            # So that all that it started can be ended with it.
            start_new_session=True,
        )
        self.screen = Screen(columns, rows)
        self._ids = itertools.count(1)
        self._answers: dict[int, queue.Queue[tuple[Any, Any]]] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.call("nvim_ui_attach", columns, rows, {"rgb": True, "ext_linegrid": True})

    def __enter__(self) -> "Neovim":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(TIMEOUT_S)
        self._reader.join(TIMEOUT_S)
        for stream in (self.process.stdin, self.process.stdout):
            assert stream
            try:
                stream.close()
            except OSError:
                continue

    def call(self, function: str, *arguments: Any) -> Any:
        """What a function of Neovim's API returns; messages that wait to be read meanwhile are read away."""
        answer = self._begin(function, *arguments)
        end = time.monotonic() + TIMEOUT_S
        while time.monotonic() < end:
            try:
                error, result = answer.get(timeout=PATIENCE_S)
            except queue.Empty:
                self._read_away()
                continue
            if error is not None:
                raise LuaError(error)
            return result
        raise AssertionError(f"Neovim does not answer. On the screen:\n{self.screen}")

    def lua(self, code: str, *arguments: Any) -> Any:
        """What a piece of Lua returns; `...` in it are the arguments."""
        return self.call("nvim_exec_lua", code, list(arguments))

    def command(self, line: str) -> None:
        self.call("nvim_command", line)

    def type(self, keys: str) -> None:
        """Press keys, written as in mappings; returns before Neovim has worked them off."""
        self.call("nvim_input", keys)

    def quit(self) -> int:
        """Leave it as a user would; its exit code."""
        self._send([0, next(self._ids), "nvim_command", ["qall!"]])
        return self.process.wait(TIMEOUT_S)

    @property
    def lines(self) -> list[str]:
        """Of the current buffer."""
        lines: list[str] = self.call("nvim_buf_get_lines", 0, 0, -1, False)
        return lines

    def until(self, wanted: Callable[[], T], what: str = "") -> T:
        """What this is once it is true."""
        end = time.monotonic() + TIMEOUT_S
        while not (found := wanted()):
            if time.monotonic() > end:
                raise AssertionError(f"Never came: {what or wanted}. On the screen:\n{self.screen}")
            time.sleep(CHECK_EVERY_S)
        return found

    def until_shown(self, text: str) -> None:
        self.until(lambda: text in str(self.screen), f"{text!r} on the screen")

    def until_not_shown(self, text: str) -> None:
        self.until(lambda: text not in str(self.screen), f"no {text!r} on the screen")

    def _begin(self, function: str, *arguments: Any) -> queue.Queue[tuple[Any, Any]]:
        request_id = next(self._ids)
        answer = self._answers[request_id] = queue.Queue()
        self._send([0, request_id, function, list(arguments)])
        return answer

    def _read_away(self) -> None:
        """Press Enter where Neovim waits for it; only the functions used here are answered then."""
        _, mode = self._begin("nvim_get_mode").get(timeout=TIMEOUT_S)
        if mode["blocking"]:
            self._begin("nvim_input", "<CR>").get(timeout=TIMEOUT_S)

    def _send(self, message: Any) -> None:
        assert self.process.stdin
        self.process.stdin.write(msgpack.packb(message))
        self.process.stdin.flush()

    def _read(self) -> None:
        assert self.process.stdout
        unpacker = msgpack.Unpacker(strict_map_key=False, unicode_errors="replace")
        while block := os.read(self.process.stdout.fileno(), 65536):
            unpacker.feed(block)
            for message in unpacker:
                if message[0] == 1 and message[1] in self._answers:
                    self._answers[message[1]].put((message[2], message[3]))
                elif message[0] == 2 and message[1] == "redraw":
                    self.screen.redraw(message[2])
