"""Several continuations of one text in the KV cache at once: each a sequence of its own, what they share is stored once."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recoder_lsp.errors import RecoderError
from recoder_lsp.language import gettext

if TYPE_CHECKING:
    import numpy as np

BEAM_KEY = "recoder.beam"
MOST_WIDTH = 8
BRANCH_TOKENS = 64
"""Room in the cache for each branch, and the most tokens it may have: a line of 32, and what of it is healed."""
MOST_READ = 6
"""How many texts a model that is searched can be asked about at once."""
TRUNK = 0
"""The sequence that holds what all of them go on from."""


@dataclass(frozen=True)
class Beam:
    """How a model wants to be searched: it is measured for each."""

    width: int
    reward: float
    """Added to the logarithm of a line's probability for each of its tokens: by probability alone, short lines win too often."""


def beam_of(metadata: Mapping[str, str]) -> Beam | None:
    """Read from a model's metadata how it wants to be searched; None is not at all, as for large models, for which it is too slow."""
    width, _, reward = metadata.get(BEAM_KEY, "").partition(",")
    try:
        beam = Beam(int(width), float(reward))
    except ValueError:
        return None
    return beam if 1 < beam.width <= MOST_WIDTH and 0.0 <= beam.reward <= 2.0 else None


def most_branches(metadata: Mapping[str, str]) -> int:
    """Return how many branches a model is opened for, 0 for none: as many as the search it wants needs, and to ask about texts."""
    beam = beam_of(metadata)
    return max(beam.width, MOST_READ) if beam else 0


