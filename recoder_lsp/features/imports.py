"""Where and how a file imports one more name: pure, and None rather than a guess in a file that it does not understand."""

from __future__ import annotations

from dataclasses import dataclass

from recoder_lsp.features.import_scan import Insertion, apart_from
from recoder_lsp.features.imports_javascript import javascript_insertion
from recoder_lsp.features.imports_python import python_insertion
from recoder_lsp.index.search.modules import JAVASCRIPT

__all__ = ["Insertion", "Target", "insertion"]

LONGEST_TEXT = 200_000


@dataclass(frozen=True)
class Target:
    """What is to be imported."""

    path: str
    """The file that defines it; relative to the same folder as the importing file's."""
    name: str
    module: str = ""
    """Python: the dotted name of the file or of a package that passes the name on."""
    exported: str = "named"
    """JavaScript and TypeScript: "named" or "default"."""


def insertion(language: str, path: str, text: str, target: Target, *, replaced: tuple[int, int] | None = None) -> Insertion | None:
    """Return what to insert so that a file knows a name; None where nothing is needed, or nothing can be done safely.

    Nothing is needed where the name is imported, or where the file gives it a meaning of its own.

    Args:
        language: The file's, as LSP names it.
        path: The file's.
        text: All of it.
        target: What is to be imported, of the same language.
        replaced: From where to where the name itself is inserted; LSP wants no further edit that touches that one.
    """
    if path == target.path or len(text) > LONGEST_TEXT or not target.name.replace("$", "_").isidentifier():
        return None
    found = None
    if language == "python":
        found = python_insertion(path, text, target.path, target.name, target.module)
    elif language in JAVASCRIPT:
        found = javascript_insertion(path, text, target.path, target.name, is_default=target.exported == "default")
    return apart_from(text, found, *replaced) if found and replaced else found
