"""Frames are found again after whatever came in between."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoder_lsp.server.frames import BODY_LIMIT_BYTES, BrokenFrame, decode_body, encode_frame, read_frames


def frames_of(stream: bytes, block_bytes: int = 65536) -> list[bytes | str]:
    def blocks() -> Iterator[bytes]:
        for start in range(0, len(stream), block_bytes):
            yield stream[start : start + block_bytes]

    waiting = blocks()
    return ["broken" if isinstance(frame, BrokenFrame) else frame for frame in read_frames(lambda _: next(waiting, b""))]


GOOD = b"Content-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        (b"", []),
        (GOOD + GOOD, [b"{}", b"{}"]),
        (b"content-length:2\n\n{}", [b"{}"]),
        (b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}", [b"{}"]),
        (b"Content-Length: 0\r\n\r\n" + GOOD, [b"", b"{}"]),
        (b"\r\n\r\n" + GOOD, [b"{}"]),
        (b"Content-Length: -5\r\n\r\n" + GOOD, ["broken", b"{}"]),
        (b"Content-Length: many\r\n\r\n" + GOOD, ["broken", b"{}"]),
        (b"Content-Length: %d\r\n\r\n" % (BODY_LIMIT_BYTES + 1) + GOOD, ["broken", b"{}"]),
        (b"Content-Length: 2\r\n\r\n{}the rest" + GOOD, [b"{}", b"{}"]),
        (b"x" * 100_000 + GOOD, [b"{}"]),
        (b"Content-Length: 9\r\n\r\n{}", []),
        (b"Content-Length: 2", []),
    ],
)
@pytest.mark.parametrize("block_bytes", [1, 7, 65536])
def test_a_broken_frame_costs_only_itself(stream, frames, block_bytes):
    assert frames_of(stream, block_bytes) == frames


def test_an_error_while_reading_is_the_end():
    def read(_: int) -> bytes:
        raise OSError

    assert list(read_frames(read)) == []


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail(stream):
    frames_of(stream, 3)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_what_is_sent_can_be_read(message):
    (body,) = frames_of(encode_frame(message))

    assert decode_body(body) == message


@pytest.mark.parametrize("message", [float("nan"), float("inf"), object(), {1: object()}])
def test_what_json_cannot_say_is_an_error_of_ours(message):
    with pytest.raises((TypeError, ValueError)):
        encode_frame(message)
