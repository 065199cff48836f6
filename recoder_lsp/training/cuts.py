"""Where the insertion of a training sample begins and ends, and what of the file is not written yet."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from recoder_lsp.training import tokenizer as t
from recoder_lsp.training.packing import Integers
from recoder_lsp.training.shards import Shards
from recoder_lsp.training.snippets import Snippets

EMPTY_SUFFIX = 0.12
AT_A_USE, AT_AN_ONLY_USE = 0.85, 0.7
DOCUMENTED, NAMED = 0.07, 0.04
THINNED, DROPPED = 0.5, 0.5
IN_LINE, IN_WORD, BEFORE_CLOSER = 0.28, 0.35, 0.4
ON_LAST_LINE, MOST_LINES = 0.7, 8
BEFORE_INDENT, AT_LINE_START, BETWEEN_TOKENS = 0.1, 0.3, 0.3
SHORTEST_SUFFIX, LONGEST_SUFFIX, LONGEST_BODY = 24, 256, 384
SMALLEST_WINDOW = 16
CLOSERS = ")]}>\"'`;:,"


@dataclass(frozen=True)
class Cut:
    """Where an insertion ends: in the line [first, last) of a window, behind `n_characters` of it."""

    first: int
    last: int
    n_characters: int | None
    """None for the line's end."""
    suffix_tokens: int
    caret: int | None = None
    """Where the insertion begins, if that is not a matter of chance."""


