"""Golden cases of what is made of a model's raw text; the cases are data in cleaning_cases.toml."""

import tomllib
from pathlib import Path

import pytest

from recoder_lsp.engine.cleaning import block_indentation, insertion, opens_block
from recoder_lsp.engine.fim import Place
from tests.proportion import assert_in_proportion

CASES = tomllib.loads(Path(__file__).with_name("cleaning_cases.toml").read_text("utf-8"))["case"]


def place(text: str, language: str = "python") -> Place:
    prefix, _, suffix = text.partition("▮")
    return Place("file", language, prefix, suffix)


def completed(text: str, *, model_says: str, block: bool = False, language: str = "python") -> str:
    caret = place(text, language)
    inserted = insertion(model_says, caret, block=block)
    if inserted is None:
        return text
    return f"{caret.prefix}{inserted.text}▮{caret.suffix[inserted.replaced :]}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_models_text_becomes_an_insertion(case):
    where = {"block": case.get("block", False), "language": case.get("language", "python")}
    assert completed(case["before"], model_says=case["model"], **where) == case["after"]


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("def f():\n    ▮", True),
        ("def f():▮", True),
        ("def f():\n    ▮\n    return 1", False),
        ("x = 1\n▮", False),
        ("d = {'a': ▮}", False),
        ("def f(a:▮", False),
        ("count:▮", False),
        ("key = lambda x:▮", False),
        ("def f(\n    a,\n) -> int:\n    ▮", True),
        ("config = {\n    ▮", False),
        ("function f() {\n  ▮\n}", False),
        ("▮", False),
    ],
)
def test_a_block_starts_only_where_nothing_else_is_meant(text, opens):
    assert opens_block(place(text)) is opens


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("function f() {\n  ▮\n}", True),
        ("const point = (x) => {▮", True),
        ("{\n  ▮", True),
        ("if (isReturn) {▮", True),
        ("export class A {▮", True),
        ("call({▮", False),
        ("call(a, {▮", False),
        ("const point = {▮", False),
        ("  point: {▮", False),
        ("  a, {▮", False),
        ("return {▮", False),
        ("import {▮", False),
        ("import type {▮", False),
        ("export {\n  ▮", False),
        ("export default {▮", False),
    ],
)
def test_a_brace_opens_a_block_unless_it_is_a_literals(text, opens):
    assert opens_block(place(text, "typescript")) is opens


@pytest.mark.parametrize("unit", ["a", "ab ", "(", "\n", "x\n", "    ", "self.a.b, ", "if a:\n    b\n"])
def test_a_text_is_cleaned_in_proportion_to_its_length(unit):
    def cleaned(n: int) -> None:
        insertion((unit * n)[:n], place("def f():\n    ▮ " + unit.strip() * (n // 4)), block=True)

    assert_in_proportion(cleaned, 1000)


def test_a_block_is_measured_by_the_line_that_opens_it():
    assert block_indentation(place("class A:\n    def f(self):\n        ▮")) == "    "
    assert block_indentation(place("  if x {▮")) == "  "
