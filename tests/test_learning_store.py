"""Counts survive what happens to a file: other writers, damage, no room; and they can be erased."""

import json
import sqlite3
import stat
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from recoder_lsp import cli
from recoder_lsp.learning_store import Counted, LearningLost, LearningStore


def counted(event="shown", *, day="2026-11-21", language="python", source="model", decile=7):
    return Counted(day, language, source, decile, event)


@pytest.fixture
def store(tmp_path):
    return LearningStore(tmp_path / "home")


def events(store):
    return dict(sum(store.totals("day").values(), Counter()))


def test_counts_add_up_over_calls_and_instances(store):
    store.add({counted(): 2, counted("accepted"): 1})
    LearningStore(store.file.parent).add({counted(): 3, counted(language="rust"): 1})

    assert store.totals("language") == {("python",): {"shown": 5, "accepted": 1}, ("rust",): {"shown": 1}}


def test_a_count_may_be_taken_back(store):
    store.add({counted("rejected"): 1})
    store.add({counted("rejected"): -1, counted("accepted"): 1})

    assert store.totals("source") == {("model",): {"rejected": 0, "accepted": 1}}


def test_reading_makes_no_file(store):
    assert store.totals("day") == {}
    store.add({})

    assert not store.file.parent.exists()


def test_the_file_is_for_this_user_alone(store):
    store.add({counted(): 1})

    assert stat.S_IMODE(store.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.file.parent.stat().st_mode) == 0o700


def test_days_that_are_too_old_go(store):
    store.add({counted(day="2026-01-01"): 1, counted(day="2026-03-01"): 1})
    store.add({counted(day="2026-05-01"): 1})

    assert set(store.totals("day")) == {("2026-03-01",), ("2026-05-01",)}


def test_writers_at_the_same_time_lose_nothing(store):
    threads = [threading.Thread(target=lambda: [store.add({counted(): 1}) for _ in range(5)]) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert events(store) == {"shown": 10}


def test_a_file_that_another_process_holds_is_left_alone(store):
    store.add({counted(): 1})
    with closing(sqlite3.connect(store.file)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LearningLost, match="locked"):
            store.add({counted(): 1})
        with pytest.raises(LearningLost, match="locked"):
            store.totals("day")
        other.rollback()

    assert events(store) == {"shown": 1}


@pytest.mark.parametrize("damage", [b"not a database, by far" * 300, b"SQLite format 3\x00" + b"\x00" * 4000])
def test_a_damaged_file_is_begun_anew_by_the_second_try(store, damage):
    store.add({counted(): 1})
    store.file.write_bytes(damage)

    with pytest.raises(LearningLost) as reading:
        store.totals("day")
    with pytest.raises(LearningLost):
        store.add({counted(): 1})
    store.add({counted(): 1})

    assert "--erase" in reading.value.hint
    assert events(store) == {"shown": 1}


def test_a_table_that_is_not_ours_is_damage_too(store):
    store.file.parent.mkdir()
    with closing(sqlite3.connect(store.file)) as other:
        other.execute("CREATE TABLE counts (colour TEXT)")

    with pytest.raises(LearningLost):
        store.add({counted(): 1})
    store.add({counted(): 1})

    assert events(store) == {"shown": 1}


def test_a_full_disk_loses_the_new_counts_and_no_old_ones(store, monkeypatch):
    store.add({counted(): 1})
    full = {counted(language=f"language-{n}"): 1 for n in range(2000)}
    connect = sqlite3.connect

    def without_room(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.execute("PRAGMA max_page_count = 4")
        return connection

    monkeypatch.setattr(sqlite3, "connect", without_room)
    with pytest.raises(LearningLost, match="full"):
        store.add(full)
    monkeypatch.undo()

    assert events(store) == {"shown": 1}


@pytest.mark.parametrize("obstacle", ["the file is a folder", "the home is a file"])
def test_a_place_that_cannot_be_used_is_a_loss_in_words(store, obstacle):
    if obstacle == "the file is a folder":
        store.file.mkdir(parents=True)
    else:
        store.file.parent.write_text("")

    with pytest.raises(LearningLost, match="cannot be read or written"):
        store.add({counted(): 1})


def test_erasing_leaves_nothing(store):
    store.add({counted(): 1})

    assert store.erase()
    assert not store.erase()
    assert list(store.file.parent.iterdir()) == []
    assert store.totals("day") == {}


@pytest.fixture
def learned(recoder_home, monkeypatch, capsys):
    """Run the command in this process; returns the exit code and what was printed."""
    monkeypatch.setattr("recoder_lsp.privacy.forbid_network", lambda log: None)

    def run(*arguments):
        code = cli.main(["learned", *arguments])
        out, err = capsys.readouterr()
        return code, out + err

    run.store = LearningStore(Path(recoder_home))
    return run


def test_the_command_says_when_nothing_was_learned(learned):
    assert learned() == (0, "Nothing was learned yet.\n")
    assert learned("--erase") == (0, "Nothing was learned yet.\n")


def test_the_command_shows_a_table_by_language_and_source_and_by_what_was_predicted(learned):
    learned.store.add({counted("shown"): 1200, counted("accepted"): 60, counted("typed"): 15, counted("rejected"): 25})
    learned.store.add({counted("checked_30_s"): 100, counted("standing_30_s"): 88})
    learned.store.add({counted("partly", language="go", source="phrases", decile=9, day="2026-11-20"): 4})

    code, printed = learned()

    rows = {line[:15].strip(): line[15:].split() for line in printed.splitlines()}
    assert code == 0
    assert "since 2026-11-20" in printed
    assert rows["python model"] == ["1,200", "60", "0", "15", "25", "75%", "88%", "-"]
    assert rows["go phrases"] == ["0", "0", "4", "0", "0", "50%", "-", "-"]
    assert rows["all"][:6] == ["1,200", "60", "4", "15", "25", "74%"]
    assert rows["70 to 80 %"][:2] == ["1,200", "60"]
    assert rows["90 to 100 %"][:3] == ["0", "0", "4"]


def test_the_command_prints_every_count_as_json(learned):
    learned.store.add({counted("accepted"): 2, counted("shown"): 3})

    code, printed = learned("--json")

    assert (code, json.loads(printed)) == (
        0,
        [{"day": "2026-11-21", "language": "python", "source": "model", "decile": 7, "accepted": 2, "shown": 3}],
    )


def test_the_command_erases(learned):
    learned.store.add({counted(): 1})

    assert learned("--erase") == (0, "Everything that was learned is erased.\n")
    assert learned() == (0, "Nothing was learned yet.\n")


def test_the_command_tells_of_a_damaged_file_with_a_hint_and_can_erase_it(learned):
    learned.store.file.write_bytes(b"no database" * 100)

    code, printed = learned()

    assert code == 1
    assert "recoder-lsp learned --erase" in printed
    assert learned("--erase")[0] == 0
