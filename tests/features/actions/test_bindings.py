"""Which places of a function mean the same variable, as binding_cases.toml marks them."""

import re
import tomllib
from pathlib import Path

import pytest

from recoder_lsp.features.actions.bindings import bindings_of
from tests.features.actions.refactoring import PARSER

CASES = [
    (language, case)
    for language, cases in tomllib.loads(Path(__file__).with_name("binding_cases.toml").read_text("utf-8")).items()
    for case in cases
]


def without_marks(text):
    return re.sub("[▮⟦⟧]", "", text)


@pytest.mark.parametrize(("language", "case"), CASES, ids=[f"{language}: {case['title']}" for language, case in CASES])
def test_names_are_told_apart(language, case):
    marked = case["text"]
    expected = [len(without_marks(marked[: mark.start()])) for mark in re.finditer("⟦", marked)]
    tree = PARSER.tree(without_marks(marked), language)
    at = len(without_marks(marked[: marked.index("▮")]))

    binding = bindings_of(tree, *tree.root.named_children).of(tree.around(at, at + 1))

    assert tree.flaws() == []
    assert [tree.start(use.node) for use in binding.uses] == expected


def test_other_languages_have_none():
    tree = PARSER.tree("x = 1", "toml")

    assert bindings_of(tree, tree.root) is None
