"""Turn tokenised source files into training rows, laid out exactly as the server prompts.

A row is a sequence of samples, each in one of three layouts (see docs/decisions/0007-tokenizer-and-prompt.md):

- suffix first: context, path, `<|fim_suffix|>` suffix `<|fim_prefix|>` prefix and insertion, end of insertion;
- prefix first: context, path, `<|fim_prefix|>` prefix `<|fim_suffix|>` suffix `<|fim_middle|>` insertion, end of insertion;
- plain: path and text from somewhere in the file onwards.

In the suffix-first layout nothing marks the caret: prefix and insertion are one text with one
tokenisation. The server restores that at the caret by token healing.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recoder_lsp.training import tokenizer as t
from recoder_lsp.training.corpus import Document

Tokens = npt.NDArray[np.uint16]

SUFFIX_FIRST, PREFIX_FIRST = 0.65, 0.20  # the rest is plain
WITH_CONTEXT = 0.35
EMPTY_SUFFIX = 0.12
ENDS_IN_LINE = 0.25
# Below this id a token is punctuation or a common word: sharing it says nothing about relatedness.
FIRST_TELLING_ID = 1500


@dataclass(frozen=True)
class Shards:
    """A tokenised corpus: all files in one array, cut by `starts` (n + 1 entries)."""

    tokens: Tokens
    starts: npt.NDArray[np.int64]
    packages: npt.NDArray[np.int32]
    paths: list[str]
    size_bytes: int

    def file(self, index: int) -> Tokens:
        """Return the tokens of one file."""
        return self.tokens[self.starts[index] : self.starts[index + 1]]

    def save(self, path: Path) -> None:
        """Write the shards as one compressed NumPy archive."""
        np.savez_compressed(
            path, tokens=self.tokens, starts=self.starts, packages=self.packages, paths=np.array(self.paths), size_bytes=self.size_bytes
        )

    @classmethod
    def load(cls, path: Path) -> Shards:
        """Read what `save` wrote."""
        stored: Any = np.load(path)
        return cls(stored["tokens"], stored["starts"], stored["packages"], list(stored["paths"]), int(stored["size_bytes"]))


def tokenised(documents: Iterable[Document], tokenize: t.Tokenize) -> Shards:
    """Tokenise documents into shards; files of one package share a package number."""
    cache, numbers = t.LineCache(tokenize), dict[str, int]()
    files: list[Tokens] = []
    packages, paths, size_bytes = [], [], 0
    for document in documents:
        files.append(np.array(cache.tokens(document.text), np.uint16))
        packages.append(numbers.setdefault(document.package, len(numbers)))
        paths.append(document.path)
        size_bytes += len(document.text.encode())
    starts = np.cumsum([0, *map(len, files)], dtype=np.int64)
    return Shards(np.concatenate(files), starts, np.array(packages, np.int32), paths, size_bytes)


class RowMaker:
    """Makes training rows without end, reproducibly for a seed; every file is used once before any repeats."""

    def __init__(self, shards: Shards, pieces: list[bytes], tokenize: t.Tokenize, seed: int) -> None:
        """Args: `pieces` are the bytes of every token; `tokenize` must be the tokenizer of the shards."""
        self._shards, self._pieces, self._tokenize = shards, pieces, tokenize
        self._random = random.Random(seed)
        self._starts_line = np.array([piece.startswith(b"\n") for piece in pieces])
        self._siblings: dict[int, list[int]] = {}
        for index, package in enumerate(shards.packages):
            self._siblings.setdefault(int(package), []).append(index)
        self._queue: list[tuple[int, int]] = []
        self._row: list[int] = []

    def row(self, length: int) -> list[int]:
        """Return the next `length` tokens; samples follow each other and the last may be cut."""
        while len(self._row) < length:
            room = length - len(self._row)
            wanted = length if self._random.random() < 0.5 else self._random.randint(length // 4, length)
            self._row += self._sample(min(wanted, room) if room >= length // 4 else room)
        row, self._row = self._row[:length], []
        return row

    def _sample(self, length: int) -> list[int]:
        index, position = self._next_place(length)
        file, head = self._shards.file(index), self._head(self._shards.paths[index])
        layout = self._random.random()
        if layout > SUFFIX_FIRST + PREFIX_FIRST or length < 96:
            body = file[position : position + length].tolist()
            return [t.BOS, *head, *body, *([t.EOS] if position + length >= len(file) else [])]
        context = self._context(index, file[position : position + length], length // 3) if self._random.random() < WITH_CONTEXT else []
        room = length - len(context) - len(head) - 6
        window = file[position : position + room]
        left, right = self._cut(window)
        if layout < SUFFIX_FIRST:
            return [t.BOS, *context, *head, t.FIM_SUFFIX, *right, t.FIM_PREFIX, *left, t.END_OF_INSERTION]
        prefix, insertion = self._caret(left)
        return [t.BOS, *context, *head, t.FIM_PREFIX, *prefix, t.FIM_SUFFIX, *right, t.FIM_MIDDLE, *insertion, t.END_OF_INSERTION]

    def _next_place(self, length: int) -> tuple[int, int]:
        """Return a file and where in it to start; walks all files in random order, long ones in several places."""
        if not self._queue:
            for index in range(len(self._shards.paths)):
                n_tokens = int(self._shards.starts[index + 1] - self._shards.starts[index])
                self._queue += [(index, start) for start in range(0, max(n_tokens - length // 3, 1), max(length * 2 // 3, 1))]
            self._random.shuffle(self._queue)
        index, position = self._queue.pop()
        file = self._shards.file(index)
        if position:  # begin at a line
            line_starts = np.flatnonzero(self._starts_line[file[position : position + 64]])
            position += int(line_starts[0]) + 1 if len(line_starts) else 0
        return index, min(position, max(len(file) - 32, 0))

    def _head(self, path: str) -> list[int]:
        return [t.FIM_SEPARATOR, *self._tokenize(path), *self._tokenize("\n")]

    def _cut(self, window: Tokens) -> tuple[list[int], list[int]]:
        """Cut a window at the end of the insertion: at a line's end mostly, else anywhere in a line."""
        if self._random.random() < EMPTY_SUFFIX:
            return window.tolist(), []
        suffix_room = self._random.randint(24, max(min(256, len(window) // 3), 25))
        target = max(len(window) - suffix_room, 1)
        ends = np.flatnonzero(self._starts_line[window[target:]])
        end = target + int(ends[0]) if len(ends) else target
        if self._random.random() > ENDS_IN_LINE:
            return window[:end].tolist(), window[end:].tolist()
        starts = np.flatnonzero(self._starts_line[window[:end]])
        start = int(starts[-1]) + 1 if len(starts) else 0
        line = b"".join(self._pieces[token] for token in window[start:end]).decode("utf-8", "replace")
        at = self._random.randint(0, len(line))
        return window[:start].tolist() + self._tokenize(line[:at]), self._tokenize(line[at:]) + window[end:].tolist()

    def _caret(self, left: list[int]) -> tuple[list[int], list[int]]:
        """Split what precedes the suffix into prefix and insertion: within the last line, or some lines up."""
        line_starts = [0, *(np.flatnonzero(self._starts_line[left]) + 1).tolist()] if left else [0]
        n_lines = 1 if self._random.random() < 0.7 else self._random.randint(2, 8)
        line = max(len(line_starts) - n_lines, 0)
        first, last = line_starts[line], (line_starts[line + 1] - 1 if line + 1 < len(line_starts) else len(left))
        caret = first if self._random.random() < 0.4 else self._random.randint(first, max(last - 1, first))
        return left[:caret], left[caret:]

    def _context(self, index: int, window: Tokens, room: int) -> list[int]:
        """Return snippets of sibling files: of some at random, those that share most names with the window."""
        siblings = self._siblings[int(self._shards.packages[index])]
        if len(siblings) < 3:
            return []
        names = set(window[window >= FIRST_TELLING_ID].tolist())
        found = []
        for other in self._random.sample(siblings, min(8, len(siblings))):
            if other != index:
                file = self._shards.file(other)
                start = self._random.randint(0, max(len(file) - 64, 0))
                snippet = file[start : start + self._random.randint(48, 160)]
                found.append((len(names & set(snippet.tolist())), other, snippet.tolist()))
        found.sort(key=lambda entry: entry[0])
        context: list[int] = []
        for _, other, snippet in found[-2:]:  # the most related one comes last, nearest to the file
            addition = [*self._head(self._shards.paths[other]), *snippet, *self._tokenize("\n")]
            if len(context) + len(addition) <= room:
                context += addition
        return context
