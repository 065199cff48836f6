"""Code actions over LSP, as editors of different abilities ask for them."""

import pytest

from recoder_lsp.features.actions.offering import Offer
from recoder_lsp.features.code_actions import CodeActions
from recoder_lsp.features.edits import Change, Edit, FileChange
from tests.server.talking import URI, Conversation, changed, notification, opened, request

TEXT = "x = 1\nprint(x)\n"
LITERALS = {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source"]}}}
LAZY = {**LITERALS, "dataSupport": True, "resolveSupport": {"properties": ["edit"]}}
VERSIONED = {"documentChanges": True, "resourceOperations": ["create"]}
NEW_FILE = FileChange("file:///work/test_example.py", (Edit(0, 0, "def test_x():\n    assert x\n"),), None)


def client(code_action, *, workspace_edit=None, apply_edit=False, **more):
    workspace = {"workspaceEdit": workspace_edit or {}, "applyEdit": apply_edit}
    return {"capabilities": {"textDocument": {"codeAction": code_action}, "workspace": workspace, **more}}


def talking(params, *offers):
    talk = Conversation()
    talk.initialize(**params)
    app = talk.app
    app.code_actions = CodeActions(app.syntax, app.workspace, app.metrics, (lambda site: offers,), ())
    talk.say(opened(TEXT))
    return talk


async def ask(talk, method, params, request_id=7):
    """What is answered, also by what another thread does."""
    talk.say(request(request_id, method, params))
    (answer,) = await talk.heard(lambda message: "method" not in message and message["id"] == request_id)
    talk.sent.remove(answer)
    return answer["error"] if "error" in answer else answer["result"]


async def said(talk, method):
    return (await talk.heard(lambda message: message.get("method") == method))[-1]


def at(line=0, character=0, end=None, **context):
    place = {"start": {"line": line, "character": character}, "end": {"line": line, "character": character if end is None else end}}
    return {"textDocument": {"uri": URI}, "range": place, "context": {"diagnostics": [], **context}}


def renaming(**more):
    return Offer("rename", "Call it y", "refactor.rewrite", lambda: Change((Edit(0, 1, "y"), Edit(12, 13, "y"))), **more)


EDITS = [
    {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}, "newText": "y"},
    {"range": {"start": {"line": 1, "character": 6}, "end": {"line": 1, "character": 7}}, "newText": "y"},
]


async def test_an_edit_is_worked_out_when_the_action_is_chosen():
    talk = talking(client(LAZY, workspace_edit=VERSIONED), renaming())

    (action,) = await ask(talk, "textDocument/codeAction", at())
    assert "edit" not in action
    resolved = await ask(talk, "codeAction/resolve", action)

    assert (action["title"], action["kind"]) == ("Call it y", "refactor.rewrite")
    assert resolved["edit"] == {"documentChanges": [{"textDocument": {"uri": URI, "version": 1}, "edits": EDITS}]}


async def test_editors_that_resolve_nothing_get_the_edit_at_once():
    talk = talking(client(LITERALS), renaming())

    (action,) = await ask(talk, "textDocument/codeAction", at())

    assert action["edit"] == {"changes": {URI: EDITS}}
    assert "data" not in action


