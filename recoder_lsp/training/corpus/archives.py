"""Reads tar archives to their very end, so that a damaged one is noticed."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator

_BLOCK_BYTES = 1 << 20


def members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the members whose names can be written as UTF-8, in the order of the archive.

    Raises:
        OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError: The archive is damaged; half of it may have been yielded.
    """
    for member in tar:
        if _is_utf8(member.name):
            yield member
    # To tarfile a damaged header is the end. The sum that would tell comes after the last byte.
    if tar.fileobj is not None:
        while tar.fileobj.read(_BLOCK_BYTES):
            pass


def has_one_top_folder(tar: tarfile.TarFile) -> bool:
    """Say whether everything lies in one folder, as it does in most source archives. Reads the whole archive."""
    tops, is_file_at_top = set(), False
    for member in tar.getmembers():
        top, _, rest = member.name.removeprefix("./").partition("/")
        if top not in ("", "."):
            tops.add(top)
            is_file_at_top |= not rest and not member.isdir()
    return len(tops) == 1 and not is_file_at_top


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
