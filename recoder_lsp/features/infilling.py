"""Has the completion model fill one hole of a text: a docstring, a name, the next lines. Unlike ghost text, nobody types meanwhile."""

from __future__ import annotations

import functools
from collections.abc import Generator
from dataclasses import replace

from recoder_lsp.config import Settings
from recoder_lsp.engine.beam import search
from recoder_lsp.engine.cleaning import block_indentation
from recoder_lsp.engine.fim import Budget, Place
from recoder_lsp.engine.fitting import misfit
from recoder_lsp.engine.generation import Generated, Limits, generate
from recoder_lsp.engine.runtime import Runtime
from recoder_lsp.engine.scheduler import Priority, Scheduler
from recoder_lsp.features.completion_model import CompletionModel, Loaded

# What follows a hole says more about it than for a caret: of a docstring's function it is all of the body.
PREFIX_TOKENS, SUFFIX_TOKENS = 384, 384
MAX_SECONDS = 5.0


class Infilling:
    """Owned by the event loop."""

    def __init__(self, scheduler: Scheduler, runtime: Runtime) -> None:
        self._scheduler, self._runtime = scheduler, runtime
        self._completion_model = CompletionModel(runtime)

    def ready(self, settings: Settings) -> bool:
        """Say whether the model is there; where it is not, it begins to load."""
        return self._completion_model.ready(settings) is not None

    def name(self) -> str:
        """Return what the model calls itself; before it is loaded, what the setting says."""
        return self._runtime.state.name

    async def fill(
        self, place: Place, settings: Settings, *, priority: Priority, max_tokens: int, block: bool = False, key: str | None = None
    ) -> Generated:
        """Return what the model writes at a place, the likeliest first; waits for the model to load.

        What looks like a secret is left out of the prompt. Cancelling the await stops it.

        Args:
            place: The hole, with the text around it.
            settings: As they are.
            priority: How urgent it is.
            max_tokens: It stops there at the latest.
            block: Go on over lines, until one is indented no more than the line of the hole.
            key: As for `Scheduler.run`.

        Raises:
            RecoderError: There is no such model, or it failed.
            Superseded: A newer job with this key and priority took its place.
        """
        loaded = self._completion_model.ready(settings)
        while loaded is None:
            await self._runtime.loaded()
            loaded = self._completion_model.ready(settings)
        work = functools.partial(_filled, loaded, place, max_tokens, block)
        return await self._scheduler.run(work, priority=priority, key=key)


def _filled(loaded: Loaded, place: Place, max_tokens: int, block: bool) -> Generator[None, None, Generated]:
    """Run on the engine thread."""
    room = max(loaded.model.context_tokens - max_tokens - 64, 64)
    suffix_tokens = min(SUFFIX_TOKENS, room // 2)
    prompt = loaded.prompter.prompt(place, Budget(min(PREFIX_TOKENS, room - suffix_tokens), suffix_tokens))
    if block or loaded.beam is None:
        limits = Limits(max_tokens, MAX_SECONDS, block_indentation(place) if block else None)
        generated = yield from generate(loaded.model, loaded.spelling, prompt, limits, loaded.trust)
        # The beginning of the line that ended the block came, too.
        return replace(generated, text=generated.text.rpartition("\n")[0].rstrip()) if generated.ended_by == "dedent" else generated
    fits = functools.partial(misfit, place=place)
    return (yield from search(loaded.model, loaded.spelling, prompt, Limits(max_tokens, MAX_SECONDS), loaded.beam, fits, loaded.trust))
