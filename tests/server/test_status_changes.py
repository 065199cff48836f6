"""An editor that shows the status is told when to ask for it again; one that does not say that it wants to know is not."""

import time

import pytest

from recoder_lsp.server.status_changes import LEAST_BETWEEN_S
from tests.server.talking import Editor, notification, request

WANTS_TO_KNOW = {"experimental": {"recoder": {"statusChanged": True}}}
CHANGED = "recoder/statusChanged"
SNOOZE = "recoder.snooze"


def snooze(editor, minutes):
    # What is told may come before the answer.
    editor.say(request("snooze", "workspace/executeCommand", {"command": SNOOZE, "arguments": [{"minutes": minutes}]}))


def told(message):
    return message.get("method") == CHANGED


def state(editor):
    return editor.ask("recoder/status")["result"]["completion"]["state"]


def until_told(editor, wanted):
    """It may be told of other things before, such as the model being loaded."""
    while True:
        editor.hear(told)
        if state(editor) == wanted:
            return


def test_it_is_told_that_suggestions_rest_and_that_they_come_again(server_command):
    with Editor(server_command) as editor:
        editor.initialize(capabilities=WANTS_TO_KNOW)

        snooze(editor, 30)
        until_told(editor, "snoozed")
        snooze(editor, 0)
        until_told(editor, "active")


def test_it_is_told_when_snoozing_is_over_by_itself(server_command):
    with Editor(server_command) as editor:
        editor.initialize(capabilities=WANTS_TO_KNOW)

        snooze(editor, 0.02)
        until_told(editor, "active")


def test_it_is_told_of_changed_settings(server_command):
    with Editor(server_command) as editor:
        editor.initialize(capabilities=WANTS_TO_KNOW)

        editor.say(notification("workspace/didChangeConfiguration", {"settings": {"recoder": {"models": {"chat": "mine.gguf"}}}}))

        while editor.ask("recoder/status")["result"]["chat"]["model"] != "mine.gguf":
            editor.hear(told)


@pytest.mark.parametrize("capabilities", [{}, {"experimental": {"recoder": {"statusChanged": "yes"}}}, {"experimental": 1}])
def test_who_does_not_want_to_know_is_not_told(server_command, capabilities):
    with Editor(server_command) as editor:
        editor.initialize(capabilities=capabilities)

        snooze(editor, 30)
        assert state(editor) == "snoozed"
        time.sleep(2 * LEAST_BETWEEN_S)
        editor.say(request("last", "recoder/status"))

        assert editor.hear(lambda message: told(message) or message.get("id") == "last")["id"] == "last"
