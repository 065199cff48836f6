"""Holes that are cut into a repository: which lines are worth one, where the caret stands, what is left around it."""

from random import Random

import pytest

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.files.sources import Sources
from recoder_lsp.training.evaluation import holes
from recoder_lsp.training.evaluation.indexes import Indexes

OVEN = '''"""Bakes.

Documentation is no code, and nobody wants it to be guessed.
"""
import os


class Oven:
    def bake_bread(self, dough):
        # A comment that is long enough to be a line.
        return self.heat(dough, 200)

    def heat(self, dough, degrees):
        return dough * degrees
'''
SHOP = """from oven import Oven


def open_the_shop(customers):
    oven = Oven()
    bread = oven.bake_bread(customers)
    prices = [customer * 2 for customer in customers]
    return sorted(prices)
"""


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "bakery"
    root.mkdir()
    (root / "oven.py").write_text(OVEN)
    (root / "shop.py").write_text(SHOP)
    (root / "shop.js").write_text("const prices = customers.map((customer) => customer.price);\r\nexport default prices;\r\n")
    (root / "notes.md").write_text("# Bread\n\nHow bread is baked in this house.\n")
    (root / ".gitignore").write_text("ignored.py\n")
    (root / "ignored.py").write_text("nothing = compute_nothing_at_all()\n")
    return root


def cut(root, tmp_path, n=100, **options):
    indexes = Indexes(lambda name: root, tmp_path / "indexes")
    with indexes.reader("bakery") as reader:
        items = holes.cut(reader, Sources(root, IndexSettings()).text, "bakery", n, **options)
    indexes.close()
    return items


def lines_of(text):
    return [line.strip() for _, line in holes.code_lines(text)]


def test_the_lines_worth_completing_are_code():
    assert lines_of(OVEN) == [
        "import os",
        "class Oven:",
        "def bake_bread(self, dough):",
        "return self.heat(dough, 200)",
        "def heat(self, dough, degrees):",
        "return dough * degrees",
    ]


@pytest.mark.parametrize(
    "line",
    [
        *("})", "", "  );", "x = 1", "==========", '"just a text",', "'''all of it'''", 'rf"and a {pattern}")'),
        *("# a comment in a script", "// a comment elsewhere", " * inside of one", "-- as in SQL"),
    ],
)
def test_trivial_lines_are_left_alone(line):
    assert lines_of(line) == []


@pytest.mark.parametrize(
    "line", ["#include <stdio.h>", "*pointer = value;", "--counter;  // less", "x = {'key': value}", "say('''aloud''')"]
)
def test_what_only_looks_like_a_comment_is_code(line):
    assert lines_of(line) == [line]


def test_block_comments_end():
    assert lines_of("/* it begins here\n   and it goes on\n */\nreturn value;\n/* short one */ call(it);\n") == ["return value;"]


def test_carets_stand_where_people_type():
    line, random = "    total = compute_everything(first, second)  ", Random(1)

    found = [holes.caret_in(line, random) for _ in range(1000)]

    by_mode = {mode: {column for kind, column in found if kind == mode} for mode in holes.SHARES}
    shares = {mode: sum(kind == mode for kind, _ in found) / 1000 for mode in holes.SHARES}
    assert shares == pytest.approx(holes.SHARES, abs=0.05)
    assert by_mode["start"] == {4}
    assert {line[:column][-1] for column in by_mode["mid"]} == set("l=g(t,")
    assert all(line[column - 1].isalpha() or line[column - 1] == "_" for column in by_mode["word"])
    assert all(line[column].isalpha() or line[column] == "_" for column in by_mode["word"])
    assert max(column for _, column in found) <= len(line.rstrip()) - holes.LEAST_MISSING


def test_a_line_without_words_to_stop_in_is_asked_for_as_a_whole():
    assert {holes.caret_in("a.b(c)\r", Random(seed))[0] for seed in range(20)} == {"start", "mid"}


def test_a_hole_and_what_is_around_it_make_up_the_file(root, tmp_path):
    items = cut(root, tmp_path)

    assert {item["path"] for item in items} == {"oven.py", "shop.py", "shop.js"}
    for item in items:
        text = (root / item["path"]).read_bytes().decode()
        assert item["prefix"] + item["gold"] + item["suffix"] == text
        assert "\n" not in item["gold"]
        assert len(item["gold"]) >= holes.LEAST_MISSING
        assert item["suffix"].startswith("\r\n" if item["path"] == "shop.js" else "\n")
    assert len({item["id"] for item in items}) == len(items)


def test_the_same_seed_cuts_the_same_holes_and_another_one_others(root, tmp_path):
    once, again, other = (cut(root, tmp_path, 5, seed=seed) for seed in (1, 1, 2))

    assert once == again
    assert [item["id"] for item in once] != [item["id"] for item in other]


def test_half_of_the_holes_need_another_file_where_there_are_so_many(root, tmp_path):
    items = cut(root, tmp_path, 4)

    assert sum(item["cross_file"] for item in items) == 2
    crossing = {
        item["path"] + ": " + item["prefix"].rpartition("\n")[2] + item["gold"] for item in cut(root, tmp_path) if item["cross_file"]
    }
    assert crossing == {
        "shop.py: from oven import Oven",
        "shop.py:     oven = Oven()",
        "shop.py:     bread = oven.bake_bread(customers)",
    }


def test_there_are_as_many_holes_as_wanted_though_no_other_file_is_needed(root, tmp_path):
    (root / "oven.py").unlink()

    items = cut(root, tmp_path, 4)

    assert len(items) == 4
    assert not any(item["cross_file"] for item in items)


def test_only_the_languages_that_are_wanted_are_cut(root, tmp_path):
    assert {item["language"] for item in cut(root, tmp_path, languages=("javascript",))} == {"javascript"}
    assert {item["path"] for item in cut(root, tmp_path, languages=("markdown",))} == {"notes.md"}
    assert cut(root, tmp_path, languages=("cobol",)) == []


def test_it_is_told_how_often_a_line_stands_elsewhere(root, tmp_path):
    (root / "again.py").write_text("def again(prices):\n    return sorted(prices)\n\n\ndef once_more(prices):\n    return sorted(prices)\n")

    counts = {item["prefix"].rpartition("\n")[2].strip() + item["gold"]: item["dup_in_repo"] for item in cut(root, tmp_path)}

    assert counts["return sorted(prices)"] == 2
    assert counts["bread = oven.bake_bread(customers)"] == 0
