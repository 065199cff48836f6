"""The index of a folder is what its files and the open buffers say, whatever happens to them and in whatever order."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from recoder_lsp.config import IndexSettings
from recoder_lsp.errors import RecoderError
from recoder_lsp.index import folder_index, progress
from recoder_lsp.index.files import sources
from recoder_lsp.index.folder_index import BATCH_CHUNKS, MOST_REMOVED_AT_ONCE, FolderIndex
from recoder_lsp.index.store.chunk_vectors import ChunkVectors
from recoder_lsp.index.store.manifest import Manifest, ManifestFull
from tests.index.small_folder import SmallFolder, after, every, function


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[SmallFolder]:
    folder = SmallFolder(tmp_path)
    yield folder
    folder.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallFolder]:
    folder = SmallFolder(tmp_path_factory.mktemp("kept"))
    yield folder
    folder.close()


@pytest.fixture
def shared(kept: SmallFolder) -> Iterator[SmallFolder]:
    """One whose index is open already; empty again after the test."""
    yield kept
    for path in list(kept.open):
        kept.close_buffer(path)
    for path in list(kept.root.iterdir()):
        kept.delete(path.name)
    assert kept.reconcile().n_files == 0
    assert kept.index.check() == []


# -- the whole folder


def test_everything_is_found_and_nothing_is_to_complain_of(shared: SmallFolder) -> None:
    shared.write("apples.py", function("apple"))
    shared.write("deep/er/pears.go", "package pears\n\nfunc Pear() int {\n\treturn 1\n}\n")
    shared.write("notes.txt", "plums are blue\n")

    summary = shared.reconcile()

    assert (summary.n_files, summary.n_changed, summary.n_symbols) == (3, 3, 2)
    assert [shared.found(word) for word in ("apple", "Pear", "plums")] == [["apples.py"], ["deep/er/pears.go"], ["notes.txt"]]
    assert shared.index.check() == []


def test_a_round_finds_what_was_changed_deleted_created_and_moved(shared: SmallFolder) -> None:
    for name in ("changed", "deleted", "moved"):
        shared.write(f"{name}.py", function(f"before_{name}"))
    shared.reconcile()

    shared.write("changed.py", function("after_changed"))
    shared.delete("deleted.py")
    (shared.root / "moved.py").rename(shared.root / "elsewhere.py")
    shared.write("created.py", function("after_created"))
    summary = shared.reconcile()

    assert (summary.n_changed, summary.n_removed) == (3, 2)
    assert shared.found("before_changed") == shared.found("before_deleted") == []
    assert shared.found("before_moved") == ["elsewhere.py"]
    assert shared.found("after_changed") == ["changed.py"]
    assert shared.found("after_created") == ["created.py"]
    assert shared.index.check() == []


def test_a_round_without_changes_reads_and_writes_nothing(folder: SmallFolder) -> None:
    for number in range(40):
        folder.write(f"{number}.py", function(f"apple_{number}"))
    folder.reconcile()
    folder.index.flush(lambda: False)
    index = folder.reopen()
    # ChromaDB, opened here, may write something by itself.
    index.flush(lambda: False)
    before = folder.stored()

    summary = folder.reconcile()
    assert index.flush(lambda: False)

    assert (summary.n_files, summary.n_lines_read, summary.n_changed) == (40, 0, 0)
    assert folder.stored() == before


def test_only_touched_files_are_read_and_not_written_anew(shared: SmallFolder) -> None:
    shared.write("apples.py", function("apple"))
    shared.reconcile()

    shared.write("apples.py", function("apple"))
    summary = shared.reconcile()
    third = shared.reconcile()

    assert (summary.n_changed, third.n_changed) == (0, 0)
    assert shared.index.check() == []


def test_a_change_that_leaves_size_and_time_as_they_were_is_seen_where_the_file_was_young(shared: SmallFolder) -> None:
    # As on a file system that knows whole seconds only.
    second_ns = (time.time_ns() // 1_000_000_000 + 1) * 1_000_000_000
    for name in ("apple", "grape"):
        shared.write("fruits.py", function(name))
        os.utime(shared.root / "fruits.py", ns=(second_ns, second_ns))
        shared.reconcile()

    assert shared.found("grape") == ["fruits.py"]


@pytest.mark.parametrize("calls", [1, 2, 3, 7])
def test_a_round_that_is_stopped_again_and_again_ends_as_if_it_was_not(
    shared: SmallFolder, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    monkeypatch.setattr(folder_index, "SCANNED_AT_ONCE", 2)
    monkeypatch.setattr(folder_index, "BATCH_FILES", 2)
    for number in range(9):
        shared.write(f"old_{number}.py", function(f"gone_{number}"))
    shared.reconcile()
    for number in range(9):
        shared.delete(f"old_{number}.py")
        shared.write(f"{number}.py", function(f"apple_{number}") + function(f"pear_{number}"))

    # A call that is stopped at once can do nothing: every second one is not.
    stops = every(calls + 1)
    summary = shared.reconcile(stops)

    assert (summary.n_files, summary.n_changed, summary.n_removed) == (9, 9, 9)
    assert [shared.found(f"apple_{number}") for number in range(9)] == [[f"{number}.py"] for number in range(9)]
    assert shared.found("gone_3") == []
    assert shared.index.check() == []


@pytest.mark.parametrize("moment", range(9))
def test_what_happens_while_a_round_is_stopped_is_not_lost(shared: SmallFolder, monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    monkeypatch.setattr(folder_index, "SCANNED_AT_ONCE", 1)
    monkeypatch.setattr(folder_index, "BATCH_FILES", 1)
    for name in ("a", "b", "c", "d"):
        shared.write(f"{name}.py", function(f"before_{name}"))
    shared.reconcile()
    shared.delete("a.py")
    shared.write("b.py", function("after_b"))
    shared.write("c.py", function("after_c"))

    shared.index.reconcile(shared.reports.append, after(moment))
    # Back again, as it was: nothing of it is written but its time.
    shared.index.update([shared.write("a.py", function("before_a")), shared.delete("c.py"), shared.write("e.py", function("new_e"))])
    shared.type("b.py", function("typed_b"))
    shared.type("f.py", function("typed_f"))
    shared.reconcile()

    assert shared.found("before_a") == ["a.py"]
    assert shared.found("after_b") == shared.found("after_c") == []
    assert [shared.found(word) for word in ("typed_b", "new_e", "typed_f")] == [["b.py"], ["e.py"], ["f.py"]]


def test_a_round_that_failed_begins_anew_and_takes_nothing_for_gone(shared: SmallFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_index, "SCANNED_AT_ONCE", 1)
    for name in ("a", "b", "c"):
        shared.write(f"{name}.py", function(f"apple_{name}"))
    shared.reconcile()
    see = Manifest.see
    with monkeypatch.context() as patched:
        patched.setattr(Manifest, "see", lambda self, path, stamp: failing_at_b(see, self, path, stamp))
        with pytest.raises(ManifestFull):
            shared.reconcile()

    summary = shared.reconcile()

    assert (summary.n_files, summary.n_removed) == (3, 0)


def test_progress_is_told_from_looking_to_idle(folder: SmallFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recoder_lsp.index.progress.REPORT_EVERY_S", 0)
    for number in range(40):
        folder.write(f"{number}.py", function(f"apple_{number}"))

    folder.reconcile()

    phases = [report.phase for report in folder.reports]
    assert list(dict.fromkeys(phases)) == ["scanning", "indexing", "idle"]
    assert all(report.total == 40 for report in folder.reports if report.phase == "indexing")
    assert (folder.reports[-1].n_files, folder.reports[-1].done) == (40, 40)


def test_what_is_left_out_is_counted_by_its_reason(shared: SmallFolder) -> None:
    shared.write(".gitignore", "ignored.py\n")
    for name in ("ignored.py", "photo.png", ".env"):
        shared.write(name, "x = 1\n")
    shared.write("made.py", "# Code generated by a tool. DO NOT EDIT.\nx = 1\n")
    shared.write("apples.py", function("apple"))

    summary = shared.reconcile()

    assert summary.n_files == 2, "the ignore file is one"
    assert sum(summary.skipped.values()) == 4
    assert len(summary.skipped) == 4


# -- changes that somebody tells of


def test_an_update_finds_what_was_changed_deleted_and_created(shared: SmallFolder) -> None:
    shared.index.update([shared.write("changed.py", function("before")), shared.write("deleted.py", function("deleted"))])
    assert shared.found("before") == ["changed.py"]
    assert shared.found("deleted") == ["deleted.py"]

    changes = [shared.write("changed.py", function("after")), shared.delete("deleted.py"), shared.write("new.py", function("new"))]
    assert shared.index.update([*changes, "never.py", "../outside.py", "/etc/passwd", "", "half\ud800.py", "null\0.py"])

    assert [shared.found(word) for word in ("before", "deleted", "after", "new")] == [[], [], ["changed.py"], ["new.py"]]
    assert shared.index.check() == []


def test_an_update_takes_all_files_however_many_chunks_they_have(shared: SmallFolder) -> None:
    text = "".join(function(f"step_{number}") for number in range(100))
    paths = [shared.write(f"{number}.py", f"{text}\n\n{function(f'apple_{number}')}") for number in range(2 * BATCH_CHUNKS // 100 + 1)]

    needed = shared.index.update(paths)

    assert not needed
    assert [shared.found(f"apple_{number}") for number in range(len(paths))] == [[path] for path in paths]


def test_a_folder_that_is_gone_takes_its_files_along(shared: SmallFolder) -> None:
    for path in ("fruit/apples.py", "fruit/deep/apples.py", "fruits/apples.py", "fruit.py"):
        shared.write(path, function("apple"))
    shared.reconcile()
    shared.type("fruit/open.py", function("apple"))

    shared.delete("fruit")
    needed = shared.index.update(["fruit"])

    assert not needed
    assert shared.found("apple") == ["fruit.py", "fruit/open.py", "fruits/apples.py"]
    assert shared.index.check() == []
    shared.close_buffer("fruit/open.py")
    assert shared.found("apple") == ["fruit.py", "fruits/apples.py"]


def test_of_a_large_folder_that_is_gone_the_rest_is_left_to_a_round(shared: SmallFolder) -> None:
    for number in range(MOST_REMOVED_AT_ONCE + 10):
        shared.write(f"large/{number}.txt", "apples")
    shared.write("small.txt", "apples")
    shared.reconcile()

    shared.delete("large")
    needed = shared.index.update(["large/"])
    summary = shared.reconcile()

    assert needed
    assert (summary.n_files, summary.n_removed) == (1, 10)


def test_a_new_folder_needs_a_round_and_one_that_does_not_count_needs_none(shared: SmallFolder) -> None:
    shared.write(".gitignore", "build/\n")
    shared.reconcile()
    shared.write("new/apples.py", function("apple"))
    shared.write("build/apples.py", function("apple"))
    (shared.root / "linked").symlink_to(shared.root / "new")

    assert not shared.index.update(["build", "linked"])
    assert shared.index.update(["new"])
    shared.reconcile()

    assert shared.found("apple") == ["new/apples.py"]


def test_a_folder_that_comes_while_a_round_goes_on_is_found_by_the_next_one_and_that_round_is_finished(
    shared: SmallFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_index, "BATCH_FILES", 1)
    for name in ("x", "y", "z"):
        shared.write(f"{name}.py", function(f"apple_{name}"))
    shared.index.reconcile(shared.reports.append, after(4))
    shared.write("new/pears.py", function("pear"))

    shared.index.update(["new"])
    first = shared.index.reconcile(shared.reports.append, lambda: False)
    second = shared.index.reconcile(shared.reports.append, lambda: False)

    assert (first.complete, first.n_files, second.complete, second.n_files) == (False, 3, True, 4)
    assert shared.found("pear") == ["new/pears.py"]


def test_a_file_and_a_folder_take_each_others_place(shared: SmallFolder) -> None:
    shared.write("one.py", function("apple"))
    shared.write("two.py/inner.py", function("pear"))
    shared.reconcile()
    shared.delete("one.py")
    shared.delete("two.py")
    shared.write("one.py/inner.py", function("plum"))
    shared.write("two.py", function("cherry"))

    needed = shared.index.update(["one.py", "two.py"])

    assert needed
    assert [shared.found(word) for word in ("apple", "pear", "cherry")] == [[], [], ["two.py"]]
    shared.reconcile()
    assert shared.found("plum") == ["one.py/inner.py"]


def test_an_edited_ignore_file_takes_files_out_and_brings_them_back(shared: SmallFolder) -> None:
    shared.write("kept.py", function("apple"))
    shared.write("deep/hidden.py", function("apple"))
    shared.reconcile()

    hiding = shared.index.update([shared.write("deep/.gitignore", "hidden.py\n")])
    shared.reconcile()
    hidden = shared.found("apple")
    saved = shared.index.update([shared.write("deep/hidden.py", function("apple"))])
    showing = shared.index.update([shared.delete("deep/.gitignore")])
    shared.reconcile()

    assert (hiding, saved, showing) == (True, False, True)
    assert hidden == ["kept.py"]
    assert shared.found("apple") == ["deep/hidden.py", "kept.py"]


def test_a_file_that_no_longer_counts_for_its_content_goes(shared: SmallFolder) -> None:
    shared.index.update([shared.write("apples.py", function("apple"))])

    shared.index.update([shared.write("apples.py", "# Code generated by a tool. DO NOT EDIT.\n" + function("apple"))])

    assert shared.found("apple") == []
    assert shared.index.check() == []


def test_a_file_that_changed_unseen_is_never_quoted_and_said_to_be_stale(shared: SmallFolder) -> None:
    shared.write("apples.py", function("apple") + function("pear"))
    shared.write("gone.py", function("apple"))
    shared.write("moved.py", function("plum"))
    shared.reconcile()

    shared.write("apples.py", "import fruit\n\n\n" + function("apple") + function("pear", "juice()"))
    shared.delete("gone.py")

    assert shared.found("apple") == shared.found("pear") == shared.found("juice") == []
    assert shared.stale("apple") == ["apples.py", "gone.py"]
    assert not shared.index.update(shared.stale("apple"))
    assert shared.found("apple") == shared.found("juice") == ["apples.py"]
    assert shared.stale("apple") == []


def test_a_check_tells_what_was_changed_deleted_and_created_and_nothing_of_what_was_only_touched(shared: SmallFolder) -> None:
    for name in ("changed", "deleted", "touched", "open"):
        shared.write(f"{name}.py", function(f"apple_{name}"))
    shared.reconcile()
    shared.type("open.py", function("pear"))
    shared.write("changed.py", function("pear"))
    shared.delete("deleted.py")
    shared.write("touched.py", function("apple_touched"))
    shared.write("created.py", function("plum"))
    shared.write("photo.png", "no text")

    problems = shared.index.check()

    assert [problem.split()[0] for problem in problems] == ["changed.py", "created.py", "deleted.py"]


# -- open buffers


def test_a_buffer_stands_for_its_file_until_it_is_closed(shared: SmallFolder) -> None:
    shared.write("apples.py", function("apple"))
    shared.reconcile()

    shared.type("apples.py", function("pear"))
    shared.type("apples.py", function("plum"))
    shared.index.update([shared.write("apples.py", function("cherry"))])
    shared.reconcile()
    open_words = [shared.found(word) for word in ("apple", "pear", "plum", "cherry")]
    shared.close_buffer("apples.py")

    assert open_words == [[], [], ["apples.py"], []]
    assert [shared.found(word) for word in ("plum", "cherry")] == [[], ["apples.py"]]
    assert shared.reconcile().n_changed == 0


def test_a_buffer_without_a_file_goes_when_it_is_closed(shared: SmallFolder) -> None:
    shared.type("new.py", function("apple"))
    shared.reconcile()
    assert shared.found("apple") == ["new.py"]

    shared.close_buffer("new.py")

    assert shared.found("apple") == []
    assert shared.index.answer("stats", {})["n_files"] == 0


def test_a_buffer_that_was_lost_with_its_process_is_the_file_again(folder: SmallFolder) -> None:
    folder.write("apples.py", function("apple"))
    folder.reconcile()
    folder.type("apples.py", function("pear"))
    folder.type("new.py", function("pear"))

    folder.reopen()
    before = folder.found("pear")
    folder.reconcile()

    assert before == folder.found("pear") == []
    assert folder.found("apple") == ["apples.py"]


def test_opening_an_unchanged_file_writes_nothing(shared: SmallFolder) -> None:
    shared.write("apples.py", function("apple"))
    shared.reconcile()
    before = shared.stored()

    shared.type("apples.py", function("apple"))
    shared.close_buffer("apples.py")

    assert shared.stored() == before


def test_a_buffer_may_become_another_language(shared: SmallFolder) -> None:
    text = "def apple\n  1\nend\n"
    for language in ("plaintext", "ruby"):
        shared.type("script", text, language)

    assert shared.index.answer("stats", {})["languages"] == {"ruby": 1}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("ignored.py", function("apple")),
        (".env", "apple=1\n"),
        ("node_modules/x.js", "apple()\n"),
        ("../outside.py", function("apple")),
        ("half\ud800.py", function("apple")),
        ("key.py", "apple = '''-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA" * 8 + "\n'''\n"),
        ("large.py", "apple = 1\n" * 200_000),
        ("null.md", "# ap\0ple\n\napple\n"),
    ],
)
def test_a_buffer_that_does_not_belong_in_the_index_stays_out(shared: SmallFolder, path: str, text: str) -> None:
    shared.write(".gitignore", "ignored.py\n")
    shared.reconcile()

    shared.type(path, text)

    assert shared.found("apple") == []


def test_a_key_that_is_pasted_into_a_buffer_takes_it_out(shared: SmallFolder) -> None:
    key = "'''-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA" * 8 + "\n'''\n"
    shared.type("new.py", function("apple"))

    shared.type("new.py", function("apple") + key)

    assert shared.found("apple") == []
    assert shared.index.answer("stats", {})["n_files"] == 0


@pytest.mark.parametrize("text", ["", "apple = '\ud800'\n", "\r\r\n\r", "apple \U0010ffff\n" * 1000, "(\n" * 5000, "\ufeffapple"])
def test_any_text_can_be_in_a_buffer(shared: SmallFolder, text: str) -> None:
    shared.type("odd.py", text)
    shared.type("odd.py", text + "pear()", "no language at all")

    assert shared.found("pear") == ["odd.py"]


def test_a_lone_carriage_return_in_a_buffer_ends_a_line(shared: SmallFolder) -> None:
    shared.type("odd.py", "first = 1\r\nsecond = 2\rthird = 3\n")

    assert shared.index.answer("search", {"text": "third"})["hits"][0].text == "first = 1\r\nsecond = 2\nthird = 3"


def test_a_buffer_in_a_language_that_nobody_knows_is_what_its_name_tells(shared: SmallFolder) -> None:
    shared.type("apples.py", function("apple"), "cuda-cpp")

    assert shared.index.answer("stats", {})["n_symbols"] == 1


def test_a_file_whose_buffer_was_of_another_language_is_of_its_own_again(shared: SmallFolder) -> None:
    shared.index.update([shared.write("apples.py", function("apple"))])
    shared.type("apples.py", function("apple"), "markdown")

    shared.close_buffer("apples.py")

    assert shared.index.answer("stats", {})["n_symbols"] == 1


def test_closing_an_edited_ignore_file_asks_for_a_round(shared: SmallFolder) -> None:
    shared.write(".gitignore", "")
    shared.type(".gitignore", "apples.py\n", "ignore")
    shared.type("pears.py", function("pear"))

    assert shared.index.close_buffer(".gitignore")
    assert not shared.index.close_buffer("pears.py")


def test_without_a_folder_buffers_alone_are_found_and_no_secrets(tmp_path: Path) -> None:
    index = FolderIndex.open(None, tmp_path / "home", IndexSettings())
    index.open_buffer("/somewhere/apples.py", function("apple"), "python")
    index.open_buffer("untitled:1", function("apple"), "python")
    index.open_buffer("/somewhere/.env", "apple=1", "plaintext")

    index.reconcile(lambda _: None, lambda: False)
    paths = {hit.path for hit in index.answer("search", {"text": "apple"})["hits"]}
    index.close_buffer("untitled:1")
    left = {hit.path for hit in index.answer("search", {"text": "apple"})["hits"]}
    index.close()

    assert paths == {"/somewhere/apples.py", "untitled:1"}
    assert left == {"/somewhere/apples.py"}


# -- what should not happen


def test_a_folder_that_is_not_there_leaves_the_index_as_it_is(folder: SmallFolder) -> None:
    folder.write("apples.py", function("apple"))
    folder.reconcile()
    folder.type("apples.py", function("pear"))
    away = folder.root.with_name("away")

    folder.root.rename(away)
    assert not folder.index.update(["apples.py", ""])
    folder.close_buffer("apples.py")
    assert folder.reconcile().n_files == 1
    assert folder.found("pear") == folder.found("apple") == []
    away.rename(folder.root)
    folder.reconcile()

    assert folder.found("apple") == ["apples.py"]


def test_a_file_that_our_code_cannot_stand_keeps_no_other_from_being_found(
    shared: SmallFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def chunks_of(path, text, outline):
        if "poison" in text:
            raise RecursionError("poison")
        return sources_chunks_of(path, text, outline)

    sources_chunks_of = sources.chunks_of
    monkeypatch.setattr(sources, "chunks_of", chunks_of)
    for name in ("a", "poison", "z"):
        shared.write(f"{name}.py", function(f"apple_{name}"))
    with caplog.at_level(logging.INFO):
        shared.reconcile()
        shared.type("z.py", function("poison"))

    assert [shared.found(f"apple_{name}") for name in ("a", "poison", "z")] == [["a.py"], [], ["z.py"]]
    assert "RecursionError" in caplog.text
    assert "poison" not in caplog.text
    shared.delete("poison.py")


@pytest.mark.parametrize(
    "where", ["recoder_lsp.index.store.manifest.Manifest.put", "recoder_lsp.index.store.chunk_vectors.ChunkVectors.of"]
)
def test_a_file_that_cannot_be_stored_keeps_no_other_from_being_found(
    shared: SmallFolder, monkeypatch: pytest.MonkeyPatch, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    shared.write("b.py", function("former"))
    shared.reconcile()
    for name in ("a", "b", "z"):
        shared.write(f"{name}.py", function(f"apple_{name}"))
    name = where.rpartition(".")[2]
    original = getattr(ChunkVectors if name == "of" else Manifest, name)

    def refusing(self: object, what: object, *rest: object) -> object:
        if "apple_b" in str(what):
            raise ValueError("two chunks with the same id")
        return original(self, what, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(where, refusing)
        summary = shared.reconcile()

    assert (summary.complete, summary.n_files) == (True, 2)
    assert [shared.found(f"apple_{name}") for name in ("a", "b", "z")] == [["a.py"], [], ["z.py"]]
    assert shared.found("former") == []
    assert "ValueError" in caplog.text
    shared.delete("b.py")


def test_chunks_are_embedded_before_the_transaction_begins(shared: SmallFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = []
    embedded = ChunkVectors.of
    monkeypatch.setattr(
        ChunkVectors, "of", lambda self, chunks: inside.append(self._manifest._database.in_transaction) or embedded(self, chunks)
    )

    shared.index.update([shared.write("apples.py", function("apple"))])

    assert inside == [False]


def test_an_interrupted_round_counts_nothing_anew_and_does_not_measure_the_disk(
    shared: SmallFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_index, "SCANNED_AT_ONCE", 1)
    for number in range(20):
        shared.write(f"{number}.py", function(f"apple_{number}"))
    counted, measured = [], []
    counts, size = Manifest.counts, progress.size_on_disk
    monkeypatch.setattr(Manifest, "counts", lambda self: counted.append(1) or counts(self))
    monkeypatch.setattr(progress, "size_on_disk", lambda home: measured.append(1) or size(home))
    monkeypatch.setattr(progress, "COUNTING_SHARE", 10**6)

    summary = shared.reconcile(every(2))

    assert (len(counted), len(measured)) == (2, 1)
    assert (summary.n_files, summary.size_bytes > 0) == (20, True)


def test_a_folder_full_of_what_does_not_count_can_be_stopped_in(shared: SmallFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_index, "SCANNED_AT_ONCE", 2)
    for number in range(1000):
        (shared.root / f"{number}.png").touch()
    asked: list[bool] = []

    shared.reconcile(lambda: asked.append(True) or False)

    assert len(asked) >= 5


def test_many_folders_that_are_gone_at_once_are_not_removed_in_one_transaction(
    shared: SmallFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("one", "two"):
        for number in range(MOST_REMOVED_AT_ONCE - 50):
            shared.write(f"{folder}/{number}.txt", "apples")
    shared.reconcile()
    removed: list[int] = []
    remove = Manifest.remove
    monkeypatch.setattr(Manifest, "remove", lambda self, paths: removed.append(len(paths)) or remove(self, paths))

    needed = shared.index.update([shared.delete("one"), shared.delete("two")])

    assert needed
    assert sum(removed) <= MOST_REMOVED_AT_ONCE + 2
    assert max(removed) <= folder_index.BATCH_FILES


def test_no_secret_is_stored(folder: SmallFolder) -> None:
    folder.write("keys.py", 'API_KEY = "hunter1234hunter"\n\n\n' + function("apple", '"""postgres://me:hunter5678@there/base"""'))
    folder.reconcile()

    symbols = folder.index._manifest._database.query("SELECT signature || docstring FROM symbols")
    words = folder.index._manifest._database.query("SELECT term FROM vocabulary")

    assert "hunter" not in str(symbols) + str(words)
    assert "API_KEY" in str(symbols)
    assert folder.found("API_KEY") == ["keys.py"]


