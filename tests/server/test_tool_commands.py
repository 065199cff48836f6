"""The commands that change no code, with real parts behind the server: Git, an index, models."""

import re
import subprocess
from pathlib import Path

import pytest

from recoder_lsp.engine.models import embedded
from tests.scripted_chat import scripted_model
from tests.server.desk import CAPABLE, Desk, place
from tests.server.talking import URI

TEXT = "def area(width, height):\n    return width * height\n\n\nprint(area(1, 2))\n"
SHAPES = '''"""Shapes."""


def perimeter(width, height):
    """Return the length of the edge of a rectangle."""
    return 2 * (width + height)
'''


@pytest.fixture
async def desk():
    """Make an editor with these folders and settings; it is closed after the test."""
    desks = []

    def make(*folders, capabilities=CAPABLE, **settings):
        desks.append(Desk())
        desks[-1].begin(*folders, capabilities=capabilities, **settings)
        return desks[-1]

    yield make
    for each in desks:
        await each.close()


@pytest.fixture
def repository(tmp_path):
    """A folder under Git with one file in it, of which another version is staged."""
    folder = tmp_path / "work"
    folder.mkdir()
    ask_git(folder, "init", "-q")
    (folder / "shapes.py").write_text(SHAPES)
    ask_git(folder, "add", "-A")
    ask_git(folder, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "x")
    (folder / "shapes.py").write_text(SHAPES.replace("2 * (", "2.0 * ("))
    ask_git(folder, "add", "-A")
    return folder


def ask_git(folder, *arguments):
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def shown(desk):
    """The document that the editor was asked to open last, from its third `/` on, and what is in it."""
    path = Path(desk.shown[-1].removeprefix("file://"))
    return path, path.read_text()


MESSAGE = "Change perimeter in shapes.py\n\n- shapes.py: perimeter (+1 -1)"


async def test_a_commit_message_lists_what_is_staged(desk, repository):
    desk = desk()
    desk.open((repository / "shapes.py").as_uri(), SHAPES)

    outcome = await desk.run("recoder.commitMessage", {"textDocument": {"uri": (repository / "shapes.py").as_uri()}})

    assert outcome == {"message": MESSAGE, "model": "", "why": "No chat model is set.", "staged": True}
    path, text = shown(desk)
    assert (path.name, text) == ("commit-message.md", MESSAGE + "\n")
    assert path.stat().st_mode & 0o077 == 0


async def test_where_nothing_is_staged_the_message_is_about_what_is_changed(desk, repository):
    ask_git(repository, "reset", "-q")
    desk = desk()
    desk.open((repository / "shapes.py").as_uri(), SHAPES)

    outcome = await desk.run("recoder.commitMessage", {"textDocument": {"uri": (repository / "shapes.py").as_uri()}, "show": False})

    assert (outcome["message"], outcome["staged"]) == (MESSAGE, False)
    assert desk.shown == []


async def test_a_commit_message_is_about_the_repository_that_is_named(desk, repository, tmp_path):
    desk = desk()
    desk.open((tmp_path / "elsewhere.py").as_uri(), SHAPES)

    outcome = await desk.run("recoder.commitMessage", {"folder": repository.as_uri(), "show": False})

    assert outcome["message"] == MESSAGE


async def test_in_gits_own_file_the_message_is_written_where_one_edits_it(desk, repository, tmp_path):
    desk = desk(models={"chat": str(scripted_model(tmp_path, "Let perimeters be fractions"))})
    uri = (repository / ".git/COMMIT_EDITMSG").as_uri()
    desk.open(uri, "\n# Please enter the commit message.\n", "git-commit")

    await desk.run("recoder.commitMessage", {"textDocument": {"uri": uri}})

    assert desk.texts[uri] == "Let perimeters be fractions\n\n# Please enter the commit message.\n"


