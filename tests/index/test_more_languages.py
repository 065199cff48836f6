"""What the outlines of samples/ cannot say of the languages beyond the first nine: broken code, odd names, who owns what."""

from collections.abc import Iterator

import pytest

from recoder_lsp.index.records import Outline, ReferenceKind, Symbol
from recoder_lsp.index.syntax.parser import Parser, language_of
from tests.index.outlines import samples


@pytest.fixture(scope="module")
def parser() -> Parser:
    return Parser(timeout_s=60)


@pytest.mark.parametrize(
    ("language", "code", "names"),
    [
        (
            "csharp",
            "class Quay {\n  int depth;\n  void Moor( {\n    ship.\n  }\n  void Leave() {}\n}\n",
            ["Quay", "Quay.depth", "Quay.Moor"],
        ),
        ("ruby", "class Bed\n  def dry; end\n\n  def water\n    plants.each do |\n  end\nend\n", ["Bed", "dry", "water"]),
        ("php", "<?php\nclass Soup {\n  function taste() {\n    $x = [1, \n  }\n}\nfunction boil() {}\n", ["boil"]),
        ("shellscript", "say() {\n  echo hi\n}\nif [ -d x ]; then\nrest() { echo; }\n", ["say", "rest"]),
        ("lua", "local M = {}\nfunction M.plant(row)\n  local x = \nend\nfunction M.rest() end\n", ["M.plant", "M.rest"]),
        ("kotlin", "class Book {\n  fun lend(to: Person {\n  }\n  fun back() {}\n}\n", ["back"]),
        ("swift", "struct Ticket {\n  func stamp( {\n  }\n  func tear() {}\n}\n", ["Ticket", "Ticket.tear"]),
        ("scala", "object Sky {\n  def blue(x: = 1\n  def grey: Int = 2\n}\n", ["Sky.grey"]),
        ("elixir", "defmodule Ferry do\n  def load(car) do\n    [1, \n  end\n  def rest(x), do: x\nend\n", ["Ferry", "load", "rest"]),
        ("haskell", "stop :: Int\nstop = 1\n\nmove :: Int -> Int\nmove x = (\n", ["stop", "move"]),
        ("zig", "const Light = struct {\n  metres: f64,\n  fn blink(self: ) void {\n}\nfn rest() void {}\n", ["blink"]),
        ("html", "<body id=top><h1>Tides</h1></p></div>\n<section id=low><h2>Ebb</h2><a href=</body>", ["Tides", "Ebb"]),
        ("css", "main { color: \n}\n.card { top: 0 }\n@media (x { .a { b: c } }\n", [".card"]),
        ("markdown", "# Knots\n```sh\nnever closed\n", ["Knots"]),
        ("json", '{"name": "x", "depth": , "tools": {"spade": 1}\n', ["name"]),
        ("toml", "[kettle]\nlitres = \n[beer]\nname = 'x'\n", ["beer"]),
        ("yaml", "name: garden\nbeds: [kale\ntools:\n  - spade\n", ["name"]),
    ],
)
def test_broken_code_still_yields_symbols(parser, language, code, names):
    outline = parser.outline(code, language)

    found = {symbol.qualified_name for symbol in outline.symbols} | {symbol.name for symbol in outline.symbols}
    # Nothing is wrong Markdown.
    assert outline.has_errors or language == "markdown"
    assert found >= set(names)


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_any_beginning_of_a_file_has_an_outline_that_hangs_together(parser, sample):
    text = sample.read_text(encoding="utf-8")
    language = language_of(sample.name)

    for length in range(0, len(text), max(1, len(text) // 12)):
        assert list(_contradictions(text[:length], parser.outline(text[:length], language))) == []


def test_elixir_clauses_of_one_function_are_one_symbol(parser):
    code = "defmodule A do\n  def f(0), do: 1\n  # Otherwise.\n  def f(n), do: g(n)\n  def g(n), do: n\n  def f(a, b), do: a\nend\n"

    outline = parser.outline(code, "elixir")

    assert [(symbol.name, _lines(symbol)) for symbol in outline.symbols[1:]] == [("f", (2, 4)), ("g", (5, 5)), ("f", (6, 6))]
    call = next(use for use in outline.references if use.kind is ReferenceKind.CALL)
    assert (call.name, call.within) == ("g", 1)


def test_an_elixir_attribute_is_not_part_of_the_function_below(parser):
    code = 'defmodule A do\n  @limit 3\n  @doc "Counts."\n  @spec f(any) :: any\n  def f(n), do: n\nend\n'

    limit, counted = parser.outline(code, "elixir").symbols[1:]

    assert (limit.name, _lines(limit)) == ("limit", (2, 2))
    assert (counted.name, _lines(counted), counted.docstring) == ("f", (3, 5), "Counts.")


def test_a_haskell_signature_and_its_equations_are_one_symbol(parser):
    code = "-- | Adds.\nadd :: Int -> Int -> Int\nadd 0 m = m\nadd n m = go n\n  where\n    go k = k\n"

    outline = parser.outline(code, "haskell")

    assert [(symbol.name, _lines(symbol), symbol.signature, symbol.docstring) for symbol in outline.symbols] == [
        ("add", (1, 6), "add :: Int -> Int -> Int", "Adds.")
    ]


@pytest.mark.parametrize(
    ("language", "code", "qualified", "name"),
    [
        ("elixir", "defmodule Harbour.Ferry do\nend\n", "Harbour.Ferry", "Ferry"),
        ("csharp", "namespace Harbour.Berths { }\n", "Harbour.Berths", "Berths"),
        ("php", "<?php\nnamespace App\\Kitchen;\n", "App.Kitchen", "Kitchen"),
        ("ruby", "class Climate::Alarm\nend\n", "Climate.Alarm", "Alarm"),
        ("ruby", "attr_reader :degrees\n", "degrees", "degrees"),
        ("lua", "function M.Tree:grow() end\n", "M.Tree.grow", "grow"),
        ("yaml", '"south side": 1\n', "south side", "south side"),
        ("markdown", "## Knots ##\n", "Knots", "Knots"),
        ("css", "h1,\nh2 { top: 0 }\n", "h1, h2", "h1, h2"),
        ("swift", "extension Tram {\n  func ring() {}\n}\n", "Tram.ring", "ring"),
        ("haskell", "instance Score Board where\n  score b = 1\n", "Board.score", "score"),
        ("scala", "extension (storm: Storm)\n  def louder(by: Int): Storm = storm\n", "Storm.louder", "louder"),
    ],
)
def test_a_name_stands_alone_and_its_qualified_name_says_where(parser, language, code, qualified, name):
    symbol = parser.outline(code, language).symbols[-1]

    span = symbol.name_span
    assert (symbol.qualified_name, symbol.name) == (qualified, name)
    assert " ".join(code.encode()[span.start_byte : span.end_byte].decode().split()) == name


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("csharp", "class A { void F() { int x = 1; var y = 2; } }"),
        ("ruby", "def f\n  x = 1\nend\n"),
        ("php", "<?php function f() { $x = 1; $y = fn($z) => $z; }"),
        ("shellscript", "f() {\n  x=1\n  local y=2\n}\nLANG=C sort z\n"),
        ("lua", "local function f()\n  local x = 1\n  self.y = 2\nend\n"),
        ("kotlin", "fun f() { val x = 1; run { val y = 2 } }\nclass A { init { val z = 3 } }"),
        ("swift", "func f() { let x = 1 }\nvar a: Int { let y = 2; return y }\nlet b = { let z = 3 }"),
        ("scala", "def f = { val x = 1; x }\nval a = { val y = 2; y }"),
        ("elixir", "defmodule A do\n  def f do\n    x = 1\n  end\nend\n"),
        ("haskell", "f = let x = 1 in g x\n  where y = 2\n"),
        ("zig", "fn f() void { const x = 1; var y: u8 = 2; }"),
    ],
)
def test_what_is_local_to_a_function_is_no_symbol(parser, language, code):
    names = {symbol.name for symbol in parser.outline(code, language).symbols}

    assert names
    assert not names & {"x", "y", "z", "LANG"}


