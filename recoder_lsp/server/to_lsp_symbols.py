"""What the index knows, as LSP's symbols, hovers and completion items, as far as this editor can show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lsprotocol import types

from recoder_lsp.document import Encoding, Snapshot
from recoder_lsp.features import hover_text
from recoder_lsp.features.completion import Item, Offer, Resolved
from recoder_lsp.features.hover import Description
from recoder_lsp.features.import_scan import Insertion
from recoder_lsp.index.process.workspace import Placed
from recoder_lsp.index.records import Kind, Location, Span, Symbol
from recoder_lsp.server.to_lsp import SORTED_LAST, range_of

# Deeper ones are shown on this level: no outline is read that far, and encoding nested objects takes stack.
DEEPEST_LEVEL = 50

SYMBOL_KINDS: Mapping[Kind, types.SymbolKind] = MappingProxyType(
    {
        Kind.MODULE: types.SymbolKind.Module,
        Kind.NAMESPACE: types.SymbolKind.Namespace,
        Kind.CLASS: types.SymbolKind.Class,
        Kind.INTERFACE: types.SymbolKind.Interface,
        Kind.STRUCT: types.SymbolKind.Struct,
        Kind.ENUM: types.SymbolKind.Enum,
        Kind.ENUM_MEMBER: types.SymbolKind.EnumMember,
        Kind.FUNCTION: types.SymbolKind.Function,
        Kind.METHOD: types.SymbolKind.Method,
        Kind.CONSTRUCTOR: types.SymbolKind.Constructor,
        Kind.PROPERTY: types.SymbolKind.Property,
        Kind.FIELD: types.SymbolKind.Field,
        Kind.VARIABLE: types.SymbolKind.Variable,
        Kind.CONSTANT: types.SymbolKind.Constant,
        # LSP has no kind for named types.
        Kind.TYPE: types.SymbolKind.TypeParameter,
        Kind.MACRO: types.SymbolKind.Function,
        Kind.HEADING: types.SymbolKind.String,
    }
)
ITEM_KINDS: Mapping[Kind, types.CompletionItemKind] = MappingProxyType(
    {
        Kind.MODULE: types.CompletionItemKind.Module,
        Kind.NAMESPACE: types.CompletionItemKind.Module,
        Kind.CLASS: types.CompletionItemKind.Class,
        Kind.INTERFACE: types.CompletionItemKind.Interface,
        Kind.STRUCT: types.CompletionItemKind.Struct,
        Kind.ENUM: types.CompletionItemKind.Enum,
        Kind.ENUM_MEMBER: types.CompletionItemKind.EnumMember,
        Kind.FUNCTION: types.CompletionItemKind.Function,
        Kind.METHOD: types.CompletionItemKind.Method,
        Kind.CONSTRUCTOR: types.CompletionItemKind.Constructor,
        Kind.PROPERTY: types.CompletionItemKind.Property,
        Kind.FIELD: types.CompletionItemKind.Field,
        Kind.VARIABLE: types.CompletionItemKind.Variable,
        Kind.CONSTANT: types.CompletionItemKind.Constant,
        Kind.TYPE: types.CompletionItemKind.TypeParameter,
        Kind.MACRO: types.CompletionItemKind.Function,
        Kind.HEADING: types.CompletionItemKind.Reference,
    }
)


@dataclass(frozen=True)
class ItemData:
    """What an item carries to the editor and back, so that `resolve` knows what it is about."""

    uri: str
    target: str
    qualified_name: str
    may_import: bool

    @classmethod
    def of(cls, value: Any) -> "ItemData | None":
        """Read what `as_json` wrote; None for anything else."""
        match value:
            case {"uri": str(uri), "path": str(target), "symbol": str(name), "import": bool(may_import)}:
                return cls(uri, target, name, may_import)
        return None

    def as_json(self) -> dict[str, Any]:
        return {"uri": self.uri, "path": self.target, "symbol": self.qualified_name, "import": self.may_import}


def outline(
    symbols: Sequence[Symbol], snapshot: Snapshot, encoding: Encoding, capabilities: types.ClientCapabilities
) -> list[types.DocumentSymbol] | list[types.SymbolInformation]:
    """The symbols of this very text: nested where the editor can show that."""
    if not _shows_nested_symbols(capabilities):
        return [_in_document(symbol, snapshot, encoding) for symbol in symbols if symbol.name]
    top: list[types.DocumentSymbol] = []
    inner: list[tuple[int, list[types.DocumentSymbol]]] = []
    for symbol in symbols:
        level, siblings = inner[symbol.parent] if symbol.parent is not None and symbol.parent < len(inner) else (0, top)
        if not symbol.name or level >= DEEPEST_LEVEL:
            # VS Code refuses the whole list for a symbol without a name; on the deepest level what is inside stands beside.
            inner.append((level, siblings))
        else:
            inner.append((level + 1, []))
        if symbol.name:
            children = inner[-1][1] if inner[-1][1] is not siblings else []
            siblings.append(_nested(symbol, children, snapshot, encoding))
    return top


def found_symbol(placed: Placed[Location]) -> types.SymbolInformation:
    """A symbol of the workspace; its columns are in the editor's units already."""
    symbol = placed.item.symbol
    span = symbol.name_span
    place = types.Range(
        start=types.Position(line=span.start_line, character=span.start_column),
        end=types.Position(line=span.end_line, character=span.end_column),
    )
    return types.SymbolInformation(
        name=symbol.name,
        kind=SYMBOL_KINDS[symbol.kind],
        location=types.Location(uri=placed.uri(placed.item.path), range=place),
        container_name=_container(symbol) or placed.item.path,
    )


