"""Answers that come from the index: symbols, hover, names in the menu. Without an index they are empty."""

import asyncio
import contextlib

from lsprotocol import types

from recoder_lsp.document import Snapshot
from recoder_lsp.features import completion, symbols
from recoder_lsp.index.process.wire import NOT_YET
from recoder_lsp.server import to_lsp_symbols
from recoder_lsp.server.session import Session
from recoder_lsp.server.to_lsp_symbols import ItemData

INDEX_TIMEOUT_S = 5.0
"""Editors ask for symbols before they have said whether there is to be an index, and not again for the same text."""


async def document_symbol(
    session: Session, params: types.DocumentSymbolParams, snapshot: Snapshot | None
) -> list[types.DocumentSymbol] | list[types.SymbolInformation] | None:
    if snapshot is None:
        return None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(INDEX_TIMEOUT_S):
            await _index_is_there(session, snapshot.uri)
    found = await symbols.document_symbols(session.app.workspace, snapshot)
    return to_lsp_symbols.outline(found, snapshot, session.encoding, session.capabilities)


async def _index_is_there(session: Session, uri: str) -> None:
    await session.index_open.wait()
    if place := session.app.workspace.place_of(uri):
        await place[0].until(lambda state: state.phase not in NOT_YET)


async def workspace_symbol(session: Session, params: types.WorkspaceSymbolParams, snapshot: None) -> list[types.SymbolInformation]:
    found = await symbols.workspace_symbols(session.app.workspace, params.query, session.encoding)
    return [to_lsp_symbols.found_symbol(placed) for placed in found]


async def hover_over(session: Session, params: types.HoverParams, snapshot: Snapshot | None) -> types.Hover | None:
    if snapshot is None:
        return None
    offset = snapshot.offset_at(params.position.line, params.position.character, session.encoding)

    def described(found: bool) -> None:
        now = session.documents.snapshot(snapshot.uri)
        if now is not None:
            # The model has read something else meanwhile: what the next key needs is read again.
            session.app.inline_completion.saved(now, session.app.settings)
        if found and now is snapshot:
            session.notify.hover_ready(snapshot.uri, params.position)

    settings = session.app.settings
    description = await session.app.hovers.describe(snapshot, offset, settings, snapshot_of=session.documents.snapshot, described=described)
    if description is None:
        return None
    return to_lsp_symbols.hover(description, snapshot, session.encoding, session.capabilities, authors=settings.hover.authors)


async def named_items(session: Session, snapshot: Snapshot, caret: int) -> list[types.CompletionItem]:
    """Names of the document and the workspace for the menu; none where the settings or the place want none."""
    in_detail = not to_lsp_symbols.resolves_imports_later(session.capabilities)
    offer = await completion.offer(session.app.workspace, snapshot, caret, session.app.settings, in_detail=in_detail)
    return to_lsp_symbols.offered_items(offer, snapshot, session.encoding, session.capabilities) if offer else []


async def resolve_item(session: Session, item: types.CompletionItem, snapshot: Snapshot | None) -> types.CompletionItem:
    data = ItemData.of(item.data)
    if data is None:
        return item
    start = None
    if snapshot is not None and isinstance(item.text_edit, types.TextEdit):
        begins = item.text_edit.range.start
        start = snapshot.offset_at(begins.line, begins.character, session.encoding)
    resolved = await completion.resolve(
        session.app.workspace, snapshot, data.uri, data.target, data.qualified_name, may_import=data.may_import, word_start=start
    )
    if resolved is not None:
        to_lsp_symbols.add_details(item, resolved, snapshot, session.encoding, session.capabilities)
    return item
