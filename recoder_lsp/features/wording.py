"""What the index says in one word, in the user's language: what a symbol is, and why a hit fits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from recoder_lsp.index.records import Kind
from recoder_lsp.language import gettext, marked

_KINDS: Mapping[str, str] = MappingProxyType(
    {
        Kind.MODULE: marked("module"),
        Kind.NAMESPACE: marked("namespace"),
        Kind.CLASS: marked("class"),
        Kind.INTERFACE: marked("interface"),
        Kind.STRUCT: marked("struct"),
        Kind.ENUM: marked("enum"),
        Kind.ENUM_MEMBER: marked("enum member"),
        Kind.FUNCTION: marked("function"),
        Kind.METHOD: marked("method"),
        Kind.CONSTRUCTOR: marked("constructor"),
        Kind.PROPERTY: marked("property"),
        Kind.FIELD: marked("field"),
        Kind.VARIABLE: marked("variable"),
        Kind.CONSTANT: marked("constant"),
        Kind.TYPE: marked("type"),
        Kind.MACRO: marked("macro"),
        Kind.HEADING: marked("heading"),
    }
)
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "name": marked("name"),
        "words": marked("words"),
        "path": marked("path"),
        "near": marked("near"),
    }
)
_WITH_VALUE = re.compile(r"(defines|meaning) (.*)", re.DOTALL)


def kind_in_words(kind: str) -> str:
    """Return what people call a kind of symbol."""
    return gettext(_KINDS.get(kind, kind))


def reasons_in_words(why: Iterable[str]) -> str:
    """Return why a hit was found, from `Hit.why`: "name, meaning 0.83"."""
    return ", ".join(map(_reason, why))


def _reason(reason: str) -> str:
    match _WITH_VALUE.fullmatch(reason):
        case re.Match() as found if found[1] == "defines":
            return gettext("defines {name}").format(name=found[2])
        case re.Match() as found:
            return gettext("meaning {value}").format(value=found[2])
    return gettext(_REASONS.get(reason, reason))
