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

import numpy as np

from recoder_lsp.training import tokenizer as t
from recoder_lsp.training.cuts import Cut, Cuts
from recoder_lsp.training.epochs import Epochs, Place
from recoder_lsp.training.packing import Integers
from recoder_lsp.training.shards import Shards, Tokens
from recoder_lsp.training.snippets import Snippets

SUFFIX_FIRST, PREFIX_FIRST = 0.65, 0.20  # the rest is plain
WITH_CONTEXT, CONTEXT_SHARE = 0.55, 3
# Control tokens around the parts of a sample, and those more that a line cut at the caret may take.
FRAME_TOKENS = 16
SMALLEST_SAMPLE, SMALLEST_FILLING, SMALLEST_FILE = 96, 48, 16


class RowMaker:
    """Makes training rows, each from its number alone; every file is used once before any repeats."""

    def __init__(self, shards: Shards, pieces: list[bytes], tokenize: t.Tokenize, seed: int) -> None:
        """Args: `pieces` are the bytes of every token; `tokenize` must be the tokenizer of the shards."""
        self._shards, self._seed = shards, seed
        self._snippets = Snippets(shards, pieces, tokenize)
        self._cuts = Cuts(shards, self._snippets, pieces, tokenize)
        self._starts_line = self._snippets.starts_line
        self._epochs: dict[int, Epochs] = {}

    def row(self, index: int, length: int) -> list[int]:
        """Return row `index` (from 0, without end) of `length` tokens: the same at each call, in any order, in any process."""
        chance = random.Random(f"{self._seed}/{length}/{index}")
        row: list[int] = []
        places = self._epochs_of(length).places(index)
        for place in places[:-1]:
            row += self._sample(place, min(place.budget, length - len(row)), chance)
        row += self._sample(places[-1], length - len(row), chance)
        while length - len(row) >= SMALLEST_FILLING:
            file = chance.randrange(len(self._shards.paths))
            start = chance.randrange(max(len(self._shards.file(file)), 1))
            row += self._sample(Place(file, start, 0), length - len(row), chance)
        # What follows a beginning is not learnt when it is another one.
        return [*row, *[t.BOS] * length][:length]

    def rows_in_an_epoch(self, length: int) -> int:
        """How many rows it takes to use every file once."""
        return self._epochs_of(length).rows_in_first()

    def _epochs_of(self, length: int) -> Epochs:
        if length not in self._epochs:
            self._epochs[length] = Epochs(np.diff(self._shards.starts), length, self._seed)
        return self._epochs[length]

    def _sample(self, place: Place, room: int, chance: random.Random) -> list[int]:
        """Return a sample of at most `room` tokens; of fewer where the file has no more."""
        if room < SMALLEST_FILLING:
            return []
        file, tokens, head = place.file, self._shards.file(place.file), self._snippets.head(place.file)
        layout = chance.random()
        if layout > SUFFIX_FIRST + PREFIX_FIRST or room < SMALLEST_SAMPLE or len(tokens) < SMALLEST_FILE:
            return self._plain(file, place.start, room, head)
        room -= len(head) + FRAME_TOKENS
        with_context = self._snippets.has_siblings(file) and chance.random() < WITH_CONTEXT
        for_context = room // CONTEXT_SHARE if with_context else 0
        start = self._line_near(file, place.start)
        kept = self._cuts.kept(file, start, chance)
        window = tokens[kept]
        cut = self._cuts.end(file, kept, room - for_context, with_context, chance)
        if cut.last - cut.first > room // 2:
            return self._plain(file, place.start, room + len(head) + FRAME_TOKENS, head)
        line_left, line_right = self._cuts.split(window[cut.first : cut.last].tolist(), cut.n_characters)
        after = window[cut.last :]
        context: list[int] = []
        if with_context:
            context = self._snippets.context(file, kept[: max(cut.last, 1)], after, for_context, chance)
        room -= len(context) + len(line_left) + len(line_right)
        left, right = self._filled(file, start, kept, cut, room)
        right_tokens = [*line_right, *tokens[right].tolist()] if cut.suffix_tokens else []
        left_tokens = [*tokens[left].tolist(), *line_left]
        if layout < SUFFIX_FIRST:
            return [t.BOS, *context, *head, t.FIM_SUFFIX, *right_tokens, t.FIM_PREFIX, *left_tokens, t.END_OF_INSERTION]
        caret = -1 if cut.caret is None else cut.caret - cut.first + len(left)
        prefix, insertion = (left_tokens[:caret], left_tokens[caret:]) if caret >= 0 else self._cuts.caret(left_tokens, chance)
        return [t.BOS, *context, *head, t.FIM_PREFIX, *prefix, t.FIM_SUFFIX, *right_tokens, t.FIM_MIDDLE, *insertion, t.END_OF_INSERTION]

    def _plain(self, file: int, start: int, room: int, head: list[int]) -> list[int]:
        tokens = self._shards.file(file)
        start = self._line_near(file, min(start, max(len(tokens) - room + len(head) + 2, 0)))
        body = tokens[start : start + max(room - len(head) - 1, 0)].tolist()
        is_whole = start + len(body) == len(tokens) and len(head) + len(body) + 2 <= room
        return [t.BOS, *head, *body, *([t.EOS] if is_whole else [])][:room]

    def _line_near(self, file: int, start: int) -> int:
        """The next line's end, which is a line's beginning with its indentation; as the server cuts a document."""
        tokens = self._shards.file(file)
        start = min(start, max(len(tokens) - 32, 0))
        if start <= 0:
            return 0
        breaks = np.flatnonzero(self._starts_line[tokens[start : start + 64]])
        return start + int(breaks[0]) if len(breaks) else start

    def _filled(self, file: int, start: int, kept: Integers, cut: Cut, room: int) -> tuple[Integers, Integers]:
        """Return the tokens before and after the cut's line that make up `room`, if the file has so many.

        What `kept` leaves out from `start` on stays out; more comes from before `start`.
        """
        tokens, left, n_right = self._shards.file(file), kept[: cut.first], min(cut.suffix_tokens, max(room, 0))
        if not start and cut.suffix_tokens:
            n_right = max(n_right, room - len(left))
        right = kept[cut.last : cut.last + self._whole_lines(tokens[kept[cut.last :]], n_right, room)]
        n_left = room - len(right)
        if n_left > len(left):
            left = np.concatenate([np.arange(max(start - (n_left - len(left)), 0), start), left])
        elif len(left) > n_left:
            left = left[len(left) - max(n_left, 0) :]
        begins_the_file = not start and len(left) == cut.first  # its first lines perhaps left out
        if len(left) and left[0] and not begins_the_file:
            breaks = np.flatnonzero(self._starts_line[tokens[left[:64]]])
            left = left[breaks[0] :] if len(breaks) else left
        return left, right

    def _whole_lines(self, after: Tokens, wanted: int, most: int) -> int:
        """How many tokens make up whole lines, as the server shows them: about `wanted`, and `most` at most."""
        if wanted <= 0 or wanted >= len(after):
            return min(max(wanted, 0), len(after))
        ends = np.flatnonzero(self._starts_line[after[1 : most + 1]]) + 1
        fitting = ends[ends <= wanted]
        return int(fitting[-1]) if len(fitting) else int(ends[0]) if len(ends) else wanted
