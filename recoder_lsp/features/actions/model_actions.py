"""Offers what a model does with code. Each is a command: a model takes its time, and what it writes is checked before it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from recoder_lsp.config import Settings
from recoder_lsp.engine.chat import NoChatModel
from recoder_lsp.features.actions.offering import Offer, Site
from recoder_lsp.features.code_at import PROSE
from recoder_lsp.features.declarations.declared import Declaration
from recoder_lsp.features.declarations.finding import declaration_around, declaration_at
from recoder_lsp.features.instructions import instruction_at
from recoder_lsp.language import gettext

EDIT, REFACTOR, SIMPLIFY = "recoder.edit", "recoder.refactor", "recoder.simplify"
TYPES, FIX, EXPLAIN = "recoder.types", "recoder.fix", "recoder.explain"
DOCS, TESTS = "recoder.docs", "recoder.tests"

REWRITE, QUICK_FIX = "refactor.rewrite", "quickfix"
EXPLANATION = "recoder.explain"
"""A kind of our own: what is not changed is no kind of change."""

MOST_FIXES, LONGEST_TITLE = 3, 72
_TYPED = frozenset({"python", "typescript", "typescriptreact"})
_DATA = frozenset({"json", "jsonc", "yaml", "toml", "css", "html", "xml"})


def model_offers(site: Site, settings: Settings, *, chat_available: bool, may_guess: bool) -> Iterator[Offer]:
    """Yield what a model can do at a site: with what is selected, with what is declared at the caret, about a complaint or by a comment.

    Without a chat model, what needs one is shown only for a selection, with the reason why it cannot be done.

    Args:
        site: Where.
        settings: As they are.
        chat_available: Whether a chat model is named.
        may_guess: Whether the completion model is there, and good enough to say what a function does.
    """
    if site.language in PROSE or site.language in _DATA:
        return
    is_selected = bool(site.selected.strip())
    at_caret = None if is_selected else declaration_at(site.tree, site.start)
    if chat_available:
        yield from _fixes(site)
        if asked := instruction_at(site.text, site.start, site.end):
            title = gettext("Do what the comment says: {comment}").format(comment=_short(asked))
            yield Offer("model.comment", title, REWRITE, command=EDIT)
    if not is_selected and at_caret is None:
        return
    explain = _about(at_caret, gettext("Explain `{name}`"), gettext("Explain the selected code"))
    yield Offer("model.explain", explain, EXPLANATION, command=EXPLAIN)
    if at_caret is not None:
        yield from _about_declaration(at_caret, chat_available=chat_available, may_guess=may_guess)
    if chat_available or is_selected:
        disabled = "" if chat_available else str(NoChatModel())
        simplify = _about(at_caret, gettext("Simplify `{name}`"), gettext("Simplify the selected code"))
        yield Offer("model.simplify", simplify, REWRITE, command=SIMPLIFY, disabled=disabled)
        refactor = _about(at_caret, gettext("Refactor `{name}`"), gettext("Refactor the selected code"))
        yield Offer("model.refactor", refactor, REWRITE, command=REFACTOR, disabled=disabled)
        if site.language in _TYPED and _lacks_types(site, at_caret or declaration_around(site.tree, site.start)):
            add_types = _about(at_caret, gettext("Add types to `{name}`"), gettext("Add types to the selected code"))
            yield Offer("model.types", add_types, REWRITE, command=TYPES, disabled=disabled)


def _fixes(site: Site) -> Iterator[Offer]:
    for i, diagnostic in enumerate(site.diagnostics[:MOST_FIXES]):
        said = " ".join(part for part in (diagnostic.source, diagnostic.code, diagnostic.message.strip()) if part)
        line_start = site.text.rfind("\n", 0, diagnostic.start) + 1
        about = site.text[line_start:].split("\n", 1)[0].strip()
        arguments: Mapping[str, Any] = MappingProxyType({"message": said, "about": about})
        title = gettext("Have a model fix: {message}").format(message=_short(diagnostic.message))
        yield Offer(f"model.fix:{i}", title, QUICK_FIX, command=FIX, arguments=arguments, fixes=(i,))


def _about_declaration(declaration: Declaration, *, chat_available: bool, may_guess: bool) -> Iterator[Offer]:
    name, is_documented = declaration.name, declaration.documentation is not None
    if chat_available:
        title = gettext("Rewrite the documentation of `{name}`") if is_documented else gettext("Have a model document `{name}`")
        yield Offer("model.docs", title.format(name=name), REWRITE, command=DOCS)
        yield Offer("model.tests", gettext("Have a model write tests of `{name}`").format(name=name), REWRITE, command=TESTS)
    elif may_guess and not is_documented:
        title = gettext("Have the completion model guess what `{name}` does")
        yield Offer("model.docs", title.format(name=name), REWRITE, command=DOCS)


def _lacks_types(site: Site, declaration: Declaration | None) -> bool:
    if declaration is None or declaration.kind != "function":
        return False
    lacks_result = site.language == "python" and not declaration.return_type
    return lacks_result or any(not parameter.type for parameter in declaration.parameters)


def _about(declaration: Declaration | None, named: str, selected: str) -> str:
    """The title for what is declared at the caret, or else for what is selected."""
    return named.format(name=declaration.name) if declaration is not None else selected


def _short(text: str) -> str:
    line = text.strip().split("\n")[0]
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"
