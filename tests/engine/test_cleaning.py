"""Golden cases of what is made of a model's raw text; the cases are data in cleaning_cases.toml."""

import tomllib
from pathlib import Path

import pytest

from recoder_lsp.engine.cleaning import block_indentation, insertion, opens_block
from recoder_lsp.engine.fim import Place

CASES = tomllib.loads(Path(__file__).with_name("cleaning_cases.toml").read_text("utf-8"))["case"]


def place(text: str) -> Place:
    prefix, _, suffix = text.partition("▮")
    return Place("file.py", "python", prefix, suffix)


def completed(text: str, *, model_says: str, block: bool = False) -> str:
    caret = place(text)
    inserted = insertion(model_says, caret, block=block)
    if inserted is None:
        return text
    return f"{caret.prefix}{inserted.text}▮{caret.suffix[inserted.replaced :]}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_models_text_becomes_an_insertion(case):
    assert completed(case["before"], model_says=case["model"], block=case.get("block", False)) == case["after"]


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("def f():\n    ▮", True),
        ("def f():▮", True),
        ("function f() {\n  ▮\n}", True),
        ("def f():\n    ▮\n    return 1", False),
        ("x = 1\n▮", False),
        ("d = {'a': ▮}", False),
        ("def f(a:▮", False),
        ("count:▮", False),
        ("key = lambda x:▮", False),
        ("def f(\n    a,\n) -> int:\n    ▮", True),
        ("call({▮", False),
        ("const point = (x) => {▮", True),
        ("▮", False),
    ],
)
def test_a_block_starts_only_where_nothing_else_is_meant(text, opens):
    assert opens_block(place(text)) is opens


def test_a_block_is_measured_by_the_line_that_opens_it():
    assert block_indentation(place("class A:\n    def f(self):\n        ▮")) == "    "
    assert block_indentation(place("  if x {▮")) == "  "
