"""Our values as LSP's, as far as this editor can show them."""

from collections.abc import Sequence

from lsprotocol import types

from recoder_lsp.document import Encoding, Snapshot
from recoder_lsp.features.inline_completion import Suggestion
from recoder_lsp.language import gettext
from recoder_lsp.server.extensions import ACCEPTED

LABEL_CHARACTERS = 80

# Sorts after whatever a language's own server offers.
SORTED_LAST = "\uffff"


def inline_completion(suggestions: Sequence[Suggestion], snapshot: Snapshot, encoding: Encoding) -> types.InlineCompletionList:
    """The suggestions as ghost text, to cycle through where there are several."""
    items = [
        types.InlineCompletionItem(
            insert_text=suggestion.text,
            range=range_of(snapshot, suggestion.start, suggestion.end, encoding),
            command=_acceptance(suggestion),
        )
        for suggestion in suggestions
    ]
    return types.InlineCompletionList(items=items)


def completion_item(
    suggestion: Suggestion, snapshot: Snapshot, caret: int, encoding: Encoding, capabilities: types.ClientCapabilities
) -> types.CompletionItem:
    """The same insertion as an item of the completion menu.

    It replaces from the beginning of the word at the caret, because editors compare an item with that word and hide
    what does not begin like it.
    """
    start = min(suggestion.start, _start_of_word(snapshot.text, caret))
    text = snapshot.text[start : suggestion.start] + suggestion.text
    first_line = text.strip().split("\n", 1)[0].rstrip()
    return types.CompletionItem(
        label=first_line if len(first_line) <= LABEL_CHARACTERS else first_line[: LABEL_CHARACTERS - 1] + "…",
        kind=types.CompletionItemKind.Snippet if "\n" in text else types.CompletionItemKind.Text,
        detail="Recoder",
        sort_text=SORTED_LAST,
        filter_text=text,
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs if _keeps_indentation(capabilities) else None,
        text_edit=types.TextEdit(range=range_of(snapshot, start, suggestion.end, encoding), new_text=text),
        command=_acceptance(suggestion),
    )


def range_of(snapshot: Snapshot, start: int, end: int, encoding: Encoding) -> types.Range:
    return types.Range(
        start=types.Position(*snapshot.position_at(start, encoding)),
        end=types.Position(*snapshot.position_at(end, encoding)),
    )


def _acceptance(suggestion: Suggestion) -> types.Command:
    return types.Command(title=gettext("Suggestion accepted"), command=ACCEPTED, arguments=[suggestion.id])


def _start_of_word(text: str, caret: int) -> int:
    start = caret
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return start


def _keeps_indentation(capabilities: types.ClientCapabilities) -> bool:
    """Whether the editor can be told to insert several lines unchanged; else it may indent them once more."""
    completion = capabilities.text_document.completion if capabilities.text_document else None
    item = completion.completion_item if completion else None
    modes = item.insert_text_mode_support if item else None
    return modes is not None and types.InsertTextMode.AsIs in modes.value_set
