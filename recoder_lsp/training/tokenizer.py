"""Train the code tokenizer: byte-pair merges in two stages, the second crossing words but never a line end.

The first stage learns words and parts of identifiers; the second joins them into idioms such as
`for i in range(`, so that a prompt is short and a line is few steps (merges over spaces as in JetBrains'
full-line completion, two stages as in SuperBPE). A line end takes its indentation with it as one token.

The result is a llama.cpp vocabulary of the `llama` (SentencePiece) kind, because that tokenizer applies
merges without first splitting text by a fixed pattern. The score of a token is its merge order; white
space scores highest, so that indentation is gathered before anything can attach to it.
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

SPACE = "\u2581"
MAX_INDENT_SPACES = 32
MAX_INDENT_TABS = 8
MAX_TOKEN_CHARACTERS = 24

CONTROL_TOKENS = (
    "<unk>",
    "<s>",
    "</s>",
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
    "<|end_of_insertion|>",
)
UNKNOWN, BOS, EOS, FIM_PREFIX, FIM_SUFFIX, FIM_MIDDLE, FIM_PAD, FIM_REPO, FIM_SEPARATOR, END_OF_INSERTION = range(10)

# Words of the first stage: parts of camelCase and snake_case names, runs of punctuation, single digits.
_WORD = r"(?: |_+)?[A-Z]?[a-z]+|(?: |_+)?[A-Z]+(?![a-z])|_+|\d| ?[^\sA-Za-z0-9_]+| "
_WORD_STAGE_SHARE = 0.55
_MAX_JOINED_WORDS = 8
_FIRST_STAND_IN = 0xF0000  # a private plane of Unicode: one character stands for one token of the first stage
_COMMENT = re.compile(r"\s*(?:#|//|/?\*|\"\"\"|$)")
_LINE_START = re.compile(rf"\n(?: {{1,{MAX_INDENT_SPACES}}}|\t{{1,{MAX_INDENT_TABS}}})?")


class TokenKind(IntEnum):
    """`tokenizer.ggml.token_type` of the GGUF format."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    BYTE = 6


Tokenize = Callable[[str], list[int]]


@dataclass(frozen=True)
class Token:
    """One entry of the vocabulary; `text` writes a space as U+2581, as SentencePiece does."""

    text: str
    score: float
    kind: TokenKind


def train(texts: Iterable[str], size: int) -> list[Token]:
    """Learn a vocabulary of `size` tokens; the position of a token is its id.

    Args:
        texts: Source files; some 30 MB are enough, and hold in memory.
        size: Tokens in all, control, byte and white-space tokens included.
    """
    fixed = _fixed_tokens()
    lines = [line for text in texts for line in text.split("\n") if line.isascii()]
    n_words = int(_WORD_STAGE_SHARE * (size - len(fixed)))
    words, encode = _learnt_words(lines, n_words)
    idioms = _learnt_idioms((encode(line.strip()) for line in lines if not _COMMENT.match(line)), words, size)
    taken = {token.text for token in fixed}
    merges = [text for text in dict.fromkeys(text.replace(" ", SPACE) for text in words + idioms) if len(text) > 1 and text not in taken]
    return fixed + [Token(text, -1.0 - rank, TokenKind.NORMAL) for rank, text in enumerate(merges[: size - len(fixed)])]


