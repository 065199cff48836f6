import json
import subprocess
import sys

import pytest

from recoder_lsp import __version__, cli


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit) as exit_:
        cli.main(["--version"])

    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"recoder-lsp {__version__}\n"


@pytest.mark.parametrize(
    "place", ["app.py", "app.py:3", "app.py:0:1", "app.py:1:0", "app.py:one:1", ":1:1", "app.py:1:-1", "app.py:1:99999999999"]
)
def test_a_place_that_is_none_is_refused_with_an_example(no_guard, capsys, place):
    code = cli.main(["complete", place])

    out, err = capsys.readouterr()
    assert (code, out) == (1, "")
    assert "complete takes FILE:LINE:COL" in err
    assert "For example" in err


@pytest.mark.parametrize("address", ["8765", ":8765", "localhost:", "localhost:http", "localhost:70000"])
def test_an_address_that_is_none_is_refused_with_an_example(no_guard, capsys, address):
    assert cli.main(["--tcp", address]) == 1
    assert "--tcp takes HOST:PORT" in capsys.readouterr().err


def test_other_machines_are_not_served_unless_told_so(no_guard, capsys):
    assert cli.main(["--tcp", "0.0.0.0:0"]) == 1
    assert "other machines" in capsys.readouterr().err


def test_what_editors_add_of_their_own_accord_is_accepted():
    chosen = cli._parser().parse_args(["--stdio", "--clientProcessId=42"])

    assert chosen.command is None


def test_a_missing_file_is_an_error_without_a_traceback(no_guard, capsys, tmp_path):
    assert cli.main(["complete", f"{tmp_path / 'missing.py'}:1:1"]) == 1
    assert capsys.readouterr().err.endswith("cannot be read: No such file or directory.\n")


@pytest.mark.parametrize("place", ["3:1", "1:7", "2:2"])
def test_a_place_outside_the_file_is_an_error(no_guard, capsys, tmp_path, place):
    file = tmp_path / "app.py"
    file.write_text("x = 1\n")

    assert cli.main(["complete", f"{file}:{place}"]) == 1
    assert f"has no place {place}" in capsys.readouterr().err


def test_a_file_that_is_not_text_is_an_error(no_guard, capsys, tmp_path):
    file = tmp_path / "app.py"
    file.write_bytes(b"\xff\xfe\x00")

    assert cli.main(["complete", f"{file}:1:1"]) == 1
    assert "not UTF-8" in capsys.readouterr().err


def test_a_missing_model_is_an_error_with_a_hint(no_guard, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("RECODER_ENGINE__MODEL", "nowhere.gguf")
    file = tmp_path / "app.py"
    file.write_text("x = 1\n")

    code = cli.main(["complete", f"{file}:1:1"])

    err = capsys.readouterr().err
    assert code == 1
    assert "nowhere.gguf" in err
    assert "engine.model" in err
    assert "Traceback" not in err


def test_complete_prints_the_insertion_and_nothing_else(tmp_path):
    file = tmp_path / "app.py"
    file.write_text("def is_even(number):\n    return number % 2 == 0\n\n\ndef is_odd(number):\n    return number \n")

    printed = run("complete", f"{file}:6:19")
    told = json.loads(run("complete", "--json", f"{file}:6:19"))

    assert printed == told["insertion"] + "\n" * bool(told["insertion"])
    assert told["insertion"], "the model has nothing to say about the simplest of functions"
    assert set(told["milliseconds"]) == {"load", "prompt", "decode", "total"}
    assert all(value is not None for value in told["milliseconds"].values())
    assert told["tokens_evaluated"] > 0
    assert told["range"]["start"]["line"] == told["range"]["end"]["line"] == 6


def test_importing_the_command_line_loads_nothing_heavy():
    code = (
        "import sys, recoder_lsp.cli; print([name for name in ('llama_cpp', 'numpy', 'torch', 'chromadb', 'pygls') if name in sys.modules])"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.fixture
def no_guard(monkeypatch):
    """An audit hook cannot be removed: in the process of the tests it would stay."""
    monkeypatch.setattr("recoder_lsp.privacy.forbid_network", lambda log: None)


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "recoder_lsp", *arguments], capture_output=True, text=True, timeout=60, check=True).stdout
