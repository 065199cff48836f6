"""The client of an index process: what it answers while the process is away, dies, hangs, or is of another version."""

import asyncio
import os
import signal

import pytest

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.process import calling, wire
from recoder_lsp.index.process import client as client_module
from recoder_lsp.index.process.calling import IndexFailed
from recoder_lsp.index.process.client import FolderClient
from recoder_lsp.index.process.lock import FolderLock
from recoder_lsp.index.process.place import place_of
from recoder_lsp.index.process.wire import Connection, IndexState
from recoder_lsp.metrics import Metrics
from tests.index.serving import eventually, found, in_phase, index_processes, runs


async def test_a_question_before_there_is_a_process_gets_an_empty_answer_at_once(root, home):
    client = FolderClient(root, home, IndexSettings(), watch=False)

    assert await client.search("apples") == ()
    assert await client.symbols("apples") == ()
    assert await client.outline("first.txt") == ()
    assert await client.ask("stats") is None
    assert not client.available
    await client.close()


async def test_starting_returns_before_anything_is_started(connect):
    client = connect()

    assert client.state == IndexState()
    await in_phase(client, "idle")
    assert client.available


async def test_a_killed_process_comes_back_and_knows_everything_again(connect, root):
    states = []
    client = connect(on_state=lambda state: states.append(state.phase))
    await in_phase(client, "idle")
    client.open_buffer("draft.txt", "plums", "plaintext")
    (root / "second.txt").write_text("apples too")
    process_id = client.process_id

    os.kill(process_id, signal.SIGKILL)
    await in_phase(client, "failed")
    assert await client.search("apples") == ()
    await in_phase(client, "idle")

    assert client.process_id != process_id
    assert await found(client, "apples") == ["first.txt", "second.txt"]
    await eventually(lambda: found(client, "plums"))
    assert states.index("starting") < states.index("idle") < states.index("failed") < len(states) - 1


async def test_a_question_that_runs_when_the_process_dies_gets_an_empty_answer(connect):
    client = connect()
    await in_phase(client, "idle")
    asked = asyncio.create_task(client.ask("nap", {"seconds": 30}, timeout_s=30))
    await asyncio.sleep(0.05)

    os.kill(client.process_id, signal.SIGKILL)

    assert await asked is None


