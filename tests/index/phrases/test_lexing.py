"""A text is words, numbers, signs and line ends; nothing else of its white space counts but whether there is some."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoder_lsp.index.phrases.lexing import LINE_END, is_word, lexemes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  \n\t\n", []),
        ("self.total += 1.5e3", ["self", ".", "total", "+", "=", "1.5e3"]),
        ("$scope.$on(_x, x$1)", ["$scope", ".", "$on", "(", "_x", ",", "x$1", ")"]),
        ("über_uns = 名前²", ["über_uns", "=", "名前²"]),
        ("a\n\n    b\r\n\t\r\nc", ["a", LINE_END, "b", LINE_END, "c"]),
        ("a;  \r  b", ["a", ";", LINE_END, "b"]),
        ("\ufeffa\0b\x0c🐟\ud800", ["\ufeff", "a", "\0", "b", "🐟", "\ud800"]),
    ],
)
def test_a_text_is_taken_apart(text, expected):
    assert lexemes(text)[0] == expected


def test_white_space_counts_within_a_line_and_not_before_it():
    words, spaces = lexemes("    x =y (\n\tz )  ")

    assert [" " * space + word for word, space in zip(words, spaces, strict=True)] == ["x", " =", "y", " (", LINE_END, "z", " )"]


@given(st.text(st.sampled_from("ab_$1.é²名\u0301🐟(= \t\x0b\x85\u2028\r\n\0\ud800"), max_size=60))
def test_nothing_but_white_space_is_lost(text):
    words, spaces = lexemes(text)

    assert "".join(word for word in words if word != LINE_END) == "".join(text.split())
    assert len(spaces) == len(words)
    assert all(not (one == other == LINE_END) for one, other in itertools.pairwise(words))


@given(st.lists(st.text("a (\r ", max_size=8), max_size=5))
def test_lines_can_be_taken_apart_one_by_one(lines):
    parts = [lexemes(line + "\n") for line in lines]
    joined = [word for words, _ in parts for word in words]

    assert lexemes("".join(line + "\n" for line in lines)) == (joined, b"".join(spaces for _, spaces in parts))


@pytest.mark.parametrize("text", ["a" + " " * 100_000, "a" * 100_000 + " ", "a" + "\n \t" * 50_000, "(" * 100_000])
def test_long_runs_take_no_longer_than_other_text(text):
    # If that grew with their square, it would be minutes.
    assert lexemes(text)[0][0][0] == text[0]


def test_words_and_numbers_can_grow_and_signs_cannot():
    assert [lexeme for lexeme in ("x", "_", "$", "9", "名", "(", LINE_END, "🐟", "") if is_word(lexeme)] == ["x", "_", "$", "9", "名"]
