"""Where the standard library of a language has a name: the table in standard_names.toml, and Python's own list of its modules."""

from __future__ import annotations

import functools
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from recoder_lsp.features.actions.imports.go import package_names


@dataclass(frozen=True)
class Source:
    """What an import would name."""

    module: str
    name: str = ""
    """What is taken from the module; "" for the module itself."""
    alias: str = ""


def standard_sources(language: str, name: str) -> list[Source]:
    """Return from where a name can be imported, the likeliest first; nothing for languages without a table."""
    if language == "python" and name in sys.stdlib_module_names and not name.startswith("_"):
        return [Source(name), *_table("python").get(name, ())]
    return list(_table(language).get(name, ()))


def has_member(module: str, name: str) -> bool:
    """Say whether a module of Python's standard library is known to have a name."""
    return any(source.module == module for source in _table("python").get(name, ()))


@functools.cache
def _table(language: str) -> Mapping[str, tuple[Source, ...]]:
    """The sources of each name."""
    content = files("recoder_lsp.features.actions.imports").joinpath("standard_names.toml").read_text(encoding="utf-8")
    found = dict[str, tuple[Source, ...]]()
    for module, names in tomllib.loads(content).get(language, {}).items():
        for name in names.split():
            source, known_as = (Source(name), package_names(name)[0]) if language == "go" else (Source(module, name), name)
            found[known_as] = (*found.get(known_as, ()), source)
    return found
