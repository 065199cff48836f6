"""Offers a skeleton of documentation where there is none, and the missing parts where there is some, in the style of the project."""

from __future__ import annotations

from collections.abc import Sequence

from recoder_lsp.features.actions.offering import Offer, Site
from recoder_lsp.features.declarations.declared import Declaration
from recoder_lsp.features.declarations.finding import declaration_at
from recoder_lsp.features.documentation.parts import TODO, Part, Style, completed, parts_of
from recoder_lsp.features.documentation.styles import frame_for, style_of, usual_style
from recoder_lsp.features.documentation.writing import completed_documentation, may_be_documented, missing_parts, new_documentation
from recoder_lsp.features.edits import Change, Edit
from recoder_lsp.index.process.workspace import Workspace
from recoder_lsp.language import gettext, marked, ngettext, number

KIND = "refactor.rewrite.documentation"
# A menu waits for it. Without an answer the usual style will do.
INDEX_WAIT_S = 0.1
_INHERITED = ("@inheritdoc", "{@inheritdoc}", "\\copydoc", "@copydoc", "@override")
_WORDS = {"returns": marked("what is returned"), "yields": marked("what is yielded"), "section": marked("what may go wrong")}
_THROWN = marked("what is thrown")


async def offers(site: Site, workspace: Workspace) -> Sequence[Offer]:
    """Return the offer to document, or to complete the documentation of, what is declared at the caret."""
    declaration = declaration_at(site.tree, site.start)
    if declaration is None or not may_be_documented(site, declaration):
        return []
    parts = parts_of(declaration, site.tree.language)
    if declaration.documentation is not None and not parts:
        return []
    style = await style_at(site, declaration, workspace)
    if declaration.documentation is None:
        title = gettext("Add documentation to `{name}`").format(name=declaration.name)
        return [Offer("document.skeleton", title, KIND, lambda: Change((skeleton(site, declaration, style),)))]
    absent = missing_parts(site, declaration, style, parts)
    if not absent or _is_inherited(site, declaration):
        return []
    title = gettext("Add {parts} to the documentation of `{name}`").format(parts=_named(absent), name=declaration.name)
    return [Offer("document.complete", title, KIND, lambda: Change((completed_documentation(site, declaration, style, parts),)))]


async def style_at(site: Site, declaration: Declaration, workspace: Workspace) -> Style:
    """Return the style of the declaration's own documentation, else of its file, else of the files around it, else the usual one."""
    language, own = site.tree.language, declaration.documentation
    if own is not None and (style := style_of(language, site.text[own.start : own.end], site.indentation)) is not None:
        return style
    if (style := style_of(language, site.text, site.indentation)) is not None:
        return style
    answer = await workspace.ask(site.snapshot.uri, "docstrings", {"language": site.language}, timeout_s=INDEX_WAIT_S)
    match answer:
        case {"docstrings": list(texts)}:
            sample = "\n".join(text for text in texts if isinstance(text, str))
            return style_of(language, sample, site.indentation) or usual_style(language, site.indentation)
    return usual_style(language, site.indentation)


def skeleton(site: Site, declaration: Declaration, style: Style, summary: str = "") -> Edit:
    """Return the edit that documents a declaration: what it is for, and each of its parts, as something to be filled in.

    Args:
        site: Where it is.
        declaration: It.
        style: How its parts are written.
        summary: What it is for, where somebody can say that.
    """
    language = site.tree.language
    what = "is" if declaration.kind == "class" or declaration.is_property else "does"
    first = summary or (f"{declaration.name} {TODO}: say what it {what}." if language == "go" else f"{TODO}: say what this {what}.")
    lines = completed([first], style, parts_of(declaration, language))
    return new_documentation(site, declaration, frame_for(language, site.text), [line for line, _ in lines])


def _is_inherited(site: Site, declaration: Declaration) -> bool:
    documentation = declaration.documentation
    return documentation is not None and any(mark in site.text[documentation.start : documentation.end].lower() for mark in _INHERITED)


def _named(parts: Sequence[Part]) -> str:
    """Parts in words: `a`, `b` and what is returned."""
    names = [f"`{part.name}`" if part.name and part.kind != "section" else gettext(_WORDS.get(part.kind, _THROWN)) for part in parts]
    names = list(dict.fromkeys(names))
    if len(names) > 3:
        names = [*names[:2], ngettext("{n} more", "{n} more", len(names) - 2).format(n=number(len(names) - 2))]
    return names[0] if len(names) == 1 else gettext("{names} and {last}").format(names=", ".join(names[:-1]), last=names[-1])
