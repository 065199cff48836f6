"""Which model is loaded: in the background, once, on the engine thread, and freed there too."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Generator
from dataclasses import replace
from pathlib import Path

import pytest

from recoder_lsp.config import EngineSettings
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.engine.models import ModelNotFound, ModelUnusable
from recoder_lsp.engine.runtime import RETRY_AFTER_S, ModelState, Runtime
from recoder_lsp.engine.scheduler import Priority, Scheduler
from recoder_lsp.errors import RecoderError
from recoder_lsp.metrics import Metrics
from tests.engine.hand_stepped import PATIENCE_S


class Clock:
    """Goes on by a millisecond each time it is looked at, and by as much as a test says."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


class Loader:
    """Opens the real tiny model, remembering when and where; waits for the test if it is told to, fails if it is told to."""

    def __init__(self) -> None:
        self.opened: list[LlamaModel] = []
        self.asked: list[tuple[int, int]] = []
        self.threads: set[str] = set()
        self.fails_with: Exception | None = None
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, path: Path, *, context_tokens: int, threads: int) -> LlamaModel:
        self.asked.append((context_tokens, threads))
        self.threads.add(threading.current_thread().name)
        self.begun.set()
        assert self.go_on.wait(PATIENCE_S)
        if self.fails_with is not None:
            raise self.fails_with
        self.opened.append(LlamaModel.load(path, context_tokens=context_tokens, threads=threads))
        return self.opened[-1]

    async def reached(self) -> None:
        assert await asyncio.to_thread(self.begun.wait, PATIENCE_S)


class Parts:
    """A runtime and everything around it."""

    def __init__(self) -> None:
        self.scheduler = Scheduler()
        self.metrics = Metrics()
        self.clock = Clock()
        self.loader = Loader()
        self.states: list[ModelState] = []
        self.change_threads: set[threading.Thread] = set()
        self.runtime = Runtime(self.scheduler, self.metrics, self._changed, load=self.loader, clock=self.clock)

    def phases(self) -> list[str]:
        return [state.phase for state in self.states]

    def _changed(self, state: ModelState) -> None:
        self.states.append(state)
        self.change_threads.add(threading.current_thread())


@pytest.fixture
async def parts() -> AsyncIterator[Parts]:
    parts = Parts()
    yield parts
    parts.loader.go_on.set()
    await parts.runtime.close()
    parts.scheduler.close()


@pytest.fixture
def settings(tiny_path: Path) -> EngineSettings:
    return EngineSettings(model=str(tiny_path), threads=1)


def is_closed(model: LlamaModel) -> bool:
    try:
        model.tokenize("x")
    except RecoderError:
        return True
    return False


async def test_nothing_is_loaded_until_somebody_asks(parts: Parts) -> None:
    assert parts.runtime.ready() is None
    assert parts.runtime.state == ModelState()
    assert not parts.scheduler.busy


async def test_a_model_is_loaded_in_the_background_and_measured(parts: Parts, settings: EngineSettings, tiny_path: Path) -> None:
    parts.loader.go_on.clear()
    parts.runtime.ensure(settings)
    await parts.loader.reached()
    while_loading = (parts.runtime.ready(), parts.runtime.state.phase)
    parts.loader.go_on.set()

    model = await parts.runtime.loaded()

    assert while_loading == (None, "loading")
    assert parts.runtime.ready() is model
    state = parts.runtime.state
    assert (state.phase, state.name, state.path) == ("ready", "Tiny test model", tiny_path)
    assert state.size_bytes == model.size_bytes
    assert state.prefill_tokens_per_s is not None
    assert state.decode_tokens_per_s is not None
    assert state.prefill_tokens_per_s > state.decode_tokens_per_s > 0


async def test_loading_happens_on_the_engine_thread_and_is_reported_on_the_event_loop(parts: Parts, settings: EngineSettings) -> None:
    parts.runtime.ensure(settings)
    await parts.runtime.loaded()

    assert parts.loader.threads == {"recoder-engine"}
    assert parts.change_threads == {threading.main_thread()}
    assert parts.phases() == ["loading", "ready"]


