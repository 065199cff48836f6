"""The folder's lock: one owner, gone with its process."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from recoder_lsp.index.process.lock import FolderLock, owner_of

HOLD = """
import sys
from pathlib import Path
from recoder_lsp.index.process.lock import FolderLock
lock = FolderLock.acquire(Path(sys.argv[1]))
print("held" if lock else "refused", flush=True)
sys.stdin.read()
"""


def process_that_wants(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def answer_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def ended(process: subprocess.Popen[str]) -> None:
    process.communicate()


def test_a_second_lock_on_the_same_folder_is_refused_until_the_first_is_released(tmp_path: Path) -> None:
    first = FolderLock.acquire(tmp_path / "lock")
    refused = FolderLock.acquire(tmp_path / "lock")

    assert first is not None
    first.release()
    first.release()

    assert refused is None
    assert FolderLock.acquire(tmp_path / "lock") is not None


def test_another_process_is_refused_and_reads_whose_it_is(tmp_path: Path) -> None:
    with FolderLock.acquire(tmp_path / "lock") or refused():
        other = process_that_wants(tmp_path / "lock")

        assert answer_of(other) == "refused"
        assert owner_of(tmp_path / "lock") == os.getpid()
    ended(other)


def test_a_killed_owner_keeps_nobody_out(tmp_path: Path) -> None:
    owner = process_that_wants(tmp_path / "lock")
    assert answer_of(owner) == "held"
    assert FolderLock.acquire(tmp_path / "lock") is None

    owner.send_signal(signal.SIGKILL)
    ended(owner)

    assert FolderLock.acquire(tmp_path / "lock") is not None


def test_a_child_of_the_owner_does_not_keep_the_lock(tmp_path: Path) -> None:
    lock = FolderLock.acquire(tmp_path / "lock") or refused()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True)

    lock.release()

    assert FolderLock.acquire(tmp_path / "lock") is not None
    child.communicate("\n")


def test_a_lock_file_deleted_meanwhile_is_made_again(tmp_path: Path) -> None:
    held = FolderLock.acquire(tmp_path / "deep" / "lock")
    (tmp_path / "deep" / "lock").unlink()

    other = FolderLock.acquire(tmp_path / "deep" / "lock")

    assert held is not None
    assert other is not None
    assert FolderLock.acquire(tmp_path / "deep" / "lock") is None


def test_a_lock_file_deleted_while_it_is_being_locked_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def delete_first(handle: int, operation: int) -> None:
        monkeypatch.undo()
        (tmp_path / "lock").unlink()
        fcntl.flock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", delete_first)
    lock = FolderLock.acquire(tmp_path / "lock")

    assert lock is not None
    assert FolderLock.acquire(tmp_path / "lock") is None


def test_a_lock_whose_folder_vanishes_for_good_says_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[int] = []
    close, flock = os.close, fcntl.flock

    def delete_first(handle: int, operation: int) -> None:
        monkeypatch.setattr(os, "open", refuse)
        (tmp_path / "lock").unlink()
        flock(handle, operation)

    def refuse(*_: object) -> int:
        raise PermissionError("no")

    monkeypatch.setattr(fcntl, "flock", delete_first)
    monkeypatch.setattr(os, "close", lambda handle: (closed.append(handle), close(handle)))
    with pytest.raises(PermissionError):
        FolderLock.acquire(tmp_path / "lock")

    assert len(closed) == 1


def test_an_owner_that_wrote_nothing_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()

    assert owner_of(tmp_path / "empty") is None
    assert owner_of(tmp_path / "missing") is None


def refused() -> FolderLock:
    raise AssertionError("the lock was refused")
