"""The index process by itself: who may come in, what it leaves behind, and when it ends."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.process import place, wire
from recoder_lsp.index.process.calling import IndexFailed
from recoder_lsp.index.process.place import Place, place_of
from recoder_lsp.index.process.wire import ALREADY_SERVED, Connection, encode
from tests.index.serving import DEADLINE_S, STAND_IN, client_of, eventually, found, in_phase, index_processes, runs

REPOSITORY = Path(__file__).parents[2]


def start_by_hand(*arguments: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-m", "recoder_lsp.index.process.host", *arguments, *STAND_IN], cwd=REPOSITORY)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def is_there(path: Path) -> bool:
    return os.path.lexists(path)


async def raw_connection(root: Path, home: Path) -> Connection:
    return Connection(*await asyncio.open_unix_connection(place_of(root, home).socket_to_connect()))


async def heard(connection: Connection) -> dict | None:
    async with asyncio.timeout(DEADLINE_S):
        return await connection.receive()


async def test_a_second_process_leaves_at_once_and_says_why_by_its_exit_code(connect, root, home):
    client = connect()
    await in_phase(client, "idle")

    second = start_by_hand("--root", str(root), "--home", str(home))

    assert await asyncio.to_thread(second.wait, DEADLINE_S) == ALREADY_SERVED
    assert await found(client, "apples") == ["first.txt"]


async def test_a_process_started_by_hand_serves_whoever_comes(connect, root, home):
    process = start_by_hand("--root", str(root), "--home", str(home))
    await eventually(place_of(root, home).socket.exists)

    client = connect()
    await in_phase(client, "idle")

    assert client.process_id == process.pid
    await client.close()
    assert await asyncio.to_thread(process.wait, DEADLINE_S) == 0


async def test_the_last_one_out_leaves_no_process_and_no_socket(connect, root, home):
    one, other = connect(), connect()
    await in_phase(one, "idle")
    await in_phase(other, "idle")
    process_id = one.process_id

    await one.close()
    assert await found(other, "apples") == ["first.txt"]
    await other.close()

    await eventually(lambda: not runs(process_id))
    assert index_processes(home) == []
    assert (place_of(root, home).folder / "closed").exists()
    assert not place_of(root, home).socket.exists()


async def test_one_that_comes_back_at_once_finds_the_same_process(connect):
    client = connect()
    await in_phase(client, "idle")
    process_id = client.process_id
    await client.close()

    client = connect()
    await in_phase(client, "idle")

    assert client.process_id == process_id


async def test_asked_to_end_it_leaves_everything_in_order(connect, root, home):
    (root / "slow").touch()
    for number in range(200):
        (root / f"{number}.txt").write_text("pears")
    client = connect()
    await in_phase(client, "indexing")

    os.kill(client.process_id, signal.SIGTERM)

    await in_phase(client, "failed")
    await client.close()
    await eventually(lambda: index_processes(home) == [])
    assert (place_of(root, home).folder / "closed").exists()


async def test_only_the_user_can_reach_it(connect, root, home):
    await in_phase(connect(), "idle")
    where = place_of(root, home)

    assert mode_of(where.folder) == 0o700
    assert mode_of(where.socket) == 0o600


async def test_a_socket_that_was_left_behind_is_replaced(connect, root, home):
    where = place_of(root, home)
    where.make()
    server = await asyncio.start_unix_server(lambda *_: None, where.socket)
    server.close()
    await server.wait_closed()
    assert where.socket.exists()

    client = connect()

    await in_phase(client, "idle")
    assert await found(client, "apples") == ["first.txt"]


async def test_a_socket_whose_path_would_be_too_long_lies_elsewhere(root, tmp_path):
    home = tmp_path / ("long" * 25)
    client = client_of(root, home)
    client.start()
    await in_phase(client, "idle")
    where = place_of(root, home)
    target = Path(os.readlink(where.socket))

    assert len(os.fsencode(target)) <= place.LONGEST_SOCKET_BYTES
    assert mode_of(target) == 0o600
    assert mode_of(target.parent) == 0o700

    await client.close()
    await eventually(lambda: index_processes(home) == [])
    assert not any(map(is_there, (target, where.socket)))


def test_a_socket_where_others_may_write_is_not_used(tmp_path, monkeypatch):
    where = Place(tmp_path / ("long" * 25))
    where.make()
    monkeypatch.setattr(place.tempfile, "gettempdir", lambda: str(tmp_path))
    target = where.new_socket()
    assert where.socket_to_connect() == target

    target.parent.chmod(0o770)
    with pytest.raises(OSError, match="open to others"):
        where.socket_to_connect()

    target.parent.rmdir()
    target.parent.symlink_to(tmp_path)
    with pytest.raises(OSError, match="not this user's"):
        where.socket_to_connect()


def test_a_folder_has_one_place_by_whatever_link_it_is_reached(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    assert place_of(tmp_path / "link", tmp_path) == place_of(tmp_path / "real", tmp_path)
    assert place_of(tmp_path / "real", tmp_path) != place_of(tmp_path, tmp_path)
    assert place_of(Path("/"), tmp_path).folder.name.startswith("folder-")


@pytest.mark.parametrize(
    "rude",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xff\xff\xff",
        b"\0\0\0\3{{{",
        b"\0\0\0\2[]",
        b"\0\0\0\5\xff\xfe\xfd\xfc\xfb",
        b"\0\1\0\0" + b"[" * 65536,
        encode({"id": 1, "method": "search", "params": {"text": "apples"}}),
        encode({"id": 1, "method": "hello", "params": {"protocol": "one", "version": 1}}),
        encode({"id": 1, "method": "hello", "params": {**wire.OURS.as_json(), "settings": {"max_file_kb": "many"}}}),
        encode({"id": "one", "method": "hello", "params": {}}),
        encode({"id": 1, "method": "hello"}),
        encode({"method": "pause", "params": {}}),
        encode({}),
    ],
)
async def test_whoever_is_rude_is_disconnected_and_nobody_else(connect, root, home, rude):
    client = connect()
    await in_phase(client, "idle")
    reader, writer = await asyncio.open_unix_connection(place_of(root, home).socket_to_connect())

    writer.write(rude)

    async with asyncio.timeout(DEADLINE_S):
        assert await reader.read() == b""
    writer.close()
    assert await found(client, "apples") == ["first.txt"]


@pytest.mark.parametrize(
    "rude",
    [
        encode({"method": "dance", "params": {}}),
        encode({"method": "configure", "params": {"settings": 5}}),
        encode({"method": "buffer", "params": {"path": 5}}),
    ],
)
async def test_a_notice_that_is_not_understood_ends_that_connection(connect, root, home, rude):
    client = connect()
    await in_phase(client, "idle")
    other = await raw_connection(root, home)
    other.send({"id": 1, "method": "hello", "params": {**wire.OURS.as_json(), "settings": {}}})
    assert (await heard(other))["result"]["protocol"] == wire.PROTOCOL

    other._writer.write(rude)

    while await heard(other) is not None:
        continue
    assert await found(client, "apples") == ["first.txt"]


async def test_one_of_another_version_is_told_so_and_does_not_keep_the_process(connect, root, home):
    client = connect()
    await in_phase(client, "idle")
    process_id = client.process_id
    other = await raw_connection(root, home)

    other.send({"id": 7, "method": "hello", "params": {"protocol": wire.PROTOCOL + 1, "version": "99.0"}})
    answer = await heard(other)
    await client.close()

    assert answer["id"] == 7
    assert wire.Speaker.of(answer["result"]) == wire.OURS
    await eventually(lambda: not runs(process_id))


async def test_what_a_question_breaks_is_only_its_answer(connect):
    client = connect()
    await in_phase(client, "idle")

    for method in ("unheard of", "odd", "nap"):
        with pytest.raises(IndexFailed, match="failed"):
            await client.asked(method)

    assert await found(client, "apples") == ["first.txt"]


async def test_the_process_cannot_leave_this_machine(connect):
    client = connect()
    await in_phase(client, "idle")

    with pytest.raises(IndexFailed, match="refused a network connection"):
        await client.asked("leave this machine")


async def test_a_chroma_server_of_the_users_opens_the_network(connect):
    client = connect(settings=IndexSettings(chroma_url="http://vectors.example:8000"))
    await in_phase(client, "idle")

    with pytest.raises(IndexFailed) as refusal:
        await client.asked("leave this machine")
    assert "refused" not in str(refusal.value)

    client.configure(IndexSettings(chroma_url="http://localhost:8000"))
    await eventually(lambda: _is_refused(client))


async def _is_refused(client) -> bool:
    try:
        await client.asked("leave this machine")
    except IndexFailed as refusal:
        return "refused a network connection" in str(refusal)
    return False


async def test_an_index_of_open_files_alone_leaves_nothing_behind(connect):
    client = connect(None)
    await in_phase(client, "idle")
    folder = client._caller._place.folder
    client.open_buffer("untitled:1", "plums", "python")
    await eventually(lambda: found(client, "plums"))

    assert await found(client, "plums") == ["untitled:1"]
    process_id = client.process_id
    await client.close()
    await eventually(lambda: not runs(process_id))
    assert not folder.exists()


async def test_what_two_windows_have_open_counts_until_the_last_one_closes_it(connect):
    one, other = connect(), connect()
    await in_phase(one, "idle")
    await in_phase(other, "idle")
    one.open_buffer("first.txt", "apples and figs", "plaintext")
    await eventually(lambda: found(one, "figs"))
    other.open_buffer("first.txt", "apples and limes", "plaintext")
    await eventually(lambda: found(one, "limes"))

    other.close_buffer("first.txt")
    await eventually(lambda: found(one, "figs"))
    # Also one that goes without a word.
    one._connection.abort()

    await eventually(lambda: _is_closed(other))


async def _is_closed(client) -> bool:
    return await found(client, "figs") == [] and await found(client, "apples") == ["first.txt"]


async def test_a_process_that_watches_finds_new_and_deleted_files(connect, root):
    client = connect(watch=True)
    await in_phase(client, "idle")

    async def noticed() -> bool:
        # Written again and again: it may take a moment until the watches are there.
        (root / "new.txt").write_text("quinces")
        await asyncio.sleep(0.05)
        return await found(client, "quinces") == ["new.txt"]

    await eventually(lambda: noticed())
    (root / "new.txt").unlink()
    await eventually(lambda: _is_gone(client, "quinces"))


async def _is_gone(client, word) -> bool:
    return await found(client, word) == []


async def test_nothing_is_watched_where_the_settings_say_so(connect, root):
    client = connect(watch=True, settings=IndexSettings(watch="never"))
    await in_phase(client, "idle")
    (root / "new.txt").write_text("quinces")
    await asyncio.sleep(0.3)

    assert await found(client, "quinces") == []
    client.configure(IndexSettings(watch="always"))
    await eventually(lambda: found(client, "quinces"))


async def test_its_log_holds_no_text_and_no_names(connect, root, home):
    client = connect(log_level="info")
    await in_phase(client, "idle")
    client.saved(["poison"])
    await in_phase(client, "failed")

    log = place_of(root, home).log.read_text()

    assert "ValueError" in log
    assert "secret" not in log
    assert "first.txt" not in log


@pytest.mark.parametrize("asked_first", [False, True])
async def test_the_settings_of_a_new_window_count_where_nobody_goes_by_the_old_ones(connect, asked_first):
    before = connect(settings=IndexSettings(max_file_kb=7), asks_only=asked_first)
    await in_phase(before, "paused" if asked_first else "idle")
    process_id = before.process_id
    if not asked_first:
        await before.close()

    client = connect(settings=IndexSettings(max_file_kb=5))
    await eventually(lambda: client.process_id)

    assert client.process_id == process_id
    assert (await client.asked("reconcile"))["settings"]["max_file_kb"] == 5


@pytest.mark.parametrize("asks_only", [False, True])
async def test_the_settings_of_a_window_that_is_there_stay_when_another_one_comes(connect, asks_only):
    there = connect(settings=IndexSettings(max_file_kb=7))
    await in_phase(there, "idle")

    client = connect(settings=IndexSettings(max_file_kb=5), asks_only=asks_only)
    await eventually(lambda: client.process_id)

    assert (await client.asked("reconcile"))["settings"]["max_file_kb"] == 7


async def test_a_chroma_server_of_a_new_window_opens_the_network(connect):
    before = connect()
    await in_phase(before, "idle")
    await before.close()

    client = connect(settings=IndexSettings(chroma_url="http://vectors.example:8000"))
    await eventually(lambda: client.process_id)
    await client.asked("reconcile")

    assert not await _is_refused(client)
