"""What stands at the caret ▮: the word, what is before its dot, and whether it is code."""

import pytest

from recoder_lsp.features.code_at import is_code, word_around, word_before
from tests.proportion import assert_in_proportion


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
        ("f()->par▮", "par", "?", "cpp"),
        ("f()\n    ->par▮", "par", "?", "php"),
        ("Thing::ne▮", "ne", "Thing", "java"),
        ("def f(a) -> Par▮", "Par", "", "python"),
        ("x[::st▮", "st", "", "python"),
        ("fn f() -> Par▮", "Par", "", "rust"),
        ("x -> fo▮", "fo", "", "java"),
        ("f :: In▮", "In", "", "haskell"),
        ("auto f() -> Par▮", "Par", "", "cpp"),
        ("auto f() const noexcept -> Par▮", "Par", "", "cpp"),
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
        ("f({'Accept': '*/*'})\npar▮", "typescript"),
        ('const a = "/api/*";\npar▮', "typescript"),
        ('glob("src/**/*.ts"); par▮', "typescript"),
        ("// see a/*\npar▮", "typescript"),
        ("/* see a/* */\npar▮", "typescript"),
        ("/*\n don't */ par▮", "typescript"),
        ("f(/* don't */ par▮", "typescript"),
        ("# don't use '''\npar▮", "python"),
        ('x = \'say """\'\npar▮', "python"),
        ('"""it has \'\'\' inside"""\npar▮', "python"),
        ("c == '\"' && par▮", "rust"),
        ("x.match(/['\"]/) && par▮", "javascript"),
        ("a / b; 'x'; c / par▮", "javascript"),
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
        ('/* "src/*\n par▮', "typescript"),
        ("f('*/*'); /* a\n par▮", "typescript"),
        ("# it's\nx = '''doc\npar▮", "python"),
        ("a / b; c / 'par▮", "javascript"),
    ],
)
def test_this_is_no_code(text, language):
    assert not is_code(*at(text), language)


@pytest.mark.parametrize("line", ["'/*'", "/* '/*' ", '"""', '"' + 3 * "'" + '" + '])
def test_a_document_full_of_borders_is_read_in_proportion_to_its_length(line):
    def read(n: int) -> None:
        for language in ("python", "typescript", "kotlin"):
            is_code(line * n, n * len(line), language)
            is_code((line + "\n") * n, n * len(line), language)

    assert_in_proportion(read, 5_000)
