"""Copying: which continuation is found, and how far it counts."""

import numpy as np
import pytest

from recoder_lsp.engine.copying import Copier, trust_of

TRUST = (0.0, 0.1, 0.5, 0.8)


def copier(text, trust=TRUST):
    return Copier(trust, [ord(character) for character in text])


def continuation(text, written=""):
    found = copier(text)
    for character in written:
        found.append(ord(character))
    length, shares = found.continuation()
    return length, {chr(token): share for token, share in shares.items()}


def test_the_longest_match_decides():
    assert continuation("abX cbY ab") == (2, {"X": 1.0})


def test_matches_of_one_length_share():
    assert continuation("-abX abX abX abY ab") == (3, {"X": 2 / 3, "Y": 1 / 3})


def test_what_is_new_has_no_continuation():
    assert continuation("abcd") == (0, {})
    assert continuation("") == (0, {})


def test_what_was_written_is_matched_but_not_copied_from():
    assert continuation("abcabc xa", "bc") == (3, {"a": 0.5, " ": 0.5})
    assert continuation("xy", "zxzx") == (1, {"y": 1.0})


def test_no_more_is_compared_than_there_is_trust_for():
    assert continuation("abcdeX abcde")[0] == len(TRUST) - 1


def test_a_mixture_is_still_a_distribution():
    model = np.full(128, 1 / 128, np.float32)

    mixed = copier("abX ab").mixed(model)

    assert mixed.sum() == pytest.approx(1.0, abs=1e-5)
    assert mixed[ord("X")] == pytest.approx(0.5 + 0.5 / 128)


def test_without_a_match_the_model_is_left_alone():
    model = np.full(128, 1 / 128, np.float32)

    assert copier("abcd").mixed(model) is model


def test_a_sure_model_is_not_outvoted_by_a_weak_match():
    model = np.full(128, 0.1 / 127, np.float32)
    model[ord("m")] = 0.9

    assert copier("bX cb").mixed(model).argmax() == ord("m")


@pytest.mark.parametrize(
    ("stated", "trust"),
    [("0.00,0.10,0.50", (0.0, 0.1, 0.5)), (None, ()), ("", ()), ("much", ()), ("0.5", ()), ("0,1.5", ()), ("0,-0.1", ())],
)
def test_only_a_model_that_states_sensible_weights_is_helped(stated, trust):
    assert trust_of({} if stated is None else {"recoder.copying.trust": stated}) == trust