async def test_files_of_secrets_are_no_part_of_the_message(desk, repository):
    (repository / ".env").write_text("TOKEN=abc\n")
    ask_git(repository, "add", "-A")
    desk = desk()
    desk.open((repository / "shapes.py").as_uri(), SHAPES)

    outcome = await desk.run("recoder.commitMessage", {"textDocument": {"uri": (repository / "shapes.py").as_uri()}})

    assert outcome["message"] == MESSAGE


async def test_without_any_change_there_is_no_message(desk, tmp_path):
    desk = desk()
    desk.open((tmp_path / "a.py").as_uri(), TEXT)

    outcome = await desk.run("recoder.commitMessage", {"textDocument": {"uri": (tmp_path / "a.py").as_uri()}})

    assert "Git knows of no change" in outcome["message"]


async def test_an_explanation_is_answered_and_shown(desk, tmp_path):
    desk = desk(models={"chat": str(scripted_model(tmp_path, "It multiplies."))})
    desk.open(URI, TEXT)

    outcome = await desk.run("recoder.explain", place(URI, TEXT, "return ▮width"))

    assert "It multiplies." in outcome["markdown"]
    path, text = shown(desk)
    assert path.name == "explanation.recoder.md"
    assert text.strip() == outcome["markdown"].strip()


async def test_an_editor_that_opens_no_documents_gets_a_message(desk, tmp_path):
    desk = desk(capabilities={}, models={"chat": str(scripted_model(tmp_path, "It multiplies. " * 200))})
    desk.open(URI, TEXT)

    await desk.run("recoder.explain", place(URI, TEXT, "return ▮width"))

    (message,) = desk.said_by_server("window/showMessage")
    assert message["params"]["message"].startswith("It multiplies.")
    assert len(message["params"]["message"]) == 1_000


@pytest.mark.parametrize("command", ["recoder.explain", "recoder.search", "recoder.edit", "recoder.docs"])
async def test_with_no_document_open_that_is_what_is_said(desk, command):
    assert "No open document is meant." in (await desk().run(command))["message"]


async def test_the_status_is_answered_and_shown(desk):
    desk = desk()

    outcome = await desk.run("recoder.status")

    assert outcome["index"]["state"] == "off"
    path, text = shown(desk)
    assert path.name == "status.md"
    assert text.startswith(f"# Recoder {outcome['version']}\n")
    assert "| Chat model | none |" in text
    assert "index.enabled is false" in text


async def test_models_on_this_disk_are_listed_with_what_they_are_for(desk, tmp_path, recoder_home):
    folder = Path(recoder_home) / "models"
    folder.mkdir()
    scripted_model(folder, "Hello.")
    (folder / "broken.gguf").write_bytes(b"GGUF")
    (folder / "notes.txt").write_text("no model")

    outcome = await desk(models={"chat": "scripted"}).run("recoder.models", {"show": False})

    assert (outcome["completion"], outcome["chat"]) == ("embedded", "scripted")
    listed = {model["setting"]: model for model in outcome["models"]}
    assert set(listed) == {"embedded", "broken", "scripted"}
    assert (listed["scripted"]["name"], listed["scripted"]["is_instruct"]) == ("Scripted test model", True)
    assert listed["embedded"]["size_bytes"] == embedded().stat().st_size
    assert not listed["embedded"]["is_instruct"]
    assert listed["broken"]["problem"]


async def test_models_are_shown_as_a_table(desk):
    desk = desk()

    await desk.run("recoder.models")

    _, text = shown(desk)
    assert "Chat: none" in text
    assert "| `embedded` |" in text


async def test_the_log_is_opened_where_it_is_a_file(desk, tmp_path):
    desk = desk(log={"file": str(tmp_path / "recoder.log")})

    assert await desk.run("recoder.openLog") == {"path": str(tmp_path / "recoder.log")}
    assert desk.shown == [(tmp_path / "recoder.log").as_uri()]


async def test_a_log_that_is_no_file_says_how_to_have_one(desk):
    assert "Set log.file" in (await desk().run("recoder.openLog"))["message"]


@pytest.mark.parametrize("command", ["recoder.search", "recoder.reindex"])
async def test_without_an_index_that_is_what_is_said(desk, command):
    desk = desk()
    desk.open(URI, TEXT)

    outcome = await desk.run(command, {"query": "area"} if command == "recoder.search" else {})

    assert "index" in outcome["message"]


