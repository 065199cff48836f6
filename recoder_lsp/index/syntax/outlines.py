"""The outline of a text as it is now, for the editor's list of symbols; nothing stored is asked."""

from __future__ import annotations

from recoder_lsp.index.files.decoding import with_plain_breaks
from recoder_lsp.index.records import Symbol
from recoder_lsp.index.syntax.parser import Parser

# More than an editor can show; a data file may have a hundred thousand keys.
MOST_SYMBOLS = 10_000


def outline_of(parser: Parser, path: str, language: str, text: str) -> list[Symbol]:
    """The symbols of this very text, enclosing ones first. For the thread of the parser; method "outline" of the index.

    Args:
        parser: The search thread's own.
        path: Tells the language where the editor does not; need not exist, nor lie in the folder.
        language: The editor's language identifier.
        text: The whole document.
    """
    plain = with_plain_breaks(text)
    return list(parser.outline(plain, parser.language(path, language, plain)).symbols[:MOST_SYMBOLS])
