"""What the server has of a folder's phrases is the newest that can be read, without waiting for it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from recoder_lsp.config import IndexSettings, Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.index.phrases import opening, storing
from recoder_lsp.index.phrases.building import build
from recoder_lsp.index.phrases.opening import OpenedPhrases
from recoder_lsp.index.process.place import place_of
from recoder_lsp.index.process.workspace import Workspace
from recoder_lsp.metrics import Metrics
from tests.index.serving import eventually


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(opening, "LOOK_EVERY_S", 0.0)
    return tmp_path / "phrases"


def write_odd(file: Path) -> None:
    file.write_bytes(b"odd" * 100)


def remove(file: Path) -> None:
    file.unlink()


def paths(phrases: OpenedPhrases) -> tuple[str, ...] | None:
    stream = phrases.now()
    return stream.paths if stream is not None else None


async def test_it_is_there_a_moment_after_it_was_asked_for(file: Path) -> None:
    storing.write(file, build([("a", "x")]))
    phrases = OpenedPhrases(file)

    assert phrases.now() is None
    await eventually(lambda: paths(phrases) == ("a",))


async def test_a_newer_one_takes_its_place_and_one_that_goes_is_gone(file: Path) -> None:
    phrases = OpenedPhrases(file)
    assert phrases.now() is None

    storing.write(file, build([("a", "x")]))
    await eventually(lambda: paths(phrases) == ("a",))
    storing.write(file, build([("b", "x")]))
    await eventually(lambda: paths(phrases) == ("b",))
    remove(file)

    assert phrases.now() is None


async def test_while_nothing_changes_it_is_opened_once(file: Path) -> None:
    storing.write(file, build([("a", "x")]))
    phrases = OpenedPhrases(file)
    await eventually(phrases.now)

    stream = phrases.now()
    for _ in range(5):
        await asyncio.sleep(0)
        assert phrases.now() is stream


async def test_it_is_looked_at_now_and_then_only(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "LOOK_EVERY_S", 3600.0)
    phrases = OpenedPhrases(file)
    assert phrases.now() is None
    storing.write(file, build([("a", "x")]))

    assert phrases.now() is None
    monkeypatch.setattr(opening, "LOOK_EVERY_S", 0.0)
    await eventually(lambda: paths(phrases) == ("a",))


async def test_a_damaged_one_is_none_until_it_is_replaced(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    storing.write(file, build([("a", "x")]))
    phrases = OpenedPhrases(file)
    await eventually(phrases.now)

    write_odd(file)
    await eventually(lambda: phrases.now() is None)
    assert "DamagedPhrases" in caplog.text
    storing.write(file, build([("b", "x")]))

    await eventually(lambda: paths(phrases) == ("b",))


async def test_a_real_process_builds_them_and_the_workspace_has_them(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "LOOK_EVERY_S", 0.0)
    root = tmp_path / "project"
    (root / "deep").mkdir(parents=True)
    (root / "deep" / "a.py").write_text("def apple():\n    return pear\n")
    inside, outside = (root / "deep" / "a.py").as_uri(), (tmp_path / "b.py").as_uri()
    workspace = Workspace(Settings(index=IndexSettings(watch="never")), home, Metrics())
    assert workspace.phrases(inside) is None
    workspace.start([root.as_uri()], lambda uri: Snapshot(uri, "python", "typed = 1\n", 1), told_of_changes=True)
    workspace.opened(inside)
    # A process with a real index loads the embedder before anything else, which takes long on a busy machine.
    await eventually(lambda: workspace.phrases(inside), 100.0)

    found = workspace.phrases(inside)

    assert found is not None
    assert (found[0].paths, found[1]) == (("deep/a.py",), "deep/a.py")
    assert found[0].words.id_of("pear")
    assert not found[0].words.id_of("typed")
    assert workspace.phrases(outside) is None

    (root / "deep" / "b.py").write_text("plum = 1\n")
    workspace.watched([(root / "deep" / "b.py").as_uri()])
    await eventually(lambda: workspace.clients[0].available)
    await workspace.clients[0].asked("settle")
    await eventually(lambda: (now := workspace.phrases(inside)) is not None and now[0].words.id_of("plum"))

    workspace.configure(Settings(index=IndexSettings(enabled=False)))
    assert workspace.phrases(inside) is None
    assert (place_of(root, home).folder / "phrases").is_file()
    await workspace.close()
