"""Where texts are broken, and the blocks of a place, for texts that are being edited and for what would be inserted."""

from __future__ import annotations

import pytest

from recoder_lsp.index.syntax.flaws import Block, Flaw, added
from recoder_lsp.index.syntax.parser import OpenText, Parser


@pytest.fixture(scope="module")
def parser() -> Parser:
    return Parser(timeout_s=60, for_outlines=False)


def test_a_sound_text_has_no_flaws(parser: Parser) -> None:
    assert OpenText(parser, "python", "x = 1\n").flaws() == []


def test_a_flaw_says_where_it_is_in_bytes(parser: Parser) -> None:
    flaws = OpenText(parser, "python", "é = 1\ny = )\n").flaws()

    assert flaws == [Flaw(7, 12)]


def test_a_flaw_may_be_something_that_is_missing(parser: Parser) -> None:
    flaws = OpenText(parser, "javascript", "if (a) {\n  b();\n").flaws()

    assert flaws is not None
    assert [flaw.is_missing for flaw in flaws] == [True]


def test_flaws_of_what_would_be_inserted_leave_the_text_as_it_is(parser: Parser) -> None:
    text = OpenText(parser, "python", "x = 1\ny = 2\n")

    assert text.flaws(6, b"z = ]\n") == [Flaw(10, 11)]
    assert text.flaws(6, b"z = 3\n") == []
    assert text.flaws() == []


def test_after_an_update_flaws_are_those_of_the_new_text(parser: Parser) -> None:
    text = OpenText(parser, "python", "x = 1\n")

    text.update("x = 1)\n")
    assert text.flaws() == [Flaw(0, 6)]

    text.update("x = 1\n")
    assert text.flaws() == []


def test_of_a_text_without_a_grammar_nothing_is_told(parser: Parser) -> None:
    text = OpenText(parser, "plaintext", "if x {")

    assert text.flaws() is None
    assert text.block_around(6) is None


def test_of_a_text_in_thousands_of_pieces_nothing_is_told(parser: Parser) -> None:
    assert OpenText(parser, "python", ") " * 12_000).flaws() is None


def test_the_block_around_a_place(parser: Parser) -> None:
    code = "def f():\n    # first\n    a = 1\n    return a\n"
    text = OpenText(parser, "python", code)

    assert text.block_around(code.index("return")) == Block(code.index("a = 1"), len(code) - 1, 2, 0)
    assert text.block_around(0) is None


def test_the_block_around_a_place_in_what_would_be_inserted(parser: Parser) -> None:
    code = "fn f() {\n}\n"
    block = OpenText(parser, "rust", code).block_around(11, 8, b"\n  g();")

    assert block == Block(7, 17, 1, 0)


def test_a_parser_of_trees_alone_gives_empty_outlines(parser: Parser) -> None:
    assert parser.outline("def f():\n    pass\n", "python").symbols == ()
    assert Parser().outline("def f():\n    pass\n", "python").symbols != ()


def test_flaws_that_only_moved_are_not_new() -> None:
    before = [Flaw(2, 4), Flaw(9, 12)]

    assert added([Flaw(2, 4), Flaw(14, 17)], before, 6, 5) == []
    assert added([Flaw(2, 4), Flaw(7, 8), Flaw(14, 17)], before, 6, 5) == [Flaw(7, 8)]
    # One that is around the place grows with it.
    assert added([Flaw(2, 9)], [Flaw(2, 4)], 3, 5) == []
