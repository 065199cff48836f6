"""Chat as editors have it: asked by a command, streamed, cited, kept; and written into a file, piece by piece."""

import asyncio

import pytest

from recoder_lsp.document import Snapshot
from recoder_lsp.server import chat_in_buffer
from tests.features.chat_desk import FILES, ChatDesk, IndexedWorkspace
from tests.features.desk import until
from tests.server.talking import Conversation, changed, notification, opened, request

COMMAND = "workspace/executeCommand"
APPLIES = {"workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}}}
NOTES = "file:///work/notes.recoder.md"


@pytest.fixture
async def desk(tmp_path):
    desk = ChatDesk(tmp_path, IndexedWorkspace(tmp_path / "work", FILES))
    yield desk
    await desk.close()
    desk.workspace.small.close()


class Talk:
    """A conversation with a server whose chat is that of a desk, and an editor that applies edits."""

    def __init__(self, desk, capabilities=APPLIES):
        self.desk, self.server = desk, Conversation()
        self.server.initialize(capabilities=capabilities, workspaceFolders=[{"uri": desk.workspace.small.root.as_uri(), "name": "root"}])
        self.use(desk)
        self.n_requests = 0
        self.text, self.version = "", 1
        self.refusals = 0
        self.edits = []

    def use(self, desk):
        app = self.server.app
        app.workspace, app.chat, app.conversations, app.settings = desk.workspace, desk.chat, desk.conversations, desk.settings
        self.desk.open = _Open(self.server)

    def send(self, command, *arguments):
        self.n_requests += 1
        self.server.say(request(self.n_requests, COMMAND, {"command": command, "arguments": list(arguments)}))
        return self.n_requests

    async def run(self, command, *arguments):
        """The answer to a command: its result, or its error."""
        number = self.send(command, *arguments)
        (answer,) = await self.server.heard(lambda message: message.get("id") == number and "method" not in message)
        return answer["error"] if "error" in answer else answer["result"]

    # -- the editor's part

    def open_notes(self, text):
        self.text, self.version = text, 1
        self.server.say(opened(text, NOTES))

    def type(self, text):
        self.text, self.version = text, self.version + 1
        self.server.say(changed({"text": text}, uri=NOTES, version=self.version))

    async def serve_edits(self):
        """Apply what the server asks to be applied, until cancelled."""
        answered = set()
        while True:
            asked = await self.server.heard(lambda message: message.get("method") == "workspace/applyEdit", len(answered) + 1)
            for message in asked:
                if message["id"] in answered:
                    continue
                answered.add(message["id"])
                (change,) = message["params"]["edit"]["documentChanges"]
                applied = self.refusals == 0 and change["textDocument"]["version"] == self.version
                self.refusals = max(self.refusals - 1, 0)
                if applied:
                    for edit in reversed(change["edits"]):
                        self.edits.append(edit)
                        self.type(self._edited(edit))
                self.server.say({"jsonrpc": "2.0", "id": message["id"], "result": {"applied": applied}})

    def _edited(self, edit):
        snapshot = Snapshot(NOTES, "markdown", self.text, None)
        start, end = (
            snapshot.offset_at(edit["range"][side]["line"], edit["range"][side]["character"], "utf-16") for side in ("start", "end")
        )
        return self.text[:start] + edit["newText"] + self.text[end:]


class _Open(dict):
    """The documents that the server has open."""

    def __init__(self, server):
        super().__init__()
        self._server = server

    def get(self, uri, default=None):
        return self._server.server.protocol.session.documents.snapshot(uri)


@pytest.fixture
async def talk(desk):
    return Talk(desk)


# -- asking


async def test_an_answer_comes_with_citations_and_what_it_cost(desk, talk):
    answer = await talk.run("recoder.chat", {"message": "where are the settings read from a file?"})

    assert len(answer["conversationId"]) == 32
    assert answer["model"] == ""
    first = answer["citations"][0]
    assert first["uri"] == desk.uri("app/config.py")
    assert first["range"]["start"]["character"] == first["range"]["end"]["character"] == 0
    assert first["range"]["start"]["line"] < first["range"]["end"]["line"]
    assert first["why"]
    assert answer["timings"]["totalMs"] >= answer["timings"]["contextMs"] > 0


async def test_it_is_streamed_on_the_token_of_the_editor(desk, talk):
    desk.use_model("One two three.")
    talk.use(desk)

    answer = await talk.run("recoder.chat", {"message": "count", "partialResultToken": "t"})

    values = [message["params"]["value"] for message in talk.server.said_by_server("$/progress") if message["params"]["token"] == "t"]
    assert values[0] == {"kind": "begin", "conversationId": answer["conversationId"]}
    assert "".join(value["text"] for value in values[1:]) == "One two three." == answer["markdown"]
    assert {value["kind"] for value in values[1:]} == {"delta"}
    assert answer["model"] != ""


async def test_it_is_about_the_range_that_is_given(desk, talk):
    uri = desk.uri("app/config.py")
    talk.server.say(opened(FILES["app/config.py"], uri))
    place = {"textDocument": {"uri": uri}, "range": {"start": {"line": 8, "character": 0}, "end": {"line": 8, "character": 9}}}

    answer = await talk.run("recoder.chat", {"message": "/explain", **place})

    assert answer["citations"][0]["why"] == "line 9 is selected"


async def test_a_conversation_goes_on_by_its_name(desk, talk):
    desk.use_model(["One.", "Two."], context_tokens=16384)
    talk.use(desk)
    first = await talk.run("recoder.chat", {"message": "one?"})

    second = await talk.run("recoder.chat", {"message": "two?", "conversationId": first["conversationId"]})

    assert (first["markdown"], second["markdown"]) == ("One.", "Two.")
    assert second["conversationId"] == first["conversationId"]


async def test_the_editor_can_stop_it(desk, talk):
    desk.use_endless_model(max_tokens=4096)
    talk.use(desk)
    number = talk.send("recoder.chat", {"message": "count", "partialResultToken": 7})
    await talk.server.heard(lambda message: message.get("params", {}).get("value", {}).get("kind") == "delta")

    talk.server.say(notification("$/cancelRequest", {"id": number}))

    (answer,) = await talk.server.heard(lambda message: message.get("id") == number and "method" not in message)
    assert answer["error"]["code"] == -32800


async def test_a_conversation_answers_one_question_at_a_time(desk, talk):
    name = (await talk.run("recoder.chat", {"message": "settings?"}))["conversationId"]
    desk.use_endless_model(max_tokens=4096)
    talk.use(desk)
    first = talk.send("recoder.chat", {"message": "count", "conversationId": name, "partialResultToken": 1})
    await talk.server.heard(lambda message: message.get("params", {}).get("value", {}).get("kind") == "delta")

    refused = await talk.run("recoder.chat", {"message": "two?", "conversationId": name})
    talk.server.say(notification("$/cancelRequest", {"id": first}))
    await talk.server.heard(lambda message: message.get("id") == first and "method" not in message)
    desk.use_model("Two.")
    talk.use(desk)

    assert "still being answered" in refused["message"]
    assert (await talk.run("recoder.chat", {"message": "two?", "conversationId": name}))["markdown"] == "Two."


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "There is no question."),
        ({"message": 5}, '"message" is a string'),
        ({"message": "why?", "temperature": "hot"}, '"temperature" is a number'),
        ({"message": "why?", "temperature": 3}, '"temperature" is a number'),
        ({"message": "why?", "temperature": True}, '"temperature" is a number'),
        ({"message": "why?", "partialResultToken": {}}, '"partialResultToken" is'),
        ({"message": "why?", "conversationId": "../../x"}, "no conversation of this name"),
        ({"message": "why?", "textDocument": {"uri": "file:///not/open.py"}}, "No open document"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_the_reason(talk, options, said):
    assert said in (await talk.run("recoder.chat", options))["message"]


async def test_another_model_may_be_named_for_one_question(desk, talk):
    desk.use_model("From the named one.")
    named = desk.settings.models.chat

    answer = await talk.run("recoder.chat", {"message": "why?", "model": named, "temperature": 0})

    assert answer["markdown"] == "From the named one."


# -- what is kept


async def test_conversations_are_listed_shown_exported_and_erased(talk):
    asked = await talk.run("recoder.chat", {"message": "where are the settings read?"})
    name = asked["conversationId"]

    (listed,) = (await talk.run("recoder.chat.list"))["conversations"]
    shown = await talk.run("recoder.chat.show", {"conversationId": name})
    exported = await talk.run("recoder.chat.export")
    erased = await talk.run("recoder.chat.erase", {"conversationId": name})

    assert (listed["conversationId"], listed["title"], listed["nMessages"]) == (name, "where are the settings read?", 2)
    assert [message["role"] for message in shown["messages"]] == ["user", "assistant"]
    assert shown["messages"][1]["citations"] == asked["citations"]
    assert exported["fileName"].endswith(".recoder.md")
    assert "## You\n\nwhere are the settings read?\n\n## Recoder" in exported["markdown"]
    assert erased == {"erased": 1}
    assert await talk.run("recoder.chat.list") == {"conversations": []}


async def test_nothing_is_erased_unless_it_is_said_what(talk):
    await talk.run("recoder.chat", {"message": "settings?"})

    refused = await talk.run("recoder.chat.erase")

    assert "Nothing was erased" in refused["message"]
    assert await talk.run("recoder.chat.erase", {"all": True}) == {"erased": 1}


async def test_there_may_be_no_conversation_to_show(talk):
    assert "no conversation in this workspace yet" in (await talk.run("recoder.chat.show"))["message"]


# -- in a file


@pytest.fixture
def fast(monkeypatch):
    monkeypatch.setattr(chat_in_buffer, "EVERY_S", 0.01)
    monkeypatch.setattr(chat_in_buffer, "TRY_AGAIN_S", 0.01)


async def asked_in_notes(talk, text, during=None):
    """Open the file, ask in it; return what the command said."""
    talk.open_notes(text)
    editing = asyncio.create_task(talk.serve_edits())
    answering = asyncio.create_task(talk.run("recoder.chat.buffer", {"textDocument": {"uri": NOTES}}))
    if during is not None:
        await during()
    answer = await answering
    editing.cancel()
    return answer


async def test_the_answer_is_written_below_the_question_with_room_for_the_next(desk, talk, fast):
    desk.use_model("Because [9].\n\n## You\n\nsee?")
    talk.use(desk)

    answer = await asked_in_notes(talk, "## You\n\nwhy?\n")

    assert talk.text == "## You\n\nwhy?\n\n## Recoder\n\nBecause .\n\n ## You\n\nsee?\n\n## You\n\n"
    assert answer["model"] != ""


async def test_the_next_question_goes_on_with_what_stands_above(desk, talk, fast):
    desk.use_model(["One.", "Two."], context_tokens=16384)
    talk.use(desk)
    await asked_in_notes(talk, "## You\n\none?\n")

    await asked_in_notes(talk, talk.text + "two?\n")

    assert talk.text.endswith("two?\n\n## Recoder\n\nTwo.\n\n## You\n\n")


async def test_line_ends_stay_those_of_the_file(desk, talk, fast):
    desk.use_model("One.\nTwo.")
    talk.use(desk)

    await asked_in_notes(talk, "why?\r\n")

    assert talk.text == "why?\r\n\r\n## Recoder\r\n\r\nOne.\r\nTwo.\r\n\r\n## You\r\n\r\n"


async def test_the_user_may_type_above_while_it_is_written(desk, talk, fast):
    desk.use_model("\n".join(f"Line {number}." for number in range(40)))
    talk.use(desk)
    typed = []

    async def during():
        await talk.server.heard(lambda message: message.get("method") == "workspace/applyEdit")
        await until(lambda: "Line 0" in talk.text)
        talk.type("# My notes\n\n" + talk.text)
        typed.append(True)

    await asked_in_notes(talk, "## You\n\ncount\n", during)

    assert typed
    assert talk.text.startswith("# My notes\n\n## You\n\ncount\n\n## Recoder\n\nLine 0.\n")
    assert talk.text.endswith("Line 39.\n\n## You\n\n")


async def test_an_editor_that_refuses_for_a_moment_is_asked_again(desk, talk, fast):
    desk.use_model("Yes.")
    talk.use(desk)
    talk.refusals = 2

    await asked_in_notes(talk, "why?\n")

    assert talk.text == "why?\n\n## Recoder\n\nYes.\n\n## You\n\n"


async def test_who_removes_the_answer_has_had_enough_of_it(desk, talk, fast):
    desk.use_model("\n".join(f"Line {number}." for number in range(3000)), max_tokens=4096, endless=True)
    talk.use(desk)

    async def during():
        await until(lambda: "## Recoder" in talk.text)
        talk.type("count\n")

    answer = await asked_in_notes(talk, "count\n", during)

    assert "changed before it was complete" in answer["message"]
    assert talk.text == "count\n"


async def test_without_a_model_the_passages_are_written_in_one_step(talk, fast):
    await asked_in_notes(talk, "where are the settings read from a file?\n")

    assert "no model wrote this" in talk.text
    assert "app/config.py" in talk.text
    assert len(talk.edits) == 1


@pytest.mark.parametrize(
    ("uri", "text", "said"),
    [("file:///work/a.md", "why?", "named so"), (NOTES, "\n", "no question")],
    ids=["another file", "nothing asked"],
)
async def test_where_one_cannot_ask_it_says_why(talk, uri, text, said):
    talk.server.say(opened(text, uri))

    assert said in (await talk.run("recoder.chat.buffer", {"textDocument": {"uri": uri}}))["message"]


async def test_in_an_editor_that_applies_no_edits_the_answer_is_shown(desk):
    desk.use_model("Because.")
    talk = Talk(desk, {})
    talk.server.say(opened("why?", NOTES))

    answer = await talk.run("recoder.chat.buffer", {"textDocument": {"uri": NOTES}})

    (shown,) = talk.server.said_by_server("window/showMessage")
    assert shown["params"]["message"].startswith("Because.")
    assert answer["model"] != ""
    assert talk.server.said_by_server("workspace/applyEdit") == []
