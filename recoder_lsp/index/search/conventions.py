"""How a project does things, as the files around one show it: how it documents, and where and how it tests. For the search thread."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from recoder_lsp.index.files.decoding import with_plain_breaks
from recoder_lsp.index.search.modules import JAVASCRIPT, exported_as, python_module_of, usual_module
from recoder_lsp.index.search.nearness import is_in_tests
from recoder_lsp.index.search.related import same_family
from recoder_lsp.index.store.manifest_reading import ManifestReader

MOST_DOCSTRINGS, MOST_FILES_READ, MOST_FILES_SEEN = 40, 30, 200
MOST_TESTS, MOST_FOLDERS, LONGEST_TEST = 3, 300, 200_000
MOST_USES = 200

_TEST_MARK = re.compile(r"^test_|^test-|(?:[._-](?:tests?|spec)|Tests?)$")


class Conventions:
    """Answers from a manifest and the texts. For one thread."""

    def __init__(self, manifest: ManifestReader, text_of: Callable[[str], str | None]) -> None:
        """Args: `text_of` gives the text of a file or open buffer, None when there is none any more."""
        self._manifest, self._text_of = manifest, text_of

    def docstrings(self, path: str, language: str) -> dict[str, Any]:
        """Documentation of several lines in the files around one, the nearest first: {"docstrings": [str]}.

        Args:
            path: The file, whose own documentation is left out.
            language: Its language; only files of its family count.
        """
        found: list[str] = []
        for other in islice(self._around(path, language), MOST_FILES_READ):
            found += [symbol.docstring for symbol in self._manifest.outline(other) if "\n" in symbol.docstring]
            if len(found) >= MOST_DOCSTRINGS:
                break
        return {"docstrings": found[:MOST_DOCSTRINGS]}

    def tests(self, path: str, language: str, name: str) -> dict[str, Any]:
        """Where tests of a file are, or would be, and how they know a name of it.

        Args:
            path: The file to be tested.
            language: Its language.
            name: What is to be tested: something that the file defines at its top.

        Returns:
            {"tests": [{"path", "text"}], "folders": [str], "module": str, "exported": str, "package": str}: tests of the same language,
            those of this file first; all folders with such tests; as what a test imports the name, as in `Names.definition`; and the
            package.json nearest to the file, "" where there is none.
        """
        paths = [other for other, its in self._manifest.paths_like("test", "spec") if same_family(its, language) and is_in_tests(other)]
        texts = ((other, self._text_of(other)) for other in sorted(paths, key=lambda other: (*_distance(path, other), other)))
        readable = ({"path": other, "text": text} for other, text in texts if text and len(text) <= LONGEST_TEST)
        module, exported = self._importable(path, language, name)
        return {
            "tests": list(islice(readable, MOST_TESTS)),
            "folders": sorted({other.rpartition("/")[0] for other in paths})[:MOST_FOLDERS],
            "module": module,
            "exported": exported,
            "package": self._package(path) if language in JAVASCRIPT else "",
        }

    def _around(self, path: str, language: str) -> Iterator[str]:
        seen, folder = {path}, path
        while folder:
            folder = folder.rpartition("/")[0]
            for file in islice(self._manifest.files(folder + "/" if folder else ""), MOST_FILES_SEEN):
                if file.path not in seen and same_family(file.language, language):
                    seen.add(file.path)
                    yield file.path

    def _importable(self, path: str, language: str, name: str) -> tuple[str, str]:
        if language == "python":
            module = usual_module(self._manifest.references_to(name, MOST_USES), path)
            return module or python_module_of(path, lambda wanted: self._manifest.file(wanted) is not None), ""
        if language in JAVASCRIPT:
            symbol = next((each for each in self._manifest.outline(path) if each.parent is None and each.name == name), None)
            return "", exported_as(with_plain_breaks(self._text_of(path) or ""), symbol) if symbol else ""
        return "", ""

    def _package(self, path: str) -> str:
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            text = self._text_of(f"{folder}/package.json".lstrip("/"))
            if text is not None:
                return text[:LONGEST_TEST]
        return ""


def subject_stem(path: str) -> str:
    """Return the name of the file that a test is about: "shapes" for test_shapes.py, shapes.test.ts, ShapesTest.java; in small letters."""
    stem = re.sub(r"(?:\.d)?\.[A-Za-z]+$", "", path.rpartition("/")[2])
    return _TEST_MARK.sub("", _TEST_MARK.sub("", stem)).lower()


def source_stem(path: str) -> str:
    """Return the name that tests of a file have in theirs: that of its folder for `index.ts` and `__init__.py`."""
    folder, _, file = path.rpartition("/")
    stem = file.partition(".")[0].lower()
    return folder.rpartition("/")[2].lower() if stem in ("index", "__init__", "mod") and folder else stem


def _distance(path: str, test: str) -> tuple[bool, int, int]:
    """Smaller for a test of this very file, then for one in folders with the same names."""
    ours, theirs = path.split("/")[:-1], test.split("/")[:-1]
    return subject_stem(test) != source_stem(path), -len(set(ours) & set(theirs)), len(theirs)
