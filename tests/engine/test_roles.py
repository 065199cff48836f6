"""Two models side by side: one completes, one chats."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from recoder_lsp.config import EngineSettings
from recoder_lsp.engine.llama import SLICE_TOKENS, LlamaModel
from recoder_lsp.engine.models import ModelNotFound, ModelUnusable
from recoder_lsp.engine.runtime import CHAT, LEAST_SLICE_TOKENS, ModelState, Role, Runtime
from recoder_lsp.engine.scheduler import Priority, Scheduler
from recoder_lsp.errors import RecoderError
from recoder_lsp.metrics import Metrics
from tests.engine.hand_stepped import PATIENCE_S, until


class Parts:
    """A runtime for each role, on one engine thread."""

    def __init__(self) -> None:
        self.scheduler = Scheduler()
        self.states: list[ModelState] = []
        self.completion = Runtime(self.scheduler, Metrics(), self.states.append)
        self.chat = Runtime(self.scheduler, Metrics(), self.states.append, role=CHAT)


@pytest.fixture
async def parts() -> AsyncIterator[Parts]:
    parts = Parts()
    yield parts
    await parts.completion.close()
    await parts.chat.close()
    parts.scheduler.close()


@pytest.fixture
def settings(tiny_path: Path) -> EngineSettings:
    return EngineSettings(model=str(tiny_path), threads=1)


async def test_both_load_at_the_same_time_and_say_which_they_are(parts: Parts, settings: EngineSettings) -> None:
    parts.completion.ensure(settings)
    parts.chat.ensure(settings)

    one, other = await parts.completion.loaded(), await parts.chat.loaded()

    assert one is not other
    assert [(state.role, state.phase) for state in parts.states[:2]] == [("completion", "loading"), ("chat", "loading")]
    assert {(state.role, state.phase) for state in parts.states[2:]} == {("completion", "ready"), ("chat", "ready")}


async def test_each_has_a_memory_of_its_own(parts: Parts, settings: EngineSettings) -> None:
    parts.completion.ensure(settings)
    parts.chat.ensure(settings)
    one, other = await parts.completion.loaded(), await parts.chat.loaded()

    await parts.scheduler.run(lambda: one.evaluate([20, 21, 22]), priority=Priority.GHOST_TEXT)
    await parts.scheduler.run(lambda: other.evaluate([30, 31]), priority=Priority.CHAT)

    assert (one.cached_tokens, other.cached_tokens) == (3, 2)


async def test_what_is_wrong_with_a_chat_model_is_said_in_its_own_settings(parts: Parts, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(b"GGUF")
    parts.chat.ensure(EngineSettings(model=str(damaged)))

    with pytest.raises(ModelUnusable) as failure:
        await parts.chat.loaded()

    assert "damaged" in failure.value.message
    assert failure.value.hint == parts.chat.state.hint == CHAT.hint


async def test_a_model_that_does_not_fit_beside_the_other_is_refused(
    parts: Parts, settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recoder_lsp.engine.opening.available_memory_bytes", lambda: 1000)
    parts.chat.ensure(settings)

    with pytest.raises(ModelUnusable, match="of memory") as failure:
        await parts.chat.loaded()

    assert "models.chat_context_tokens" in failure.value.hint


async def test_a_chat_model_that_is_put_right_is_there_for_the_next_question(parts: Parts, tiny_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "late.gguf"
    settings = EngineSettings(model=str(path), threads=1)
    parts.chat.ensure(settings)
    with pytest.raises(ModelNotFound):
        await parts.chat.loaded()
    path.symlink_to(tiny_path)

    parts.chat.ensure(settings)

    assert (await parts.chat.loaded()).path == path


async def test_a_model_can_be_freed_and_comes_back_when_it_is_wanted(parts: Parts, settings: EngineSettings) -> None:
    parts.chat.ensure(settings)
    freed = await parts.chat.loaded()

    parts.chat.unload()
    at_once = (parts.chat.ready(), parts.chat.state.phase)
    parts.chat.ensure(settings)
    again = await parts.chat.loaded()

    assert at_once == (None, "unloaded")
    with pytest.raises(RecoderError, match="unloaded"):
        freed.tokenize("x")
    assert again.tokenize("x")


async def test_freeing_it_while_it_loads_leaves_no_model_behind(tiny_path: Path) -> None:
    opened: list[LlamaModel] = []
    go_on = threading.Event()

    def load(path: Path, *, context_tokens: int, threads: int) -> LlamaModel:
        opened.append(LlamaModel.load(path, context_tokens=context_tokens, threads=threads))
        assert go_on.wait(PATIENCE_S)
        return opened[-1]

    scheduler = Scheduler()
    runtime = Runtime(scheduler, Metrics(), role=CHAT, load=load)
    runtime.ensure(EngineSettings(model=str(tiny_path), threads=1))
    await until(lambda: bool(opened))

    runtime.unload()
    go_on.set()
    await until(lambda: is_closed(opened[0]))

    assert runtime.state.phase == "unloaded"
    with pytest.raises(RecoderError, match="unloaded"):
        await runtime.loaded()
    await runtime.close()
    scheduler.close()


def is_closed(model: LlamaModel) -> bool:
    try:
        model.tokenize("x")
    except RecoderError:
        return True
    return False


async def test_freeing_what_was_never_loaded_is_harmless(parts: Parts) -> None:
    parts.chat.unload()

    assert parts.states == []
    assert not parts.scheduler.busy


@pytest.mark.parametrize(("slice_s", "slice_tokens"), [(1e-9, LEAST_SLICE_TOKENS), (1e9, SLICE_TOKENS), (None, SLICE_TOKENS)])
async def test_a_slow_model_is_read_in_smaller_slices_where_others_wait_for_it(
    settings: EngineSettings, slice_s: float | None, slice_tokens: int
) -> None:
    scheduler = Scheduler()
    runtime = Runtime(scheduler, Metrics(), role=Role("chat", slice_s=slice_s))
    runtime.ensure(settings)
    model = await runtime.loaded()

    n_yields = sum(1 for _ in model.evaluate(range(20, 20 + 2 * SLICE_TOKENS)))

    assert model.slice_tokens == slice_tokens
    assert n_yields == 2 * SLICE_TOKENS // slice_tokens - 1
    await runtime.close()
    scheduler.close()
