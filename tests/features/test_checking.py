"""Ghost text in its place: what is kept of it, and where a block opens; the cases are data in checking_cases.toml."""

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoder_lsp.engine.fim import Place
from recoder_lsp.features.checking import Checked, Checker

CASES = tomllib.loads(Path(__file__).with_name("checking_cases.toml").read_text("utf-8"))["case"]
SOURCES = sorted(Path(__file__).parents[2].joinpath("recoder_lsp", "features").glob("*.py"))


@pytest.fixture(scope="module")
def checker() -> Checker:
    """One for all: what it keeps of one document must not touch the next."""
    return Checker()


def check(checker: Checker, before: str, text: str, language: str = "python", seconds: float = 60) -> Checked:
    prefix, _, suffix = before.partition("▮")
    return checker.check(prefix, text, suffix, language, time.monotonic() + seconds)


def opens(checker: Checker, before: str, language: str = "python") -> bool:
    prefix, _, suffix = before.partition("▮")
    return checker.opens_block(Place("file", language, prefix, suffix))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_breaks_the_document_is_trimmed_or_dropped(case, checker):
    checked = check(checker, case["before"], case["text"], case.get("language", "python"))

    assert case["before"].replace("▮", f"{checked.text or ''}▮") == case["after"]
    assert checked.trimmed == (checked.text is not None and checked.text != case["text"])


def test_errors_are_counted_that_the_whole_insertion_would_add(checker):
    before = "def f():\n    ▮\n\n\ndef g():\n    pass\n"

    assert check(checker, before, "return 1").new_errors == 0
    assert check(checker, before, "return 1) + a]").new_errors > 0


def test_what_is_not_judged_in_time_passes(checker):
    before, text = "def f():\n    ▮\n", "return g(1))"

    assert check(checker, before, text, seconds=-1).text == text
    assert check(checker, before, text).text is None


def test_a_document_too_long_to_parse_passes(checker):
    before = "x = 1\n" * 50_000 + "▮\n"

    assert check(checker, before, "y = 1)").text == "y = 1)"


def test_the_document_may_change_between_two_looks(checker):
    assert check(checker, "def f():\n    ▮\n", "return 1)").text is None
    assert check(checker, "def f(:\n    x = (1\n    ▮\n", "return 1)").text == "return 1)"
    assert check(checker, "def f():\n    ▮\n", "return 1").text == "return 1"
    assert check(checker, "func f() {\n\t▮\n}\n", "return 1)", "go").text is None


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_line_of_a_real_file_passes(path, checker):
    lines = path.read_text("utf-8").split("\n")

    dropped = []
    for number, line in enumerate(lines[::7]):
        own = line[: len(line) - len(line.lstrip())]
        before = "\n".join([*lines[: number * 7], own])
        checked = check(checker, f"{before}▮\n" + "\n".join(lines[number * 7 + 1 :]), line[len(own) :])
        if checked.text != line[len(own) :]:
            dropped.append(line)

    assert dropped == []


@given(
    st.text(alphabet="ab \n\t()[]{}:'\"`\\#/*=é𝒳\ud800", max_size=40), st.text(alphabet="ab \n()[]{}:'\"é\ud800", max_size=20), st.data()
)
@settings(max_examples=150, deadline=None)
def test_nothing_is_raised_and_what_is_kept_is_a_beginning(document, text, data):
    caret = data.draw(st.integers(0, len(document)))
    language = data.draw(st.sampled_from(["python", "typescript", "go", "rust", "c", "lua", "shellscript", "plaintext", ""]))
    checker = Checker()

    checker.opens_block(Place("file", language, document[:caret], document[caret:]))
    checked = checker.check(document[:caret], text, document[caret:], language, time.monotonic() + 60)

    assert checked.text is None or text.startswith(checked.text)


