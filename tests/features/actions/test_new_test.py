"""Tests that are offered: folders before and after, as new_test_cases.toml has them, in an index of their real texts."""

import ast
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from recoder_lsp.document import Snapshot
from recoder_lsp.features.actions import new_test
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.code_actions import finished
from recoder_lsp.features.edits import Refused, applied
from recoder_lsp.features.testing_by_model import tests_place as place_of_tests
from recoder_lsp.index.syntax.languages import language_of
from recoder_lsp.index.syntax.parser import Parser
from tests.index.small_workspace import SmallWorkspace

CASES = tomllib.loads(Path(__file__).with_name("new_test_cases.toml").read_text("utf-8"))["case"]


@pytest.fixture(scope="module")
def parser():
    return Parser()


class Folder:
    """Files that are indexed, and the caret in one of them."""

    def __init__(self, tmp_path, parser, files):
        self.parser = parser
        self.path = next(path for path, text in files.items() if "▮" in text)
        texts = {path: text.replace("▮", "") for path, text in files.items()}
        self.workspace = SmallWorkspace(tmp_path, texts, parser)
        caret, text = files[self.path].index("▮"), texts[self.path]
        snapshot = Snapshot(f"file:///work/{self.path}", language_of(self.path), text, 1)
        self.site = Site(snapshot, caret, caret, parser.tree(text, snapshot.language))

    def after(self, change):
        """The files that a change is about, as they are then."""
        change = finished(self.parser, self.site.snapshot, change)
        own = {self.path: applied(self.site.text, change.edits)} if change.edits else {}
        return own | {each.uri.removeprefix("file:///work/"): applied(each.before or "", each.edits) for each in change.others}

    async def offered(self):
        return await new_test.offers(self.site, self.workspace)


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
async def test_a_test_is_added(tmp_path, parser, case):
    folder = Folder(tmp_path, parser, case["files"])

    offers = await folder.offered()

    assert [folder.after(offer.change()) for offer in offers] == ([case["after"]] if "after" in case else [])


@pytest.mark.parametrize("case", [case for case in CASES if any(path.endswith(".py") for path in case.get("after", {}))])
def test_a_test_in_python_always_fails_until_it_is_finished(case):
    (text,) = case["after"].values()

    added = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    assert any(isinstance(function.body[-1], ast.Raise) for function in added)


