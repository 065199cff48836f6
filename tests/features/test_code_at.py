"""What stands at the caret ▮: the word, what is before its dot, and whether it is code."""

import pytest

from recoder_lsp.features.code_at import is_code, word_around, word_before


def at(text):
    before, _, after = text.partition("▮")
    return before + after, len(before)


@pytest.mark.parametrize(
    ("text", "word", "receiver", "language"),
    [
        ("x = par▮", "par", "", "python"),
        ("x = par▮ser", "par", "", "python"),
        ("self.par▮", "par", "self", "python"),
        ("a.b.▮", "", "b", "python"),
        ("f(x).par▮", "par", "?", "python"),
        ("super().__in▮", "__in", "super", "python"),
        ("this?.par▮", "par", "this", "typescript"),
        ("f(...par▮", "par", "", "typescript"),
        ("0..par▮", "par", "", "rust"),
        ("def f(): ...\npar▮", "par", "", "python"),
        ("list\n    .par▮", "par", "list", "typescript"),
        ("$this->par▮", "par", "this", "php"),
        ("$.par▮", "par", "$", "javascript"),
        ("p->par▮", "par", "p", "cpp"),
        ("Thing::ne▮", "ne", "Thing", "rust"),
        ("größ▮", "größ", "", "python"),
        ("$par▮", "$par", "", "php"),
        ("$par▮", "par", "", "python"),
        ("▮", "", "", "python"),
    ],
)
def test_the_word_before_the_caret_and_what_it_is_a_member_of(text, word, receiver, language):
    text, offset = at(text)

    found = word_before(text, offset, language)

    assert (found.text, found.receiver, found.end) == (word, receiver, offset)


@pytest.mark.parametrize(("text", "word"), [("a par▮ser b", "parser"), ("parser▮", "parser"), ("▮parser", "parser")])
def test_the_whole_word_around_the_caret(text, word):
    text, offset = at(text)

    assert word_around(text, offset, "python").text == word


@pytest.mark.parametrize("text", ["a ▮ b", "12▮3", "0x▮ff", "▮", "(▮)"])
def test_numbers_and_gaps_are_no_words(text):
    assert word_around(*at(text), "python") is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("par▮", "python"),
        ("'a' + par▮", "python"),
        ("'\\'' + par▮", "python"),
        ("x = 1  # a\npar▮", "python"),
        ('"""doc"""\npar▮', "python"),
        ('f"{par▮', "python"),
        ("`${par▮", "typescript"),
        ("a // b\npar▮", "typescript"),
        ("/* a */ par▮", "typescript"),
        ("fn f<'a>(par▮", "rust"),
        ("# not a comment here par▮", "cpp"),
        ("-- a\npar▮", "lua"),
        ("x = 7 // par▮", "python"),
    ],
)
def test_this_is_code(text, language):
    assert is_code(*at(text), language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("# par▮", "python"),
        ("x = 1  # par▮", "python"),
        ("'par▮", "python"),
        ('x = "a par▮', "python"),
        ('f"par▮', "python"),
        ('f"{a} par▮', "python"),
        ('"{par▮', "python"),
        ('"""doc\npar▮', "python"),
        ("// par▮", "typescript"),
        ("/* a\n par▮", "typescript"),
        ("`a par▮", "typescript"),
        ('let a = "par▮', "rust"),
        ("-- par▮", "lua"),
        ("{- a\n par▮", "haskell"),
    ],
)
def test_this_is_no_code(text, language):
    assert not is_code(*at(text), language)
