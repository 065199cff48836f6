"""Names as references to where they were used shortly before: so one piece of code resembles another with other names.

`a.x = x` and `b.y = y` are the same pattern: a name, one used before, ..., the last name but one. What a pattern went on
with elsewhere says what follows here, in the names of here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recoder_lsp.index.phrases.lexing import is_word

NO_NAME, OTHER_NAME, FIRST_REFERENCE = 0, 1, 2
REMEMBERED_NAMES = 24
"""A reference says which of so many names it is, the latest first."""

# Words that say how, and not what, in any of the languages that name them so: a pattern holds them as they are.
_STRUCTURE = """
    False None True and as assert async await break class continue def del elif else except finally for from global if import in is
    lambda nonlocal not or pass raise return try while with yield self cls const let var function new this super typeof instanceof
    void null undefined true false export default extends implements interface type enum namespace declare readonly public private
    protected static abstract switch case throw catch do of func package go defer chan map struct range select fallthrough make len
    append nil string int bool error byte fn pub impl trait use mod mut ref match loop where crate unsafe move dyn Self Some Ok Err
    Result Option Vec String u8 u32 u64 usize i32 str char long short float double unsigned signed sizeof typedef union extern
    register volatile boolean final throws synchronized 0 1 2
"""
STRUCTURE = frozenset(_STRUCTURE.split())


def is_name(lexeme: str) -> bool:
    """Say whether a lexeme is one that a pattern abstracts from."""
    return is_word(lexeme) and lexeme not in STRUCTURE


def references(ids: Sequence[int], names: Mapping[int, bool] | Sequence[int], recent: list[int]) -> bytes:
    """Say of each lexeme whether it is a name that was used shortly before; takes half a second for a million.

    Args:
        ids: Of the lexemes.
        names: By id, whether `is_name` says so.
        recent: Names that were used before, the latest first; brought up to date.

    Returns:
        For each lexeme NO_NAME, OTHER_NAME, or FIRST_REFERENCE + its place among the recent names.
    """
    found = bytearray()
    for word in ids:
        if not names[word]:
            found.append(NO_NAME)
            continue
        if word in recent:
            place = recent.index(word)
            found.append(FIRST_REFERENCE + place)
            del recent[place]
        else:
            found.append(OTHER_NAME)
            del recent[REMEMBERED_NAMES - 1 :]
        recent.insert(0, word)
    return bytes(found)