class Branches:
    """Owns sequences 1 to `most` of a context with a unified cache. For the engine thread alone.

    A branch is the list of tokens after the trunk. It shares the cells of the trunk, so that making one costs microseconds.
    """

    def __init__(self, api: Any, context: int, vocabulary_size: int, most: int) -> None:
        """Args: `most` is how many there may be; the context needs one sequence more than that."""
        self._api, self._context, self._vocabulary_size = api, context, vocabulary_size
        self._memory = api.llama_get_memory(context)
        self.most = most
        self._held: dict[int, list[int]] = {}
        self._batch = api.llama_batch_init(max(most, 1) * BRANCH_TOKENS, 0, max(most, 1))

    def evaluate(self, n_trunk: int, tails: Sequence[Sequence[int]]) -> tuple[np.ndarray, int]:
        """Return the logits that follow each tail, float32, shape (n tails, vocabulary), and how many tokens were evaluated.

        Raises:
            RecoderError: llama.cpp failed; there are no branches then.
            ValueError: There is no room for so many, or for such long ones; nothing is changed then.
        """
        places = self._arrange(n_trunk, tails)
        ends, n_tokens = [], 0
        for tail, (sequence, n_held) in zip(tails, places, strict=True):
            for position in range(n_held, len(tail)):
                self._put(n_tokens, tail[position], n_trunk + position, [sequence], wanted=position == len(tail) - 1)
                n_tokens += 1
            self._held[sequence] = list(tail)
            ends.append(n_tokens - 1)
        self._decode(n_tokens)
        return self._logits(ends), n_tokens

    def read(self, n_trunk: int, tails: Sequence[Sequence[int]]) -> tuple[list[np.ndarray], int]:
        """Return the logits that follow each token of each tail, float32, shape (n tokens, vocabulary) for each tail, and how many
        tokens were evaluated: what tails begin with alike is evaluated once.

        Raises what `evaluate` raises.
        """
        self.drop()
        sequences = [sequence for sequence, _ in self._arrange(n_trunk, tails)]
        read: dict[tuple[int, ...], int] = {}
        for tail in tails:
            for length in range(1, len(tail) + 1):
                head = tuple(tail[:length])
                if head not in read:
                    alike = [sequence for sequence, other in zip(sequences, tails, strict=True) if tuple(other[:length]) == head]
                    self._put(len(read), head[-1], n_trunk + length - 1, alike, wanted=True)
                    read[head] = len(read)
        self._held = {sequence: list(tail) for sequence, tail in zip(sequences, tails, strict=True)}
        self._decode(len(read))
        rows = self._logits(range(len(read)))
        return [rows[[read[tuple(tail[: place + 1])] for place in range(len(tail))]] for tail in tails], len(read)

    def close(self) -> None:
        """Free the memory of the books; the context is freed by its owner."""
        self._held.clear()
        self._api.llama_batch_free(self._batch)

    def settle(self, trunk: list[int], wanted: list[int]) -> None:
        """Turn `trunk` into whatever the cache holds that begins like `wanted`, and let go of all branches."""
        if not self._held:
            return
        begun = len(trunk)
        if wanted[:begun] == trunk:
            best = max(self._held, key=lambda sequence: _common(self._held[sequence], wanted[begun:]))
            n_common = _common(self._held[best], wanted[begun:])
            if n_common:
                self._api.llama_memory_seq_cp(self._memory, best, TRUNK, begun, begun + n_common)
                trunk += self._held[best][:n_common]
        self.drop()

    def drop(self) -> None:
        """Free what branches hold beyond the trunk."""
        for sequence in self._held:
            self._api.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        self._held.clear()

    def _put(self, place: int, token: int, position: int, sequences: Sequence[int], *, wanted: bool) -> None:
        batch = self._batch
        batch.token[place], batch.pos[place], batch.logits[place] = token, position, wanted
        batch.n_seq_id[place] = len(sequences)
        for number, sequence in enumerate(sequences):
            batch.seq_id[place][number] = sequence

    def _decode(self, n_tokens: int) -> None:
        self._batch.n_tokens = n_tokens
        outcome = self._api.llama_decode(self._context, self._batch)
        if outcome != 0:
            self.drop()
            raise RecoderError(
                gettext("The model could not read the text (llama.cpp answered {outcome}).").format(outcome=outcome), gettext("Try again.")
            )

    def _logits(self, places: Sequence[int]) -> np.ndarray:
        import numpy as np

        rows = np.empty((len(places), self._vocabulary_size), np.float32)
        for row, place in zip(rows, places, strict=True):
            ctypes.memmove(row.ctypes.data, self._api.llama_get_logits_ith(self._context, place), row.nbytes)
        return rows

    def _arrange(self, n_trunk: int, tails: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
        """Give each tail a sequence that holds as much of it as any branch does, and free the others.

        Returns:
            For each tail its sequence, and how many of its tokens are there already: never the last one, whose logits are
            wanted. What the cache has beyond that is taken out.
        """
        if len(tails) > self.most or any(len(tail) > BRANCH_TOKENS for tail in tails):
            raise ValueError(f"too many or too long branches: there is room for {self.most} of {BRANCH_TOKENS} tokens")
        parents = [self._parent(tail) for tail in tails]
        kept = {parent for parent, _ in parents if parent != TRUNK}
        for sequence in self._held.keys() - kept:
            self._api.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        free = [sequence for sequence in range(self.most, 0, -1) if sequence not in kept]
        places: list[tuple[int, int]] = []
        taken: set[int] = set()
        # Copies are made before anything is cut: a parent lends all that it has.
        for parent, n_held in parents:
            if parent != TRUNK and parent not in taken:
                taken.add(parent)
                places.append((parent, n_held))
            else:
                places.append((free.pop(), n_held))
                self._api.llama_memory_seq_cp(self._memory, parent, places[-1][0], -1, -1)
        self._held = {}
        for (sequence, n_held), tail in zip(places, tails, strict=True):
            self._api.llama_memory_seq_rm(self._memory, sequence, n_trunk + n_held, -1)
            self._held[sequence] = list(tail[:n_held])
        return places

    def _parent(self, tail: Sequence[int]) -> tuple[int, int]:
        best, most = TRUNK, 0
        for sequence, held in self._held.items():
            n_common = min(_common(held, tail), len(tail) - 1)
            if n_common > most:
                best, most = sequence, n_common
        return best, most


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """Count how many tokens two lists have in common from their beginning."""
    return next((place for place, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), min(len(one), len(other)))
