"""The scheduler: who runs next, who waits, who is replaced, and how cancelling stops work."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator, Iterator

import pytest

from recoder_lsp.engine.scheduler import Priority, Scheduler, Superseded
from tests.engine.hand_stepped import PATIENCE_S, HandStepped, begin


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    scheduler = Scheduler()
    yield scheduler
    scheduler.close()


@pytest.fixture
def model() -> Iterator[HandStepped]:
    model = HandStepped()
    yield model
    model.step(1000)


async def test_a_job_returns_what_its_work_returns(scheduler: Scheduler, model: HandStepped) -> None:
    model.step(3)

    result = await scheduler.run(model.work("ghost", steps=3), priority=Priority.GHOST_TEXT)

    assert result == "ghost is done"
    assert not scheduler.busy


async def test_work_is_called_stepped_and_closed_on_the_engine_thread_only(scheduler: Scheduler, model: HandStepped) -> None:
    stopped = await begin(scheduler, model.work("stopped", steps=2), Priority.CHAT)
    await model.begun("stopped")
    stopped.cancel()
    await asyncio.wait([stopped])
    model.step(2)

    await scheduler.run(model.work("finished"), priority=Priority.CHAT)

    assert model.closed == ["stopped"]
    assert model.threads == {"recoder-engine"}


async def test_a_newer_job_replaces_a_waiting_one_with_the_same_key(scheduler: Scheduler, model: HandStepped) -> None:
    running = await begin(scheduler, model.work("running"), Priority.GHOST_TEXT, key="a.py")
    await model.begun("running")
    older = await begin(scheduler, model.work("older"), Priority.GHOST_TEXT, key="b.py")
    newer = await begin(scheduler, model.work("newer"), Priority.GHOST_TEXT, key="b.py")

    with pytest.raises(Superseded):
        await older
    model.step(2)
    await asyncio.gather(running, newer)

    assert model.turns == ["running", "newer"]


async def test_a_newer_job_replaces_a_running_one_at_its_next_yield(scheduler: Scheduler, model: HandStepped) -> None:
    older = await begin(scheduler, model.work("older", steps=5), Priority.GHOST_TEXT, key="a.py")
    await model.begun("older")
    newer = await begin(scheduler, model.work("newer"), Priority.GHOST_TEXT, key="a.py")

    with pytest.raises(Superseded):
        await older
    model.step(2)
    await newer

    assert model.turns == ["older", "newer"]
    assert model.closed == ["older"]


async def test_being_replaced_does_not_look_like_being_cancelled(scheduler: Scheduler, model: HandStepped) -> None:
    older = await begin(scheduler, model.work("older"), Priority.GHOST_TEXT, key="a.py")
    newer = await begin(scheduler, model.work("newer"), Priority.GHOST_TEXT, key="a.py")
    model.step(2)

    await asyncio.wait([older, newer])

    assert not older.cancelled()
    assert isinstance(older.exception(), Superseded)


async def test_only_the_newest_of_many_survives(scheduler: Scheduler, model: HandStepped) -> None:
    typed = [await begin(scheduler, model.work(f"key {number}"), Priority.GHOST_TEXT, key="a.py") for number in range(20)]
    model.step(2)

    results = await asyncio.gather(*typed, return_exceptions=True)

    assert results[-1] == "key 19 is done"
    assert all(isinstance(result, Superseded) for result in results[:-1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((Priority.GHOST_TEXT, "a.py"), (Priority.GHOST_TEXT, "b.py")),
        ((Priority.GHOST_TEXT, "a.py"), (Priority.PREFILL, "a.py")),
        ((Priority.CHAT, None), (Priority.CHAT, None)),
    ],
)
async def test_another_key_or_priority_or_no_key_replaces_nothing(
    scheduler: Scheduler, model: HandStepped, one: tuple[Priority, str | None], other: tuple[Priority, str | None]
) -> None:
    first = await begin(scheduler, model.work("first"), *one)
    second = await begin(scheduler, model.work("second"), *other)
    model.step(2)

    assert await asyncio.gather(first, second) == ["first is done", "second is done"]


async def test_a_waiting_job_that_is_cancelled_never_begins(scheduler: Scheduler, model: HandStepped) -> None:
    running = await begin(scheduler, model.work("running", steps=2), Priority.CHAT)
    await model.begun("running")
    waiting = await begin(scheduler, model.work("waiting"), Priority.CHAT)

    waiting.cancel()
    await asyncio.wait([waiting])
    model.step(2)
    await running

    assert model.turns == ["running", "running"]
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize(("phase", "steps_before"), [("prefill", 0), ("decode", 3)])
async def test_cancelling_ends_the_await_at_once_and_the_work_at_its_next_yield(
    scheduler: Scheduler, model: HandStepped, phase: str, steps_before: int
) -> None:
    stages: list[str] = []

    def generate() -> Generator[None, None, str]:
        for stage in ["prefill"] * 3 + ["decode"] * 3:
            stages.append(stage)
            if len(stages) == steps_before + 1:
                inside.set()
                assert go_on.wait(PATIENCE_S)
            try:
                yield
            except GeneratorExit:
                closed.set()
                raise
        return "never"

    inside, go_on, closed = threading.Event(), threading.Event(), threading.Event()
    task = await begin(scheduler, generate, Priority.GHOST_TEXT)
    assert await asyncio.to_thread(inside.wait, PATIENCE_S)

    task.cancel()
    await asyncio.wait([task])
    engine_was_still_inside = not go_on.is_set()
    go_on.set()

    assert task.cancelled()
    assert engine_was_still_inside
    assert await asyncio.to_thread(closed.wait, PATIENCE_S)
    assert stages[-1] == phase
    assert len(stages) == steps_before + 1


async def test_the_most_urgent_waiting_job_goes_first(scheduler: Scheduler, model: HandStepped) -> None:
    running = await begin(scheduler, model.work("running"), Priority.GHOST_TEXT)
    await model.begun("running")
    waiting = [await begin(scheduler, model.work(priority.name), priority) for priority in sorted(Priority, reverse=True)]
    model.step(6)

    await asyncio.gather(running, *waiting)

    assert model.turns == ["running", "GHOST_TEXT", "EDIT", "CHAT", "HOVER", "PREFILL"]


async def test_a_keystroke_pauses_a_chat_which_then_goes_on_where_it_was(scheduler: Scheduler, model: HandStepped) -> None:
    chat = await begin(scheduler, model.work("chat", steps=3), Priority.CHAT)
    await model.begun("chat")
    ghost = await begin(scheduler, model.work("ghost", steps=2), Priority.GHOST_TEXT)

    model.step(5)
    await asyncio.gather(chat, ghost)

    assert model.turns == ["chat", "ghost", "ghost", "chat", "chat"]


async def test_a_paused_job_goes_on_before_a_later_one_that_is_as_urgent(scheduler: Scheduler, model: HandStepped) -> None:
    early = await begin(scheduler, model.work("early", steps=2), Priority.CHAT)
    await model.begun("early")
    late = await begin(scheduler, model.work("late", steps=2), Priority.CHAT)
    ghost = await begin(scheduler, model.work("ghost"), Priority.GHOST_TEXT)

    model.step(5)
    await asyncio.gather(early, late, ghost)

    assert model.turns == ["early", "ghost", "early", "late", "late"]


async def test_a_paused_job_that_is_cancelled_is_closed_before_anything_else_runs(scheduler: Scheduler, model: HandStepped) -> None:
    chat = await begin(scheduler, model.work("chat", steps=2), Priority.CHAT)
    await model.begun("chat")
    ghost = await begin(scheduler, model.work("ghost", steps=2), Priority.GHOST_TEXT)
    model.step()
    await model.begun("ghost")

    chat.cancel()
    await asyncio.wait([chat])
    model.step()
    await model.ended("chat")

    assert model.turns == ["chat", "ghost"]
    model.step()
    assert await ghost == "ghost is done"
