import subprocess
import sys
from pathlib import Path

import pytest

from recoder_lsp import connect
from recoder_lsp.demo.__main__ import N_KEYS, Key, _row, _summary
from recoder_lsp.demo.process import ServerProcess
from recoder_lsp.errors import RecoderError

ROOT = Path(__file__).parents[1]


@pytest.mark.timeout(90)
def test_the_demo_types_at_the_real_server_and_shows_how_to_connect():
    done = subprocess.run([sys.executable, "-m", "recoder_lsp.demo"], cwd=ROOT, capture_output=True, text=True, timeout=80, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    n_keys = done.stdout.count(" ms  ")
    assert 1 <= n_keys <= N_KEYS
    assert f"{n_keys} keys: p50" in done.stdout
    assert all(editor.name in done.stdout for editor in connect.EDITORS)


def test_a_key_without_a_suggestion_shows_none():
    assert _row(Key("ret", "urn", "", 12.34), 80).plain == "   12.3 ms  ret▮"


def test_ghost_text_stands_behind_the_caret_on_one_row():
    assert _row(Key("if x:", "", "\n    return", 5), 80).plain == "    5.0 ms  if x:▮↵    return"


def test_the_summary_counts_what_was_right_and_says_that_keys_are_missing():
    keys = [Key("a", "bc", "bc", 1), Key("ab", "c", "d", 2), Key("abc", "", "d", 3), Key("abc", "", "", 100)]

    summary = _summary(keys).plain

    assert "Typing was stopped" in summary
    assert "4 keys: p50 3.0 ms, p95 100.0 ms, slowest 100.0 ms" in summary
    assert "3 of them (75%) had a suggestion; of the 2 made inside a line, 1 were what was typed next." in summary


def test_a_server_that_ends_is_reported_with_its_last_words(monkeypatch):
    monkeypatch.setattr("recoder_lsp.demo.process.COMMAND", (sys.executable, "-c", "raise SystemExit('no model')"))

    with pytest.raises(RecoderError, match="no model"), ServerProcess() as server:
        server.ask("initialize", {})


def test_a_server_that_stays_silent_is_ended(monkeypatch):
    monkeypatch.setattr("recoder_lsp.demo.process.COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr("recoder_lsp.demo.process.PATIENCE_S", 0.1)

    with pytest.raises(RecoderError, match="ended before it answered"), ServerProcess() as server:
        server.ask("initialize", {})


def test_an_error_of_the_server_is_reported(server_with_initialize):
    with pytest.raises(RecoderError, match="workspace/nothing"):
        server_with_initialize.ask("workspace/nothing", {})


@pytest.fixture
def server_with_initialize():
    with ServerProcess() as server:
        server.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        server.tell("initialized", {})
        yield server
