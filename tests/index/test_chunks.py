"""How files are cut into chunks: by symbol, between statements, nothing lost, nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoder_lsp.index.records import Break, Chunk, Kind, Outline, Span, Symbol
from recoder_lsp.index.syntax.chunks import MOST_BYTES, MOST_LINES, MOST_PLAIN_LINES, chunks_of

PLAIN = Outline("plaintext", (), (), ())


def test_a_function_is_a_chunk_and_what_is_above_the_first_one_is_another():
    text = lines("import a", "import b", "import c", "import d", "", "def f():", *body(5), "", "def g():", *body(5))

    assert cut(text, function("f", 5, 10), function("g", 12, 17)) == [("", 0, 3), ("f", 5, 10), ("g", 12, 17)]


def test_short_neighbours_share_a_chunk():
    text = lines("def f():", *body(1), "", "def g():", *body(1), "", "def h():", *body(8))

    assert cut(text, function("f", 0, 1), function("g", 3, 4), function("h", 6, 14)) == [("f", 0, 4), ("h", 6, 14)]


def test_a_bracket_or_comment_left_over_joins_its_neighbour():
    text = lines("def f():", *body(8), "}", "", "// what follows", "def g():", *body(8))

    assert cut(text, function("f", 0, 8), function("g", 12, 20)) == [("f", 0, 11), ("g", 12, 20)]


def test_a_small_class_stays_whole():
    text = lines("class C:", "  def a():", *body(8), "  def b():", *body(8))
    symbols = [function("C", 0, 18, kind=Kind.CLASS), function("C.a", 1, 9, parent=0), function("C.b", 10, 18, parent=0)]

    assert cut(text, *symbols) == [("C", 0, 18)]


def test_a_larger_class_is_its_head_and_its_methods():
    text = lines("class C:", '  """Documentation."""', "  x = 1", "  y = 2", "", "  def a():", *body(20), "", "  def b():", *body(20))
    symbols = [function("C", 0, 47, kind=Kind.CLASS), function("C.a", 5, 25, parent=0), function("C.b", 27, 47, parent=0)]

    assert cut(text, *symbols) == [("C", 0, 3), ("C.a", 5, 25), ("C.b", 27, 47)]


def test_what_comes_after_the_methods_of_a_class_repeats_how_the_class_begins():
    text = lines("class C:", "  a = 1", "  b = 1", "  c = 1", "  def a():", *body(40), *[f"  d{number} = 1" for number in range(6)])
    symbols = [function("C", 0, 50, kind=Kind.CLASS), function("C.a", 4, 44, parent=0)]

    chunks = chunks_of("a.py", text, outline(*symbols))

    assert [(chunk.name, chunk.header) for chunk in chunks] == [("C", ""), ("C.a", ""), ("C", "def C\n")]


def test_a_long_function_is_cut_before_the_outermost_statements_with_its_header_repeated():
    text = lines("def f():", *body(149))
    breaks = [Break(line, depth=1 if line % 30 == 0 else 2) for line in range(1, 150)]

    chunks = chunks_of("a.py", text, outline(function("f", 0, 149), breaks=breaks))

    assert [(chunk.name, chunk.start_line, chunk.end_line, chunk.header) for chunk in chunks] == [
        ("f", 0, 59, ""),
        ("f", 60, 119, "def f\n"),
        ("f", 120, 149, "def f\n"),
    ]


def test_without_statements_to_cut_between_blank_lines_will_do():
    text = lines(*["word"] * 30, "", *["word"] * 30)

    assert cut(text) == [("", 0, 29), ("", 31, 60)]


def test_an_overlong_line_is_cut_within_but_not_within_a_character():
    text = "ö💡" * 2000

    chunks = chunks_of("a.txt", text, PLAIN)

    assert len(chunks) > 2
    assert {(chunk.start_line, chunk.end_line) for chunk in chunks} == {(0, 0)}
    assert "".join(chunk.text for chunk in chunks) == text


def test_an_edit_elsewhere_changes_no_id():
    before = lines("def f():", *body(5), "", "def g():", *body(5))
    after = lines("# new", "def f():", *body(5), "changed", "", "def g():", *body(5))

    old = chunks_of("a.py", before, outline(function("f", 0, 5), function("g", 7, 12)))
    new = chunks_of("a.py", after, outline(function("f", 1, 7), function("g", 9, 14)))

    assert old[1].id == new[1].id
    assert old[0].id != new[0].id


def test_equal_chunks_have_ids_of_their_own():
    text = lines(*[line for _ in range(3) for line in ("def f():", *body(5))])

    chunks = chunks_of("a.py", text, outline(*(function("f", first, first + 5) for first in (0, 6, 12))))

    assert len({chunk.id for chunk in chunks}) == 3
    assert len({chunk.content_hash for chunk in chunks}) == 1
    assert {chunk.id for chunk in chunks}.isdisjoint(
        chunk.id for chunk in chunks_of("b.py", text, outline(*(function("f", first, first + 5) for first in (0, 6, 12))))
    )


@pytest.mark.parametrize("text", ["", "\n", " \n\t\n\r\n", "\n" * 500])
def test_blank_text_has_no_chunks(text):
    assert chunks_of("a.py", text, PLAIN) == ()


def test_symbols_nested_deeper_than_python_recurses_are_no_obstacle():
    text = lines(*(f"# heading {number}" for number in range(3000)))
    symbols = [function(f"h{number}", number, 2999, kind=Kind.HEADING, parent=number - 1 if number else None) for number in range(3000)]

    assert_complete(text, chunks_of("a.md", text, outline(*symbols)))


@st.composite
def texts_and_symbols(draw: st.DrawFn) -> tuple[str, Outline]:
    """Any text, with symbols that need not be nested well, nor fit it."""
    line = st.one_of(
        st.sampled_from(["", "  ", "}", "x = 1", "\r", "ö" * 30, "y" * 5000]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    )
    text = "\n".join(draw(st.lists(line, max_size=150)))
    symbols = []
    for position in range(draw(st.integers(0, 12))):
        first, second = sorted((draw(st.integers(0, 160)), draw(st.integers(0, 160))))
        parent = draw(st.none() | st.integers(0, position - 1)) if position else None
        symbol = function(f"s{position}", first, second, kind=draw(st.sampled_from(list(Kind))), parent=parent)
        symbols.append(replace(symbol, span=replace(symbol.span, end_column=draw(st.integers(0, 1)))))
    breaks = tuple(Break(line, draw(st.integers(0, 3))) for line in sorted(draw(st.sets(st.integers(0, 160), max_size=20))))
    return text, Outline("python", tuple(symbols), (), breaks)


@given(texts_and_symbols())
def test_chunks_cover_every_line_once_whatever_the_outline_says(text_and_outline):
    text, outlined = text_and_outline

    chunks = chunks_of("a.py", text, outlined)

    assert_complete(text, chunks)


def assert_complete(text: str, chunks: Sequence[Chunk]) -> None:
    data = text.encode()
    left_over = bytearray(data)
    end = 0
    for chunk in chunks:
        content = data[chunk.start_byte : chunk.end_byte]
        assert chunk.start_byte >= end
        assert chunk.text.encode() == content
        assert content.strip()
        assert chunk.content_hash == blake2b(content, digest_size=8).hexdigest()
        assert chunk.start_line == data.count(b"\n", 0, chunk.start_byte)
        assert chunk.end_line == data.count(b"\n", 0, chunk.end_byte)
        assert len(content) <= MOST_BYTES
        assert chunk.end_line - chunk.start_line < (MOST_PLAIN_LINES if chunk.symbol is None else MOST_LINES)
        left_over[chunk.start_byte : chunk.end_byte] = b" " * len(content)
        end = chunk.end_byte
    assert not left_over.strip()
    assert len({chunk.id for chunk in chunks}) == len(chunks)


def cut(text: str, *symbols: Symbol) -> list[tuple[str, int, int]]:
    """Name, first and last line of each chunk."""
    chunks = chunks_of("a.py", text, outline(*symbols))
    assert_complete(text, chunks)
    return [(chunk.name, chunk.start_line, chunk.end_line) for chunk in chunks]


def outline(*symbols: Symbol, breaks: Sequence[Break] = ()) -> Outline:
    return Outline("python", symbols, (), tuple(breaks))


def function(name: str, first_line: int, last_line: int, kind: Kind = Kind.FUNCTION, parent: int | None = None) -> Symbol:
    """On whole lines; bytes do not matter for cutting, but for the order."""
    span = Span(first_line * 10, last_line * 10 + 9, first_line, 0, last_line, 1)
    return Symbol(kind, name.rpartition(".")[2], name, f"def {name}", "", span, span, parent)


def lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def body(n_lines: int) -> list[str]:
    return [f"    statement_{number}" for number in range(n_lines)]
