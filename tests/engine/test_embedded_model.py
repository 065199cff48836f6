"""The model that ships with the package, through the real engine."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest

import recoder_lsp
from recoder_lsp.config import EngineSettings
from recoder_lsp.engine import models
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.engine.runtime import ModelState, Runtime
from recoder_lsp.engine.scheduler import Priority, Scheduler
from recoder_lsp.metrics import Metrics

SOURCES = sorted(Path(recoder_lsp.__file__).parent.rglob("*.py"))


@pytest.fixture(scope="module")
def model() -> Iterator[LlamaModel]:
    model = LlamaModel.load(models.embedded(), context_tokens=0, threads=0)
    yield model
    model.close()


def evaluate(model: LlamaModel, tokens: list[int]) -> int:
    before = model.evaluated_tokens
    for _ in model.evaluate(tokens):
        pass
    return model.evaluated_tokens - before


def test_it_knows_how_to_fill_in(model: LlamaModel) -> None:
    special = model.special

    assert None not in (special.fim_prefix, special.fim_suffix, special.fim_middle, special.fim_repo, special.fim_separator)
    assert special.eos in model.end_tokens
    assert model.context_tokens >= 1024


def test_its_tokens_spell_source_code_byte_for_byte(model: LlamaModel) -> None:
    for source in SOURCES:
        text = source.read_text(encoding="utf-8")

        assert b"".join(model.piece(token) for token in model.tokenize(text)) == text.encode(), source


@pytest.mark.parametrize("text", ["\t\tx\r\n", "  # größe 你好 🦀\n", "</s><unk>▁ ▁", "\0\x0b\x0c\x85\u2028"])
def test_its_tokens_spell_any_text(model: LlamaModel, text: str) -> None:
    assert b"".join(model.piece(token) for token in model.tokenize(text)).decode() == text


def test_a_keystroke_costs_a_token_and_changes_no_logits(model: LlamaModel) -> None:
    # No file of the source is certain to be long enough.
    tokens = model.tokenize("".join(source.read_text(encoding="utf-8") for source in SOURCES))[:600]
    evaluate(model, tokens[:-1])
    warm = evaluate(model, tokens)
    with_reuse = model.logits
    evaluate(model, tokens[::-1])
    cold = evaluate(model, tokens)

    assert (warm, cold) == (1, 600)
    # A float16 cache and other batch shapes leave small differences.
    np.testing.assert_allclose(with_reuse, model.logits, atol=0.15)
    assert with_reuse.argmax() == model.logits.argmax()


async def test_a_cancelled_prefill_is_not_in_vain() -> None:
    scheduler = Scheduler()
    runtime = Runtime(scheduler, Metrics())
    runtime.ensure(EngineSettings())
    model = await runtime.loaded()
    tokens = (model.tokenize("def f(x):\n    return x\n") * 200)[:1000]
    first_slice = asyncio.Event()
    loop = asyncio.get_running_loop()

    def prefill() -> Generator[None, None, None]:
        for _ in model.evaluate(tokens):
            loop.call_soon_threadsafe(first_slice.set)
            yield

    request = asyncio.create_task(scheduler.run(prefill, priority=Priority.GHOST_TEXT))
    await first_slice.wait()
    request.cancel()
    await asyncio.wait([request])
    before = model.evaluated_tokens
    await scheduler.run(lambda: model.evaluate(tokens), priority=Priority.GHOST_TEXT)

    assert model.evaluated_tokens - before < 1000
    await runtime.close()
    scheduler.close()


async def test_it_is_loaded_and_measured_with_the_default_settings() -> None:
    states: list[ModelState] = []
    scheduler = Scheduler()
    runtime = Runtime(scheduler, Metrics(), states.append)
    runtime.ensure(EngineSettings())
    await runtime.loaded()
    await runtime.close()
    scheduler.close()

    assert [state.phase for state in states] == ["loading", "ready", "unloaded"]
    assert states[1].path == models.embedded()
    assert states[1].prefill_tokens_per_s
    assert states[1].decode_tokens_per_s
