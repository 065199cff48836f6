"""Related code for training samples: pieces of other files of the package, as the server's index would find them."""

from __future__ import annotations

import random
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from recoder_lsp.engine.fim import MAX_PATH_TOKENS
from recoder_lsp.training import tokenizer as t
from recoder_lsp.training.packing import Integers
from recoder_lsp.training.shards import Shards, Tokens

MOST_SNIPPETS = 4
FEWEST_LINES, MOST_LINES = 3, 14
# Where the documentation of a definition is longer, a snippet begins behind it: what it is called matters more.
MOST_DOCUMENTATION_LINES = 5
MOST_SNIPPET_TOKENS = 220
# As the server looks: so many lines before the caret and after it.
LINES_BEFORE, LINES_NEAREST = 12, 3
TOKENS_AFTER = 48
ONLY_NOISE, WITH_NOISE, WITH_SIMILAR = 0.12, 0.15, 0.75
# A line with fewer tokens or bytes than that says nothing about where it comes from.
TELLING_TOKENS, TELLING_BYTES = 3, 8
MOST_KNOWN_LINES_SHARE = 0.5
_TELLING_PIECE_LETTERS = 3


class Snippets:
    """Finds related code for places in files. Draws from the `chance` it is given, and remembers nothing else."""

    def __init__(self, shards: Shards, pieces: list[bytes], tokenize: t.Tokenize) -> None:
        """Args: `pieces` are the bytes of every token; `tokenize` must be the tokenizer of the shards."""
        self._shards, self._relations = shards, shards.relations
        self._tokenize = lru_cache(maxsize=200_000)(tokenize)
        self._lengths = np.array([len(piece) for piece in pieces], np.int64)
        self.starts_line = np.array([piece.startswith(b"\n") for piece in pieces])
        self._indents = [piece[1:].decode() if piece.startswith(b"\n") else "" for piece in pieces]
        self._mixed = np.random.default_rng(1).integers(1, 1 << 62, len(pieces), np.uint64) | np.uint64(1)
        self._rarity = _rarity(shards.tokens, pieces)
        self._offsets = lru_cache(maxsize=256)(self._offsets_of)
        self._siblings: dict[int, list[int]] = {}
        for index, package in enumerate(shards.packages.tolist()):
            self._siblings.setdefault(package, []).append(index)

    def head(self, file: int) -> list[int]:
        """What precedes the text of a file: a separator and its path."""
        return [t.FIM_SEPARATOR, *self._tokenize(self._shards.paths[file])[-MAX_PATH_TOKENS:], *self._tokenize("\n")]

    def offsets(self, file: int) -> Integers | None:
        """At which byte each token of a file begins, and the last one ends; None where its relations cannot be trusted."""
        return self._offsets(file)

    def has_siblings(self, file: int) -> bool:
        """Whether there is any other file in its package."""
        return len(self._siblings[int(self._shards.packages[file])]) > 1

    def uses(self, file: int, first: int, last: int) -> Integers:
        """(n, 2): the tokens between two of a file that name definitions of other files, and those definitions."""
        offsets, table = self.offsets(file), self._relations.uses_of(file)
        if offsets is None or not len(table):
            return np.zeros((0, 2), np.int64)
        lower, upper = np.searchsorted(table[:, 0], (offsets[first], offsets[last]))
        found = table[lower:upper].astype(np.int64)
        found[:, 0] = np.searchsorted(offsets, found[:, 0], "right") - 1
        return found

    def context(self, file: int, left: Integers, after: Tokens, room: int, chance: random.Random) -> list[int]:
        """Return tokens of up to `MOST_SNIPPETS` snippets with their paths, the most relevant one last.

        Args:
            file: The file of the sample; nothing of it, and nothing that repeats it, is returned.
            left: Which tokens of it precede the end of the insertion, in order.
            after: The tokens that follow.
            room: How many tokens may be returned.
            chance: Where all draws come from.
        """
        wanted = chance.randint(1, MOST_SNIPPETS)
        own_lines = self._telling_lines(self._shards.file(file))
        # The most relevant one first, until they are laid out.
        found: list[tuple[int, Tokens]] = []
        draw = chance.random()
        if draw > ONLY_NOISE:
            n_similar = int(chance.random() < WITH_SIMILAR)
            for definition in self._wanted_definitions(file, left, after, chance):
                if len(found) >= max(wanted - n_similar, 1):
                    break
                self._add(found, self._definition(definition, chance), own_lines)
            if n_similar or not found:
                for snippet in self._similar(file, left, after, chance):
                    if len(found) < wanted:
                        self._add(found, snippet, own_lines)
        if not found or (len(found) < wanted and chance.random() < WITH_NOISE):
            self._add(found, self._any(file, chance), own_lines)
        context: list[int] = []
        for other, tokens in found[:wanted]:
            addition = [*self.head(other), *self._unindented(tokens), *self._tokenize("\n")]
            if len(context) + len(addition) <= room:
                context = addition + context
        return context

    def _wanted_definitions(self, file: int, left: Integers, after: Tokens, chance: random.Random) -> list[int]:
        """Definitions that the surroundings use: those of the last lines first, then those nearby, at times those farther up."""
        if not len(left):
            return []
        tokens = self._shards.file(file)
        breaks = np.flatnonzero(self.starts_line[tokens[left]])
        uses = self.uses(file, int(left[0]), min(int(left[-1]) + 1 + TOKENS_AFTER, len(tokens)))
        # Lines may have been left out of the sample.
        uses = uses[np.isin(uses[:, 0], left) | (uses[:, 0] > left[-1])] if len(uses) else uses
        nearest = int(left[breaks[-LINES_NEAREST]]) if len(breaks) >= LINES_NEAREST else int(left[0])
        near = int(left[breaks[-LINES_BEFORE]]) if len(breaks) >= LINES_BEFORE else int(left[0])
        ranked: dict[int, int] = {}
        for position, definition in uses.tolist():
            rank = 0 if nearest <= position <= left[-1] else 1 if position >= near else 2
            ranked[definition] = min(rank, ranked.get(definition, rank))
        if chance.random() < 0.7:
            ranked = {definition: rank for definition, rank in ranked.items() if rank < 2}
        return sorted(ranked, key=lambda definition: (ranked[definition], chance.random()))

    def _definition(self, definition: int, chance: random.Random) -> tuple[int, Tokens] | None:
        """The first lines of a definition."""
        file = self._relations.file_of(definition)
        offsets = self.offsets(file)
        if offsets is None:
            return None
        start, end, name_end, _, _ = self._relations.definitions[definition].tolist()
        tokens = self._shards.file(file)
        first, name = np.searchsorted(offsets, (start, name_end), "right").tolist()
        first, last = first - 1, int(np.searchsorted(offsets, end))
        breaks = first + 1 + np.flatnonzero(self.starts_line[tokens[first + 1 : last]])
        behind_doc = breaks[breaks < name - 1]
        if len(behind_doc) > MOST_DOCUMENTATION_LINES:
            first = int(behind_doc[-1]) + 1
            breaks = breaks[len(behind_doc) :]
        n_lines = chance.randint(FEWEST_LINES, MOST_LINES)
        if len(breaks) >= n_lines:
            last = int(breaks[n_lines - 1])
        if self.starts_line[tokens[first]]:
            first += 1
        return file, self._shortened(tokens[first:last])

    def _similar(self, file: int, left: Integers, after: Tokens, chance: random.Random) -> list[tuple[int, Tokens]]:
        """Of each near file the lines that share most rare tokens with the surroundings, the best file first."""
        tokens = self._shards.file(file)[left[-400:]]
        breaks = np.flatnonzero(self.starts_line[tokens])
        query = np.concatenate([tokens[breaks[-LINES_BEFORE] if len(breaks) >= LINES_BEFORE else 0 :], after[:TOKENS_AFTER]])
        weights = np.zeros(len(self._rarity), np.float32)
        weights[query] = self._rarity[query]
        n_lines = chance.randint(FEWEST_LINES + 1, MOST_LINES)
        found: list[tuple[float, int, Tokens]] = []
        near = [other for other in self._relations.near[file].tolist() if other >= 0]
        for other in dict.fromkeys([*near, self._sibling(file, chance), self._sibling(file, chance)]):
            text = self._shards.file(other)
            if other == file or len(text) < 8:
                continue
            lines = np.concatenate([[0], np.flatnonzero(self.starts_line[text]), [len(text)]])
            score = np.concatenate([[0], np.cumsum(weights[text])])[lines]
            span = min(n_lines, len(lines) - 1)
            gains = score[span:] - score[:-span]
            at = int(gains.argmax())
            if gains[at] > 0:
                found.append((float(gains[at]), other, self._shortened(text[lines[at] : lines[at + span]])))
        found.sort(key=lambda entry: -entry[0])
        return [(other, snippet) for _, other, snippet in found]

    def _any(self, file: int, chance: random.Random) -> tuple[int, Tokens] | None:
        """Some lines of some other file of the package."""
        other = self._sibling(file, chance)
        text = self._shards.file(other)
        if other == file or len(text) < 8:
            return None
        lines = [0, *np.flatnonzero(self.starts_line[text]).tolist(), len(text)]
        n_lines = chance.randint(FEWEST_LINES, MOST_LINES)
        line = chance.randint(0, max(len(lines) - 1 - n_lines, 0))
        first, last = lines[line], lines[min(line + n_lines, len(lines) - 1)]
        return other, self._shortened(text[first:last])

    def _sibling(self, file: int, chance: random.Random) -> int:
        return chance.choice(self._siblings[int(self._shards.packages[file])])

    def _add(self, found: list[tuple[int, Tokens]], snippet: tuple[int, Tokens] | None, own_lines: Integers) -> None:
        """Take a snippet that is neither there already nor a copy of what is around the caret."""
        if snippet is None or not len(snippet[1]):
            return
        lines = self._telling_lines(snippet[1])
        if len(lines) == 0 or np.isin(lines, own_lines).mean() > MOST_KNOWN_LINES_SHARE:
            return
        if any(np.isin(lines, self._telling_lines(other)).mean() > MOST_KNOWN_LINES_SHARE for _, other in found):
            return
        found.append(snippet)

    def _shortened(self, snippet: Tokens) -> Tokens:
        """As many whole lines as are not too long; a part of a very long one."""
        if len(snippet) <= MOST_SNIPPET_TOKENS:
            return snippet
        breaks = np.flatnonzero(self.starts_line[snippet[:MOST_SNIPPET_TOKENS]])
        return snippet[: breaks[-1] if len(breaks) and breaks[-1] else MOST_SNIPPET_TOKENS]

    def _unindented(self, snippet: Tokens) -> list[int]:
        """A snippet of whole lines begins without a line end, but keeps the indentation that the line end's token holds."""
        tokens: list[int] = snippet.tolist()
        if self.starts_line[tokens[0]]:
            return [*self._tokenize(self._indents[tokens[0]]), *tokens[1:]] if self._indents[tokens[0]] else tokens[1:]
        return tokens

    def _telling_lines(self, tokens: Tokens) -> npt.NDArray[np.uint64]:
        """A hash of each line that is not trivial, whatever its indentation."""
        breaks = self.starts_line[tokens]
        lines = np.concatenate([[0], np.flatnonzero(breaks)])
        line_of = np.cumsum(breaks)
        within = np.arange(len(tokens)) - np.concatenate([[0], np.flatnonzero(breaks) + 1])[line_of]
        powers = np.multiply(within.astype(np.uint64) * np.uint64(2) + np.uint64(1), np.uint64(0x9E3779B97F4A7C15))
        mixed = np.where(breaks, np.uint64(0), self._mixed[tokens] * (powers ^ (powers >> np.uint64(29))))
        sizes = np.where(breaks, 0, self._lengths[tokens])
        if not len(tokens):
            return mixed
        hashes, n_bytes = np.add.reduceat(mixed, lines), np.add.reduceat(sizes, lines)
        n_tokens = np.add.reduceat((~breaks).astype(np.int64), lines)
        found: npt.NDArray[np.uint64] = hashes[(n_tokens >= TELLING_TOKENS) & (n_bytes >= TELLING_BYTES)]
        return found

    def _offsets_of(self, file: int) -> Integers | None:
        ends = np.cumsum(self._lengths[self._shards.file(file)])
        if len(ends) == 0 or ends[-1] != self._relations.sizes[file]:
            return None
        return np.concatenate([[0], ends])


def _rarity(tokens: Tokens, pieces: list[bytes]) -> npt.NDArray[np.float32]:
    """How much sharing a token says: nothing for what has no word in it, else the more the rarer it is."""
    counts = np.bincount(tokens, minlength=len(pieces)).astype(np.float64)
    telling = np.array([sum(byte > 64 for byte in piece if byte < 128) >= _TELLING_PIECE_LETTERS for piece in pieces])
    weights = np.where(telling, np.log(max(len(tokens), 1) / (counts + 1)) - 6, 0)
    result: npt.NDArray[np.float32] = np.maximum(weights, 0).astype(np.float32)
    return result
