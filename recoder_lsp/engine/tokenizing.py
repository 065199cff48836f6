"""Text to tokens and back, exactly, for one loaded model."""

from __future__ import annotations

import ctypes
import functools
import re
from collections.abc import Collection
from typing import Any

from recoder_lsp.errors import RecoderError
from recoder_lsp.language import gettext

_SPACE_MARK = "\N{LOWER ONE EIGHTH BLOCK}"


class Tokenizer:
    """Asks llama.cpp, and remembers every piece. For the engine thread alone."""

    def __init__(self, api: Any, vocabulary: Any) -> None:
        """Args: `api` is llama_cpp; `vocabulary` belongs to a loaded model."""
        self._api, self._vocabulary = api, vocabulary
        self._is_sentencepiece = api.llama_vocab_type(vocabulary) == api.LLAMA_VOCAB_TYPE_SPM
        self._pieces: dict[int, bytes] = {}

    def tokenize(self, text: str) -> list[int]:
        """Return the tokens of plain text: no BOS, no space put before it, and special tokens in it are only text."""
        if not self._is_sentencepiece or _SPACE_MARK not in text:
            return self._tokenize(text, parse_special=False)
        # SentencePiece writes a space as ▁ and cannot tell it from a ▁ in the text; as bytes it survives.
        first, *others = text.split(_SPACE_MARK)
        tokens = self._tokenize(first, parse_special=False)
        for other in others:
            tokens += self._space_mark_bytes + self._tokenize(other, parse_special=False)
        return tokens

    def tokenize_special(self, text: str) -> int | None:
        """Return the one token that stands for a special text, if there is one."""
        tokens = self._tokenize(text, parse_special=True)
        return tokens[0] if len(tokens) == 1 else None

    def tokenize_marked(self, text: str) -> list[int]:
        """Return the tokens of a text in which special tokens are meant, as in a chat template."""
        return self._tokenize(text, parse_special=True)

    def tokenize_unmarked(self, text: str, markers: Collection[str]) -> list[int]:
        """Return the tokens of plain text, in which none of these texts becomes the one token that it names.

        `tokenize` is enough where those are control tokens; some models declare them as ordinary ones.
        """
        if not any(marker in text for marker in markers):
            return self.tokenize(text)
        either = "|".join(re.escape(marker) for marker in sorted(markers, key=len, reverse=True))
        tokens = []
        # Cut in two, it is no marker any more.
        for part in re.split(f"(?<=(?=(?:{either})).)", text, flags=re.DOTALL):
            tokens += self.tokenize(part)
        return tokens

    def markers(self, tokens: Collection[int]) -> set[str]:
        """Return how those of the tokens are written that a text may name as a whole: control tokens, and ordinary ones like them."""
        vocabulary, kinds = self._open(), self._api.LLAMA_TOKEN_ATTR_CONTROL | self._api.LLAMA_TOKEN_ATTR_USER_DEFINED
        named = (self.written(token) for token in tokens if self._api.llama_vocab_get_attr(vocabulary, token) & kinds)
        return {text for text in named if len(text.strip()) > 1}

    def written(self, token: int | None) -> str:
        """Return what the vocabulary calls a token, "" where there is none."""
        if token is None:
            return ""
        text: bytes = self._api.llama_vocab_get_text(self._open(), token)
        return text.decode("utf-8", "replace")

    def piece(self, token: int) -> bytes:
        """Return the exact bytes of a token; b"" for control tokens.

        Raises:
            ValueError: There is no such token.
        """
        if token not in self._pieces:
            self._pieces[token] = self._read_piece(token)
        return self._pieces[token]

    def close(self) -> None:
        """Forget the vocabulary, which is freed with its model: what is asked afterwards raises RecoderError."""
        self._vocabulary = None

    def _open(self) -> Any:
        if self._vocabulary is None:
            raise RecoderError(gettext("The model was unloaded."), gettext("Try again."))
        return self._vocabulary

    def _tokenize(self, text: str, *, parse_special: bool) -> list[int]:
        vocabulary = self._open()
        # Half a surrogate pair can come out of a client's JSON, and has no UTF-8.
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        while True:
            buffer = (self._api.llama_token * room)()
            n_tokens = self._api.llama_tokenize(vocabulary, data, len(data), buffer, room, False, parse_special)
            if n_tokens >= 0:
                return buffer[:n_tokens]  # type: ignore[no-any-return]
            room = -n_tokens

    def _read_piece(self, token: int) -> bytes:
        vocabulary = self._open()
        if not 0 <= token < self._api.llama_vocab_n_tokens(vocabulary):
            raise ValueError(f"token {token} is not in this vocabulary")
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            n_bytes = self._api.llama_token_to_piece(vocabulary, token, buffer, room, 0, False)
            if n_bytes >= 0:
                return buffer.raw[:n_bytes]
            room = -n_bytes

    @functools.cached_property
    def _space_mark_bytes(self) -> list[int]:
        is_byte = self._api.LLAMA_TOKEN_ATTR_BYTE
        by_piece = {
            self.piece(token): token
            for token in range(self._api.llama_vocab_n_tokens(self._vocabulary))
            if self._api.llama_vocab_get_attr(self._vocabulary, token) & is_byte
        }
        return [by_piece[bytes([byte])] for byte in _SPACE_MARK.encode() if bytes([byte]) in by_piece]
