"""Where and how a file imports one more name: pure, and None rather than a guess in a file that it does not understand."""

from __future__ import annotations

from dataclasses import dataclass

from recoder_lsp.features.import_scan import Insertion, apart_from
from recoder_lsp.features.imports_javascript import javascript_gives_a_meaning, javascript_insertion
from recoder_lsp.features.imports_python import python_gives_a_meaning, python_insertion
from recoder_lsp.index.search.modules import JAVASCRIPT

__all__ = ["Insertion", "Target", "insertion"]

LONGEST_TEXT = 200_000


@dataclass(frozen=True)
class Target:
    """What is to be imported."""

    path: str
    """The file that defines it; relative to the same folder as the importing file's. "" for what is no file of the workspace."""
    name: str
    """Python: "" for the module itself."""
    module: str = ""
    """Python: the dotted name of the file or of a package that passes the name on. Of what is no file: the module as it is written."""
    exported: str = "named"
    """JavaScript and TypeScript: "named", "default", or "namespace" for the module as a whole."""
    alias: str = ""
    """As what the file is to know it, where that is not its name."""

    @property
    def known_as(self) -> str:
        """The name that the file then has."""
        return self.alias or self.name or self.module.split(".")[0]


def insertion(
    language: str, path: str, text: str, target: Target, *, replaced: tuple[int, int] | None = None, is_unknown: bool = False
) -> Insertion | None:
    """Return what to insert so that a file knows a name; None where nothing is needed, or nothing can be done safely.

    Nothing is needed where the name is imported, or where the file gives it a meaning of its own.

    Args:
        language: The file's, as LSP names it.
        path: The file's.
        text: All of it.
        target: What is to be imported, of the same language.
        is_unknown: Whether it is certain already that nothing in the file gives the name a meaning.
        replaced: From where to where the name itself is inserted; LSP wants no further edit that touches that one.
    """
    if path == target.path or len(text) > LONGEST_TEXT or not target.known_as.replace("$", "_").isidentifier():
        return None
    found = None
    if not is_unknown and _gives_a_meaning(language, text, target.known_as):
        return None
    if language == "python":
        found = python_insertion(path, text, target.path, target.name, target.module, target.alias)
    elif language in JAVASCRIPT:
        found = javascript_insertion(path, text, target.path, target.name, target.exported, target.module, target.alias)
    return apart_from(text, found, *replaced) if found and replaced else found


def _gives_a_meaning(language: str, text: str, name: str) -> bool:
    if language == "python":
        return python_gives_a_meaning(text, name)
    return language in JAVASCRIPT and javascript_gives_a_meaning(text, name)
