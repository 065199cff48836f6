"""ChromaDB's folder: what a death in the middle, damaged files or a full disk leave is noticed, and nothing is missing."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from recoder_lsp.index.store.manifest import Manifest
from recoder_lsp.index.store.vector_index import FIRST_RETRY_S, VectorIndex
from recoder_lsp.index.store.vectors import ChromaVectors, open_folder
from tests.index.stored_vectors import (
    DIMENSIONS,
    MODEL,
    N_WRITTEN,
    open_and_check,
    store,
    unit_vectors,
    write_until_killed,
)
from tests.index.vector_world import World, failing, found, in_chroma, never, world_at


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Starts processes that have ChromaDB loaded already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["chromadb", "tests.index.stored_vectors"])
    return context


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an index of a.py, with so many vectors that ChromaDB has written all of its files."""
    home = tmp_path_factory.mktemp("thousand")
    manifest = Manifest.open(home / "manifest.sqlite")
    index = VectorIndex(manifest, home / "vectors", None, MODEL, DIMENSIONS)
    index.open()
    store(manifest, "a.py", unit_vectors(1200))
    assert index.flush(never)
    index.close()
    manifest.close()
    # ChromaDB lets go of its database some time after it was closed; to copy the folder before is a race.
    deadline = time.monotonic() + 20
    while any(home.rglob("*-wal")) and time.monotonic() < deadline:
        time.sleep(0.02)
    names = {path.name for path in home.rglob("*")}
    assert names >= {"chroma.sqlite3", "header.bin", "data_level0.bin", "link_lists.bin", "index_metadata.pickle"}
    return home


@pytest.fixture
def local(tmp_path: Path) -> Iterator[World]:
    """With a folder alone."""
    yield from world_at(tmp_path, None)


def test_a_marker_lies_in_the_folder_while_it_is_written_and_no_longer(local: World) -> None:
    index = local.index()
    local.add(index, "a.py", unit_vectors(100))
    seen: list[bool] = []

    index.flush(lambda: seen.append((local.folder / "writing").exists()) is not None)

    assert set(seen) == {True}
    assert not (local.folder / "writing").exists()


def test_a_marker_lies_in_the_folder_while_it_is_opened_and_no_longer(local: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def opened(*arguments: Any) -> ChromaVectors:
        seen.append((local.folder / "opening").exists())
        return open_folder(*arguments)

    monkeypatch.setattr("recoder_lsp.index.store.vector_places.open_folder", opened)

    assert local.index().is_connected

    assert seen == [True]
    assert not (local.folder / "opening").exists()


def test_after_a_failed_write_the_marker_stays_until_the_folder_was_wiped(local: World, monkeypatch: pytest.MonkeyPatch) -> None:
    index = local.index()
    local.add(index, "a.py", unit_vectors(100))

    with monkeypatch.context() as full:
        full.setattr(ChromaVectors, "add", failing)
        index.flush(never)

    assert (local.folder / "writing").exists()
    local.now += FIRST_RETRY_S
    index.flush(never)
    assert not (local.folder / "writing").exists()


@pytest.mark.parametrize("leftover", ["writing", "opening"])
def test_a_folder_in_which_a_process_died_while_writing_or_opening_is_not_touched_again(local: World, leftover: str) -> None:
    vectors = unit_vectors(40)
    index = local.index()
    local.add(index, "a.py", vectors)
    index.flush(never)
    local.close()
    (local.folder / leftover).touch()

    index = local.index()

    assert in_chroma(local) == 0
    assert [path.name.partition("-")[0] for path in local.folder.iterdir()] == ["chroma"]
    assert found(index, vectors, "a.py") == 40


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("chroma.sqlite3", "truncated"),
        ("chroma.sqlite3", "garbage"),
        ("chroma.sqlite3", "removed"),
        ("header.bin", "garbage"),
        ("data_level0.bin", "truncated"),
        ("link_lists.bin", "garbage"),
        ("index_metadata.pickle", "truncated"),
        ("*", "removed"),
    ],
)
def test_damaged_files_are_built_anew_without_embedding(
    tmp_path: Path, thousand: Path, processes: ForkServerContext, name: str, damage: str
) -> None:
    """In a process of its own: ChromaDB dies of some of these. The process after it must find everything."""
    shutil.copytree(thousand, tmp_path, dirs_exist_ok=True)
    hurt([path for path in (tmp_path / "vectors").rglob(name) if path.is_file()], damage)

    codes = [run(processes.Process(target=open_and_check, args=(tmp_path,))) for _ in range(2)]

    assert codes[0] in (0, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS)
    assert codes[1] == 0


