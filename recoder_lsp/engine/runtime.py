"""Knows which model is loaded for completion, and which for chat; loads it in the background on first use and measures it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from recoder_lsp.config import EngineSettings
from recoder_lsp.engine.llama import SLICE_TOKENS, LlamaModel
from recoder_lsp.engine.models import ModelNotFound, ModelUnusable, resolve
from recoder_lsp.engine.scheduler import Priority, Scheduler, Superseded
from recoder_lsp.errors import RecoderError
from recoder_lsp.language import gettext, marked
from recoder_lsp.metrics import Metrics

RETRY_AFTER_S = 60.0
# A large model can be in the middle of being read from a slow disk, which cannot be interrupted.
UNLOAD_TIMEOUT_S = 3.0
MEASURED_SLICES = 2
MEASURED_STEPS = 8
# How long a slice of a chat model may hold up ghost text; with fewer tokens it reads a quarter slower (docs/measurements.md, chat).
CHAT_SLICE_S, LEAST_SLICE_TOKENS = 0.1, 16

Phase = Literal["unloaded", "loading", "ready", "failed"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Role:
    """What a model is for.

    `hint` is what to do when its file cannot be used, where that is not what the error says; `slice_s` how long it may be kept
    busy without asking who else wants to go first, None where everybody else can wait; a load that failed is tried again when
    somebody asks after `retry_after_s`.
    """

    name: str
    hint: str = ""
    slice_s: float | None = None
    retry_after_s: float = RETRY_AFTER_S


COMPLETION = Role("completion")
CHAT = Role(
    "chat",
    marked("Set models.chat to another instruct model in GGUF form; where memory is short, lower models.chat_context_tokens."),
    CHAT_SLICE_S,
    # Whoever asks wants an answer, and may have mended it.
    retry_after_s=0.0,
)


@dataclass(frozen=True)
class ModelState:
    """What can be said about the model of a role right now.

    `name` is the setting until the file has been read, then the model's own; `error` and `hint` are there when it failed.
    """

    name: str = ""
    phase: Phase = "unloaded"
    error: str = ""
    hint: str = ""
    path: Path | None = None
    size_bytes: int = 0
    prefill_tokens_per_s: float | None = None
    decode_tokens_per_s: float | None = None
    role: str = COMPLETION.name


class Loader(Protocol):
    """Opens a model file; `LlamaModel.load` outside of tests."""

    def __call__(self, path: Path, *, context_tokens: int, threads: int) -> LlamaModel: ...


class Runtime:
    """Holds the model of one role. Its methods belong to the event loop, none of them blocks.

    The model itself is opened, measured and freed on the engine thread, which owns `_held`.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        metrics: Metrics,
        on_change: Callable[[ModelState], None] | None = None,
        *,
        role: Role = COMPLETION,
        load: Loader = LlamaModel.load,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Load nothing yet. `on_change` is called on the event loop that called `ensure`."""
        self._scheduler = scheduler
        self._metrics = metrics
        self._on_change = on_change
        self._role = role
        self._load_file = load
        self._clock = clock
        self._state = ModelState(role=role.name)
        self._settings: EngineSettings | None = None
        self._model: LlamaModel | None = None
        self._task: asyncio.Task[None] | None = None
        self._freeing: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self._failed_at = 0.0
        self._closed = False
        self._held: LlamaModel | None = None

    @property
    def state(self) -> ModelState:
        return self._state

    def ready(self) -> LlamaModel | None:
        """Return the loaded model, None while there is none. The model is for jobs on the engine thread only."""
        return self._model

    def ensure(self, settings: EngineSettings) -> None:
        """See to it that the model these settings name gets loaded; returns at once.

        Other settings than before replace the model. A failed load is tried again after a while, which the role says.
        """
        if self._closed or (settings == self._settings and self._settled()):
            return
        if self._task is not None:
            self._task.cancel()
        self._settings = settings
        self._model = self._failure = None
        self._become(ModelState(name=settings.model, phase="loading"))
        self._task = asyncio.get_running_loop().create_task(self._load(settings), name="load model")

    async def loaded(self) -> LlamaModel:
        """Return the model that `ensure` asked for, when it is there.

        Raises:
            RecoderError: It could not be loaded, or nothing asked for one.
        """
        while self._state.phase == "loading" and self._task is not None and not self._task.done():
            await asyncio.wait([self._task])
        if self._model is not None:
            return self._model
        raise self._failure or RecoderError(gettext("No model is loaded."), gettext("See the log of the language server."))

    def unload(self) -> None:
        """Free the model, or stop loading it; returns at once. The next `ensure` loads it again."""
        if self._closed or self._settings is None:
            return
        if self._task is not None:
            self._task.cancel()
        self._model, self._failure = None, RecoderError(gettext("The model was unloaded."), gettext("Try again."))
        self._become(ModelState(name=self._settings.model))
        # Enqueued before whatever loads it again.
        self._freeing = asyncio.get_running_loop().create_task(self._free_soon(), name="unload model")

    async def close(self) -> None:
        """Stop loading and free the model; waits for the engine thread, at most UNLOAD_TIMEOUT_S."""
        self._closed = True
        self._model = None
        if self._settings is None:
            return
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._free_soon(), UNLOAD_TIMEOUT_S)
        self._become(ModelState(name=self._state.name))

    def _settled(self) -> bool:
        """Whether asking again for the same settings changes nothing."""
        if self._state.phase == "failed":
            return self._clock() - self._failed_at < self._role.retry_after_s
        return self._state.phase in ("loading", "ready")

    def _become(self, state: ModelState) -> None:
        state = replace(state, role=self._role.name)
        if state != self._state:
            self._state = state
            if self._on_change is not None:
                self._on_change(state)

    async def _load(self, settings: EngineSettings) -> None:
        started = self._clock()
        try:
            key = f"load {self._role.name} model"
            model, prefill, decode = await self._scheduler.run(lambda: self._loading(settings), priority=Priority.CHAT, key=key)
        except Superseded:
            return
        except asyncio.CancelledError:
            if self._settings is settings and self._state.phase == "loading":
                self._become(ModelState(name=settings.model))
            raise
        except Exception as error:
            # Whatever it is, the state must not say "loading" for ever.
            self._fail(settings, error)
            return
        self._metrics.observe("model_load", (self._clock() - started) * 1000)
        self._model = model
        self._become(
            ModelState(
                name=model.name,
                phase="ready",
                path=model.path,
                size_bytes=model.size_bytes,
                prefill_tokens_per_s=prefill,
                decode_tokens_per_s=decode,
            )
        )

    def _fail(self, settings: EngineSettings, error: Exception) -> None:
        self._metrics.count("model_load_failed")
        if self._role.hint and isinstance(error, ModelNotFound | ModelUnusable):
            error = type(error)(error.message, gettext(self._role.hint))
        self._failure, self._failed_at = error, self._clock()
        if isinstance(error, RecoderError):
            message, hint = error.message, error.hint
        else:
            log.error("loading the model failed", exc_info=error)
            message, hint = (
                gettext("The model could not be loaded ({problem}).").format(problem=type(error).__name__),
                gettext("See the log of the language server."),
            )
        self._become(ModelState(name=settings.model, phase="failed", error=message, hint=hint))

    def _loading(self, settings: EngineSettings) -> Generator[None, None, tuple[LlamaModel, float | None, float | None]]:
        """Run on the engine thread."""
        path = resolve(settings.model, os.environ)
        # The old one first: both together may not fit into memory.
        self._free()
        self._held = self._load_file(path, context_tokens=settings.context_tokens, threads=settings.threads)
        if self._role.slice_s is not None:
            self._held.slice_tokens = LEAST_SLICE_TOKENS
        try:
            prefill, decode = yield from _measure(self._held, self._clock)
        except BaseException:
            self._free()
            raise
        if self._role.slice_s is not None and prefill is not None:
            self._held.slice_tokens = min(max(round(prefill * self._role.slice_s), LEAST_SLICE_TOKENS), SLICE_TOKENS)
        return self._held, prefill, decode

    async def _free_soon(self) -> None:
        with contextlib.suppress(RecoderError):
            # A closed scheduler has no thread left that could free it; the process is about to end then.
            await self._scheduler.run(self._unloading, priority=Priority.GHOST_TEXT)

    def _unloading(self) -> Generator[None, None, None]:
        """Run on the engine thread."""
        self._free()
        yield from ()

    def _free(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None


def _measure(model: LlamaModel, clock: Callable[[], float]) -> Generator[None, None, tuple[float | None, float | None]]:
    """Return tokens per second read and written; 40 ms for the embedded model."""
    n_warm_up = model.slice_tokens
    n_read = n_warm_up + MEASURED_SLICES * model.slice_tokens
    if model.context_tokens < n_read + MEASURED_STEPS:
        return None, None
    # Any tokens do; a stride prime to most vocabulary sizes touches the embedding table all over.
    tokens = [place * 7919 % model.vocabulary_size for place in range(n_read + MEASURED_STEPS)]
    yield from _timed(model, tokens[:n_warm_up], clock)
    prefill = yield from _timed(model, tokens[:n_read], clock)
    steps = []
    for n_tokens in range(n_read + 1, len(tokens) + 1):
        steps.append((yield from _timed(model, tokens[:n_tokens], clock)))
        yield
    return _per_second([prefill]), _per_second(steps)


def _timed(model: LlamaModel, tokens: list[int], clock: Callable[[], float]) -> Generator[None, None, tuple[int, float]]:
    """Evaluate, and return how many tokens took how many seconds, pauses not counted."""
    evaluation = model.evaluate(tokens)
    n_evaluated, seconds, unfinished = 0, 0.0, True
    while unfinished:
        before, started = model.evaluated_tokens, clock()
        unfinished = next(evaluation, True) is None
        n_evaluated += model.evaluated_tokens - before
        seconds += clock() - started
        if unfinished:
            yield
    return n_evaluated, seconds


def _per_second(timings: list[tuple[int, float]]) -> float | None:
    n_tokens, seconds = (sum(column) for column in zip(*timings, strict=True))
    return round(n_tokens / seconds, 1) if seconds else None