@pytest.mark.parametrize(
    ("language", "before"),
    [
        ("python", "def f():\n    ▮"),
        ("python", "def f():▮"),
        ("python", "def f():\n    ▮\n\ndef g():\n    return 1"),
        ("python", "def f(\n    a,\n) -> int:\n    ▮"),
        ("python", "class A:\n    x: int\n\n    def f(self):\n        ▮\n\n    def g(self):\n        pass\n"),
        ("python", "try:\n    a()\nexcept E:\n    ▮\n"),
        ("python", "if a:\n    b\nelse:\n    ▮\n"),
        ("python", "match a:\n    case 1:\n        ▮\n"),
        ("typescript", "function f() {\n  ▮\n}"),
        ("typescript", "function f() {▮"),
        ("typescript", "function f() {\n  ▮\n\nfunction g() {\n  return 1;\n}\n"),
        ("typescript", "if (a) {\n  foo();\n} else {\n  ▮\n}"),
        ("typescript", "items.forEach((item) => {\n  ▮\n});\n"),
        ("typescript", "items.forEach((item) => {\n  ▮\n"),
        ("typescript", "class A {\n  f(): void {\n    ▮\n\n  g(): void {\n  }\n}"),
        ("typescript", "switch (a) {\n  case 1:\n    ▮\n}"),
        ("javascript", "app.use(async function (req, res) {\n  ▮\n});\n"),
        ("go", "package a\n\nfunc f() {\n\tif err != nil {\n\t\t▮\n}\n"),
        ("go", "package a\n\nfunc f() {\n\tgo func() {\n\t\t▮\n\t}()\n}\n"),
        ("go", "package a\n\nvar c = Command{\n\tRun: func(a int) {\n\t\t▮\n\t},\n}\n"),
        ("rust", "fn f() {\n    if let Some(x) = y {\n        ▮\n}\n"),
        ("rust", "fn f() {\n    match a {\n        Some(x) => {\n            ▮\n        }\n    }\n}\n"),
        ("rust", "impl A {\n    ▮\n}\n"),
        ("c", "int f(void)\n{\n  ▮\n}\n"),
        ("c", "int f(void) {\n  for(i = 0; i < n; i++) {\n    ▮\n  }\n}\n"),
        ("java", "class A {\n    void f() {\n        try {\n            ▮\n        } catch (E e) {\n        }\n    }\n}\n"),
        ("lua", "function f()\n  ▮\nend\n"),
        ("ruby", "xs.each do |x|\n  ▮\nend\n"),
        ("elixir", "def f(x) do\n  ▮\nend\n"),
        ("shellscript", "for a in b; do\n  ▮\ndone\n"),
        # Broken around the caret: by the look of the line.
        ("python", "def f(:\n    x = (1\n    if x:\n        ▮"),
    ],
)
def test_a_block_opens(language, before, checker):
    assert opens(checker, before, language)


@pytest.mark.parametrize(
    ("language", "before"),
    [
        ("python", "▮"),
        ("python", "x = 1\n▮"),
        ("python", "def f():\n    ▮\n    return 1"),
        ("python", "d = {'a': ▮}"),
        ("python", "def f(a:▮"),
        ("python", "key = lambda x:▮"),
        ("python", "if (a and\n        b):\n    ▮\nx = 1\n"),
        ("python", "x = '''\nif a:\n    ▮\n'''\n"),
        ("python", "# if a:\n▮\n"),
        ("typescript", "if (a) {\n  ▮\n  foo();\n}"),
        ("typescript", "const point = {\n  ▮\n};"),
        ("typescript", "call({\n  ▮\n});"),
        ("typescript", "/*\n * for example {\n * ▮\n */"),
        ("go", "package a\n\nvar x = []string{\n\t▮\n}\n"),
        ("go", "package a\n\nfunc f() {\n\ttests := []struct {\n\t\t▮\n\t}{}\n}\n"),
        ("go", "package a\n\nvar x = `\nif a {\n  ▮\n`\n"),
        ("rust", "fn f() {\n    let p = Point {\n        ▮\n    };\n}\n"),
        ("rust", "fn new() -> Self {\n    Self {\n        ▮\n    }\n}\n"),
        ("c", "int x[] = {\n  ▮\n};\n"),
        ("java", "class A {\n    int[] a = new int[] {\n        ▮\n    };\n}\n"),
        ("lua", "local x = {\n  ▮\n}\n"),
        ("json", '{\n  "a": {\n    ▮\n  }\n}'),
        ("yaml", "a:\n  ▮\n"),
    ],
)
def test_no_block_opens(language, before, checker):
    assert not opens(checker, before, language)
