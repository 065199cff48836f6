"""Which code actions there are at a place, and what one of them changes: worked out when it is chosen, and checked before it is shown."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from recoder_lsp import privacy
from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.errors import RecoderError
from recoder_lsp.features import chat_buffer
from recoder_lsp.features.actions import (
    branches,
    docstring,
    extract_function,
    extract_variable,
    f_string,
    inline_variable,
    new_test,
    rename,
)
from recoder_lsp.features.actions.imports import missing, organising, removing
from recoder_lsp.features.actions.offering import Diagnostic, Offer, Site
from recoder_lsp.features.edits import Change, Edit, FileChange, applied, require_sound, smallest
from recoder_lsp.features.import_scan import line_break_of
from recoder_lsp.features.syntax_thread import SyntaxThread
from recoder_lsp.index.process.workspace import Workspace
from recoder_lsp.index.syntax.parser import Parser
from recoder_lsp.index.syntax.tree import SyntaxTree
from recoder_lsp.language import gettext
from recoder_lsp.logs import log_bug
from recoder_lsp.metrics import Metrics

SyntaxProvider = Callable[[Site], Iterable[Offer]]
"""Looks at the document alone, on the syntax thread."""
IndexProvider = Callable[[Site, Workspace], Awaitable[Sequence[Offer]]]
"""Asks the index, on the event loop."""
ModelProvider = Callable[[Site, Settings], Iterable[Offer]]
"""Looks at the document and at which models there are, on the syntax thread."""

SYNTAX_PROVIDERS: tuple[SyntaxProvider, ...] = (
    *(chat_buffer.offers, removing.offers, organising.offers),
    *(extract_variable.offers, extract_function.offers, inline_variable.offers, f_string.offers, branches.offers, rename.offers),
)
INDEX_PROVIDERS: tuple[IndexProvider, ...] = (missing.offers, docstring.offers, new_test.offers, branches.offers_by_index)

# Editors ask at every move of the cursor. Whoever asked by hand waits longer.
INDEX_TIMEOUT_S, INVOKED_TIMEOUT_S = 0.3, 2.0
REMEMBERED = 16

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """One question for code actions: where, about what, and which kinds."""

    snapshot: Snapshot
    start: int
    end: int
    diagnostics: tuple[Diagnostic, ...] = ()
    only: tuple[str, ...] = ()
    """Kinds that are wanted, with all that begin like them; empty for all but those that concern the whole file."""
    invoked: bool = False
    """Whether the user asked, and not the editor by itself."""
    indent: str | None = None


@dataclass(frozen=True)
class Offered:
    """An offer with the number by which it can be asked for again."""

    number: int
    site: Site
    offer: Offer


class CodeActions:
    """Owned by the event loop."""

    def __init__(
        self,
        syntax: SyntaxThread,
        workspace: Workspace,
        metrics: Metrics,
        by_syntax: Sequence[SyntaxProvider] = SYNTAX_PROVIDERS,
        by_index: Sequence[IndexProvider] = INDEX_PROVIDERS,
        by_models: ModelProvider | None = None,
    ) -> None:
        self._syntax, self._workspace, self._metrics = syntax, workspace, metrics
        self._by_syntax, self._by_index, self._by_models = by_syntax, by_index, by_models
        self._numbers = itertools.count(1)
        self._recent: deque[list[Offered]] = deque(maxlen=REMEMBERED)

    async def offered(self, asked: Asked, settings: Settings) -> list[Offered]:
        """Return what can be done, the obvious first; remembered for a while, for `change_of`."""
        snapshot = asked.snapshot
        if not settings.actions.enabled or privacy.is_secret_path(snapshot.path):
            return []
        found = await self._syntax.with_tree(snapshot, lambda tree: self._by_syntax_at(_site(asked, tree), settings))
        if found is None:
            return []
        site, offers = found
        timeout_s = INVOKED_TIMEOUT_S if asked.invoked or asked.only else INDEX_TIMEOUT_S
        answers = await asyncio.gather(*(self._asked_index(provider, site, timeout_s) for provider in self._by_index))
        offers += itertools.chain.from_iterable(answers)
        wanted = [offer for offer in offers if is_wanted(offer.kind, asked.only)]
        wanted.sort(key=lambda offer: (bool(offer.disabled), not offer.fixes, not offer.is_preferred))
        return self._remembered(site, wanted)

    def again(self, number: int) -> Offered | None:
        """Return an offer made before; None when it is too long ago."""
        return next((offered for made in self._recent for offered in made if offered.number == number), None)

    async def change_of(self, offered: Offered) -> Change:
        """Return what the offer changes, with the document's line breaks, as small as it can be, and sound.

        Raises:
            Refused: It would break something, or cannot be done after all.
            RecoderError: It is done by a command.
        """
        work_out = offered.offer.change
        if work_out is None:
            raise RecoderError(gettext("This action is run as a command."))
        return await self._syntax.run(lambda parser: finished(parser, offered.site.snapshot, work_out()))

    def forget(self, uri: str) -> None:
        """The document was closed."""
        kept = [made for made in self._recent if not made or made[0].site.snapshot.uri != uri]
        self._recent = deque(kept, maxlen=REMEMBERED)

    def _by_syntax_at(self, site: Site, settings: Settings) -> tuple[Site, list[Offer]]:
        offers: list[Offer] = []
        providers = list(self._by_syntax)
        if (by_models := self._by_models) is not None:
            providers.append(lambda site: by_models(site, settings))
        for provider in providers:
            try:
                offers += provider(site)
            except Exception as error:
                self._failed(error)
        return site, offers

    async def _asked_index(self, provider: IndexProvider, site: Site, timeout_s: float) -> Sequence[Offer]:
        try:
            async with asyncio.timeout(timeout_s):
                return await provider(site, self._workspace)
        except TimeoutError:
            self._metrics.count("code_actions.late")
        except Exception as error:
            self._failed(error)
        return ()

    def _failed(self, error: Exception) -> None:
        # The others are worth showing nevertheless.
        self._metrics.count("errors.code_action")
        log_bug(log, "A code action failed", error)

    def _remembered(self, site: Site, offers: Sequence[Offer]) -> list[Offered]:
        """Give each its number; those of the last questions are kept."""
        made = [Offered(next(self._numbers), site, offer) for offer in offers]
        self._recent.append(made)
        return made


def is_wanted(kind: str, only: Sequence[str]) -> bool:
    """Whether a kind is one of those asked for or a special case of it; what concerns the whole file ("source") has to be asked for."""
    if not only:
        return not _is_of_kind(kind, "source")
    return any(_is_of_kind(kind, wanted) for wanted in only)


def finished(parser: Parser, snapshot: Snapshot, change: Change) -> Change:
    """Return a change with the line breaks of what it changes, without edits that change nothing, in order.

    Raises:
        Refused: A document would be more broken than before.
    """
    edits = _tidied(snapshot.text, change.edits)
    require_sound(parser, parser.language(snapshot.path, snapshot.language, snapshot.text), snapshot.text, edits)
    return Change(edits, tuple(_finished_file(parser, file) for file in change.others))


def _finished_file(parser: Parser, file: FileChange) -> FileChange:
    before = file.before or ""
    edits = _tidied(before, file.edits)
    path = Snapshot(file.uri, "", "", None).path
    require_sound(parser, parser.language(path, "", applied(before, edits)), before, edits)
    return replace(file, edits=edits)


def _tidied(text: str, edits: Iterable[Edit]) -> tuple[Edit, ...]:
    line_break = line_break_of(text)
    return tuple(part for edit in sorted(edits) for part in _smallest_of(text, edit, line_break))


def _smallest_of(text: str, edit: Edit, line_break: str) -> Iterator[Edit]:
    new = edit.text.replace("\r\n", "\n")
    new = new.replace("\n", line_break) if line_break != "\n" else new
    if edit.start == edit.end:
        if new:
            yield replace(edit, text=new)
        return
    yield from smallest(text[edit.start : edit.end], new, edit.start)


def _site(asked: Asked, tree: SyntaxTree) -> Site:
    return Site(asked.snapshot, asked.start, asked.end, tree, asked.diagnostics, asked.indent)


def _is_of_kind(kind: str, wanted: str) -> bool:
    return not wanted or kind == wanted or kind.startswith(wanted + ".")
