"""A screen that a program offers over VNC: keys and the pointer go in, pictures come out (RFC 6143, as little of it as is needed)."""

import contextlib
import re
import socket
import struct
import time
import zlib
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
TIMEOUT_S = 60.0
CHECK_EVERY_S = 0.1
KEYS = {
    **{"BS": 0xFF08, "Tab": 0xFF09, "CR": 0xFF0D, "Esc": 0xFF1B, "Del": 0xFFFF, "Space": 0x20, "lt": ord("<")},
    **{"Home": 0xFF50, "Left": 0xFF51, "Up": 0xFF52, "Right": 0xFF53, "Down": 0xFF54, "End": 0xFF57},
}
MODIFIERS = {"S": 0xFFE1, "C": 0xFFE3, "M": 0xFFE9}
CUT_TEXT = 3
FIRST_BYTES = b"RFB 003.003\n"
# 32 bits a pixel: blue, green, red, nothing.
PIXEL_FORMAT = struct.pack(">BBBBHHHBBBxxx", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)


class Screen:
    """The one client of a VNC server on this machine; `with` closes the connection."""

    def __init__(self, port: int) -> None:
        """Connect.

        Raises:
            OSError: Nobody listens there yet.
        """
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self._read(len(FIRST_BYTES))
        self._socket.sendall(FIRST_BYTES)
        self._read(4)
        self._socket.sendall(b"\1")
        self.width, self.height, length = struct.unpack(">HH16xI", self._read(24))
        self._read(length)
        self._socket.sendall(b"\0\0\0\0" + PIXEL_FORMAT + struct.pack(">BxHi", 2, 1, 0))
        self._pixels = bytearray(self.width * self.height * 4)

    def __enter__(self) -> "Screen":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def type(self, keys: str) -> None:
        """Press keys, the special ones written as in Vim's mappings (`<Esc>`, `<C-x>`, `<M-CR>`)."""
        for key in re.findall(r"<[A-Za-z-]+.?>|.", keys, re.DOTALL):
            name = key[1:-1] if len(key) > 1 else key
            held = []
            while len(name) > 2 and name[1] == "-" and name[0] in MODIFIERS:
                held.append(MODIFIERS[name[0]])
                name = name[2:]
            symbol = KEYS["CR"] if name == "\n" else KEYS.get(name) or ord(name)
            presses = [(each, True) for each in (*held, symbol)] + [(each, False) for each in (symbol, *reversed(held))]
            self._socket.sendall(b"".join(struct.pack(">BBxxI", 4, down, each) for each, down in presses))

    def point(self, x: int, y: int) -> None:
        """Move the pointer there."""
        self._socket.sendall(struct.pack(">BBHH", 5, 0, x, y))

    def click(self, x: int, y: int) -> None:
        """Press the left button there."""
        for pressed in (0, 1, 0):
            self._socket.sendall(struct.pack(">BBHH", 5, pressed, x, y))

    def pixels(self) -> bytes:
        """What is shown now, four bytes a pixel."""
        self._socket.sendall(struct.pack(">BBHHHH", 3, 0, 0, 0, self.width, self.height))
        while self._read(1)[0] == CUT_TEXT:
            self._read(struct.unpack(">3xI", self._read(7))[0])
        (n_rectangles,) = struct.unpack(">xH", self._read(3))
        for _ in range(n_rectangles):
            x, y, width, height = struct.unpack(">HHHH4x", self._read(12))
            rows = self._read(width * height * 4)
            for row in range(height):
                start = ((y + row) * self.width + x) * 4
                self._pixels[start : start + width * 4] = rows[row * width * 4 : (row + 1) * width * 4]
        return bytes(self._pixels)

    def until_changed(self, before: bytes, n_pixels: int = 2_000) -> None:
        """Wait until so many pixels are not what they were: a blinking cursor is fewer, a menu is more."""
        until(lambda: _n_different(before, self.pixels()) >= n_pixels, "something else on the screen")

    def as_png(self) -> bytes:
        """What is shown now, as a file."""
        shown = self.pixels()
        red, green, blue = shown[2::4], shown[1::4], shown[0::4]
        colours = bytearray(self.width * self.height * 3)
        colours[0::3], colours[1::3], colours[2::3] = red, green, blue
        stride = self.width * 3
        rows = b"".join(b"\0" + colours[row * stride : (row + 1) * stride] for row in range(self.height))
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)

    def _read(self, n_bytes: int) -> bytes:
        read = bytearray()
        while len(read) < n_bytes:
            block = self._socket.recv(n_bytes - len(read))
            if not block:
                raise EOFError("The program has closed its screen.")
            read += block
        return bytes(read)


def connected(port: int) -> Screen:
    """A screen, once there is one."""

    def tried() -> Screen | None:
        with contextlib.suppress(OSError):
            return Screen(port)
        return None

    found = until(tried, "a screen")
    assert found
    return found


def free_port() -> int:
    """A port of this machine that nobody uses at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def until(wanted: Callable[[], T], what: str) -> T:
    """What this is once it is true."""
    end = time.monotonic() + TIMEOUT_S
    while not (found := wanted()):
        assert time.monotonic() < end, f"Never came: {what}."
        time.sleep(CHECK_EVERY_S)
    return found


def _n_different(before: bytes, now: bytes) -> int:
    if before == now:
        return 0
    return sum(one != other for one, other in zip(memoryview(before).cast("I"), memoryview(now).cast("I"), strict=True))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
