"""Code actions: which there are, and what one of them changes."""

from collections.abc import Sequence
from typing import Any

from lsprotocol import types

from recoder_lsp.document import Snapshot
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.actions.model_actions import EXPLAIN, EXPLANATION
from recoder_lsp.features.actions.offering import Diagnostic, Offer
from recoder_lsp.features.chat_buffer import ASK
from recoder_lsp.features.code_actions import Asked, Offered
from recoder_lsp.language import gettext
from recoder_lsp.server.applying import applies_edits, apply_finished, require_current
from recoder_lsp.server.arguments import options_of
from recoder_lsp.server.progress import Progress
from recoder_lsp.server.session import Session
from recoder_lsp.server.to_lsp import range_of
from recoder_lsp.server.to_lsp_edits import workspace_edit

APPLY_ACTION = "recoder.action"
ANSWERING = (EXPLAIN, ASK)
"""Commands of actions that are of use also where the editor lets nobody change text."""
KINDS = (
    types.CodeActionKind.QuickFix,
    types.CodeActionKind.RefactorExtract,
    types.CodeActionKind.RefactorInline,
    types.CodeActionKind.RefactorRewrite,
    types.CodeActionKind.SourceOrganizeImports,
    EXPLANATION,
)


async def code_action(
    session: Session, params: types.CodeActionParams, snapshot: Snapshot | None
) -> list[types.CodeAction | types.Command] | None:
    if snapshot is None:
        return None
    offered = await session.app.code_actions.offered(_asked(session, params, snapshot), session.app.settings)
    if not _understands_literals(session):
        return [_as_command(each, session) for each in offered if not each.offer.disabled]
    actions: list[types.CodeAction | types.Command] = []
    for each in offered:
        if (action := await _action(session, each, params)) is not None:
            actions.append(action)
    return actions


async def resolve(session: Session, action: types.CodeAction, snapshot: None) -> types.CodeAction:
    match action.data:
        case {"recoder": int(number)}:
            offered = _again(session, number)
            action.edit = await _edit(session, offered)
    return action


async def apply_action(session: Session, arguments: Sequence[Any], progress: Progress) -> None:
    """For editors that know no code actions, only commands."""
    number = options_of(arguments).get("action")
    offered = _again(session, number if isinstance(number, int) else -1)
    change = await session.app.code_actions.change_of(offered)
    await apply_finished(session, offered.site.snapshot, change, offered.offer.title)


def _asked(session: Session, params: types.CodeActionParams, snapshot: Snapshot) -> Asked:
    def offset(position: types.Position) -> int:
        return snapshot.offset_at(position.line, position.character, session.encoding)

    start, end = session.selected(snapshot, params.range.start, params.range.end)
    diagnostics = tuple(
        Diagnostic(
            offset(each.range.start),
            offset(each.range.end),
            each.message,
            str(each.code if each.code is not None else ""),
            each.source or "",
        )
        for each in params.context.diagnostics
    )
    only = tuple(kind.value if isinstance(kind, types.CodeActionKind) else str(kind) for kind in params.context.only or ())
    # An editor that does not say so asks because the user did.
    invoked = params.context.trigger_kind != types.CodeActionTriggerKind.Automatic
    return Asked(snapshot, start, end, diagnostics, only, invoked)


async def _action(session: Session, offered: Offered, params: types.CodeActionParams) -> types.CodeAction | None:
    """The offer as far as the editor understands it; None for one that it could not show."""
    offer = offered.offer
    support = _support(session)
    disabled, edit, command = offer.disabled, None, None
    if offer.command and offer.command not in ANSWERING and not applies_edits(session):
        return None
    if offer.command:
        command = _command(offered, session)
    elif not disabled and not _resolves_edits(session):
        try:
            edit = await _edit(session, offered)
        except RecoderError as error:
            disabled = error.message
    if disabled and not (support and support.disabled_support and (params.context.only or _invoked(params))):
        return None
    return types.CodeAction(
        title=offer.title,
        kind=offer.kind,
        diagnostics=[params.context.diagnostics[i] for i in offer.fixes] or None,
        is_preferred=(offer.is_preferred or None) if support and support.is_preferred_support else None,
        disabled=types.CodeActionDisabled(reason=disabled) if disabled else None,
        edit=edit,
        command=None if disabled else command,
        data={"recoder": offered.number} if edit is None and command is None and not disabled else None,
    )


async def _edit(session: Session, offered: Offered) -> types.WorkspaceEdit:
    change = await session.app.code_actions.change_of(offered)
    require_current(session, offered.site.snapshot)
    return workspace_edit(session, offered.site.snapshot, change, offered.offer.title)


def _again(session: Session, number: int) -> Offered:
    offered = session.app.code_actions.again(number)
    if offered is None:
        raise RecoderError(gettext("This action was offered too long ago."), gettext("Ask for code actions again."))
    require_current(session, offered.site.snapshot)
    return offered


def _as_command(offered: Offered, session: Session) -> types.Command:
    if offered.offer.command:
        return _command(offered, session)
    return types.Command(title=offered.offer.title, command=APPLY_ACTION, arguments=[{"action": offered.number}])


def _command(offered: Offered, session: Session) -> types.Command:
    offer: Offer = offered.offer
    snapshot = offered.site.snapshot
    selected = range_of(snapshot, offered.site.start, offered.site.end, session.encoding)
    place = {
        "textDocument": {"uri": snapshot.uri},
        "range": {
            "start": {"line": selected.start.line, "character": selected.start.character},
            "end": {"line": selected.end.line, "character": selected.end.character},
        },
    }
    return types.Command(title=offer.title, command=offer.command, arguments=[{**place, **offer.arguments}])


def _support(session: Session) -> types.CodeActionClientCapabilities | None:
    text_document = session.capabilities.text_document
    return text_document.code_action if text_document else None


def _understands_literals(session: Session) -> bool:
    support = _support(session)
    return support is not None and support.code_action_literal_support is not None


def _resolves_edits(session: Session) -> bool:
    support = _support(session)
    resolved = support.resolve_support if support and support.data_support else None
    return resolved is not None and "edit" in resolved.properties


def _invoked(params: types.CodeActionParams) -> bool:
    return params.context.trigger_kind == types.CodeActionTriggerKind.Invoked
