"""A program in a terminal of its own: keys go in, and its screen is kept, as text and as a picture."""

import codecs
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pyte

from tests.editors.drawing import Look, svg

T = TypeVar("T")
TIMEOUT_S = 60.0
CHECK_EVERY_S = 0.02
ALONE_S = 0.1
ASK_AGAIN_AFTER_S = 2.0
DEFAULT = Look(foreground=0xD4D4D4, background=0x1E1E1E)
COLOURS = {
    "black": 0x000000,
    "red": 0xCD3131,
    "green": 0x0DBC79,
    "brown": 0xE5E510,
    "blue": 0x2472C8,
    "magenta": 0xBC3FBC,
    "cyan": 0x11A8CD,
    "white": 0xE5E5E5,
    "brightblack": 0x666666,
    "brightred": 0xF14C4C,
    "brightgreen": 0x23D18B,
    "brightbrown": 0xF5F543,
    "brightblue": 0x3B8EEA,
    "brightmagenta": 0xD670D6,
    # It is spelt so in pyte 0.8.
    "bfightmagenta": 0xD670D6,
    "brightcyan": 0x29B8DB,
    "brightwhite": 0xFFFFFF,
}
KEYS = {
    "Esc": "\x1b",
    "CR": "\r",
    "Tab": "\t",
    "S-Tab": "\x1b[Z",
    "BS": "\x7f",
    "Del": "\x1b[3~",
    "Space": " ",
    "lt": "<",
    "Up": "\x1b[A",
    "Down": "\x1b[B",
    "Right": "\x1b[C",
    "Left": "\x1b[D",
    "Home": "\x1b[H",
    "End": "\x1b[F",
}
CONTROL = re.compile(r"\x1bP.*?\x1b\\|\x1b\[([<=>?]?)([0-9;:]*)([ -/]*)([@-~])", re.DOTALL)
UNFINISHED = re.compile(r"\x1b(?:P(?:(?!\x1b\\).)*|\[[<=>?]?[0-9;:]*[ -/]*)?\Z", re.DOTALL)


class Terminal:
    """One program in a terminal, killed by `with` where it has not ended."""

    def __init__(self, command: Sequence[str], cwd: Path, environ: Mapping[str, str], columns: int = 100, rows: int = 30) -> None:
        self._master, self._slave = pty.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen = _Screen(columns, rows, self._write)
        self._stream = _Stream(self._screen)
        self._lock = threading.Lock()
        self.process = subprocess.Popen(
            # Makes the terminal that of the program, and the program the first of its group, so that all of it can be ended.
            ["setsid", "--ctty", *command],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            cwd=cwd,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", **environ},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(TIMEOUT_S)
        os.close(self._slave)
        self._reader.join(TIMEOUT_S)
        os.close(self._master)

    def __str__(self) -> str:
        with self._lock:
            return "\n".join(line.rstrip() for line in self._screen.display)

    def type(self, keys: str) -> None:
        """Press keys, the special ones written as in Vim's mappings (`<Esc>`, `<C-x>`, `<M-x>`); returns when they were read."""
        for key in re.findall(r"<[A-Za-z-]+.?>|.", keys, re.DOTALL):
            self._write(_sent_for(key))
            if key == "<Esc>":
                self._until_read()
                # Programs tell it by the time from Alt with the key that follows.
                time.sleep(ALONE_S)
        self._until_read()

    def until(self, wanted: Callable[[], T], what: str = "") -> T:
        """What this is once it is true."""
        end = time.monotonic() + TIMEOUT_S
        while not (found := wanted()):
            if time.monotonic() > end:
                raise AssertionError(f"Never came: {what or wanted}. On the screen:\n{self}")
            time.sleep(CHECK_EVERY_S)
        return found

    def until_shown(self, text: str) -> None:
        self.until(lambda: text in str(self), f"{text!r} on the screen")

    def until_not_shown(self, text: str) -> None:
        self.until(lambda: text not in str(self), f"no {text!r} on the screen")

    def ask(self, keys: str, wanted: Callable[[], T], what: str = "") -> T:
        """What this is once it is true; the keys are pressed again from time to time, for a server that does not know yet."""
        asked_at = 0.0

        def answered() -> T:
            nonlocal asked_at
            if time.monotonic() > asked_at + ASK_AGAIN_AFTER_S:
                self.type(keys)
                asked_at = time.monotonic()
            return wanted()

        return self.until(answered, what)

    def exit_code(self) -> int:
        """Of the program, once it has ended."""
        return self.process.wait(TIMEOUT_S)

    def as_svg(self) -> str:
        with self._lock:
            cursor = self._screen.cursor
            rows = [
                [(cell.data, _look(cell)) for column in range(self._screen.columns) for cell in [self._screen.buffer[row][column]]]
                for row in range(self._screen.lines)
            ]
        # What most of it is drawn on is what is around it, too.
        background, _ = Counter(look.background for row in rows for _, look in row).most_common(1)[0]
        return svg(rows, replace(DEFAULT, background=background), None if cursor.hidden else (cursor.y, cursor.x))

    def _write(self, text: str) -> None:
        data = text.encode()
        while data:
            data = data[os.write(self._master, data) :]

    def _until_read(self) -> None:
        def read() -> bool:
            waiting = struct.unpack("i", fcntl.ioctl(self._slave, termios.TIOCINQ, struct.pack("i", 0)))
            return waiting == (0,) or self.process.poll() is not None

        # Keys get to the program by a thread of the kernel, and do not count before.
        time.sleep(CHECK_EVERY_S)
        self.until(read, "the program reading its keys")

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        # An error is how Linux says that no program holds the terminal any longer.
        with contextlib.suppress(OSError):
            while block := os.read(self._master, 65536):
                with self._lock:
                    self._stream.feed(decoder.decode(block))


class _Screen(pyte.Screen):
    """pyte's, which also answers what programs ask a terminal."""

    def __init__(self, columns: int, rows: int, answer: Callable[[str], None]) -> None:
        super().__init__(columns, rows)
        self._answer = answer

    def write_process_input(self, data: str) -> None:
        self._answer(data)


class _Stream(pyte.Stream):
    """pyte's, which is only given the control sequences that it knows: it shows some others as text, and fails at others."""

    _held_back = ""

    def feed(self, data: str) -> None:
        data = self._held_back + data
        unfinished = UNFINISHED.search(data)
        end = unfinished.start() if unfinished else len(data)
        self._held_back = data[end:]
        super().feed(CONTROL.sub(self._known, data[:end]))

    def _known(self, match: "re.Match[str]") -> str:
        private, parameters, between, final = match.groups()
        if final is None or final not in self.csi or between or private not in ("", "?") or (private and final not in "hlJK"):
            return ""
        return f"\x1b[{private}{';'.join(part for part in parameters.split(';') if ':' not in part)}{final}"


def _sent_for(key: str) -> str:
    name = key[1:-1] if len(key) > 1 else ""
    if not name:
        return key
    if name.startswith("C-"):
        return "\0" if name == "C-Space" else chr(ord(name[2].upper()) & 0x1F)
    if name.startswith("M-"):
        return "\x1b" + (KEYS.get(name[2:]) or name[2:])
    return KEYS[name]


def _look(cell: Any) -> Look:
    foreground, background = _colour(cell.fg, DEFAULT.foreground), _colour(cell.bg, DEFAULT.background)
    if cell.reverse:
        foreground, background = background, foreground
    return Look(foreground, background, cell.bold, cell.italics)


def _colour(name: str, default: int) -> int:
    if name == "default":
        return default
    return COLOURS[name] if name in COLOURS else int(name, 16)