async def test_the_workspace_is_searched_and_indexed_again(desk, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "shapes.py").write_text(SHAPES)
    desk = desk(folder, index={"enabled": True})
    (client,) = desk.app.workspace.clients
    await client.until(lambda state: state.phase == "idle" and state.n_files > 0)
    desk.open(URI, TEXT.replace("area", "perimeter"))

    found = await desk.run("recoder.search", place(URI, TEXT.replace("area", "perimeter"), "def ▮perimeter"))
    (folder / "more.py").write_text("def volume():\n    return 1\n")
    again = await desk.run("recoder.reindex")

    assert found["query"] == "perimeter"
    hit = next(each for each in found["hits"] if each["uri"] == (folder / "shapes.py").as_uri())
    assert hit["symbol"] == "perimeter"
    _, text = shown(desk)
    assert text.startswith("# perimeter\n")
    assert f"[shapes.py:1]({(folder / 'shapes.py').as_uri()}#L1) perimeter (" in text
    assert "def perimeter(width, height):" in text
    assert again["files"] >= 2


TESTS = "from shapes import perimeter\n\n\ndef test_nothing_has_no_edge():\n    assert perimeter(0, 0) == 0\n"
TESTED = """```python
import pytest


def test_an_edge_goes_around():
    assert perimeter(1, 2) == 6
```"""


@pytest.fixture
async def project(desk, tmp_path):
    """A folder with a function and a test of it, indexed; with a chat model that gives these answers, or none."""

    async def project(*answers):
        folder = tmp_path / "work"
        (folder / "tests").mkdir(parents=True)
        (folder / "shapes.py").write_text(SHAPES)
        (folder / "tests/test_shapes.py").write_text(TESTS)
        made = desk(folder, index={"enabled": True}, models={"chat": str(scripted_model(tmp_path, answers))} if answers else {})
        (client,) = made.app.workspace.clients
        await client.until(lambda state: state.phase == "idle" and state.n_files > 1)
        made.open((folder / "shapes.py").as_uri(), SHAPES)
        made.texts[(folder / "tests/test_shapes.py").as_uri()] = TESTS
        return made, (folder / "shapes.py").as_uri(), (folder / "tests/test_shapes.py").as_uri()

    return project


async def test_tests_of_a_model_go_where_the_tests_of_the_project_are(project):
    desk, uri, tests = await project(TESTED)

    outcome = await desk.run("recoder.tests", place(uri, SHAPES, "def ▮perimeter"))

    assert outcome["model"] == "Scripted test model"
    assert desk.texts[uri] == SHAPES
    imports, _, rest = TESTS.partition("\n\n\n")
    new = "def test_an_edge_goes_around():\n    assert perimeter(1, 2) == 6\n"
    assert desk.texts[tests] == f"{imports}\nimport pytest\n\n\n{rest}\n\n{new}"


@pytest.mark.parametrize(
    ("answer", "because"),
    [
        (TESTED.replace("perimeter(1, 2)", "area(1, 2)"), "in which perimeter does not occur"),
        (TESTED.replace("== 6", "== (6"), "would break the syntax|cannot be parsed"),
        ("You should test perimeter.", "without code"),
    ],
)
async def test_what_are_no_tests_of_it_is_refused(project, answer, because):
    desk, uri, tests = await project(answer)

    outcome = await desk.run("recoder.tests", place(uri, SHAPES, "def ▮perimeter"))

    assert re.search(because, outcome["message"])
    assert desk.texts[tests] == TESTS


async def test_without_a_chat_model_a_test_is_to_be_finished(project):
    desk, uri, tests = await project()

    outcome = await desk.run("recoder.tests", place(uri, SHAPES, "def ▮perimeter"))

    assert outcome["model"] == ""
    assert desk.texts[tests].startswith(TESTS)
    assert "perimeter(" in desk.texts[tests].removeprefix(TESTS)
