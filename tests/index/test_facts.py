"""Who calls a definition and what it calls, from a real manifest, compared with the texts."""

import pytest

from recoder_lsp.index.search.facts import MOST_NEIGHBOURS, MOST_TEXT_BYTES, Facts, facts_of
from recoder_lsp.index.syntax.parser import Parser
from tests.index.small_workspace import SmallWorkspace

PRICES = '''from shop.money import rounded as r


def total_price(items):
    """What all of it costs."""
    for item in items:
        total_price(item.parts)
    return r(sum(map(price_of, items)) + price_of(None) + price_of(1) + len(items))


def price_of(item):
    return item.price * unknown(item)


class Basket:
    def update(self, items):
        self.check()
        self.total = total_price(items)

    def check(self):
        raise ValueError
'''
MONEY = "def rounded(amount):\n    return amount\n\n\ndef helper_of_money(): ...\n"
MAIN = """from shop.prices import Basket, total_price


def main():
    basket = Basket()
    basket.update([])
    total_price([])
    total_price([1])


total_price(main())
"""
TESTS = "from shop import prices\n\n\ndef test_prices():\n    prices.total_price([])\n"
OTHER = "class Index:\n    def update(self): ...\n\n\ndef refresh(index):\n    index.update()\n"
FILES = {
    "shop/__init__.py": "",
    "shop/prices.py": PRICES,
    "shop/money.py": MONEY,
    "main.py": MAIN,
    "tests/test_prices.py": TESTS,
    "elsewhere/index.py": OTHER,
}


@pytest.fixture(scope="module")
def parser():
    return Parser()


@pytest.fixture
def workspace(tmp_path, parser):
    return SmallWorkspace(tmp_path, FILES, parser)


def facts(workspace, path, name, *, language="python"):
    outline = workspace.parser.outline(workspace.texts[path], language).symbols
    span = next(symbol for symbol in outline if symbol.qualified_name == name).name_span
    place = {"line": span.start_line, "column": span.start_column}
    answer = workspace.answer(
        "describe", {"path": path, "language": language, "name": name.rpartition(".")[2], "with_facts": True, **place}
    )
    return facts_of(answer["facts"])


def named(neighbours):
    return [(each.name, each.path, each.line, each.n) for each in neighbours]


def test_callers_come_with_their_places_and_counts_the_nearest_first_and_tests_last(workspace):
    found = facts(workspace, "shop/prices.py", "total_price")

    assert named(found.callers) == [
        ("Basket.update", "shop/prices.py", 15, 1),
        ("main", "main.py", 3, 2),
        ("", "main.py", 10, 1),
        ("test_prices", "tests/test_prices.py", 3, 1),
    ]
    assert found.n_callers == 4


def test_callees_are_those_that_the_workspace_defines(workspace):
    found = facts(workspace, "shop/prices.py", "total_price")

    assert named(found.callees) == [("rounded", "shop/money.py", 0, 1), ("price_of", "shop/prices.py", 10, 2)]
    assert found.n_callees == 2


def test_the_body_and_the_hash_come_with_them(workspace):
    found = facts(workspace, "shop/prices.py", "Basket.check")

    assert found.body.raises == ("ValueError",)
    assert len(found.text_hash) == 16
    assert found.text == "def check(self):\n        raise ValueError"


def test_where_several_classes_have_a_method_only_files_count_that_know_this_one(workspace):
    assert named(facts(workspace, "shop/prices.py", "Basket.update").callers) == [("main", "main.py", 3, 1)]
    assert named(facts(workspace, "elsewhere/index.py", "Index.update").callers) == [("refresh", "elsewhere/index.py", 4, 1)]


def test_of_functions_of_one_name_each_is_called_where_it_is_imported(workspace):
    workspace.index("a/one.py", "def run_it(): ...\n")
    workspace.index("b/two.py", "def run_it(): ...\n")
    workspace.index("by_name.py", "from a.one import run_it\n\n\ndef first():\n    run_it()\n")
    workspace.index("by_module.py", "import b.two\n\n\ndef second():\n    b.two.run_it()\n")

    assert named(facts(workspace, "a/one.py", "run_it").callers) == [("first", "by_name.py", 3, 1)]
    assert named(facts(workspace, "b/two.py", "run_it").callers) == [("second", "by_module.py", 3, 1)]


def test_a_name_that_is_any_word_is_believed_only_where_its_file_is_imported(workspace):
    workspace.index("a/one.py", "def refill(): ...\n")
    workspace.index("stranger.py", "def stranger(cup):\n    cup.refill()\n")
    workspace.index("friend.py", "from a import one\n\n\ndef friend():\n    one.refill()\n")
    workspace.index("a/all.py", "from a.one import *\n\n\ndef everything():\n    refill()\n")

    assert [each.name for each in facts(workspace, "a/one.py", "refill").callers] == ["everything", "friend"]


def test_modules_of_javascript_are_imported_by_their_names_or_whole(workspace):
    workspace.index("src/shapes.ts", "export function grow(a: number) {}\n")
    workspace.index("src/a.ts", 'import { grow } from "./shapes";\nfunction one() { grow(1); }\n')
    workspace.index("src/b.ts", 'import * as shapes from "./shapes";\nfunction two() { shapes.grow(1); }\n')
    workspace.index("src/c.ts", "function three(tree) { tree.grow(1); }\n")

    assert [each.name for each in facts(workspace, "src/shapes.ts", "grow", language="typescript").callers] == ["one", "two"]