def test_a_folder_that_cannot_be_written_leaves_everything_searchable(local: World) -> None:
    vectors = unit_vectors(30)
    local.folder.write_text("in the way")

    index = local.index()
    local.add(index, "a.py", vectors)

    assert index.flush(never)
    assert not index.is_connected
    assert found(index, vectors, "a.py") == 30


def test_after_a_kill_everything_is_searchable_and_what_was_flushed_is_kept(tmp_path: Path, processes: ForkServerContext) -> None:
    """Every other kill comes right after a finished flush: then Chroma must be whole; the others come at any moment."""
    chance = random.Random(5)
    for kill in range(12):
        receiving, sending = processes.Pipe(duplex=False)
        process = processes.Process(target=write_until_killed, args=(tmp_path, sending))
        process.start()
        sending.close()
        for _ in range(1 + chance.randint(1, 3)):
            receiving.recv()
        if kill % 2:
            process.join(chance.uniform(0, 0.1))
        process.kill()
        process.join()

        manifest = Manifest.open(tmp_path / "manifest.sqlite")
        world = World(tmp_path, None, manifest)
        clean = not (world.folder / "writing").exists()
        before = in_chroma(world)
        index = world.index()
        if clean:
            assert in_chroma(world) == before, "what was flushed is built anew"
        numbers = range(max(0, int(manifest.get_meta("test.number") or 0) - 3), int(manifest.get_meta("test.number") or 0))
        for number in numbers:
            assert found(index, unit_vectors(N_WRITTEN, seed=number)[:20], f"{number}.py") == 20
        world.close()
        manifest.close()


def test_with_a_folder_no_socket_is_opened_and_nothing_is_read_from_the_working_directory(tmp_path: Path) -> None:
    program = """
import sys
seen = []
sys.addaudithook(lambda event, arguments: seen.append(event) if event.startswith("socket.") else None)
from pathlib import Path
from recoder_lsp.index.store.manifest import Manifest
from recoder_lsp.index.store.vector_index import VectorIndex
from tests.index.stored_vectors import *
home = Path(sys.argv[1])
manifest = Manifest.open(home / "manifest.sqlite")
index = VectorIndex(manifest, home / "vectors", None, MODEL, DIMENSIONS)
index.open()
index.note(store(manifest, "a.py", unit_vectors(50)), [])
assert index.flush(lambda: False) and index.is_connected
index.query(unit_vectors(1)[0], 5)
index.note({}, forget(manifest, "a.py", 50))
index.flush(lambda: False)
index.close()
print(sorted(set(seen)))
"""
    root = Path(__file__).parents[2]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".env").write_text("CHROMA_API_IMPL=chromadb.api.fastapi.FastAPI\nCHROMA_SERVER_HOST=example.invalid\n")

    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.stdout.strip(), ran.returncode) == ("[]", 0), ran.stderr


def hurt(files: list[Path], damage: str) -> None:
    assert files
    for file in files:
        size_bytes = file.stat().st_size
        if damage == "truncated":
            os.truncate(file, size_bytes // 2)
        elif damage == "garbage":
            file.write_bytes(random.Random(1).randbytes(size_bytes))
        else:
            file.unlink()


def run(process: ForkServerProcess) -> int | None:
    """Its exit code, or minus the signal that it died of."""
    process.start()
    process.join(60)
    return process.exitcode
