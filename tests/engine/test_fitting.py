"""What goes badly with the lines around it. The caret is ▮."""

import pytest

from recoder_lsp.engine.fim import Place
from recoder_lsp.engine.fitting import misfit


def objections(document, text, language="python"):
    before, _, after = document.partition("▮")
    return misfit(text, Place("a.py", language, before, after)) > 0


def test_above_deeper_lines_a_line_has_to_open_something():
    document = "def area(r):\n    ▮\n        return 0\n"

    assert objections(document, "square = r * r")
    assert not objections(document, "if not r:")


@pytest.mark.parametrize(
    "text", ["total = add(", "if (", "total = a +", "names = [", "values.map(x =>", "print(a,", "with open(a) as b, \\"]
)
def test_there_are_many_ways_to_open_something_or_to_go_on(text):
    assert not objections("    ▮\n        one\n", text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("lua", "if not r then"),
        ("shellscript", "for f in *; do"),
        ("ruby", "def area(r)"),
        ("sql", "SELECT"),
        ("yaml", "- name: x"),
        ("c", "if (a == b)"),
        ("javascript", "} else"),
        ("cpp", "for (int i = 0; i < n; i++)  // all of them"),
        ("python", "if not r:  # none"),
        ("python", "# note"),
        ("go", "func f() { // note"),
        ("go", "// note"),
        ("java", " * Note."),
    ],
)
def test_what_opens_depends_on_the_language_and_comments_do_not_count(language, text):
    assert not objections("    ▮\n            one\n", text, language)


@pytest.mark.parametrize(
    ("language", "text"), [("c", "f(a);"), ("javascript", "x = y; // one:"), ("python", "x = a // b"), ("python", "x = 1  # one:")]
)
def test_what_opens_nothing_in_such_a_language_is_still_objected_to(language, text):
    assert objections("    ▮\n            one\n", text, language)


def test_what_a_line_closes_does_not_hide_what_it_opens():
    assert not objections("    ▮\n        one\n", "}, function(x", "javascript")


def test_an_opener_with_nothing_below_is_being_written():
    assert not objections("def area(r):\n    ▮\n    return 0\n", "if not r:")
    assert not objections("def area(r):\n    ▮", "if not r:")


def test_blank_lines_below_are_looked_past():
    assert objections("    ▮\n\n        one\n", "x = 1")


def test_the_line_above_is_not_said_again():
    assert objections("    total += 1\n    ▮\n", "total += 1")
    assert objections("    total += 1\n    total▮\n", " += 1")


@pytest.mark.parametrize("line", ["}", "),", "],"])
def test_closers_may_well_be_repeated(line):
    assert not objections(f"    {line}\n▮\n", line)


def test_a_blank_line_is_worth_less_than_any_other():
    assert objections("    ▮\n    one\n", "")
    assert objections("▮", "  ")


def test_a_line_that_is_there_already_may_be_whole():
    assert not objections("    x = 1▮\n    one\n", "")


def test_what_stands_within_a_line_is_not_judged():
    assert not objections("    x = ▮ + 1\n        one\n", "y")


def test_closers_that_the_editor_has_put_there_change_nothing():
    assert objections("    f(▮)\n        one\n", "a)")
