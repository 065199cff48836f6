"""What all commands have in common: the place that they are about, progress, and being stopped."""

import asyncio

import pytest
from pygls.exceptions import JsonRpcInvalidParams

from recoder_lsp.server import commands, progress
from recoder_lsp.server.arguments import options_of, target_of, text_option
from recoder_lsp.server.commands import Command
from tests.server.talking import URI, Conversation, at, changed, notification, opened, request

SHOWS_PROGRESS = {"capabilities": {"window": {"workDoneProgress": True}}}


@pytest.fixture
def talk(monkeypatch):
    """A conversation with a server that has one more command, `wait`, which says what it does until it is stopped."""

    async def wait(session, arguments, shown):
        shown.say("waiting")
        shown.partial("parts", {"part": 1})
        await asyncio.Event().wait()

    monkeypatch.setattr(commands, "COMMANDS", {**commands.COMMANDS, "wait": Command(wait, "Wait")})
    monkeypatch.setattr(progress, "SHOWN_AFTER_S", 0.0)
    return Conversation


async def heard(talk, method, n=1):
    return [message["params"] for message in await talk.heard(lambda message: message.get("method") == method, n)]


async def test_a_command_shows_its_progress_on_the_token_of_the_editor(talk):
    talk = talk()
    talk.initialize()

    talk.say(request(1, "workspace/executeCommand", {"command": "wait", "workDoneToken": "mine"}))
    begin, report, part = await heard(talk, "$/progress", 3)

    assert (begin["token"], begin["value"]["kind"], begin["value"]["title"]) == ("mine", "begin", "Wait")
    assert begin["value"]["cancellable"] is True
    assert (report["value"]["kind"], report["value"]["message"]) == ("report", "waiting")
    assert part == {"token": "parts", "value": {"part": 1}}


async def test_without_a_token_one_is_made_where_the_editor_shows_progress(talk):
    talk = talk()
    talk.initialize(**SHOWS_PROGRESS)

    talk.say(request(1, "workspace/executeCommand", {"command": "wait"}))
    (create,) = await heard(talk, "window/workDoneProgress/create")
    talk.say({"jsonrpc": "2.0", "id": talk.said_by_server("window/workDoneProgress/create")[0]["id"], "result": None})
    parts = await heard(talk, "$/progress", 2)

    assert parts[-1] == {"token": create["token"], "value": {"kind": "begin", "title": "Wait", "cancellable": True, "message": "waiting"}}


async def test_progress_that_the_editor_knows_of_ends_also_where_the_command_was_faster(talk):
    talk = talk()
    talk.initialize(**SHOWS_PROGRESS)
    talk.say(request(1, "workspace/executeCommand", {"command": "wait"}))
    (create,) = await heard(talk, "window/workDoneProgress/create")
    talk.say(notification("$/cancelRequest", {"id": 1}))
    await talk.answers(1)

    talk.say({"jsonrpc": "2.0", "id": talk.said_by_server("window/workDoneProgress/create")[0]["id"], "result": None})

    shown = [part for part in await heard(talk, "$/progress", 3) if part["token"] == create["token"]]
    assert [part["value"]["kind"] for part in shown] == ["begin", "end"]
    assert talk.server.protocol.session.notify.cancellable == {}


@pytest.mark.parametrize(
    "stop",
    [notification("window/workDoneProgress/cancel", {"token": "mine"}), notification("$/cancelRequest", {"id": 1})],
)
async def test_stopping_it_ends_the_command_and_its_progress(talk, stop):
    talk = talk()
    talk.initialize()
    talk.say(request(1, "workspace/executeCommand", {"command": "wait", "workDoneToken": "mine"}))
    await heard(talk, "$/progress", 3)

    talk.say(stop)

    parts = await heard(talk, "$/progress", 4)
    assert parts[-1]["value"]["kind"] == "end"
    (answer,) = await talk.answers(1)
    assert answer["error"]["code"] == -32800
    assert talk.server.protocol.session.notify.cancellable == {}


async def test_it_is_stopped_also_where_that_is_asked_for_before_it_has_begun(talk):
    talk = talk()
    talk.initialize()
    talk.say(request(1, "workspace/executeCommand", {"command": "wait", "workDoneToken": "mine"}))
    talk.say(notification("window/workDoneProgress/cancel", {"token": "mine"}))

    (answer,) = await talk.answers(1)
    assert answer["error"]["code"] == -32800
    assert talk.server.protocol.session.notify.cancellable == {}


async def test_a_command_without_a_place_is_about_where_the_user_was_last(talk):
    talk = talk()
    talk.initialize()
    talk.say(opened("one\ntwo\n"))
    await talk.ask("textDocument/inlineCompletion", at(1, 2))

    target = target_of(talk.server.protocol.session, {})

    assert (target.snapshot.uri, target.start, target.end) == (URI, 6, 6)


async def test_a_command_may_name_its_place(talk):
    talk = talk()
    talk.initialize()
    talk.say(opened("one\ntwo\n"))
    session = talk.server.protocol.session
    whole = {"start": {"line": 1, "character": 3}, "end": {"line": 0, "character": 1}}

    chosen = target_of(session, {"textDocument": {"uri": URI}, "range": whole})
    caret = target_of(session, {"textDocument": {"uri": URI}, "position": {"line": 1, "character": 1}})
    top = target_of(session, {"textDocument": {"uri": URI}})

    assert [(target.start, target.end) for target in (chosen, caret, top)] == [(1, 7), (5, 5), (0, 0)]


async def test_the_place_moves_with_what_the_editor_tells_not_with_the_text(talk):
    talk = talk()
    talk.initialize()
    talk.say(opened("one\ntwo\n"))
    await talk.ask("textDocument/inlineCompletion", at(1, 2))

    talk.say(changed({"text": "x\n"}))

    # Beyond the end of what is left means its end.
    assert target_of(talk.server.protocol.session, {}).start == 2


@pytest.mark.parametrize(
    "options",
    [
        {"textDocument": "uri"},
        {"textDocument": {"uri": URI}, "range": {"start": 1}},
        {"textDocument": {"uri": URI}, "position": {"line": "1", "character": 0}},
    ],
)
async def test_a_place_that_is_none_is_an_error(talk, options):
    talk = talk()
    talk.initialize()
    talk.say(opened("one\n"))

    with pytest.raises(JsonRpcInvalidParams):
        target_of(talk.server.protocol.session, options)


async def test_without_an_open_document_there_is_no_place(talk):
    talk = talk()
    talk.initialize()

    with pytest.raises(Exception, match="No open document"):
        target_of(talk.server.protocol.session, {})


def test_options_are_an_object_or_nothing():
    assert options_of([]) == {}
    assert options_of([None]) == {}
    assert options_of([{"a": 1}, "more"]) == {"a": 1}
    with pytest.raises(JsonRpcInvalidParams):
        options_of(["text"])


def test_a_text_among_options_is_a_text():
    assert text_option({"a": "x"}, "a") == "x"
    assert text_option({}, "a", "default") == "default"
    with pytest.raises(JsonRpcInvalidParams):
        text_option({"a": 1}, "a")
