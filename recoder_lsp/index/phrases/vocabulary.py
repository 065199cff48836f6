"""Lexemes as numbers: those of a folder's phrases, and those of open documents that are in none of its files yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recoder_lsp.index.phrases.lexing import lexemes
from recoder_lsp.index.phrases.patterns import is_name, references
from recoder_lsp.index.phrases.stream import Words
from recoder_lsp.redaction import Redaction

# What Python takes for keeping one, beside its characters.
BYTES_PER_LEXEME = 200


class Vocabulary:
    """The words of a stream, and those that are in none of its files yet. Grows with what is typed: `size_bytes`, about."""

    def __init__(self, words: Words | None) -> None:
        self._words, self._n_words = words, len(words) if words is not None else 0
        self._ids: dict[str, int] = {}
        self._new: list[str] = []
        self.size_bytes = 0
        self.names = _Names(self.text_of)

    def id_of(self, lexeme: str) -> int:
        """The id of a lexeme, a new one if need be."""
        known = self._ids.get(lexeme)
        if known is None:
            known = self._words.id_of(lexeme) if self._words is not None else 0
            if not known:
                self._new.append(lexeme)
                known = self._n_words + len(self._new)
            self._ids[lexeme] = known
            self.size_bytes += BYTES_PER_LEXEME + len(lexeme)
        return known

    def text_of(self, word: int) -> str:
        """The lexeme with an id that was given out here or stands in the stream; "" for 0."""
        if not word:
            return ""
        return self._new[word - self._n_words - 1] if word > self._n_words or self._words is None else self._words.text_of(word)

    def known(self, lexeme: str) -> int:
        """The id of a lexeme that has one, else 0."""
        return self._ids.get(lexeme) or (self._words.id_of(lexeme) if self._words is not None else 0)

    def with_prefix(self, beginning: str) -> Sequence[int]:
        """The words of the stream that begin so."""
        return self._words.with_prefix(beginning) if self._words is not None else ()


class _Names(dict[int, bool]):
    """By id, whether a lexeme is a name; 0, which is none that is known, counts as one."""

    def __init__(self, text_of: Callable[[int], str]) -> None:
        self._text_of = text_of

    def __missing__(self, word: int) -> bool:
        self[word] = found = not word or is_name(self._text_of(word))
        return found


class Lexed:
    """A text as ids, spaces and references, without its secrets. Never changed."""

    def __init__(self, vocabulary: Vocabulary, text: str, recent: Sequence[int] = ()) -> None:
        """Args: `recent` are the names used before it, the latest first."""
        found, spaces = lexemes(Redaction(text).of(text))
        self._vocabulary, self.text, self.spaces = vocabulary, text, spaces
        self.ids = [vocabulary.id_of(lexeme) for lexeme in found]
        self.recent = list(recent)
        self.references = references(self.ids, vocabulary.names, self.recent)

    def gone_on(self, text: str) -> Lexed:
        """Return it with more text behind it; what was there before ends with a line end, or is empty."""
        more, whole = Lexed(self._vocabulary, text, self.recent), Lexed(self._vocabulary, "")
        whole.text, whole.ids, whole.recent = self.text + text, self.ids + more.ids, more.recent
        whole.spaces, whole.references = self.spaces + more.spaces, self.references + more.references
        return whole
