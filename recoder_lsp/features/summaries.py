"""What a model says about functions that nobody has documented: made in the background, kept on disk, there at the next look.

A hover never waits for it. One function is described at a time, not while somebody types, and with long rests between.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from recoder_lsp import __version__
from recoder_lsp.config import Settings
from recoder_lsp.engine.chat import Writer
from recoder_lsp.engine.fim import Place
from recoder_lsp.engine.models import EMBEDDED
from recoder_lsp.engine.scheduler import Superseded
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.documentation.sentence import is_copied, sentence_of
from recoder_lsp.features.infilling import Infilling
from recoder_lsp.features.pacing import Pace
from recoder_lsp.features.prompts import Prompts
from recoder_lsp.features.router import Served, Task, serve
from recoder_lsp.language import english, gettext
from recoder_lsp.logs import log_bug
from recoder_lsp.metrics import Metrics
from recoder_lsp.redaction import REDACTED
from recoder_lsp.summary_store import Stored, SummariesLost, SummaryStore

LOOKED_AT_S = 0.3
"""Who only passes by on the way to another name wants nothing described."""

IDLE_S = 2.0
"""So long after the last key nobody types."""

RESTS = 9
"""So many times as long as a description took nothing is described: that leaves a tenth of the time, of the cores a model runs on."""

REMEMBERED = 256
PROMPT = "hover"
MOST_CHARACTERS = 400

# How documentation begins, for the model to go on; in Python it stands below the header.
_OPENERS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("rust", "swift", "csharp", "zig"), "/// "),
        **dict.fromkeys(("ruby", "shellscript", "elixir"), "# "),
        **dict.fromkeys(("lua", "haskell"), "-- "),
        "go": "// ",
    }
)
_PYTHON_HEADER = re.compile(r".*?^[ \t]*(?:async[ \t]+)?def\b.*?:[ \t]*(?:#[^\n]*)?\n", re.DOTALL | re.MULTILINE)
_SENTENCES = re.compile(r".*?[.!?](?=\s|$)", re.DOTALL)
MOST_SENTENCES = 3

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Subject:
    """A function that nobody has documented."""

    path: str
    language: str
    name: str
    text: str
    text_hash: str


@dataclass(frozen=True)
class Summary:
    """What a model says about a function, and who says it, as it is shown."""

    text: str
    origin: str


@dataclass(frozen=True)
class _Wish:
    subject: Subject
    settings: Settings
    done: Callable[[bool], None]


class Summaries:
    """Owned by the event loop. The store is read and written on one of asyncio's threads."""

    def __init__(
        self,
        store: SummaryStore,
        infilling: Infilling,
        prompts: Prompts,
        metrics: Metrics,
        *,
        pace: Callable[[Settings], Pace],
        writer: Writer,
        is_chat_loaded: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Args:
        store: What was said earlier.
        infilling: Fills in a docstring.
        prompts: Say what a chat model is asked.
        metrics: Count what is made.
        pace: Says whether anything may be done unasked.
        writer: The chat model.
        is_chat_loaded: Says whether it is loaded: who only looks at a name does not want a large model to be loaded for that.
        clock: For tests.
        """
        self._store, self._infilling, self._prompts, self._metrics = store, infilling, prompts, metrics
        self._pace, self._writer, self._is_chat_loaded, self._clock = pace, writer, is_chat_loaded, clock
        self._known: OrderedDict[tuple[str, str], Stored] = OrderedDict()
        self._next: _Wish | None = None
        self._asked: tuple[str, str] | None = None
        """What is being described."""
        self._task: asyncio.Task[None] | None = None
        self._typed_at = self._wished_at = self._rests_until = -1e9

    async def known(self, subject: Subject, settings: Settings) -> Summary | None:
        """Return what was said about a function as it is now; None where nothing was, or nothing worth showing."""
        source = self._source(settings)
        if source is None:
            return None
        key = (subject.text_hash, source.key)
        if key not in self._known:
            try:
                stored = await asyncio.to_thread(self._store.get, *key)
            except SummariesLost as lost:
                log.info("%s", english(lost.message))
                return None
            if stored is None:
                return None
            self._remember(key, stored)
        return _shown(self._known[key], source)

    def wish(self, subject: Subject, settings: Settings, done: Callable[[bool], None]) -> None:
        """Have a function described, in place of what was wished before and is not begun.

        Args:
            subject: The function.
            settings: As they are.
            done: Called when a model was asked, and told whether there is something to be shown.
        """
        source = self._source(settings)
        if source is None or (source.tier == "chat" and not self._is_chat_loaded()):
            return
        key = (subject.text_hash, source.key)
        if key in self._known or key == self._asked or (self._next is not None and self._next.subject == subject):
            return
        self._next, self._wished_at = _Wish(subject, settings, done), self._clock()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work(), name="describe functions")

    def typed(self) -> None:
        """A key was pressed: describe nothing for a while, and give up what is being described."""
        self._typed_at = self._clock()
        self.stop()

    def stop(self) -> None:
        """Give up what is being described or wished."""
        self._next = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _source(self, settings: Settings) -> _Source | None:
        """Who is to be asked, by the settings."""
        wanted = settings.hover.model
        if wanted == "never":
            return None
        if self._writer.available(settings):
            return _Source("chat", settings.models.chat)
        if wanted == "always" or settings.engine.model != EMBEDDED:
            return _Source("infill", settings.engine.model)
        return None

    async def _work(self) -> None:
        while self._next is not None:
            while (seconds := self._too_early_s()) > 0:  # noqa: ASYNC110 - a later wish moves the time
                await asyncio.sleep(seconds)
            wish, self._next = self._next, None
            if self._pace(wish.settings) != "active":
                continue
            began = self._clock()
            try:
                found = await self._described(wish)
            except (RecoderError, Superseded) as error:
                log.info("A function was not described: %s", type(error).__name__)
                continue
            except Exception as error:
                # Whatever it is, the next hover is to be answered.
                log_bug(log, "Describing a function failed", error)
                return
            finally:
                self._asked = None
                self._rests_until = self._clock() + RESTS * (self._clock() - began)
            if found is not None:
                wish.done(bool(found.text))

    def _too_early_s(self) -> float:
        return max(self._wished_at + LOOKED_AT_S, self._typed_at + IDLE_S, self._rests_until) - self._clock()

    async def _described(self, wish: _Wish) -> Stored | None:
        """Ask a model and keep what it says; None where there is none."""
        subject, settings = wish.subject, wish.settings
        source = self._source(settings)
        if source is None:
            return None
        # It begins to load where it is not there.
        ready = source.tier == "infill" and self._infilling.ready(settings)
        key = self._asked = (subject.text_hash, source.key)
        served = serve(
            Task.HOVER,
            settings,
            chat_available=source.tier == "chat",
            completion_ready=ready,
            n_characters=len(subject.text),
        )
        if served.tier == "reflex":
            return None
        ask = self._explained if served.tier == "chat" else self._guessed
        stored = await ask(subject, settings, served)
        self._metrics.count(f"hover.described_by_{served.tier}")
        self._remember(key, stored)
        try:
            await asyncio.to_thread(self._store.put, *key, stored)
        except SummariesLost as lost:
            log.info("%s", english(lost.message))
        return stored

    async def _explained(self, subject: Subject, settings: Settings, served: Served) -> Stored:
        prompt = await self._prompts.load(PROMPT)
        turns = prompt.turns({"path": subject.path, "language": subject.language, "name": subject.name, "code": subject.text})
        reply = await self._writer.write(
            turns, settings, priority=served.priority, max_tokens=served.max_tokens, temperature=0.0, key=PROMPT
        )
        return Stored(_first_sentences(reply.text), reply.model)

    async def _guessed(self, subject: Subject, settings: Settings, served: Served) -> Stored:
        place = hole_for_documentation(subject)
        if place is None:
            return Stored("", self._infilling.name())
        generated = await self._infilling.fill(place, settings, priority=served.priority, max_tokens=served.max_tokens, key=PROMPT)
        sentence = sentence_of(generated.text)
        return Stored("" if is_copied(sentence, subject.text) else sentence, self._infilling.name())

    def _remember(self, key: tuple[str, str], stored: Stored) -> None:
        self._known[key] = stored
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


@dataclass(frozen=True)
class _Source:
    """Who is asked: a tier, and the setting that names its model."""

    tier: Literal["chat", "infill"]
    setting: str

    @property
    def key(self) -> str:
        """With another version of Recoder other questions are asked, and the embedded model is another one."""
        return f"{self.tier} {self.setting} {__version__}"


def hole_for_documentation(subject: Subject) -> Place | None:
    """Return the place where a function's documentation would stand, begun; None where that is not known."""
    path, text = "/".join(subject.path.split("/")[-3:]), subject.text
    if subject.language != "python":
        return Place(path, subject.language, _OPENERS.get(subject.language, "/** "), "\n" + text + "\n")
    header = _PYTHON_HEADER.match(text)
    if header is None:
        return None
    body = text[header.end() :]
    indentation = re.match(r"[ \t]*", body)
    opener = (indentation[0] if indentation else "") + '"""'
    return Place(path, subject.language, header[0] + opener, "\n" + body + "\n")


def _shown(stored: Stored, source: _Source) -> Summary | None:
    if not stored.text:
        return None
    if source.tier == "chat":
        return Summary(stored.text, gettext("written by {model}, a model on this machine; it may be wrong").format(model=stored.model))
    origin = gettext("guessed by {model}, a model for completion; it is often wrong")
    if source.setting == EMBEDDED:
        origin = gettext("guessed by {model}, a tiny model; it is often wrong")
    return Summary(stored.text, origin.format(model=stored.model))


def _first_sentences(text: str) -> str:
    """One to three sentences of what a chat model wrote, on one line; "" for what is no sentence."""
    plain = " ".join(text.replace("`", "").split())
    sentences = _SENTENCES.findall(plain)[:MOST_SENTENCES]
    kept = "".join(sentences).strip()
    while len(kept) > MOST_CHARACTERS and len(sentences) > 1:
        sentences.pop()
        kept = "".join(sentences).strip()
    return kept if len(kept) <= MOST_CHARACTERS and REDACTED not in kept else ""
