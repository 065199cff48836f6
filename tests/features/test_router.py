"""Which tier serves what: the whole table, and what is written down about it."""

import logging

import pytest

from recoder_lsp.config import ModelsSettings, Settings
from recoder_lsp.engine.scheduler import Priority
from recoder_lsp.features.router import TABLE, Task, serve

CHAT, COMPLETION = {"chat_available": True, "completion_ready": False}, {"chat_available": False, "completion_ready": True}
BOTH, NEITHER = {"chat_available": True, "completion_ready": True}, {"chat_available": False, "completion_ready": False}


def tiers(task, **more):
    return [serve(task, Settings(), **models, **more).tier for models in (BOTH, CHAT, COMPLETION, NEITHER)]


@pytest.mark.parametrize(
    ("task", "with_both_chat_completion_neither"),
    [
        (Task.HOVER, ["chat", "chat", "infill", "reflex"]),
        (Task.DOCUMENT, ["chat", "chat", "infill", "reflex"]),
        (Task.RENAME, ["infill", "reflex", "infill", "reflex"]),
        (Task.CHAT, ["chat", "chat", "reflex", "reflex"]),
        (Task.EXPLAIN, ["chat", "chat", "reflex", "reflex"]),
        (Task.EDIT, ["chat", "chat", "reflex", "reflex"]),
        (Task.FIX, ["chat", "chat", "reflex", "reflex"]),
        (Task.TESTS, ["chat", "chat", "reflex", "reflex"]),
        (Task.TYPES, ["chat", "chat", "reflex", "reflex"]),
        (Task.SIMPLIFY, ["chat", "chat", "reflex", "reflex"]),
        (Task.COMMIT_MESSAGE, ["chat", "chat", "reflex", "reflex"]),
    ],
)
def test_the_best_model_that_is_there_serves(task, with_both_chat_completion_neither):
    assert tiers(task) == with_both_chat_completion_neither


def test_every_task_has_its_row():
    assert set(TABLE) == set(Task)


def test_what_is_too_much_for_a_model_is_left_to_the_reflex_tier():
    served = serve(Task.EDIT, Settings(), **BOTH, n_characters=16_001)

    assert (served.tier, served.max_tokens) == ("reflex", 0)
    assert served.why == "It is too much for a model: 16,001 characters, of at most 16,000."


def test_an_answer_is_no_longer_than_the_settings_allow():
    settings = Settings(models=ModelsSettings(chat_max_tokens=100))

    assert serve(Task.EDIT, settings, **CHAT).max_tokens == 100
    assert serve(Task.HOVER, Settings(models=ModelsSettings(chat_max_tokens=9_000)), **CHAT).max_tokens == TABLE[Task.HOVER].chat


def test_what_somebody_waits_for_goes_before_what_nobody_asked_for():
    assert serve(Task.EDIT, Settings(), **CHAT).priority < serve(Task.CHAT, Settings(), **CHAT).priority
    assert serve(Task.CHAT, Settings(), **CHAT).priority < serve(Task.HOVER, Settings(), **CHAT).priority
    assert all(row.priority > Priority.GHOST_TEXT for row in TABLE.values())


def test_each_decision_is_one_line_in_the_log_without_any_code(caplog):
    with caplog.at_level(logging.INFO, "recoder_lsp.features.router"):
        serve(Task.EXPLAIN, Settings(), **NEITHER, n_characters=120)

    assert caplog.messages == ["explain of 120 characters goes to the reflex tier: No chat model is set."]
