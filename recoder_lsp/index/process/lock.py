"""One owner per folder: an operating system's lock that ends with the process that holds it, however that ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType


class FolderLock:
    """The right to write to a folder. Held from `acquire` to `release`, or to the death of this process."""

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    @classmethod
    def acquire(cls, path: Path) -> FolderLock | None:
        """Take the lock, at once or not at all.

        Args:
            path: the lock file. It is made where it is missing, and stays; its text is the owner's process id, for people.

        Returns:
            None where another process, or another lock of this one, holds it.

        Raises:
            OSError: The file cannot be made, or its file system knows no locks.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not inheritable: a child process must not keep the lock alive.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_there = _is_still_there(handle, path)
            # For diagnosis only: a full disk does not take the lock away.
            with contextlib.suppress(OSError):
                os.ftruncate(handle, 0)
                os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError:
            os.close(handle)
            return None
        except OSError:
            os.close(handle)
            raise
        if not is_there:
            # Someone deleted the folder in between: a lock on a deleted file keeps nobody out.
            os.close(handle)
            return cls.acquire(path)
        return cls(handle)

    def release(self) -> None:
        """Let others have it. Calling it again does nothing."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def owner_of(path: Path) -> int | None:
    """The process id that the last owner of this lock wrote down; it may have released it since."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _is_still_there(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False
