import asyncio
import json
import os

import pytest

from recoder_lsp import cli, connect, doctor
from recoder_lsp.config import Problem, Settings, Source, resolve
from tests.scripted_chat import scripted_model


async def test_with_everything_in_place_nothing_fails(recoder_home):
    findings = await doctor.examine(Settings(), [], os.environ)

    assert [finding for finding in findings if finding.verdict == "fail"] == []
    assert [finding.subject for finding in findings] == [
        *("python", "configuration", "home", "threads", "memory", "model", "speed", "suggestion", "chat model", "index"),
    ]


async def test_the_index_is_tried_unless_it_is_turned_off():
    settings, _ = resolve([Source("test", {"index.enabled": False})])

    assert (await doctor.examine(settings, [], os.environ))[-1].text == "turned off by index.enabled"


async def test_vectors_that_have_nowhere_to_go_are_a_warning():
    settings, _ = resolve([Source("test", {"index.chroma_url": "http://127.0.0.1:1"})])

    finding = (await doctor.examine(settings, [], os.environ))[-1]

    assert (finding.subject, finding.verdict) == ("index", "warn")
    assert "index.chroma_url" in finding.hint


async def test_which_files_the_user_leaves_out_does_not_matter():
    settings, _ = resolve([Source("test", {"index.exclude": ["**/*.py"], "index.include": ["*.md"]})])

    assert (await asyncio.to_thread(doctor._index, settings.index)).verdict == "ok"


async def test_a_library_that_is_broken_fails_with_a_hint(monkeypatch):
    def broken(*_):
        raise ImportError("No module named 'tree_sitter'")

    monkeypatch.setattr(doctor.FolderIndex, "open", broken)

    finding = doctor._index(Settings().index)

    assert finding.verdict == "fail"
    assert "tree_sitter" in finding.text
    assert finding.hint


@pytest.mark.parametrize(
    ("url", "said"), [("http://vectors.example:8000", "another machine"), ("http://[", "right?"), ("http://127.0.0.1:1", "right?")]
)
def test_a_chroma_server_elsewhere_is_said_not_to_be_tried(url, said):
    assert said in doctor._about_vectors(url)


async def test_an_embedding_model_that_is_missing_fails_with_a_hint(tmp_path):
    settings, _ = resolve([Source("test", {"index.embedder": str(tmp_path / "nowhere")})])

    (failure,) = [finding for finding in await doctor.examine(settings, [], os.environ) if finding.verdict == "fail"]

    assert (failure.subject, bool(failure.hint)) == ("index", True)


async def test_a_missing_model_fails_with_a_hint(recoder_home):
    settings, _ = resolve([Source("test", {"engine.model": "nowhere.gguf"})])

    findings = await doctor.examine(settings, [], os.environ)

    (failure,) = [finding for finding in findings if finding.verdict == "fail"]
    assert "nowhere.gguf" in failure.text
    assert failure.hint


async def test_a_damaged_model_fails_with_a_hint(tmp_path):
    (tmp_path / "damaged.gguf").write_bytes(b"GGUF" + b"\0" * 100)
    settings, _ = resolve([Source("test", {"engine.model": str(tmp_path / "damaged.gguf")})])

    findings = await doctor.examine(settings, [], os.environ)

    (failure,) = [finding for finding in findings if finding.verdict == "fail"]
    assert (failure.subject, bool(failure.hint)) == ("model", True)


async def test_a_chat_model_is_asked_something(tmp_path):
    assert (await chat_finding("")).text == "none: chat answers from the index alone"

    assert (await chat_finding(scripted_model(tmp_path, "Hello."))).verdict == "ok"

    without_template = await chat_finding(scripted_model(tmp_path, "Hello.", template=""))
    assert (without_template.verdict, "ChatML" in without_template.hint) == ("warn", True)


async def test_a_chat_model_that_is_missing_fails_nothing_else():
    finding = await chat_finding("nowhere")

    assert finding.verdict == "warn"
    assert "models.chat" in finding.hint


async def chat_finding(model):
    settings, _ = resolve([Source("test", {"models.chat": str(model)})])
    return await doctor._chat_model(settings)


async def test_every_configuration_problem_is_a_warning_of_its_own():
    problems = [Problem("a.toml", "", "The file is broken."), Problem("b.toml", "x", "Unknown setting.")]

    findings = await doctor.examine(Settings(), problems, os.environ)

    assert [finding.text for finding in findings if finding.subject == "configuration"] == [str(problem) for problem in problems]


async def test_more_threads_than_cores_are_a_warning():
    settings, _ = resolve([Source("test", {"engine.threads": 256})])

    findings = await doctor.examine(settings, [], os.environ)

    assert [finding.verdict for finding in findings if finding.subject == "threads"] == ["warn"]


async def test_a_home_that_is_a_file_fails(tmp_path):
    (tmp_path / "file").touch()

    findings = await doctor.examine(Settings(), [], {"RECODER_HOME": str(tmp_path / "file")})

    assert [finding.verdict for finding in findings if finding.subject == "home"] == ["fail"]


def test_the_text_names_every_hint_and_every_editor():
    text = doctor.as_text([doctor.Finding("model", "fail", "it is missing", "Install it.")])

    assert "fail  model: it is missing\n      Install it." in text
    assert all(f"{editor.name} (" in text for editor in connect.EDITORS)


@pytest.mark.parametrize(("verdict", "code"), [("ok", 0), ("warn", 0), ("fail", 1)])
def test_only_a_failure_makes_the_command_fail(monkeypatch, capsys, verdict, code):
    async def examine(settings, problems, environ):
        return [doctor.Finding("model", verdict, "so it is")]

    monkeypatch.setattr(doctor, "examine", examine)
    monkeypatch.setattr("recoder_lsp.privacy.forbid_network", lambda log: None)

    assert cli.main(["doctor", "--json"]) == code
    told = json.loads(capsys.readouterr().out)
    assert told["findings"] == [{"subject": "model", "verdict": verdict, "text": "so it is", "hint": ""}]
    assert set(told["editors"]) == {editor.name for editor in connect.EDITORS}
