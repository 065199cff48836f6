"""Mixes what followed matches of different lengths into one probability for each word (Cleary and Witten 1984)."""

from __future__ import annotations

from collections.abc import Sequence

from recoder_lsp.index.phrases.patterns import FIRST_REFERENCE
from recoder_lsp.index.phrases.places import Files, Matches, Places

# How much counts after so many equal lexemes give way to those after fewer.
GIVES_WAY = (0.0, 2.0, 1.5, 1.0, 0.7, 0.5, 0.4, 0.3, 0.3)
PATTERN_GIVES_WAY = 0.5


def mixed(
    found: Sequence[tuple[Places | Files, Matches, float]], shortest: int, recent: Sequence[int] | None, spaced: dict[int, bool]
) -> tuple[dict[int, float], int]:
    """Mix what followed matches of each length; return that and the longest length.

    What n places say counts n / (n + way) of what longer matches leave over, where "way" is what their length gives way.

    Args:
        found: Where was looked, what was found there, and how much each place counts.
        shortest: Shorter matches are left out.
        recent: The names that references stand for; None where the lexemes themselves were looked up.
        spaced: Gets for each word whether white space comes before it.
    """
    import numpy as np

    words, spaces, lengths, weights = [], [], [], []
    for source, matches, weight in found:
        following = source.ids[matches.places]
        if recent is not None:
            # A reference too far back stands for nothing.
            names = np.array([*recent, 0], np.int32)
            back = np.minimum(source.references[matches.places].astype(np.int32) - FIRST_REFERENCE, len(recent))
            following = np.where(back >= 0, names[np.maximum(back, 0)], following)
        kept = (following > 0) & (matches.lengths >= shortest)
        words.append(following[kept])
        spaces.append(source.spaces[matches.places[kept]])
        lengths.append(matches.lengths[kept])
        weights.append(weight * matches.counts[kept])
    length, weight_of = np.concatenate(lengths), np.concatenate(weights)
    if not len(length):
        return {}, 0
    longest = int(length.max())
    totals = np.bincount(length, weight_of)[::-1].cumsum()[::-1]
    share, left = np.zeros(longest + 1), 1.0
    for matched in range(longest, shortest - 1, -1):
        way = PATTERN_GIVES_WAY if recent is not None else GIVES_WAY[matched]
        share[matched] = left / (totals[matched] + way)
        left *= way / (totals[matched] + way)
    # A long match is a match of each shorter length too.
    weight_of *= share.cumsum()[length]
    different, which = np.unique(np.concatenate(words), return_inverse=True)
    likely = np.bincount(which, weight_of)
    with_space = np.bincount(which, weight_of * np.concatenate(spaces))
    spaced.update(zip(different.tolist(), (with_space > likely / 2).tolist(), strict=True))
    return dict(zip(different.tolist(), likely.tolist(), strict=True)), longest
