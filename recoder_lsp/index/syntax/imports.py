"""Takes apart what an import names: paths, quotes, and trees such as `std::{io, fmt as f}`."""

from __future__ import annotations

import re
from typing import NamedTuple

QUOTES = frozenset("\"'`<")
"""What the paths of imports stand in."""

_TOKEN = re.compile(r"[{},]|=>|[^\s{},=]+|=")
_RENAMES = frozenset({"as", "=>"})
# A tree of more parts is no code that a person wrote.
_MOST_PARTS = 2000


class Imported(NamedTuple):
    """One name brought into a file."""

    name: str
    module: str
    alias: str = ""


def unquoted(written: str) -> str:
    """`"a/b"`, `'a/b'`, `<a/b>` -> "a/b"."""
    written = written.strip()
    if len(written) > 1 and (written[0], written[-1]) in (('"', '"'), ("'", "'"), ("`", "`"), ("<", ">")):
        return written[1:-1]
    return written.strip("\"'`")


def last_part(name: str, separators: tuple[str, ...]) -> str:
    """The last part of a path or a dotted name; "*" stays."""
    parts = name.rstrip("/")
    if "/" in parts:
        return parts.rpartition("/")[2]
    for separator in separators:
        parts = parts.rpartition(separator)[2] or parts
    return parts


def imported_by_tree(written: str, separator: str) -> list[Imported]:
    """Everything that an import with braces names: each name with where it is from and its alias.

    `std::{io::{self, Read}, fmt as f}` gives io (from "std"), Read (from "std::io") and fmt as f (from "std").
    """
    found: list[Imported] = []
    prefixes: list[str] = []
    path, alias, renaming = "", "", False

    def finish() -> None:
        nonlocal path, alias, renaming
        if path:
            full = separator.join(part for part in (*prefixes, path) if part)
            if path == "self" and prefixes:
                full = separator.join(part for part in prefixes if part)
            module, _, name = full.rpartition(separator)
            found.append(Imported("*" if name == "_" else name, module or name, alias if alias not in (name, "_") else ""))
        path, alias, renaming = "", "", False

    for token in _TOKEN.findall(written)[: 4 * _MOST_PARTS]:
        if token == "{":
            prefixes.append(path.rstrip(separator))
            path = ""
        elif token == "}":
            finish()
            if prefixes:
                prefixes.pop()
        elif token == ",":
            finish()
        elif token in _RENAMES:
            renaming = True
        elif renaming:
            alias = token
        else:
            path = token.strip(";")
    finish()
    return found[:_MOST_PARTS]
