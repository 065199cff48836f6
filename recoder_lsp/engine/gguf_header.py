"""Reads and checks the head of a GGUF file, because llama.cpp ends the whole process on some damaged ones.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import os
import stat
import struct
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from recoder_lsp.engine.models import ModelUnusable
from recoder_lsp.language import gettext, marked

AGAIN = marked("Download the model again, or set engine.model to another GGUF file.")
_ANOTHER = marked("Set engine.model to a GGUF file.")

_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_INTEGERS = frozenset({0, 1, 2, 3, 4, 5, 10, 11})
_BYTES_PER_CACHED_VALUE = 2  # the KV cache is kept in float16

# Far above every published model, low enough that a damaged count cannot make llama.cpp allocate without end.
_MOST_KEYS = 4096
_MOST_TENSORS = 65536
_MOST_VOCABULARY = 2_000_000
_MOST_PER_HYPERPARAMETER = 1 << 24
_LONGEST_TENSOR_NAME = 63
# LLAMA_MAX_EXPERTS and LLAMA_MAX_LAYERS, which it asserts.
_MOST_EXPERTS = 512
_MOST_LAYERS = 512
_LONGEST_TEXT = 1 << 24


@dataclass(frozen=True)
class Header:
    """What a model file says about itself.

    `metadata` holds every scalar as text ("true"/"false" for booleans); `array_lengths` the length of every array.
    """

    size_bytes: int
    metadata: dict[str, str] = field(default_factory=dict)
    array_types: dict[str, int] = field(default_factory=dict)
    array_lengths: dict[str, int] = field(default_factory=dict)
    tokens: set[bytes] = field(default_factory=set, repr=False)

    @property
    def architecture(self) -> str:
        return self.metadata.get("general.architecture", "")

    def hyperparameter(self, name: str, default: int = 0) -> int:
        """Return an integer of the model's architecture ("block_count"), or the default."""
        text = self.metadata.get(f"{self.architecture}.{name}", "")
        return int(text) if text.lstrip("-").isdigit() else default

    def cache_bytes(self, context_tokens: int) -> int:
        """Estimate the size of the KV cache for so many tokens; too high for models that share or compress it."""
        heads = max(1, self.hyperparameter("attention.head_count", 1))
        width = self.hyperparameter("embedding_length") // heads
        key = self.hyperparameter("attention.key_length", width)
        value = self.hyperparameter("attention.value_length", width)
        kept_heads = self.hyperparameter("attention.head_count_kv", heads)
        return context_tokens * self.hyperparameter("block_count") * kept_heads * (key + value) * _BYTES_PER_CACHED_VALUE


def read_header(path: Path) -> Header:
    """Return the checked head of a model file.

    Raises:
        ModelUnusable: There is no such file, it is not GGUF, or it is damaged or cut short.
    """
    try:
        # Before opening: a named pipe would wait for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ModelUnusable(gettext("{path} is not a file.").format(path=path), gettext(_ANOTHER))
        with path.open("rb") as file:
            return _Reader(path, file, os.fstat(file.fileno()).st_size).header()
    except FileNotFoundError as error:
        raise ModelUnusable(gettext("The model file {path} does not exist.").format(path=path), gettext(_ANOTHER)) from error
    except (OSError, ValueError) as error:
        # ValueError: a path with a NUL byte in it.
        message = gettext("The model file {path} cannot be read ({problem}).").format(path=path, problem=error)
        raise ModelUnusable(message, gettext("Give yourself access, or set engine.model to another file.")) from error


