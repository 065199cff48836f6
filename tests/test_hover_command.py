"""`recoder-lsp hover`, as typed."""

import os
import shutil
import subprocess
import sys

import pytest

CODE = "def area(radius):\n    if radius < 0:\n        raise ValueError(radius)\n    return 3 * radius\n\n\nprint(area(1))\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("RECODER_INDEX__ENABLED", "true")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "rings.py").write_text(CODE)
    return folder


def run(folder, place, code=0):
    command = [sys.executable, "-m", "recoder_lsp", "hover", place]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, cwd=folder)
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
def test_what_is_known_of_a_name_is_printed_with_its_last_change(project):
    git = ["git", "-c", "user.name=a", "-c", "user.email=b"]
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "add rings"]):
        subprocess.run([*git, *arguments], cwd=project, check=True, capture_output=True)

    text, _ = run(project, "rings.py:7:8")

    *lines, changed = text.splitlines()
    assert lines == [
        "def area(radius)",
        "",
        "Defined in rings.py:1 · function · used once in the workspace",
        "Called by rings.py",
        "Raises ValueError · returns 3 * radius",
    ]
    assert changed.endswith(": add rings")


def test_where_nothing_is_known_that_is_said(project):
    assert run(project, "rings.py:7:1") == ("", "recoder-lsp: nothing is known here.\n")


def test_a_place_that_is_not_there_is_an_error(project):
    assert "has no place 70:1" in run(project, "rings.py:70:1", code=1)[1]
    assert "hover takes FILE:LINE:COL" in run(project, "rings.py", code=1)[1]


def test_without_an_index_that_is_said(project, monkeypatch):
    monkeypatch.setenv("RECODER_INDEX__ENABLED", "false")

    assert "no index" in run(project, "rings.py:7:8", code=1)[1]
