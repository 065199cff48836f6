import logging
import subprocess
import sys

import pytest

from recoder_lsp import logs


@pytest.fixture(autouse=True)
def logging_as_before():
    root, own = logging.getLogger(), logging.getLogger("recoder_lsp")
    before = (root.handlers[:], root.level, own.level, logging.raiseExceptions)
    yield
    for handler in [handler for handler in root.handlers if handler not in before[0]]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(before[1])
    own.setLevel(before[2])
    logging.raiseExceptions = before[3]


def test_own_lines_follow_the_level_and_libraries_stay_quiet(capsys):
    logs.configure("debug", None)

    logging.getLogger("recoder_lsp.engine").debug("a detail of ours")
    logging.getLogger("pygls.protocol").info("somebody's source code")
    logging.getLogger("pygls.protocol").warning("something odd")

    out, err = capsys.readouterr()
    assert out == ""
    assert "a detail of ours" in err
    assert "something odd" in err
    assert "source code" not in err


def test_no_secret_gets_into_the_log_whoever_writes_it(capsys):
    logs.configure("debug", None)

    try:
        raise ValueError("postgres://me:hunter22@there")
    except ValueError as error:
        logs.log_bug(logging.getLogger("recoder_lsp"), "Failed", error)
    logging.getLogger("pygls").warning("password = 'correct horse'")

    err = capsys.readouterr().err
    assert "postgres://me:[redacted]@there" in err
    assert "password = '[redacted]'" in err
    assert "hunter22" not in err


def test_at_level_error_warnings_are_dropped(capsys):
    logs.configure("error", None)

    logging.getLogger("recoder_lsp.engine").warning("a warning")
    logging.getLogger("pygls").warning("a warning")

    assert capsys.readouterr().err == ""


def test_a_log_file_is_made_with_its_folder_and_only_the_user_can_read_it(tmp_path):
    file = tmp_path / "logs/server.log"

    logs.configure("info", file)
    logging.getLogger("recoder_lsp").info("started")

    assert "started" in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


def test_configuring_again_replaces_the_earlier_choice(tmp_path, capsys):
    logs.configure("info", tmp_path / "one.log")
    logs.configure("info", tmp_path / "two.log")

    logging.getLogger("recoder_lsp").info("once")

    assert (tmp_path / "one.log").read_text() == ""
    assert (tmp_path / "two.log").read_text().count("once") == 1


def test_a_file_that_cannot_be_opened_is_said_on_stderr(tmp_path, capsys):
    (tmp_path / "file").touch()

    logs.configure("warning", tmp_path / "file/under/a/file.log")

    assert "log file cannot be opened" in capsys.readouterr().err


PRINTS_EVERYWHERE = """
import ctypes, os, sys
from recoder_lsp.logs import guard_stdout
{before}
frames = guard_stdout()
print("from Python", flush=True)
os.write(1, b"from a library\\n")
ctypes.CDLL(None).puts(b"from C")
ctypes.CDLL(None).fflush(None)
frames.write(b"a frame")
frames.flush()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs the C library by its Unix name")
@pytest.mark.parametrize("before", ["", "os.close(2)"])
def test_after_the_guard_stdout_carries_frames_only(before):
    done = subprocess.run([sys.executable, "-c", PRINTS_EVERYWHERE.format(before=before)], capture_output=True, timeout=60, check=False)

    assert done.stdout == b"a frame"
    if not before:
        assert done.stderr.split(b"\n")[:3] == [b"from Python", b"from a library", b"from C"]
