"""Importing one more name: files before and after, as import_cases.toml has them."""

import ast
import tomllib
from pathlib import Path

import pytest

from recoder_lsp.features import imports_python
from recoder_lsp.features.imports import Insertion, Target, insertion
from tests.proportion import assert_in_proportion

CASES = [
    (language, case)
    for language, cases in tomllib.loads(Path(__file__).with_name("import_cases.toml").read_text("utf-8")).items()
    for case in cases
]
PATHS = {"python": ("a.py", "pkg/shapes.py"), "go": ("a.go", "b.go")}


def imported(language, text, *, path=None, target=None, module="", exported="named"):
    """The text with `Circle` imported; None where nothing is inserted."""
    default_path, default_target = PATHS.get(language, ("src/a.ts", "src/shapes.ts"))
    found = insertion(language, path or default_path, text, Target(target or default_target, "Circle", module, exported))
    return None if found is None else text[: found.offset] + found.text + text[found.offset :]


@pytest.mark.parametrize(("language", "case"), CASES, ids=[f"{language}: {case['title']}" for language, case in CASES])
def test_a_name_is_imported_as_the_file_does_it(language, case):
    options = {key: case[key] for key in ("path", "target", "module", "exported") if key in case}

    assert imported(language, case["before"], **options) == case.get("after")


@pytest.mark.parametrize(
    "case", [case for language, case in CASES if language == "python" and "after" in case], ids=lambda case: case["title"]
)
def test_python_accepts_what_comes_out(case):
    ast.parse(case["after"])


BEING_WRITTEN = """
from pkg.shapes import (
    Square,
)
import os, sys

x = '''a
'''


def f(a):
    return {a: "b"}
"""


@pytest.mark.parametrize("end", range(0, len(BEING_WRITTEN) + 1, 3))
def test_half_written_files_are_extended_or_left_alone_but_never_torn(end):
    text = BEING_WRITTEN[:end]

    found = insertion("python", "a.py", text, Target("pkg/shapes.py", "Circle"))

    # Never inside of a word, a text or a line that is not an import.
    assert found is None or text[: found.offset].endswith(("Square,", "sys", "\n", "os")) or not found.offset
    assert found is None or found.offset <= BEING_WRITTEN.index("sys") + 3


def test_a_name_that_nobody_can_write_is_not_imported():
    assert insertion("python", "a.py", "", Target("b.py", "operator+")) is None


def test_a_very_long_file_is_left_alone():
    assert insertion("python", "a.py", "x = 1\n" * 100_000, Target("b.py", "Circle")) is None


def test_an_insertion_says_where():
    assert insertion("python", "a.py", "import os\n", Target("b.py", "Circle")) == Insertion(9, "\nfrom b import Circle")


@pytest.mark.parametrize(
    ("text", "expected"), [("Circle", None), ("\nCircle", (0, "\nfrom b import Circle\n")), ("import os; Circle", None)]
)
def test_an_insertion_does_not_touch_the_name_that_is_inserted(text, expected):
    replaced = (len(text) - len("Circle"), len(text))

    found = insertion("python", "a.py", text, Target("b.py", "Circle"), replaced=replaced)

    assert found == (expected and Insertion(*expected))


def test_the_line_break_of_a_moved_insertion_is_kept_whole():
    found = insertion("python", "a.py", "\r\nCircle", Target("b.py", "Circle"), replaced=(2, 8))

    assert found == Insertion(0, "\r\nfrom b import Circle\r\n")


REPEATED = [
    "for (const [k, v] of xs) { k(v) }\n",
    "import ",
    "import " + " " * 500,
    "import { a, ",
    "const [",
    "f(",
    "Circle ",
    "import Circle ",
    "const [ Circle ",
    "Circle ) : a ",
    "(Circle) => Circle\n",
]


@pytest.mark.parametrize("piece", REPEATED)
@pytest.mark.parametrize("language", ["typescript", "python"])
def test_no_text_takes_more_time_than_its_length_explains(language, piece):
    def inserted(n: int) -> None:
        many = piece * (n // len(piece))
        for text in (many, f"Circle\n{many}\nnew Circle()\n"):
            insertion(language, "src/a", text, Target("src/b", "Circle"))

    assert_in_proportion(inserted, 24_000)


def test_a_python_file_whose_imports_may_end_far_below_is_left_alone():
    table = "TABLE = [\n" + "    1,\n" * 20_000 + "]\n"

    assert imported("python", table) is None
    assert imported("python", "import os\n\n\ndef f(): ...\n" + table) is not None


def test_the_head_of_a_file_is_read_once_for_all_items(monkeypatch):
    read = []
    statements = imports_python._statements
    monkeypatch.setattr(imports_python, "_statements", lambda text: read.append(text) or statements(text))

    for name in ("Circle", "Square", "Line"):
        assert insertion("python", "a.py", "import only_once\n", Target("b.py", name)) is not None

    assert len(read) == 1