class Cuts:
    """Chooses for all files. Draws from the `chance` it is given, and remembers nothing else."""

    def __init__(self, shards: Shards, snippets: Snippets, pieces: list[bytes], tokenize: t.Tokenize) -> None:
        """Args: `pieces` are the bytes of every token; `tokenize` must be the tokenizer of the shards."""
        self._shards, self._snippets, self._pieces = shards, snippets, pieces
        self._starts_line = snippets.starts_line
        self._tokenize = lru_cache(maxsize=100_000)(tokenize)

    def kept(self, file: int, start: int, chance: random.Random) -> Integers:
        """The tokens of a file from `start` on, some imports left out of some that begin at the top: what is not written yet."""
        n_tokens = len(self._shards.file(file))
        if start or chance.random() >= THINNED:
            return np.arange(start, n_tokens)
        offsets, imports = self._snippets.offsets(file), self._shards.relations.imports_of(file)
        if offsets is None or not len(imports):
            return np.arange(n_tokens)
        tokens, is_kept = self._shards.file(file), np.ones(n_tokens, bool)
        for first_byte, last_byte in imports.tolist():
            if chance.random() < DROPPED:
                first = int(np.searchsorted(offsets, first_byte, "right")) - 1
                last = int(np.searchsorted(offsets, last_byte))
                if first and not self._starts_line[tokens[first]]:
                    first -= 1
                elif not first:
                    last += last < n_tokens and self._pieces[tokens[last]] == b"\n"
                is_kept[first:last] = False
        return np.flatnonzero(is_kept) if is_kept.sum() >= SMALLEST_WINDOW else np.arange(n_tokens)

    def end(self, file: int, kept: Integers, room: int, at_a_use: bool, chance: random.Random) -> Cut:
        """Choose where an insertion ends.

        Args:
            file: Whose text it is.
            kept: Which tokens of it the sample may have, in order.
            room: How many of them.
            at_a_use: Rather where something of another file is used.
            chance: Where all draws come from.
        """
        return self._explained(file, kept, room, chance) or self._ordinary(file, kept, room, at_a_use, chance)

    def split(self, line: list[int], n_characters: int | None) -> tuple[list[int], list[int]]:
        """Spell a line in two parts, each as the tokenizer does."""
        if n_characters is None:
            return line, []
        text = self._text(line)
        return self._tokenize(text[:n_characters]), self._tokenize(text[n_characters:])

    def caret(self, left: list[int], chance: random.Random) -> tuple[list[int], list[int]]:
        """Split what precedes the suffix into prefix and insertion: within the last line, or some lines up."""
        breaks = np.flatnonzero(self._starts_line[left]).tolist() if left else []
        n_lines = 1 if chance.random() < ON_LAST_LINE else chance.randint(2, MOST_LINES)
        first = breaks[-n_lines] + 1 if len(breaks) >= n_lines else 0
        last = next((at for at in breaks if at >= first), len(left))
        draw = chance.random()
        if draw < BEFORE_INDENT and first:
            # As for a whole new line.
            indent = self._pieces[left[first - 1]][1:].decode()
            return [*left[: first - 1], *self._tokenize("\n")], [*(self._tokenize(indent) if indent else []), *left[first:]]
        if draw < BEFORE_INDENT + AT_LINE_START or first == last:
            return left[:first], left[first:]
        if draw < BEFORE_INDENT + AT_LINE_START + BETWEEN_TOKENS:
            caret = chance.randint(first, last - 1)
            return left[:caret], left[caret:]
        text = self._text(left[first:last])
        places = _in_words(text) if chance.random() < 0.7 else []
        at = chance.choice(places) if places else chance.randint(0, len(text))
        return [*left[:first], *self._tokenize(text[:at])], [*self._tokenize(text[at:]), *left[last:]]

    def _ordinary(self, file: int, kept: Integers, room: int, at_a_use: bool, chance: random.Random) -> Cut:
        """At a line's end mostly, else anywhere in a line."""
        kept = kept[: max(room, SMALLEST_WINDOW)]
        tokens = self._shards.file(file)[kept]
        breaks = self._starts_line[tokens]
        # Line ends that have something before them on their line.
        ends = np.flatnonzero(breaks[1:] & ~breaks[:-1]) + 1
        suffix_tokens = chance.randint(SHORTEST_SUFFIX, max(min(LONGEST_SUFFIX, room // 3), SHORTEST_SUFFIX + 1))
        target = max(len(kept) - suffix_tokens, 1)
        if at_a_use and len(kept) > 64 and chance.random() < AT_A_USE:
            uses = self._snippets.uses(file, int(kept[0]), int(kept[-SHORTEST_SUFFIX]))
            n_uses = Counter(uses[:, 1].tolist())
            late = [(at, n_uses[definition]) for at, definition in uses.tolist() if at >= kept[len(kept) // 3]]
            # A name that the sample has elsewhere could be copied from there.
            only = [at for at, n in late if n == 1] if chance.random() < AT_AN_ONLY_USE else []
            if late:
                target = int(np.searchsorted(kept, chance.choice(only or [at for at, _ in late])))
        later = ends[ends >= target]
        last = int(later[0]) if len(later) else int(ends[-1]) if len(ends) else len(kept)
        before = np.flatnonzero(breaks[:last])
        first = int(before[-1]) + 1 if len(before) else 0
        if chance.random() < EMPTY_SUFFIX:
            return Cut(first, last, None, 0)
        inside = self._inside(self._text(tokens[first:last].tolist()), chance) if chance.random() < IN_LINE else None
        return Cut(first, last, inside, suffix_tokens)

    def _inside(self, line: str, chance: random.Random) -> int:
        """Choose where in a line an insertion ends: inside a word, before what editors close by themselves, or anywhere."""
        draw = chance.random()
        places: list[int] = []
        if draw < IN_WORD:
            places = _in_words(line)
        elif draw < IN_WORD + BEFORE_CLOSER:
            places = [at for at in range(1, len(line)) if line[at] in CLOSERS]
        return chance.choice(places) if places else chance.randint(0, len(line))

    def _explained(self, file: int, kept: Integers, room: int, chance: random.Random) -> Cut | None:
        """At times, behind the documentation of a definition, or behind its name: the code below explains them."""
        draw = chance.random()
        if draw >= DOCUMENTED + NAMED:
            return None
        offsets, table = self._snippets.offsets(file), self._shards.relations.definitions_of(file)
        if offsets is None or len(kept) < SMALLEST_WINDOW:
            return None
        until = offsets[kept[max(min(room, len(kept) - 1), 0)]]
        table = table[(table[:, 0] >= offsets[kept[0]]) & (table[:, 0] < until)]
        if draw < DOCUMENTED:
            table = table[table[:, 4] > 0]
        if not len(table):
            return None
        _, end, name_end, doc_start, doc_end = table[chance.randrange(len(table))].tolist()
        byte = doc_end if draw < DOCUMENTED else name_end
        at = int(np.searchsorted(offsets, byte)) - 1
        tokens = self._shards.file(file)
        breaks = np.flatnonzero(self._starts_line[tokens])
        line, next_line = np.searchsorted(breaks, (at, at + 1)).tolist()
        first = int(breaks[line - 1]) + 1 if line else 0
        last = int(breaks[next_line]) if next_line < len(breaks) else len(tokens)
        if self._starts_line[tokens[at]] or first not in kept or last - 1 not in kept:
            return None
        body = int(np.searchsorted(offsets, max(end, byte))) - last
        suffix_tokens = min(max(body, SHORTEST_SUFFIX) + chance.randint(0, 64), LONGEST_BODY, room // 2)
        written = self._text(tokens[first:last].tolist()).encode()[: byte - int(offsets[first])].decode("utf-8", "replace")
        caret = int(np.searchsorted(offsets, doc_start)) if draw < DOCUMENTED else None
        if caret is not None and offsets[caret] != doc_start:
            caret = None
        # Imports above may have been left out.
        move = int(np.searchsorted(kept, first)) - first
        return Cut(first + move, last + move, len(written), suffix_tokens, None if caret is None else caret + move)

    def _text(self, tokens: list[int]) -> str:
        return b"".join(self._pieces[token] for token in tokens).decode("utf-8", "replace")


def _in_words(text: str) -> list[int]:
    return [at for at in range(1, len(text)) if text[at - 1].isalnum() and text[at].isalnum()]
