"""From where a name could be imported: the files that define it, and the imports by which other files of the workspace have it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from recoder_lsp import privacy
from recoder_lsp.index.records import Kind, Location, Reference
from recoder_lsp.index.search.modules import JAVASCRIPT, crate_of, python_module_of
from recoder_lsp.index.search.names import Names
from recoder_lsp.index.search.nearness import MEMBERS, in_same_folder, is_in_tests, n_common_folders
from recoder_lsp.index.search.related import same_family
from recoder_lsp.index.search.texts import CheckedTexts
from recoder_lsp.index.store.manifest_reading import ManifestReader

MOST_DEFINITIONS, MOST_LOOKED_AT, MOST_USES, MOST_FILES_READ = 8, 50, 100, 40

_STATEMENT = re.compile(rb"\b(?:import|export|const|let|var)\b")
_LONGEST_STATEMENT = 4_000


class Importable:
    """Answers for the search thread."""

    def __init__(self, names: Names, manifest: ManifestReader, text_of: Callable[[str], str | None]) -> None:
        self._names, self._manifest, self._text_of = names, manifest, text_of

    def importable(self, path: str, language: str, name: str, spelled: Sequence[str] = ()) -> dict[str, Any]:
        """What an import could name, so that a file knows a name.

        Args:
            path: The file that wants to know it.
            language: That file's.
            name: What it wants to know.
            spelled: As what an import may have it besides: the last part of a path in Go.

        Returns:
            {"definitions": see `Names.definition`, the likeliest first; "imports": [{"module", "name", "alias", "exported", "n_files"}];
            "modules": [str], the dotted names of Python's files of this name}. The imports are the most used first, relative ones only
            those of the same folder; `exported` is "named", "default" or "namespace" (of the module itself) in Python and JavaScript.
        """
        stale, definitions = set[str](), list[dict[str, Any]]()
        for location in self._definitions(path, language, name):
            answer = self._names.definition(path, language, location.path, location.symbol.qualified_name)
            stale.update(answer.pop("stale"))
            if answer["location"] is not None:
                definitions.append(answer)
        texts = CheckedTexts(self._text_of)
        imports = self._counted(list(self._imports(path, language, name, spelled)), language, texts)
        modules = self._modules(path, name) if language == "python" else []
        return {"definitions": definitions, "imports": imports, "modules": modules, "stale": sorted(stale | texts.stale)}

    def _modules(self, path: str, name: str) -> list[str]:
        found = [file for file, _ in self._manifest.paths_like(f"{name}.py", f"{name}/__init__.py", limit=MOST_LOOKED_AT)]
        ours = [file for file in found if file != path and posixpath.basename(file.removesuffix("/__init__.py")) in (name, f"{name}.py")]
        ours.sort(key=lambda file: (is_in_tests(file), -n_common_folders(path, file)))
        modules = (python_module_of(file, lambda wanted: self._manifest.file(wanted) is not None, path) for file in ours[:MOST_DEFINITIONS])
        return [module for module in modules if module]

    def _definitions(self, path: str, language: str, name: str) -> list[Location]:
        found = [
            location
            for location in self._manifest.symbols_named([name], MOST_LOOKED_AT)
            if location.symbol.parent is None and location.symbol.kind not in MEMBERS and location.symbol.kind is not Kind.HEADING
            if location.path != path and same_family(location.language, language)
        ]
        found.sort(key=lambda location: (is_in_tests(location.path), -n_common_folders(path, location.path)))
        return found[:MOST_DEFINITIONS]

    def _imports(self, path: str, language: str, name: str, spelled: Sequence[str]) -> Iterator[tuple[str, Reference]]:
        """Imports of the name in other files, and of anything under the name. Of the former it does not count as what the file knows it."""
        for each in (name, *spelled):
            for file, use in self._manifest.imports_of_name(each, MOST_USES):
                if not (spelled and use.alias) and self._counts(path, language, file, use):
                    yield file, replace(use, alias="")
        yield from ((file, use) for file, use in self._manifest.imports_as(name, MOST_USES) if self._counts(path, language, file, use))

    def _counts(self, path: str, language: str, file: str, use: Reference) -> bool:
        if file == path or not use.module or not _means_the_same(use.module, file, path, language):
            return False
        stored = self._manifest.file(file)
        return stored is not None and same_family(stored.language, language) and not privacy.is_secret_path(file)

    def _counted(self, imports: Sequence[tuple[str, Reference]], language: str, texts: CheckedTexts) -> list[dict[str, Any]]:
        """The different imports with how many files have them, as far as some of these files say."""
        having: dict[tuple[str, str, str, str], set[str]] = {}
        for file, use in imports[:MOST_FILES_READ]:
            if _still_imports(texts, file, use):
                having.setdefault((use.module, use.name, use.alias, _exported(texts, file, use, language)), set()).add(file)
        return [
            {"module": module, "name": name, "alias": alias, "exported": exported, "n_files": len(files)}
            for (module, name, alias, exported), files in sorted(having.items(), key=lambda item: -len(item[1]))
        ]


def _means_the_same(module: str, file: str, path: str, language: str) -> bool:
    """Whether a module is what one file names so in another one too."""
    if language == "rust":
        first = module.split("::")[0]
        return first not in ("self", "super") and (first != "crate" or crate_of(file) == crate_of(path))
    return not module.startswith(".") or in_same_folder(path, file)


def _still_imports(texts: CheckedTexts, path: str, use: Reference) -> bool:
    """Whether the file still has what the import names."""
    content, parts = texts.bytes_of(path), re.split(r"[./:]", f"{use.module}.{use.name}.{use.alias}")
    if content is not None and all(part.encode() in content for part in parts):
        return True
    texts.stale.add(path)
    return False


def _exported(texts: CheckedTexts, path: str, use: Reference, language: str) -> str:
    """Which part of the module it is, by what stands before it in its statement."""
    if use.name == "*":
        return "namespace"
    if language == "python":
        return "namespace" if (texts.line(path, use.line) or b"").lstrip().startswith(b"import") else "named"
    if language not in JAVASCRIPT:
        return ""
    above = (texts.bytes_of(path) or b"").split(b"\n", use.line + 1)[: use.line + 1]
    before = b"\n".join([*above[:-1], above[-1][: use.column]])[-_LONGEST_STATEMENT:]
    return "named" if b"{" in _STATEMENT.split(before)[-1] else "default"
