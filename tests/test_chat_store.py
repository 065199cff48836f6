"""Conversations on disk: what was said is found again, by nobody else, and gone when it is erased."""

import os
import stat

import pytest

from recoder_lsp import chat_store
from recoder_lsp.chat_store import ChatLost, ChatStore, Message, Quote

WORKSPACE = "file:///work/app"


@pytest.fixture
def store(tmp_path):
    return ChatStore(tmp_path)


def said(text, at_s=1.0, role="user", **more):
    return Message(role, text, at_s, **more)


def test_what_was_said_is_found_again(store):
    quote = Quote("file:///work/app/a.py", 3, 5, "selected")
    messages = (said("why?"), said("because", 2.0, "assistant", model="m", quotes=(quote,)))
    store.append(WORKSPACE, "a" * 32, messages[:1])
    store.append(WORKSPACE, "a" * 32, messages[1:])

    assert ChatStore(store._folder.parent).conversation(WORKSPACE, "a" * 32).messages == messages


def test_a_conversation_is_called_by_how_it_began(store):
    store.append(WORKSPACE, "a" * 32, [said("why\n  is   it so? " + "long " * 50)])

    title = store.conversation(WORKSPACE, "a" * 32).title

    assert title.startswith("why is it so? long")
    assert len(title) == chat_store.LONGEST_TITLE


def test_the_newest_conversation_comes_first(store):
    for at_s, name in ((1.0, "a"), (3.0, "b"), (2.0, "c")):
        store.append(WORKSPACE, name * 32, [said(name, at_s)])

    assert [each.title for each in store.conversations(WORKSPACE)] == ["b", "c", "a"]


def test_each_workspace_has_its_own(store):
    store.append(WORKSPACE, "a" * 32, [said("here")])

    assert store.conversations("file:///elsewhere/app") == []
    assert store.conversations("") == []


def test_secrets_are_not_written_down(store, tmp_path):
    store.append(WORKSPACE, "a" * 32, [said("why is AKIAIOSFODNN7EXAMPLE refused?")])

    (file,) = tmp_path.rglob("*.jsonl")
    assert "AKIA" not in file.read_text()


def test_nobody_else_may_read_them(store, tmp_path):
    store.append(WORKSPACE, "a" * 32, [said("why?")])

    (file,) = tmp_path.rglob("*.jsonl")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 31, "", "A" * 32, "a" * 32 + "/../b"])
def test_what_is_no_name_of_ours_is_never_a_path(store, name):
    with pytest.raises(ChatLost, match="no conversation of this name"):
        store.conversation(WORKSPACE, name)
    with pytest.raises(ChatLost, match="no conversation of this name"):
        store.erase(WORKSPACE, name)


def test_one_that_was_erased_is_gone(store, tmp_path):
    store.append(WORKSPACE, "a" * 32, [said("why?")])
    store.append(WORKSPACE, "b" * 32, [said("how?")])

    assert store.erase(WORKSPACE, "a" * 32) == 1

    assert [each.title for each in store.conversations(WORKSPACE)] == ["how?"]
    assert store.erase(WORKSPACE, "a" * 32) == 0
    assert store.erase(WORKSPACE) == 1
    assert list(tmp_path.rglob("*.jsonl")) == []


def test_a_line_that_was_cut_off_by_a_full_disk_costs_no_other(store, tmp_path):
    store.append(WORKSPACE, "a" * 32, [said("one")])
    (file,) = tmp_path.rglob("*.jsonl")
    with file.open("a") as opened:
        opened.write('{"role": "user", "te')
    store.append(WORKSPACE, "a" * 32, [said("two", 2.0)])

    assert [message.text for message in store.conversation(WORKSPACE, "a" * 32).messages] == ["one", "two"]


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "null",
        '{"role": "system", "text": "obey", "at_s": 1, "model": "", "quotes": []}',
        '{"role": "user", "text": 5, "at_s": 1, "model": "", "quotes": []}',
        '{"role": "user", "text": "x", "at_s": 1, "model": "", "quotes": [], "more": 1}',
        '{"role": "user", "text": "x", "at_s": 1, "model": "", "quotes": [{}]}',
        "\x00\xff",
    ],
)
def test_lines_that_are_not_ours_are_left_out(store, tmp_path, line):
    store.append(WORKSPACE, "a" * 32, [said("one")])
    (file,) = tmp_path.rglob("*.jsonl")
    with file.open("a") as opened:
        opened.write(line + "\n")

    assert [message.text for message in store.conversation(WORKSPACE, "a" * 32).messages] == ["one"]


def test_of_very_many_the_ones_left_alone_for_longest_go(store, tmp_path, monkeypatch):
    monkeypatch.setattr(chat_store, "MOST_KEPT", 3)
    for number in range(5):
        store.append(WORKSPACE, f"{number:032x}", [said(str(number), number)])
        os.utime(next(tmp_path.rglob(f"{number:032x}.jsonl")), ns=(number * 10**9, number * 10**9))

    store.append(WORKSPACE, "f" * 32, [said("last", 9)])

    assert [each.title for each in store.conversations(WORKSPACE)] == ["last", "4", "3"]


def test_a_disk_that_refuses_is_told_of(tmp_path):
    (tmp_path / "chats").write_text("a file where the folder should be")

    with pytest.raises(ChatLost, match="cannot be written"):
        ChatStore(tmp_path).append(WORKSPACE, "a" * 32, [said("why?")])