def hover(
    description: Description, snapshot: Snapshot, encoding: Encoding, capabilities: types.ClientCapabilities, *, authors: bool
) -> types.Hover:
    """What is known of a word. Args: `authors` shows who changed its definition last, by initials."""
    announced = capabilities.text_document.hover if capabilities.text_document else None
    if _prefers_markdown(announced.content_format if announced else None):
        contents = types.MarkupContent(types.MarkupKind.Markdown, hover_text.in_markdown(description, authors=authors))
    else:
        contents = types.MarkupContent(types.MarkupKind.PlainText, hover_text.in_plain_text(description, authors=authors))
    return types.Hover(contents=contents, range=range_of(snapshot, description.start, description.end, encoding))


def offered_items(
    offer: Offer, snapshot: Snapshot, encoding: Encoding, capabilities: types.ClientCapabilities
) -> list[types.CompletionItem]:
    """The names as items, which sort after those of other servers and in their own order."""
    place = range_of(snapshot, offer.start, offer.end, encoding)
    return [_item(item, i, offer, place, snapshot, encoding, capabilities) for i, item in enumerate(offer.items)]


def add_details(
    item: types.CompletionItem, resolved: Resolved, snapshot: Snapshot | None, encoding: Encoding, capabilities: types.ClientCapabilities
) -> None:
    """Put into an item what its definition says, and the import that it needs."""
    item.documentation = _documentation(resolved.location, capabilities)
    if snapshot is not None and resolved.import_insertion is not None:
        item.additional_text_edits = [_edit(resolved.import_insertion, snapshot, encoding)]


def resolves_imports_later(capabilities: types.ClientCapabilities) -> bool:
    """Whether the editor asks for an item's import when the item is taken."""
    completion = capabilities.text_document.completion if capabilities.text_document else None
    item = completion.completion_item if completion else None
    support = item.resolve_support if item else None
    return support is not None and "additionalTextEdits" in support.properties


