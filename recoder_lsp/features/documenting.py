"""Documents what is declared around the caret: by a skeleton, by a sentence of the completion model, or by a text that is given."""

from __future__ import annotations

from dataclasses import dataclass, replace

from recoder_lsp import privacy
from recoder_lsp.config import Settings
from recoder_lsp.engine.fim import Place
from recoder_lsp.engine.models import EMBEDDED
from recoder_lsp.features.actions import docstring
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.asking import Request, place_of
from recoder_lsp.features.declarations.declared import Declaration
from recoder_lsp.features.declarations.finding import declaration_around
from recoder_lsp.features.documentation.frames import frame_of
from recoder_lsp.features.documentation.parts import parts_of
from recoder_lsp.features.documentation.sentence import is_copied, sentence_of
from recoder_lsp.features.documentation.styles import frame_for
from recoder_lsp.features.documentation.writing import (
    completed_documentation,
    may_be_documented,
    missing_parts,
    new_documentation,
)
from recoder_lsp.features.edits import Change, Edit, Refused, applied
from recoder_lsp.features.infilling import Infilling
from recoder_lsp.features.router import Served
from recoder_lsp.index.process.workspace import Workspace
from recoder_lsp.language import gettext

# A character that no source has, where a model is to write.
_HOLE = "\ue001"


@dataclass(frozen=True)
class Documented:
    """Documentation by a model: what is changed, the sentence, and who says it."""

    change: Change
    summary: str
    model: str


def may_guess(settings: Settings) -> bool:
    """Whether the completion model may be asked for a sentence: not the embedded one, which copies those of other functions.

    Source: 110 functions of the standard library without their docstrings gave 85 sentences; one in ten was right.
    """
    return settings.engine.model != EMBEDDED


async def skeleton(site: Site, workspace: Workspace) -> Change:
    """Return the change that documents a declaration with what has to be filled in, or adds what its documentation lacks.

    Raises:
        Refused: Nothing is declared here, or nothing is missing.
    """
    declaration = _declared(site)
    style, parts = await docstring.style_at(site, declaration, workspace), parts_of(declaration, site.tree.language)
    if declaration.documentation is None:
        return Change((docstring.skeleton(site, declaration, style),))
    if not missing_parts(site, declaration, style, parts):
        raise Refused(gettext("`{name}` is documented already.").format(name=declaration.name))
    return Change((completed_documentation(site, declaration, style, parts),))


async def guessed(site: Site, workspace: Workspace, settings: Settings, *, infilling: Infilling, served: Served) -> Documented:
    """Return documentation with a sentence of the completion model, and with the parts of a skeleton.

    Args:
        site: Where it is.
        workspace: Asked for the style of the project.
        settings: As they are.
        infilling: Asks the model.
        served: How urgent it is, and how long it may be.

    Raises:
        Refused: Nothing is declared here, it is documented, or the model says nothing that could be a sentence.
        RecoderError: There is no model.
    """
    declaration = _declared(site)
    if declaration.documentation is not None:
        raise Refused(gettext("`{name}` is documented already.").format(name=declaration.name))
    if privacy.is_secret_path(site.snapshot.path):
        raise Refused(gettext("This file may hold secrets, so that no model reads it."))
    style = await docstring.style_at(site, declaration, workspace)
    place = _hole(site, declaration)
    generated = await infilling.fill(
        place, settings, priority=served.priority, max_tokens=served.max_tokens, key=f"document {site.snapshot.uri}"
    )
    texts = [generated.text, *(other.text for other in generated.alternatives)]
    summary = next((sentence for text in texts if (sentence := sentence_of(text)) and not is_copied(sentence, site.text)), "")
    if not summary:
        raise Refused(
            gettext("The completion model has nothing to say about this."), gettext("Add the skeleton and fill it in, or set models.chat.")
        )
    first = f"{declaration.name} {summary[0].lower()}{summary[1:]}" if site.tree.language == "go" else summary
    return Documented(Change((docstring.skeleton(site, declaration, style, first),)), first, infilling.name())


def with_documentation(site: Site, text: str) -> Change:
    """Return the change that documents a declaration with a text, in place of the documentation that there may be.

    Raises:
        Refused: Nothing is declared here, or the text would end the documentation early.
    """
    declaration = _declared(site)
    own = declaration.documentation
    frame = frame_for(site.tree.language, site.text) if own is None else frame_of(site.text[own.start : own.end])
    if frame.closing and frame.closing.strip() in text:
        raise Refused(gettext("This text cannot stand in documentation as it is."))
    if "\\" in text and site.tree.language == "python":
        frame = replace(frame, opening="r" + frame.opening.lstrip("rRuU"))
    lines = [line.rstrip() for line in text.strip().replace("\r", "").split("\n")]
    if own is not None:
        return Change((Edit(own.start, own.end, frame.written(lines, site.indentation_at(own.start))),))
    return Change((new_documentation(site, declaration, frame, lines),))


def code_of(site: Site) -> str:
    """Return all of the declaration around the caret, as it stands in the file.

    Raises:
        Refused: Nothing is declared here.
    """
    return site.tree.text_of(_declared(site).outer)


def _declared(site: Site) -> Declaration:
    declaration = declaration_around(site.tree, site.start)
    if declaration is None:
        raise Refused(gettext("Nothing is declared here that could be documented."), gettext("Put the cursor on a function or a class."))
    if not may_be_documented(site, declaration):
        raise Refused(gettext("This is not on a line of its own, so that nothing can be written above it."))
    return declaration


def _hole(site: Site, declaration: Declaration) -> Place:
    """The place of a sentence in documentation that is not there yet."""
    language = site.tree.language
    begun = f"{declaration.name} " if language == "go" else ""
    edit = new_documentation(site, declaration, frame_for(language, site.text), [begun + _HOLE])
    text = applied(site.text, [edit])
    at = text.index(_HOLE)
    # On a line of its own: what closes the documentation on the same line would be taken for what the model has to write.
    line_break = "" if text[at + 1 :].startswith(("\n", "\r")) else "\n"
    snapshot = replace(site.snapshot, text=text[:at] + line_break + text[at + 1 :])
    return place_of(Request(snapshot, at))