async def test_each_failure_is_followed_by_a_longer_pause(connect, monkeypatch):
    pauses = []
    monkeypatch.setattr(client_module, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(client_module, "LONGEST_PAUSE_S", 0.08)
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        if seconds in (0.02, 0.04, 0.08):
            pauses.append(seconds)
        await sleep(seconds)

    monkeypatch.setattr(client_module.asyncio, "sleep", noted)
    monkeypatch.setattr(calling.Caller, "_command", lambda *_: ["/nowhere/python"])
    client = connect()

    await eventually(lambda: len(pauses) >= 4)

    assert pauses[:4] == [0.02, 0.04, 0.08, 0.08]
    assert "ended at once" in client.state.reason or client.state.phase == "starting"


async def test_two_clients_share_one_process(connect, home):
    one, other = connect(), connect()
    await in_phase(one, "idle")
    await in_phase(other, "idle")

    assert one.process_id == other.process_id
    await eventually(lambda: index_processes(home) == [one.process_id])


async def test_many_clients_at_once_end_up_with_one_process(connect, home):
    clients = [connect() for _ in range(6)]

    for client in clients:
        await in_phase(client, "idle")

    assert len({client.process_id for client in clients}) == 1
    await eventually(lambda: len(index_processes(home)) == 1)


async def test_saved_files_are_found_while_everything_else_is_still_being_read(connect, root):
    (root / "slow").touch()
    for number in range(300):
        (root / f"{number:03}.txt").write_text("pears")
    client = connect()
    await in_phase(client, "indexing")
    (root / "saved.txt").write_text("quinces")

    client.saved(["saved.txt"])
    await eventually(lambda: found(client, "quinces"))

    assert client.state.phase == "indexing"
    assert client.state.done < client.state.total


async def test_a_typed_word_counts_in_its_last_form(connect):
    client = connect()
    await in_phase(client, "idle")
    for number in range(200):
        client.open_buffer("draft.txt", f"plum {number}.", "plaintext")

    await eventually(lambda: found(client, "plum 199."))

    assert await found(client, "plum 198.") == []


async def test_pausing_stops_the_background_and_not_what_is_saved(connect, root):
    (root / "slow").touch()
    for number in range(100):
        (root / f"{number:03}.txt").write_text("pears")
    client = connect()
    await in_phase(client, "indexing")

    client.pause()
    await in_phase(client, "paused")
    (root / "saved.txt").write_text("quinces")
    client.saved(["saved.txt"])
    await eventually(lambda: found(client, "quinces"))
    assert client.state.phase == "paused"
    assert client.available

    client.resume()
    await in_phase(client, "idle")
    assert client.state.n_files == 103


async def test_reconciling_answers_with_its_summary(connect, root):
    client = connect()
    await eventually(lambda: client.process_id)

    assert (await client.asked("reconcile"))["n_files"] == 1
    (root / "second.txt").touch()
    assert (await client.asked("reconcile"))["n_files"] == 2
    assert await client.asked("check") == ["nothing is wrong"]


def openings(root, home):
    """The processes that opened the index, as often as they did since it was made."""
    return (place_of(root, home).folder / "opened").read_text().split()


async def test_rebuilding_begins_with_nothing(connect, root, home):
    client = connect()
    await in_phase(client, "idle")
    assert len(openings(root, home)) == 1

    assert (await client.asked("rebuild"))["n_files"] == 1

    assert len(openings(root, home)) == 1
    assert place_of(root, home).lock.exists()
    assert await found(client, "apples") == ["first.txt"]


async def test_other_settings_open_the_index_anew(connect, root, home):
    client = connect()
    await in_phase(client, "idle")

    client.configure(IndexSettings(exclude=("*.txt",), cpu_percent=50))

    summary = await client.asked("reconcile")
    assert summary["settings"]["exclude"] == ["*.txt"]
    assert len(openings(root, home)) == 2


async def test_settings_that_change_nothing_in_the_index_do_not(connect, root, home):
    client = connect()
    await in_phase(client, "idle")

    client.configure(IndexSettings(cpu_percent=50))

    assert (await client.asked("reconcile"))["settings"]["cpu_percent"] == 75
    assert len(openings(root, home)) == 1


async def test_an_index_that_cannot_be_opened_says_why_and_is_tried_again(connect, root):
    (root / "broken").touch()
    client = connect()

    state = await in_phase(client, "failed")
    assert state.reason == "The index is broken. Remove the file."
    assert await client.search("apples") == ()
    (root / "broken").unlink()

    await in_phase(client, "idle")
    assert await found(client, "apples") == ["first.txt"]


async def test_a_question_that_takes_too_long_is_given_up_and_counted(connect):
    metrics = Metrics()
    client = connect(metrics=metrics)
    await in_phase(client, "idle")

    assert await client.ask("nap", {"seconds": 0.5}, timeout_s=0.05) is None

    assert metrics.snapshot()["counts"]["index.no_answer.nap"] == 1
    assert await found(client, "apples") == ["first.txt"]


async def test_a_question_that_is_no_longer_wanted_and_has_not_begun_never_does(connect):
    client = connect()
    await in_phase(client, "idle")
    first = asyncio.create_task(client.asked("nap", {"seconds": 0.3}))
    await asyncio.sleep(0.05)
    unwanted = asyncio.create_task(client.asked("nap", {"seconds": 30}))
    await asyncio.sleep(0.05)

    unwanted.cancel()

    assert await first == "slept"
    assert await found(client, "apples") == ["first.txt"]


async def test_an_older_process_is_replaced(connect, monkeypatch):
    old = connect()
    await in_phase(old, "idle")
    process_id = old.process_id
    newer = wire.Speaker(wire.PROTOCOL + 1, (99, 0))
    monkeypatch.setattr(wire, "OURS", newer)

    client = connect()

    # Its own process speaks the version that is installed, so that goes as well: what matters is that the old one went.
    await eventually(lambda: not runs(process_id))
    await client.close()
    await old.close()


async def test_a_newer_process_is_left_alone(connect, root, home, monkeypatch):
    other = connect()
    await in_phase(other, "idle")
    monkeypatch.setattr(wire, "OURS", wire.Speaker(wire.PROTOCOL, (0, 0, 1)))

    client = connect()

    assert "newer version" in (await in_phase(client, "failed")).reason
    assert index_processes(home) == [other.process_id]


async def test_a_process_that_never_answers_is_given_up(connect, root, home, monkeypatch):
    monkeypatch.setattr(calling, "HELLO_S", 0.1)
    where = place_of(root, home)
    where.make()
    lock = FolderLock.acquire(where.lock)
    server = await asyncio.start_unix_server(lambda *_: None, where.new_socket())

    client = connect()
    assert "cannot be reached" in (await in_phase(client, "failed")).reason
    server.close()
    lock.release()
    monkeypatch.undo()

    await in_phase(client, "idle")


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\xff\xff\xff\xff",
        wire.encode({"id": 0, "result": None}),
        wire.encode({"id": 0, "result": {**wire.OURS.as_json(), "pid": 1, "state": 5}}),
        wire.encode({"id": 0, "result": {**wire.OURS.as_json(), "pid": 1, "state": {}}}) + wire.encode({"what": 1}),
    ],
)
async def test_a_process_that_talks_nonsense_is_given_up(connect, root, home, nonsense):
    where = place_of(root, home)
    where.make()
    lock = FolderLock.acquire(where.lock)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(reader, writer).receive()
        writer.write(nonsense)

    server = await asyncio.start_unix_server(talk, where.new_socket())
    client = connect()

    assert "cannot be reached" in (await in_phase(client, "failed")).reason
    server.close()
    lock.release()
    where.remove_socket()
    await in_phase(client, "idle")


