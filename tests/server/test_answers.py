"""Every request gets exactly one answer, whatever it looks like and whatever happens."""

import asyncio
import json

import pytest

from tests.server import fake_app
from tests.server.talking import URI, Conversation, at, changed, notification, opened, request

INLINE = "textDocument/inlineCompletion"


async def error_of(talk: Conversation, message, request_id=1):
    talk.say(message)
    (answer,) = await talk.answers(request_id)
    return answer["error"]["code"]


@pytest.mark.parametrize(
    ("message", "answered_to", "code"),
    [
        (request(1, INLINE), 1, -32602),
        (request(1, INLINE, {"textDocument": {"uri": URI}}), 1, -32602),
        (request(1, INLINE, at(-1, 0)), 1, -32602),
        (request(1, INLINE, at(0, 0, workDoneToken=2**31)), 1, -32602),
        (request(1, INLINE, [1, 2]), 1, -32602),
        (request(1, "textDocument/rename", at(0, 0) | {"newName": "x"}), 1, -32601),
        (request(1, "no/such", {"_x": 1, "class": 2}), 1, -32601),
        (request(1, ""), 1, -32601),
        (request(1, "workspace/executeCommand", {"command": "rm"}), 1, -32602),
        (request(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}}), 1, -32600),
        (request(1, "textDocument/didOpen", {}), 1, -32600),
        (request(None, "shutdown"), None, -32600),
        (request(True, "shutdown"), None, -32600),
        (request(1.5, "shutdown"), 1.5, -32600),
        (request(2**31, "shutdown"), 2**31, -32600),
        (request([1], "shutdown"), None, -32600),
        ({"jsonrpc": "2.0", "id": 1, "params": {}}, 1, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": 5}, 1, -32600),
        ({"jsonrpc": "1.0", "id": 1, "method": "shutdown"}, 1, -32600),
        ({"id": 1, "method": "shutdown"}, 1, -32600),
        (notification(INLINE, at(0, 0)), None, -32600),
        ([request(1, "shutdown")], None, -32600),
        (5, None, -32600),
        (b"{", None, -32700),
        (b"\xff\xfe", None, -32700),
        (b'{"id": NaN}', None, -32700),
        (b"[" * 100_000, None, -32700),
        (b'{"jsonrpc": "2.0", "id": 1e999, "method": "shutdown"}', None, -32600),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_what_cannot_be_answered_is_refused_once_and_the_server_goes_on(talk, message, answered_to, code):
    assert await error_of(talk, message, answered_to) == code

    talk.say(opened(""))
    assert (await talk.ask(INLINE, at(0, 0)))["items"]


async def test_an_error_names_the_wrong_parameter_and_quotes_nothing(talk):
    error = await talk.ask(
        INLINE, {"textDocument": {"uri": "file:///secret"}, "context": {"triggerKind": 1}, "position": {"line": "secret"}}
    )

    assert "position" in error["message"]
    assert "secret" not in json.dumps(error)
    assert "data" not in error


@pytest.mark.parametrize("message", [request(1, INLINE, at(0, 0)), request(1, "shutdown"), request(1, "no/such")])
async def test_before_initialize_the_server_says_so(message):
    assert await error_of(Conversation(), message) == -32002


async def test_notifications_before_initialize_are_ignored():
    talk = Conversation()

    talk.say(opened("x"))
    talk.say(notification("$/cancelRequest", {"id": 1}))

    assert talk.sent == []
    assert not talk.finished.done()


async def test_an_initialize_that_failed_can_be_repeated():
    talk = Conversation()

    assert await error_of(talk, request(1, "initialize", {"capabilities": 5})) == -32602
    assert talk.initialize()["serverInfo"]["name"] == "recoder-lsp"


async def test_after_shutdown_only_exit_counts(talk):
    talk.say(request(1, "shutdown"))
    talk.say(opened("x"))

    assert (await talk.answers(1)) == [{"jsonrpc": "2.0", "id": 1, "result": None}]
    assert await error_of(talk, request(2, INLINE, at(0, 0)), 2) == -32600
    assert await error_of(talk, request(3, "shutdown"), 3) == -32600
    talk.say(notification("exit"))
    assert await talk.finished == 0


@pytest.mark.parametrize("params", [{}, [], 5])
async def test_shutdown_takes_any_parameters(talk, params):
    assert await talk.ask("shutdown", params) is None


async def test_shutdown_answers_what_still_runs(talk):
    talk.app.inline_completion.answer = fake_app.never
    talk.say(opened(""))
    talk.say(request(1, INLINE, at(0, 0)))
    await talk.answers(1)

    talk.say(request(2, "shutdown"))

    assert [answer["error"]["code"] for answer in await talk.answers(1)] == [-32800]
    assert len(await talk.answers(2)) == 1
    assert talk.app.inline_completion.cancelled == 1


async def test_a_request_of_our_own_needs_no_params(talk):
    talk.say({"jsonrpc": "2.0", "id": 1, "method": "recoder/status"})

    (answer,) = await talk.answers(1)
    assert answer["result"]["version"]


async def test_a_result_that_json_cannot_say_is_an_internal_error(talk, monkeypatch):
    monkeypatch.setattr(talk.app.metrics, "snapshot", lambda: {"a": object(), "b": float("nan")})

    assert (await talk.ask("recoder/status"))["code"] == -32603


async def test_a_cancel_is_answered_at_once_and_reaches_the_work(talk):
    talk.app.inline_completion.answer = fake_app.never
    talk.say(opened(""))
    talk.say(request("a", INLINE, at(0, 0)))
    assert await talk.answers("a") == []

    talk.say(notification("$/cancelRequest", {"id": "a"}))

    assert talk.sent[-1]["error"]["code"] == -32800
    assert len(await talk.answers("a")) == 1
    assert talk.app.inline_completion.cancelled == 1


async def test_a_cancel_is_answered_although_the_work_does_not_stop(talk):
    async def stubborn(request):
        try:
            await asyncio.Event().wait()
        finally:
            return None  # noqa: B012 - that is what it is about

    talk.app.inline_completion.answer = stubborn
    talk.say(opened(""))
    talk.say(request(1, INLINE, at(0, 0)))
    await talk.answers(1)

    talk.say(notification("$/cancelRequest", {"id": 1}))

    assert [answer["error"]["code"] for answer in await talk.answers(1)] == [-32800]


async def test_a_cancel_in_the_same_breath_as_its_request_is_answered(talk, recwarn):
    talk.say(opened(""))
    talk.say(request(1, INLINE, at(0, 0)))
    talk.say(notification("$/cancelRequest", {"id": 1}))

    assert [answer["error"]["code"] for answer in await talk.answers(1)] == [-32800]
    assert talk.app.inline_completion.requests == []
    assert not list(recwarn)


async def test_a_cancel_of_what_only_equals_an_id_is_ignored(talk):
    talk.app.inline_completion.answer = fake_app.never
    talk.say(opened(""))
    talk.say(request(1, INLINE, at(0, 0)))

    talk.say(notification("$/cancelRequest", {"id": True}))

    assert await talk.answers(1) == []


@pytest.mark.parametrize("params", [{"id": 77}, {"id": None}, {"id": [1]}, {"id": {}}, {}, None, 5])
async def test_a_cancel_of_nothing_is_ignored(talk, params):
    talk.say(notification("$/cancelRequest", params))

    assert talk.sent == []


async def test_an_id_in_use_is_refused_and_the_first_request_still_answered(talk):
    ready = asyncio.Event()

    async def when_ready(request):
        await ready.wait()

    talk.app.inline_completion.answer = when_ready
    talk.say(opened(""))
    talk.say(request(1, INLINE, at(0, 0)))
    talk.say(request(1, INLINE, at(0, 0)))
    assert [answer["error"]["code"] for answer in await talk.answers(1)] == [-32600]

    ready.set()
    assert len(await talk.answers(1)) == 2


async def test_ids_of_finished_requests_may_be_used_again(talk):
    assert await talk.ask("recoder/status", request_id=1)
    assert await talk.ask("recoder/status", request_id=1)


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "id": "unknown", "result": None},
        {"jsonrpc": "2.0", "id": None, "error": {"code": 1, "message": "x"}},
        {"jsonrpc": "2.0", "id": [1], "result": 5},
        {"jsonrpc": "2.0", "result": 5},
    ],
)
async def test_answers_to_questions_never_asked_are_ignored(talk, message):
    talk.say(message)

    assert talk.sent == []


