"""Which lines can be folded; the cases are in folding_cases.toml."""

import tomllib
from pathlib import Path

import pytest

from recoder_lsp.features.folding import Fold, folds_of
from recoder_lsp.index.syntax.parser import Parser

CASES = tomllib.loads((Path(__file__).parent / "folding_cases.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def parser():
    return Parser(for_outlines=False)


def folded(parser, language, text):
    return folds_of(parser.tree(text, language))


@pytest.mark.parametrize("language", CASES)
def test_what_stands_in_brackets_blocks_comments_and_imports_can_be_folded(parser, language):
    assert folded(parser, language, CASES[language]["text"]) == [Fold(*fold) for fold in CASES[language]["folds"]]


def test_a_text_of_lines_that_belong_to_nothing_has_no_folds(parser):
    assert folded(parser, "python", "a = 1\nb = [1]\n# alone\nc = f(a)\n") == []


def test_broken_code_can_be_folded_where_it_is_whole(parser):
    assert Fold(1, 3) in folded(parser, "python", "x = (\ndef f():\n    a()\n    b()\n")
