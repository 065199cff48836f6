"""A document with a caret, a model that knows what is intended, and ghost text between them."""

import asyncio
import threading

from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.features.experts import Switches
from recoder_lsp.features.inline_completion import InlineCompletion, Request
from recoder_lsp.metrics import Metrics
from tests.features.well_read import ReadyRuntime, WellReadModel

INTENDED = (
    "import os\n\ntotal = compute(values, scale)\nprint(total)\n\ndef area(r):\n    square = r * r\n    return 3 * square\n\nend = 1\n"
)
SETTINGS = Settings()
MODEL_ALONE = Switches(phrases=False, names=False, gate=False)


class Desk:
    """A document with a caret ▮, a model that knows what is intended, and the feature between them.

    The model is the only expert, and it is taken at its word.
    """

    def __init__(self, scheduler, model=None, settings=SETTINGS, switches=MODEL_ALONE, experience=None):
        self.model = model or WellReadModel(INTENDED)
        self.runtime = ReadyRuntime(self.model)
        self.metrics = Metrics()
        self.feature = InlineCompletion(scheduler, self.runtime, self.metrics, experience=experience, switches=switches)
        self.settings = settings

    async def suggest(self, text, **options):
        return await self.feature.suggest(request_at(text, **options), self.settings)

    async def all_texts(self, text, **options):
        """Return the texts of all suggestions."""
        return [suggestion.text for suggestion in await self.feature.suggestions(request_at(text, **options), self.settings)]

    async def completed(self, text, **options):
        """Return the document after the suggestion is taken, with the caret after it; None without one."""
        suggestion = await self.suggest(text, **options)
        document = text.replace("▮", "")
        return suggestion and f"{document[: suggestion.start]}{suggestion.text}▮{document[suggestion.end :]}"

    @property
    def generated(self):
        return self.count("generated")

    def count(self, name):
        """Return one of the metrics of ghost text."""
        return self.metrics.snapshot()["counts"].get(f"ghost_text.{name}", 0)


def request_at(text, *, uri="file:///w/a.py", language="python", **options):
    before, _, after = text.partition("▮")
    return Request(Snapshot(uri, language, before + after, 1), len(before), **options)


async def until(condition):
    """Let the engine thread and the event loop work until something is true."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for happens on another thread, too
            await asyncio.sleep(0.001)


class Gate:
    """Holds the model before its next step until the test opens it."""

    def __init__(self):
        self._reached, self._opened = threading.Event(), threading.Event()

    def wait(self):
        self._reached.set()
        assert self._opened.wait(10)

    async def reached(self):
        assert await asyncio.to_thread(self._reached.wait, 10)

    def open(self):
        self._opened.set()
