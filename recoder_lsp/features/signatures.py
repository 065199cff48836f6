"""The parameters of the function that is being called at a place, from its declaration in the workspace."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from recoder_lsp import privacy
from recoder_lsp.document import Snapshot
from recoder_lsp.features.code_at import PROSE, Word, is_code, word_before
from recoder_lsp.index.process import wire
from recoder_lsp.index.process.workspace import Workspace
from recoder_lsp.index.records import Kind, Location

TIMEOUT_S = 1.0
MOST_SHOWN = 3
# Farther up nobody looks for where a call began; this runs on the event loop with every comma.
SEEN_BEFORE, MOST_OPENED = 2_000, 20
# Whether a place is code takes 5 ms to tell at the end of such a text.
LONGEST_TEXT = 200_000

_CALLED = frozenset({Kind.FUNCTION, Kind.METHOD, Kind.CONSTRUCTOR, Kind.MACRO, Kind.CLASS, Kind.STRUCT})
_CONSTRUCTORS: Mapping[str, str] = MappingProxyType(
    {"python": "__init__", **dict.fromkeys(("javascript", "javascriptreact", "typescript", "typescriptreact"), "constructor")}
)
# Behind these a name is being declared, and not called.
_DECLARES = re.compile(r"\b(?:def|function|func|fn|fun|class|sub|macro_rules!)[ \t]*\Z|\bfunc[ \t]*\([^()]*\)[ \t]*\Z")
_KEYWORD = re.compile(r"\s*(\w+)\s*(?:=(?![=>])|:(?!:))")
_OWN_OBJECT = re.compile(r"&?(?:mut\s+)?(?:self|cls|this)\b")
_TAKES_THE_REST = re.compile(r"\*|\.\.\.|\bparams\b|…")
_MOST_QUOTES = 4


@dataclass(frozen=True)
class Signature:
    """How something that can be called is declared."""

    label: str
    documentation: str
    parameters: tuple[tuple[int, int], ...]
    """Where each stands in the label, as offsets in code points; the object itself is none of them."""
    active: int | None
    """The parameter that is being written; None where there is none for it."""


@dataclass(frozen=True)
class Call:
    """A call that is open at a place."""

    callee: Word
    n_before: int
    """How many arguments are complete."""
    argument: str
    """What there is of the one at the place."""


async def signatures(workspace: Workspace, snapshot: Snapshot, offset: int) -> tuple[Signature, ...]:
    """Return the declarations that may be meant by what is called at an offset, the best first; nothing outside of calls."""
    if snapshot.language in PROSE or len(snapshot.text) > LONGEST_TEXT or privacy.is_secret_path(snapshot.path):
        return ()
    call = call_at(snapshot.text, offset, snapshot.language)
    if call is None:
        return ()
    found = [await _constructed(workspace, snapshot, location) for location in await _described(workspace, snapshot, call.callee)]
    made = [_signature(location, call) for location in found]
    # One that has a parameter for what is being written is meant rather than another.
    return tuple(sorted(made, key=lambda signature: signature.active is None and bool(call.argument.strip() or call.n_before)))


def call_at(text: str, offset: int, language: str) -> Call | None:
    """Return the innermost call whose arguments an offset is among."""
    at = _outside_of_text(text, offset, language)
    depth, n_before, argument_start, n_opened = 0, 0, None, 0
    while at is not None and at > max(offset - SEEN_BEFORE, 0) and n_opened < MOST_OPENED:
        at -= 1
        character = text[at]
        if character in "\"'`" and (opened := _opening_quote(text, at)) is not None:
            at = opened
        elif character in ")]}":
            depth += 1
        elif character in "([{":
            n_opened += not depth
            if depth:
                depth -= 1
            elif character == "(":
                callee = _callee(text, at, language)
                if callee is not None:
                    return Call(callee, n_before, text[at + 1 if argument_start is None else argument_start : offset])
                n_before, argument_start = 0, None
            elif character == "{" and _opens_a_body(text, at):
                return None
            else:
                n_before, argument_start = 0, None
        elif character == ";" and not depth:
            return None
        elif character == "," and not depth:
            n_before += 1
            argument_start = at + 1 if argument_start is None else argument_start
    return None


def _outside_of_text(text: str, offset: int, language: str) -> int | None:
    """The offset, or where the text in quotes begins that it is in; None in comments and long texts."""
    for _ in range(_MOST_QUOTES):
        if is_code(text, offset, language):
            return offset
        line_start = _line_start(text, offset)
        offset = max(text.rfind(quote, line_start, offset) for quote in "\"'`")
        if offset < 0:
            return None
    return None


def _opening_quote(text: str, closing: int) -> int | None:
    """Where a text that ends with this quote begins, on the same line."""
    line_start = _line_start(text, closing)
    at = text.rfind(text[closing], line_start, closing)
    while at > line_start and text[at - 1] == "\\":
        at = text.rfind(text[closing], line_start, at)
    return at if at >= line_start else None


def _line_start(text: str, offset: int) -> int:
    """Where the line of an offset begins, or what is looked at of it."""
    seen_from = max(offset - SEEN_BEFORE, 0)
    return max(text.rfind("\n", seen_from, offset) + 1, seen_from)


def _opens_a_body(text: str, brace: int) -> bool:
    """Whether a brace begins statements, and not a value."""
    before = text[max(brace - 40, 0) : brace].rstrip()
    return before.endswith((")", "=>", "->")) or bool(re.search(r"\b(?:else|do|try|finally)\Z", before))


def _callee(text: str, bracket: int, language: str) -> Word | None:
    end = bracket
    while end and text[end - 1] in " \t!?":
        end -= 1
    word = word_before(text, end, language)
    if not word.text or word.text[0].isdigit() or _DECLARES.search(text[max(word.start - 80, 0) : word.start]):
        return None
    return word


async def _described(workspace: Workspace, snapshot: Snapshot, callee: Word) -> list[Location]:
    line, column = snapshot.position_at(callee.start, "utf-8")
    params = {
        "language": snapshot.language,
        "name": callee.text,
        "line": line,
        "column": column,
        "receiver": callee.receiver,
        "limit": MOST_SHOWN,
    }
    match await workspace.ask(snapshot.uri, "describe", params, timeout_s=TIMEOUT_S):
        case {"locations": [*values]}:
            return [location for value in values if (location := wire.location_of(value)).symbol.kind in _CALLED]
    return []


async def _constructed(workspace: Workspace, snapshot: Snapshot, location: Location) -> Location:
    """The constructor of a class, where it declares one; anything else as it is."""
    constructor = _CONSTRUCTORS.get(location.language)
    if location.symbol.kind is not Kind.CLASS or constructor is None:
        return location
    name = f"{location.symbol.qualified_name}.{constructor}"
    params = {"language": snapshot.language, "target": location.path, "qualified_name": name}
    match await workspace.ask(snapshot.uri, "definition", params, timeout_s=TIMEOUT_S):
        case {"location": {**value}}:
            return wire.location_of(value)
    return location


def _signature(location: Location, call: Call) -> Signature:
    symbol = location.symbol
    parameters = parameters_of(symbol.signature, symbol.name)
    return Signature(symbol.signature, symbol.docstring, parameters, _active(symbol.signature, parameters, call))


def parameters_of(signature: str, name: str) -> tuple[tuple[int, int], ...]:
    """Return where the parameters stand in a declaration on one line, as offsets; the object itself is left out."""
    named = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", signature)
    start = signature.find("(", named.end() if named else 0)
    if start < 0:
        return ()
    parameters: list[tuple[int, int]] = []
    depth, begin = 0, start + 1
    for at in range(start, len(signature)):
        character = signature[at]
        # `=>` and `->` close nothing.
        if character in "([{<":
            depth += 1
        elif character in ")]}" or (character == ">" and signature[at - 1] not in "=-"):
            depth -= 1
        if depth == 0 or (depth == 1 and character == ","):
            parameters.append((begin, at))
            begin = at + 1
        if depth == 0:
            break
    trimmed = [_trimmed(signature, *parameter) for parameter in parameters]
    return tuple(
        (begin, end)
        for i, (begin, end) in enumerate(trimmed)
        if begin < end and signature[begin:end] not in ("*", "/") and not (i == 0 and _OWN_OBJECT.match(signature[begin:end]))
    )


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())


def _active(label: str, parameters: Sequence[tuple[int, int]], call: Call) -> int | None:
    texts = [label[start:end] for start, end in parameters]
    keyword = _KEYWORD.match(call.argument)
    if keyword is not None:
        for i, text in enumerate(texts):
            if re.match(rf"[*$&]*{re.escape(keyword[1])}(?!\w)", text):
                return i
    if call.n_before < len(texts):
        return call.n_before
    return len(texts) - 1 if texts and _TAKES_THE_REST.search(texts[-1]) else None
