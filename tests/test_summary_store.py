"""Descriptions on disk."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from recoder_lsp import summary_store
from recoder_lsp.summary_store import Stored, SummariesLost, SummaryStore

SAID = Stored("Adds two numbers.", "Some Model")


@pytest.fixture
def store(tmp_path):
    return SummaryStore(tmp_path / "home")


def test_what_was_said_is_kept_by_text_and_by_who_said_it(store):
    store.put("a1", "chat m", SAID)
    store.put("a1", "infill m", Stored("", "Another"))
    store.put("a1", "chat m", Stored("Adds them.", "Some Model"))

    assert SummaryStore(store.file.parent).get("a1", "chat m") == Stored("Adds them.", "Some Model")
    assert store.get("a1", "infill m") == Stored("", "Another")
    assert store.get("a2", "chat m") is None


def test_asking_alone_makes_no_file(store):
    assert store.get("a1", "chat m") is None
    assert not store.file.exists()


def test_the_file_is_for_this_user_alone(store):
    store.put("a1", "chat m", SAID)

    assert stat.S_IMODE(store.file.stat().st_mode) == 0o600


def test_what_was_looked_at_longest_ago_goes_first(store, monkeypatch):
    monkeypatch.setattr(summary_store, "MOST_KEPT", 3)
    times = iter(range(100))
    monkeypatch.setattr(summary_store.time, "time", lambda: float(next(times)))
    for number in range(3):
        store.put(f"h{number}", "m", SAID)
    store.get("h0", "m")

    store.put("h3", "m", SAID)

    assert [store.get(f"h{number}", "m") is not None for number in range(4)] == [True, False, True, True]


def test_a_damaged_file_is_begun_anew(store):
    store.file.parent.mkdir()
    store.file.write_bytes(b"this is no database" * 1000)

    with pytest.raises(SummariesLost):
        store.get("a1", "m")

    store.put("a1", "m", SAID)
    assert store.get("a1", "m") == SAID


def test_a_table_that_is_not_ours_is_begun_anew(store):
    store.file.parent.mkdir()
    with sqlite3.connect(store.file) as other:
        other.execute("CREATE TABLE summaries (something INTEGER)")
    other.close()

    with pytest.raises(SummariesLost):
        store.put("a1", "m", SAID)

    store.put("a1", "m", SAID)
    assert store.get("a1", "m") == SAID


def test_a_file_that_somebody_holds_is_waited_for_but_not_for_long(store, monkeypatch):
    monkeypatch.setattr(summary_store, "BUSY_S", 0.01)
    store.put("a1", "m", SAID)
    holder = sqlite3.connect(store.file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    with pytest.raises(SummariesLost, match="locked"):
        store.get("a1", "m")

    holder.close()
    assert store.get("a1", "m") == SAID


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_said(tmp_path):
    tmp_path.chmod(0o500)

    with pytest.raises(SummariesLost):
        SummaryStore(tmp_path / "home").put("a1", "m", SAID)


def test_a_home_that_is_no_folder_is_said(tmp_path):
    (tmp_path / "home").write_text("")

    with pytest.raises(SummariesLost):
        SummaryStore(Path(tmp_path / "home")).put("a1", "m", SAID)
