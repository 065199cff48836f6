"""The workspace index behind the server: what it is told, what the user sees of it, and that the server outlives it."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recoder_lsp.index.process.wire import IndexState
from recoder_lsp.server import lifecycle, notify
from tests.index.serving import index_processes, runs
from tests.server.talking import URI, Conversation, Editor, at, changed, notification, opened, request, settled

DEADLINE_S = 60.0
PROGRESS = {"window": {"workDoneProgress": True}}
WATCHES = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
PULLS = {"workspace": {"configuration": True}}
ON = {"initializationOptions": {"index": {"enabled": True}}}


def folder(path: Path | str) -> dict[str, str]:
    return {"uri": path if isinstance(path, str) else path.as_uri(), "name": "folder"}


def told(talk: Conversation, *names: str) -> list[tuple[Any, ...]]:
    return [notice for notice in talk.app.workspace.told if notice[0] in names]


async def answer_the_question(talk: Conversation, method: str, **answer: Any) -> dict[str, Any]:
    await settled()
    question = talk.said_by_server(method)[-1]
    talk.say({"jsonrpc": "2.0", "id": question["id"], **answer})
    await settled()
    return question


def progress(talk: Conversation) -> list[dict[str, Any]]:
    return [message["params"]["value"] for message in talk.said_by_server("$/progress")]


# -- what it is told


async def test_it_is_opened_only_when_the_editor_is_ready():
    talk = Conversation()
    params = {"processId": None, "rootUri": "file:///work", "capabilities": {}}
    talk.say(request(1, "initialize", params))
    assert talk.app.workspace.told == []

    talk.say(notification("initialized", {}))

    assert talk.app.workspace.told == [("start", ["file:///work"], False)]


async def test_where_settings_can_be_asked_for_it_waits_for_them():
    talk = Conversation()
    talk.initialize(capabilities=PULLS)
    await settled()
    assert told(talk, "start") == []

    await answer_the_question(talk, "workspace/configuration", result=[{"index": {"enabled": True}}])

    assert told(talk, "start") == [("start", [], False)]


async def test_it_learns_of_every_document(talk):
    talk.say(opened("one"))
    talk.say(changed({"text": "two"}))
    talk.say(notification("textDocument/didSave", {"textDocument": {"uri": URI}}))
    talk.say(notification("textDocument/didClose", {"textDocument": {"uri": URI}}))

    assert told(talk, "opened", "changed", "saved", "closed") == [("opened", URI), ("changed", URI), ("saved", URI), ("closed", URI)]


async def test_a_document_that_is_lost_counts_as_closed(talk):
    talk.say(opened("one"))
    talk.say(notification("textDocument/didChange", {"textDocument": {"uri": URI}, "contentChanges": 5}))

    assert told(talk, "closed") == [("closed", URI)]
    assert talk.app.inline_completion.forgotten == [URI]


async def test_it_learns_of_changed_files_and_folders(talk):
    changes = [{"uri": "file:///work/a", "type": 1}, {"uri": "file:///work/b", "type": 3}]
    talk.say(notification("workspace/didChangeWatchedFiles", {"changes": changes}))
    event = {"event": {"added": [folder("file:///work")], "removed": []}}
    talk.say(notification("workspace/didChangeWorkspaceFolders", event))

    assert told(talk, "watched", "set_folders") == [("watched", ["file:///work/a", "file:///work/b"]), ("set_folders", ["file:///work"])]


async def test_an_editor_that_can_watch_is_asked_to():
    talk = Conversation()
    talk.initialize(capabilities=WATCHES, **ON)
    assert told(talk, "start") == [("start", [], True)]

    question = await answer_the_question(talk, "client/registerCapability", result=None)

    (registration,) = question["params"]["registrations"]
    assert registration["method"] == "workspace/didChangeWatchedFiles"
    assert registration["registerOptions"]["watchers"] == [{"globPattern": "**/*"}]
    assert told(talk, "told_of_changes") == [("told_of_changes", True)]


async def test_when_the_editor_refuses_to_watch_the_index_does_it():
    talk = Conversation()
    talk.initialize(capabilities=WATCHES, **ON)

    await answer_the_question(talk, "client/registerCapability", error={"code": -32601, "message": "no"})

    assert told(talk, "told_of_changes") == [("told_of_changes", False)]


@pytest.mark.parametrize("index", [{"enabled": False}, {"enabled": True, "watch": "always"}])
async def test_an_editor_is_not_asked_to_watch_where_nobody_needs_it(index):
    talk = Conversation()
    talk.initialize(capabilities=WATCHES, initializationOptions={"index": index})
    await settled()
    assert talk.sent == []

    talk.say(notification("workspace/didChangeConfiguration", {"settings": {"recoder": {"index": {"enabled": True, "watch": "auto"}}}}))
    await settled()
    talk.say(notification("workspace/didChangeConfiguration", {"settings": {"recoder": {"index": {"enabled": True, "watch": "auto"}}}}))
    await settled()

    assert len(talk.said_by_server("client/registerCapability")) == 1


# -- what the user sees


async def test_indexing_shows_how_many_files_are_left(monkeypatch):
    monkeypatch.setattr(notify, "INDEXING_AFTER_S", 0)
    talk = Conversation()
    talk.initialize(capabilities=PROGRESS)
    say = talk.app.workspace.on_state

    say(IndexState("scanning"))
    await asyncio.sleep(0.01)
    await answer_the_question(talk, "window/workDoneProgress/create", result=None)
    for done in (0, 1500, 1999):
        say(IndexState("indexing", done, 2000))
        await settled()
    say(IndexState("idle"))
    await settled()
    say(IndexState("idle"))

    assert [value["kind"] for value in progress(talk)] == ["begin", "report", "report", "report", "end"]
    assert progress(talk)[0] == {"kind": "begin", "title": "Indexing the workspace", "cancellable": True, "percentage": 0}
    assert [(value["percentage"], value["message"]) for value in progress(talk)[1:4]] == [
        (0, "2,000 files left"),
        (75, "500 files left"),
        (99, "1 file left"),
    ]


async def test_indexing_can_be_stopped_by_the_user(monkeypatch):
    monkeypatch.setattr(notify, "INDEXING_AFTER_S", 0)
    talk = Conversation()
    talk.initialize(capabilities=PROGRESS)
    talk.app.workspace.on_state(IndexState("indexing", 1, 2))
    await asyncio.sleep(0.01)
    token = (await answer_the_question(talk, "window/workDoneProgress/create", result=None))["params"]["token"]

    talk.say(notification("window/workDoneProgress/cancel", {"token": "another"}))
    assert told(talk, "pause") == []
    talk.say(notification("window/workDoneProgress/cancel", {"token": token}))
    assert told(talk, "pause") == [("pause",)]

    talk.app.workspace.on_state(IndexState("paused", 1, 2))
    await settled()
    assert progress(talk)[-1]["kind"] == "end"
    talk.say(notification("window/workDoneProgress/cancel", {"token": token}))
    assert told(talk, "pause") == [("pause",)]


@pytest.mark.parametrize(
    ("message", "resumed"),
    [
        (notification("workspace/didChangeWorkspaceFolders", {"event": {"added": [folder("file:///work")], "removed": []}}), True),
        (notification("workspace/didChangeConfiguration", {"settings": {"recoder": {"index": {"enabled": True, "max_file_kb": 7}}}}), True),
        (notification("workspace/didChangeConfiguration", {"settings": {"recoder": {"completion": {"enabled": False}}}}), False),
    ],
    ids=lambda value: value["method"] if isinstance(value, dict) else str(value),
)
async def test_indexing_that_was_stopped_goes_on_with_other_folders_or_settings(message, resumed):
    talk = Conversation()
    talk.initialize()
    talk.app.workspace.pause()

    talk.say(message)

    assert (("resume",) in talk.app.workspace.told) == resumed


async def test_with_other_folders_related_code_is_forgotten(talk):
    talk.say(notification("workspace/didChangeWorkspaceFolders", {"event": {"added": [folder("file:///work")], "removed": []}}))

    assert talk.app.inline_completion.forgotten == ["related code"]


async def test_what_was_stopped_is_not_shown_any_more_although_another_window_goes_on_with_it(monkeypatch):
    monkeypatch.setattr(notify, "INDEXING_AFTER_S", 0)
    talk = Conversation()
    talk.initialize(capabilities=PROGRESS)
    talk.app.workspace.on_state(IndexState("indexing", 1, 3))
    await asyncio.sleep(0.01)
    token = (await answer_the_question(talk, "window/workDoneProgress/create", result=None))["params"]["token"]

    talk.say(notification("window/workDoneProgress/cancel", {"token": token}))
    talk.app.workspace.on_state(IndexState("indexing", 2, 3))
    await asyncio.sleep(0.01)

    assert progress(talk)[-1]["kind"] == "end"
    assert len(talk.said_by_server("window/workDoneProgress/create")) == 1


async def test_a_session_that_ends_before_its_settings_came_opens_no_index():
    talk = Conversation()
    talk.initialize(capabilities=PULLS)
    await settled()

    await talk.ask("shutdown")

    assert told(talk, "start") == []


async def test_settings_that_break_us_leave_the_index_open(monkeypatch):
    talk = Conversation()
    talk.initialize(capabilities=PULLS)

    def broken(*_):
        raise KeyError("secret")

    monkeypatch.setattr(lifecycle, "apply_settings", broken)
    await answer_the_question(talk, "workspace/configuration", result=[{}])

    assert told(talk, "start") == [("start", [], False)]


async def test_what_takes_no_time_is_not_shown():
    talk = Conversation()
    talk.initialize(capabilities=PROGRESS)

    talk.app.workspace.on_state(IndexState("scanning"))
    await settled()
    talk.app.workspace.on_state(IndexState("idle"))
    await settled()

    assert talk.sent == []


async def test_status_says_how_the_index_is(talk):
    talk.app.workspace.state = IndexState("indexing", 1, 2, 3, 4)
    talk.app.workspace.available = True

    assert (await talk.ask("recoder/status"))["index"] == {
        "available": True,
        "state": "indexing",
        "files": 3,
        "chunks": 4,
        "done": 1,
        "total": 2,
    }


# -- with a real process


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for number in range(3):
        (folder / f"module_{number}.py").write_text(f"def function_{number}():\n    return {number}\n")
    return folder


def index_status(editor: Editor) -> dict[str, Any]:
    return editor.ask("recoder/status")["result"]["index"]


def eventually(wanted: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while not (outcome := wanted()):
        assert time.monotonic() < deadline, "this never became true"
        time.sleep(0.02)
    return outcome


def test_two_servers_share_one_index_which_ends_with_the_last_one(server_command, project, recoder_home):
    def idle(editor: Editor) -> bool:
        status = index_status(editor)
        return status["available"] and status["state"] == "idle" and status["files"] == 3 and status["chunks"] >= 3

    with Editor(server_command) as first:
        first.initialize(rootUri=project.as_uri(), **ON)
        with Editor(server_command) as second:
            second.initialize(rootUri=project.as_uri(), **ON)
            eventually(lambda: idle(first))
            eventually(lambda: idle(second))
            (process_id,) = index_processes(Path(recoder_home))
            second.ask("shutdown")
            second.say(notification("exit"))
            assert second.exit_code() == 0
        assert idle(first)
        assert runs(process_id)
        first.ask("shutdown")
        first.say(notification("exit"))
        assert first.exit_code() == 0

    eventually(lambda: not index_processes(Path(recoder_home)))


def test_a_killed_index_is_back_in_a_moment_and_the_server_answers_meanwhile(server_command, project, recoder_home):
    with Editor(server_command) as editor:
        editor.initialize(rootUri=project.as_uri(), **ON)
        eventually(lambda: index_status(editor)["state"] == "idle")
        (process_id,) = index_processes(Path(recoder_home))

        os.kill(process_id, signal.SIGKILL)

        eventually(lambda: index_status(editor)["available"] is False)
        editor.say(opened("def f():\n    return ", (project / "new.py").as_uri()))
        assert "result" in editor.ask("textDocument/inlineCompletion", at(1, 11, (project / "new.py").as_uri()))
        eventually(lambda: index_status(editor)["state"] == "idle")
        assert index_processes(Path(recoder_home)) != [process_id]
        # The document that is open was never saved: the new process was told of it.
        eventually(lambda: index_status(editor)["files"] >= 3)


def test_a_killed_server_leaves_no_index_behind(server_command, project, recoder_home):
    with Editor(server_command) as editor:
        editor.initialize(rootUri=project.as_uri(), **ON)
        eventually(lambda: index_processes(Path(recoder_home)))
        editor.process.kill()

    eventually(lambda: not index_processes(Path(recoder_home)))


def test_switched_off_no_process_is_started(server_command, project, recoder_home):
    with Editor(server_command) as editor:
        editor.initialize(rootUri=project.as_uri())
        editor.say(opened("", (project / "module_0.py").as_uri()))

        assert "index.enabled" in index_status(editor)["reason"]
        assert index_processes(Path(recoder_home)) == []
        assert not (Path(recoder_home) / "index").exists()
