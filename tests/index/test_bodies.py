"""What is read of the bodies of functions: in body_cases.toml, by language."""

import tomllib
from pathlib import Path

import pytest

from recoder_lsp.index.syntax import bodies
from recoder_lsp.index.syntax.bodies import Body, Todo, body_of
from recoder_lsp.index.syntax.parser import Parser

CASES = tomllib.loads(Path(__file__).with_name("body_cases.toml").read_text(encoding="utf-8"))["case"]


@pytest.fixture(scope="module")
def parser():
    return Parser()


def body(parser, language, code, name):
    tree = parser.tree(code, language)
    symbol = next(symbol for symbol in parser.outline(code, language).symbols if symbol.name == name)
    return body_of(tree, symbol)


@pytest.mark.parametrize("case", CASES, ids=[case["says"] for case in CASES])
def test_a_body_is_read(parser, case):
    code = case["code"].removeprefix("\n")
    todos = [todo.split(" ", 1) for todo in case.get("todos", ())]

    assert body(parser, case["language"], code, case["name"]) == Body(
        raises=tuple(case.get("raises", ())),
        returns=tuple(case.get("returns", ())),
        yields=tuple(case.get("yields", ())),
        complexity=case.get("complexity", 1),
        todos=tuple(Todo(int(line) - 1, text) for line, text in todos),
    )


def test_values_and_types_without_a_body_have_none(parser):
    assert body(parser, "python", "size = 1  # TODO\n", "size") is None
    assert body(parser, "python", "class Empty: ...\n", "Empty") is None


def test_lists_end_early(parser):
    lines = "".join(f"    # TODO: {n}\n    if a:\n        raise E{n}(a)\n    return a.b{n}\n" for n in range(20))

    found = body(parser, "python", f"def much(a):\n{lines}", "much")

    assert found.complexity == 21
    assert (len(found.raises), len(found.returns), len(found.todos)) == (
        bodies.MOST_RAISED,
        bodies.MOST_RETURNED + 1,
        bodies.MOST_TODOS,
    )


def test_broken_code_gives_what_can_be_understood_of_it(parser):
    assert body(parser, "python", "def half(a):\n    if a:\n        raise ValueError(\n", "half") is not None


def test_every_language_of_the_table_exists_and_its_node_types_too(parser):
    import tree_sitter

    from recoder_lsp.index.syntax.languages import find_language

    for language, types in bodies._types_by_language().items():
        grammar = parser._grammar(language)
        assert grammar is not None, language
        assert find_language(language) is not None
        known = grammar.parser.language
        assert isinstance(known, tree_sitter.Language)
        for field in ("functions", "raises", "calls", "returns", "yields", "decisions", "operators"):
            for name in getattr(types, field):
                assert known.id_for_node_kind(name, True) is not None, (language, name)
