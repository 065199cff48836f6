"""Which names at a site mean nothing yet: those that a diagnostic complains about, else the one at the caret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from recoder_lsp.features.actions.imports import go, javascript, python, rust
from recoder_lsp.features.actions.imports.dialects import DIALECTS
from recoder_lsp.features.actions.imports.statements import names_of, node_at, nodes_of, statement_at, statements_of
from recoder_lsp.features.actions.offering import Diagnostic, Site
from recoder_lsp.features.code_at import Word, word_around
from recoder_lsp.features.unresolved import is_everywhere
from recoder_lsp.index.search.modules import JAVASCRIPT
from recoder_lsp.index.syntax.tree import Node, SyntaxTree

# Pyflakes, ruff, pylint, pyright, mypy; tsserver, eslint; gopls; rustc, rust-analyzer.
_SAYS_UNDEFINED = re.compile(
    r"(?<!may be )\bundefined\b|\bundeclared\b|\bnot defined\b|\bcannot find (?!module\b)|\bunresolved\b|\bUMD global\b", re.IGNORECASE
)
_STAR = re.compile(r"^[ \t]*from[ \t]+[\w.]+[ \t]+import[ \t]*\*", re.MULTILINE)
_WORD = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
_NAMES = frozenset({"identifier", "type_identifier", "package_identifier", "shorthand_property_identifier", "jsx_identifier"})
_PATTERNS = frozenset({"shorthand_property_identifier_pattern"})
_OF_RUST = frozenset({"Some", "None", "Ok", "Err", "Self", "Box", "Vec", "String", "Option", "Result", "std", "core", "alloc", "crate"})
_MOST_USES_SEEN = 200


@dataclass(frozen=True)
class Wanted:
    """A name that is to be known, and how it is used."""

    name: str
    is_called: bool = False
    member: str = ""
    """What is taken of it behind a dot, "" where there is none."""
    fixes: tuple[int, ...] = ()
    """Which of the site's diagnostics are about it."""


def wanted_names(site: Site) -> list[Wanted]:
    """Return the names; cheap, because editors ask at every move of the cursor."""
    found = dict[str, Wanted]()
    for i, diagnostic in enumerate(site.diagnostics):
        if _SAYS_UNDEFINED.search(f"{diagnostic.message} {diagnostic.code}") and (span := _complained_about(site, diagnostic)) is not None:
            name = site.text[slice(*span)]
            if _is_imported(site, name):
                # Since then.
                continue
            wanted = found.get(name) or _use_at(site.tree, name, *span)
            found[name] = Wanted(name, wanted.is_called, wanted.member, (*wanted.fixes, i))
    return list(found.values()) if found else list(_at_caret(site))


def _complained_about(site: Site, diagnostic: Diagnostic) -> tuple[int, int] | None:
    """Where the name stands: the first in the range that is free, preferably one that the message has too."""
    spans = [match.span() for match in _WORD.finditer(site.text, diagnostic.start, max(diagnostic.end, diagnostic.start))]
    if not spans and (word := word_around(site.text, diagnostic.start, site.language)) is not None:
        spans = [(word.start, word.end)]
    said = set(_WORD.findall(diagnostic.message))
    named = [span for span in spans if site.text[slice(*span)] in said] or spans[:1]
    return next((span for span in named if _is_free(site, *span)), None)


def _at_caret(site: Site) -> Iterator[Wanted]:
    """The word at the caret, where nothing in the file gives it a meaning; a selection has to be just that word."""
    word = word_around(site.text, site.start, site.language)
    if word is None or (site.start != site.end and (word.start, word.end) != (site.start, site.end)):
        return
    if len(word.text) > 1 and not (_is_known(site, word) or _is_imported(site, word.text)) and _is_free(site, word.start, word.end):
        yield _use_at(site.tree, word.text, word.start, word.end)


def _is_imported(site: Site, name: str) -> bool:
    """Whether an import at the top brings the name; in Go any that may."""
    dialect, tree = DIALECTS[site.tree.language], site.tree
    imported = [each for statement in statements_of(dialect, tree) for each in names_of(dialect, tree, statement)]
    if tree.language == "go" and any(name in go.package_names(go.path_of(tree, each.node)) for each in imported):
        return True
    return any(each.name == name for each in imported)


def _is_known(site: Site, word: Word) -> bool:
    """Whether the language or the file itself gives a name its meaning."""
    if site.tree.language == "python":
        is_given = is_everywhere(word.text, site.language) or ("import *" in site.text and _STAR.search(site.text) is not None)
        return is_given or _is_bound(site, word.text, python.gives_meaning)
    if site.tree.language in JAVASCRIPT:
        return is_everywhere(word.text, site.language) or _is_bound(site, word.text, javascript.gives_meaning)
    following = node_at(site.tree, word.start, word.end).next_sibling
    is_path = following is not None and following.type in (".", "::")
    if site.tree.language == "go":
        return not is_path or _is_bound(site, word.text, lambda node: not go.is_use(site.tree, node))
    return word.text in _OF_RUST or not (is_path or word.text[0].isupper()) or _is_bound(site, word.text, rust.gives_meaning)


def _is_bound(site: Site, name: str, gives_meaning: Callable[[Node], bool]) -> bool:
    """Whether the file gives a name a meaning anywhere; in doubt it does."""
    nodes = enumerate(nodes_of(site.tree, name))
    return any(i >= _MOST_USES_SEEN or (node.type in (*_NAMES, *_PATTERNS) and gives_meaning(node)) for i, node in nodes)


def _is_free(site: Site, start: int, end: int) -> bool:
    """Whether a word is a name that may mean an imported one: not a member, a label, a text, or part of an import."""
    node, dialect = node_at(site.tree, start, end), DIALECTS[site.tree.language]
    if node.type not in _NAMES or (site.tree.start(node), site.tree.end(node)) != (start, end):
        return False
    if statement_at(dialect, site.tree, start, end) is not None or not dialect.is_use(site.tree, node):
        return False
    parent = node.parent
    if parent is None or (parent.type.startswith("jsx_") and site.text[start].islower()):
        return parent is None
    return not (parent.type.startswith("scoped_") and parent.child_by_field_name("path") != node)


def _use_at(tree: SyntaxTree, name: str, start: int, end: int) -> Wanted:
    node = node_at(tree, start, end)
    parent = node.parent
    if parent is None:
        return Wanted(name)
    member = parent.child_by_field_name("attribute")
    is_object = parent.type == "attribute" and parent.child_by_field_name("object") == node
    is_called = parent.type == "call" and parent.child_by_field_name("function") == node
    is_decorator = parent.type == "decorator"
    return Wanted(name, is_called or is_decorator, tree.text_of(member) if is_object and member is not None else "")
