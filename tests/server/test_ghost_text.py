"""Ghost text over stdio, with the embedded model: what needs an inference, and what does not."""

import time
from typing import Any

import pytest

from tests.server.talking import TIMEOUT_S, URI, Editor, at, changed, notification, opened, request

ABOVE = "import os\n\n\ndef read(path):\n    with open(path) as file:\n        return file.read()\n\n\ndef write(path, text):\n"
LINE = "    with open(pa"
LINE_NUMBER = ABOVE.count("\n")
INLINE = "textDocument/inlineCompletion"
UNASKED = {"context": {"triggerKind": 2}}


@pytest.fixture
def editor(server_command):
    """An editor whose document ends within a line, and whose server has its model."""
    with Editor(server_command) as editor:
        editor.initialize(capabilities={"textDocument": {"inlineCompletion": {}}})
        editor.say(opened(ABOVE + LINE))
        until(editor, lambda status: status["engine"]["state"] == "ready")
        yield editor


def until(editor: Editor, condition: Any) -> dict[str, Any]:
    """The first status of which this is true."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition(status := editor.ask("recoder/status")["result"]):
        assert time.monotonic() < deadline, status
        time.sleep(0.02)
    return status


def counted(status: dict[str, Any], name: str) -> int:
    return status["requests"]["counts"].get(f"ghost_text.{name}", 0)


def typed(editor: Editor, text: str, version: int, after: int = 0) -> None:
    """Put a text behind the line as it was, and behind so many characters that were typed since."""
    place = {"line": LINE_NUMBER, "character": len(LINE) + after}
    editor.say(changed({"range": {"start": place, "end": place}, "text": text}, version=version))


def test_what_every_prompt_begins_with_is_read_before_anybody_asks(editor):
    status = until(editor, lambda status: counted(status, "tokens_read_ahead"))

    assert counted(status, "generated") == 0


def test_a_suggestion_is_gone_on_with_when_it_is_taken_without_another_inference(editor):
    (item, *_) = editor.ask(INLINE, at(LINE_NUMBER, len(LINE)))["result"]["items"]
    assert item["range"]["start"] == item["range"]["end"]
    until(editor, lambda status: counted(status, "prepared"))

    typed(editor, item["insertText"], 2)
    editor.ask(INLINE, at(LINE_NUMBER, len(LINE + item["insertText"])) | UNASKED)

    status = editor.ask("recoder/status")["result"]
    assert (counted(status, "generated"), counted(status, "typed_along")) == (1, 1)


def test_keys_that_come_faster_than_answers_cost_one_inference(editor):
    (item, *_) = editor.ask(INLINE, at(LINE_NUMBER, len(LINE)))["result"]["items"]
    editor.say(notification("textDocument/didClose", {"textDocument": {"uri": URI}}), opened(ABOVE + LINE))

    editor.say(request(1, INLINE, at(LINE_NUMBER, len(LINE))), notification("$/cancelRequest", {"id": 1}))
    for n_typed in (1, 2, 3):
        typed(editor, item["insertText"][n_typed - 1], n_typed + 1, after=n_typed - 1)
        editor.say(request(n_typed + 1, INLINE, at(LINE_NUMBER, len(LINE) + n_typed)))

    assert editor.answer_to(4)["result"]["items"][0]["insertText"] == item["insertText"][3:]
    assert counted(editor.ask("recoder/status")["result"], "generated") == 2


def test_snoozed_nothing_comes_unasked(editor):
    snooze = {"command": "recoder.snooze", "arguments": [{"minutes": 1}]}
    assert editor.ask("workspace/executeCommand", snooze)["result"] is None

    assert editor.ask(INLINE, at(LINE_NUMBER, len(LINE)) | UNASKED)["result"] is None
    assert editor.ask(INLINE, at(LINE_NUMBER, len(LINE)))["result"]["items"]

    status = editor.ask("recoder/status")["result"]
    assert status["completion"]["state"] == "snoozed"
    assert 0 < status["completion"]["snoozed_s"] <= 60
