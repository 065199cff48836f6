"""Where the index of a folder lies, and the socket at which its process is reached: for the user alone."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from recoder_lsp.errors import RecoderError
from recoder_lsp.language import gettext

# The kernel's own bound is 108 bytes on Linux and 104 on macOS, with the 0 at the end.
LONGEST_SOCKET_BYTES = 100
LONGEST_NAME = 40


@dataclass(frozen=True)
class Place:
    """The folder with everything that belongs to one index."""

    folder: Path

    @property
    def lock(self) -> Path:
        """Locked for as long as a process serves this index."""
        return self.folder / "lock"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def socket(self) -> Path:
        """The socket, or a link to it where its path is too long to be one."""
        return self.folder / "socket"

    def make(self) -> None:
        """Make the folder, for this user alone.

        Raises:
            RecoderError: It cannot be made, or is somebody else's.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _claim(self.folder)
        except OSError as error:
            message = gettext("The folder for the index cannot be used: {problem}.").format(problem=error.strerror or error)
            raise RecoderError(message, gettext("Set RECODER_HOME.")) from error

    def new_socket(self) -> Path:
        """Return a path to listen at, with whatever an earlier process left there removed. Only for who holds the lock.

        Raises:
            RecoderError: There is no folder that is this user's own.
        """
        try:
            self.remove_socket()
            if _fits(self.socket):
                return self.socket
            short = self._short_socket()
            short.parent.mkdir(mode=0o700, exist_ok=True)
            _claim(short.parent)
            short.unlink(missing_ok=True)
            self.socket.symlink_to(short)
            return short
        except OSError as error:
            message = gettext("There is no place for a socket: {problem}.").format(problem=error.strerror or error)
            raise RecoderError(message, gettext("Set RECODER_HOME to a short path.")) from error

    def socket_to_connect(self) -> Path:
        """Return where a process of this index listens, if there is one.

        Raises:
            OSError: There is none, or it lies where others could have put it.
        """
        if not self.socket.is_symlink():
            if not _fits(self.socket):
                raise FileNotFoundError(2, "There is no socket.")
            return self.socket
        target = Path(os.readlink(self.socket))
        _check(target.parent)
        return target

    def remove_socket(self) -> None:
        """Remove the socket and a link to it. Only for who holds the lock."""
        with suppress(OSError):
            if self.socket.is_symlink():
                target = Path(os.readlink(self.socket))
                _check(target.parent)
                target.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete the index, but not what the running process needs. Only for who holds the lock."""
        for entry in list(self.folder.iterdir()):
            if entry in (self.lock, self.socket) or entry.name.startswith(self.log.name):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)

    def _short_socket(self) -> Path:
        # Named by the folder, not by what is indexed: the same workspace may have an index under another home.
        name = f"{_digest(os.fspath(self.folder))}.socket"
        in_temporary = Path(tempfile.gettempdir(), f"recoder-{os.getuid()}", name)
        return in_temporary if _fits(in_temporary) else Path("/tmp", f"recoder-{os.getuid()}", name)


def place_of(root: Path, home: Path) -> Place:
    """Return the place for the index of a folder, which is the same by whatever links the folder is reached."""
    real = os.path.realpath(root)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", os.path.basename(real)).strip(".-")[:LONGEST_NAME]
    return Place(home / "index" / f"{name or 'folder'}-{_digest(real)}")


def loose_place() -> Place:
    """Make a place that lasts no longer than its process."""
    return Place(Path(tempfile.mkdtemp(prefix="recoder-")))


def _digest(text: str) -> str:
    return hashlib.blake2b(os.fsencode(text), digest_size=8).hexdigest()


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_SOCKET_BYTES


def _claim(folder: Path) -> None:
    """Close a folder to others; OSError if it is theirs."""
    _owned(folder)
    folder.chmod(0o700)


def _check(folder: Path) -> None:
    """OSError if others could have written to this folder."""
    if stat.S_IMODE(_owned(folder).st_mode) & 0o077:
        raise PermissionError(1, "a folder for sockets is open to others")


def _owned(folder: Path) -> os.stat_result:
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise PermissionError(1, "a folder for sockets is not this user's")
    return status
