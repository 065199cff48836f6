"""Answers about places: definitions, references, signatures, lenses, folds and selections; empty where the settings want none."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from lsprotocol import types

from recoder_lsp.document import Encoding, Snapshot
from recoder_lsp.features import chat_buffer, navigation, signatures, symbols
from recoder_lsp.features.folding import Fold, folds_of
from recoder_lsp.features.navigation import Found
from recoder_lsp.features.selection import selections_at
from recoder_lsp.features.signatures import Signature
from recoder_lsp.language import ngettext, number
from recoder_lsp.server.session import Session
from recoder_lsp.server.to_lsp import range_of

FOLD_KINDS: Mapping[str, types.FoldingRangeKind] = MappingProxyType(
    {"comment": types.FoldingRangeKind.Comment, "imports": types.FoldingRangeKind.Imports}
)
MOST_POSITIONS = 1_000


async def definition(session: Session, params: types.DefinitionParams, snapshot: Snapshot | None) -> list[types.Location]:
    if snapshot is None or not session.app.settings.navigation.definition:
        return []
    found = await navigation.definitions(session.app.workspace, snapshot, _offset(session, snapshot, params.position), session.encoding)
    return list(map(_location, found))


async def references(session: Session, params: types.ReferenceParams, snapshot: Snapshot | None) -> list[types.Location]:
    if snapshot is None or not session.app.settings.navigation.references:
        return []
    found = await navigation.references(
        session.app.workspace,
        session.app.syntax,
        snapshot,
        _offset(session, snapshot, params.position),
        session.encoding,
        with_declaration=params.context.include_declaration,
    )
    return list(map(_location, found))


async def signature_help(session: Session, params: types.SignatureHelpParams, snapshot: Snapshot | None) -> types.SignatureHelp | None:
    if snapshot is None or not session.app.settings.navigation.signature_help:
        return None
    found = await signatures.signatures(session.app.workspace, snapshot, _offset(session, snapshot, params.position))
    if not found:
        return None
    return types.SignatureHelp(
        signatures=[_signature(each, session.capabilities) for each in found], active_signature=0, active_parameter=found[0].active
    )


async def code_lens(session: Session, params: types.CodeLensParams, snapshot: Snapshot | None) -> list[types.CodeLens]:
    """How often names are used, where that is wanted; in files for chat, what asks."""
    if snapshot is None:
        return []
    document = [{"textDocument": {"uri": snapshot.uri}}]
    lenses = [
        types.CodeLens(_line(lens.line), types.Command(lens.title, lens.command, arguments=document))
        for lens in chat_buffer.lenses(snapshot)
    ]
    if session.app.settings.navigation.code_lens:
        outline = await symbols.document_symbols(session.app.workspace, snapshot)
        for symbol, n in await navigation.use_counts(session.app.workspace, snapshot, outline):
            # Without a command it is only to be read: no request of LSP has an editor show references.
            title = ngettext("{n} use by name", "{n} uses by name", n).format(n=number(n))
            lenses.append(types.CodeLens(_line(symbol.name_span.start_line), types.Command(title, "")))
    return lenses


async def folding_range(session: Session, params: types.FoldingRangeParams, snapshot: Snapshot | None) -> list[types.FoldingRange]:
    if snapshot is None or not session.app.settings.navigation.folding:
        return []
    folds = await session.app.syntax.with_tree(snapshot, folds_of) or []
    announced = session.capabilities.text_document.folding_range if session.capabilities.text_document else None
    limit = announced.range_limit if announced and announced.range_limit is not None else len(folds)
    return list(map(_folding_range, folds[:limit]))


async def selection_range(
    session: Session, params: types.SelectionRangeParams, snapshot: Snapshot | None
) -> list[types.SelectionRange] | None:
    if snapshot is None or not session.app.settings.navigation.selection:
        return None
    offsets = [_offset(session, snapshot, position) for position in params.positions[:MOST_POSITIONS]]
    found = await session.app.syntax.with_tree(snapshot, lambda tree: selections_at(tree, offsets))
    if found is None:
        return None
    return [_selection(snapshot, offset, steps, session.encoding) for offset, steps in zip(offsets, found, strict=True)]


def _offset(session: Session, snapshot: Snapshot, position: types.Position) -> int:
    return snapshot.offset_at(position.line, position.character, session.encoding)


def _location(found: Found) -> types.Location:
    return types.Location(found.uri, types.Range(types.Position(found.line, found.start), types.Position(found.line, found.end)))


def _line(line: int) -> types.Range:
    return types.Range(types.Position(line, 0), types.Position(line, 0))


def _signature(signature: Signature, capabilities: types.ClientCapabilities) -> types.SignatureInformation:
    announced = capabilities.text_document.signature_help if capabilities.text_document else None
    information = announced.signature_information if announced else None
    about_parameters = information.parameter_information if information else None
    by_offsets = about_parameters is not None and bool(about_parameters.label_offset_support)
    parameters = [
        types.ParameterInformation(
            label=(_utf16(signature.label[:start]), _utf16(signature.label[:end])) if by_offsets else signature.label[start:end]
        )
        for start, end in signature.parameters
    ]
    # As plain text: it may be anybody's, and an editor would fetch the images of its Markdown.
    documentation = types.MarkupContent(types.MarkupKind.PlainText, signature.documentation) if signature.documentation else None
    return types.SignatureInformation(signature.label, documentation, parameters, signature.active)


def _utf16(text: str) -> int:
    """In what these offsets count, whatever positions do."""
    return len(text.encode("utf-16-le", "replace")) // 2


def _folding_range(fold: Fold) -> types.FoldingRange:
    return types.FoldingRange(fold.first_line, fold.last_line, kind=FOLD_KINDS.get(fold.kind))


def _selection(snapshot: Snapshot, offset: int, steps: Sequence[tuple[int, int]], encoding: Encoding) -> types.SelectionRange:
    selection: types.SelectionRange | None = None
    for start, end in reversed(steps):
        selection = types.SelectionRange(range_of(snapshot, start, end, encoding), selection)
    return selection or types.SelectionRange(range_of(snapshot, offset, offset, encoding))
