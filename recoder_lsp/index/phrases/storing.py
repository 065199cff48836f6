"""A stream as a file: replaced whole, mapped into memory by those who read it, and not read at all where it is damaged."""

from __future__ import annotations

import json
import mmap
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from recoder_lsp.index.phrases.stream import Stream, Words

PHRASES = "phrases"
"""The name of the file, in the folder of the index."""

MAGIC = b"RECODPHR"
VERSION = 1
"""To be raised when the layout changes, or when the same text gives other lexemes than before."""

# Magic, version, what it is made of, bytes of each section, checksum of the sections; then the checksum of all that.
_HEADER = struct.Struct("<8sI16s9QI")
_CHECKSUM = struct.Struct("<I")
_FIRST_SECTION = 128
_ALIGNED = 8


class DamagedPhrases(Exception):
    """The file is not what was written, or another Recoder's."""


def write(file: Path, stream: Stream) -> None:
    """Put a stream in the file's place. Those who have the earlier file open keep reading that.

    Raises:
        OSError: There is no room; the earlier file is still there.
    """
    import numpy as np

    names = json.dumps([stream.paths, stream.hashes]).encode()
    numbers = (stream.ids, stream.order, stream.pattern_order, stream.starts, stream.words.ends)
    flags = (stream.spaces, stream.references)
    arrays = [array.view(np.uint8).data for array in (*numbers, *flags)]
    sections = [*arrays, memoryview(stream.words.spellings), memoryview(names)]
    checksum = 0
    for piece in _padded(sections):
        checksum = zlib.crc32(piece, checksum)
    header = _HEADER.pack(MAGIC, VERSION, stream.made_of, *(len(section) for section in sections), checksum)
    header += _CHECKSUM.pack(zlib.crc32(header))
    beside = file.with_name(f"{file.name}.new")
    try:
        with open(beside, "wb", opener=_for_its_user_alone) as output:
            output.write(header.ljust(_FIRST_SECTION, b"\0"))
            for piece in _padded(sections):
                output.write(piece)
        os.replace(beside, file)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def read(file: Path) -> Stream:
    """Map a stream into memory. It stays as it is for as long as it is held, whatever becomes of the file.

    Takes about 1 ms for 3 MB, to compare all of it with its checksum; not for the event loop.

    Raises:
        OSError: There is no such file, or it cannot be read.
        DamagedPhrases: It is to be built anew.
    """
    import numpy as np

    with open(file, "rb") as opened:
        if os.fstat(opened.fileno()).st_size < _FIRST_SECTION:
            raise DamagedPhrases("The file is cut off.")
        whole = memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))
    magic, version, made_of, *sizes, checksum = _HEADER.unpack_from(whole)
    if (magic, version) != (MAGIC, VERSION):
        raise DamagedPhrases("The file is another Recoder's.")
    if _CHECKSUM.unpack_from(whole, _HEADER.size) != (zlib.crc32(whole[: _HEADER.size]),):
        raise DamagedPhrases("The file's head is damaged.")
    bounds = [_FIRST_SECTION]
    for size in sizes:
        bounds.append(bounds[-1] + size + -size % _ALIGNED)
    if bounds[-1] != len(whole) or zlib.crc32(whole[_FIRST_SECTION:]) != checksum:
        raise DamagedPhrases("The file is damaged.")
    sections = [whole[start : start + size] for start, size in zip(bounds, sizes, strict=False)]
    ids, order, pattern_order, starts, ends = (np.frombuffer(section, np.int32) for section in sections[:5])
    spaces, references = (np.frombuffer(section, np.uint8) for section in sections[5:7])
    paths, hashes = json.loads(bytes(sections[8]))
    words = Words(sections[7], ends)
    return Stream(ids, spaces, order, references, pattern_order, starts, tuple(paths), tuple(hashes), words, made_of)


def _padded(sections: Sequence[memoryview]) -> Iterator[memoryview]:
    """The sections with what makes the next one begin where arrays may."""
    for section in sections:
        yield section
        yield memoryview(bytes(-len(section) % _ALIGNED))


def _for_its_user_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