def _item(
    item: Item,
    position: int,
    offer: Offer,
    place: types.Range,
    snapshot: Snapshot,
    encoding: Encoding,
    capabilities: types.ClientCapabilities,
) -> types.CompletionItem:
    location = item.location
    made = types.CompletionItem(
        label=item.name,
        kind=ITEM_KINDS[location.symbol.kind] if location else types.CompletionItemKind.Text,
        detail=location.path if location else None,
        sort_text=f"{SORTED_LAST}{position:03}",
        insert_text_format=types.InsertTextFormat.PlainText,
        text_edit=types.TextEdit(range=place, new_text=item.name),
    )
    if location is None:
        return made
    if item.is_detailed:
        add_details(made, Resolved(location, item.import_insertion), snapshot, encoding, capabilities)
    else:
        made.data = ItemData(snapshot.uri, location.path, location.symbol.qualified_name, offer.may_import).as_json()
    return made


def _edit(insertion: Insertion, snapshot: Snapshot, encoding: Encoding) -> types.TextEdit:
    return types.TextEdit(range=range_of(snapshot, insertion.offset, insertion.offset, encoding), new_text=insertion.text)


def _documentation(location: Location, capabilities: types.ClientCapabilities) -> types.MarkupContent:
    completion = capabilities.text_document.completion if capabilities.text_document else None
    item = completion.completion_item if completion else None
    markdown = _prefers_markdown(item.documentation_format if item else None)
    kind = types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText
    return types.MarkupContent(kind, hover_text.documentation(location, markdown=markdown))


def _prefers_markdown(formats: Sequence[types.MarkupKind] | None) -> bool:
    """Whether Markdown comes first among what the editor shows; plain text is what all of them show."""
    return next(iter(formats or ()), None) == types.MarkupKind.Markdown


def _nested(symbol: Symbol, children: list[types.DocumentSymbol], snapshot: Snapshot, encoding: Encoding) -> types.DocumentSymbol:
    whole, name = _range(symbol.span, snapshot, encoding), _range(symbol.name_span, snapshot, encoding)
    inside = _place(whole.start) <= _place(name.start) and _place(name.end) <= _place(whole.end)
    # Editors refuse a name that lies outside of its symbol.
    return types.DocumentSymbol(
        name=symbol.name, kind=SYMBOL_KINDS[symbol.kind], range=whole, selection_range=name if inside else whole, children=children
    )


def _in_document(symbol: Symbol, snapshot: Snapshot, encoding: Encoding) -> types.SymbolInformation:
    return types.SymbolInformation(
        name=symbol.name,
        kind=SYMBOL_KINDS[symbol.kind],
        location=types.Location(uri=snapshot.uri, range=_range(symbol.span, snapshot, encoding)),
        container_name=_container(symbol) or None,
    )


def _container(symbol: Symbol) -> str:
    return symbol.qualified_name.removesuffix(symbol.name).rstrip(".")


def _range(span: Span, snapshot: Snapshot, encoding: Encoding) -> types.Range:
    """A span of this very text; its columns are bytes."""
    return types.Range(
        start=_position(snapshot, span.start_line, span.start_column, encoding),
        end=_position(snapshot, span.end_line, span.end_column, encoding),
    )


def _position(snapshot: Snapshot, line: int, column_bytes: int, encoding: Encoding) -> types.Position:
    # Nearly every line is this easy, and there may be thousands of symbols.
    if line < len(snapshot.lines) and (text := snapshot.lines[line]).isascii() and column_bytes <= len(text.rstrip("\r\n")):
        return types.Position(line, column_bytes)
    return types.Position(*snapshot.position_at(snapshot.offset_at(line, column_bytes, "utf-8"), encoding))


def _place(position: types.Position) -> tuple[int, int]:
    return position.line, position.character


def _shows_nested_symbols(capabilities: types.ClientCapabilities) -> bool:
    announced = capabilities.text_document.document_symbol if capabilities.text_document else None
    return announced is not None and bool(announced.hierarchical_document_symbol_support)
