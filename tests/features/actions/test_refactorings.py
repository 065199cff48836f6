"""Extracting, inlining, f-strings, missing branches and names: what each makes of a text, as refactoring_cases.toml has it."""

import ast

import pytest

from recoder_lsp.features.actions import branches, extract_function, extract_variable, f_string, inline_variable, rename
from recoder_lsp.features.actions.offering import Site
from tests.features.actions.refactoring import PARSER, cases, offers_of, outcome, site_of

CASES = cases()
ALL = (branches, extract_function, extract_variable, f_string, inline_variable, rename)


@pytest.mark.parametrize(("action", "case"), CASES, ids=[f"{action}: {case['language']}: {case['title']}" for action, case in CASES])
def test_a_refactoring_does_this_or_says_why_not(action, case):
    found = outcome(action, case["language"], case["before"])

    assert found == {key: case[key] for key in ("offered", "after", "command", "refused") if key in case}


@pytest.mark.parametrize(
    "case", [case for _, case in CASES if case["language"] == "python" and "after" in case], ids=lambda case: case["title"]
)
def test_python_accepts_what_comes_out(case):
    ast.parse(case["after"])


@pytest.mark.parametrize("action", ["extract_variable", "extract_function", "inline_variable", "f_string", "branches", "rename"])
def test_every_action_has_cases_that_are_done_and_cases_that_are_not(action):
    own = [case for each, case in CASES if each == action]

    assert any("after" in case for case in own)
    assert any("after" not in case for case in own)


def test_windows_line_breaks_are_the_documents_own():
    text = "def f(a):\r\n    b = 1\r\n▮    print(a)\r\n    print(b)▮\r\n    return b\r\n"

    (offer,) = offers_of("extract_function", site_of("python", text))

    # The line breaks of what is new are those of the document: see features/code_actions.py.
    assert "def extracted(a, b):" in "".join(edit.text for edit in offer.change().edits)


def test_comments_behind_a_selection_are_left_out_whatever_the_line_breaks():
    text = "def f(a):\n    ▮b = a + 1\n    # That\n    # was it.▮\n    return b\n"

    (offer,) = offers_of("extract_function", site_of("python", text.replace("\n", "\r\n")))

    assert [edit.text for edit in offer.change().edits][1:] == ["b = get_b(a)"]


def test_characters_beyond_ascii_shift_nothing():
    text = "def f(größe):\n    return 'ä' + g(▮größe.wert * 2▮, '→')\n"

    found = outcome("extract_variable", "python", text)

    assert found["after"] == "def f(größe):\n    value = größe.wert * 2\n    return 'ä' + g(value, '→')\n"


@pytest.mark.parametrize("module", ALL)
@pytest.mark.parametrize("language", ["python", "typescript", "go", "rust", "toml", "markdown"])
def test_nothing_is_offered_for_an_empty_text(module, language):
    site = site_of(language, "▮")

    assert list(module.offers(site)) == []


@pytest.mark.parametrize("module", ALL)
def test_what_is_half_written_is_looked_at_without_a_fault(module):
    for action, case in CASES:
        if not module.__name__.endswith(action):
            continue
        whole = site_of(case["language"], case["before"])
        for cut in range(0, len(whole.text), 7):
            text = whole.text[:cut]
            if (tree := PARSER.tree(text, case["language"])) is None:
                continue
            start, end = min(whole.start, cut), min(whole.end, cut)
            snapshot = whole.snapshot.__class__(whole.snapshot.uri, whole.snapshot.language, text, 1)
            for offer in module.offers(Site(snapshot, start, end, tree)):
                assert offer.disabled or offer.command or offer.change is not None