async def test_the_settings_reach_the_model(parts: Parts, settings: EngineSettings) -> None:
    parts.runtime.ensure(replace(settings, context_tokens=300))

    model = await parts.runtime.loaded()

    assert parts.loader.asked == [(300, 1)]
    assert model.context_tokens == 300


async def test_asking_again_loads_nothing_again(parts: Parts, settings: EngineSettings) -> None:
    parts.runtime.ensure(settings)
    parts.runtime.ensure(replace(settings))
    model = await parts.runtime.loaded()
    parts.runtime.ensure(settings)

    assert await parts.runtime.loaded() is model
    assert len(parts.loader.opened) == 1


async def test_other_settings_replace_the_model_and_free_the_old_one(parts: Parts, settings: EngineSettings) -> None:
    parts.runtime.ensure(settings)
    old = await parts.runtime.loaded()
    parts.runtime.ensure(replace(settings, context_tokens=300))
    at_once = parts.runtime.ready()

    new = await parts.runtime.loaded()

    assert at_once is None
    assert new is not old
    assert is_closed(old)
    assert not is_closed(new)


async def test_other_settings_while_loading_win_and_leave_no_model_behind(parts: Parts, settings: EngineSettings) -> None:
    parts.loader.go_on.clear()
    parts.runtime.ensure(settings)
    await parts.loader.reached()
    parts.runtime.ensure(replace(settings, context_tokens=300))
    parts.loader.go_on.set()

    model = await parts.runtime.loaded()

    assert model.context_tokens == 300
    assert [is_closed(each) for each in parts.loader.opened] == [True, False]
    assert parts.phases() == ["loading", "ready"]


async def test_a_missing_model_is_a_failure_with_a_hint(parts: Parts, settings: EngineSettings) -> None:
    parts.runtime.ensure(replace(settings, model="nowhere"))

    with pytest.raises(ModelNotFound):
        await parts.runtime.loaded()

    assert parts.runtime.ready() is None
    assert parts.runtime.state.phase == "failed"
    assert "nowhere" in parts.runtime.state.error
    assert parts.runtime.state.hint
    assert parts.metrics.snapshot()["counts"]["model_load_failed"] == 1


async def test_a_failed_load_is_tried_again_only_after_a_while(parts: Parts, settings: EngineSettings) -> None:
    parts.loader.fails_with = ModelUnusable("broken", "mend it")
    parts.runtime.ensure(settings)
    with pytest.raises(ModelUnusable):
        await parts.runtime.loaded()
    parts.loader.fails_with = None

    parts.runtime.ensure(settings)
    too_soon = len(parts.loader.asked)
    parts.clock.now += RETRY_AFTER_S
    parts.runtime.ensure(settings)
    await parts.runtime.loaded()

    assert too_soon == 1
    assert len(parts.loader.asked) == 2
    assert parts.phases() == ["loading", "failed", "loading", "ready"]


async def test_other_settings_are_tried_at_once_after_a_failure(parts: Parts, settings: EngineSettings) -> None:
    parts.runtime.ensure(replace(settings, model="nowhere"))
    with pytest.raises(ModelNotFound):
        await parts.runtime.loaded()

    parts.runtime.ensure(settings)

    assert not is_closed(await parts.runtime.loaded())


async def test_a_bug_while_loading_does_not_leave_it_loading_for_ever(parts: Parts, settings: EngineSettings) -> None:
    parts.loader.fails_with = KeyError("bug")
    parts.runtime.ensure(settings)

    with pytest.raises(KeyError):
        await parts.runtime.loaded()

    assert parts.runtime.state.phase == "failed"
    assert "KeyError" in parts.runtime.state.error