async def test_editors_without_code_actions_get_commands_that_apply_them():
    talk = talking(client({}, apply_edit=True), renaming(), Offer("no", "Impossible", "refactor", disabled="No."))

    (command,) = await ask(talk, "textDocument/codeAction", at())
    assert (command["title"], command["command"]) == ("Call it y", "recoder.action")
    talk.say(request(8, "workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]}))
    question = await said(talk, "workspace/applyEdit")
    talk.say({"jsonrpc": "2.0", "id": question["id"], "result": {"applied": True}})

    assert question["params"] == {"label": "Call it y", "edit": {"changes": {URI: EDITS}}}
    assert (await talk.answers(8))[0]["result"] is None


async def test_an_edit_that_the_editor_does_not_make_is_an_error():
    talk = talking(client({}, apply_edit=True), renaming())
    (command,) = await ask(talk, "textDocument/codeAction", at())

    talk.say(request(8, "workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]}))
    question = await said(talk, "workspace/applyEdit")
    talk.say({"jsonrpc": "2.0", "id": question["id"], "result": {"applied": False, "failureReason": "read only"}})

    (answer,) = await talk.answers(8)
    assert "did not make the change (read only)" in answer["error"]["message"]


async def test_an_editor_that_cannot_be_asked_to_change_text_is_told_so():
    talk = talking(client({}), renaming())
    (command,) = await ask(talk, "textDocument/codeAction", at())

    answer = await ask(talk, "workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]}, 8)

    assert "does not let a language server change text" in answer["message"]


async def test_only_the_kinds_that_are_asked_for_are_offered():
    organise = Offer("organise", "Organise imports", "source.organizeImports", lambda: Change())
    talk = talking(client(LAZY), renaming(), organise)

    assert [action["title"] for action in await ask(talk, "textDocument/codeAction", at())] == ["Call it y"]
    found = await ask(talk, "textDocument/codeAction", at(only=["source"]), 8)
    assert [action["title"] for action in found] == ["Organise imports"]
    assert await ask(talk, "textDocument/codeAction", at(only=["refactor.extract"]), 9) == []


async def test_what_cannot_be_done_is_shown_with_the_reason_to_who_asked():
    impossible = Offer("no", "Extract", "refactor.extract", disabled="Nothing is selected.")
    talk = talking(client({**LAZY, "disabledSupport": True}), impossible)

    (action,) = await ask(talk, "textDocument/codeAction", at(triggerKind=1))

    assert action["disabled"] == {"reason": "Nothing is selected."}
    assert await ask(talk, "textDocument/codeAction", at(triggerKind=2), 8) == []


async def test_editors_that_cannot_show_it_are_spared_it():
    talk = talking(client(LAZY), Offer("no", "Extract", "refactor.extract", disabled="Nothing is selected."))

    assert await ask(talk, "textDocument/codeAction", at(triggerKind=1)) == []


async def test_a_change_that_would_break_the_document_never_reaches_the_editor():
    broken = Offer("it", "Break it", "quickfix", lambda: Change((Edit(0, 0, "("),)))
    eager = talking(client({**LITERALS, "disabledSupport": True}), broken)
    lazy = talking(client(LAZY), broken)

    (action,) = await ask(eager, "textDocument/codeAction", at(triggerKind=1))
    (chosen,) = await ask(lazy, "textDocument/codeAction", at())
    refused = await ask(lazy, "codeAction/resolve", chosen, 8)

    assert "edit" not in action
    assert "break the syntax" in action["disabled"]["reason"]
    assert "break the syntax" in refused["message"]


async def test_an_action_chosen_after_a_change_is_refused():
    talk = talking(client(LAZY), renaming())
    (action,) = await ask(talk, "textDocument/codeAction", at())

    talk.say(changed({"text": "y = 1\n"}))
    refused = await ask(talk, "codeAction/resolve", action, 8)

    assert "changed meanwhile" in refused["message"]


async def test_an_action_of_a_closed_document_is_forgotten():
    talk = talking(client(LAZY), renaming())
    (action,) = await ask(talk, "textDocument/codeAction", at())

    talk.say(notification("textDocument/didClose", {"textDocument": {"uri": URI}}))

    assert "too long ago" in (await ask(talk, "codeAction/resolve", action, 8))["message"]


async def test_actions_of_other_servers_are_returned_as_they_came():
    talk = talking(client(LAZY), renaming())
    foreign = {"title": "Theirs", "data": {"theirs": 1}}

    assert await ask(talk, "codeAction/resolve", foreign) == foreign


async def test_a_file_is_created_where_the_editor_can():
    with_tests = Offer("tests", "Write tests", "refactor", lambda: Change((), (NEW_FILE,)))
    able = talking(client(LITERALS, workspace_edit=VERSIONED), with_tests)
    unable = talking(client({**LITERALS, "disabledSupport": True}, workspace_edit={"documentChanges": True}), with_tests)

    (action,) = await ask(able, "textDocument/codeAction", at())
    (impossible,) = await ask(unable, "textDocument/codeAction", at(triggerKind=1))

    create, fill = action["edit"]["documentChanges"]
    assert (create["kind"], create["uri"], create["options"]) == ("create", NEW_FILE.uri, {"overwrite": False, "ignoreIfExists": False})
    assert fill["textDocument"] == {"uri": NEW_FILE.uri, "version": None}
    assert [edit["newText"] for edit in fill["edits"]] == [NEW_FILE.edits[0].text]
    assert "cannot create files" in impossible["disabled"]["reason"]


async def test_another_file_that_is_open_with_another_text_is_left_alone():
    other = FileChange("file:///work/other.py", (Edit(0, 0, "y = 2\n"),), "on disk\n")
    talk = talking(client({**LITERALS, "disabledSupport": True}), Offer("it", "Both", "refactor", lambda: Change((), (other,))))
    talk.say(opened("unsaved\n", uri=other.uri))

    (action,) = await ask(talk, "textDocument/codeAction", at(triggerKind=1))

    assert "has changed meanwhile" in action["disabled"]["reason"]


async def test_edits_are_annotated_where_the_editor_shows_annotations():
    talk = talking(client(LITERALS, workspace_edit={**VERSIONED, "changeAnnotationSupport": {}}), renaming())

    (action,) = await ask(talk, "textDocument/codeAction", at())

    edit = action["edit"]
    assert edit["changeAnnotations"] == {"recoder": {"label": "Call it y", "description": "Recoder", "needsConfirmation": False}}
    assert {each["annotationId"] for each in edit["documentChanges"][0]["edits"]} == {"recoder"}


async def test_an_action_may_be_a_command_with_its_place():
    asking = Offer("explain", "Explain", "refactor", command="recoder.explain", arguments={"short": True})
    talk = talking(client(LAZY) | {"clientInfo": {"name": "An editor"}}, asking)

    (action,) = await ask(talk, "textDocument/codeAction", at(0, 0, end=1))

    place = {"textDocument": {"uri": URI}, "range": at(0, 0, end=1)["range"]}
    assert action["command"] == {"title": "Explain", "command": "recoder.explain", "arguments": [{**place, "short": True}]}


async def test_a_fix_names_the_complaint_that_it_answers():
    complaint = {"range": at(0, 0, end=1)["range"], "message": "unused", "code": "F841"}
    talk = talking(client({**LAZY, "isPreferredSupport": True}), renaming(fixes=(0,), is_preferred=True))

    (action,) = await ask(talk, "textDocument/codeAction", at(diagnostics=[complaint]))

    assert action["diagnostics"] == [complaint]
    assert action["isPreferred"] is True


async def test_the_server_says_which_kinds_it_has():
    result = Conversation().initialize()

    provider = result["capabilities"]["codeActionProvider"]
    assert provider["resolveProvider"] is True
    assert "refactor.extract" in provider["codeActionKinds"]


async def test_a_document_that_is_not_open_has_no_actions():
    talk = Conversation()
    talk.initialize(**client(LAZY))

    assert await ask(talk, "textDocument/codeAction", at()) is None


@pytest.mark.parametrize(
    ("editor", "end", "selected"),
    [("helix", 1, ""), ("helix", 5, "x = 1"), ("Eglot", 1, ""), ("Eglot", 5, "x = 1"), ("", 1, ""), ("Neovim", 1, "x")],
)
async def test_where_an_editor_always_selects_what_is_at_the_cursor_that_alone_is_no_selection(editor, end, selected):
    sites = []
    talk = talking({**client(LAZY), "clientInfo": {"name": editor}})
    app = talk.app
    app.code_actions = CodeActions(app.syntax, app.workspace, app.metrics, (lambda site: sites.append(site) or (),), ())

    await ask(talk, "textDocument/codeAction", at(end=end))

    assert [site.selected for site in sites] == [selected]


@pytest.mark.parametrize(("applies", "offered"), [(True, ["Explain", "Simplify"]), (False, ["Explain"])])
async def test_commands_that_change_the_text_are_offered_where_the_editor_lets_them(applies, offered):
    explain = Offer("explain", "Explain", "recoder.explain", command="recoder.explain")
    simplify = Offer("simplify", "Simplify", "refactor.rewrite", command="recoder.simplify")
    talk = talking(client(LITERALS, apply_edit=applies), explain, simplify)

    actions = await ask(talk, "textDocument/codeAction", at())

    assert [action["title"] for action in actions] == offered
