"""A chat model in the real server, over stdio, beside the embedded model."""

import pytest

from tests.scripted_chat import endless_model, scripted_model
from tests.server.talking import Editor, at, notification, opened, request

COMMAND = "workspace/executeCommand"
INLINE = "textDocument/inlineCompletion"
CODE = "import os\n\n\ndef read(path):\n    with open(pa"
CAPABILITIES = {"textDocument": {"inlineCompletion": {}}, "window": {"workDoneProgress": True}}


def chat(**options):
    return {"command": "recoder.chat", "arguments": [{"message": "Is it true?", **options}]}


@pytest.fixture
def editor(server_command):
    with Editor(server_command) as editor:
        yield editor


def begin(editor, model, **settings):
    editor.initialize(
        capabilities=CAPABILITIES, initializationOptions={"models": {"chat": str(model), "chat_max_tokens": 8000, **settings}}
    )
    editor.say(opened(CODE))


def is_delta(message):
    return message.get("method") == "$/progress" and message["params"]["value"].get("kind") == "delta"


def test_the_model_is_loaded_at_the_first_question_with_progress(editor, tmp_path):
    begin(editor, scripted_model(tmp_path, "It is."))
    before = editor.ask("recoder/status")["result"]["chat"]

    editor.say(request(1, COMMAND, chat()))
    create = editor.hear(lambda message: message.get("method") == "window/workDoneProgress/create")
    editor.say({"jsonrpc": "2.0", "id": create["id"], "result": None})
    answer = editor.answer_to(1)["result"]

    assert before["state"] == "unloaded"
    assert (answer["model"], "It is." in answer["markdown"]) == ("Scripted test model", True)
    after = editor.ask("recoder/status")["result"]["chat"]
    assert (after["model"], after["state"]) == ("Scripted test model", "ready")
    assert after["decode_tokens_per_s"] > 0


def test_ghost_text_comes_while_an_answer_is_written_which_then_goes_on(editor, tmp_path):
    begin(editor, endless_model(tmp_path))
    editor.ask(INLINE, at(4, len("    with open(pa")))
    editor.say(request("chat", COMMAND, chat(partialResultToken="answer")))
    editor.hear(is_delta)

    (item, *_) = editor.ask(INLINE, at(4, len("    with open(pa")))["result"]["items"]

    assert item["insertText"]
    # Nothing that came before is looked at: the answer was not over when the ghost text came.
    assert is_delta(editor.hear(lambda message: is_delta(message) or message.get("id") == "chat"))
    editor.say(notification("$/cancelRequest", {"id": "chat"}))
    assert editor.answer_to("chat")["error"]["code"] == -32800


def test_a_cancelled_answer_leaves_the_engine_to_the_next(editor, tmp_path):
    begin(editor, endless_model(tmp_path))
    editor.say(request(1, COMMAND, chat(partialResultToken="answer")))
    editor.hear(is_delta)

    editor.say(notification("$/cancelRequest", {"id": 1}))
    assert editor.answer_to(1)["error"]["code"] == -32800

    assert editor.ask(INLINE, at(4, len("    with open(pa")))["result"]["items"]
    assert editor.ask("recoder/status")["result"]["chat"]["state"] == "ready"


def test_a_model_that_is_not_there_is_an_error_with_a_hint_and_ghost_text_goes_on(editor):
    begin(editor, "nowhere")

    error = editor.ask(COMMAND, chat())["error"]

    assert "nowhere" in error["message"]
    assert "models.chat" in error["message"]
    assert editor.ask("recoder/status")["result"]["chat"]["state"] == "failed"
    assert editor.ask(INLINE, at(4, len("    with open(pa")))["result"]["items"]
