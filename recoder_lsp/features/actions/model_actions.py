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
            yield Offer("model.comment", f"Do what the comment says: {_short(asked)}", REWRITE, command=EDIT)
    if not is_selected and at_caret is None:
        return
    yield Offer("model.explain", f"Explain {_name(at_caret)}", EXPLANATION, command=EXPLAIN)
    if at_caret is not None:
        yield from _about_declaration(at_caret, chat_available=chat_available, may_guess=may_guess)
    if chat_available or is_selected:
        disabled = "" if chat_available else str(NoChatModel())
        yield Offer("model.simplify", f"Simplify {_name(at_caret)}", REWRITE, command=SIMPLIFY, disabled=disabled)
        yield Offer("model.refactor", f"Refactor {_name(at_caret)}", REWRITE, command=REFACTOR, disabled=disabled)
        if site.language in _TYPED and _lacks_types(site, at_caret or declaration_around(site.tree, site.start)):
            yield Offer("model.types", f"Add types to {_name(at_caret)}", REWRITE, command=TYPES, disabled=disabled)


def _fixes(site: Site) -> Iterator[Offer]:
    for i, diagnostic in enumerate(site.diagnostics[:MOST_FIXES]):
        said = " ".join(part for part in (diagnostic.source, diagnostic.code, diagnostic.message.strip()) if part)
        line_start = site.text.rfind("\n", 0, diagnostic.start) + 1
        about = site.text[line_start:].split("\n", 1)[0].strip()
        arguments: Mapping[str, Any] = MappingProxyType({"message": said, "about": about})
        title = f"Have a model fix: {_short(diagnostic.message)}"
        yield Offer(f"model.fix:{i}", title, QUICK_FIX, command=FIX, arguments=arguments, fixes=(i,))


def _about_declaration(declaration: Declaration, *, chat_available: bool, may_guess: bool) -> Iterator[Offer]:
    is_documented = declaration.documentation is not None
    if chat_available:
        what = "Rewrite the documentation of" if is_documented else "Have a model document"
        yield Offer("model.docs", f"{what} `{declaration.name}`", REWRITE, command=DOCS)
        yield Offer("model.tests", f"Have a model write tests of `{declaration.name}`", REWRITE, command=TESTS)
    elif may_guess and not is_documented:
        yield Offer("model.docs", f"Have the completion model guess what `{declaration.name}` does", REWRITE, command=DOCS)


def _lacks_types(site: Site, declaration: Declaration | None) -> bool:
    if declaration is None or declaration.kind != "function":
        return False
    lacks_result = site.language == "python" and not declaration.return_type
    return lacks_result or any(not parameter.type for parameter in declaration.parameters)


def _name(declaration: Declaration | None) -> str:
    return f"`{declaration.name}`" if declaration is not None else "the selected code"


def _short(text: str) -> str:
    line = text.strip().split("\n")[0]
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"
