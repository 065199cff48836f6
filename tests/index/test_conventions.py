"""What the index says of how a project documents and tests."""

import pytest

from recoder_lsp.index.search.conventions import Conventions, source_stem, subject_stem
from recoder_lsp.index.syntax.parser import Parser
from tests.index.small_workspace import SmallWorkspace


@pytest.fixture(scope="module")
def parser():
    return Parser()


def conventions(tmp_path, parser, files):
    workspace = SmallWorkspace(tmp_path, files, parser)
    return Conventions(workspace.manifest, workspace.texts.get)


def documented(says):
    return f'def f(a):\n    """Do.\n\n    {says}\n    """\n'


def test_documentation_of_near_files_comes_first_and_short_ones_not_at_all(tmp_path, parser):
    files = {
        "a/b/here.py": documented("here"),
        "a/b/near.py": documented("near"),
        "a/c/far.py": documented("far"),
        "a/b/short.py": 'def f():\n    """Do."""\n',
        "a/b/other.ts": "/**\n * Do.\n *\n * other\n */\nexport function f() {}\n",
        "top.py": documented("top"),
    }

    found = conventions(tmp_path, parser, files).docstrings("a/b/here.py", "python")

    assert [text.split()[-1] for text in found["docstrings"]] == ["near", "far", "top"]


def test_tests_of_the_file_come_first_then_those_of_its_neighbours(tmp_path, parser):
    files = {
        "pkg/draw/pen.py": "def draw(): ...\n",
        "tests/draw/test_ink.py": "def test_ink(): ...\n",
        "tests/net/test_http.py": "def test_http(): ...\n",
        "tests/test_pen.py": "def test_pen(): ...\n",
        "tests/pen.spec.ts": "test('pen', () => {});\n",
        "latest/contest.py": "x = 1\n",
    }

    found = conventions(tmp_path, parser, files).tests("pkg/draw/pen.py", "python", "draw")

    assert [test["path"] for test in found["tests"]] == ["tests/test_pen.py", "tests/draw/test_ink.py", "tests/net/test_http.py"]
    assert found["tests"][0]["text"] == "def test_pen(): ...\n"
    assert found["folders"] == ["tests", "tests/draw", "tests/net"]


def test_the_module_is_the_one_that_others_import_it_from(tmp_path, parser):
    files = {
        "src/pkg/__init__.py": "",
        "src/pkg/a.py": "def area(): ...\n",
        "src/pkg/b.py": "def scale(): ...\n",
        "main.py": "from pkg import area\n",
    }
    found = conventions(tmp_path, parser, files)

    assert found.tests("src/pkg/a.py", "python", "area")["module"] == "pkg"
    assert found.tests("src/pkg/b.py", "python", "scale")["module"] == "pkg.b"


def test_how_a_name_is_exported_and_the_nearest_package_are_told(tmp_path, parser):
    files = {
        "app/src/a.ts": "export default function area() {}\nfunction inner() {}\n",
        "package.json": '{"a": 1}',
        "app/package.json": '{"b": 2}',
    }
    found = conventions(tmp_path, parser, files)

    answer = found.tests("app/src/a.ts", "typescript", "area")

    assert (answer["exported"], answer["package"], answer["module"]) == ("default", '{"b": 2}', "")
    assert found.tests("app/src/a.ts", "typescript", "inner")["exported"] == ""
    assert found.tests("app/src/a.ts", "typescript", "gone")["exported"] == ""


def test_a_test_that_is_gone_or_endless_is_left_out(tmp_path, parser):
    files = {"a.py": "", "test_a.py": "def test_a(): ...\n", "test_b.py": "x = 1\n" * 40_000}
    workspace = SmallWorkspace(tmp_path, files, parser)
    del workspace.texts["test_a.py"]

    assert Conventions(workspace.manifest, workspace.texts.get).tests("a.py", "python", "f")["tests"] == []


@pytest.mark.parametrize(
    ("path", "stem"),
    [
        *[
            ("tests/test_pen.py", "pen"),
            ("pen_test.go", "pen"),
            ("src/Pen.test.tsx", "pen"),
            ("pen.spec.js", "pen"),
            ("PenTest.java", "pen"),
        ],
        *[("test/pen.js", "pen"), ("pen-test.js", "pen"), ("test_pen_tests.py", "pen")],
    ],
)
def test_the_name_of_a_test_says_what_it_is_about(path, stem):
    assert subject_stem(path) == stem


@pytest.mark.parametrize(
    ("path", "stem"),
    [("a/pen.py", "pen"), ("a/pen.d.ts", "pen"), ("a/pen/index.ts", "pen"), ("a/Pen/__init__.py", "pen"), ("index.js", "index")],
)
def test_the_name_that_tests_of_a_file_have(path, stem):
    assert source_stem(path) == stem
