"""What the editor says about suggestions reaches the learning, and is kept when the server ends."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recoder_lsp.learning_store import FILE_NAME
from tests.server.talking import TIMEOUT_S, URI, Editor, at, changed, notification, opened

INLINE, MENU = "textDocument/inlineCompletion", "textDocument/completion"
TEXT = "".join(f"name_{number} = {number}; print(name_{number})\n" for number in range(4)) + "name_4 = 4; print("
CARET = (4, len("name_4 = 4; print("))


def inserted(text, line, character, **more):
    place = {"line": line, "character": character}
    return changed({"range": {"start": place, "end": place}, "text": text}, **more)


async def test_what_the_editor_gets_is_told(talk):
    talk.say(opened("x\nab"))

    await talk.ask(INLINE, at(1, 2))

    assert talk.app.learning.told[-1] == ("shown", URI, 4, "id-1")


async def test_what_comes_too_late_for_the_text_was_not_shown(talk):
    talk.say(opened("x"))

    async def answered_after_an_edit(request):
        talk.say(inserted("y", 0, 0))
        return await suggested(request)

    suggested, talk.app.inline_completion.answer = talk.app.inline_completion.answer, answered_after_an_edit
    await talk.ask(INLINE, at(0, 1))

    assert not [told for told in talk.app.learning.told if told[0] == "shown"]


async def test_a_suggestion_in_the_menu_is_told_too(talk):
    talk.say(opened("x"))

    await talk.ask(MENU, at(0, 1))

    assert talk.app.learning.told[-1] == ("shown", URI, 1, "id-1")


async def test_the_editors_acceptance_is_told(talk):
    await talk.ask("workspace/executeCommand", {"command": "recoder.accepted", "arguments": ["id-1"]})

    assert talk.app.learning.told == [("accepted", "id-1")]


async def test_edits_are_told_of_documents_that_are_watched_and_of_no_others(talk):
    talk.say(opened("a"))
    talk.say(inserted("b", 0, 1))
    talk.app.learning.watched.add(URI)
    talk.say(inserted("c", 0, 2, version=3))

    assert [told for told in talk.app.learning.told if told[0] == "changed"] == [("changed", "ab", "abc")]


@pytest.mark.parametrize(
    "message",
    [
        notification("textDocument/didClose", {"textDocument": {"uri": URI}}),
        changed({"range": "nonsense", "text": "x"}),
        opened("another text"),
    ],
    ids=["closed", "not understood", "opened again"],
)
async def test_a_document_whose_text_is_another_now_is_forgotten(talk, message):
    talk.say(opened("a"))
    talk.app.learning.told.clear()

    talk.say(message)

    assert talk.app.learning.told == [("closed", URI)]


def test_an_acceptance_is_kept_when_the_server_ends_and_the_command_shows_and_erases_it(server_command, recoder_home):
    with Editor(server_command) as editor:
        editor.initialize()
        editor.say(opened(TEXT))
        item = first_suggestion(editor)
        end = item["range"]["end"]
        edit = {"range": item["range"], "text": item["insertText"]}
        editor.say(changed(edit))
        editor.ask("workspace/executeCommand", {"command": item["command"]["command"], "arguments": item["command"]["arguments"]})
        editor.say(inserted("\n", end["line"], 1000, version=3))
        editor.ask("shutdown")
        editor.say(notification("exit"))
        assert editor.exit_code() == 0

    # Before the model is loaded, the phrases may have suggested something as well.
    (count,) = [count for count in json.loads(learned("--json")) if count.get("accepted")]
    assert count.items() >= {"language": "python", "shown": 1, "accepted": 1}.items()
    assert "all" in learned()
    learned("--erase")
    assert not (Path(recoder_home) / FILE_NAME).exists()


def test_a_store_that_cannot_be_used_costs_no_ghost_text(server_command, recoder_home):
    (Path(recoder_home) / FILE_NAME).mkdir()

    with Editor(server_command) as editor:
        editor.initialize()
        editor.say(opened(TEXT))
        first_suggestion(editor)
        editor.ask("shutdown")
        editor.say(notification("exit"))
        assert editor.exit_code() == 0

    assert editor.stderr_at_the_end().count("What was learned cannot be read or written") == 1


def first_suggestion(editor):
    """The first answer that is not null: the model has to be loaded first."""
    deadline = time.monotonic() + TIMEOUT_S
    while (result := editor.ask(INLINE, at(*CARET))["result"]) is None:
        assert time.monotonic() < deadline, editor.ask("recoder/status")["result"]["engine"]
        time.sleep(0.05)
    return result["items"][0]


def learned(*arguments):
    command = [sys.executable, "-m", "recoder_lsp", "learned", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True).stdout
