"""Inferences that run while typing goes on: adopted where they may still be right, stopped where nobody wants them."""

import asyncio

import pytest

from recoder_lsp.engine.scheduler import Superseded
from recoder_lsp.features import in_flight, inline_completion
from tests.features.desk import INTENDED, Desk, Gate, request_at, until
from tests.features.well_read import WellReadModel

COMPLETED = "import os\n\ntotal = compute(values, scale)▮\n"


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def desk(scheduler, gate):
    """One whose model waits at the gate, and has something else to say where something else was begun."""
    return Desk(scheduler, WellReadModel(INTENDED + "import os\n\nprint(total)\n", before_step=gate.wait))


async def begun(desk, text, **options):
    """Ask, and let it come as far as it can without the model."""
    task = asyncio.create_task(desk.completed(text, **options))
    for _ in range(5):
        await asyncio.sleep(0)
    return task


async def test_a_key_that_goes_on_waits_for_the_inference_that_runs(desk, gate):
    first = await begun(desk, "import os\n\ntotal = co▮\n")
    await gate.reached()
    second = await begun(desk, "import os\n\ntotal = com▮\n")
    third = await begun(desk, "import os\n\ntotal = compute(▮)\n")

    gate.open()

    assert await third == "import os\n\ntotal = compute(values, scale▮)\n"
    for older in (first, second):
        with pytest.raises(Superseded):
            await older
    assert (desk.generated, desk.count("adopted")) == (1, 1)


async def test_a_key_that_the_outcome_contradicts_gets_an_inference_of_its_own(desk, gate):
    first = await begun(desk, "import os\n\n▮\n")
    await gate.reached()
    second = await begun(desk, "import os\n\nprin▮\n")

    gate.open()

    assert await second == "import os\n\nprint(total)▮\n"
    with pytest.raises(Superseded):
        await first
    assert (desk.generated, desk.count("adopted")) == (2, 0)


async def test_of_two_keys_that_the_outcome_contradicts_only_the_newer_asks_again(desk, gate):
    cancelled = await begun(desk, "import os\n\n▮\n")
    await gate.reached()
    older = await begun(desk, "import os\n\npri▮\n")
    newer = await begun(desk, "import os\n\nprin▮\n")
    cancelled.cancel()

    gate.open()

    assert await newer == "import os\n\nprint(total)▮\n"
    with pytest.raises(Superseded):
        await older
    assert desk.generated == 2


@pytest.mark.parametrize("text", ["import os\n\ntotal = c▮\n", "import os\n\ntotal = co\n▮\n", "import os\n\ntotal = com▮\nx = 1\n"])
async def test_a_request_elsewhere_takes_over(desk, gate, text):
    first = await begun(desk, "import os\n\ntotal = co▮\n")
    await gate.reached()
    second = await begun(desk, text)

    gate.open()

    with pytest.raises(Superseded):
        await first
    await second
    assert desk.generated == 1


async def test_a_cancelled_request_leaves_its_inference_to_the_next_key(desk, gate):
    first = await begun(desk, "import os\n\ntotal = co▮\n")
    await gate.reached()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second = await begun(desk, "import os\n\ntotal = com▮\n")

    gate.open()

    assert await second == COMPLETED
    assert desk.generated == 1


async def test_an_inference_that_nobody_wants_is_stopped(desk, gate, scheduler, monkeypatch):
    monkeypatch.setattr(in_flight, "ADOPTION_S", 0.0)
    first = await begun(desk, "import os\n\ntotal = co▮\n")
    await gate.reached()

    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await asyncio.sleep(0.001)
    n_steps_before = len(desk.model.prompts)
    gate.open()
    await until(lambda: not scheduler.busy)

    # Only the step that it stood in was still taken.
    assert (desk.generated, len(desk.model.prompts) - n_steps_before) == (0, 1)


async def test_after_an_edit_an_older_request_shows_nothing_but_its_inference_is_still_of_use(desk, gate):
    older = await begun(desk, "import os\n\ntotal = co▮\n")
    await gate.reached()
    edited = request_at("import os\n\ntotal = com▮\n")
    desk.feature.edited(edited.snapshot, edited.offset, desk.settings)

    gate.open()

    with pytest.raises(Superseded):
        await older
    assert await desk.completed("import os\n\ntotal = com▮\n") == COMPLETED
    assert (desk.generated, desk.count("shown")) == (1, 1)


async def test_closing_the_document_stops_what_is_done_for_it(desk, gate, scheduler):
    request = await begun(desk, "import os\n\ntotal = co▮\n")
    await gate.reached()

    desk.feature.forget("file:///w/a.py")
    gate.open()

    with pytest.raises(Superseded):
        await request
    await until(lambda: not scheduler.busy)
    assert desk.generated == 0


async def test_the_menu_and_ghost_text_share_an_inference(desk, gate):
    text = "import os\n\ntotal = comp▮\n"
    ghost = await begun(desk, text)
    menu = await begun(desk, text, for_menu=True)

    gate.open()

    assert await asyncio.gather(ghost, menu) == [COMPLETED] * 2
    assert desk.generated == 1


async def test_documents_do_not_wait_for_each_other(desk, gate):
    first = await begun(desk, "import os\n\ntotal = co▮\n")
    second = await begun(desk, "import os\n\ntotal = com▮\n", uri="file:///w/b.py")

    gate.open()

    assert await asyncio.gather(first, second) == [COMPLETED] * 2
    assert desk.generated == 2


async def test_a_slow_model_is_only_asked_when_no_key_follows(scheduler, monkeypatch):
    monkeypatch.setattr(inline_completion, "debounce_s", lambda state: 0.01)
    desk = Desk(scheduler)
    keys = [await begun(desk, f"import os\n\ntotal = {typed}▮\n") for typed in ("c", "x", "com")]

    outcomes = await asyncio.gather(*keys, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [Superseded, Superseded, str]
    assert desk.generated == 1


async def test_who_asks_a_slow_model_by_hand_does_not_wait_for_more_keys(scheduler, monkeypatch):
    monkeypatch.setattr(inline_completion, "debounce_s", lambda state: 3600.0)
    desk = Desk(scheduler)

    async with asyncio.timeout(10):
        assert await desk.completed("import os\n\ntotal = co▮\n", invoked=True) == COMPLETED