async def test_a_finished_call_tells_what_it_gave(tmp_path, parser, monkeypatch):
    folder = Folder(tmp_path, parser, {"pkg/__init__.py": "", "pkg/answers.py": "def answer(▮):\n    return 42\n"})
    (offer,) = await folder.offered()
    (text,) = folder.after(offer.change()).values()
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").touch()
    (tmp_path / "pkg" / "answers.py").write_text("def answer():\n    return 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, Callable[[], None]] = {}
    exec(text, names)

    with pytest.raises(AssertionError, match="TODO: say what is expected; it is 42"):
        names["test_answer"]()


async def test_the_title_says_where_it_goes(tmp_path, parser):
    files = {"pkg/__init__.py": "", "pkg/a.py": "def area(▮):\n    return 1\n"}

    (new,) = await Folder(tmp_path, parser, files).offered()
    (tmp_path / "again").mkdir()
    (there,) = await Folder(tmp_path / "again", parser, {**files, "tests/test_a.py": "def test_it(): ...\n"}).offered()

    assert new.title == "Add a test of `area` to the new file tests/test_a.py"
    assert there.title == "Add a test of `area` to tests/test_a.py"


async def test_without_an_index_there_is_no_offer_but_in_rust(tmp_path, parser):
    folder = Folder(tmp_path, parser, {"pkg/a.py": "def area(▮):\n    return 1\n"})
    folder.workspace.is_away = True
    assert await folder.offered() == []

    (tmp_path / "again").mkdir()
    folder = Folder(tmp_path / "again", parser, {"src/a.rs": "fn area(▮) {}\n"})
    folder.workspace.is_away = True
    assert len(await folder.offered()) == 1


WRITTEN = '''"""Tests."""

import pytest
from pkg.a import area, other


@pytest.mark.parametrize("n", [1])
def test_area_of(n):
    assert area(n)
'''


async def added(tmp_path, parser, files, code):
    folder = Folder(tmp_path, parser, files)
    place = await place_of_tests(folder.site, folder.workspace)
    return folder.after(place.with_tests(parser, code))


async def test_what_a_model_wrote_becomes_a_new_file(tmp_path, parser):
    files = {"pkg/a.py": "def area(n):\n    return ▮n\n"}

    assert await added(tmp_path, parser, files, WRITTEN) == {"tests/test_a.py": WRITTEN}


async def test_what_a_model_wrote_goes_below_and_its_imports_above(tmp_path, parser):
    there = "import pytest\nfrom pkg.a import area\n\n\ndef test_area():\n    assert area(1)\n"

    after = await added(tmp_path, parser, {"pkg/a.py": "def area(n):▮\n    return n\n", "tests/test_a.py": there}, WRITTEN)

    (text,) = after.values()
    assert text == (
        "import pytest\nfrom pkg.a import area\nfrom pkg.a import area, other\n\n\ndef test_area():\n    assert area(1)\n\n\n"
        '@pytest.mark.parametrize("n", [1])\ndef test_area_of(n):\n    assert area(n)\n'
    )


async def test_what_a_model_wrote_goes_before_the_main_block(tmp_path, parser):
    there = 'import unittest\n\n\nclass A(unittest.TestCase): ...\n\n\nif __name__ == "__main__":\n    unittest.main()\n'
    files = {"pkg/a.py": "def area(n):▮\n    return n\n", "tests/test_a.py": there}

    (text,) = (await added(tmp_path, parser, files, "class B(unittest.TestCase): ...\n")).values()

    assert text == there.replace("if __name__", "class B(unittest.TestCase): ...\n\n\nif __name__")


async def test_rust_tests_go_into_the_module_that_is_there(tmp_path, parser):
    files = {"src/a.rs": "fn area(▮) {}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn one() {}\n}\n"}
    code = "#[cfg(test)]\nmod tests {\n    use super::*;\n    use std::io;\n\n    #[test]\n    fn two() {\n        area();\n    }\n}\n"

    (text,) = (await added(tmp_path, parser, files, code)).values()

    assert text == (
        "fn area() {}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n    use std::io;\n\n    #[test]\n    fn one() {}\n\n"
        "    #[test]\n    fn two() {\n        area();\n    }\n}\n"
    )


@pytest.mark.parametrize("module", [True, False])
async def test_rust_tests_become_a_module_where_there_is_none(tmp_path, parser, module):
    code = "    use super::*;\n\n    #[test]\n    fn two() {\n        area();\n    }\n"
    code = f"#[cfg(test)]\nmod tests {{\n{code}}}\n" if module else "#[test]\nfn two() {\n    area();\n}\n"

    (text,) = (await added(tmp_path, parser, {"src/a.rs": "fn area(▮) {}\n"}, code)).values()

    assert text == (
        "fn area() {}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn two() {\n        area();\n    }\n}\n"
    )


async def test_what_a_file_says_of_itself_stays_at_its_top(tmp_path, parser):
    files = {"pkg/a.py": "async def fetch(▮):\n    return 1\n", "tests/test_a.py": '"""Tests."""\n\n\ndef test_it(): ...\n'}
    folder = Folder(tmp_path, parser, files)

    (offer,) = await folder.offered()

    (text,) = folder.after(offer.change()).values()
    assert text.startswith('"""Tests."""\n\nimport asyncio\nfrom pkg.a import fetch\n')


async def test_go_tests_lose_their_package_and_keep_their_imports(tmp_path, parser):
    there = 'package a\n\nimport "testing"\n\nfunc TestOne(t *testing.T) {}\n'
    code = 'package a\n\nimport "testing"\nimport "fmt"\n\n// Two.\nfunc TestTwo(t *testing.T) { fmt.Println(1) }\n'

    (text,) = (await added(tmp_path, parser, {"a/a.go": "package a\n\nfunc Area(▮) {}\n", "a/a_test.go": there}, code)).values()

    assert text == (
        'package a\n\nimport "testing"\nimport "fmt"\n\nfunc TestOne(t *testing.T) {}\n\n'
        "// Two.\nfunc TestTwo(t *testing.T) { fmt.Println(1) }\n"
    )


SOURCE = {"src/a.js": "export function area(▮) {}\n"}
AREA = 'import { area } from "../src/a";\n'


@pytest.mark.parametrize(
    ("there", "code", "expected"),
    [
        (
            "const { area } = require('../src/a')\n\ntest('one', () => {});\n",
            'const { area } = require("../src/a");\nconst fs = require("fs");\n\ntest("two", () => {});\n',
            "const { area } = require('../src/a')\nconst fs = require(\"fs\");\n\ntest('one', () => {});\n\ntest(\"two\", () => {});\n",
        ),
        ("test('one', () => {});\n", f'{AREA}\n// Two.\ntest("two");\n', f"{AREA}\ntest('one', () => {{}});\n\n// Two.\ntest(\"two\");\n"),
        (AREA, AREA, f"{AREA}\n"),
    ],
)
async def test_javascript_tests_keep_what_they_import(tmp_path, parser, there, code, expected):
    (text,) = (await added(tmp_path, parser, {**SOURCE, "test/a.test.js": there}, code)).values()

    assert text.rstrip() == expected.rstrip()


async def test_a_model_is_shown_what_to_import_and_how_tests_look(tmp_path, parser):
    folder = Folder(tmp_path, parser, {"pkg/a.py": "def area(n):▮\n    return n\n", "tests/test_b.py": "def test_b(): ...\n"})

    place = await place_of_tests(folder.site, folder.workspace)

    assert (place.name, place.path, place.samples) == ("area", "tests/test_a.py", "def test_b(): ...\n")
    assert place.shown().startswith("from pkg.a import area\n")
    assert folder.after(place.skeleton()) == {"tests/test_a.py": place.shown()}


async def test_where_nothing_can_be_tested_that_is_said(tmp_path, parser):
    folder = Folder(tmp_path, parser, {"pkg/a.py": "x = 1▮\n"})

    with pytest.raises(Refused, match="Nothing is declared here"):
        await place_of_tests(folder.site, folder.workspace)
