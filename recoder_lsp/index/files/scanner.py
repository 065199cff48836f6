"""Which files of a folder belong in its index, and their text; everything left out is counted by its reason.

A file may vanish, grow or become unreadable while this looks at it: that is counted, never raised.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recoder_lsp.index.files.decoding import decoded
from recoder_lsp.index.files.ignoring import IgnoreFile, IgnoreRules, is_ignore_file
from recoder_lsp.index.files.judging import (
    CONTROL_FOLDERS,
    Reason,
    holds_private_key,
    is_secret_folder,
    is_secret_name,
    is_tool_folder,
    judge_name,
    judge_text,
    most_bytes,
)
from recoder_lsp.index.records import FileStamp
from recoder_lsp.privacy import is_secret_path

__all__ = ["Found", "Reason", "ScanRules", "Scanner", "SourceText", "is_ignore_file"]

# Folders whose ignore rules `refusal` remembers. Far more than people work in between two changes of an ignore file.
MOST_REMEMBERED_FOLDERS = 10_000

NAMES_IN_A_STEP = 100

OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class ScanRules:
    """What the user decides. The globs are written as in a .gitignore, relative to the scanned folder."""

    max_file_bytes: int = 1_000_000
    include: tuple[str, ...] = ()
    """Brings back what is ignored, third-party, generated or minified; never secrets, nor what is not text or too large."""
    exclude: tuple[str, ...] = ()
    """Wins over everything else."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file that belongs in the index as far as its name, place and size tell."""

    path: str
    stamp: FileStamp


@dataclass(frozen=True, slots=True)
class SourceText:
    """The text of a file, without a byte order mark, a lone carriage return replaced by a line feed."""

    text: str
    stamp: FileStamp
    """Of before it was read: a file that changes meanwhile has another one by the next time."""
    encoding: str


