"""Items of the completion menu: names of the document and of the workspace, and the imports that come with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from recoder_lsp import privacy
from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.features.code_at import PROSE, Word, is_code, word_around, word_before
from recoder_lsp.features.document_words import UsedName, names_used
from recoder_lsp.features.import_scan import Insertion
from recoder_lsp.features.imports import Target, insertion
from recoder_lsp.index.process import wire
from recoder_lsp.index.process.workspace import Workspace
from recoder_lsp.index.records import Location
from recoder_lsp.index.search.matching import Fit, fit_of
from recoder_lsp.index.search.nearness import is_telling

MOST_ITEMS, MOST_OF_WORKSPACE = 60, 50
SHORTEST = 2
# Nobody waits longer for a menu than for a key: what comes later comes with the next one.
INDEX_WAIT_S = 0.08
RESOLVE_TIMEOUT_S = 1.0
DETAILED_AT_ONCE = 10
LONGEST_WORD = 100

# Behind these a new name is being made up.
_NAMING = re.compile(
    r"\b(?:def|class|function|func|fn|fun|struct|interface|enum|trait|let|const|var|val|namespace|module|package)[ \t]+\*?\Z"
)
# Only of languages in which names are imported for the user.
_IN_PYTHON_IMPORT = re.compile(r"(?:^|\n)[ \t]*(?:from[ \t][^\n;]*|import\b[^\n;]*|from[ \t]+[\w.]+[ \t]+import[ \t]*\([^)]*)\Z")
_IN_JAVASCRIPT_IMPORT = re.compile(
    r"(?:^|\n)[ \t]*(?:import\b(?!\s*[.(])(?:[^\n;]*|[^;{}'\"]*\{[^}]*)"
    r"|export[ \t]+(?:type[ \t]+)?\{[^}]*|(?:const|let|var)[ \t]*\{[^}\n]*)\Z"
)
_SEEN_OF_IMPORT = 2_000


@dataclass(frozen=True)
class Item:
    """A name that is offered."""

    name: str
    fit: Fit
    tier: int
    """How near it is: 0 here, 1 in this document, 2 in what it imports, 3 beside it, 4 elsewhere; behind a dot, how sure its class is."""
    location: Location | None = None
    """Where it is defined; None for a word of the document."""
    import_insertion: Insertion | None = None
    """What else to insert so that the document knows it. Only of items that come with their details."""
    is_detailed: bool = False
    """Whether documentation and import are final; otherwise `resolve` has more to say."""


@dataclass(frozen=True)
class Offer:
    """Items in their order; each replaces `snapshot.text[start:end]`."""

    start: int
    end: int
    items: tuple[Item, ...]
    may_import: bool
    """Whether taking an item may add an import; not where an import is just being written."""


@dataclass(frozen=True)
class Resolved:
    """What an item has to say once somebody looks at it."""

    location: Location
    import_insertion: Insertion | None


async def offer(workspace: Workspace, snapshot: Snapshot, offset: int, settings: Settings, *, in_detail: bool = False) -> Offer | None:
    """Return names that fit what was typed; None where none are wanted. The index has 80 ms, then the document's names are all.

    Args:
        workspace: Asked for definitions.
        snapshot: The document.
        offset: The caret.
        settings: Say whether and where names are offered.
        in_detail: Give the first items their documentation and imports at once, for editors that cannot ask for them later.
    """
    word = word_before(snapshot.text, offset, snapshot.language)
    if not worth_offering(snapshot, word, settings):
        return None
    line, _ = snapshot.position_at(offset, "utf-8")
    may_import = not word.receiver and not _is_in_import(snapshot, offset)
    used = names_used(snapshot.text, word, snapshot.language)
    params = {
        "language": snapshot.language,
        "typed": word.text,
        "line": line,
        "receiver": word.receiver,
        "limit": MOST_OF_WORKSPACE,
        "n_detailed": DETAILED_AT_ONCE if in_detail else 0,
    }
    found = await workspace.ask(snapshot.uri, "completions", params, timeout_s=INDEX_WAIT_S)
    place = workspace.place_of(snapshot.uri)
    path = place[1] if place else ""
    defined = _defined(found, snapshot, path, word, may_import=may_import)
    return Offer(word.start, word.end, tuple(_merged(used, defined, path)[:MOST_ITEMS]), may_import)


def worth_offering(snapshot: Snapshot, word: Word, settings: Settings) -> bool:
    """Say whether names are wanted at the end of this word.

    Never in a file that holds secrets, in comments, texts and prose, inside a word or behind a number.
    """
    completion = settings.completion
    if not (completion.enabled and completion.symbols) or snapshot.language in completion.disabled_languages:
        return False
    if snapshot.language in PROSE or privacy.is_secret_path(snapshot.path) or len(word.text) > LONGEST_WORD:
        return False
    following = snapshot.text[word.end : word.end + 1]
    if following.isalnum() or following == "_" or word.text[:1].isdigit() or word.receiver.isdigit():
        return False
    if not word.receiver and (len(word.text) < SHORTEST or _NAMING.search(snapshot.text[max(word.start - 40, 0) : word.start])):
        return False
    return is_code(snapshot.text, word.start, snapshot.language)


async def resolve(
    workspace: Workspace,
    snapshot: Snapshot | None,
    uri: str,
    target: str,
    qualified_name: str,
    *,
    may_import: bool,
    word_start: int | None = None,
) -> Resolved | None:
    """Return what is known of a definition now, and the import for the document as it is now; None if it is gone.

    Args:
        workspace: Asked.
        snapshot: The document, None if it is no longer open.
        uri: The document's.
        target: The file that defines it.
        qualified_name: What it defines.
        may_import: As the item's `Offer` said.
        word_start: Where the item is inserted, which no import may touch.
    """
    place = workspace.place_of(uri)
    if place is None:
        return None
    params = {"language": snapshot.language if snapshot else "", "target": target, "qualified_name": qualified_name}
    detail = await workspace.ask(uri, "definition", params, timeout_s=RESOLVE_TIMEOUT_S)
    replaced = None
    if snapshot is not None and word_start is not None:
        # It may have become longer since, or be the whole name already.
        word = word_around(snapshot.text, word_start, snapshot.language)
        replaced = (word_start, max(word_start, word.end if word else 0))
    return _resolved(detail, snapshot if may_import else None, place[1], replaced)


def _is_in_import(snapshot: Snapshot, offset: int) -> bool:
    """Whether an import, or what looks like one, is being written at the offset."""
    pattern = _IN_PYTHON_IMPORT if snapshot.language == "python" else _IN_JAVASCRIPT_IMPORT
    return pattern.search(snapshot.text, max(offset - _SEEN_OF_IMPORT, 0), offset) is not None


def _resolved(detail: Any, snapshot: Snapshot | None, path: str, replaced: tuple[int, int] | None) -> Resolved | None:
    match detail:
        case {"location": dict(location), "module": str(module), "exported": str(exported)}:
            definition = wire.location_of(location)
            target = Target(definition.path, definition.symbol.name, module, exported)
            can_be_imported = definition.symbol.parent is None and (module or exported)
            if snapshot is None or not can_be_imported:
                return Resolved(definition, None)
            return Resolved(definition, insertion(snapshot.language, path, snapshot.text, target, replaced=replaced))
    return None


def _defined(found: Any, snapshot: Snapshot, path: str, word: Word, *, may_import: bool) -> Iterable[Item]:
    """Items of an answer of the index; none of one that makes no sense."""
    items = found.get("items") if isinstance(found, dict) else None
    for value in items if isinstance(items, list) else ():
        match value:
            case {"location": dict(location), "tier": int(tier), "detail": detail}:
                definition = wire.location_of(location)
                fit = fit_of(word.text, definition.symbol.name)
                # Without a dot the nearest tier is that of the document's own names.
                item = Item(definition.symbol.name, fit or Fit.PREFIX, tier if word.receiver else tier + 1, definition)
                resolved = _resolved(detail, snapshot if may_import else None, path, (word.start, word.end))
                if resolved is not None:
                    item = replace(item, location=resolved.location, import_insertion=resolved.import_insertion, is_detailed=True)
                yield item


def _merged(used: Sequence[UsedName], defined: Iterable[Item], path: str) -> list[Item]:
    """One item of each name, best first: by fit, then by tier, then as each of the two had them."""
    items = {each.name: Item(each.name, each.fit, each.tier) for each in used}
    for item in defined:
        known = items.get(item.name)
        if known is None:
            items[item.name] = item
        elif (item.location is not None and item.location.path == path) or item.tier <= 2 or is_telling(item.name):
            # A plain word of the document is more likely a variable than what has the same name elsewhere.
            items[item.name] = replace(item, fit=known.fit, tier=min(known.tier, item.tier))
    return sorted(items.values(), key=lambda item: (item.fit, item.tier))
