"""Has the editor make a change that a command has worked out."""

from lsprotocol import types

from recoder_lsp.document import Snapshot
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.code_actions import finished
from recoder_lsp.features.edits import Change
from recoder_lsp.language import gettext
from recoder_lsp.server.session import Session
from recoder_lsp.server.to_lsp_edits import workspace_edit


async def apply(session: Session, snapshot: Snapshot, change: Change, label: str) -> None:
    """Check the change, and have the editor make it in one step, which `label` names.

    Raises:
        Refused: It would break the syntax of something.
        RecoderError: The document has changed since the snapshot, or the editor does not make the change.
    """
    change = await session.app.syntax.run(lambda parser: finished(parser, snapshot, change))
    await apply_finished(session, snapshot, change, label)


async def apply_finished(session: Session, snapshot: Snapshot, change: Change, label: str) -> None:
    """The same for a change that `code_actions.finished` has checked."""
    require_applying(session)
    require_current(session, snapshot)
    edit = workspace_edit(session, snapshot, change, label)
    answer = await session.client.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit=edit, label=label))
    if not answer.applied:
        reason = answer.failure_reason
        told = gettext("The editor did not make the change ({reason}).") if reason else gettext("The editor did not make the change.")
        raise RecoderError(told.format(reason=reason), gettext("Ask again: the document may have changed."))


def applies_edits(session: Session) -> bool:
    """Whether the editor makes changes that it is asked to make."""
    workspace = session.capabilities.workspace
    return bool(workspace and workspace.apply_edit)


def require_applying(session: Session) -> None:
    """Do nothing where the editor makes changes that it is asked to make.

    Raises:
        RecoderError: It does not.
    """
    if not applies_edits(session):
        raise RecoderError(gettext("Your editor does not let a language server change text."), gettext("Ask for a code action instead."))


def require_current(session: Session, snapshot: Snapshot) -> None:
    """Do nothing where the document is as it was.

    Raises:
        RecoderError: It has changed, or was closed.
    """
    current = session.documents.snapshot(snapshot.uri)
    if current is None or current.text != snapshot.text:
        raise RecoderError(gettext("The document has changed meanwhile, so nothing was changed."), gettext("Ask again."))