class Scanner:
    """Looks through one folder. Paths are relative to it, with "/" between their parts.

    One thread at a time runs `files`; the other methods may be called on any thread meanwhile.
    """

    def __init__(self, root: Path, rules: ScanRules) -> None:
        self.skipped: Counter[Reason] = Counter()
        """Of the last `files` run: refused files, and refused folders as one each."""
        self._root = str(root.resolve())
        self._rules = rules
        self._exclude = IgnoreFile(rules.exclude)
        self._include = _Include(rules.include)
        self._remembered: dict[str, IgnoreRules] = {}

    def files(self) -> Iterator[Found]:
        """Find all files, while the caller takes them: sorted within a folder, a folder's files before its sub-folders.

        A root that is not there counts as one unreadable folder without files.
        """
        return (found for found in self.looking() if found is not None)

    def looking(self) -> Iterator[Found | None]:
        """`files`, with None after every folder and every 100 names, so that the caller hears from it where nothing is found."""
        self.skipped = Counter()
        self.forget_ignore_files()
        return self._walk()

    def refusal(self, path: str) -> Reason | None:
        """Why `files` would leave out this file, or the folder if the path ends with "/"; None if it would not.

        What is not there is judged by its name alone.
        """
        by_name = self._refusal_by_name(path)
        if by_name is not None or path.endswith("/"):
            return by_name
        stamp = self._stamp(path)
        return stamp if isinstance(stamp, Reason) and os.path.lexists(self._on_disk(path)) else None

    def worth_watching(self, path: str) -> bool:
        """Whether a change of this path can matter to the index: `refusal`'s rules without those about the file as it is
        now, so that a file is heard of when it vanishes or becomes too large. Ignore files matter as well."""
        if is_ignore_file(path):
            folder = path.rpartition("/")[0]
            return not folder or self._refusal_by_name(folder + "/") is None
        return self._refusal_by_name(path) is None

    def read(self, path: str) -> SourceText | Reason:
        """The text of a file that `files` found, unless its content tells that it does not belong in the index."""
        if is_secret_path(path):
            return Reason.SECRET
        name = path.rpartition("/")[2]
        try:
            data, stamp = self._bytes(path)
        except OSError as error:
            return Reason.LINK if error.errno == errno.ELOOP else Reason.UNREADABLE
        except ValueError:
            # A null character in a path.
            return Reason.UNREADABLE
        if not stat.S_ISREG(stamp.st_mode):
            return Reason.BINARY
        included = self._include.includes(path)
        if len(data) > (self._rules.max_file_bytes if included else most_bytes(name, self._rules.max_file_bytes)):
            return Reason.TOO_LARGE
        outcome = decoded(data)
        if isinstance(outcome, Reason):
            return outcome
        text, encoding = outcome
        return self.refusal_of_text(path, text) or SourceText(text, FileStamp(stamp.st_size, stamp.st_mtime_ns), encoding)

    def refusal_of_text(self, path: str, text: str) -> Reason | None:
        """Why this text does not belong in the index, as that of the file; None if it does."""
        if holds_private_key(text):
            return Reason.SECRET
        return None if self._include.includes(path) else judge_text(path.rpartition("/")[2], text)

    def text_now(self, path: str) -> str | None:
        """The text of a file that was read before, to compare it with what was found then; None if it has none any more.

        Whether it still belongs in the index is not asked: that takes ten times as long, and a text that is unchanged does.
        """
        if is_secret_path(path):
            return None
        try:
            data, stamp = self._bytes(path)
        except (OSError, ValueError):
            return None
        outcome = decoded(data) if stat.S_ISREG(stamp.st_mode) else Reason.BINARY
        return None if isinstance(outcome, Reason) else outcome[0]

    def forget_ignore_files(self) -> None:
        """Read ignore files again the next time: one of them has changed."""
        self._remembered = {}

    def _walk(self) -> Iterator[Found | None]:
        # Each folder waits with the rules of its parent, and with the reason why only included files of it count, if so.
        waiting: list[tuple[str, IgnoreRules, Reason | None]] = [("", IgnoreRules.above(Path(self._root)), None)]
        while waiting:
            folder, rules, only_included = waiting.pop()
            listed = self._list(folder)
            if listed is None:
                self.skipped[Reason.UNREADABLE] += 1
                continue
            files, folders, ignore_files = listed
            if only_included is None:
                rules = rules.inside(folder, ignore_files)
            prefix = f"{folder}/" if folder else ""
            for position, name in enumerate(files):
                if position % NAMES_IN_A_STEP == NAMES_IN_A_STEP - 1:
                    yield None
                path = prefix + name
                refused = self._judge_file(path, name, rules, only_included)
                found = refused or self._stamp(path)
                if isinstance(found, Reason):
                    self.skipped[found] += 1
                else:
                    yield Found(path, found)
            del files
            yield None
            for name in reversed(folders):
                refused, only_included_there = self._judge_folder(prefix + name, name, rules, only_included)
                if refused is None:
                    waiting.append((prefix + name, rules, only_included_there))
                else:
                    self.skipped[refused] += 1

    def _list(self, folder: str) -> tuple[list[str], list[str], set[str]] | None:
        """Names of files, of folders, and those that change what is ignored; None where the folder cannot be read."""
        files: list[str] = []
        folders: list[str] = []
        ignore_files: set[str] = set()
        try:
            with os.scandir(self._on_disk(folder)) as entries:
                for entry in entries:
                    name = entry.name
                    if is_ignore_file(name) or name == ".git":
                        ignore_files.add(name)
                    if name in CONTROL_FOLDERS:
                        continue
                    if not _is_text(name):
                        self.skipped[Reason.UNREADABLE] += 1
                    elif entry.is_symlink():
                        self.skipped[Reason.LINK] += 1
                    else:
                        (folders if entry.is_dir(follow_symlinks=False) else files).append(name)
        except OSError:
            return None
        files.sort()
        folders.sort()
        return files, folders, ignore_files

    def _refusal_by_name(self, path: str) -> Reason | None:
        """The rules about names and about the folders above, for a path from outside."""
        parts = path.removesuffix("/").split("/")
        if path == "/" or "\0" in path or any(part in ("", ".", "..") for part in parts):
            return Reason.EXCLUDED
        if not _is_text(path):
            return Reason.UNREADABLE
        rules = self._rules_inside("", None)
        only_included: Reason | None = None
        folder = ""
        for name in parts if path.endswith("/") else parts[:-1]:
            folder = f"{folder}/{name}" if folder else name
            if os.path.islink(self._on_disk(folder)):
                return Reason.LINK
            refused, only_included = self._judge_folder(folder, name, rules, only_included)
            if refused is not None:
                return refused
            if only_included is None:
                rules = self._rules_inside(folder, rules)
        return None if path.endswith("/") else self._judge_file(path, parts[-1], rules, only_included)

    def _rules_inside(self, folder: str, above: IgnoreRules | None) -> IgnoreRules:
        """What `IgnoreRules.inside` says, remembered; without rules above, the folder is the root."""
        remembered = self._remembered
        known = remembered.get(folder)
        if known is None:
            known = (above or IgnoreRules.above(Path(self._root))).inside(folder)
            if len(remembered) >= MOST_REMEMBERED_FOLDERS:
                remembered.clear()
            remembered[folder] = known
        return known

    def _judge_folder(self, path: str, name: str, rules: IgnoreRules, only_included: Reason | None) -> tuple[Reason | None, Reason | None]:
        """Why not to enter this folder, or None; and if it is entered for included files only, why the others do not count."""
        if name in CONTROL_FOLDERS:
            return Reason.IGNORED, None
        if is_secret_folder(name):
            return Reason.SECRET, None
        if self._exclude.verdict(path + "/", name + "/"):
            return Reason.EXCLUDED, None
        if only_included is None:
            if rules.ignores(path + "/"):
                only_included = Reason.IGNORED
            elif is_tool_folder(name, lambda marker: os.path.lexists(os.path.join(self._on_disk(path), marker))):
                only_included = Reason.VENDORED
        if only_included is None or self._include.may_include_inside(path):
            return None, only_included
        return only_included, None

    def _judge_file(self, path: str, name: str, rules: IgnoreRules, only_included: Reason | None) -> Reason | None:
        # A work tree's `.git` is a file.
        if name in CONTROL_FOLDERS:
            return Reason.IGNORED
        if is_secret_name(name):
            return Reason.SECRET
        if self._exclude.verdict(path, name):
            return Reason.EXCLUDED
        reason = only_included or (Reason.IGNORED if rules.ignores(path) else None) or judge_name(name)
        if reason in (None, Reason.BINARY) or not self._include.includes(path):
            return reason
        # Brought back, but what is not text stays away.
        return Reason.BINARY if judge_name(name) is Reason.BINARY else None

    def _stamp(self, path: str) -> FileStamp | Reason:
        try:
            status = os.lstat(self._on_disk(path))
        except OSError:
            return Reason.UNREADABLE
        if stat.S_ISLNK(status.st_mode):
            return Reason.LINK
        if not stat.S_ISREG(status.st_mode):
            return Reason.BINARY
        most = most_bytes(path.rpartition("/")[2], self._rules.max_file_bytes)
        if status.st_size > most and (status.st_size > self._rules.max_file_bytes or not self._include.includes(path)):
            return Reason.TOO_LARGE
        return FileStamp(status.st_size, status.st_mtime_ns)

    def _bytes(self, path: str) -> tuple[bytes, os.stat_result]:
        """What is in the file, one byte more than the largest allowed at most, and its status before it was read."""
        file = self._on_disk(path)
        folder = os.path.dirname(file)
        if os.path.realpath(folder) != folder:
            raise OSError(errno.ELOOP, "not in the root, or behind a symbolic link")
        # Not blocking, since a named pipe may have taken the file's place; not following a link, for the same reason.
        handle = os.open(file, OPEN_FLAGS)
        with open(handle, "rb") as stream:
            status = os.fstat(handle)
            return (stream.read(self._rules.max_file_bytes + 1) if stat.S_ISREG(status.st_mode) else b""), status

    def _on_disk(self, path: str) -> str:
        # Not os.path.join: an absolute path would leave the root.
        return f"{self._root}/{path}" if path else self._root


