"""Where a test of something belongs: in the tests of its file, or where the project would have a new file for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recoder_lsp.index.search.conventions import source_stem, subject_stem
from recoder_lsp.index.search.nearness import n_common_folders

UNFINISHED = "TODO: say what is expected"

_TEST_FOLDERS = ("tests", "test", "__tests__", "spec", "specs")
_JAVASCRIPT_MARK = re.compile(r"([._-](?:test|spec))?\.[A-Za-z]+$")


@dataclass(frozen=True)
class FileOfTests:
    """A file with tests, as it is now."""

    path: str
    text: str


@dataclass(frozen=True)
class Tests:
    """What the index says of tests around a file; see `index.search.conventions`."""

    source: str
    """The file to be tested."""
    files: tuple[FileOfTests, ...] = ()
    folders: tuple[str, ...] = ()
    module: str = ""
    exported: str = ""
    package: str = ""

    @property
    def own(self) -> FileOfTests | None:
        """The tests of this very file."""
        return next((file for file in self.files if subject_stem(file.path) == source_stem(self.source)), None)

    @property
    def samples(self) -> str:
        """Tests that show how tests are written here."""
        return self.own.text if self.own else "\n".join(file.text for file in self.files)


def tests_of(source: str, answer: Any) -> Tests | None:
    """Return what an answer of the index says; None for one that makes no sense."""
    match answer:
        case {"tests": list(files), "folders": list(folders), "module": str(module), "exported": str(exported), "package": str(package)}:
            found = tuple(FileOfTests(str(file["path"]), str(file["text"])) for file in files)
            return Tests(source, found, tuple(map(str, folders)), module, exported, package)
    return None


def new_python_path(tests: Tests) -> str:
    """Return the path of a new file of tests: where tests of its neighbours are, else in a folder `tests` at the top."""
    behind = any(re.search(r"_test\.py$", file.path) for file in tests.files)
    stem = source_stem(tests.source)
    name = f"{stem}_test.py" if behind else f"test_{stem}.py"
    folder = _folder(tests.source, tests.folders)
    return _joined("tests" if folder is None else folder, name)


def new_javascript_path(tests: Tests) -> str:
    """Return the path of a new file of tests: as those of its neighbours, else beside what it tests."""
    folder, _, file = tests.source.rpartition("/")
    stem, _, ending = file.rpartition(".")
    mark, found = ".test", _folder(tests.source, tests.folders)
    if tests.files and (like := _JAVASCRIPT_MARK.search(tests.files[0].path.rpartition("/")[2])) is not None:
        mark = like[1] or ""
    return _joined(folder if found is None else found, f"{stem}{mark or ('' if found not in (None, folder) else '.test')}.{ending}")


def _folder(source: str, folders: Sequence[str]) -> str | None:
    """The folder for tests of a file, by where other tests are; None without any."""
    folder = source.rpartition("/")[0]
    beside = [folder, *(_joined(folder, name) for name in _TEST_FOLDERS)]
    for candidate in beside:
        if candidate in folders:
            return candidate
    roots = {root for each in folders if (root := _root_of(each)) is not None}
    if not roots:
        return None
    root = min(roots, key=lambda each: (-n_common_folders(source, each + "/"), len(each), each))
    parts = folder.split("/")
    # tests/features/ for src/features/: the longest end of the path that is there too.
    for start in range(len(parts)):
        mirrored = _joined(root, "/".join(parts[start:]))
        if mirrored in folders:
            return mirrored
    return root


def _root_of(folder: str) -> str | None:
    """The outermost folder of tests that a folder is in."""
    parts = folder.split("/")
    at = next((at for at, part in enumerate(parts) if part in _TEST_FOLDERS), None)
    return None if at is None else "/".join(parts[: at + 1])


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
