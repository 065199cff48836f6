"""What was changed between two versions of a text: the bytes at both ends that are the same."""

from __future__ import annotations


def common_prefix(before: bytes, after: bytes) -> int:
    """How many bytes both begin with, in whole characters."""
    most = min(len(before), len(after))
    low, high = 0, most
    # The bytes up to `low` are the same; those up to `high` may be. Slices are compared in C.
    while low < high:
        middle = (low + high + 1) // 2
        if before[low:middle] == after[low:middle]:
            low = middle
        else:
            high = middle - 1
    while low and (_is_inside_character(before, low) or _is_inside_character(after, low)):
        low -= 1
    return low


def common_suffix(before: bytes, after: bytes, most: int) -> int:
    """How many bytes both end with, in whole characters, at most `most`."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if before[len(before) - middle : len(before) - low] == after[len(after) - middle : len(after) - low]:
            low = middle
        else:
            high = middle - 1
    while low and _is_inside_character(after, len(after) - low):
        low -= 1
    return low


def row_and_column(data: bytes, offset: int) -> tuple[int, int]:
    """Where a byte is: its line, and its place in it, in bytes."""
    return data.count(b"\n", 0, offset), offset - (data.rfind(b"\n", 0, offset) + 1)


def _is_inside_character(data: bytes, offset: int) -> bool:
    return offset < len(data) and data[offset] & 0xC0 == 0x80
