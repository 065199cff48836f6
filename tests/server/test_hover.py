"""Hovers from the real server: with a real index, a real repository, and a model that describes in the background."""

import os
import shutil
import subprocess
import time

import pytest

from tests.scripted_chat import scripted_model
from tests.server.talking import Editor, at, changed, opened

HOVER, READY = "textDocument/hover", "recoder/hoverReady"
DEADLINE_S = 60.0
CODE = """def area(radius):
    if radius < 0:
        raise ValueError(radius)
    # TODO: units
    return 3 * radius * radius


def ring(outer, inner):
    return area(outer) - area(inner)
"""
MARKDOWN = {"hover": {"contentFormat": ["markdown", "plaintext"]}}
WANTS_TO_KNOW = {"experimental": {"recoder": {"hoverReady": True}}}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "rings.py").write_text(CODE)

    def run(*arguments):
        who = {
            f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "Ada Lovelace"), ("EMAIL", "a@b"))
        }
        dates = {"GIT_AUTHOR_DATE": "2020-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2020-01-02T03:04:05Z"}
        subprocess.run(["git", *arguments], cwd=folder, env={**os.environ, **who, **dates}, check=True, capture_output=True)

    if shutil.which("git") is not None:
        run("init", "--quiet")
        run("add", "--all")
        run("commit", "--quiet", "--message", "add *rings*")
    return folder


def begun(editor, project, capabilities=None, **settings):
    editor.initialize(
        rootUri=project.as_uri(),
        capabilities={"textDocument": MARKDOWN, **(capabilities or {})},
        initializationOptions={"index": {"enabled": True}, **settings},
    )
    uri = (project / "rings.py").as_uri()
    editor.say(opened(CODE, uri))
    return uri


def hovered(editor, uri, wanted, line=0, character=5):
    """What is shown, once it has what is wanted."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        answer = editor.ask(HOVER, at(line, character, uri))["result"]
        text = answer["contents"]["value"] if answer else ""
        if wanted in text:
            return text
        assert time.monotonic() < deadline, text
        time.sleep(0.02)


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
def test_everything_that_is_known_without_a_model(server_command, project):
    with Editor(server_command) as editor:
        uri = begun(editor, project)

        text = hovered(editor, uri, "Changed")

        years = text.rpartition("Changed ")[2].split(" ")[0]
        assert text == (
            "```python\ndef area(radius)\n```\n\n"
            f"Defined in [rings.py:1]({uri}#L1) · function · used 2 times in the workspace  \n"
            f"Called by [ring]({uri}#L8) (2 times)  \n"
            "Raises `ValueError` · returns `3 * radius * radius`  \n"
            "TODO: units (line 4)  \n"
            f"Changed {years} years ago: add \\*rings\\*"
        )
        assert f"Calls [area]({uri}#L1) (2 times)" in hovered(editor, uri, "Calls", line=7)


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
def test_who_changed_it_is_shown_where_that_is_wanted_and_unsaved_lines_are_not_committed(server_command, project):
    with Editor(server_command) as editor:
        uri = begun(editor, project, hover={"authors": True})
        assert " ago by AL: add" in hovered(editor, uri, "Changed")

        editor.say(changed({"text": CODE.replace("< 0", "< 1")}, uri=uri))

        hovered(editor, uri, "Changed, and not committed yet")


def test_a_model_describes_what_nobody_has_and_says_when_it_is_there(server_command, project, tmp_path):
    model = scripted_model(tmp_path, "Return the whole area of any circle there is.")
    with Editor(server_command) as editor:
        uri = begun(editor, project, WANTS_TO_KNOW, engine={"model": str(model)})
        assert "circle" not in hovered(editor, uri, "def area")

        deadline = time.monotonic() + DEADLINE_S
        # It begins to load with the first look: another one is needed when it is there.
        while "circle" not in (text := hovered(editor, uri, "def area")):
            assert time.monotonic() < deadline, text
            time.sleep(0.2)

        assert "(guessed by Scripted test model, a model for completion; it is often wrong)" in text
        ready = editor.ask("recoder/status")["result"]["requests"]["counts"]
        assert ready["hover.described_by_infill"] == 1


def test_an_editor_that_wants_to_know_is_told_when_a_description_is_there(server_command, project, tmp_path):
    model = scripted_model(tmp_path, "Return the whole area of any circle there is.")
    with Editor(server_command) as editor:
        uri = begun(editor, project, WANTS_TO_KNOW, engine={"model": str(model)})
        hovered(editor, uri, "def area")
        deadline = time.monotonic() + DEADLINE_S
        while editor.ask("recoder/status")["result"]["engine"]["state"] != "ready":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        editor.ask(HOVER, at(0, 5, uri))

        told = editor.hear(lambda message: message.get("method") == READY)

        assert told["params"] == {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 5}}


def test_a_chat_model_explains_once_somebody_has_had_it_loaded(server_command, project, tmp_path):
    model = scripted_model(tmp_path, "Computes the area of a ring. It is short.")
    with Editor(server_command) as editor:
        uri = begun(editor, project, models={"chat": str(model)})
        assert "Computes" not in hovered(editor, uri, "def area")
        assert editor.ask("recoder/status")["result"]["chat"]["state"] == "unloaded"

        editor.ask("workspace/executeCommand", {"command": "recoder.chat", "arguments": [{"message": "What is this?"}]})
        text = hovered(editor, uri, "Computes")

        assert (
            "Computes the area of a ring. It is short.  \n(written by Scripted test model, a model on this machine; it may be wrong)"
            in text
        )


def test_the_embedded_model_describes_nothing_unless_it_is_told_to(server_command, project):
    with Editor(server_command) as editor:
        uri = begun(editor, project)
        assert "guessed" not in hovered(editor, uri, "def area")
        time.sleep(0.5)

        assert "guessed" not in hovered(editor, uri, "def area")
        assert "hover.described_by_infill" not in editor.ask("recoder/status")["result"]["requests"]["counts"]


def test_hovers_can_be_turned_off(server_command, project):
    with Editor(server_command) as editor:
        uri = begun(editor, project, hover={"enabled": False})

        assert editor.ask(HOVER, at(0, 5, uri))["result"] is None
