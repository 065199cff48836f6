"""The symbols of a document and of the workspace; without an index there are none."""

from __future__ import annotations

import asyncio
from typing import Any

from recoder_lsp import privacy
from recoder_lsp.document import Encoding, Snapshot
from recoder_lsp.index.process import wire
from recoder_lsp.index.process.workspace import Placed, Workspace
from recoder_lsp.index.records import Location, Symbol

# More would be parsed for longer than anybody looks at a list.
LONGEST_TEXT = 2_000_000
MOST_FOUND = 200
# The first of them; more would hold up the keys that are pressed meanwhile.
MOST_IN_DOCUMENT, READ_AT_ONCE = 3_000, 200
OUTLINE_TIMEOUT_S, SEARCH_TIMEOUT_S = 5.0, 3.0


async def document_symbols(workspace: Workspace, snapshot: Snapshot) -> tuple[Symbol, ...]:
    """Return what the text, as it is in the snapshot, defines; enclosing symbols first. Lines and bytes are of that text.

    The document need not lie in any folder: any index process can parse.
    """
    if len(snapshot.text) > LONGEST_TEXT or privacy.is_secret_path(snapshot.path):
        return ()
    params = {"path": snapshot.path, "language": snapshot.language, "text": snapshot.text}
    place = workspace.place_of(snapshot.uri)
    clients = [place[0]] if place else workspace.clients[:1]
    for client in clients:
        found = await client.ask("outline", params, timeout_s=OUTLINE_TIMEOUT_S)
        if isinstance(found, list):
            return await _read(found[:MOST_IN_DOCUMENT])
    return ()


async def _read(values: list[Any]) -> tuple[Symbol, ...]:
    """Read symbols out of an answer, letting others have their turn in between."""
    symbols: list[Symbol] = []
    for start in range(0, len(values), READ_AT_ONCE):
        symbols += [wire.symbol_of(value) for value in values[start : start + READ_AT_ONCE]]
        await asyncio.sleep(0)
    return tuple(symbols)


async def workspace_symbols(workspace: Workspace, query: str, encoding: Encoding) -> tuple[Placed[Location], ...]:
    """Return definitions whose names are like the query, best first, with columns in units of `encoding`.

    Each was compared with its file just now. Nothing for an empty query: a list of everything helps nobody.
    """
    if not query.strip():
        return ()
    return await workspace.symbols(query, limit=MOST_FOUND, timeout_s=SEARCH_TIMEOUT_S, encoding=encoding)