async def test_a_process_that_takes_nothing_in_is_left(connect, monkeypatch):
    monkeypatch.setattr(client_module, "WAITING_BYTES", 100_000)
    client = connect()
    await in_phase(client, "idle")
    process_id = client.process_id
    os.kill(process_id, signal.SIGSTOP)
    try:
        for number in range(10):
            client.open_buffer("draft.txt", f"plum {number}." + " " * 300_000, "plaintext")

        await in_phase(client, "failed")
    finally:
        os.kill(process_id, signal.SIGCONT)

    await in_phase(client, "idle")
    await eventually(lambda: found(client, "plum 9."))


async def test_a_process_that_hangs_is_ended_and_replaced(connect, monkeypatch):
    monkeypatch.setattr(client_module, "PING_S", 0.1)
    monkeypatch.setattr(client_module, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(calling, "HELLO_S", 0.2)
    client = connect()
    await in_phase(client, "idle")
    process_id = client.process_id

    os.kill(process_id, signal.SIGSTOP)
    assert await client.ask("stats", timeout_s=0.05) is None

    await eventually(lambda: not runs(process_id))
    monkeypatch.setattr(calling, "HELLO_S", 10.0)
    await in_phase(client, "idle")
    assert await found(client, "apples") == ["first.txt"]


async def test_a_busy_process_is_not_taken_for_one_that_hangs(connect, monkeypatch):
    monkeypatch.setattr(client_module, "PING_S", 5.0)
    client = connect()
    await in_phase(client, "idle")
    process_id = client.process_id

    assert await client.ask("nap", {"seconds": 0.5}, timeout_s=0.05) is None
    await client._examining

    assert client.process_id == process_id


async def test_one_who_only_asks_does_not_have_the_index_brought_up_to_date(connect):
    asking = connect(asks_only=True)
    state = await in_phase(asking, "paused")
    assert state.n_files == 0

    working = connect()
    await in_phase(working, "idle")
    assert working.state.n_files == 1
    connect(asks_only=True)

    assert await found(working, "apples") == ["first.txt"]


async def test_the_most_modest_client_says_how_much_is_used(connect):
    greedy = connect(settings=IndexSettings(cpu_percent=100))
    await in_phase(greedy, "idle")
    modest = connect(settings=IndexSettings(cpu_percent=20))
    await in_phase(modest, "idle")

    # Another limit opens the index anew, and what was opened says with which settings.
    greedy.configure(IndexSettings(cpu_percent=100, max_file_kb=5))

    settings = (await greedy.asked("reconcile"))["settings"]
    assert (settings["max_file_kb"], settings["cpu_percent"]) == (5, 20)


async def test_closing_at_any_moment_ends_everything(root, home):
    for pause_s in (0, 0.01, 0.1, 0.25):
        client = FolderClient(root, home, IndexSettings(), watch=True, options=("--core", "tests.index.standin:StandIn"))
        client.start()
        await asyncio.sleep(pause_s)
        await client.close()
        assert client.state == IndexState()

    await eventually(lambda: index_processes(home) == [])


async def test_a_failure_while_asking_says_what_is_wrong(root, home):
    client = FolderClient(root, home, IndexSettings(), watch=False)

    with pytest.raises(IndexFailed, match="not there"):
        await client.asked("stats")


async def test_what_is_wished_for_while_connecting_is_not_lost(connect, root, monkeypatch):
    connected = calling.Caller.connected
    introduced, may_go_on = asyncio.Event(), asyncio.Event()

    async def slowly(caller, introduction):
        introduced.set()
        await may_go_on.wait()
        return await connected(caller, introduction)

    monkeypatch.setattr(calling.Caller, "connected", slowly)
    (root / "slow").touch()
    for number in range(200):
        (root / f"{number}.txt").touch()
    client = connect()
    await introduced.wait()

    client.configure(IndexSettings(exclude=("*.md",)))
    client.pause()
    client.watch(True)
    may_go_on.set()

    await in_phase(client, "paused")
    (root / "new.txt").write_text("quinces")
    await eventually(lambda: _noticed(client, root))
    assert (await client.asked("reconcile"))["settings"]["exclude"] == ["*.md"]


async def _noticed(client, root) -> bool:
    (root / "new.txt").write_text("quinces")
    await asyncio.sleep(0.05)
    return await found(client, "quinces") == ["new.txt"]


async def test_a_pause_outlives_the_process(connect, root):
    (root / "slow").touch()
    for number in range(200):
        (root / f"{number}.txt").touch()
    client = connect()
    await in_phase(client, "indexing")
    client.pause()
    await in_phase(client, "paused")

    os.kill(client.process_id, signal.SIGKILL)
    await in_phase(client, "failed")

    await in_phase(client, "paused")


async def test_one_window_that_pauses_stops_no_other_one(connect, root):
    (root / "slow").touch()
    for number in range(200):
        (root / f"{number}.txt").touch()
    paused, other = connect(), connect()
    await in_phase(paused, "indexing")
    await in_phase(other, "indexing")

    paused.pause()
    # Answered after the pause was heard.
    await paused.asked("ping")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await paused.until(lambda state: state.phase == "paused")

    # Now nobody is left who wants it, and then somebody is again.
    await other.close()
    await in_phase(paused, "paused")
    working = connect()
    await in_phase(working, "indexing")


async def test_a_search_that_is_stuck_ends_the_process_and_another_one_answers(root, home):
    options = ("--core", "tests.index.standin:impatient")
    client = FolderClient(root, home, IndexSettings(), watch=False, options=options)
    client.start()
    await in_phase(client, "idle")
    process_id = client.process_id

    assert await client.ask("nap", {"seconds": 300}, timeout_s=0.05) is None

    await eventually(lambda: not runs(process_id))
    await in_phase(client, "idle")
    assert await found(client, "apples") == ["first.txt"]
    await client.close()
