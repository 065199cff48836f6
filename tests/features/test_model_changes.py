"""What becomes of a document by what a model answers, as model_edit_cases.toml has it: broken answers change nothing."""

import ast
import random
import tomllib
from pathlib import Path

import pytest

from recoder_lsp.document import Snapshot
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.edits import Refused, applied
from recoder_lsp.features.model_changes import change_of
from recoder_lsp.features.parts import part_at
from recoder_lsp.features.router import Task
from recoder_lsp.index.syntax.parser import Parser

CASES = tomllib.loads(Path(__file__).with_name("model_edit_cases.toml").read_text("utf-8"))["case"]
ENDINGS = {"python": "py", "typescript": "ts", "go": "go", "rust": "rs"}


@pytest.fixture(scope="module")
def parser() -> Parser:
    return Parser(for_outlines=False)


def changed(parser, before, reply, *, language="python", task="edit"):
    """The document after the change, and the edits; `before` has marks."""
    start, end = before.index("▮"), before.replace("▮", "", 1).find("▮")
    text = before.replace("▮", "")
    snapshot = Snapshot(f"file:///w/a.{ENDINGS[language]}", language, text, 1)
    site = Site(snapshot, start, max(start, end), parser.tree(text, language))
    change = change_of(parser, Task(task), snapshot, part_at(site), reply)
    return applied(text, change.edits), change.edits


@pytest.mark.parametrize("case", [case for case in CASES if "after" in case], ids=lambda case: case["title"])
def test_an_answer_replaces_what_was_selected(parser, case):
    options = {key: case[key] for key in ("language", "task") if key in case}

    assert changed(parser, case["before"], case["reply"], **options)[0] == case["after"]


@pytest.mark.parametrize("case", [case for case in CASES if "because" in case], ids=lambda case: case["title"])
def test_an_answer_is_refused_with_the_reason(parser, case):
    options = {key: case[key] for key in ("language", "task") if key in case}

    with pytest.raises(Refused, match=case["because"]):
        changed(parser, case["before"], case["reply"], **options)


def test_lines_that_stay_are_no_part_of_the_edit(parser):
    before = "def f(n):\n    ▮a = 1\n    b = 2\n    c = 3▮\n"

    text, edits = changed(parser, before, "```python\na = 1\nb = 20\nc = 3\n```")

    assert [(text[edit.start : edit.end + 1], edit.text) for edit in edits] == [("0", "0")]


GOOD = '''
class Basket:
    """What somebody buys."""

    def total(self, prices):
        summed = 0
        for item in self.items:
            summed += prices[item] * (1 + self.tax)
        return summed
'''


def test_what_comes_out_compiles_however_the_answer_is_torn(parser):
    """A thousand broken answers: cut off, with characters lost, doubled or exchanged."""
    before = "▮" + GOOD.strip("\n") + "▮\n\n\nprint(Basket().total({}))\n"
    answer = f"```python\n{GOOD.strip()}\n```".replace("summed", "total")
    random_of_this_test, n_used = random.Random(6), 0

    for _ in range(1_000):
        try:
            text, _ = changed(parser, before, torn(answer, random_of_this_test))
        except Refused:
            continue
        n_used += 1
        ast.parse(text)
        assert text.endswith("\n\n\nprint(Basket().total({}))\n")

    assert 0 < n_used < 700


def torn(text, chance):
    """A text with up to three accidents."""
    for _ in range(chance.randint(1, 3)):
        at, to = sorted(chance.choices(range(len(text) + 1), k=2))
        match chance.randint(0, 4):
            case 0:
                text = text[:at]
            case 1:
                text = text[:at] + text[min(to, at + 30) :]
            case 2:
                text = text[:at] + text[at : min(to, at + 30)] + text[at:]
            case 3:
                text = text[:at] + chance.choice("()[]{}:\n`'\" \t#") + text[at:]
            case 4:
                lines = text.split("\n")
                chance.shuffle(lines)
                text = "\n".join(lines)
    return text