def test_another_model_embeds_what_is_stored_without_writing_files_anew(folder: SmallFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("apple", "pear", "plum"):
        folder.write(f"{name}.py", function(name))
    folder.reconcile()
    folder.close()
    embedder = Recording()
    monkeypatch.setattr(folder_index, "load_embedder", lambda _: embedder)
    monkeypatch.setattr(folder_index, "BATCH_CHUNKS", 1)

    def change_one() -> bool:
        # While vectors are filled in: after one file, another changes.
        if len(embedder.bodies) == 1:
            folder.write("plum.py", function("cherry"))
        return False

    folder.index.reconcile(folder.reports.append, lambda: True)
    summary = folder.reconcile(change_one)

    assert (summary.n_changed, summary.n_lines_read) == (0, 0)
    assert sorted(embedder.bodies) == [function("apple").strip(), function("cherry").strip(), function("pear").strip()]
    stats = folder.index.answer("stats", {})
    assert stats["n_vectors"] == stats["n_chunks"] == 3
    assert folder.found("cherry") == ["plum.py"]
    assert folder.index.flush(lambda: False)
    assert folder.index.check() == []


def test_an_index_that_was_made_by_other_rules_is_made_anew(folder: SmallFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("apples.py", function("apple"))
    folder.reconcile()
    folder.close()

    monkeypatch.setattr(folder_index, "CONTENTS", "another")

    assert folder.reconcile().n_changed == 1
    assert folder.found("apple") == ["apples.py"]


def test_an_index_for_which_there_is_no_place_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(RecoderError, match="cannot be opened"):
        FolderIndex.open(tmp_path, tmp_path / "file" / "home", IndexSettings())


class Recording:
    """An embedder that remembers what it was given."""

    model, dimensions = "recording", 8

    def __init__(self) -> None:
        self.bodies: list[str] = []

    def documents(self, names, bodies) -> np.ndarray:
        self.bodies += [body.strip() for body in bodies]
        return self.queries(bodies)

    def queries(self, texts) -> np.ndarray:
        return np.eye(8, dtype=np.float32)[[len(text) % 8 for text in texts]]


def failing_at_b(see, manifest: Manifest, path: str, stamp) -> bool:
    if path == "b.py":
        raise ManifestFull("There is no room.")
    return bool(see(manifest, path, stamp))
