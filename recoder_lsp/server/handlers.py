"""What Recoder answers: one short function per request and per notification; errors become answers here."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError

from recoder_lsp.document import Snapshot
from recoder_lsp.engine.scheduler import Superseded
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.inline_completion import Request, Suggestion
from recoder_lsp.language import gettext
from recoder_lsp.logs import log_bug
from recoder_lsp.server import action_handlers, commands, extensions, index_handlers, lifecycle, navigation_handlers, to_lsp
from recoder_lsp.server.documents import Changes
from recoder_lsp.server.session import Focus, Session
from recoder_lsp.server.to_lsp_symbols import ItemData

SUGGESTION_WAIT_S = 0.15
"""How long a menu that has names in it waits for the model: names are looked at while one types."""

log = logging.getLogger(__name__)


async def inline_completion(
    session: Session, params: types.InlineCompletionParams, snapshot: Snapshot | None
) -> types.InlineCompletionList | None:
    if snapshot is None:
        return None
    selected = params.context.selected_completion_info
    request = Request(
        snapshot,
        _offset(session, snapshot, params.position),
        invoked=params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked,
        selected_text=selected.text if selected else None,
        selected_start=_offset(session, snapshot, selected.range.start) if selected else 0,
    )
    suggestions = await _suggestions(session, request)
    return to_lsp.inline_completion(suggestions, snapshot, session.encoding) if suggestions else None


async def completion(session: Session, params: types.CompletionParams, snapshot: Snapshot | None) -> types.CompletionList | None:
    if snapshot is None or not session.wants_completion:
        return None
    caret = _offset(session, snapshot, params.position)
    suggested = asyncio.create_task(_suggested_items(session, snapshot, caret), name="suggestion for the menu")
    named = asyncio.create_task(index_handlers.named_items(session, snapshot, caret), name="names for the menu")
    try:
        await asyncio.wait([named])
        has_names = named.exception() is None and bool(named.result())
        await asyncio.wait([suggested], timeout=SUGGESTION_WAIT_S if has_names else None)
    except asyncio.CancelledError:
        suggested.cancel()
        named.cancel()
        raise
    if not suggested.done():
        session.spawn(_remembered(session, suggested))
    parts = [task for task in (suggested, named) if task.done()]
    items = [item for part in parts if part.exception() is None for item in part.result()]
    for failure in (error for part in parts if (error := part.exception()) is not None):
        if not items:
            raise failure
        # One of the two is better than nothing.
        if not isinstance(failure, Superseded):
            session.app.metrics.count(f"errors.{types.TEXT_DOCUMENT_COMPLETION}")
        if not isinstance(failure, Superseded | RecoderError):
            log_bug(log, "A part of the menu failed", failure)
    # Incomplete also when empty: else the editor would not ask again while this word is being typed.
    return types.CompletionList(is_incomplete=True, items=items)


async def status(session: Session, params: Any, snapshot: None) -> extensions.Status:
    return extensions.status(session.app)


@dataclass(frozen=True)
class Route:
    """How a request is answered. `quiet`: nobody waits for it, so a failure is an empty answer, not a message."""

    answer: Callable[[Session, Any, Any], Awaitable[Any]]
    quiet: bool


ROUTES: Mapping[str, Route] = {
    types.TEXT_DOCUMENT_INLINE_COMPLETION: Route(inline_completion, quiet=True),
    types.TEXT_DOCUMENT_COMPLETION: Route(completion, quiet=True),
    types.COMPLETION_ITEM_RESOLVE: Route(index_handlers.resolve_item, quiet=True),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: Route(index_handlers.document_symbol, quiet=True),
    types.TEXT_DOCUMENT_HOVER: Route(index_handlers.hover_over, quiet=True),
    types.TEXT_DOCUMENT_CODE_ACTION: Route(action_handlers.code_action, quiet=True),
    types.CODE_ACTION_RESOLVE: Route(action_handlers.resolve, quiet=False),
    types.TEXT_DOCUMENT_CODE_LENS: Route(navigation_handlers.code_lens, quiet=True),
    types.TEXT_DOCUMENT_DEFINITION: Route(navigation_handlers.definition, quiet=True),
    types.TEXT_DOCUMENT_REFERENCES: Route(navigation_handlers.references, quiet=True),
    types.TEXT_DOCUMENT_SIGNATURE_HELP: Route(navigation_handlers.signature_help, quiet=True),
    types.TEXT_DOCUMENT_FOLDING_RANGE: Route(navigation_handlers.folding_range, quiet=True),
    types.TEXT_DOCUMENT_SELECTION_RANGE: Route(navigation_handlers.selection_range, quiet=True),
    types.WORKSPACE_SYMBOL: Route(index_handlers.workspace_symbol, quiet=True),
    types.WORKSPACE_EXECUTE_COMMAND: Route(commands.execute_command, quiet=False),
    extensions.STATUS: Route(status, quiet=False),
}


def did_open(session: Session, params: types.DidOpenTextDocumentParams) -> None:
    session.documents.open(params.text_document)
    session.app.learning.closed(params.text_document.uri)
    session.app.warm_up()
    session.app.workspace.opened(params.text_document.uri)
    if (snapshot := session.documents.snapshot(params.text_document.uri)) is not None:
        session.app.inline_completion.opened(snapshot, session.app.settings)


def did_change(session: Session, edit: Changes) -> None:
    watched = session.app.learning.watches(edit.uri)
    before = session.documents.snapshot(edit.uri) if watched else None
    session.documents.change(edit)
    session.app.workspace.changed(edit.uri)
    session.app.hovers.typed()
    after = session.documents.snapshot(edit.uri)
    if after is None:
        return
    session.app.inline_completion.edited(after, edit.end_in(after, session.encoding), session.app.settings)
    if before is not None:
        session.app.learning.changed(before, after)


def did_close(session: Session, params: types.DidCloseTextDocumentParams) -> None:
    session.documents.close(params.text_document.uri)
    session.app.inline_completion.forget(params.text_document.uri)
    session.app.learning.closed(params.text_document.uri)
    session.app.workspace.closed(params.text_document.uri)
    session.app.code_actions.forget(params.text_document.uri)


def did_save(session: Session, params: types.DidSaveTextDocumentParams) -> None:
    session.app.workspace.saved(params.text_document.uri)
    if (snapshot := session.documents.snapshot(params.text_document.uri)) is not None:
        session.app.inline_completion.saved(snapshot, session.app.settings)


def did_change_watched_files(session: Session, params: types.DidChangeWatchedFilesParams) -> None:
    session.app.workspace.watched([change.uri for change in params.changes])


def progress_cancelled(session: Session, params: types.WorkDoneProgressCancelParams) -> None:
    session.notify.cancelled(params.token)


def ignored(session: Session, params: Any) -> None:
    """Editors send these to everybody; there is nothing to do here."""


NOTIFICATIONS: Mapping[str, Callable[[Session, Any], None]] = {
    types.INITIALIZED: lambda session, params: lifecycle.initialized(session),
    types.TEXT_DOCUMENT_DID_OPEN: did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: did_change,
    types.TEXT_DOCUMENT_DID_CLOSE: did_close,
    types.TEXT_DOCUMENT_DID_SAVE: did_save,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: lifecycle.configuration_changed,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: lifecycle.folders_changed,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: did_change_watched_files,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL: progress_cancelled,
    types.SET_TRACE: ignored,
}


# Editors send these about the cursor or the selection; a hover is about the mouse.
TELL_THE_PLACE = (
    types.TEXT_DOCUMENT_CODE_ACTION,
    types.TEXT_DOCUMENT_COMPLETION,
    types.TEXT_DOCUMENT_INLINE_COMPLETION,
    types.TEXT_DOCUMENT_SIGNATURE_HELP,
)


def begin(session: Session, method: str, params: Any) -> Coroutine[Any, Any, Any]:
    """Take the document as it is now, and return the coroutine that answers the request.

    Now, and not in the coroutine: that starts later, when an edit sent right after the request is already applied.
    """
    uri = _document_of(params)
    if method in TELL_THE_PLACE and uri is not None:
        session.focus = _focus(uri, params)
    snapshot = session.documents.snapshot(uri) if uri is not None else None
    return _answer(session, method, ROUTES[method], params, snapshot)


def take_notice(session: Session, method: str, params: Any) -> None:
    """Handle a notification. A failure stays in the log: nobody asked."""
    try:
        NOTIFICATIONS[method](session, params)
    except Exception as error:
        session.app.metrics.count(f"errors.{method}")
        log_bug(log, f"{method} failed", error)


def misunderstood(session: Session, method: str, params: Any) -> None:
    """Handle a notification whose parameters are invalid: only an edit that is missing from now on matters."""
    if method in (types.TEXT_DOCUMENT_DID_OPEN, types.TEXT_DOCUMENT_DID_CHANGE) and isinstance(params, dict):
        document = params.get("textDocument")
        if isinstance(document, dict) and isinstance(uri := document.get("uri"), str):
            session.documents.distrust(uri)
            session.app.inline_completion.forget(uri)
            session.app.learning.closed(uri)
            session.app.workspace.closed(uri)


async def _answer(session: Session, method: str, route: Route, params: Any, snapshot: Snapshot | None) -> Any:
    """The one place where errors become answers; being cancelled is none."""
    started = time.perf_counter()
    metrics = session.app.metrics
    try:
        return await route.answer(session, params, snapshot)
    except Superseded:
        return None
    except JsonRpcException:
        raise
    except RecoderError as error:
        metrics.count(f"errors.{method}")
        if route.quiet:
            log.info("%s: %s", method, type(error).__name__)
            return None
        raise JsonRpcException(str(error), code=types.LSPErrorCodes.RequestFailed) from error
    except Exception as error:
        metrics.count(f"errors.{method}")
        log_bug(log, f"{method} failed", error)
        if route.quiet:
            return None
        raise JsonRpcInternalError(gettext("Recoder failed here; this is a bug. Its log says where.")) from error
    finally:
        metrics.observe(method, (time.perf_counter() - started) * 1000)


def _focus(uri: str, params: Any) -> Focus:
    """Where the user is, by a request about a range or a position."""
    selected = getattr(params, "range", None)
    return Focus(uri, selected.start, selected.end) if selected is not None else Focus(uri, params.position, params.position)


def _document_of(params: Any) -> str | None:
    """The URI of the document that a request is about."""
    if isinstance(params, types.CompletionItem):
        data = ItemData.of(params.data)
        return data.uri if data else None
    document = getattr(params, "text_document", None)
    return document.uri if document is not None else None


async def _suggested_items(session: Session, snapshot: Snapshot, caret: int) -> list[types.CompletionItem]:
    """The ghost text as an item, where it is wanted as one."""
    if not session.wants_menu_items:
        return []
    suggestions = await _suggestions(session, Request(snapshot, caret, for_menu=True))
    return [to_lsp.completion_item(each, snapshot, caret, session.encoding, session.capabilities) for each in suggestions]


async def _remembered(session: Session, suggested: asyncio.Task[list[types.CompletionItem]]) -> None:
    """Let a suggestion that comes too late for the menu come nevertheless: typing on along it needs no model."""
    try:
        await suggested
    except Superseded:
        return
    except RecoderError as error:
        session.app.metrics.count(f"errors.{types.TEXT_DOCUMENT_COMPLETION}")
        log.info("A late suggestion failed: %s", type(error).__name__)


async def _suggestions(session: Session, request: Request) -> tuple[Suggestion, ...]:
    if session.documents.snapshot(request.snapshot.uri) is None:
        # It was closed since: nothing of it is to be remembered.
        return ()
    suggestions = await session.app.inline_completion.suggestions(request, session.app.settings)
    # Editors that never cancel would show a suggestion for a text that is no more.
    moved_on = session.documents.snapshot(request.snapshot.uri) is not request.snapshot
    if moved_on:
        return ()
    for suggestion in suggestions:
        session.app.learning.shown(request.snapshot, request.offset, suggestion)
    return suggestions


def _offset(session: Session, snapshot: Snapshot, position: types.Position) -> int:
    return snapshot.offset_at(position.line, position.character, session.encoding)