async def test_a_model_that_cannot_evaluate_is_a_failure_and_is_freed(
    parts: Parts, settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Generator[None, None, None]:
        raise RecoderError("The model could not read the text.")
        yield

    monkeypatch.setattr(LlamaModel, "evaluate", refuse)
    parts.runtime.ensure(settings)

    with pytest.raises(RecoderError, match="could not read"):
        await parts.runtime.loaded()

    assert is_closed(parts.loader.opened[0])


async def test_a_context_too_short_to_measure_is_no_failure(parts: Parts, settings: EngineSettings) -> None:
    parts.runtime.ensure(replace(settings, context_tokens=64))

    await parts.runtime.loaded()

    assert parts.runtime.state.phase == "ready"
    assert parts.runtime.state.prefill_tokens_per_s is None


async def test_waiting_for_a_model_that_nobody_asked_for_fails_at_once(parts: Parts) -> None:
    with pytest.raises(RecoderError):
        await parts.runtime.loaded()


async def test_giving_up_waiting_does_not_stop_the_loading(parts: Parts, settings: EngineSettings) -> None:
    parts.loader.go_on.clear()
    parts.runtime.ensure(settings)
    waiting = asyncio.create_task(parts.runtime.loaded())
    await parts.loader.reached()

    waiting.cancel()
    await asyncio.wait([waiting])
    parts.loader.go_on.set()

    assert not is_closed(await parts.runtime.loaded())


async def test_closing_frees_the_model_on_the_engine_thread(parts: Parts, settings: EngineSettings) -> None:
    parts.runtime.ensure(settings)
    model = await parts.runtime.loaded()

    await parts.runtime.close()
    parts.runtime.ensure(settings)

    assert is_closed(model)
    assert parts.runtime.ready() is None
    assert parts.phases() == ["loading", "ready", "unloaded"]


async def test_closing_while_loading_leaves_no_model_behind(parts: Parts, settings: EngineSettings) -> None:
    parts.loader.go_on.clear()
    parts.runtime.ensure(settings)
    await parts.loader.reached()

    closing = asyncio.create_task(parts.runtime.close())
    await asyncio.sleep(0)
    parts.loader.go_on.set()
    await closing

    assert all(is_closed(model) for model in parts.loader.opened)
    assert parts.runtime.state.phase == "unloaded"


async def test_closing_twice_or_after_the_scheduler_is_harmless(parts: Parts, settings: EngineSettings) -> None:
    parts.runtime.ensure(settings)
    await parts.runtime.loaded()
    parts.scheduler.close()

    await parts.runtime.close()
    await parts.runtime.close()

    assert parts.runtime.ready() is None


async def test_a_job_that_still_holds_a_replaced_model_gets_an_error_instead_of_a_crash(parts: Parts, settings: EngineSettings) -> None:
    parts.runtime.ensure(settings)
    old = await parts.runtime.loaded()
    parts.runtime.ensure(replace(settings, context_tokens=300))
    await parts.runtime.loaded()

    with pytest.raises(RecoderError, match="unloaded"):
        await parts.scheduler.run(lambda: old.evaluate([20, 21]), priority=Priority.GHOST_TEXT)


def test_an_event_loop_that_ends_while_loading_lets_the_next_one_load(settings: EngineSettings) -> None:
    async def ask_and_leave() -> None:
        parts.runtime.ensure(settings)
        await parts.loader.reached()

    async def ask_and_stay() -> bool:
        parts.runtime.ensure(settings)
        usable = not is_closed(await parts.runtime.loaded())
        await parts.runtime.close()
        return usable

    parts = Parts()
    asyncio.run(ask_and_leave())

    assert asyncio.run(ask_and_stay())
    parts.scheduler.close()


def test_importing_the_runtime_loads_nothing_heavy() -> None:
    import subprocess
    import sys

    heavy = "llama_cpp, numpy, torch, chromadb, sentence_transformers"
    script = f"import sys, recoder_lsp.engine.runtime; print([name for name in '{heavy}'.split(', ') if name in sys.modules])"

    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"
