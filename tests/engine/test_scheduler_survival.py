"""The scheduler's survival: jobs that fail or refuse to stop, event loops that come and go, closing, and what is left behind."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Generator, Iterator

import pytest

from recoder_lsp.engine import scheduler as scheduler_module
from recoder_lsp.engine.scheduler import Priority, Scheduler, Superseded
from recoder_lsp.errors import RecoderError
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


def engine_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "recoder-engine"]


async def test_what_the_work_raises_reaches_its_own_awaiter_and_no_other(scheduler: Scheduler, model: HandStepped) -> None:
    failing = await begin(scheduler, model.work("failing", steps=2, fails_with=ValueError("broken model")), Priority.CHAT)
    fine = await begin(scheduler, model.work("fine"), Priority.CHAT)
    model.step(3)

    results = await asyncio.gather(failing, fine, return_exceptions=True)

    assert isinstance(results[0], ValueError)
    assert results[1] == "fine is done"


@pytest.mark.parametrize("error", [StopIteration(1), asyncio.CancelledError(), GeneratorExit(), SystemExit(3), KeyboardInterrupt()])
async def test_an_error_that_would_mean_something_else_to_the_awaiter_arrives_wrapped(scheduler: Scheduler, error: BaseException) -> None:
    def refuse() -> Generator[None, None, str]:
        raise error

    with pytest.raises(RuntimeError, match=type(error).__name__) as caught:
        await scheduler.run(refuse, priority=Priority.CHAT)

    assert caught.value.__cause__ is error


async def test_work_that_is_no_generator_fails_without_ending_the_thread(scheduler: Scheduler, model: HandStepped) -> None:
    model.step()

    with pytest.raises(TypeError):
        await scheduler.run(lambda: 42, priority=Priority.CHAT)  # type: ignore[arg-type, return-value]

    assert await scheduler.run(model.work("next"), priority=Priority.CHAT) == "next is done"


async def test_a_generator_that_refuses_to_be_closed_does_not_end_the_thread(scheduler: Scheduler, model: HandStepped) -> None:
    def stubborn() -> Generator[None, None, str]:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        try:
            yield
        except GeneratorExit:
            yield
        return "never"

    begun, go_on = threading.Event(), threading.Event()
    task = await begin(scheduler, stubborn, Priority.CHAT)
    assert await asyncio.to_thread(begun.wait, PATIENCE_S)
    task.cancel()
    await asyncio.wait([task])
    go_on.set()
    model.step()

    assert await scheduler.run(model.work("next"), priority=Priority.CHAT) == "next is done"


async def test_a_stopped_job_that_fails_while_closing_does_not_end_the_thread(scheduler: Scheduler, model: HandStepped) -> None:
    def fragile() -> Generator[None, None, str]:
        try:
            begun.set()
            assert go_on.wait(PATIENCE_S)
            yield
        finally:
            raise OSError("cannot clean up")

    begun, go_on = threading.Event(), threading.Event()
    task = await begin(scheduler, fragile, Priority.CHAT)
    assert await asyncio.to_thread(begun.wait, PATIENCE_S)
    task.cancel()
    await asyncio.wait([task])
    go_on.set()
    model.step()

    assert await scheduler.run(model.work("next"), priority=Priority.CHAT) == "next is done"


async def test_closing_cancels_everyone_who_waits_and_ends_the_thread(scheduler: Scheduler, model: HandStepped) -> None:
    running = await begin(scheduler, model.work("running", steps=3), Priority.CHAT)
    await model.begun("running")
    waiting = await begin(scheduler, model.work("waiting"), Priority.CHAT)

    closing = asyncio.create_task(asyncio.to_thread(scheduler.close))
    results = await asyncio.gather(running, waiting, return_exceptions=True)
    model.step()
    await closing

    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    assert model.turns == ["running"]
    assert model.closed == ["running"]
    assert not scheduler.busy
    assert not engine_threads()


async def test_closing_twice_or_before_the_first_job_is_harmless(scheduler: Scheduler) -> None:
    scheduler.close()
    scheduler.close()

    assert not engine_threads()


async def test_a_closed_scheduler_refuses_new_jobs_with_a_hint(scheduler: Scheduler, model: HandStepped) -> None:
    scheduler.close()

    with pytest.raises(RecoderError) as caught:
        await scheduler.run(model.work("late"), priority=Priority.GHOST_TEXT)

    assert caught.value.hint


async def test_closing_does_not_wait_for_ever_for_a_step_that_hangs(
    scheduler: Scheduler, model: HandStepped, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler_module, "CLOSE_TIMEOUT_S", 0.01)
    hanging = await begin(scheduler, model.work("hanging", steps=2), Priority.CHAT)
    await model.begun("hanging")

    scheduler.close()

    assert model.turns == []
    with pytest.raises(asyncio.CancelledError):
        await hanging
    model.step()
    await model.ended("hanging")


def test_one_scheduler_serves_several_event_loops_one_after_the_other(scheduler: Scheduler, model: HandStepped) -> None:
    model.step(2)

    results = [asyncio.run(scheduler.run(model.work(name), priority=Priority.CHAT)) for name in ("first", "second")]

    assert results == ["first is done", "second is done"]


def test_one_scheduler_serves_two_event_loops_at_the_same_time(scheduler: Scheduler, model: HandStepped) -> None:
    results: dict[str, str] = {}

    def serve(name: str) -> None:
        results[name] = asyncio.run(scheduler.run(model.work(name, steps=3), priority=Priority.CHAT))

    threads = [threading.Thread(target=serve, args=[name]) for name in ("left", "right")]
    for thread in threads:
        thread.start()
    model.step(6)
    for thread in threads:
        thread.join(PATIENCE_S)

    assert results == {"left": "left is done", "right": "right is done"}


def test_a_job_of_another_event_loop_can_be_replaced(scheduler: Scheduler, model: HandStepped) -> None:
    outcome: list[BaseException] = []

    def serve() -> None:
        try:
            asyncio.run(scheduler.run(model.work("older", steps=9), priority=Priority.CHAT, key="same"))
        except Superseded as error:
            outcome.append(error)

    thread = threading.Thread(target=serve)
    thread.start()

    async def replace() -> str:
        await model.begun("older")
        newer = await begin(scheduler, model.work("newer"), Priority.CHAT, key="same")
        model.step(2)
        return await newer

    assert asyncio.run(replace()) == "newer is done"
    thread.join(PATIENCE_S)
    assert len(outcome) == 1


def test_an_event_loop_that_closes_before_its_job_ends_does_not_end_the_thread(scheduler: Scheduler, model: HandStepped) -> None:
    loop = asyncio.new_event_loop()
    orphan = loop.create_task(scheduler.run(model.work("orphan"), priority=Priority.CHAT))
    loop.run_until_complete(model.begun("orphan"))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    model.step(2)

    result = asyncio.run(scheduler.run(model.work("next"), priority=Priority.CHAT))

    assert result == "next is done"
    orphan.get_coro().close()  # type: ignore[union-attr]


@pytest.mark.parametrize("ending", ["finishes", "is cancelled", "fails"])
async def test_nothing_holds_on_to_a_job_that_is_over(scheduler: Scheduler, model: HandStepped, ending: str) -> None:
    work = model.work("job", steps=2, fails_with=ValueError("broken") if ending == "fails" else None)
    alive = weakref.ref(work)
    task = await begin(scheduler, work, Priority.CHAT)
    await model.begun("job")
    if ending == "is cancelled":
        task.cancel()
        await asyncio.wait([task])
    model.step(3)
    await asyncio.gather(task, return_exceptions=True)
    # A second job shows that the thread is through with the first.
    await scheduler.run(model.work("another"), priority=Priority.CHAT)

    del work, task
    gc.collect()

    assert alive() is None
