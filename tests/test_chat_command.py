"""`recoder-lsp chat`, as typed."""

import json
import subprocess
import sys

import pytest

from recoder_lsp import cli
from tests.scripted_chat import scripted_model


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small repository; it is indexed."""
    monkeypatch.setenv("RECODER_INDEX__ENABLED", "true")
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    (root / "oven.py").write_text("class Oven:\n    def bake_bread(self, dough):\n        return self.heat(dough)\n")
    return root


def run(folder, *arguments, code=0):
    done = subprocess.run([sys.executable, "-m", "recoder_lsp", "chat", *arguments], capture_output=True, text=True, timeout=90, cwd=folder)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_without_a_model_the_index_answers_and_says_so(project, recoder_home):
    answer = run(project, "how", "is", "bread", "baked")

    assert "No chat model" in answer
    assert "oven.py:1-3" in answer
    assert "bake_bread(self, dough)" in answer


def test_with_a_model_it_answers_and_says_what_that_rests_on(project, recoder_home, tmp_path):
    model = scripted_model(tmp_path, "By `bake_bread`, which heats the dough [1].")

    answer = json.loads(run(project, "--json", "--model", str(model), "how", "is", "bread", "baked"))

    assert answer["model"] == "Scripted test model"
    assert answer["markdown"].startswith("By `bake_bread`, which heats the dough [")
    assert [(each["path"], each["start_line"], each["end_line"]) for each in answer["citations"]] == [("oven.py", 1, 3)]
    assert answer["timings"]["decoded_tokens"] > 0


def test_for_people_the_sources_stand_below_the_answer(project, recoder_home, tmp_path):
    answer = run(project, "--model", str(scripted_model(tmp_path, "By heat [1].")), "how is bread baked")

    assert answer.startswith("By heat [")
    assert "Sources:\n  [1] oven.py:1-3  (" in answer


def test_a_model_that_is_not_there_fails_with_a_hint(project, recoder_home):
    assert "models.chat" in run(project, "--model", "nowhere", "why", code=1)


def test_chance_has_its_bounds(project, recoder_home, monkeypatch, capsys):
    # An audit hook would stay for the tests that follow.
    monkeypatch.setattr("recoder_lsp.privacy.forbid_network", lambda log: None)
    monkeypatch.chdir(project)

    assert cli.main(["chat", "--temperature", "3", "why"]) == 1
    assert "from 0 to 2" in capsys.readouterr().err


def test_what_is_written_appears_at_once_on_a_terminal(project, recoder_home, tmp_path):
    import os
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "recoder_lsp", "chat", "--model", str(scripted_model(tmp_path, "It is so.")), "why"]
    subprocess.run(command, stdout=theirs, stderr=subprocess.DEVNULL, timeout=90, cwd=project, check=True)
    os.close(theirs)

    assert os.read(ours, 10_000).decode().replace("\r\n", "\n") == "It is so.\n"
    os.close(ours)
