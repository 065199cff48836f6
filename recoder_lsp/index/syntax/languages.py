"""Which language a file is written in, and what the index knows about each: the table in languages.toml."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from recoder_lsp.index.records import Kind

PLAIN_TEXT = "plaintext"

CLASS_NAME = "<class>"
"""Stands for the name of the class in a list of constructor names."""

_SHEBANG = re.compile(r"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+)*(?:\w+=\S*\s+)*)?(?:\S*/)?([^\s/]+)")


@dataclass(frozen=True, slots=True)
class Language:
    """One table of languages.toml, whose head says what each field means."""

    id: str
    grammar: str = ""
    function: str = "language"
    queries: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    shebangs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    wrappers: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    containers: tuple[str, ...] = (Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.ENUM)
    constructors: tuple[str, ...] = ()
    builtins: frozenset[str] = frozenset()
    constants_in_capitals: bool = False
    dotted_names: bool = False
    name_marks: str = ""
    joined: bool = False
    separators: tuple[str, ...] = (".",)
    or_else: str = ""
    or_else_if: str = ""
    same_as: str = ""

    def query_source(self) -> str:
        """The text of its query files, joined."""
        folder = files("recoder_lsp.index.syntax").joinpath("languages")
        return "\n".join(folder.joinpath(f"{name}.scm").read_text(encoding="utf-8") for name in self.queries)


def language_of(path: str, first_line: str = "") -> str:
    """The language identifier, as LSP names it, of a file; "plaintext" for what no grammar is here for.

    Args:
        path: only its last part is looked at.
        first_line: asked for an interpreter ("#!/usr/bin/env python3") where the name says nothing.
    """
    name = path.rpartition("/")[2]
    by_name = _by_filename().get(name)
    if by_name:
        return by_name
    endings = _by_extension()
    start = name.find(".")
    while start >= 0:
        found = endings.get(name[start:].lower()) if start or name.count(".") > 1 else None
        if found:
            return found
        start = name.find(".", start + 1)
    shebang = _SHEBANG.match(first_line)
    if shebang:
        interpreter = shebang[1].rstrip("0123456789.-")
        return next((language.id for language in languages().values() if interpreter in language.shebangs), PLAIN_TEXT)
    return PLAIN_TEXT


def find_language(identifier: str) -> Language | None:
    """The language with this identifier or alias."""
    return languages().get(identifier) or _by_alias().get(identifier)


def language_within(identifier: str, text: str) -> str:
    """The language that a text is really in, where a name stands for two: a header of C++ ends in .h too."""
    language = find_language(identifier)
    if language is None or not language.or_else:
        return identifier
    return language.or_else if re.search(language.or_else_if, text, re.MULTILINE) else identifier


@functools.cache
def languages() -> Mapping[str, Language]:
    """Every language of languages.toml, by its identifier."""
    text = files("recoder_lsp.index.syntax").joinpath("languages.toml").read_text(encoding="utf-8")
    tables: dict[str, dict[str, Any]] = tomllib.loads(text)
    return MappingProxyType({identifier: _language(identifier, table, tables) for identifier, table in tables.items()})


def _language(identifier: str, table: dict[str, Any], tables: dict[str, dict[str, Any]]) -> Language:
    """A table with what it takes from another (`same_as`): all but how files are told apart and the aliases."""
    own = ("extensions", "filenames", "shebangs", "aliases")
    inherited = {key: value for key, value in tables.get(table.get("same_as", ""), {}).items() if key not in own}
    given = {"queries": [(inherited and table["same_as"]) or identifier], **inherited, **table}
    unknown = given.keys() - {field.name for field in fields(Language)}
    if unknown:
        raise ValueError(f"languages.toml: [{identifier}] has unknown keys: {', '.join(sorted(unknown))}")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    values["builtins"] = frozenset(given.get("builtins", ()))
    return Language(id=identifier, **values)


@functools.cache
def _by_extension() -> Mapping[str, str]:
    return MappingProxyType({extension: language.id for language in languages().values() for extension in language.extensions})


@functools.cache
def _by_filename() -> Mapping[str, str]:
    return MappingProxyType({name: language.id for language in languages().values() for name in language.filenames})


@functools.cache
def _by_alias() -> Mapping[str, Language]:
    return MappingProxyType({alias: language for language in languages().values() for alias in language.aliases})
