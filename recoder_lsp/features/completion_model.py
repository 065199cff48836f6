"""The completion model with what is derived from it, once it is there; for those features that prompt it."""

from __future__ import annotations

import functools

from recoder_lsp.config import Settings
from recoder_lsp.engine.beam import Beam, beam_of
from recoder_lsp.engine.copying import trust_of
from recoder_lsp.engine.fim import Layout, Prompter
from recoder_lsp.engine.generation import Spelling
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.engine.runtime import Runtime


class Loaded:
    """A model that can be prompted. Made on the event loop, where it costs nothing; used on the engine thread alone."""

    def __init__(self, model: LlamaModel, layout: Layout | None) -> None:
        self.model = model
        self.prompter = Prompter(model, layout)
        self.trust: tuple[float, ...] = trust_of(model.metadata)
        self.beam: Beam | None = beam_of(model.metadata)

    @functools.cached_property
    def spelling(self) -> Spelling:
        """Its vocabulary by spelling; takes 10 ms the first time."""
        return Spelling(self.model)


class CompletionModel:
    """Owned by the event loop."""

    def __init__(self, runtime: Runtime, layout: Layout | None = None) -> None:
        """Args: `layout` overrides the order that the model states, to compare layouts."""
        self._runtime, self._layout = runtime, layout
        self._loaded: Loaded | None = None

    def ready(self, settings: Settings) -> Loaded | None:
        """Return the model that is loaded; None while there is none, which then begins to load."""
        model = self._runtime.ready()
        if model is None:
            self._loaded = None
            self._runtime.ensure(settings.engine)
            return None
        if self._loaded is None or self._loaded.model is not model:
            self._loaded = Loaded(model, self._layout)
        return self._loaded
