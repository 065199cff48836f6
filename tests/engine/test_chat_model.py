"""The chat model: asked by features, run on the engine thread beside ghost text, with llama.cpp behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from recoder_lsp.config import EngineSettings, ModelsSettings, Settings
from recoder_lsp.engine.chat import NoChatModel, PromptTooLong, Reply, Turn
from recoder_lsp.engine.chat_model import ChatModel
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.engine.models import ModelNotFound
from recoder_lsp.engine.runtime import CHAT, Runtime
from recoder_lsp.engine.scheduler import Priority, Scheduler, Superseded
from recoder_lsp.errors import RecoderError
from recoder_lsp.metrics import Metrics
from tests.engine.hand_stepped import PATIENCE_S, until
from tests.scripted_chat import endless_model, scripted_model

QUESTION = [Turn("system", "Be brief."), Turn("user", "Is it true?")]


class Parts:
    """A chat model and everything around it, with the model of ghost text beside it."""

    def __init__(self) -> None:
        self.scheduler, self.metrics = Scheduler(), Metrics()
        self.completion = Runtime(self.scheduler, self.metrics)
        self.runtime = Runtime(self.scheduler, self.metrics, role=CHAT)
        self.chat = ChatModel(self.scheduler, self.runtime, self.metrics)
        self.heard: list[str] = []
        self.first = asyncio.Event()

    def hear(self, text: str) -> None:
        self.heard.append(text)
        self.first.set()

    async def ask(self, settings: Settings, turns: list[Turn] = QUESTION, max_tokens: int = 100, key: str | None = None) -> Reply:
        return await self.chat.write(turns, settings, priority=Priority.CHAT, max_tokens=max_tokens, on_text=self.hear, key=key)

    async def begun(self, settings: Settings, max_tokens: int) -> asyncio.Task[Reply]:
        """Ask, and return when the first words have come."""
        task = asyncio.create_task(self.ask(settings, max_tokens=max_tokens))
        async with asyncio.timeout(PATIENCE_S):
            await self.first.wait()
        return task

    async def close(self) -> None:
        self.chat.close()
        await self.runtime.close()
        await self.completion.close()
        self.scheduler.close()


@pytest.fixture
async def parts() -> AsyncIterator[Parts]:
    parts = Parts()
    yield parts
    await parts.close()


def naming(path: Path | str, **more: int) -> Settings:
    return Settings(models=ModelsSettings(chat=str(path), chat_temperature_percent=0, **more))


async def test_an_answer_is_streamed_and_then_there_as_a_whole(parts: Parts, tmp_path: Path) -> None:
    reply = await parts.ask(naming(scripted_model(tmp_path, "Yes — it is.")))

    assert (reply.text, reply.ended_by, reply.model) == ("Yes — it is.", "end", "Scripted test model")
    assert parts.heard == ["Yes ", "—", " it ", "is."]
    assert reply.decoded_tokens == 6
    assert reply.prompt_tokens == reply.evaluated_tokens > 0
    assert parts.metrics.snapshot()["latency_ms"]["chat.decode"]["count"] == 1


async def test_the_next_question_of_a_conversation_has_only_itself_to_be_read(parts: Parts, tmp_path: Path) -> None:
    settings = naming(scripted_model(tmp_path, ["Yes, the façade.", "No."]))
    first = await parts.ask(settings)

    second = await parts.ask(settings, [*QUESTION, Turn("assistant", first.text), Turn("user", "Sure?")])

    assert second.text == "No."
    # <|end|> of the first answer, <|user|>, the question, its <|end|>, and <|assistant_1|>.
    assert second.evaluated_tokens == 1 + 1 + len("Sure?") + 1 + 1
    assert second.prompt_tokens == first.prompt_tokens + first.decoded_tokens + second.evaluated_tokens


async def test_without_a_chat_model_it_says_so(parts: Parts) -> None:
    for settings in (Settings(), naming("embedded")):
        assert not parts.chat.available(settings)
        assert parts.chat.name(settings) == ""
        with pytest.raises(NoChatModel, match="chat model"):
            await parts.ask(settings)
    assert parts.runtime.state.phase == "unloaded"


async def test_a_model_that_is_missing_fails_with_the_setting_that_names_it(parts: Parts) -> None:
    with pytest.raises(ModelNotFound) as failure:
        await parts.ask(naming("nowhere"))

    assert "nowhere" in failure.value.message
    assert "models.chat" in failure.value.hint
    assert "engine.model" not in failure.value.hint


async def test_the_model_is_loaded_when_it_is_first_asked_and_known_by_its_name_then(parts: Parts, tmp_path: Path) -> None:
    path = scripted_model(tmp_path, "Yes.")
    settings = naming(path, chat_context_tokens=600)
    before = (parts.chat.name(settings), parts.runtime.state.phase)

    assert await parts.chat.room(settings) == 600
    assert before == (str(path), "unloaded")
    assert parts.chat.name(settings) == "Scripted test model"
    assert parts.chat.name(naming("other")) == "other"


async def test_lengths_are_those_of_the_text_alone(parts: Parts, tmp_path: Path) -> None:
    settings = naming(scripted_model(tmp_path, "Yes."))

    assert await parts.chat.lengths(["", "abc", "ä", "<|end|>"], settings) == [0, 3, 2, len("<|end|>")]


async def test_what_is_too_long_is_refused_with_how_much(parts: Parts, tmp_path: Path) -> None:
    settings = naming(scripted_model(tmp_path, "Yes.", context_tokens=512))

    with pytest.raises(PromptTooLong, match="by 100 tokens") as failure:
        await parts.ask(settings, [Turn("user", "x" * (512 + 100 - 32 - 3))])

    assert failure.value.n_too_many == 100
    assert (await parts.ask(settings, [Turn("user", "x" * (512 - 32 - 3))])).text == "Yes."


async def test_a_model_without_a_template_gets_chatml(parts: Parts, tmp_path: Path) -> None:
    settings = naming(scripted_model(tmp_path, "Yes.<|im_end|>\n<|im_start|>user\nGo on", template=""))

    assert (await parts.ask(settings)).text == "Yes."


async def test_what_a_model_thinks_aloud_is_not_part_of_its_answer(parts: Parts, tmp_path: Path) -> None:
    thinking = naming(scripted_model(tmp_path, "<think>\nIs it?\n</think>\n\nYes."))
    (tmp_path / "told").mkdir()
    template = "{% for m in messages %}<|user|>{{ m.content }}{% endfor %}{{ '<|assistant_0|><think>\n' }}"
    told_to = naming(scripted_model(tmp_path / "told", "Is it?</think>Yes.", template=template))

    for settings in (thinking, told_to):
        parts.heard.clear()
        reply = await parts.ask(settings)

        assert reply.text == "".join(parts.heard) == "Yes."
        assert reply.decoded_tokens > 1


async def test_no_secret_reaches_the_model_whoever_asks(parts: Parts, tmp_path: Path) -> None:
    settings = naming(scripted_model(tmp_path, "Yes."))
    secret = "ghp_" + "a1B2" * 9

    reply = await parts.ask(settings, [Turn("user", f"Is {secret} right?")])

    # A byte is a token: it got shorter.
    assert reply.prompt_tokens == len("<Is [redacted] right?<<")


async def test_ghost_text_goes_first_and_the_answer_goes_on_where_it_was(parts: Parts, tmp_path: Path) -> None:
    settings = naming(endless_model(tmp_path))
    parts.completion.ensure(EngineSettings())
    embedded = await parts.completion.loaded()
    chat = await parts.begun(settings, max_tokens=1500)
    before = len(parts.heard)

    for n_tokens in (200, 201, 202):
        await parts.scheduler.run(
            lambda n=n_tokens: embedded.evaluate(embedded.tokenize("x = 1\n" * 200)[:n]), priority=Priority.GHOST_TEXT
        )
        in_between = (chat.done(), len(parts.heard))

    reply = await chat
    assert not in_between[0]
    assert before <= in_between[1] < len(parts.heard)
    assert reply.text == "".join(f"{number} " for number in range(1500))
    model = await parts.runtime.loaded()
    # What it had read and written was still in its memory: nothing was read twice.
    assert model.cached_tokens == reply.prompt_tokens + 1500
    assert embedded.cached_tokens == 202


async def test_nothing_is_evaluated_twice_because_of_ghost_text(parts: Parts, tmp_path: Path) -> None:
    settings = naming(endless_model(tmp_path))
    parts.completion.ensure(EngineSettings())
    embedded = await parts.completion.loaded()
    await parts.chat.room(settings)
    model = await parts.runtime.loaded()
    already = model.evaluated_tokens

    chat = asyncio.create_task(parts.ask(settings, [Turn("user", "x" * 4000)], max_tokens=200))
    await asyncio.sleep(0)
    await parts.scheduler.run(lambda: embedded.evaluate(embedded.tokenize("x = 1\n" * 200)[:600]), priority=Priority.GHOST_TEXT)
    was_done = chat.done()
    reply = await chat

    assert not was_done
    # The last token is chosen, but nothing has to follow it.
    assert model.evaluated_tokens - already in (reply.prompt_tokens + 199, reply.prompt_tokens + 200)


async def test_cancelling_stops_the_model_and_its_words(parts: Parts, tmp_path: Path) -> None:
    chat = await parts.begun(naming(endless_model(tmp_path)), max_tokens=8000)
    chat.cancel()
    await asyncio.wait([chat])
    heard = len(parts.heard)

    # The engine is free at once.
    assert await asyncio.wait_for(parts.chat.lengths(["x"], naming(endless_model(tmp_path))), PATIENCE_S) == [1]
    assert chat.cancelled()
    assert len(parts.heard) == heard < 8000
    assert not parts.scheduler.busy


async def test_of_two_with_one_key_the_newer_survives(parts: Parts, tmp_path: Path) -> None:
    settings = naming(endless_model(tmp_path))
    older = asyncio.create_task(parts.ask(settings, max_tokens=8000, key="chat 1"))
    async with asyncio.timeout(PATIENCE_S):
        await parts.first.wait()

    newer = await parts.ask(settings, max_tokens=3, key="chat 1")

    assert newer.text == "0 1 2 "
    with pytest.raises(Superseded):
        await older


async def test_another_setting_frees_the_model_and_loads_the_new_one_on_use(parts: Parts, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    old, new = naming(scripted_model(tmp_path, "Old.")), naming(scripted_model(tmp_path / "other", "New."))
    await parts.ask(old)
    loaded = await parts.runtime.loaded()

    parts.chat.configure(old)
    kept = parts.runtime.ready()
    parts.chat.configure(new)
    freed = parts.runtime.state.phase

    assert kept is loaded
    assert freed == "unloaded"
    assert (await parts.ask(new)).text == "New."
    assert is_closed(loaded)


async def test_an_answer_that_is_being_written_ends_with_a_reason_when_its_model_goes(parts: Parts, tmp_path: Path) -> None:
    chat = await parts.begun(naming(endless_model(tmp_path)), max_tokens=8000)

    parts.chat.configure(Settings())

    with pytest.raises(RecoderError, match="unloaded"):
        await chat


async def test_an_idle_model_is_freed_and_comes_back_when_it_is_asked(parts: Parts, tmp_path: Path) -> None:
    settings = naming(scripted_model(tmp_path, "Yes."))
    chat = ChatModel(parts.scheduler, parts.runtime, parts.metrics, idle_s=0.0)

    await chat.write(QUESTION, settings, priority=Priority.CHAT, max_tokens=10)
    model = await parts.runtime.loaded()
    await until(lambda: is_closed(model))

    assert parts.runtime.state.phase == "unloaded"
    assert (await chat.write(QUESTION, settings, priority=Priority.CHAT, max_tokens=10)).text == "Yes."
    chat.close()


async def test_a_model_in_use_is_not_idle(parts: Parts, tmp_path: Path) -> None:
    settings = naming(endless_model(tmp_path))
    chat = ChatModel(parts.scheduler, parts.runtime, parts.metrics, idle_s=0.0)
    long = asyncio.create_task(chat.write(QUESTION, settings, priority=Priority.CHAT, max_tokens=500))

    for _ in range(3):
        assert await chat.lengths(["xy"], settings) == [2]

    assert (await long).decoded_tokens == 500
    chat.close()


async def test_the_time_that_an_answer_takes_is_bounded(parts: Parts, tmp_path: Path) -> None:
    chat = ChatModel(parts.scheduler, parts.runtime, parts.metrics, most_seconds=0.0)

    reply = await chat.write(QUESTION, naming(endless_model(tmp_path)), priority=Priority.CHAT, max_tokens=8000)

    assert reply.ended_by == "time"
    chat.close()


async def test_chance_comes_from_the_settings_or_is_asked_for(parts: Parts, tmp_path: Path) -> None:
    from tests.engine.tiny_gguf import write_tiny_gguf

    settings = naming(write_tiny_gguf(tmp_path / "tiny.gguf"))
    chat = ChatModel(parts.scheduler, parts.runtime, parts.metrics, seed=1)

    async def written(temperature: float | None) -> str:
        return (await chat.write(QUESTION, settings, priority=Priority.CHAT, max_tokens=40, temperature=temperature)).text

    assert await written(None) == await written(0.0)
    assert await written(1.0) == await written(1.0) != await written(0.0)
    chat.close()


def is_closed(model: LlamaModel) -> bool:
    try:
        model.tokenize("x")
    except RecoderError:
        return True
    return False
