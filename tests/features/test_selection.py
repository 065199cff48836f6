"""What a selection grows to, at ▮."""

from itertools import pairwise

import pytest

from recoder_lsp.features.selection import MOST_STEPS, selections_at
from recoder_lsp.index.syntax.parser import Parser


@pytest.fixture(scope="module")
def parser():
    return Parser(for_outlines=False)


def grown(parser, text, language="python"):
    before, _, after = text.partition("▮")
    (steps,) = selections_at(parser.tree(before + after, language), [len(before)])
    return [(before + after)[start:end] for start, end in steps]


@pytest.mark.parametrize("text", ["x = f(a, ▮bc.d)\n", "x = f(a, b▮c.d)\n", "x = f(a, bc▮.d)\n"])
def test_it_grows_from_the_word_to_all_of_the_text(parser, text):
    assert grown(parser, text) == ["bc", "bc.d", "(a, bc.d)", "f(a, bc.d)", "x = f(a, bc.d)", "x = f(a, bc.d)\n"]


def test_it_grows_out_of_a_text_in_quotes_and_counts_characters(parser):
    assert grown(parser, "😀 = 'ä ▮b'\n")[:2] == ["ä b", "'ä b'"]


def test_between_words_it_begins_with_what_is_around(parser):
    assert grown(parser, "f( ▮ a)\n")[0] == "(  a)"


def test_each_step_is_larger_than_the_one_before_and_there_are_not_too_many(parser):
    text = "(" * 300 + "a" + ")" * 300
    (steps,) = selections_at(parser.tree(text, "python"), [300])

    assert len(steps) == MOST_STEPS
    assert all(start <= inner_start < inner_end <= end for (inner_start, inner_end), (start, end) in pairwise(steps))
    assert len(set(steps)) == len(steps)


def test_every_place_gets_its_own(parser):
    first, second = selections_at(parser.tree("a + b\n", "python"), [0, 4])

    assert (first[0], second[0]) == ((0, 1), (4, 5))
