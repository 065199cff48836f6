"""The real server speaks the language of the editor: titles, errors, progress and hovers, its own and those of the index process."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from recoder_lsp.index.process.place import place_of
from recoder_lsp.index.store.manifest_schema import MANIFEST
from tests.server.talking import Editor, at, opened, request

DEADLINE_S = 60.0
CODE = "import os\n\n\ndef area(radius):\n    return 3 * radius * radius\n\n\nprint(area(2))\n"
CAPABILITIES = {
    "textDocument": {
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}}, "disabledSupport": True, "dataSupport": True},
        "hover": {"contentFormat": ["plaintext"]},
    }
}
WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 9}}
ON = {"index": {"enabled": True}, "navigation": {"code_lens": True}}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "areas.py").write_text(CODE)
    return folder


@pytest.fixture
def editor(server_command: Sequence[str]) -> Iterator[Editor]:
    with Editor(server_command) as editor:
        yield editor


def begun(editor: Editor, project: Path, **more: Any) -> str:
    editor.initialize(rootUri=project.as_uri(), capabilities=CAPABILITIES, **{"initializationOptions": ON, **more})
    uri = (project / "areas.py").as_uri()
    editor.say(opened(CODE, uri))
    return uri


def until(asked: Any, is_wanted: Any) -> Any:
    """What is answered, once it is wanted."""
    deadline = time.monotonic() + DEADLINE_S
    while not is_wanted(answer := asked()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)
    return answer


def titles(editor: Editor, uri: str) -> list[str]:
    params = {"textDocument": {"uri": uri}, "range": WHOLE, "context": {"diagnostics": []}}
    return [action["title"] for action in editor.ask("textDocument/codeAction", params)["result"] or ()]


def hovered(editor: Editor, uri: str) -> str:
    answer = editor.ask("textDocument/hover", at(3, 5, uri))["result"]
    return str(answer["contents"]["value"]) if answer else ""


def lenses(editor: Editor, uri: str) -> list[str]:
    return [lens["command"]["title"] for lens in editor.ask("textDocument/codeLens", {"textDocument": {"uri": uri}})["result"]]


def test_titles_of_actions_hovers_and_lenses_are_in_the_language_of_the_editor(editor: Editor, project: Path) -> None:
    uri = begun(editor, project, locale="de-DE")

    assert "Unbenutzten Import entfernen: os" in until(lambda: titles(editor, uri), bool)
    assert "Funktion · einmal im Arbeitsbereich verwendet" in until(lambda: hovered(editor, uri), lambda text: "verwendet" in text)
    assert "1 Verwendung dem Namen nach" in until(lambda: lenses(editor, uri), bool)


@pytest.mark.parametrize("locale", [{}, {"locale": "en-GB"}, {"locale": "tlh"}])
def test_without_a_language_that_it_has_the_server_speaks_english(editor: Editor, project: Path, locale: dict[str, str]) -> None:
    uri = begun(editor, project, **locale)

    assert "Remove unused import: os" in until(lambda: titles(editor, uri), bool)
    assert "function · used once in the workspace" in until(lambda: hovered(editor, uri), lambda text: "used" in text)


@pytest.mark.parametrize(
    ("locale", "title", "message"),
    [
        (
            "de",
            "Arbeitsbereich durchsuchen",
            'Es ist nicht gesagt, wonach zu suchen ist. Geben Sie eine "query" an, oder wählen Sie etwas aus.',
        ),
        ("en", "Search the workspace", 'It is not said what to look for. Give a "query", or select something.'),
    ],
)
def test_progress_and_errors_of_commands_are_in_the_language_of_the_editor(editor: Editor, locale: str, title: str, message: str) -> None:
    editor.initialize(locale=locale)
    editor.say(opened("   \n"))
    command = {"command": "recoder.search", "arguments": [at(0, 1)], "workDoneToken": "token"}

    editor.say(request("run", "workspace/executeCommand", command))

    begin = editor.hear(lambda heard: heard.get("method") == "$/progress")["params"]["value"]
    assert begin["title"] == title
    assert editor.answer_to("run")["error"]["message"].startswith(message)


def test_problems_with_settings_are_told_in_the_language_of_the_editor(editor: Editor) -> None:
    editor.initialize(locale="de", initializationOptions={"completion": {"max_tokens": "many", "maxtokens": 3}})

    message = editor.hear(lambda heard: heard.get("method") == "window/showMessage")["params"]["message"]

    assert message == (
        "Recoder: Einige Einstellungen gelten nicht:\n"
        "initializationOptions: completion.max_tokens muss eine ganze Zahl von 1 bis 512 sein, nicht 'many'.\n"
        'initializationOptions: Unbekannte Einstellung "completion.maxtokens" (ist "completion.max_tokens" gemeint?).'
    )


@pytest.mark.parametrize(
    ("locale", "reason"),
    [("de", "Der Index kann nicht geöffnet oder geschrieben werden."), ("en", "The index cannot be opened or written.")],
)
def test_the_index_process_speaks_it_too(editor: Editor, project: Path, locale: str, reason: str) -> None:
    # Where the index keeps its records there is a folder.
    (place_of(project, Path(os.environ["RECODER_HOME"])).folder / MANIFEST).mkdir(parents=True)
    begun(editor, project, locale=locale)

    index = until(lambda: editor.ask("recoder/status")["result"]["index"], lambda index: index["state"] == "failed")

    assert index["reason"].startswith(reason)


def test_states_have_the_same_names_in_every_language(editor: Editor, project: Path) -> None:
    begun(editor, project, locale="de")

    status = until(lambda: editor.ask("recoder/status")["result"], lambda status: status["index"]["state"] == "idle")

    assert status["completion"]["state"] == "active"
