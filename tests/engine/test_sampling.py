"""Which token comes next, and how much of that is left to chance."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from recoder_lsp.engine.sampling import Sampler, Sampling

# Probabilities 0.5, 0.3, 0.15, 0.04 and 0.01.
LOGITS = np.log(np.array([0.15, 0.5, 0.01, 0.3, 0.04], np.float32))


def drawn(sampling: Sampling, n: int = 2000) -> Counter[int]:
    sampler = Sampler(sampling)
    return Counter(sampler.choose(LOGITS) for _ in range(n))


def test_without_temperature_it_is_always_the_likeliest() -> None:
    assert drawn(Sampling(0.0)) == {1: 2000}


def test_what_is_much_less_likely_than_the_likeliest_never_comes() -> None:
    assert set(drawn(Sampling(1.0, top_p=1.0, min_p=0.05, seed=1))) == {0, 1, 3, 4}


def test_only_the_likeliest_come_that_make_up_top_p_together() -> None:
    assert set(drawn(Sampling(1.0, top_p=0.7, min_p=0.0, seed=1))) == {1, 3}
    assert set(drawn(Sampling(1.0, top_p=0.0, min_p=0.0, seed=1))) == {1}


def test_at_temperature_one_they_come_as_often_as_they_are_likely() -> None:
    counts = drawn(Sampling(1.0, top_p=1.0, min_p=0.0, seed=1), 20_000)

    assert [counts[token] / 20_000 for token in (1, 3, 0)] == pytest.approx([0.5, 0.3, 0.15], abs=0.02)


def test_a_lower_temperature_prefers_the_likeliest() -> None:
    assert drawn(Sampling(0.3, seed=1))[1] > drawn(Sampling(1.0, seed=1))[1]


def test_a_seed_makes_chance_repeatable() -> None:
    assert drawn(Sampling(1.0, seed=5), 50) == drawn(Sampling(1.0, seed=5), 50)
    one, other = Sampler(Sampling(1.0, seed=5)), Sampler(Sampling(1.0, seed=6))
    assert [one.choose(LOGITS) for _ in range(50)] != [other.choose(LOGITS) for _ in range(50)]
