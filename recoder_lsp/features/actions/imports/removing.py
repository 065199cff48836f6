"""Removes imports that nobody needs: those that a diagnostic names, and those at the caret that the file uses nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from recoder_lsp.features.actions.imports.dialects import DIALECTS
from recoder_lsp.features.actions.imports.python import is_package
from recoder_lsp.features.actions.imports.statements import Dialect, Imported, may_be_removed, names_of, statement_at, statements_of, unused
from recoder_lsp.features.actions.imports.taking_out import without
from recoder_lsp.features.actions.offering import Diagnostic, Offer, Site
from recoder_lsp.features.edits import Change
from recoder_lsp.index.syntax.tree import SyntaxTree
from recoder_lsp.language import ngettext, number

# Pyflakes, ruff, pylint, pyright; tsserver, eslint; the Go compiler, gopls; rustc.
_SAYS_UNUSED = re.compile(r"\bunused\b|\bnot accessed\b|\bnever (?:read|used)\b|\bnot used\b", re.IGNORECASE)
_SAYS_ALL = re.compile(r"\ball imports\b", re.IGNORECASE)
_QUOTED = re.compile(r"[`'\"]([^`'\"]+)[`'\"]|\bUnused ([\w.]+)(?: imported\b|$)|\bUnused import ([\w.]+)")


def offers(site: Site) -> Iterator[Offer]:
    """Yield what can be removed at the site, and in the whole file where there is more."""
    dialect = DIALECTS.get(site.tree.language)
    if dialect is None or (site.language == "python" and is_package(site.snapshot.path)):
        return
    named = _named_by_diagnostics(dialect, site)
    if not named:
        statement = statement_at(dialect, site.tree, site.start, site.end)
        found = unused(dialect, site.tree, names_of(dialect, site.tree, statement)) if statement is not None else []
        named = [(found, ())] if found else []
    for imported, fixes in named:
        names = ", ".join(each.name for each in imported)
        yield Offer(
            id=f"import.remove:{names}",
            title=ngettext("Remove unused import: {names}", "Remove unused imports: {names}", len(imported)).format(names=names),
            kind="quickfix",
            change=partial(_change, dialect, site.tree, imported),
            is_preferred=True,
            fixes=fixes,
        )
    if named:
        yield from _all(dialect, site, [each for imported, _ in named for each in imported])


def _all(dialect: Dialect, site: Site, named: Sequence[Imported]) -> Iterator[Offer]:
    """The same for the whole file, where more is unused than at the site."""
    at_top = [each for statement in statements_of(dialect, site.tree) for each in names_of(dialect, site.tree, statement)]
    ids = {each.node.id for each in named}
    more = [each for each in unused(dialect, site.tree, at_top) if each.node.id not in ids]
    if more:
        every = sorted([*named, *more], key=lambda each: each.node.start_byte)
        yield Offer(
            id="import.remove-all",
            title=ngettext("Remove the unused import", "Remove all {n} unused imports", len(every)).format(n=number(len(every))),
            kind="quickfix",
            change=partial(_change, dialect, site.tree, every),
        )


def _change(dialect: Dialect, tree: SyntaxTree, imported: Iterable[Imported]) -> Change:
    names = list(imported)
    statements = list({each.statement.id: each.statement for each in names}.values())
    return Change(without(dialect, tree, statements, [each.node for each in names]))


def _named_by_diagnostics(dialect: Dialect, site: Site) -> list[tuple[list[Imported], tuple[int, ...]]]:
    """For each diagnostic about unused imports the names that it means."""
    found = dict[tuple[int, ...], tuple[list[Imported], tuple[int, ...]]]()
    for i, diagnostic in enumerate(site.diagnostics):
        if not _SAYS_UNUSED.search(f"{diagnostic.message} {diagnostic.code}"):
            continue
        statement = statement_at(dialect, site.tree, diagnostic.start, diagnostic.end)
        names = names_of(dialect, site.tree, statement) if statement is not None else []
        meant = [each for each in _meant(site.tree, names, diagnostic) if may_be_removed(dialect, site.tree, each)]
        if meant:
            key = tuple(each.node.id for each in meant)
            found[key] = (meant, (*found.get(key, (meant, ()))[1], i))
    return list(found.values())


def _meant(tree: SyntaxTree, names: Sequence[Imported], diagnostic: Diagnostic) -> list[Imported]:
    """Those that the diagnostic quotes, else the only one that it can mean."""
    if _SAYS_ALL.search(diagnostic.message):
        return list(names)
    quoted = {word for groups in _QUOTED.findall(diagnostic.message) for word in groups if word}
    spelled = {word for text in quoted for word in (text, re.split(r"::|[./]", text)[-1], text.rpartition(" as ")[2])}
    meant = [each for each in names if each.name in spelled or tree.text_of(each.node).strip('"`') in spelled]
    if len({each.name for each in meant}) < len(meant):
        inside = [each for each in meant if tree.start(each.node) < diagnostic.end and tree.end(each.node) > diagnostic.start]
        meant = inside or meant
    return meant or (list(names) if len(names) == 1 else [])
