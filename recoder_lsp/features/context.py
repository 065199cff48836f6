"""Related code of the workspace for prompts: found in the background, and the same from one key to the next."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from recoder_lsp.document import Snapshot
from recoder_lsp.engine.fim import Snippet
from recoder_lsp.features.recent import Recent

# What the index gets to see of a document; it looks at fewer lines than that.
SEEN_CHARACTERS = 4_000
# A first answer is worth a short wait: it decides whether the first suggestion in a file knows its workspace.
FIRST_WAIT_S = 0.03
ANSWER_TIMEOUT_S = 1.0
# So long after a question without an answer the same line is asked about again.
RETRY_S = 1.0
# Within so many lines of where they were chosen, the snippets of the prompt stay: another head of the prompt costs a
# whole prefill, which is twenty times what a key costs otherwise.
STAYS_FOR_LINES = 40
IN_PROMPT, IN_PROMPT_LINES = 1, 10
# Before it stand so many pieces of what the user was at work on elsewhere.
RECENT_IN_PROMPT = 1


@dataclass(frozen=True)
class Context:
    """Related code at one place of a document. An empty one is what there is without an index."""

    by_index: tuple[Snippet, ...] = ()
    """What the index found, the least important one first."""
    recent: tuple[Snippet, ...] = ()
    """What the user was at work on elsewhere."""

    @property
    def in_prompt(self) -> tuple[Snippet, ...]:
        """For the model to read, the least important one first: it is the first to be left out."""
        return (*self.recent, *self.by_index)

    def with_recent(self, recent: tuple[Snippet, ...]) -> Context:
        """The same, where the user was at work on this before."""
        return self if recent == self.recent else replace(self, recent=recent)


class Index(Protocol):
    """What is asked: the workspace's index, which may have no answer."""

    async def ask(self, uri: str, method: str, params: dict[str, Any], *, timeout_s: float = ...) -> Any: ...


@dataclass
class _Known:
    context: Context
    answered_line: int | None = None
    """Where the caret was at the last question that was answered; None while none was."""
    chosen_at_line: int = 0
    chosen_at_turn: int = -1
    """How often the user had turned to another document by then."""
    retry_at: float = 0.0
    asking: asyncio.Task[None] | None = None


class ContextFinder:
    """Owned by the event loop; remembers one context for each open document."""

    def __init__(self, index: Index, recent: Recent | None = None) -> None:
        """Args:
        index: Is asked for what belongs to a place.
        recent: Knows where the user was at work before; without it only the index counts.
        """
        self._index, self._recent = index, recent or Recent()
        self._known: dict[str, _Known] = {}

    async def at(self, snapshot: Snapshot, offset: int) -> Context:
        """Return related code for this place, or for one that was asked about shortly before; the user is here now.

        Waits for the index only where nothing is known about the document yet, or about another part of it, and not for long.
        On another line than the last time, it is asked again, for the next key.
        """
        line = snapshot.text.count("\n", 0, offset)
        self._recent.visited(snapshot, offset)
        known = self._known.get(snapshot.uri)
        if known is None:
            known = self._known[snapshot.uri] = _Known(Context())
            known.asking = self._ask(known, snapshot, offset, line)
            await asyncio.wait([known.asking], timeout=FIRST_WAIT_S)
        elif (
            (known.answered_line != line or known.chosen_at_turn != self._recent.turns)
            and time.monotonic() >= known.retry_at
            and (known.asking is None or known.asking.done())
        ):
            known.asking = self._ask(known, snapshot, offset, line)
            if known.answered_line is not None and abs(line - known.answered_line) > STAYS_FOR_LINES:
                await asyncio.wait([known.asking], timeout=FIRST_WAIT_S)
        return known.context

    def visited(self, snapshot: Snapshot, offset: int) -> None:
        """Take note that the user is at work here."""
        self._recent.visited(snapshot, offset)

    def known(self, uri: str) -> Context:
        """Return what is known for a document already; nothing is asked."""
        known = self._known.get(uri)
        return known.context if known is not None else Context()

    def forget(self, uri: str) -> None:
        """Drop what is remembered of a closed document."""
        self._recent.closed(uri)
        self._drop(uri)

    def forget_all(self) -> None:
        """Drop everything that the index said: it may not be asked for, or not be there, any more."""
        for uri in list(self._known):
            self._drop(uri)

    def _drop(self, uri: str) -> None:
        known = self._known.pop(uri, None)
        if known is not None and known.asking is not None:
            known.asking.cancel()

    def _ask(self, known: _Known, snapshot: Snapshot, offset: int, line: int) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(self._find(known, snapshot, offset, line), name="related code")

    async def _find(self, known: _Known, snapshot: Snapshot, offset: int, line: int) -> None:
        text = snapshot.text
        params = {
            "language": snapshot.language,
            "before": text[max(offset - SEEN_CHARACTERS, 0) : offset],
            "after": text[offset : offset + SEEN_CHARACTERS],
            "keep": [{"path": snippet.path, "text": snippet.text} for snippet in known.context.by_index],
        }
        answer = await self._index.ask(snapshot.uri, "related", params, timeout_s=ANSWER_TIMEOUT_S)
        turned = known.chosen_at_turn != self._recent.turns
        # Back from another document everything is read anew in any case.
        recent = self._recent.elsewhere(snapshot, RECENT_IN_PROMPT) if turned else known.context.recent
        known.chosen_at_turn = self._recent.turns
        if answer is None:
            # The index is away for a moment, or not ready yet: what was true a moment ago will do.
            known.retry_at = time.monotonic() + RETRY_S
            known.context = known.context.with_recent(recent)
            return
        known.answered_line = line
        near = abs(line - known.chosen_at_line) <= STAYS_FOR_LINES
        stays = bool(known.context.by_index) and near and isinstance(answer, dict) and answer.get("kept") is True
        if stays:
            known.context = known.context.with_recent(recent)
        else:
            known.chosen_at_line = line
            known.context = Context(for_prompt(snippets_of(answer)), recent)


def snippets_of(answer: Any) -> list[Snippet]:
    """Read what the index said, best first; nothing where it said nothing."""
    found = answer.get("snippets", []) if isinstance(answer, dict) else []
    return [Snippet(snippet["path"], snippet["text"]) for snippet in found]


def for_prompt(snippets: Sequence[Snippet]) -> tuple[Snippet, ...]:
    """Choose what the model is to read, cut to what is worth its tokens; the best comes last, nearest to the file itself."""
    chosen = snippets[:IN_PROMPT]
    return tuple(Snippet(snippet.path, "\n".join(snippet.text.split("\n")[:IN_PROMPT_LINES])) for snippet in reversed(chosen))