class _Reader:
    def __init__(self, path: Path, file: BinaryIO, size_bytes: int) -> None:
        self._path = path
        self._file = file
        self._size_bytes = size_bytes

    def header(self) -> Header:
        if self._size_bytes == 0:
            raise ModelUnusable(gettext("The model file {path} is empty.").format(path=self._path), gettext(AGAIN))
        if self._file.read(4) != b"GGUF":
            raise ModelUnusable(gettext("{path} is not a GGUF model.").format(path=self._path), gettext(_ANOTHER))
        version = self._number("<I")
        if version not in (2, 3):
            message = gettext("{path} has GGUF version {version}; versions 2 and 3 can be read.")
            raise ModelUnusable(message.format(path=self._path, version=version), gettext(AGAIN))
        n_tensors, n_keys = self._number("<Q"), self._number("<Q")
        self._require(0 < n_tensors <= _MOST_TENSORS and 0 < n_keys <= _MOST_KEYS, marked("its table of contents makes no sense"))
        header = Header(self._size_bytes)
        for _ in range(n_keys):
            self._read_key(header)
        self._check_model(header)
        self._check_vocabulary(header)
        self._check_tensors(n_tensors, header)
        return header

    def _read_key(self, header: Header) -> None:
        key = self._text()
        kind = self._number("<I")
        if kind == _STRING:
            header.metadata[key] = self._text()
        elif kind == _ARRAY:
            header.array_types[key], header.array_lengths[key] = self._read_array(header.tokens if key == _TOKENS else None)
        else:
            header.metadata[key] = self._scalar(kind)

    def _scalar(self, kind: int) -> str:
        self._require(kind in _SCALARS, marked("it holds a value of an unknown type"))
        value = self._number(_SCALARS[kind])
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _read_array(self, keep: set[bytes] | None) -> tuple[int, int]:
        kind, length = self._number("<I"), self._number("<Q")
        if kind == _STRING:
            self._require(length <= _MOST_VOCABULARY, marked("one of its lists is too long"))
            texts = (self._bytes(self._number("<Q")) for _ in range(length))
            if keep is None:
                deque(texts, maxlen=0)
            else:
                # llama.cpp reads up to the first NUL, and gives each empty token a name of its own.
                keep.update(text.partition(b"\0")[0] or b"[EMPTY_%d]" % place for place, text in enumerate(texts))
        else:
            self._require(kind in _SCALARS, marked("it holds a list of an unknown type"))
            self._skip(length * struct.calcsize(_SCALARS[kind]))
        return kind, length

    def _check_model(self, header: Header) -> None:
        """Refuse hyperparameters that llama.cpp divides by, or allocates by, without looking."""
        self._require(bool(header.architecture), marked("it does not say what kind of model it is"))
        prefix = f"{header.architecture}."
        for key, text in header.metadata.items():
            if key.startswith(prefix) and text.lstrip("-").isdigit():
                self._require(0 <= int(text) <= _MOST_PER_HYPERPARAMETER, marked("{key} is {value}"), key=key, value=text)
            if key.startswith(prefix) and key.endswith("epsilon"):
                self._require(0 <= float(text) < 1, marked("{key} is {value}"), key=key, value=text)
        for name in ("block_count", "embedding_length", "context_length"):
            self._require(header.hyperparameter(name) > 0, marked("{key} is missing or 0"), key=prefix + name)
        experts, experts_used = header.hyperparameter("expert_count"), header.hyperparameter("expert_used_count")
        self._require(
            experts_used <= experts <= _MOST_EXPERTS and (experts == 0) == (experts_used == 0), marked("its experts make no sense")
        )
        self._require(header.hyperparameter("block_count") <= _MOST_LAYERS, marked("it has too many layers"))

    def _check_vocabulary(self, header: Header) -> None:
        """Refuse what llama.cpp asserts or indexes unseen: token tables that do not fit, duplicates, missing bytes."""
        n_tokens = header.array_lengths.get(_TOKENS, 0)
        self._require(n_tokens > 0, marked("it has no vocabulary"))
        for name, types in _TOKEN_TABLES.items():
            key = f"tokenizer.ggml.{name}"
            if key in header.array_types:
                self._require(header.array_types[key] in types, marked("{key} has the wrong type"), key=key)
                self._require(header.array_lengths[key] == n_tokens, marked("{key} has the wrong length"), key=key)
        self._require(len(header.tokens) == n_tokens, marked("two of its tokens are the same"))
        if header.metadata.get("tokenizer.ggml.model") == "llama":
            has_byte = (b"<0x%02X>" % byte in header.tokens or bytes([byte]) in header.tokens for byte in range(256))
            self._require(all(has_byte), marked("its vocabulary cannot write every byte"))

    def _check_tensors(self, n_tensors: int, header: Header) -> None:
        furthest = 0
        for _ in range(n_tensors):
            self._require(0 < len(self._text()) <= _LONGEST_TENSOR_NAME, marked("a tensor has no usable name"))
            n_dimensions = self._number("<I")
            self._require(1 <= n_dimensions <= 4, marked("a tensor has no usable shape"))
            sizes = [self._number("<Q") for _ in range(n_dimensions)]
            self._require(all(0 < size <= self._size_bytes * 8 for size in sizes), marked("a tensor has no usable shape"))
            self._number("<I")
            furthest = max(furthest, self._number("<Q"))
        # llama.cpp checks the size of each tensor itself; only where the last one starts is looked at here.
        alignment = int(header.metadata.get("general.alignment", "32"))
        self._require(32 <= alignment <= 1 << 16 and alignment & (alignment - 1) == 0, marked("its alignment makes no sense"))
        self._require(self._file.tell() + furthest < self._size_bytes, marked("it is cut short"))

    def _text(self) -> str:
        return self._bytes(self._number("<Q")).decode("utf-8", "replace")

    def _number(self, layout: str) -> int:
        (value,) = struct.unpack(layout, self._bytes(struct.calcsize(layout)))
        return value  # type: ignore[no-any-return]

    def _bytes(self, n_bytes: int) -> bytes:
        self._require(n_bytes <= _LONGEST_TEXT, marked("one of its texts is too long"))
        data = self._file.read(n_bytes)
        self._require(len(data) == n_bytes, marked("it is cut short"))
        return data

    def _skip(self, n_bytes: int) -> None:
        self._require(self._file.tell() + n_bytes <= self._size_bytes, marked("it is cut short"))
        self._file.seek(n_bytes, os.SEEK_CUR)

    def _require(self, holds: bool, otherwise: str, **values: str) -> None:
        if not holds:
            problem = gettext(otherwise).format(**values)
            message = gettext("The model file {path} is damaged: {problem}.").format(path=self._path, problem=problem)
            raise ModelUnusable(message, gettext(AGAIN))


_TOKENS = "tokenizer.ggml.tokens"
_TOKEN_TABLES = {"tokens": {_STRING}, "scores": {6}, "token_type": {4, 5}}
