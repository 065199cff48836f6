"""Answers turns with the chat model of this machine: loads it on first use, lets more urgent work go first, frees it when idle."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from dataclasses import dataclass, field

from recoder_lsp.config import EngineSettings, Settings
from recoder_lsp.engine.chat import NoChatModel, PromptTooLong, Reply, Turn
from recoder_lsp.engine.chat_template import CHATML_STOPS, ChatTemplate, begins_with_thoughts
from recoder_lsp.engine.conversing import Answer, Bounds, converse
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.engine.models import EMBEDDED
from recoder_lsp.engine.runtime import Runtime
from recoder_lsp.engine.sampling import Sampling
from recoder_lsp.engine.scheduler import Priority, Scheduler
from recoder_lsp.engine.thoughts import Thoughts
from recoder_lsp.metrics import Metrics
from recoder_lsp.redaction import redact

IDLE_S = 15 * 60.0
MOST_SECONDS = 300.0
LEAST_ANSWER_TOKENS = 32
"""A prompt that leaves less room than this is too long."""
MOST_REMEMBERED = 16

log = logging.getLogger(__name__)


@dataclass
class _Loaded:
    """What goes with a model while it is loaded. For the engine thread alone."""

    model: LlamaModel
    template: ChatTemplate
    written: OrderedDict[str, tuple[int, ...]] = field(default_factory=OrderedDict)
    """The tokens of its last answers, so that they need not be read again when the conversation goes on."""

    def remember(self, answer: Answer) -> None:
        pieces = [self.model.piece(token) for token in answer.tokens]
        # A token without a text would be one that structures prompts.
        if all(pieces) and b"".join(pieces) == answer.text.encode():
            self.written[answer.text] = answer.tokens
            self.written.move_to_end(answer.text)
        while len(self.written) > MOST_REMEMBERED:
            self.written.popitem(last=False)


class ChatModel:
    """The `Writer` of this machine. Its methods belong to the event loop.

    What they ask of the model runs on the engine thread, which owns `_loaded`.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        runtime: Runtime,
        metrics: Metrics,
        *,
        seed: int | None = None,
        idle_s: float = IDLE_S,
        most_seconds: float = MOST_SECONDS,
    ) -> None:
        """Load nothing yet.

        Args:
            scheduler: Runs the model, beside that of completion.
            runtime: Of the role "chat".
            metrics: Counts what is answered.
            seed: Makes what is left to chance come out the same each time.
            idle_s: After this long without a question the model is freed.
            most_seconds: How long the model may write one answer.
        """
        self._scheduler, self._runtime, self._metrics = scheduler, runtime, metrics
        self._seed, self._idle_s, self._most_seconds = seed, idle_s, most_seconds
        self._wanted: EngineSettings | None = None
        self._n_users = 0
        self._idle: asyncio.TimerHandle | None = None
        self._loaded: _Loaded | None = None

    def available(self, settings: Settings) -> bool:
        """Say whether a chat model is named; it may still have to load."""
        # The embedded model completes code and understands no questions.
        return settings.models.chat not in ("", EMBEDDED)

    def name(self, settings: Settings) -> str:
        """Return what the model calls itself, its setting until it is loaded, "" where there is none."""
        if not self.available(settings):
            return ""
        state = self._runtime.state
        return state.name if self._wanted == _engine_settings(settings) and state.name else settings.models.chat

    def configure(self, settings: Settings) -> None:
        """Free the model when the settings do not name it any more."""
        if self._wanted is not None and self._wanted != _engine_settings(settings):
            self._wanted = None
            self._runtime.unload()

    def close(self) -> None:
        """Wait for idleness no longer."""
        if self._idle is not None:
            self._idle.cancel()

    async def room(self, settings: Settings) -> int:
        """Return how many tokens the model's context holds, as `Writer.room`."""
        async with self._using(settings) as model:
            return model.context_tokens

    async def lengths(self, texts: Sequence[str], settings: Settings) -> list[int]:
        """Return how many of its tokens each text has, as `Writer.lengths`."""
        async with self._using(settings) as model:
            # It takes milliseconds. At any other priority, an edit would have to wait for the chat or edit that it is to stop or to pause.
            return await self._scheduler.run(lambda: _lengths(model, texts), priority=Priority.GHOST_TEXT)

    async def write(
        self,
        turns: Sequence[Turn],
        settings: Settings,
        *,
        priority: Priority,
        max_tokens: int,
        temperature: float | None = None,
        on_text: Callable[[str], None] | None = None,
        key: str | None = None,
    ) -> Reply:
        """Return what the model says next, as `Writer.write`."""
        if temperature is None:
            temperature = settings.models.chat_temperature_percent / 100
        sampling = Sampling(temperature, seed=self._seed)
        listening = _Listening(on_text)
        async with self._using(settings) as model:
            try:
                reply = await self._scheduler.run(
                    lambda: self._writing(model, turns, sampling, max_tokens, listening.hear), priority=priority, key=key
                )
            finally:
                listening.stop()
        self._metrics.observe("chat.prompt", reply.prompt_ms)
        self._metrics.observe("chat.decode", reply.decode_ms)
        log.info(
            "answered %d turns: read %d of %d tokens in %.0f ms, wrote %d in %.0f ms, until %s",
            *(len(turns), reply.evaluated_tokens, reply.prompt_tokens, reply.prompt_ms, reply.decoded_tokens, reply.decode_ms),
            reply.ended_by,
        )
        return reply

    @contextlib.asynccontextmanager
    async def _using(self, settings: Settings) -> AsyncIterator[LlamaModel]:
        """Have the model loaded, and keep it while this is entered."""
        if not self.available(settings):
            raise NoChatModel
        self.close()
        self._n_users += 1
        try:
            self._wanted = _engine_settings(settings)
            self._runtime.ensure(self._wanted)
            yield await self._runtime.loaded()
        finally:
            self._n_users -= 1
            if self._n_users == 0:
                self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._runtime.unload)

    def _writing(
        self, model: LlamaModel, turns: Sequence[Turn], sampling: Sampling, max_tokens: int, on_text: Callable[[str], None]
    ) -> Generator[None, None, Reply]:
        """Run on the engine thread."""
        if self._loaded is None or self._loaded.model is not model:
            self._loaded = _Loaded(model, ChatTemplate.of(model))
        loaded = self._loaded
        # Whoever asks has redacted what it quotes; no secret gets past this door either.
        parts = loaded.template.parts([Turn(turn.role, redact(turn.content)) for turn in turns])
        prompt = loaded.template.tokens(parts, model, loaded.written)
        room = model.context_tokens - len(prompt)
        if room < (least := min(max_tokens, LEAST_ANSWER_TOKENS)):
            raise PromptTooLong(least - room)
        bounds = Bounds(min(max_tokens, room), self._most_seconds, () if loaded.template.is_its_own else CHATML_STOPS)
        answer = yield from converse(model, prompt, sampling, bounds, Thoughts(begun=begins_with_thoughts(parts)), on_text)
        loaded.remember(answer)
        return Reply(
            text=answer.text,
            ended_by=answer.ended_by,
            model=model.name,
            prompt_tokens=len(prompt),
            evaluated_tokens=answer.evaluated_tokens,
            decoded_tokens=len(answer.tokens),
            prompt_ms=answer.prompt_ms,
            decode_ms=answer.decode_ms,
        )


class _Listening:
    """Brings text from the engine thread to the event loop, until it is stopped."""

    def __init__(self, on_text: Callable[[str], None] | None) -> None:
        self._on_text = on_text
        self._loop = asyncio.get_running_loop()

    def hear(self, text: str) -> None:
        """For the engine thread."""
        if self._on_text is not None:
            self._loop.call_soon_threadsafe(self._pass_on, text)

    def stop(self) -> None:
        self._on_text = None

    def _pass_on(self, text: str) -> None:
        if self._on_text is not None:
            self._on_text(text)


def _engine_settings(settings: Settings) -> EngineSettings:
    return EngineSettings(model=settings.models.chat, threads=settings.engine.threads, context_tokens=settings.models.chat_context_tokens)


def _lengths(model: LlamaModel, texts: Sequence[str]) -> Generator[None, None, list[int]]:
    lengths = []
    for text in texts:
        lengths.append(len(model.tokenize(text)))
        yield
    return lengths
