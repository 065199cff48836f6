"""A menu with names in it does not wait long for the model, and what the model writes late is not lost."""

import asyncio

import pytest

from recoder_lsp.engine.scheduler import Superseded
from recoder_lsp.errors import RecoderError
from recoder_lsp.server import handlers
from tests.server.talking import Conversation, at, notification, opened, request, settled

MENU = "textDocument/completion"
TEXT = "circle = 1\ncir"


@pytest.fixture
async def talk(monkeypatch):
    monkeypatch.setattr(handlers, "SUGGESTION_WAIT_S", 0)
    talk = Conversation()
    talk.initialize()
    return talk


async def labels(talk):
    (answer,) = await talk.answers(1)
    assert answer["result"]["isIncomplete"]
    return [item["label"] for item in answer["result"]["items"]]


async def test_names_do_not_wait_for_a_slow_model_whose_answer_is_kept_all_the_same(talk):
    may_answer, answered = asyncio.Event(), []

    async def slow(request):
        await may_answer.wait()
        answered.append(request)

    talk.app.inline_completion.answer = slow
    talk.say(opened(TEXT))
    talk.say(request(1, MENU, at(1, 3)))
    await asyncio.sleep(0.05)

    assert await labels(talk) == ["circle"]
    may_answer.set()
    await settled()
    assert len(answered) == 1
    assert talk.app.inline_completion.cancelled == 0


async def test_without_names_the_menu_waits_for_the_model(talk, monkeypatch):
    may_answer = asyncio.Event()
    suggest = talk.app.inline_completion.answer

    async def slow(request):
        await may_answer.wait()
        return await suggest(request)

    talk.app.inline_completion.answer = slow
    talk.say(opened("x = "))
    talk.say(request(1, MENU, at(0, 4)))
    await asyncio.sleep(0.05)
    assert await talk.answers(1) == []

    may_answer.set()

    assert await labels(talk) == ["call()"]


async def test_a_cancelled_menu_stops_both(talk, monkeypatch):
    stopped = []

    async def never(*_):
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append("names")

    monkeypatch.setattr(handlers.index_handlers, "named_items", never)
    talk.app.inline_completion.answer = never
    talk.say(opened(TEXT))
    talk.say(request(1, MENU, at(1, 3)))
    await settled()
    talk.say(notification("$/cancelRequest", {"id": 1}))
    await settled()

    assert len(stopped) == 2


@pytest.mark.parametrize(("failure", "counted"), [(RecoderError("No model.", ""), True), (Superseded(), False)])
async def test_a_late_failure_is_counted_and_nothing_else(talk, failure, counted):
    may_fail = asyncio.Event()

    async def fail(request):
        await may_fail.wait()
        raise failure

    talk.app.inline_completion.answer = fail
    talk.say(opened(TEXT))
    talk.say(request(1, MENU, at(1, 3)))
    await asyncio.sleep(0.05)
    may_fail.set()
    await settled()

    assert await labels(talk) == ["circle"]
    counts = talk.app.metrics.snapshot()["counts"]
    assert (f"errors.{MENU}" in counts) == counted
    assert "errors.background" not in counts


async def test_a_document_that_was_closed_since_is_not_remembered_anew(talk):
    talk.say(opened(TEXT))
    talk.say(request(1, "textDocument/inlineCompletion", at(1, 3)))
    talk.say(notification("textDocument/didClose", {"textDocument": {"uri": "file:///work/example.py"}}))

    (answer,) = await talk.answers(1)

    assert answer["result"] is None
    assert talk.app.inline_completion.requests == []