async def test_a_failure_in_ghost_text_is_an_empty_answer_and_a_count(talk, caplog):
    talk.app.inline_completion.answer = fake_app.fail
    talk.say(opened("my secret text"))

    assert await talk.ask(INLINE, at(0, 0)) is None

    assert talk.app.metrics.snapshot()["counts"][f"errors.{INLINE}"] == 1
    assert "KeyError" in caplog.text
    assert "secret" not in caplog.text
    assert talk.said_by_server("window/showMessage") == []


async def test_an_expected_failure_in_ghost_text_is_an_empty_answer(talk):
    talk.app.inline_completion.answer = fake_app.refuse
    talk.say(opened(""))

    assert await talk.ask(INLINE, at(0, 0)) is None


async def test_a_failure_in_what_somebody_waits_for_is_said_without_a_traceback(talk, monkeypatch):
    monkeypatch.setattr(talk.app, "runtime", None)

    error = await talk.ask("recoder/status")

    assert error == {"code": -32603, "message": "Recoder failed here; this is a bug. Its log says where."}


async def test_a_failing_notification_is_counted_and_nobody_is_told(talk, monkeypatch):
    def broken(uri):
        raise ZeroDivisionError

    monkeypatch.setattr(talk.app.inline_completion, "forget", broken)
    talk.say(notification("textDocument/didClose", {"textDocument": {"uri": URI}}))

    assert talk.app.metrics.snapshot()["counts"]["errors.textDocument/didClose"] == 1
    assert talk.sent == []


async def test_an_app_that_cannot_be_built_is_an_error_not_a_hang(monkeypatch):
    talk = Conversation()
    monkeypatch.setattr(talk.server, "build_app", lambda settings: 1 / 0)

    code = await error_of(talk, request(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}}))

    assert code == -32603


async def test_a_closed_pipe_ends_the_conversation_without_another_word(talk, caplog):
    writes = []

    def closed(frame):
        writes.append(frame)
        raise BrokenPipeError

    talk.protocol.connect(closed)
    talk.say(request(1, "recoder/status"))
    talk.say(request(2, "recoder/status"))
    await talk.answers(1)

    assert len(writes) == 1
    assert await talk.protocol.finished == 1
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_the_request_sees_the_text_from_when_it_was_sent(talk):
    talk.say(opened("before"))
    talk.say(request(1, INLINE, at(0, 6)))
    talk.say(changed({"text": "after it"}))
    await talk.answers(1)

    (seen,) = talk.app.inline_completion.requests
    assert (seen.snapshot.text, seen.offset) == ("before", 6)


async def test_when_the_text_has_moved_on_there_is_nothing_to_show(talk):
    talk.say(opened("before"))
    talk.say(request(1, INLINE, at(0, 6)))
    talk.say(changed({"text": "after it"}))

    assert [answer["result"] for answer in await talk.answers(1)] == [None]
