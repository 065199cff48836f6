"""Bytes from and to the editor: frames with a Content-Length header, read so that a broken one costs only itself."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

HEADER_LIMIT_BYTES = 8192
BODY_LIMIT_BYTES = 256 * 1024 * 1024
READ_BYTES = 65536

# search(), not match(): after a body that was longer than its header said, the rest stands before the next header.
_CONTENT_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*\+?(\d{1,18})[ \t]*\r?\n\Z", re.IGNORECASE)


class BrokenFrame(Exception):
    """A frame that cannot be read; the text says why, without quoting it."""


def read_frames(read: Callable[[int], bytes]) -> Iterator[bytes | BrokenFrame]:
    """Yield the body of each frame, and a BrokenFrame for each header without a usable length, until the input ends.

    Args:
        read: returns at most so many bytes, as soon as there are any; nothing at the end. OSError counts as the end.
    """
    reader = _Reader(read)
    while True:
        try:
            length = _read_header(reader)
            yield reader.exactly(length)
        except BrokenFrame as broken:
            yield broken
        except EOFError:
            return


def encode_frame(message: Any) -> bytes:
    """Turn plain JSON values into a frame. ValueError, TypeError or RecursionError for what JSON cannot say."""
    # ASCII only, so that half a surrogate pair in the text cannot make it unsendable.
    body = json.dumps(message, allow_nan=False, separators=(",", ":")).encode("ascii")
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def decode_body(body: bytes) -> Any:
    """Turn a frame's body into plain JSON values; BrokenFrame when it is no JSON."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BrokenFrame("The message is not valid JSON.") from error


def _read_header(reader: "_Reader") -> int:
    """Read lines until the empty one; return the length they named."""
    length: int | None = None
    n_lines = 0
    while True:
        line = reader.line()
        if found := _CONTENT_LENGTH.search(line):
            length = int(found.group(1))
        elif not line.strip():
            if length is not None:
                break
            if n_lines:
                raise BrokenFrame("A header names no content length.")
            continue
        n_lines += 1
    if length > BODY_LIMIT_BYTES:
        raise BrokenFrame("A header names a content length beyond the limit.")
    return length


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class _Reader:
    """Lines and blocks out of a stream that gives what it has."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._buffer = bytearray()

    def line(self) -> bytes:
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            if len(self._buffer) > HEADER_LIMIT_BYTES:
                # No header is that long: this is the middle of something. Its end may still hold a header's beginning.
                del self._buffer[: -HEADER_LIMIT_BYTES // 2]
            searched = len(self._buffer)
            self._fill()
        return self._take(end + 1)

    def exactly(self, n_bytes: int) -> bytes:
        while len(self._buffer) < n_bytes:
            self._fill(n_bytes - len(self._buffer))
        return self._take(n_bytes)

    def _fill(self, wanted: int = 0) -> None:
        try:
            block = self._read(max(wanted, READ_BYTES))
        except (OSError, ValueError):
            block = b""
        if not block:
            raise EOFError
        self._buffer += block

    def _take(self, n_bytes: int) -> bytes:
        taken = bytes(self._buffer[:n_bytes])
        del self._buffer[:n_bytes]
        return taken
