"""Where a name is defined and used, by name alone: for where no server does it that knows types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from recoder_lsp import privacy
from recoder_lsp.document import Encoding, Snapshot
from recoder_lsp.features.code_at import Word, is_code, word_around
from recoder_lsp.features.syntax_thread import SyntaxThread
from recoder_lsp.index.process.client import FolderClient
from recoder_lsp.index.process.workspace import Workspace, uri_of
from recoder_lsp.index.records import Kind, Symbol
from recoder_lsp.index.search.places import Place, place_of
from recoder_lsp.index.syntax.tree import SyntaxTree

TIMEOUT_S = 3.0
MOST_IN_DOCUMENT = 1_000

# Above these it is shown how often their names are used.
COUNTED = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.ENUM, Kind.FUNCTION, Kind.METHOD, Kind.TYPE, Kind.MACRO})
_NO_CODE = re.compile("comment|string|char|text|content|heredoc|literal")


@dataclass(frozen=True)
class Found:
    """A name on a line of a document or file; columns are in the units that were asked for."""

    uri: str
    line: int
    start: int
    end: int


async def definitions(workspace: Workspace, snapshot: Snapshot, offset: int, encoding: Encoding) -> tuple[Found, ...]:
    """Return where the name at an offset may be defined, best first; nothing for what is no name, or not defined in the workspace."""
    word = _name_at(snapshot, offset)
    if word is None:
        return ()
    line, column = snapshot.position_at(word.start, "utf-8")
    params = {
        "name": word.text,
        "line": line,
        "column": column,
        "receiver": word.receiver,
        "in_code": _is_code(snapshot, word.start),
    }
    found = await _ask(workspace, snapshot, "definitions", params, encoding)
    # The index has this document as it was a moment ago.
    return tuple(each for each in found if each.uri != snapshot.uri or _stands_there(snapshot, each, word.text, encoding))


async def references(
    workspace: Workspace, syntax: SyntaxThread, snapshot: Snapshot, offset: int, encoding: Encoding, *, with_declaration: bool
) -> tuple[Found, ...]:
    """Return where the name at an offset stands: in this document in any role, in other files where they call, import or name it.

    What another thing of the same name is used for is among them.
    """
    word = _name_at(snapshot, offset)
    if word is None:
        return ()
    defined = await definitions(workspace, snapshot, offset, encoding)
    here = await syntax.with_tree(snapshot, lambda tree: _standing_in(tree, word.text))
    if here is None:
        here = await syntax.run(lambda parser: [start for start in _words(snapshot.text, word.text) if _is_code(snapshot, start)])
    found = [_found(snapshot, start, word.text, encoding) for start in here]
    found += await _ask(workspace, snapshot, "uses", {"name": word.text}, encoding)
    wanted = {*found, *defined} if with_declaration else set(found) - set(defined)
    return tuple(dict.fromkeys(each for each in (*found, *defined) if each in wanted))


async def use_counts(workspace: Workspace, snapshot: Snapshot, symbols: Iterable[Symbol]) -> list[tuple[Symbol, int]]:
    """Return how often the workspace uses the name of each symbol that can be called or named as a type; nothing without an index."""
    counted = [symbol for symbol in symbols if symbol.kind in COUNTED and symbol.name]
    if not counted or workspace.place_of(snapshot.uri) is None:
        return []
    names = list(dict.fromkeys(symbol.name for symbol in counted))
    answer = await workspace.ask(snapshot.uri, "use_counts", {"names": names}, timeout_s=TIMEOUT_S)
    match answer:
        case {"counts": {**counts}}:
            return [(symbol, n) for symbol in counted if isinstance(n := counts.get(symbol.name), int)]
    return []


async def _ask(workspace: Workspace, snapshot: Snapshot, method: str, params: dict[str, Any], encoding: Encoding) -> tuple[Found, ...]:
    place = workspace.place_of(snapshot.uri)
    if place is None:
        return ()
    params = {"language": snapshot.language, "encoding": encoding, **params}
    match await workspace.ask(snapshot.uri, method, params, timeout_s=TIMEOUT_S):
        case {"places": [*values]}:
            return tuple(_placed(workspace, snapshot, place, place_of(value)) for value in values)
    return ()


def _placed(workspace: Workspace, snapshot: Snapshot, home: tuple[FolderClient, str], place: Place) -> Found:
    client, own_path = home
    # The document keeps the URI by which the editor knows it: a folder may be reached by several names.
    uri = snapshot.uri if place.path == own_path else uri_of(workspace.shown_root(client), place.path)
    return Found(uri, place.line, place.start, place.end)


def _stands_there(snapshot: Snapshot, found: Found, name: str, encoding: Encoding) -> bool:
    start = snapshot.offset_at(found.line, found.start, encoding)
    return snapshot.text.startswith(name, start) and found.line < len(snapshot.lines)


def _name_at(snapshot: Snapshot, offset: int) -> Word | None:
    if privacy.is_secret_path(snapshot.path):
        return None
    return word_around(snapshot.text, offset, snapshot.language)


def _is_code(snapshot: Snapshot, start: int) -> bool:
    return is_code(snapshot.text, start, snapshot.language)


def _standing_in(tree: SyntaxTree, name: str) -> list[int]:
    """The offsets at which a name stands as code."""
    found: list[int] = []
    for start in _words(tree.text, name):
        node = tree.around(start, start + len(name))
        if not _NO_CODE.search(node.type) or "identifier" in node.type:
            found.append(start)
    return found


def _words(text: str, name: str) -> Sequence[int]:
    """The offsets of a word, the first of them."""
    found: list[int] = []
    for word in re.finditer(rf"(?<![\w$]){re.escape(name)}(?![\w$])", text):
        if len(found) == MOST_IN_DOCUMENT:
            break
        found.append(word.start())
    return found


def _found(snapshot: Snapshot, start: int, name: str, encoding: Encoding) -> Found:
    line, column = snapshot.position_at(start, encoding)
    return Found(snapshot.uri, line, column, snapshot.position_at(start + len(name), encoding)[1])
