"""A name for a variable, asked of the completion model: it fills the hole where the variable gets its value."""

from __future__ import annotations

import re
from dataclasses import dataclass

from recoder_lsp import privacy
from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.fim import Place
from recoder_lsp.features.actions.bindings import bindings_of, outermost_function
from recoder_lsp.features.actions.naming import free_name, name_at
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.actions.rename import can_be_renamed, renamed, says_nothing
from recoder_lsp.features.edits import Change, Edit, Refused
from recoder_lsp.features.infilling import Infilling
from recoder_lsp.features.router import Served
from recoder_lsp.features.syntax_thread import SyntaxThread
from recoder_lsp.language import gettext

# Of 176 variables of projects that the embedded model never saw 30 got a name as likely as this, 29 of them the very one of
# their authors; of the 14 names that were less likely 5 were right.
LEAST_PERCENT = 75
SHORTEST_NAME = 3
_IN_OTHER_PLACES = "v"


@dataclass(frozen=True)
class Renaming:
    """A name that the model gave, and what to change for it."""

    name: str
    model: str
    change: Change


@dataclass(frozen=True)
class _Hole:
    """A variable, the text without its name, and all places where it stands."""

    name: str
    function: str
    """The text of the function that it belongs to."""
    place: Place
    edits: tuple[Edit, ...]


async def named(
    snapshot: Snapshot, start: int, end: int, settings: Settings, *, infilling: Infilling, served: Served, syntax: SyntaxThread
) -> Renaming:
    """Return a name for the variable at a place of a document, as the completion model would call it.

    Raises:
        Refused: There is no variable whose places are all known, or the model is not sure of any name.
        RecoderError: There is no such model.
    """
    if privacy.is_secret_path(snapshot.path):
        raise Refused(gettext("Files that may hold secrets are shown to no model."))
    hole = await syntax.with_tree(snapshot, lambda tree: _hole(Site(snapshot, start, end, tree)))
    if hole is None:
        raise Refused(gettext("Recoder cannot parse this document."))
    answer = await infilling.fill(hole.place, settings, priority=served.priority, max_tokens=served.max_tokens)
    name = _first_name(answer.text, hole.place.suffix)
    is_free = name.isidentifier() and free_name(name, hole.function, snapshot.language) == name
    if not is_free or len(name) < SHORTEST_NAME or says_nothing(name) or answer.confidence_percent < LEAST_PERCENT:
        raise Refused(gettext("The completion model is not sure of a better name for `{name}`.").format(name=hole.name))
    change = Change(tuple(Edit(edit.start, edit.end, edit.text.removesuffix(_IN_OTHER_PLACES) + name) for edit in hole.edits))
    return Renaming(name, infilling.name(), change)


def _first_name(written: str, suffix: str) -> str:
    """The name that was written; with what follows it, models go on as if the line were theirs. "" where that does not fit."""
    found = re.match(r"[^\W\d]\w*", written)
    following = written[found.end() :][:2] if found else ""
    return found[0] if found and suffix.startswith(following) else ""


def _hole(site: Site) -> _Hole:
    node = name_at(site)
    function = outermost_function(node) if node is not None else None
    bindings = bindings_of(site.tree, function) if function is not None else None
    binding = bindings.of(node) if bindings is not None and node is not None else None
    if bindings is None or function is None or binding is None or binding.scope is bindings.top:
        raise Refused(gettext("There is no variable of a function here."))
    if not can_be_renamed(site.tree, function, binding):
        raise Refused(gettext("Not all places are known where `{name}` is used.").format(name=binding.name))
    first, *others = (renamed(site.tree, use, _IN_OTHER_PLACES) for use in binding.uses)
    after, at = list[str](), first.end
    # What it is called now would be copied.
    for edit in others:
        after += [site.text[at : edit.start], edit.text]
        at = edit.end
    path = "/".join(site.snapshot.path.split("/")[-3:])
    suffix = "".join([*after, site.text[at:]])
    place = Place(path, site.language, site.text[: first.start].replace("\r\n", "\n"), suffix.replace("\r\n", "\n"))
    return _Hole(binding.name, site.tree.text_of(function), place, (first, *others))
