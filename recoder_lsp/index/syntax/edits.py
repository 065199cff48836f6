"""What was changed between two versions of a text: what is the same at both ends."""

from __future__ import annotations

from typing import AnyStr


def common_beginning(before: AnyStr, after: AnyStr, most: int) -> int:
    """How long the common beginning is, at most `most`. By halves: slices are compared in C."""
    low, high = 0, most
    # What is before `low` is the same; what is before `high` may be.
    while low < high:
        middle = (low + high + 1) // 2
        if before[low:middle] == after[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def common_end(before: AnyStr, after: AnyStr, most: int) -> int:
    """How long the common end is, at most `most`."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if before[len(before) - middle : len(before) - low] == after[len(after) - middle : len(after) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def common_prefix(before: bytes, after: bytes) -> int:
    """How many bytes both begin with, in whole characters."""
    low = common_beginning(before, after, min(len(before), len(after)))
    while low and (_is_inside_character(before, low) or _is_inside_character(after, low)):
        low -= 1
    return low


def common_suffix(before: bytes, after: bytes, most: int) -> int:
    """How many bytes both end with, in whole characters, at most `most`."""
    low = common_end(before, after, most)
    while low and _is_inside_character(after, len(after) - low):
        low -= 1
    return low


def row_and_column(data: bytes, offset: int) -> tuple[int, int]:
    """Where a byte is: its line, and its place in it, in bytes."""
    return data.count(b"\n", 0, offset), offset - (data.rfind(b"\n", 0, offset) + 1)


def _is_inside_character(data: bytes, offset: int) -> bool:
    return offset < len(data) and data[offset] & 0xC0 == 0x80
