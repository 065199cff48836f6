"""Puts the uses of names in order: calls, types, imports, and in which symbol each stands."""

from __future__ import annotations

from recoder_lsp.index.records import Reference, ReferenceKind
from recoder_lsp.index.syntax.captured import Captured, Definition, Use
from recoder_lsp.index.syntax.imports import QUOTES, Imported, imported_by_tree, last_part, unquoted
from recoder_lsp.index.syntax.languages import Language
from recoder_lsp.index.syntax.naming import last_name
from recoder_lsp.index.syntax.ranges import Text

# Of two uses at one place the first of these counts.
_IMPORT, _TYPE, _CALL = 0, 1, 2


def references_in(text: Text, language: Language, captured: Captured, definitions: list[Definition]) -> list[Reference]:
    """All uses in their order in the file; of two at one place an import goes before a type and a type before a call."""
    data, builtins = text.data, language.builtins
    references: list[Reference] = []
    around: list[Definition] = []
    coming = iter(definitions)
    following = next(coming, None)
    within, inner_end, next_start = None, len(data) + 1, following.node[0] if following else len(data) + 1
    line, line_starts = 0, [*text.line_starts, len(data) + 1]
    before = -1
    for start, rank, end, import_idx in _in_order(data, language, captured):
        if start == before:
            continue
        before = start
        if start >= next_start or start >= inner_end:
            while following is not None and following.node[0] <= start:
                around.append(following)
                following = next(coming, None)
            while around and around[-1].node[1] <= start:
                around.pop()
            within, inner_end = (around[-1].symbol_idx, around[-1].node[1]) if around else (None, len(data) + 1)
            next_start = following.node[0] if following else len(data) + 1
        while line_starts[line + 1] <= start:
            line += 1
        column = start - line_starts[line]
        if rank == _IMPORT:
            references += [
                Reference(ReferenceKind.IMPORT, each.name, line, column, within, each.module, each.alias)
                for each in _imported(text, captured.imports[import_idx], language)
            ]
            continue
        name = data[start:end].decode("utf-8", "replace")
        # T and K are parameters of something generic.
        if (name in builtins and data[start - 1 : start] != b".") or (rank == _TYPE and len(name) == 1):
            continue
        references.append(Reference(ReferenceKind.CALL if rank == _CALL else ReferenceKind.TYPE, name, line, column, within))
    return references


def _in_order(data: bytes, language: Language, captured: Captured) -> list[tuple[int, int, int, int]]:
    """Start, rank, end and, of an import, its position; what defines a name does not use it."""
    calls, types = captured.calls, captured.types
    if language.dotted_names:
        calls = [last_name(data, place, language) for place in calls]
        types = [last_name(data, place, language) for place in types]
    defined = {definition.name for definition in captured.definitions if definition.kind}
    uses = [(place[0], _CALL, place[1], 0) for place in calls if place[0] < place[1] and place not in defined]
    uses += [(place[0], _TYPE, place[1], 0) for place in types if place[0] < place[1] and place not in defined]
    # Of two patterns for one import, the one that found the alias: it comes first.
    with_alias = [(use.name[0], _IMPORT, use.alias is None, idx) for idx, use in enumerate(captured.imports)]
    uses += with_alias
    uses.sort()
    return uses


def _imported(text: Text, use: Use, language: Language) -> list[Imported]:
    written = text.part(use.name)
    if use.is_tree:
        return imported_by_tree(written, language.separators[0])
    module = unquoted(text.part(use.module)) if use.module else unquoted(written)
    alias = text.part(use.alias) if use.alias else ""
    separators = language.separators if written[:1] not in QUOTES else ()
    # `* as path` is all of a module.
    name = "*" if written.startswith("*") else last_part(unquoted(written), separators)
    return [Imported(name, module, alias if alias != name else "")]
