"""Changes of documents as LSP's workspace edits, as far as this editor understands them."""

from typing import Any

from lsprotocol import types

from recoder_lsp.document import Encoding, Snapshot
from recoder_lsp.features.edits import Change, Edit, FileChange, Refused
from recoder_lsp.language import gettext
from recoder_lsp.server.session import Session
from recoder_lsp.server.to_lsp import range_of

ANNOTATION = "recoder"
TextEdits = list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit]


def workspace_edit(session: Session, snapshot: Snapshot, change: Change, label: str) -> types.WorkspaceEdit:
    """Return a change of a document, and of others, in one step.

    With versions where the editor understands them, so that it refuses what came too late; annotated where it shows that.

    Raises:
        Refused: It creates a file, and the editor cannot; or a document is open with another text than the change is for.
    """
    edits = [(snapshot, change.edits)] if change.edits else []
    created: list[FileChange] = []
    for file in change.others:
        if file.before is None:
            created.append(file)
        else:
            edits.append((_current(session, file), file.edits))
    understood = _understood(session)
    if not (understood and understood.document_changes):
        if created:
            raise Refused(gettext("Your editor cannot create files by an edit."), gettext("Create the file first, and ask again there."))
        changes = {each.uri: [types.TextEdit(*_ranged(each, edit, session.encoding)) for edit in made] for each, made in edits}
        return types.WorkspaceEdit(changes=changes)
    if created and types.ResourceOperationKind.Create not in (understood.resource_operations or ()):
        raise Refused(gettext("Your editor cannot create files by an edit."), gettext("Create the file first, and ask again there."))
    annotated = understood.change_annotation_support is not None
    document_changes: list[Any] = []
    for file in created:
        empty = Snapshot(file.uri, "", "", None)
        # Not over a file that came into being meanwhile.
        options = types.CreateFileOptions(overwrite=False, ignore_if_exists=False)
        document_changes.append(types.CreateFile(uri=file.uri, options=options, annotation_id=ANNOTATION if annotated else None))
        document_changes.append(_document_edit(empty, file.edits, session.encoding, annotated=annotated))
    document_changes += [_document_edit(each, made, session.encoding, annotated=annotated) for each, made in edits]
    annotations = {ANNOTATION: types.ChangeAnnotation(label=label, description="Recoder", needs_confirmation=False)}
    return types.WorkspaceEdit(document_changes=document_changes, change_annotations=annotations if annotated else None)


def _current(session: Session, file: FileChange) -> Snapshot:
    """The other document as the editor has it, with the text that its edits are for."""
    opened = session.documents.snapshot(file.uri)
    if opened is not None and opened.text != file.before:
        raise Refused(gettext("Another file that this would change has changed meanwhile."), gettext("Ask again."))
    return opened or Snapshot(file.uri, "", file.before or "", None)


def _document_edit(snapshot: Snapshot, edits: tuple[Edit, ...], encoding: Encoding, *, annotated: bool) -> types.TextDocumentEdit:
    made: TextEdits = []
    for edit in edits:
        place, text = _ranged(snapshot, edit, encoding)
        made.append(
            types.AnnotatedTextEdit(annotation_id=ANNOTATION, range=place, new_text=text)
            if annotated
            else types.TextEdit(range=place, new_text=text)
        )
    document = types.OptionalVersionedTextDocumentIdentifier(uri=snapshot.uri, version=snapshot.version)
    return types.TextDocumentEdit(text_document=document, edits=made)


def _ranged(snapshot: Snapshot, edit: Edit, encoding: Encoding) -> tuple[types.Range, str]:
    return range_of(snapshot, edit.start, edit.end, encoding), edit.text


def _understood(session: Session) -> types.WorkspaceEditClientCapabilities | None:
    workspace = session.capabilities.workspace
    return workspace.workspace_edit if workspace else None
