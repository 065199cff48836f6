"""What the editor gets: ghost text, menu items, acceptance, status."""

import pytest
from lsprotocol import types

from recoder_lsp.config import ModelsSettings, Settings
from recoder_lsp.engine.scheduler import Superseded
from recoder_lsp.features.inline_completion import Suggestion
from recoder_lsp.server.commands import COMMANDS
from tests.server import fake_app
from tests.server.talking import URI, Conversation, at, changed, notification, opened

INLINE, MENU = "textDocument/inlineCompletion", "textDocument/completion"
ACCEPTED = {"title": "Suggestion accepted", "command": "recoder.accepted", "arguments": ["id-1"]}
GHOST_TEXT = {"textDocument": {"inlineCompletion": {}}}


def span(start_line: int, start: int, end_line: int, end: int) -> dict[str, dict[str, int]]:
    return {"start": {"line": start_line, "character": start}, "end": {"line": end_line, "character": end}}


def suggesting(text: str, start: int, end: int):
    async def answer(request):
        return Suggestion("id-1", text, start, end)

    return answer


async def test_ghost_text_has_a_range_and_a_command_that_counts_its_acceptance(talk):
    talk.app.inline_completion.answer = suggesting("return 1", 3, 5)
    talk.say(opened("x\n😀re"))

    answer = await talk.ask(INLINE, at(1, 4))

    assert answer == {"items": [{"insertText": "return 1", "range": span(1, 2, 1, 4), "command": ACCEPTED}]}


async def test_several_suggestions_come_in_their_order(talk):
    async def two(request):
        return tuple(Suggestion(f"id-{number}", f"call_{number}()", 0, 0) for number in (1, 2))

    talk.app.inline_completion.answer = two
    talk.say(opened(""))

    items = (await talk.ask(INLINE, at(0, 0)))["items"]

    assert [(item["insertText"], item["command"]["arguments"]) for item in items] == [("call_1()", ["id-1"]), ("call_2()", ["id-2"])]
    assert [event for event in talk.app.learning.told if event[0] == "shown"] == [("shown", URI, 0, "id-1"), ("shown", URI, 0, "id-2")]


async def test_opening_a_document_begins_to_load_the_model(talk):
    assert talk.app.warmed_up == 0

    talk.say(opened("x"))

    assert talk.app.warmed_up == 1


@pytest.mark.parametrize("uri", [URI, "file:///never/opened.py"])
async def test_without_a_suggestion_the_answer_is_null(talk, uri):
    talk.app.inline_completion.answer = fake_app.suggest_nothing
    talk.say(opened("x"))

    assert await talk.ask(INLINE, at(0, 0, uri=uri)) is None


async def test_a_superseded_request_is_answered_null(talk):
    async def superseded(request):
        raise Superseded

    talk.app.inline_completion.answer = superseded
    talk.say(opened("x"))

    assert await talk.ask(INLINE, at(0, 0)) is None
    assert not [name for name in talk.app.metrics.snapshot()["counts"] if name.startswith("errors")]


@pytest.mark.parametrize(("kind", "invoked"), [(1, True), (2, False)])
async def test_how_it_was_triggered_and_what_the_menu_has_selected_reach_the_feature(talk, kind, invoked):
    talk.say(opened("a = foo.ba"))
    selected = {"range": span(0, 8, 0, 10), "text": "bar"}

    await talk.ask(INLINE, at(0, 10) | {"context": {"triggerKind": kind, "selectedCompletionInfo": selected}})

    (request,) = talk.app.inline_completion.requests
    assert (request.offset, request.invoked, request.selected_text, request.selected_start) == (10, invoked, "bar", 8)


async def test_the_menu_item_begins_with_the_word_at_the_caret():
    talk = Conversation()
    assert talk.initialize()["capabilities"]["completionProvider"]["triggerCharacters"]
    talk.app.inline_completion.answer = suggesting("urn x\n    y", 7, 7)
    talk.say(opened("    ret"))

    answer = await talk.ask(MENU, at(0, 7))

    (item,) = answer["items"]
    assert answer["isIncomplete"]
    assert item["label"] == "return x"
    assert item["filterText"].startswith("ret")
    assert item["textEdit"] == {"range": span(0, 4, 0, 7), "newText": "return x\n    y"}
    assert item["kind"] == types.CompletionItemKind.Snippet
    assert item["command"] == ACCEPTED
    assert "insertTextMode" not in item


async def test_several_lines_stay_as_they_are_where_the_editor_can_promise_it():
    talk = Conversation()
    completion = {"completionItem": {"insertTextModeSupport": {"valueSet": [1, 2]}}}
    talk.initialize(capabilities={"textDocument": {"completion": completion}})
    talk.say(opened(""))

    (item,) = (await talk.ask(MENU, at(0, 0)))["items"]

    assert item["insertTextMode"] == types.InsertTextMode.AsIs
    assert item["kind"] == types.CompletionItemKind.Text


async def test_an_empty_menu_is_incomplete_too_so_that_the_editor_asks_again(talk):
    talk.app.inline_completion.answer = fake_app.suggest_nothing
    talk.say(opened(""))

    assert await talk.ask(MENU, at(0, 0)) == {"isIncomplete": True, "items": []}


