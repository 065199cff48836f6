"""`recoder-lsp index` and `recoder-lsp search`, as typed."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recoder_lsp import cli
from recoder_lsp.config import home
from recoder_lsp.index.process.calling import IndexFailed
from recoder_lsp.index.process.client import FolderClient
from recoder_lsp.index.process.place import place_of
from recoder_lsp.index_commands import root_of
from tests.index.serving import index_processes


@pytest.fixture
def project(tmp_path):
    """A small repository with something ignored in it."""
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    (root / "src").mkdir()
    (root / ".gitignore").write_text("ignored.py\n")
    (root / "src" / "oven.py").write_text("class Oven:\n    def bake_bread(self, dough):\n        return self.heat(dough)\n")
    (root / "src" / "ignored.py").write_text("def bake_nothing():\n    pass\n")
    (root / "notes.md").write_text("# Bread\n\nHow bread is baked here.\n")
    return root


def run(folder, *arguments, code=0):
    done = subprocess.run([sys.executable, "-m", "recoder_lsp", *arguments], capture_output=True, text=True, timeout=90, cwd=folder)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def wait_until_gone(data):
    deadline = time.monotonic() + 30
    while index_processes(Path(data)):
        assert time.monotonic() < deadline, "the index process stays behind"
        time.sleep(0.1)


def test_a_folder_is_indexed_searched_checked_and_left_in_peace(project, recoder_home):
    summary = run(project, "index")

    assert f"{project}: 3 files" in summary
    assert "3 files read (" in summary
    assert "left out: 1 ignored" in summary

    hits = json.loads(run(project, "search", "--json", "bake", "bread"))

    first = hits[0]
    assert (first["path"], first["start_line"], first["language"]) == ("src/oven.py", 1, "python")
    assert first["symbol"].startswith("Oven")
    assert set(first) == {"path", "language", "start_line", "end_line", "symbol", "kind", "score", "why", "text"}
    assert isinstance(first["why"], list)
    assert first["why"]
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    assert "src/ignored.py" not in {hit["path"] for hit in hits}

    assert run(project, "index", "--check") == "Manifest, files and vectors agree.\n"
    assert json.loads(run(project, "index", "--stats", "--json"))["n_files"] == 3
    assert "3 files" in run(project, "index", "--stats")
    wait_until_gone(recoder_home)
    assert not (project / ".recoder").exists(), "the workspace is never written to"


def test_a_search_sees_what_changed_since(project):
    run(project, "index")
    (project / "src" / "oven.py").write_text("def toast_bagels(bagels):\n    return bagels\n")
    (project / "notes.md").unlink()

    found = json.loads(run(project, "search", "--json", "toast", "bagels", "bread"))

    assert found[0]["symbol"] == "toast_bagels"
    assert not any("bread" in hit["text"] for hit in found)


def test_a_search_needs_no_index_beforehand_and_works_from_below(project):
    assert json.loads(run(project / "src", "search", "--json", "Oven"))[0]["path"] == "src/oven.py"


def test_filters_are_given_as_options(project):
    assert [hit["path"] for hit in json.loads(run(project, "search", "--json", "bread", "--lang", "markdown"))] == ["notes.md"]
    assert [hit["path"] for hit in json.loads(run(project, "search", "--json", "bread", "--path", "src", "--limit", "1"))] == [
        "src/oven.py"
    ]
    assert run(project, "search", "--json", "bread", "--kind", "macro") == "[]\n"


def test_a_kind_that_there_is_not_is_wrong_usage(project):
    assert "'bogus'" in run(project, "search", "bread", "--kind", "bogus", code=2)


@pytest.mark.parametrize("failure", [IndexFailed("The index failed.", ""), TimeoutError()])
def test_a_search_without_an_answer_is_not_one_that_finds_nothing(no_guard, capsys, project, monkeypatch, failure):
    asked = FolderClient.asked

    async def failing(client, method, params=None):
        if method == "search":
            raise failure
        return await asked(client, method, params)

    monkeypatch.setattr(FolderClient, "asked", failing)

    assert cli.main(["search", "bread", "--workspace", str(project)]) == 1
    assert "nothing found" not in capsys.readouterr().err


def test_hits_are_shown_for_people(project):
    shown = run(project, "search", "bake", "bread", "--workspace", str(project))

    assert shown.startswith("src/oven.py:1  Oven")
    assert "    class Oven:\n" in shown


def test_an_index_is_rebuilt_on_request(project):
    run(project, "index")

    assert "3 files read" in run(project, "index", "--rebuild")


def test_files_that_changed_are_named_by_a_check(project, recoder_home):
    run(project, "index")
    wait_until_gone(recoder_home)
    (project / "notes.md").write_text("# Cake\n\nThere is no bread, and more to say about it.\n")

    assert (
        "notes.md has changed since it was indexed"
        in subprocess.run(
            [sys.executable, "-m", "recoder_lsp", "index", "--check"], capture_output=True, text=True, timeout=90, cwd=project
        ).stdout
    )


@pytest.mark.parametrize("arguments", [["index", "--check"], ["index", "--stats"]])
def test_what_has_no_index_says_how_to_make_one(no_guard, capsys, project, monkeypatch, arguments):
    monkeypatch.chdir(project)

    assert cli.main(arguments) == 1
    assert f"recoder-lsp index {project}" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["index", "nowhere"], ["search", "word", "--workspace", "nowhere"]])
def test_what_is_no_folder_is_refused(no_guard, capsys, arguments):
    assert cli.main(arguments) == 1
    assert "nowhere is not a folder" in capsys.readouterr().err


def test_the_nearest_index_counts_then_the_repository_then_the_folder_itself(project, tmp_path, recoder_home):
    folder = project / "src"
    data = home({"RECODER_HOME": recoder_home})

    assert root_of(folder, data) == project
    assert root_of(tmp_path, data) in (tmp_path, *tmp_path.parents)
    indexed = place_of(folder, data).folder
    indexed.mkdir(parents=True)
    Path(indexed, "manifest.sqlite").touch()
    assert root_of(folder, data) == folder


@pytest.fixture
def no_guard(monkeypatch):
    """An audit hook cannot be removed: in the process of the tests it would stay."""
    monkeypatch.setattr("recoder_lsp.privacy.forbid_network", lambda log: None)
