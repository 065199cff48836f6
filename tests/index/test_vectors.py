"""Search by meaning: what is noted is found, in memory or in ChromaDB, in a folder or on a server, whatever breaks."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from recoder_lsp.index.store.manifest import Manifest
from recoder_lsp.index.store.memory_vectors import MemoryVectors
from recoder_lsp.index.store.vector_index import FIRST_RETRY_S
from recoder_lsp.index.store.vectors import ChromaVectors, collection_name
from tests.index.chroma_server import chroma_server, free_port
from tests.index.stored_vectors import (
    DIMENSIONS,
    chunk_id,
    store,
    unit_vectors,
)
from tests.index.vector_world import World, after, failing, found, in_chroma, never, world_at


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chroma_server(tmp_path_factory.mktemp("chroma"), free_port()) as url:
        if url is None:
            pytest.skip("`chroma run` does not start here: NOTHING WAS TESTED against a Chroma server")
        yield url


@pytest.fixture(params=["folder", "server"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """In turn with a folder and with a server."""
    yield from world_at(tmp_path, request.getfixturevalue("server") if request.param == "server" else None)


def test_what_is_noted_is_found_before_it_is_in_chroma(world: World) -> None:
    vectors = unit_vectors(20)
    index = world.index()

    world.add(index, "a.py", vectors)

    assert found(index, vectors, "a.py") == 20
    assert in_chroma(world) == 0


def test_after_a_flush_everything_is_found_in_chroma_and_nothing_is_kept_in_memory(world: World) -> None:
    vectors = unit_vectors(150)
    index = world.index()
    world.add(index, "a.py", vectors)

    finished = index.flush(never)

    assert finished
    assert (index.n_in_memory, in_chroma(world)) == (0, 150)
    assert found(index, vectors, "a.py") == 150
    assert index.check() == []


def test_answers_come_from_memory_and_chroma_in_one_order(world: World) -> None:
    vectors = unit_vectors(200)
    index = world.index()
    world.add(index, "a.py", vectors[:100])
    index.flush(never)
    world.add(index, "b.py", vectors[100:])

    hits = index.query(vectors[0], 10)

    similarities = vectors.astype(np.float16).astype(np.float32) @ vectors[0]
    ids = [chunk_id("a.py", number) for number in range(100)] + [chunk_id("b.py", number) for number in range(100)]
    assert [id_ for id_, _ in hits] == [ids[row] for row in np.argsort(-similarities)[:10]]
    assert [similarity for _, similarity in hits] == pytest.approx(np.sort(similarities)[::-1][:10].tolist(), abs=1e-3)


def test_what_is_removed_is_not_found_whether_chroma_knows_it_or_not(world: World) -> None:
    vectors = unit_vectors(40)
    index = world.index()
    world.add(index, "a.py", vectors[:20])
    index.flush(never)
    world.add(index, "b.py", vectors[20:])

    world.remove(index, "a.py", 20)
    world.remove(index, "b.py", 20)

    assert index.query(vectors[0], 5) == []
    index.flush(never)
    assert index.query(vectors[0], 5) == []
    assert index.check() == []


def test_what_is_removed_and_added_again_is_found(world: World) -> None:
    vectors = unit_vectors(20)
    index = world.index()
    world.add(index, "a.py", vectors)
    index.flush(never)
    world.remove(index, "a.py", 20)

    world.add(index, "a.py", vectors)

    assert found(index, vectors, "a.py") == 20
    index.flush(never)
    assert found(index, vectors, "a.py") == 20
    assert index.check() == []


def test_a_chunk_with_another_vector_is_found_by_the_new_one(world: World) -> None:
    index = world.index()
    world.add(index, "a.py", unit_vectors(20))
    index.flush(never)

    world.add(index, "a.py", unit_vectors(20, seed=1))

    assert found(index, unit_vectors(20, seed=1), "a.py") == 20
    index.flush(never)
    assert found(index, unit_vectors(20, seed=1), "a.py") == 20
    assert index.check() == []


def test_everything_is_there_after_reopening_flushed_or_not(world: World) -> None:
    flushed, waiting = unit_vectors(100), unit_vectors(20, seed=1)
    index = world.index()
    world.add(index, "a.py", flushed)
    index.flush(never)
    world.add(index, "b.py", waiting)

    index = world.index()

    assert in_chroma(world) == 100
    assert found(index, flushed, "a.py") == 100
    assert found(index, waiting, "b.py") == 20


def test_a_flush_stops_between_two_batches_and_the_next_one_goes_on(world: World) -> None:
    vectors = unit_vectors(200)
    index = world.index()
    world.add(index, "a.py", vectors)

    finished = index.flush(after(2))

    assert not finished
    assert 0 < in_chroma(world) < 200
    assert found(index, vectors, "a.py") == 200
    index = world.index()
    assert 0 < in_chroma(world) < 200
    assert index.flush(never)
    assert in_chroma(world) == 200


def test_another_model_starts_over(world: World) -> None:
    index = world.index()
    world.add(index, "a.py", unit_vectors(50))
    index.flush(never)
    store(world.manifest, "a.py", unit_vectors(50, seed=1))

    index = world.index(model="another model")

    assert in_chroma(world) == 0
    assert found(index, unit_vectors(50, seed=1), "a.py") == 50
    index.flush(never)
    assert found(index, unit_vectors(50, seed=1), "a.py") == 50
    assert index.check() == []


def test_vectors_of_another_length_are_passed_over(world: World) -> None:
    index = world.index()
    world.add(index, "a.py", unit_vectors(40)[:, :10])
    world.add(index, "b.py", unit_vectors(5))

    assert index.flush(never)

    assert found(index, unit_vectors(5), "b.py") == 5
    assert world.manifest.unsynced(1) == []


def test_a_rebuild_keeps_everything_searchable_and_fills_chroma_again(world: World) -> None:
    vectors = unit_vectors(60)
    index = world.index()
    world.add(index, "a.py", vectors)
    index.flush(never)

    index.rebuild()

    assert in_chroma(world) == 0
    assert found(index, vectors, "a.py") == 60
    assert index.flush(never)
    assert in_chroma(world) == 60
    assert index.check() == []


def test_a_collection_with_other_content_than_the_manifest_says_is_built_anew(world: World) -> None:
    vectors = unit_vectors(60)
    index = world.index()
    world.add(index, "a.py", vectors)
    index.flush(never)
    # As if a power cut had taken the manifest's last transactions.
    store(world.manifest, "b.py", unit_vectors(5, seed=1))
    world.manifest.mark_synced([chunk_id("b.py", number) for number in range(5)])
    assert index.check() == ["ChromaDB holds 60 vectors instead of 65.", "ChromaDB lacks 5 vectors."]

    index = world.index()

    assert in_chroma(world) == 0
    assert found(index, vectors, "a.py") == 60
    index.flush(never)
    assert index.check() == []


def test_a_collection_with_other_vectors_than_the_manifest_is_built_anew(world: World) -> None:
    index = world.index()
    world.add(index, "a.py", unit_vectors(60))
    index.flush(never)
    store(world.manifest, "a.py", unit_vectors(60, seed=1))
    world.manifest.mark_synced([chunk_id("a.py", number) for number in range(60)])
    assert index.check() == ["ChromaDB holds 60 vectors that are not those of the manifest."]

    index = world.index()

    assert found(index, unit_vectors(60, seed=1), "a.py") == 60
    index.flush(never)
    assert index.check() == []


def test_a_failure_while_searching_is_never_the_searchers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = unit_vectors(60)
    index = world.index()
    world.add(index, "a.py", vectors)
    index.flush(never)

    with monkeypatch.context() as broken:
        broken.setattr(ChromaVectors, "query", failing)
        assert index.query(vectors[0], 3) == []
        world.add(index, "b.py", unit_vectors(1, seed=1))

    assert not index.is_connected
    assert found(index, vectors, "a.py") == 60
    world.now += FIRST_RETRY_S
    assert index.flush(never)
    assert (index.is_connected, in_chroma(world)) == (True, 61)
    assert found(index, vectors, "a.py") == 60


def test_a_full_disk_leaves_everything_searchable_and_is_tried_again_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = unit_vectors(200)
    index = world.index()
    world.add(index, "a.py", vectors)
    adding = ChromaVectors.add
    calls = iter(range(2))

    with monkeypatch.context() as full:
        full.setattr(ChromaVectors, "add", lambda *args: adding(*args) if next(calls, None) is not None else failing())
        assert index.flush(never)
        assert not index.is_connected
        assert found(index, vectors, "a.py") == 200

    assert index.flush(never)
    assert not index.is_connected, "tried again too early"
    world.now += FIRST_RETRY_S
    assert index.flush(never)
    assert (index.is_connected, in_chroma(world), index.n_in_memory) == (True, 200, 0)
    assert found(index, vectors, "a.py") == 200
    assert index.check() == []


def test_searching_goes_on_while_another_thread_writes(world: World) -> None:
    vectors = unit_vectors(600)
    index = world.index()
    world.add(index, "a.py", vectors[:300])
    missed: list[int] = []
    done = threading.Event()

    def search() -> None:
        while not done.is_set():
            missed.append(300 - found(index, vectors[:300], "a.py"))

    searching = threading.Thread(target=search)
    searching.start()
    index.flush(never)
    world.add(index, "b.py", vectors[300:])
    index.rebuild()
    index.flush(never)
    done.set()
    searching.join()

    assert set(missed) == {0}


def test_many_deletions_lead_to_a_rebuild(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recoder_lsp.index.store.vector_index.MANY_DELETED", 50)
    index = world.index()
    world.add(index, "a.py", unit_vectors(100))
    world.add(index, "b.py", unit_vectors(20, seed=1))
    index.flush(never)
    world.remove(index, "a.py", 100)

    assert not index.flush(never)

    assert in_chroma(world) == 0
    assert index.flush(never)
    assert in_chroma(world) == 20
    assert found(index, unit_vectors(20, seed=1), "b.py") == 20


def test_a_server_that_is_not_there_is_looked_for_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    port, vectors = free_port(), unit_vectors(30)
    manifest = Manifest.open(tmp_path / "manifest.sqlite")
    world = World(tmp_path, f"http://127.0.0.1:{port}", manifest)

    index = world.index()
    world.add(index, "a.py", vectors)

    assert found(index, vectors, "a.py") == 30
    assert "The Chroma server does not answer" in caplog.text
    with chroma_server(tmp_path / "chroma", port) as url:
        if url is None:
            pytest.skip("`chroma run` does not start here")
        world.now += FIRST_RETRY_S
        assert index.flush(never)
        assert in_chroma(world) == 30
        assert found(index, vectors, "a.py") == 30
    index.query(vectors[0], 1)
    world.add(index, "b.py", unit_vectors(5, seed=1))
    assert found(index, vectors, "a.py") == 30
    assert not index.is_connected
    world.close()
    manifest.close()


def test_two_workspaces_on_one_server_do_not_see_each_other(tmp_path: Path, server: str) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = next(world_at(tmp_path / "one", server)), next(world_at(tmp_path / "two", server))
    first, second = one.index(), two.index()
    one.add(first, "a.py", unit_vectors(10))
    two.add(second, "a.py", unit_vectors(20, seed=1))

    first.flush(never)
    second.flush(never)

    assert (first.check(), second.check()) == ([], [])
    one.close()
    two.close()


@pytest.mark.parametrize("model", ["", "a/b c:d@e", "ü" * 2000])
def test_a_collections_name_is_one_that_chroma_takes(world: World, model: str) -> None:
    name = collection_name(model, DIMENSIONS, "0" * 32)

    assert len(name) < 100
    assert name != collection_name(model + "x", DIMENSIONS, "0" * 32)
    assert world.index(model=model).is_connected


def test_memory_finds_the_same_as_a_sorted_list_while_it_grows_and_shrinks() -> None:
    vectors, chance = unit_vectors(2000), random.Random(1)
    memory, expected = MemoryVectors(DIMENSIONS), dict[str, int]()
    for step in range(40):
        rows = chance.sample(range(2000), 120)
        if step % 3 < (2 if step < 20 else 1):
            memory.put([str(row) for row in rows], vectors[rows])
            expected.update((str(row), row) for row in rows)
        else:
            rows += chance.sample(sorted(expected.values()), len(expected) // 2)
            memory.drop([str(row) for row in rows])
            expected = {id_: row for id_, row in expected.items() if row not in rows}

        hits = memory.search(vectors[step], 5)

        by_similarity = sorted(expected.values(), key=lambda row: -float(vectors[row] @ vectors[step]))
        assert [id_ for id_, _ in hits] == [str(row) for row in by_similarity[:5]]
        assert len(memory) == len(expected)
