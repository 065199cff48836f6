"""A stream in a file: read as it was written, replaced whole, and refused where it is damaged."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from recoder_lsp.index.phrases import storing
from recoder_lsp.index.phrases.building import build
from recoder_lsp.index.phrases.storing import DamagedPhrases
from tests.index.phrases.test_building import FILES, assert_same


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "phrases"


@pytest.mark.parametrize("files", [FILES, {}, {"empty.py": ""}, {"名前/ü.py": "x = '\u2028'"}])
def test_it_is_read_as_it_was_written(file: Path, files: dict[str, str]) -> None:
    stream = build(files.items())

    storing.write(file, stream)
    found = storing.read(file)

    assert_same(found, stream)
    assert found.made_of == stream.made_of
    assert [found.words.id_of(word) for word in ("total", "x", "absent")] == [stream.words.id_of(word) for word in ("total", "x", "absent")]


def test_it_is_for_its_user_alone_and_nothing_can_be_written_to_it(file: Path) -> None:
    storing.write(file, build(FILES.items()))

    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ValueError, match="read-only"):
        storing.read(file).ids[0] = 1


def test_who_has_it_open_keeps_what_was_there(file: Path) -> None:
    first, second = build(FILES.items()), build([("other.py", "entirely different")])
    storing.write(file, first)
    opened = storing.read(file)

    storing.write(file, second)

    assert_same(opened, first)
    assert_same(storing.read(file), second)
    file.unlink()
    assert_same(opened, first)
    assert os.listdir(file.parent) == []


def test_it_serves_as_the_earlier_one_when_building(file: Path) -> None:
    storing.write(file, build(FILES.items()))
    changed = {**FILES, "b.py": "nothing_left()"}

    assert_same(build(changed.items(), storing.read(file)), build(changed.items()))


def test_every_damaged_byte_is_noticed(file: Path) -> None:
    storing.write(file, build(FILES.items()))
    whole = file.read_bytes()
    header_bytes = storing._HEADER.size + storing._CHECKSUM.size

    for position in [*range(header_bytes), *range(storing._FIRST_SECTION, len(whole), 7), len(whole) - 1]:
        damaged = bytearray(whole)
        damaged[position] ^= 0x41
        file.write_bytes(damaged)
        with pytest.raises(DamagedPhrases):
            storing.read(file)


@pytest.mark.parametrize("size", [0, 1, 60, 127, 128, 500, -1])
def test_a_file_that_is_cut_off_is_noticed(file: Path, size: int) -> None:
    storing.write(file, build(FILES.items()))
    os.truncate(file, size if size >= 0 else file.stat().st_size - 1)

    with pytest.raises(DamagedPhrases):
        storing.read(file)


def test_one_of_another_version_is_not_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storing.write(file, build(FILES.items()))
    monkeypatch.setattr(storing, "VERSION", storing.VERSION + 1)

    with pytest.raises(DamagedPhrases, match="another"):
        storing.read(file)


def test_where_there_is_no_room_the_earlier_one_stays(file: Path) -> None:
    first = build(FILES.items())
    storing.write(file, first)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="large"):
            storing.write(file, build([("a.py", "x = 1\n" * 1000)]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert_same(storing.read(file), first)
    assert os.listdir(file.parent) == ["phrases"]