@pytest.mark.parametrize(
    ("menu", "params", "offered"),
    [
        ("auto", {}, True),
        ("auto", {"capabilities": GHOST_TEXT}, False),
        ("auto", {"clientInfo": {"name": "emacs"}}, False),
        ("auto", {"clientInfo": {"name": "Eglot"}}, True),
        ("always", {"capabilities": GHOST_TEXT}, True),
        ("never", {}, False),
    ],
)
async def test_menu_items_are_for_editors_without_ghost_text_unless_the_settings_say_otherwise(menu, params, offered):
    talk = Conversation()
    settings = {"completion": {"menu": menu, "symbols": False}}
    capabilities = talk.initialize(**params, initializationOptions=settings)["capabilities"]
    talk.say(opened(""))

    assert ("completionProvider" in capabilities) == offered
    assert (await talk.ask(MENU, at(0, 0)) is not None) == offered
    assert capabilities["inlineCompletionProvider"] == {}


@pytest.mark.parametrize(
    ("arguments", "ids"), [([["id-1"]], ["id-1"]), ([["id-1", {"more": 1}]], ["id-1"]), ([[]], []), ([], []), ([[5]], []), ([None], [])]
)
async def test_acceptance_is_counted_with_any_number_of_arguments(talk, arguments, ids):
    params = {"command": "recoder.accepted"} | ({"arguments": arguments[0]} if arguments else {})

    assert await talk.ask("workspace/executeCommand", params) is None

    assert talk.app.inline_completion.accepted_ids == ids
    assert talk.app.metrics.snapshot()["counts"]["commands.recoder.accepted"] == 1


async def test_the_commands_are_announced():
    commands = Conversation().initialize()["capabilities"]["executeCommandProvider"]["commands"]

    assert commands == list(COMMANDS)
    assert {"recoder.accepted", "recoder.snooze", "recoder.chat", "recoder.edit", "recoder.status"} <= set(commands)


async def test_a_command_goes_on_with_indexing(talk):
    assert await talk.ask("workspace/executeCommand", {"command": "recoder.index.resume"}) is None

    assert talk.app.workspace.told[-1] == ("resume",)
    assert talk.app.inline_completion.accepted_ids == []


@pytest.mark.parametrize(
    ("arguments", "seconds"), [(None, 300), ([], 300), ([None], 300), ([{}], 300), ([{"minutes": 0.5}], 30), ([{"minutes": 0}], 0)]
)
async def test_suggestions_are_snoozed_for_as_long_as_one_likes(talk, arguments, seconds):
    assert await talk.ask("workspace/executeCommand", {"command": "recoder.snooze", "arguments": arguments}) is None

    expected = {"state": "snoozed", "snoozed_s": seconds} if seconds else {"state": "active"}
    assert (await talk.ask("recoder/status"))["completion"] == expected


@pytest.mark.parametrize("argument", [5, "5", {"minutes": "5"}, {"minutes": -1}, {"minutes": True}, {"minutes": 1e9}])
async def test_what_is_no_time_does_not_snooze(talk, argument):
    error = await talk.ask("workspace/executeCommand", {"command": "recoder.snooze", "arguments": [argument]})

    assert error["code"] == -32602
    assert (await talk.ask("recoder/status"))["completion"] == {"state": "active"}


async def test_the_feature_hears_what_happens_to_a_document(talk):
    document = {"textDocument": {"uri": URI}}

    talk.say(opened("one\ntwo\n"))
    talk.say(changed({"range": span(0, 3, 1, 0), "text": "\nand a "}))
    talk.say(notification("textDocument/didSave", document))
    talk.say(changed({"text": "all of it"}, version=3))

    text = "one\nand a two\n"
    assert talk.app.inline_completion.told == [
        ("opened", "one\ntwo\n"),
        ("edited", "one\nand a "),
        ("saved", text),
        ("edited", None),
    ]


@pytest.mark.parametrize("params", [None, {}, {"anything": 1}, [5]])
async def test_status_says_what_is_and_what_is_not(talk, params):
    talk.say(opened(""))
    await talk.ask(INLINE, at(0, 0))

    status = await talk.ask("recoder/status", params)

    assert status["index"]["available"] is False
    assert status["index"]["reason"]
    assert status["engine"] == {"model": "fake", "state": "unloaded", "prefill_tokens_per_s": None, "decode_tokens_per_s": None}
    assert status["chat"] == {"model": None, "state": "unloaded", "prefill_tokens_per_s": None, "decode_tokens_per_s": None}
    assert status["requests"]["latency_ms"][INLINE]["count"] == 1
    assert status["completion"] == {"state": "active"}
    assert status["memory_bytes"] > 1_000_000


async def test_status_says_which_chat_model_there_is_and_what_is_wrong_with_it(talk):
    talk.app.settings = Settings(models=ModelsSettings(chat="some-instruct"))
    talk.app.chat_runtime.state = fake_app.FakeModelState("failed", name="", error="No such file.", hint="Pull it.", role="chat")

    chat = (await talk.ask("recoder/status"))["chat"]

    assert (chat["model"], chat["state"], chat["error"]) == ("some-instruct", "failed", "No such file. Pull it.")


async def test_status_says_why_the_model_could_not_be_loaded(talk):
    talk.app.runtime.state = fake_app.FakeModelState("failed", error="No such file.", hint="Pull it.")

    assert (await talk.ask("recoder/status"))["engine"]["error"] == "No such file. Pull it."


async def test_a_closed_document_is_forgotten(talk):
    talk.say(opened(""))
    talk.say(notification("textDocument/didClose", {"textDocument": {"uri": URI}}))

    assert talk.app.inline_completion.forgotten == [URI]
