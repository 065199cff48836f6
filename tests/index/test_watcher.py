"""Watching a real folder: what is told, what is not, and what happens when the system gives no more watches."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from recoder_lsp.index.files import watcher
from recoder_lsp.index.files.scanner import Scanner, ScanRules
from recoder_lsp.index.files.watcher import watch

PATIENCE_S = 10.0


class Watching:
    """A watcher that runs, and what it has told so far."""

    def __init__(self, root: Path, counts: Callable[[str], bool]) -> None:
        self._root = root
        self._told: set[str] = set()
        self._news = asyncio.Event()
        self._task = asyncio.ensure_future(self._run(counts))

    async def _run(self, counts: Callable[[str], bool]) -> None:
        async for changed in watch(self._root, counts):
            self._told |= changed
            self._news.set()

    async def begun(self) -> None:
        """Until the first set, which is empty."""
        await self._news.wait()
        assert self._told == set()

    async def told(self, *paths: str) -> set[str]:
        """Everything that was told since the last time, as soon as these paths are among it."""
        async with asyncio.timeout(PATIENCE_S):
            while not self._told.issuperset(paths):
                self._news.clear()
                await self._news.wait()
        told, self._told = self._told, set()
        return told

    async def told_after(self, mark: str) -> set[str]:
        """Everything that was told until a new file of this name was."""
        (self._root / mark).write_text("")
        return await self.told(mark) - {mark}

    async def end(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


@contextlib.asynccontextmanager
async def watching(root: Path, counts: Callable[[str], bool] = lambda path: True) -> AsyncIterator[Watching]:
    running = Watching(root, counts)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await running.begun()
        yield running
    finally:
        await running.end()


async def test_a_file_made_written_and_deleted_is_told_each_time(tmp_path: Path) -> None:
    async with watching(tmp_path) as running:
        (tmp_path / "a.py").write_text("a")
        assert await running.told("a.py") == {"a.py"}

        (tmp_path / "a.py").write_text("ab")
        assert await running.told("a.py") == {"a.py"}

        (tmp_path / "a.py").unlink()
        assert await running.told("a.py") == {"a.py"}


async def test_a_renamed_file_is_told_under_both_names(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text("a")
    async with watching(tmp_path) as running:
        (tmp_path / "old.py").rename(tmp_path / "new.py")

        assert await running.told("old.py", "new.py") == {"old.py", "new.py"}


async def test_a_file_saved_by_writing_a_new_one_over_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("a")
    async with watching(tmp_path, lambda path: not path.endswith(".tmp")) as running:
        (tmp_path / "a.py.tmp").write_text("b")
        (tmp_path / "a.py.tmp").replace(tmp_path / "a.py")

        assert await running.told("a.py") == {"a.py"}


async def test_what_lies_in_a_new_folder_is_told_and_watched(tmp_path: Path) -> None:
    async with watching(tmp_path) as running:
        (tmp_path / "new" / "deep" / "er").mkdir(parents=True)
        (tmp_path / "new" / "deep" / "er" / "a.py").write_text("a")
        (tmp_path / "new" / "b.py").write_text("b")
        assert await running.told("new/b.py", "new/deep/er/a.py") <= {"new/b.py", "new/deep/er/a.py"}
        await running.told_after("settled.txt")

        (tmp_path / "new" / "deep" / "er" / "a.py").write_text("ab")
        assert await running.told("new/deep/er/a.py") == {"new/deep/er/a.py"}


async def test_a_folder_moved_in_and_away_is_told(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    (outside / "package").mkdir(parents=True)
    (outside / "package" / "a.py").write_text("a")
    inside.mkdir()
    async with watching(inside) as running:
        (outside / "package").rename(inside / "package")
        assert "package/a.py" in await running.told("package/a.py")
        await running.told_after("first.txt")

        (inside / "package").rename(inside / "renamed")
        assert await running.told("package", "renamed/a.py") >= {"package", "renamed/a.py"}
        await running.told_after("second.txt")

        (inside / "renamed" / "a.py").write_text("ab")
        assert await running.told("renamed/a.py") == {"renamed/a.py"}


async def test_a_folder_deleted_and_made_again_is_still_watched(tmp_path: Path) -> None:
    (tmp_path / "package" / "inner").mkdir(parents=True)
    async with watching(tmp_path) as running:
        shutil.rmtree(tmp_path / "package")
        (tmp_path / "package" / "inner").mkdir(parents=True)
        await running.told_after("settled.txt")

        (tmp_path / "package" / "inner" / "a.py").write_text("a")
        assert "package/inner/a.py" in await running.told("package/inner/a.py")


async def test_what_the_scanner_leaves_out_is_not_heard_of(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("build/\n*.log\n")
    for folder in ("build", "node_modules/thing", ".git", "src"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "linked").symlink_to(tmp_path / "src")
    scanner = Scanner(tmp_path, ScanRules())
    async with watching(tmp_path, scanner.worth_watching) as running:
        for path in ("build/a.py", "node_modules/thing/a.js", ".git/HEAD", "src/a.log", "src/picture.png", ".env"):
            (tmp_path / path).write_text("a")
        (tmp_path / "src" / "a.py").write_text("a")
        (tmp_path / "src" / ".gitignore").write_text("x")

        assert await running.told_after("settled.txt") == {"src/a.py", "src/.gitignore"}


async def test_a_file_that_becomes_too_large_is_heard_of(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("a")
    scanner = Scanner(tmp_path, ScanRules(max_file_bytes=10))
    async with watching(tmp_path, scanner.worth_watching) as running:
        (tmp_path / "a.py").write_text("a" * 20)

        assert await running.told("a.py") == {"a.py"}
        assert scanner.refusal("a.py") is not None


async def test_a_root_that_vanishes_is_watched_again_when_it_is_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "ROOT_CHECK_S", 0.01)
    root = tmp_path / "root"
    root.mkdir()
    async with watching(root) as running:
        shutil.rmtree(root)
        await asyncio.sleep(0.2)
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "a.py").write_text("a")
        (tmp_path / "new").rename(root)

        assert "a.py" in await running.told("a.py")
        (root / "b.py").write_text("b")
        assert "b.py" in await running.told("b.py")


async def test_without_watches_left_it_looks_now_and_then_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = watcher.RustNotify

    def none_left(folders: list[str], debug: bool, polling: bool, *more: object) -> object:
        if not polling:
            raise OSError("OS file watch limit reached.")
        return real(folders, debug, polling, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(watcher, "RustNotify", none_left)
    monkeypatch.setattr(watcher, "POLL_DELAY_MS", 30)
    with caplog.at_level(logging.WARNING):
        async with watching(tmp_path) as running:
            (tmp_path / "a.py").write_text("a")

            assert "a.py" in await running.told("a.py")
    assert "max_user_watches" in caplog.text
    assert str(tmp_path) not in caplog.text


async def test_a_cancelled_watcher_ends_at_once_and_leaves_no_thread_waiting(tmp_path: Path) -> None:
    async with watching(tmp_path) as running:
        await running.end()

    assert asyncio.all_tasks() == {asyncio.current_task()}
