"""Tells which files of a folder change, while they change.

Only folders that count are watched, one by one: watching everything below the root would follow symbolic links out of it, take
thousands of the system's few watches for what tools install, and report a folder that is also linked to under either name.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

# Changes that come within a step of each other are told together, for at most the debounce time.
STEP_MS = 20
DEBOUNCE_MS = 50
# How long one call waits for a change. A cancelled watcher ends within a step, not only then.
WAIT_MS = 60_000
# Without the system's help: how often all files are looked at. Their times are compared by the second, so that of two changes
# within one second the later may be missed, until the file changes again or the folder is scanned.
POLL_DELAY_MS = 2_000
# A root that vanished may come back: a branch is switched, a network drive is mounted again.
ROOT_CHECK_S = 1.0

log = logging.getLogger(__name__)


async def watch(root: Path, counts: Callable[[str], bool]) -> AsyncIterator[set[str]]:
    """Yield the paths that changed, relative to the root, until the caller stops.

    The first set is empty: from then on no change is missed, so a complete scan is best begun after it. A path may be of a file
    that was made, written or deleted, or of a folder that vanished: then everything below it did. The files of a new folder are
    all named, and so are all files when a root that vanished comes back.

    Args:
        counts: whether a path can matter; a folder's ends with "/". Called on another thread.
    """
    watched = _Watched(root, counts)
    stop = threading.Event()
    begun = False
    try:
        while True:
            # A thread of its own, since making the watches of a large folder takes a second, and waiting takes forever.
            waiting = asyncio.ensure_future(asyncio.to_thread(watched.changes, stop))
            try:
                changed = await asyncio.shield(waiting)
            except asyncio.CancelledError:
                stop.set()
                await asyncio.wait([waiting])
                raise
            if changed or not begun:
                begun = True
                yield changed
    finally:
        stop.set()
        watched.close()


class _Watched:
    """The folders that are watched, and the system's watches on them. Used by one thread at a time."""

    def __init__(self, root: Path, counts: Callable[[str], bool]) -> None:
        self._root = os.path.realpath(root)
        self._counts = counts
        self._folders: set[str] = set()
        self._notify: RustNotify | None = None
        self._polling = False

    def changes(self, stop: threading.Event) -> set[str]:
        """Wait for changes and return them; nothing if it is told to stop, or if nothing happened for a long time."""
        if self._notify is None:
            return self._begin(stop)
        try:
            raw = self._notify.watch(DEBOUNCE_MS, STEP_MS, WAIT_MS, stop)
        except WatchfilesRustInternalError:
            log.warning("watching failed; it starts again")
            self.close()
            return set()
        return self._judge(raw) if isinstance(raw, set) else set()

    def close(self) -> None:
        if self._notify is not None:
            self._notify.close()
            self._notify = None

    def _begin(self, stop: threading.Event) -> set[str]:
        """Watch all folders. The first time nothing has changed; later, anything may have while nobody watched."""
        while not os.path.isdir(self._root):
            if stop.wait(ROOT_CHECK_S):
                return set()
        began_before = bool(self._folders)
        self._folders = {"", *self._below("")}
        self._watch_folders()
        return {path for folder in self._folders for path in self._children(folder, folders=False)} if began_before else set()

    def _judge(self, raw: set[tuple[int, str]]) -> set[str]:
        changed: set[str] = set()
        began: set[str] = set()
        ended: set[str] = set()
        for _, absolute in raw:
            path = os.path.relpath(absolute, self._root).replace(os.sep, "/")
            if path == "." or path.startswith("../"):
                continue
            is_folder = os.path.isdir(absolute) and not os.path.islink(absolute)
            if path in self._folders:
                if not is_folder:
                    ended.add(path)
                    changed.add(path)
                elif _is_new(raw, absolute):
                    # Deleted and made again, or replaced: the watch is on the one that is gone.
                    ended.add(path)
                    began.add(path)
            elif is_folder:
                if self._counts(path + "/"):
                    began.add(path)
            elif self._counts(path):
                changed.add(path)
        if not os.path.isdir(self._root):
            self.close()
            return changed
        if began or ended:
            self._folders = {each for each in self._folders if not _is_or_below_any(each, ended)}
            changed |= self._add(began)
        return changed

    def _add(self, began: set[str]) -> set[str]:
        """Watch new folders; their files. Watched first, listed then: in this order no file is missed."""
        files: set[str] = set()
        while True:
            self._folders |= began
            before = self._notify
            self._watch_folders()
            if before is not None:
                # What came in between the last look and now; the new watches do not know of it.
                last = before.watch(1, 1, 1, None)
                before.close()
                for _, absolute in last if isinstance(last, set) else ():
                    path = os.path.relpath(absolute, self._root).replace(os.sep, "/")
                    if not os.path.isdir(absolute) and self._counts(path):
                        files.add(path)
            inside = began.union(*map(self._below, began))
            for folder in inside:
                files.update(self._children(folder, folders=False))
            began = inside - self._folders
            if not began:
                return files

    def _watch_folders(self) -> None:
        absolute = sorted(os.path.join(self._root, folder) if folder else self._root for folder in self._folders)
        while True:
            # A folder may be gone since it was listed, or may not be ours to read: neither is worth a word.
            absolute = [folder for folder in absolute if os.access(folder, os.R_OK | os.X_OK)]
            if not absolute:
                self._notify = None
                return
            try:
                self._notify = RustNotify(absolute, False, self._polling, POLL_DELAY_MS, False, False)
                return
            except (FileNotFoundError, PermissionError):
                continue
            except (OSError, WatchfilesRustInternalError) as error:
                if self._polling:
                    raise
                log.warning(
                    "The system gives no more watches for %d folders (%s); looking every %.0f s instead. "
                    "On Linux, raise fs.inotify.max_user_watches or max_user_instances.",
                    len(absolute), type(error).__name__, POLL_DELAY_MS / 1000,
                )  # fmt: skip
                self._polling = True

    def _below(self, folder: str) -> Iterator[str]:
        """All folders below this one that count."""
        waiting = [folder]
        while waiting:
            found = self._children(waiting.pop(), folders=True)
            yield from found
            waiting += found

    def _children(self, folder: str, *, folders: bool) -> list[str]:
        """The folders in a folder, or all else in it, as far as they count."""
        names: list[str] = []
        with suppress(OSError), os.scandir(os.path.join(self._root, folder)) as entries:
            names.extend(entry.name for entry in entries if entry.is_dir(follow_symlinks=False) == folders)
        paths = [f"{folder}/{name}" if folder else name for name in names]
        return [path for path in paths if self._counts(path + "/" if folders else path)]


def _is_new(raw: set[tuple[int, str]], absolute: str) -> bool:
    # 1 is "added" in the library's numbers.
    return (1, absolute) in raw


def _is_or_below_any(path: str, folders: set[str]) -> bool:
    return path in folders or any(path.startswith(folder + "/") for folder in folders)
