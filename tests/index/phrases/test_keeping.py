"""The phrases of a folder are those of its files: built when something changed, in steps, and without harm to anything else."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.folder_index import FolderIndex
from recoder_lsp.index.phrases import building, storing
from recoder_lsp.index.phrases.building import build
from recoder_lsp.index.phrases.stream import Stream
from tests.index.phrases.test_building import assert_same
from tests.index.small_folder import SmallFolder, every

FILES = {"apples.py": "def apple():\n    return 1\n", "deep/pears.go": "package pears\n", "notes.txt": "plums are blue\n"}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[SmallFolder]:
    folder = SmallFolder(tmp_path)
    for path, text in FILES.items():
        folder.write(path, text)
    yield folder
    folder.close()


def kept(folder: SmallFolder) -> Stream:
    """What is in the file after everything was looked at."""
    folder.reconcile()
    assert folder.index.keep_phrases(lambda: False)
    return storing.read(folder.home / "phrases")


def version(folder: SmallFolder) -> tuple[int, int]:
    status = (folder.home / "phrases").stat()
    return status.st_ino, status.st_mtime_ns


def test_they_are_those_of_all_files(folder: SmallFolder) -> None:
    assert_same(kept(folder), build(FILES.items()))


def test_what_the_index_leaves_out_is_left_out(folder: SmallFolder) -> None:
    folder.write(".gitignore", "ignored.py\n")
    folder.write("ignored.py", "x = 1\n")
    folder.write("deploy.pem", "x = 1\n")

    assert set(kept(folder).paths) == {*FILES, ".gitignore"}


def test_changes_are_taken_in_and_nothing_else_is_written(folder: SmallFolder) -> None:
    kept(folder)
    before = version(folder)

    assert folder.index.keep_phrases(lambda: False)
    assert version(folder) == before
    folder.write("apples.py", "def apple():\n    return 2\n")
    folder.delete("notes.txt")
    folder.write("new.py", "new = 1\n")

    files = {"apples.py": "def apple():\n    return 2\n", "deep/pears.go": "package pears\n", "new.py": "new = 1\n"}
    assert_same(kept(folder), build(files.items()))


def test_the_next_process_finds_them_and_builds_nothing(folder: SmallFolder) -> None:
    kept(folder)
    before = version(folder)

    folder.reopen()
    kept(folder)

    assert version(folder) == before


def test_an_open_text_does_not_count_until_it_is_saved(folder: SmallFolder) -> None:
    kept(folder)
    before = version(folder)

    folder.type("apples.py", "half a thou")
    assert_same(kept(folder), build(FILES.items()))
    assert version(folder) == before
    folder.index.update([folder.write("apples.py", "half a thought\n")])

    assert_same(kept(folder), build({**FILES, "apples.py": "half a thought\n"}.items()))


def test_a_text_that_was_never_saved_has_no_phrases(folder: SmallFolder) -> None:
    folder.type("unsaved.py", "x = 1\n")

    assert set(kept(folder).paths) == set(FILES)


def test_stopped_again_and_again_it_is_finished_all_the_same(folder: SmallFolder) -> None:
    folder.reconcile()

    calls = 0
    while not folder.index.keep_phrases(lambda: True):
        calls += 1
        assert not (folder.home / "phrases").exists()

    assert calls >= len(FILES)
    assert_same(storing.read(folder.home / "phrases"), build(FILES.items()))


def test_what_changes_while_it_is_stopped_is_taken_in_as_well(folder: SmallFolder) -> None:
    folder.reconcile()
    assert not folder.index.keep_phrases(every(2))

    folder.index.update([folder.write("apples.py", "other = 1\n")])
    while not folder.index.keep_phrases(every(3)):
        pass

    assert_same(storing.read(folder.home / "phrases"), build({**FILES, "apples.py": "other = 1\n"}.items()))


def test_where_not_all_have_room_code_stays_and_what_was_changed_last(folder: SmallFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("data.json", "[1]\n")
    folder.write("pears.py", "pear = 1\n")
    monkeypatch.setattr(building, "MAX_LEXEMES", 16)

    assert kept(folder).paths == ("deep/pears.go", "pears.py")

    folder.write("apples.py", "x = 1\n")
    assert kept(folder).paths == ("apples.py", "deep/pears.go", "pears.py")


def test_a_damaged_file_is_built_anew(folder: SmallFolder, caplog: pytest.LogCaptureFixture) -> None:
    kept(folder)
    folder.close()
    file = folder.home / "phrases"
    file.write_bytes(file.read_bytes()[:-3] + b"odd")

    assert_same(kept(folder), build(FILES.items()))
    assert "DamagedPhrases" in caplog.text


def test_a_full_disk_costs_nothing_but_the_news(folder: SmallFolder, caplog: pytest.LogCaptureFixture) -> None:
    before = kept(folder)
    folder.index.update([folder.write("new.py", "word = 1\n" * 200)])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        assert folder.index.keep_phrases(lambda: False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert_same(storing.read(folder.home / "phrases"), before)
    assert "could not be written" in caplog.text
    folder.index.update([folder.write("new.py", "word = 2\n")])
    assert "new.py" in kept(folder).paths


def test_a_text_that_our_code_cannot_stand_costs_the_phrases_alone(
    folder: SmallFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept(folder)

    def failing(text: str) -> None:
        raise ValueError("apple")

    with monkeypatch.context() as patched:
        patched.setattr(building, "lexemes", failing)
        folder.index.update([folder.write("poison.py", "x = 1\n")])
        assert folder.index.keep_phrases(lambda: False)

    assert not (folder.home / "phrases").exists()
    assert "ValueError" in caplog.text
    assert "apple" not in caplog.text
    assert folder.found("apple") == ["apples.py"]
    assert set(kept(folder).paths) == {*FILES, "poison.py"}


def test_a_folder_that_is_away_says_nothing_about_its_files(folder: SmallFolder) -> None:
    before = kept(folder)
    folder.root.rename(folder.root.parent / "elsewhere")

    assert folder.index.keep_phrases(lambda: False)

    assert_same(storing.read(folder.home / "phrases"), before)
    os.rename(folder.root.parent / "elsewhere", folder.root)


def test_open_texts_alone_have_no_phrases(tmp_path: Path) -> None:
    index = FolderIndex.open(None, tmp_path, IndexSettings())
    index.open_buffer("/a.py", "x = 1\n", "python")

    assert index.keep_phrases(lambda: False)

    index.close()
    assert not (tmp_path / "phrases").exists()