def test_functions_of_c_are_called_by_their_names_from_anywhere(workspace):
    workspace.index("lib/grow.c", "int grow(int a) { return a; }\n")
    workspace.index("src/main.c", "int main(void) { return grow(1); }\n")

    assert [each.name for each in facts(workspace, "lib/grow.c", "grow", language="c").callers] == ["main"]


def test_a_package_of_go_calls_its_own_without_importing(workspace):
    workspace.index("one/a.go", "package one\n\nfunc Run() {}\n")
    workspace.index("one/b.go", "package one\n\nfunc Start() { Run() }\n")
    workspace.index("two/a.go", "package two\n\nfunc Run() {}\n\nfunc Stop() { Run() }\n")

    assert named(facts(workspace, "one/a.go", "Run", language="go").callers) == [("Start", "one/b.go", 2, 1)]


def test_of_a_class_those_count_who_use_it_in_any_way(workspace):
    workspace.index("typed.py", "from shop.prices import Basket\n\n\ndef fill(basket: Basket): ...\n")

    assert [each.name for each in facts(workspace, "shop/prices.py", "Basket").callers] == ["main", "fill"]


def test_callers_whose_file_has_changed_since_are_counted_but_not_shown(workspace):
    workspace.texts["main.py"] = "\n" + MAIN

    found = facts(workspace, "shop/prices.py", "total_price")

    assert [each.path for each in found.callers] == ["shop/prices.py", "tests/test_prices.py"]
    assert found.n_callers == 4
    assert "main.py" in workspace.stale


def test_callees_that_have_moved_are_not_shown(workspace):
    workspace.texts["shop/money.py"] = "\n\n" + MONEY

    assert [each.name for each in facts(workspace, "shop/prices.py", "total_price").callees] == ["price_of"]


def test_a_definition_in_unsaved_text_is_looked_at_as_it_is_there(workspace):
    changed = PRICES.replace("return item.price * unknown(item)", "return rounded_price(item)\n\n\ndef rounded_price(item): ...")
    workspace.texts["shop/prices.py"] = changed

    found = facts(workspace, "shop/prices.py", "price_of")

    assert "rounded_price" in found.text
    # Of a name that no file had when it was indexed nothing is known yet.
    assert found.callees == ()


def test_lists_end_early_and_say_how_many_there_are(workspace):
    for number in range(9):
        workspace.index(f"more/caller{number}.py", f"from shop.prices import total_price\n\n\ndef f{number}(): total_price()\n")

    found = facts(workspace, "shop/prices.py", "total_price")

    assert len(found.callers) == MOST_NEIGHBOURS
    assert found.n_callers == 13


def test_of_a_name_with_more_uses_than_are_looked_at_that_is_said(workspace, monkeypatch):
    monkeypatch.setattr("recoder_lsp.index.search.facts.MOST_USES", 3)

    assert facts(workspace, "shop/prices.py", "total_price").may_have_more_callers
    assert not facts(workspace, "shop/prices.py", "price_of").callees


def test_files_that_are_too_large_are_not_parsed(workspace, monkeypatch):
    monkeypatch.setattr("recoder_lsp.index.search.facts.MOST_PARSED_BYTES", 10)

    found = facts(workspace, "shop/prices.py", "Basket.check")

    assert (found.body, len(found.callers)) == (None, 1)


def test_secret_files_neither_call_nor_are_called(workspace):
    workspace.index("secrets.py", "total_price(1)\n", "python")
    workspace.index("credentials", "total_price(1)\n", "python")
    workspace.index(".ssh/keys.py", "def unlock_all(): ...\n", "python")
    workspace.index("opener.py", "def open_it():\n    unlock_all()\n")

    assert "credentials" not in {each.path for each in facts(workspace, "shop/prices.py", "total_price").callers}
    assert facts(workspace, "opener.py", "open_it").callees == ()


@pytest.mark.parametrize(
    "code",
    [
        'def described_one():\n    """It is."""\n',
        "def very_long():\n" + f"    print({'1' * 80})\n" * (MOST_TEXT_BYTES // 80),
        "ONE_VALUE = 1\n",
    ],
    ids=["documented", "too long", "no function"],
)
def test_only_functions_without_documentation_come_with_their_text(workspace, code):
    workspace.index("a.py", code)
    name = code.split("(")[0].split()[-1] if code.startswith("def") else "ONE_VALUE"

    found = facts(workspace, "a.py", name)

    assert (found.text, len(found.text_hash)) == ("", 16)


def test_calls_over_line_ends_of_windows_are_found_too(workspace):
    for path in ("main.py", "shop/prices.py"):
        workspace.index(path, FILES[path].replace("\n", "\r\n"))

    found = facts(workspace, "shop/prices.py", "total_price")

    assert (len(found.callers), len(found.callees)) == (4, 2)


def test_without_being_asked_for_nothing_of_it_is_worked_out(workspace):
    answer = workspace.answer("describe", {"path": "main.py", "language": "python", "name": "total_price", "line": 6, "column": 4})

    assert answer["facts"] is None
    assert answer["locations"]


@pytest.mark.parametrize("value", [{}, {"callers": [1]}, []])
def test_what_is_no_facts_is_refused(value):
    with pytest.raises(ValueError, match="Facts"):
        facts_of(value)


def test_facts_survive_the_wire(workspace):
    found = facts(workspace, "shop/prices.py", "total_price")

    assert isinstance(found, Facts)
    assert found.body.complexity == 2
