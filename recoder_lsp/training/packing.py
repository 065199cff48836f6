"""Arrays of integers written as small as they get, to travel: a name, a kind and a shape, then xz."""

from __future__ import annotations

import json
import lzma
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[Any]

DICTIONARY_BYTES, SMALLEST_DICTIONARY_BYTES = 1 << 26, 1 << 12


def packed(arrays: dict[str, Any]) -> bytes:
    """Every array with its name, kind and shape, compressed."""
    content = []
    for name, array in arrays.items():
        # Two-byte tokens are aligned to two bytes, and LZMA can know; the dictionary spans the versions of a package's idioms.
        wide = {"lc": 1, "lp": 1, "pb": 1} if array.dtype.itemsize == 2 else {}
        planes = _planes(array)
        dictionary = min(max(len(planes), SMALLEST_DICTIONARY_BYTES), DICTIONARY_BYTES)
        filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": dictionary, **wide}]
        compressed = lzma.compress(planes, lzma.FORMAT_XZ, filters=filters)
        about = json.dumps({"name": name, "dtype": array.dtype.str, "shape": array.shape, "size": len(compressed)}).encode()
        content += [len(about).to_bytes(4, "little"), about, compressed]
    return b"".join(content)


def unpacked(data: bytes) -> dict[str, Any]:
    """Read what `packed` wrote."""
    arrays, position = dict[str, Any](), 0
    while position < len(data):
        about_size = int.from_bytes(data[position : position + 4], "little")
        position += 4 + about_size
        about = json.loads(data[position - about_size : position])
        raw = lzma.decompress(data[position : position + about["size"]])
        position += about["size"]
        arrays[about["name"]] = _of_planes(raw, np.dtype(about["dtype"]), tuple(about["shape"]))
    return arrays


def _planes(array: Integers) -> bytes:
    """Integers of four bytes and more as differences down each column, their first bytes together, then their second: most are 0."""
    if array.dtype.itemsize < 4 or not array.size or not array.ndim:
        return array.tobytes()
    table = array.reshape(len(array), -1)
    differences = np.diff(table, axis=0, prepend=np.zeros((1, table.shape[1]), table.dtype))
    columns = np.ascontiguousarray(differences.T)
    return columns.view(np.uint8).reshape(-1, array.dtype.itemsize).T.tobytes()


def _of_planes(raw: bytes, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Integers:
    if dtype.itemsize < 4 or not raw or not shape:
        return np.frombuffer(raw, dtype).reshape(shape).copy()
    flat = np.ascontiguousarray(np.frombuffer(raw, np.uint8).reshape(dtype.itemsize, -1).T).view(dtype)
    return np.cumsum(flat.reshape(-1, shape[0]), axis=1, dtype=dtype).T.reshape(shape).copy()