class _Include:
    """The globs that bring files back."""

    def __init__(self, globs: tuple[str, ...]) -> None:
        self._patterns = IgnoreFile(globs)
        self._wanted = [glob for glob in globs if not glob.startswith("!")]
        # Per anchored glob one matcher for each level of folders, until the first `**`.
        self._anchored = [glob.strip("/").split("/") for glob in self._wanted if _is_anchored(glob)]
        self._anywhere = len(self._anchored) < len(self._wanted)

    def includes(self, path: str) -> bool:
        """Whether a file is wanted, by itself or with a folder that it is in."""
        if not self._wanted:
            return False
        parts = path.split("/")
        folders = ("/".join(parts[: depth + 1]) + "/" for depth in range(len(parts) - 1))
        return any(self._patterns.verdict(each, each[each.rfind("/", 0, -1) + 1 :]) is True for each in (*folders, path))

    def may_include_inside(self, folder: str) -> bool:
        """Whether a file inside of this folder could be wanted."""
        if self._anywhere or not self._wanted:
            return self._anywhere
        parts = folder.split("/")
        return any(_leads_into(glob, parts) for glob in self._anchored)


def _is_anchored(glob: str) -> bool:
    return "/" in glob.rstrip("/") and not glob.startswith("**/")


def _leads_into(glob: list[str], folders: list[str]) -> bool:
    """Whether the glob's first parts match these folders, as far as there are any."""
    for part, folder in zip(glob, folders, strict=False):
        if part == "**":
            return True
        if IgnoreFile((part,)).verdict(folder + "/", folder + "/") is not True:
            return False
    return True


def _is_text(name: str) -> bool:
    """Whether a file name is Unicode: any other could be neither stored nor shown."""
    if name.isascii():
        return True
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
