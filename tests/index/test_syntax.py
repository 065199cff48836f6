"""The outlines of source files: of the samples, of broken and strange texts, and of texts that are being edited."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recoder_lsp.index.files.decoding import with_plain_breaks
from recoder_lsp.index.records import Kind, Outline, Symbol
from recoder_lsp.index.syntax.edits import common_prefix, common_suffix
from recoder_lsp.index.syntax.languages import languages
from recoder_lsp.index.syntax.parser import LONG_SYMBOL_LINES, OpenText, Parser, language_of
from tests.index.outlines import SAMPLES, golden_of, outline_of, samples


@pytest.fixture(scope="module")
def parser() -> Parser:
    return Parser(timeout_s=60)


def symbol(outline: Outline, name: str) -> Symbol:
    return next(symbol for symbol in outline.symbols if symbol.qualified_name == name)


def names(outline: Outline) -> list[str]:
    return [symbol.qualified_name for symbol in outline.symbols]


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_the_outline_of_a_sample_is_as_written(sample: Path, parser: Parser) -> None:
    """Written by `python -m tests.index.outlines --write`; read the difference before it is committed."""
    assert outline_of(sample, parser) == golden_of(sample).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", [language for language in languages().values() if language.grammar], ids=lambda language: language.id)
def test_every_language_of_the_table_has_a_grammar_and_queries_that_fit_it(language: object, parser: Parser) -> None:
    assert parser.outline("", language.id).language == language.id  # type: ignore[attr-defined]
    assert parser._grammar(language.id) is not None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "first_line", "language"),
    [
        ("a/b.py", "", "python"),
        ("a/B.PY", "", "python"),
        ("types.d.ts", "", "typescript"),
        ("view.tsx", "", "typescriptreact"),
        ("view.jsx", "", "javascriptreact"),
        ("a.mjs", "", "javascript"),
        ("a.h", "", "c"),
        ("a.hpp", "", "cpp"),
        ("SConstruct", "", "python"),
        ("bin/run", "#!/usr/bin/env python3", "python"),
        ("bin/run", "#!/usr/bin/env -S node --harmony", "javascript"),
        ("bin/run", "#! /usr/local/bin/python3.12", "python"),
        ("bin/run", "#!/usr/bin/perl", "plaintext"),
        ("notes.txt", "", "plaintext"),
        (".py", "", "plaintext"),
        ("py", "", "plaintext"),
        ("a.py/readme", "", "plaintext"),
        ("", "", "plaintext"),
    ],
)
def test_a_language_is_known_by_its_name_or_its_first_line(path: str, first_line: str, language: str) -> None:
    assert language_of(path, first_line) == language


def test_a_span_has_bytes_lines_and_columns_and_takes_in_comments_and_decorators(parser: Parser) -> None:
    text = "é = 1\r\n\r\n# Grüße\r\n@cached\r\ndef grüße(a):\r\n    return 1\r\nb = 2\r\n"
    data = text.encode()

    found = symbol(parser.outline(text, "python"), "grüße")

    assert data[found.span.start_byte : found.span.end_byte].decode() == "# Grüße\r\n@cached\r\ndef grüße(a):\r\n    return 1"
    assert (found.span.start_line, found.span.start_column, found.span.end_line, found.span.end_column) == (2, 0, 5, 12)
    assert data[found.name_span.start_byte : found.name_span.end_byte].decode() == "grüße"
    assert (found.name_span.start_line, found.name_span.start_column) == (4, 4)
    assert (found.signature, found.docstring) == ("def grüße(a)", "Grüße")


def test_a_comment_behind_a_blank_line_or_behind_code_is_no_documentation(parser: Parser) -> None:
    outline = parser.outline("# Licence\n\ndef a(): pass\nx = 1  # of x\ndef b(): pass\n", "python")

    assert [(each.name, each.docstring) for each in outline.symbols] == [("a", ""), ("x", "of x"), ("b", "")]


def test_enclosing_symbols_come_first_and_contain_what_they_enclose(parser: Parser) -> None:
    for sample in samples():
        for each in (outline := parser.outline(sample.read_text(encoding="utf-8"), language_of(sample.name))).symbols:
            if each.parent is not None:
                outer = outline.symbols[each.parent]
                assert outer.span.start_byte <= each.name_span.start_byte < outer.span.end_byte, (sample.name, each.qualified_name)
                assert outline.symbols.index(outer) < outline.symbols.index(each)


def test_variables_of_functions_are_no_symbols(parser: Parser) -> None:
    outline = parser.outline("def a():\n    b = 1\n    class C:\n        d = 2\n    def e():\n        f = 3\n", "python")

    assert names(outline) == ["a", "a.C", "a.C.d", "a.e"]


def test_long_docstrings_and_signatures_are_cut(parser: Parser) -> None:
    text = f'def f({", ".join(f"argument_{number}" for number in range(90))}):\n    """{"word " * 900}"""\n'

    found = parser.outline(text, "python").symbols[0]

    assert len(found.signature) == 300
    assert found.signature.endswith("…")
    assert len(found.docstring) <= 2000
    assert found.docstring.endswith("…")


def test_a_null_character_is_not_taken_for_a_line_end() -> None:
    assert with_plain_breaks("a\0b\r\nc\rd\n") == "a\0b\r\nc\nd\n"


def test_secrets_are_left_out_of_signatures_and_documentation(parser: Parser) -> None:
    text = 'API_KEY = "hunter1234"\n# Like password = "hunter1234".\ndef connect(url="postgres://me:hunter1234@there"):\n    pass\n'

    outline = parser.outline(text, "python")

    assert [each.signature for each in outline.symbols] == ['API_KEY = "[redacted]"', 'def connect(url="postgres://me:[redacted]@there")']
    assert outline.symbols[1].docstring == 'Like password = "[redacted]".'


@pytest.mark.parametrize("error", [ValueError, AttributeError])
def test_a_grammar_that_does_not_fit_its_queries_gives_no_symbols(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def refuse(*_: object) -> None:
        raise error("Invalid node type")

    monkeypatch.setattr("tree_sitter.Query", refuse)
    parser = Parser()

    assert parser.outline("def a(): pass\n", "python").symbols == ()
    assert OpenText(parser, "python", "def a(): pass\n").outline().symbols == ()


def test_only_long_symbols_have_breaks_one_for_each_line_with_its_depth(parser: Parser) -> None:
    body = "    if a:\n        b()\n    c(); d()\n" * 30

    long = parser.outline(f"def long():\n{body}", "python")
    short = parser.outline("def short():\n    if a:\n        b()\n", "python")

    assert short.breaks == ()
    assert [(each.line, each.depth) for each in long.breaks[:5]] == [(0, 0), (1, 1), (2, 2), (3, 1), (4, 1)]
    assert len(long.breaks) == 91
    assert body.count("\n") > LONG_SYMBOL_LINES


def test_a_long_class_breaks_between_its_members_not_inside_short_ones(parser: Parser) -> None:
    method = "    def m(self):\n        if a:\n            b()\n        c()\n\n"

    outline = parser.outline("class Long:\n" + method * 20, "python")

    assert {each.depth for each in outline.breaks} == {0, 1}
    assert len(outline.breaks) == 21


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "class A:\n    def f(self):\n        x.\n\n    def g(self):\n        pass\n\ndef h(:\n", ["A", "A.f", "A.g"]),
        ("javascript", "class A {\n  f() { x. }\n  g() {\n}\nfunction h() {}\n", ["A", "A.f", "A.g"]),
        ("typescript", "interface A { b: \n}\nfunction h(a: ) {}\n", ["A", "h"]),
        ("go", "package a\nfunc f() { x. }\nfunc g( {\n}\ntype T struct {}\n", ["f", "T"]),
        ("rust", "fn f() { x. }\nstruct S { a: }\nfn g() {}\n", ["f", "S", "g"]),
        ("java", "class A {\n  void f() { x. }\n  int g( { }\n}\n", ["A", "A.f"]),
        ("c", "int f(void) { return x-> }\nint g(void) { }\n", ["f", "g"]),
        ("cpp", "class A { void f(); int \n};\nvoid A::f() { x. }\n", ["A", "A.f"]),
    ],
)
def test_broken_code_still_gives_symbols(language: str, text: str, expected: list[str], parser: Parser) -> None:
    outline = parser.outline(text, language)

    assert outline.has_errors
    assert set(expected) <= set(names(outline)), names(outline)


@pytest.mark.parametrize("language", [*languages(), "plaintext", "klingon", ""])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\x00",
        "\ud800",
        "\u2028\x0b\x0c\r",
        "\ufeff#",
        "(" * 20_000,
        "a<" * 5_000,
        "[" * 30_000 + "]" * 30_000,
        '"' * 999,
        "é" * 999,
    ],
    ids=["empty", "newline", "nul", "surrogate", "odd white space", "mark", "open", "less", "deep", "quotes", "letters"],
)
def test_any_text_gives_an_outline(language: str, text: str, parser: Parser) -> None:
    assert parser.outline(text, language).language == (language if language in languages() else "plaintext")


def test_a_text_that_takes_too_long_gives_an_outline_without_symbols_and_the_next_one_is_whole() -> None:
    parser = Parser(timeout_s=0)

    gave_up = parser.outline("def f(): pass\n" * 10_000, "python")
    next_one = parser.outline("def f(): pass\n", "python")

    assert (gave_up.symbols, gave_up.has_errors) == ((), True)
    assert names(next_one) == ["f"]


def test_a_header_is_in_the_language_that_it_is_written_in(parser: Parser) -> None:
    opened = OpenText(parser, "c", "int f(void);\n")
    before = opened.outline()

    opened.update("class A { int f(void); };\n")

    assert (before.language, opened.outline().language) == ("c", "cpp")
    assert symbol(opened.outline(), "A.f").kind is Kind.METHOD


PIECES = st.sampled_from(["", "x", "\n", "(", ")", "{", "}", '"', "'", "é🎉", "    ", "def f():\n    pass\n", "/*", "*/", "class A {", "#"])
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 60), PIECES), max_size=8)


@pytest.mark.parametrize(
    "name", ["store.py", "shop.js", "service.ts", "view.tsx", "tree.go", "shapes.rs", "Store.java", "ring.c", "shape.cpp"]
)
@given(edits=EDITS)
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_edited_text_has_the_outline_of_a_fresh_parse(name: str, edits: list[tuple[float, int, str]], parser: Parser) -> None:
    text, language = (SAMPLES / name).read_text(encoding="utf-8"), language_of(name)
    opened = OpenText(parser, language, text)

    for place, n_removed, piece in edits:
        start = int(place * len(text))
        text = text[:start] + piece + text[start + n_removed :]
        opened.update(text)

    assert opened.outline() == parser.outline(text, language)


@given(before=st.text("aé🎉\n"), after=st.text("aé🎉\n"))
def test_what_two_texts_have_in_common_is_whole_characters(before: str, after: str) -> None:
    old, new = before.encode(), after.encode()

    prefix = common_prefix(old, new)
    suffix = common_suffix(old, new, min(len(old), len(new)) - prefix)

    middle = new[prefix : len(new) - suffix].decode()
    assert old[:prefix].decode() + middle + old[len(old) - suffix :].decode() == after
    assert prefix == len(old) or prefix == len(new) or before[len(old[:prefix].decode())] != after[len(new[:prefix].decode())]
