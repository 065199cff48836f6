"""Lines that are typed again: which keys there are, what is taken of what is shown, and what is counted."""

from types import SimpleNamespace

import pytest

from recoder_lsp.config import Settings
from recoder_lsp.engine.scheduler import Scheduler
from recoder_lsp.features.inline_completion import InlineCompletion
from recoder_lsp.metrics import Metrics
from recoder_lsp.training.evaluation import typing_lines
from recoder_lsp.training.evaluation.keys import Key, typed, typed_lines, worth_typing
from recoder_lsp.training.evaluation.typing_lines import Typed, figures, type_rest
from tests.features.well_read import ReadyRuntime, WellReadModel

BEFORE, AFTER = "import os\n\ntotal = ", "\nprint(total)\n"


@pytest.fixture
def scheduler():
    scheduler = Scheduler()
    yield scheduler
    scheduler.close()


@pytest.fixture
def typing(scheduler, monkeypatch):
    """Types `rest` while a model expects `expected`; a slow machine is no matter here."""
    monkeypatch.setattr(typing_lines, "GAP_MS", 60_000)

    async def typing(rest, expected):
        runtime = ReadyRuntime(WellReadModel(BEFORE + expected + AFTER))
        app = SimpleNamespace(inline_completion=InlineCompletion(scheduler, runtime, Metrics()), settings=Settings())
        return await type_rest(app, "a.py", "python", BEFORE, rest, AFTER)

    return typing


# Keys


def test_each_key_adds_a_character():
    assert list(typed("a = ", "bc", "\n")) == [Key("a = \n", 4, True), Key("a = b\n", 5, False), Key("a = bc\n", 6, False)]


def test_a_line_is_typed_from_its_indentation_on_where_it_stands():
    keys = list(typed_lines("if x:\n    y()\nz\n", [1, 2]))

    assert [key.text for key in keys] == [
        *("if x:\n    \nz\n", "if x:\n    y\nz\n", "if x:\n    y(\nz\n", "if x:\n    y()\nz\n"),
        *("if x:\n    y()\n\n", "if x:\n    y()\nz\n"),
    ]
    assert [key.caret for key in keys if key.is_first] == [10, 14]


def test_lines_that_are_long_enough_and_not_too_long_are_worth_typing():
    assert worth_typing("a = 1\n    b = 22\n\n" + 20 * "c", 5, 10) == [0, 1]


# Typing


async def test_a_suggestion_that_is_right_at_once_takes_one_key(typing):
    found = await typing("compute(values)", expected="compute(values)")

    assert (found.characters, found.keys, found.shown, found.right, found.completed) == (15, 1, 1, 1, 15)
    assert len(found.ms) == 1


async def test_a_wrong_suggestion_is_not_taken_and_is_shown_once_while_it_is_typed_along(typing):
    found = await typing("compare(values)", expected="compute(values)")

    assert (found.right, found.completed, found.keys) == (0, 0, 15)
    assert found.shown == 1


async def test_a_beginning_is_right_unless_it_ends_inside_a_word(typing):
    whole_word = await typing("compute(values)  # all of them", expected="compute(values)")
    half_a_word = await typing("compute", expected="comp")

    assert (whole_word.right, whole_word.completed) == (1, 15)
    assert whole_word.keys == 1 + len("  # all of them")
    assert (half_a_word.right, half_a_word.completed, half_a_word.keys) == (0, 0, 7)


async def test_what_comes_later_than_the_next_key_is_not_seen(typing, monkeypatch):
    monkeypatch.setattr(typing_lines, "GAP_MS", 0)

    found = await typing("compute(values)", expected="compute(values)")

    assert (found.shown, found.completed, found.keys, found.late) == (0, 0, 15, 15)


def test_typing_is_summed_up():
    summary = figures([Typed(10, 6, 2, 1, 5, 1, (1.0, 2.0)), Typed(30, 29, 2, 0, 0, 2, (3.0,))])

    assert summary["typed"] == 40
    assert summary["completed while typing"] == 12.5
    assert summary["keys saved"] == 12.5
    assert (summary["shown while typing"], summary["right of those"]) == (4, 25.0)
    assert summary["came too late"] == 3
    assert (summary["key ms p50"], summary["key ms p95"]) == (2.0, 3.0)


def test_nothing_typed_is_summed_up_as_nothing():
    assert figures([])["completed while typing"] is None