def test_a_comment_above_a_key_documents_it_even_where_the_grammar_counts_it_to_the_key_before(parser):
    code = "beds:\n  north: 1\n# For digging.\ntools: 2\n"

    beds, _, tools = parser.outline(code, "yaml").symbols

    assert (_lines(beds), _lines(tools), tools.docstring) == ((1, 2), (3, 4), "For digging.")


def _lines(symbol: Symbol) -> tuple[int, int]:
    """First and last line, from 1."""
    return symbol.span.start_line + 1, symbol.span.end_line + 1


def _contradictions(text: str, outline: Outline) -> Iterator[str]:
    """What cannot be: symbols without a name, outside of their parent, across the one before; uses in symbols that do not exist."""
    size_bytes = len(text.encode())
    before: dict[int | None, Symbol] = {}
    for position, symbol in enumerate(outline.symbols):
        span, name_span = symbol.span, symbol.name_span
        if not symbol.name.strip() or "\n" in symbol.name:
            yield f"{symbol} has no name"
        if not 0 <= span.start_byte <= name_span.start_byte < name_span.end_byte <= span.end_byte <= size_bytes:
            yield f"{symbol} is not around its name"
        if symbol.parent is not None:
            parent = outline.symbols[symbol.parent]
            if symbol.parent >= position or not parent.span.start_byte <= span.start_byte <= span.end_byte <= parent.span.end_byte:
                yield f"{symbol} is not inside {parent}"
        earlier = before.get(symbol.parent)
        if earlier and earlier.span != span and earlier.name_span.end_byte < span.start_byte < earlier.span.end_byte:
            yield f"{symbol} begins inside {earlier}"
        before[symbol.parent] = symbol
    if any(use.within is not None and use.within >= len(outline.symbols) for use in outline.references):
        yield "a use in a symbol that does not exist"