def _learnt_words(lines: list[str], size: int) -> tuple[list[str], Callable[[str], list[int]]]:
    """Learn the first stage; return its tokens in merge order and a function that encodes a line with them."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(r"^\s+|\s+$|\s{2,}"), "removed"), pre_tokenizers.Split(Regex(_WORD), "isolated")]
    )
    trainer = trainers.BpeTrainer(vocab_size=size, max_token_length=MAX_TOKEN_CHARACTERS, show_progress=False, min_frequency=8)
    bpe.train_from_iterator(lines, trainer)
    words = [text for text, _ in sorted(bpe.get_vocab().items(), key=lambda entry: entry[1])]

    def encode(line: str) -> list[int]:
        ids: list[int] = bpe.encode(line).ids
        return ids

    return words, encode


def _learnt_idioms(lines: Iterable[list[int]], words: list[str], size: int) -> list[str]:
    """Learn the second stage over lines of first-stage tokens; return the joined texts in merge order."""
    from tokenizers import Tokenizer, models, trainers

    bpe = Tokenizer(models.BPE())
    trainer = trainers.BpeTrainer(vocab_size=len(words) + size, max_token_length=_MAX_JOINED_WORDS, show_progress=False, min_frequency=8)
    bpe.train_from_iterator(("".join(chr(_FIRST_STAND_IN + word) for word in line) for line in lines), trainer)
    learnt = [text for text, _ in sorted(bpe.get_vocab().items(), key=lambda entry: entry[1]) if len(text) > 1]
    idioms = ["".join(words[ord(character) - _FIRST_STAND_IN] for character in text) for text in learnt]
    return [text for text in idioms if len(text) <= MAX_TOKEN_CHARACTERS and not any(map(str.isdigit, text))]


def _fixed_tokens() -> list[Token]:
    """Return what every vocabulary starts with: control tokens, bytes, white space, single characters."""
    kinds = [TokenKind.UNKNOWN] + [TokenKind.CONTROL] * (len(CONTROL_TOKENS) - 1)
    control = [Token(text, 0.0, kind) for text, kind in zip(CONTROL_TOKENS, kinds, strict=True)]
    in_bytes = [Token(f"<0x{value:02X}>", 0.0, TokenKind.BYTE) for value in range(256)]
    runs = [SPACE * n for n in range(2, MAX_INDENT_SPACES + 1)] + ["\t" * n for n in range(2, MAX_INDENT_TABS + 1)]
    line_starts = ["\n" + SPACE * n for n in range(1, MAX_INDENT_SPACES + 1)] + ["\n" + "\t" * n for n in range(1, MAX_INDENT_TABS + 1)]
    # Longer scores higher, so that a run keeps growing from the left; a line end comes before loose spaces.
    white = [Token(text, float(len(text)), TokenKind.NORMAL) for text in runs]
    white += [Token(text, 100.0 + len(text), TokenKind.NORMAL) for text in line_starts]
    characters = [Token(text, -1e6, TokenKind.NORMAL) for text in ["\n", "\t", SPACE, *map(chr, range(0x21, 0x7F))]]
    return control + in_bytes + white + characters


def piece(token: Token) -> bytes:
    """Return the bytes that a token stands for; none for a control token."""
    if token.kind is TokenKind.BYTE:
        return bytes([int(token.text[3:5], 16)])
    return token.text.replace(SPACE, " ").encode() if token.kind is TokenKind.NORMAL else b""


def pieces(text: str) -> Iterator[str]:
    """Cut a text where no token can cross: around each line end with its indentation."""
    end = 0
    for start in _LINE_START.finditer(text):
        if start.start() > end:
            yield text[end : start.start()]
        yield start[0]
        end = start.end()
    if end < len(text):
        yield text[end:]


class LineCache:
    """Tokenise whole files quickly: most lines of a corpus have been seen before."""

    def __init__(self, tokenize: Tokenize) -> None:
        self._tokenize = tokenize
        self._known: dict[str, list[int]] = {}

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text, the same that the tokenizer gives for the whole."""
        result: list[int] = []
        for piece in pieces(text):
            found = self._known.get(piece)
            if found is None:
                found = self._known[piece] = self._tokenize(piece)
            result += found
        return result


class InPython:
    """Gives the tokens that llama.cpp gives, about as fast, where there is no llama.cpp. Can be pickled.

    Only U+2581, which stands for a space inside both, comes out otherwise; the corpus has none.
    """

    def __init__(self, vocabulary: list[Token]) -> None:
        self._ids = {token.text: number for number, token in enumerate(vocabulary) if token.kind is TokenKind.NORMAL}
        self._scores = {token.text: token.score for token in vocabulary if token.kind is TokenKind.NORMAL}
        self._in_bytes = {int(token.text[3:5], 16): number for number, token in enumerate(vocabulary) if token.kind is TokenKind.BYTE}

    def __call__(self, text: str) -> list[int]:
        """Join the neighbours that score highest, the leftmost of equals, until none make a token."""
        symbols = list(text.replace(" ", SPACE))
        following, preceding = [*range(1, len(symbols)), -1], list(range(-1, len(symbols) - 1))
        queue: list[tuple[float, int, str]] = []

        def offer(left: int) -> None:
            if left >= 0 and following[left] >= 0 and (joined := symbols[left] + symbols[following[left]]) in self._scores:
                heapq.heappush(queue, (-self._scores[joined], left, joined))

        for left in range(len(symbols)):
            offer(left)
        while queue:
            _, left, joined = heapq.heappop(queue)
            right = following[left]
            # One of the two may have been joined with something else meanwhile; an emptied symbol is no part of any token.
            if not symbols[left] or right < 0 or symbols[left] + symbols[right] != joined:
                continue
            symbols[left], symbols[right] = joined, ""
            following[left] = following[right]
            if following[left] >= 0:
                preceding[following[left]] = left
            offer(preceding[left])
            offer(left)
        tokens: list[int] = []
        for symbol in filter(None, symbols):
            known = self._ids.get(symbol)
            tokens += [known] if known is not None else [self._in_bytes[byte] for byte in symbol.encode("utf-8", "replace")]
        return tokens


def save(vocabulary: list[Token], path: Path) -> None:
    """Write the vocabulary as JSON: one [text, score, kind] a token."""
    path.write_text(json.dumps([[token.text, token.score, int(token.kind)] for token in vocabulary], ensure_ascii=False), "utf-8")


def load(path: Path) -> list[Token]:
    """Read a vocabulary written by `save`."""
    return [Token(text, score, TokenKind(kind)) for text, score, kind in json.loads(path.read_text("utf-8"))]
