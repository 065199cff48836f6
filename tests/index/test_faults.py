"""Kills, damage, full disks and races: nothing wrong is ever served, and what was broken is whole again soon."""

from __future__ import annotations

import asyncio
import faulthandler
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.files.deaths import MOST_DEATHS
from recoder_lsp.index.files.scanner import Scanner
from recoder_lsp.index.folder_index import MANIFEST, READING, VECTORS, FolderIndex
from recoder_lsp.index.process.client import FolderClient
from recoder_lsp.index.process.place import place_of
from recoder_lsp.index.records import Outline
from recoder_lsp.index.store.manifest import ManifestDamaged
from recoder_lsp.index.syntax.parser import Parser
from tests.index.serving import DEADLINE_S, eventually, found, in_phase, index_processes
from tests.index.short_lives import fill_the_disk, generate, live, verify
from tests.index.small_folder import SmallFolder, function

N_KILLS = 50
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Starts processes that have everything loaded already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["chromadb", "tests.index.short_lives"])
    return context


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated folder `root` and its index in `home`, closed."""
    folder = tmp_path_factory.mktemp("indexed")
    generate(folder / "root")
    index = FolderIndex.open(folder / "root", folder / "home", IndexSettings())
    assert verify(folder / "root", folder / "home", index, random.Random(1)) == []
    index.close()
    return folder


@pytest.fixture
def damaged(indexed: Path, tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    return Path(shutil.copytree(indexed, tmp_path / "copy"))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[SmallFolder]:
    folder = SmallFolder(tmp_path)
    yield folder
    folder.close()


# -- kills


@pytest.mark.timeout(300)
def test_after_a_kill_at_any_moment_everything_is_in_order(tmp_path: Path, processes: ForkServerContext) -> None:
    """Each process verifies what the one before left; then it works until it is killed, too."""
    root, home = tmp_path / "root", tmp_path / "home"
    generate(root)
    chance = random.Random(3)
    for kill in range(N_KILLS + 1):
        receiving, sending = processes.Pipe(duplex=False)
        process = processes.Process(target=live, args=(root, home, kill, sending))
        process.start()
        sending.close()
        try:
            assert receiving.poll(PATIENCE_S), f"life {kill} does not come to its work"
            assert receiving.recv() == [], f"after kill {kill}"
            # Often in the midst of the first thing that it does, sometimes after many.
            process.join(chance.expovariate(1 / 0.15))
            assert process.is_alive(), receiving.recv()
        finally:
            process.kill()
            process.join()


def test_what_the_process_died_of_again_and_again_is_left_alone_until_it_changes(folder: SmallFolder, tmp_path: Path) -> None:
    for name in ("a", "deadly", "z"):
        folder.write(f"{name}.py", function(f"apple_{name}"))

    for _ in range(MOST_DEATHS):
        assert dying_of("apple_deadly", folder) == -signal.SIGSEGV
    folder.reconcile()
    assert [folder.found(f"apple_{name}") for name in ("a", "deadly", "z")] == [["a.py"], [], ["z.py"]]
    folder.reopen()
    folder.type("deadly.py", function("apple_deadly"))
    assert folder.found("apple_deadly") == []

    folder.type("deadly.py", function("pear"))
    folder.close_buffer("deadly.py")
    folder.index.update([folder.write("deadly.py", function("apple_mended"))])

    assert folder.found("apple_mended") == ["deadly.py"]


def test_what_the_process_died_in_by_chance_is_read_again(folder: SmallFolder) -> None:
    folder.write("unlucky.py", function("apple"))

    for _ in range(MOST_DEATHS - 1):
        assert dying_of("apple", folder) == -signal.SIGSEGV
    folder.reconcile()

    assert folder.found("apple") == ["unlucky.py"]
    folder.close()
    assert not (folder.home / READING).read_text().strip()


# -- damage


def truncated(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def emptied(file: Path) -> None:
    os.truncate(file, 0)


def noisy(file: Path) -> None:
    """A page in the middle, and the end."""
    size = file.stat().st_size
    with file.open("r+b") as stream:
        for place in (size // 2 // 4096 * 4096, max(0, size - 2000)):
            stream.seek(place)
            stream.write(random.Random(size).randbytes(min(4096, size - place)))


def noisy_at_its_start(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.write(random.Random(1).randbytes(min(200, file.stat().st_size)))


def deleted(file: Path) -> None:
    file.unlink()


DAMAGES = (truncated, emptied, noisy, noisy_at_its_start, deleted)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_manifest_is_made_anew(damaged: Path, damage: Callable[[Path], None]) -> None:
    damage(damaged / "home" / MANIFEST)

    index = FolderIndex.open(damaged / "root", damaged / "home", IndexSettings())

    assert verify(damaged / "root", damaged / "home", index, random.Random(2)) == []
    index.close()


def test_a_manifest_that_is_damaged_while_it_is_open_is_made_anew(damaged: Path) -> None:
    index = FolderIndex.open(damaged / "root", damaged / "home", IndexSettings())
    overwrite_all_but_the_first_page(damaged / "home" / MANIFEST)
    (damaged / "root" / "folder_1" / "new.py").write_text(function("new_function"))

    # The writer may have all of it in memory, and go on as if nothing were.
    with suppress(ManifestDamaged):
        index.update(["folder_1/new.py"])
        index.reconcile(lambda _: None, lambda: False)
    index.close()
    index = FolderIndex.open(damaged / "root", damaged / "home", IndexSettings())

    assert verify(damaged / "root", damaged / "home", index, random.Random(2)) == []
    index.close()


def test_damage_that_opening_does_not_see_is_made_good_after_it_was_met(damaged: Path) -> None:
    connection = sqlite3.connect(damaged / "home" / MANIFEST)
    connection.execute("UPDATE bags SET words = x'00'")
    connection.commit()
    connection.close()
    index = FolderIndex.open(damaged / "root", damaged / "home", IndexSettings())
    path = "folder_1/file_1.py"
    (damaged / "root" / path).unlink()

    with pytest.raises(ManifestDamaged):
        index.update([path])
    index.close()
    index = FolderIndex.open(damaged / "root", damaged / "home", IndexSettings())

    assert verify(damaged / "root", damaged / "home", index, random.Random(2)) == []
    index.close()


def test_damage_that_a_question_meets_is_found_by_the_next_round_and_made_good(damaged: Path) -> None:
    index = FolderIndex.open(damaged / "root", damaged / "home", IndexSettings())
    overwrite_all_but_the_first_page(damaged / "home" / MANIFEST)

    with pytest.raises(ManifestDamaged):
        index.answer("search", {"text": "folder_1_file_1"})
    with pytest.raises(ManifestDamaged):
        index.reconcile(lambda _: None, lambda: True)
    index.close()
    index = FolderIndex.open(damaged / "root", damaged / "home", IndexSettings())

    assert verify(damaged / "root", damaged / "home", index, random.Random(2)) == []
    index.close()


def test_a_question_that_fails_for_another_reason_costs_nothing(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = FolderIndex.open(damaged / "root", damaged / "home", IndexSettings())
    with monkeypatch.context() as patched:
        patched.setattr("recoder_lsp.index.store.manifest_reading.ManifestReader.n_chunks_ever", refuse)
        with pytest.raises(ManifestDamaged):
            index.answer("search", {"text": "folder_1_file_1"})

    assert index.reconcile(lambda _: None, lambda: False).n_changed == 0
    assert verify(damaged / "root", damaged / "home", index, random.Random(2)) == []
    index.close()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("file", ["chroma.sqlite3", "data_level0.bin", "header.bin", "sizes"])
def test_damaged_vectors_are_made_anew_from_the_manifest(damaged: Path, file: str, damage: Callable[[Path], None]) -> None:
    damage(next((damaged / "home" / VECTORS).rglob(file)))

    index = FolderIndex.open(damaged / "root", damaged / "home", IndexSettings())

    assert index.reconcile(lambda _: None, lambda: False).n_changed == 0
    assert verify(damaged / "root", damaged / "home", index, random.Random(2)) == []
    index.close()


def test_vectors_that_are_gone_are_made_anew_from_the_manifest(damaged: Path) -> None:
    shutil.rmtree(damaged / "home" / VECTORS)

    index = FolderIndex.open(damaged / "root", damaged / "home", IndexSettings())

    assert index.reconcile(lambda _: None, lambda: False).n_changed == 0
    assert verify(damaged / "root", damaged / "home", index, random.Random(2)) == []
    index.close()


# -- a full disk


@pytest.mark.parametrize("limit_kb", [0, 40, 300, 900])
def test_a_full_disk_is_said_so_and_with_room_again_everything_is_in_order(
    indexed: Path, tmp_path: Path, processes: ForkServerContext, limit_kb: int
) -> None:
    receiving, sending = processes.Pipe(duplex=False)
    process = processes.Process(target=fill_the_disk, args=(indexed / "root", tmp_path / "home", limit_kb * 1024, sending))
    process.start()
    sending.close()
    assert receiving.poll(PATIENCE_S)

    failures, problems = receiving.recv()
    afterwards = receiving.recv()
    process.join()

    assert failures
    assert all("no room" in failure or "memory only" in failure or "cannot be" in failure for failure in failures), failures
    assert problems == []
    assert afterwards == []


# -- races


def test_a_file_that_changes_between_being_found_and_being_read_is_not_quoted(folder: SmallFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("apples.py", function("apple") + function("pear"))
    folder.write("plums.py", function("plum", "apple()"))
    folder.reconcile()
    text_now = Scanner.text_now

    def changed_first(scanner: Scanner, path: str) -> str | None:
        if path == "apples.py":
            folder.write(path, "# Moved by a line.\n" + function("apple") + function("cherry"))
        return text_now(scanner, path)

    with monkeypatch.context() as patched:
        patched.setattr(Scanner, "text_now", changed_first)
        answer = folder.index.answer("search", {"text": "apple pear"})
    folder.index.update(answer["stale"])

    assert [hit.path for hit in answer["hits"]] == ["plums.py"]
    assert answer["stale"] == ["apples.py"]
    assert [folder.found(word) for word in ("pear", "cherry")] == [[], ["apples.py"]]


async def test_two_windows_share_one_process_and_both_find_what_one_saved_also_after_it_was_killed(root: Path, home: Path) -> None:
    (root / "apples.py").write_text(function("apple"))
    clients = [FolderClient(root, home, IndexSettings(), watch=False) for _ in range(2)]
    try:
        for client in clients:
            client.start()
        for client in clients:
            await in_phase(client, "idle")
        assert clients[0].process_id == clients[1].process_id
        assert len(index_processes(home)) == 1

        (root / "pears.py").write_text(function("pear"))
        clients[0].saved(["pears.py"])
        clients[1].open_buffer("plums.py", function("plum"), "python")
        for client in clients:
            await eventually(lambda client=client: finds(client, "pear", "pears.py"))
            await eventually(lambda client=client: finds(client, "plum", "plums.py"))

        killed = clients[0].process_id
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        (root / "cherries.py").write_text(function("cherry"))
        (root / "apples.py").unlink()
        for client in clients:
            async with asyncio.timeout(DEADLINE_S):
                await client.until(lambda state, client=client: state.phase == "idle" and client.process_id not in (None, killed))
            await eventually(lambda client=client: finds(client, "plum", "plums.py"))
            assert await found(client, "cherry") != []
            assert "apples.py" not in await found(client, "apple")
            assert await client.asked("check") == []
        assert clients[0].process_id == clients[1].process_id
        assert len(index_processes(home)) == 1
    finally:
        for client in clients:
            await client.close()


async def test_a_process_whose_manifest_is_damaged_under_it_heals_itself(tmp_path: Path, home: Path) -> None:
    root = tmp_path / "root"
    generate(root)
    client = FolderClient(root, home, IndexSettings(), watch=False)
    try:
        client.start()
        await in_phase(client, "idle")
        overwrite_all_but_the_first_page(place_of(root, home).folder / MANIFEST)

        assert await client.search("folder_1_file_1") == ()

        await eventually(lambda: finds(client, "folder_1_file_1", "folder_1/file_1.py"))
        await in_phase(client, "idle")
        assert await client.asked("check") == []
    finally:
        await client.close()


# -- a very large folder


def test_a_large_tree_is_scanned_without_following_it_into_memory(folder: SmallFolder) -> None:
    """20,000 files here; 100,000 take as much for each."""
    folder.write("one.py", "x = 1\n")
    for number in range(100):
        (folder.root / f"folder_{number}").mkdir()
        for name in range(200):
            os.link(folder.root / "one.py", folder.root / f"folder_{number}" / f"file_{name}.py")
    index = folder.index

    tracemalloc.start()
    summary = index.reconcile(folder.reports.append, lambda: bool(folder.reports) and folder.reports[-1].phase == "indexing")
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert not summary.complete
    assert folder.reports[-1].total == 20_001
    # Nothing but the paths of those to be read is kept.
    assert peak_bytes < 200 * 20_001


def overwrite_all_but_the_first_page(file: Path) -> None:
    size = file.stat().st_size
    with file.open("r+b") as stream:
        stream.seek(4096)
        stream.write(random.Random(2).randbytes(size - 4096))


def refuse(_: object) -> int:
    raise ManifestDamaged("So it seems.")


def dying_of(word: str, folder: SmallFolder) -> int:
    """Index in a process that dies at the first text with the word in it; returns its exit code."""
    folder.close()
    process = multiprocessing.get_context("fork").Process(target=die_of, args=(word, folder))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def die_of(word: str, folder: SmallFolder) -> None:
    outline = Parser.outline

    def deadly(self: Parser, text: str, language: str) -> Outline:
        if word in text:
            os.kill(os.getpid(), signal.SIGSEGV)
        return outline(self, text, language)

    faulthandler.disable()
    Parser.outline = deadly  # type: ignore[method-assign]
    folder.reconcile()


async def finds(client: FolderClient, word: str, path: str) -> bool:
    return path in await found(client, word)
