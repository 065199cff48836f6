"""Changes as values: applied, made small, and refused where they would break something."""

import random

import pytest

from recoder_lsp.features.edits import Edit, Refused, applied, require_sound, require_within, smallest
from recoder_lsp.index.syntax.parser import Parser


@pytest.fixture(scope="module")
def parser() -> Parser:
    return Parser(for_outlines=False)


def test_edits_are_applied_in_any_order():
    assert applied("one two three", [Edit(8, 13, "3"), Edit(0, 3, "1"), Edit(4, 4, "and ")]) == "1 and two 3"


@pytest.mark.parametrize("edits", [[Edit(0, 3, ""), Edit(2, 4, "")], [Edit(3, 2, "")], [Edit(0, 99, "")], [Edit(-1, 0, "")]])
def test_edits_that_overlap_or_lie_outside_are_no_edits(edits):
    with pytest.raises(ValueError, match="overlap"):
        applied("text", edits)


@pytest.mark.parametrize(
    ("before", "after", "edits"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", [Edit(2, 3, "B")]),
        ("total = 1\n", "total = 12\n", [Edit(9, 9, "2")]),
        ("a\nb\n", "a\nnew\nb\n", [Edit(2, 2, "new\n")]),
        ("a\nb\nc\n", "a\nc\n", [Edit(2, 4, "")]),
        ("same\n", "same\n", []),
        ("one\ntwo\nthree\n", "One\ntwo\nThree\n", [Edit(0, 1, "O"), Edit(8, 9, "T")]),
    ],
)
def test_what_both_texts_have_is_left_alone(before, after, edits):
    assert list(smallest(before, after)) == edits


def test_an_edit_never_divides_a_line_break_of_two_characters():
    edits = smallest("a\r\nb\r\n", "a\nb\r\n")

    assert applied("a\r\nb\r\n", edits) == "a\nb\r\n"
    assert all("a\r\nb\r\n"[edit.start - 1 : edit.start + 1] != "\r\n" for edit in edits)


def test_the_smallest_edits_make_the_one_text_of_the_other_whatever_they_are():
    chance = random.Random(5)
    for _ in range(300):
        before, after = ("".join(chance.choices("ab\n\r ", k=chance.randrange(30))) for _ in range(2))

        edits = smallest(before, after, offset=4)

        assert applied("1234" + before, edits) == "1234" + after


def test_texts_too_long_to_compare_line_by_line_are_replaced_between_what_they_begin_and_end_with():
    before = "".join(f"line {number}\n" for number in range(3_000))

    (edit,) = smallest(before, before.replace("line 7\n", "seven\n").replace("line 2000\n", "two thousand\n"))

    assert (edit.start, before[edit.end :]) == (before.index("line 7\n"), before[before.index("\nline 2001") :])


@pytest.mark.parametrize(
    ("language", "before", "edit"),
    [
        ("python", "def f():\n    return 1\n", Edit(20, 21, "(2")),
        ("python", "def f():\n    return 1\n", Edit(9, 13, "")),
        ("python", "call(a=1)\n", Edit(8, 8, ", a=2")),
        ("typescript", "const a = { b: 1 };\n", Edit(17, 18, "")),
        ("go", "package p\n\nfunc f() {\n}\n", Edit(20, 21, "")),
        ("rust", "fn f() -> u8 { 1 }\n", Edit(9, 13, "")),
    ],
)
def test_a_change_that_would_break_the_syntax_is_refused(parser, language, before, edit):
    with pytest.raises(Refused, match="syntax"):
        require_sound(parser, language, before, [edit])


def test_a_change_that_repairs_the_syntax_is_welcome(parser):
    require_sound(parser, "python", "x = (1\ny = 2\n", [Edit(4, 5, "")])


def test_a_change_of_a_broken_text_may_leave_the_rest_broken(parser):
    before = "def broken(:\n    pass\n\n\ndef whole():\n    return 1\n"
    start = before.index("return 1")

    require_sound(parser, "python", before, [Edit(start, start + 8, "return 2")])


def test_a_change_that_repairs_one_thing_and_breaks_another_is_refused(parser):
    before = "def f(:\n    pass\n\n\ndef g():\n    return 2\n"
    at = before.index("2")

    with pytest.raises(Refused):
        require_sound(parser, "python", before, [Edit(6, 6, ")"), Edit(at, at + 1, "(")])


def test_where_there_is_no_grammar_nothing_is_refused(parser):
    require_sound(parser, "plaintext", "anything (", [Edit(0, 0, "(")])


def test_a_change_stays_within_what_was_selected():
    require_within([Edit(3, 5, "x"), Edit(9, 9, "y")], (2, 6), (9, 10))

    with pytest.raises(Refused, match="selected"):
        require_within([Edit(3, 7, "x")], (2, 6), (9, 10))
