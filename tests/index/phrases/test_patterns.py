"""The same code with other names is the same pattern."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recoder_lsp.index.phrases.lexing import lexemes
from recoder_lsp.index.phrases.patterns import (
    FIRST_REFERENCE,
    NO_NAME,
    OTHER_NAME,
    REMEMBERED_NAMES,
    is_name,
    references,
)


def pattern(text: str) -> list[str]:
    """The lexemes of a text, with a number for each name that was used before: how many others were used since."""
    words, ids = lexemes(text)[0], dict[str, int]()
    numbers = [ids.setdefault(word, len(ids)) for word in words]
    found = references(numbers, [is_name(word) for word in ids], [])
    shown = {NO_NAME: None, OTHER_NAME: "new"}
    return [shown.get(reference, str(reference - FIRST_REFERENCE)) or word for reference, word in zip(found, words, strict=True)]


def test_a_name_is_new_or_so_many_names_back():
    assert pattern("self.x = x; y = x + self") == ["self", ".", "new", "=", "0", ";", "new", "=", "1", "+", "self"]


def test_other_names_make_the_same_pattern():
    assert pattern("a.x = x\nb.y = f(y)") == pattern("this_one.width = width\nother.height = measure(height)")


def test_words_that_say_how_are_no_names():
    assert pattern("if not None: return True") == ["if", "not", "None", ":", "return", "True"]
    assert [is_name(word) for word in ("fn", "0", "42", "total", "(", "\n", "")] == [False, False, True, True, False, False, False]


def test_a_name_that_was_used_too_long_ago_is_new_again():
    between = " ".join(f"n{number}" for number in range(REMEMBERED_NAMES - 1))

    assert pattern(f"x {between} x")[-1] == str(REMEMBERED_NAMES - 1)
    assert pattern(f"x {between} one_more x")[-1] == "new"


@given(st.lists(st.integers(0, 40), max_size=120), st.integers(0, 120))
def test_a_text_may_come_in_parts(ids, cut):
    names = [number % 5 > 0 for number in range(41)]
    recent_at_once, recent = list[int](), list[int]()

    at_once = references(ids, names, recent_at_once)
    in_parts = references(ids[:cut], names, recent) + references(ids[cut:], names, recent)

    assert in_parts == at_once
    assert recent == recent_at_once
    assert len(recent) == len(set(recent)) <= REMEMBERED_NAMES
