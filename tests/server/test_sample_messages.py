"""Microsoft's sample messages, right and wrong ones, are each answered as they should be."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import converters, types
from pygls.protocol import default_converter

from recoder_lsp.server import handlers, protocol
from tests.server.talking import Conversation, Editor, request

SAMPLES = Path(__file__).parents[3] / "shared" / "eval" / "lsp" / "messages_relevant.jsonl.gz"
pytestmark = pytest.mark.skipif(not SAMPLES.is_file(), reason=f"no sample messages at {SAMPLES}")

N_SAMPLES = 9_148
# What another server has put into the `data` of its diagnostics is its own affair, also where LSP has no such numbers.
DATA_OF_OTHERS = ("CodeActionResolveRequest",)
BEGINNING_OR_END = ("InitializeRequest", "ShutdownRequest", "ExitNotification")
ANSWERED = {*handlers.ROUTES, types.INITIALIZE, types.SHUTDOWN}
CONVERTER = converters.get_converter()


def samples() -> Iterator[tuple[str, bool, dict[str, Any]]]:
    with gzip.open(SAMPLES, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield row["type"], row["valid"], row["msg"]


def complaint(kind: str, valid: bool, message: dict[str, Any], answers: list[dict[str, Any]]) -> str | None:
    """What is wrong with these answers to this message, if anything is."""
    errors = [answer["error"]["code"] for answer in answers if "error" in answer]
    if kind.endswith("Response") or (kind.endswith("Notification") and "id" not in message):
        return None if not answers else "answered what asks nothing"
    if len(answers) != 1:
        return f"{len(answers)} answers"
    if kind.endswith("Notification") or not valid:
        return None if errors or kind in DATA_OF_OTHERS else "an invalid message got a result"
    if errors:
        unknown_command = message["method"] == types.WORKSPACE_EXECUTE_COMMAND and errors == [-32602]
        unknown_method = message["method"] not in ANSWERED and errors == [-32601]
        return None if unknown_command or unknown_method else f"a valid request got error {errors[0]}"
    try:
        CONVERTER.structure(answers[0], types.METHOD_TO_TYPES[message["method"]][1])
    except Exception as error:
        return f"the answer is not valid: {error}"
    return None


def test_no_sample_is_missing():
    assert sum(1 for _ in samples()) == N_SAMPLES


def test_the_server_process_answers_each_message_as_it_should(server_command):
    complaints = []
    with Editor(server_command) as editor:
        editor.initialize()
        for number, (kind, valid, message) in enumerate(samples()):
            if kind in BEGINNING_OR_END:
                continue
            # The server answers this one at once, so whatever was to be said before has been said by then.
            editor.say(message, request(f"after {number}", "no/such/method"))
            answers = []
            while (heard := editor.hear(lambda heard: "method" not in heard)).get("id") != f"after {number}":
                answers.append(heard)
            if not answers and kind.endswith("Request"):
                answers.append(editor.hear(lambda heard: "method" not in heard))
            if (wrong := complaint(kind, valid, message, answers)) is not None:
                complaints.append((wrong, kind, message))
        assert editor.ask("shutdown")["result"] is None

    assert complaints == []


async def test_messages_that_begin_or_end_a_conversation_are_answered_as_they_should(monkeypatch):
    converter = default_converter()
    monkeypatch.setattr(protocol, "default_converter", lambda: converter)
    complaints = []
    for kind, valid, message in samples():
        if kind not in BEGINNING_OR_END:
            continue
        talk = Conversation()
        if kind != "InitializeRequest":
            talk.initialize()
        talk.say(message)
        await asyncio.sleep(0)
        answers = [answer for answer in talk.sent if "method" not in answer]
        if (wrong := complaint(kind, valid, message, answers)) is not None:
            complaints.append((wrong, kind, message))
        await talk.protocol.close()

    assert complaints == []
