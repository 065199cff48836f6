"""Holes filled by the completion model: by one that knows what is intended, and by the embedded one."""

import asyncio

import pytest

from recoder_lsp.config import EngineSettings, Settings
from recoder_lsp.engine.fim import Place
from recoder_lsp.engine.models import ModelNotFound
from recoder_lsp.engine.runtime import Runtime
from recoder_lsp.engine.scheduler import Priority, Scheduler, Superseded
from recoder_lsp.features.infilling import Infilling
from recoder_lsp.metrics import Metrics
from tests.features.well_read import ReadyRuntime, WellReadModel

INTENDED = "def area(r):\n    square = r * r\n    cube = square * r\n    return cube\n\nend = 1\n"
SETTINGS = Settings()


@pytest.fixture
def scheduler():
    scheduler = Scheduler()
    yield scheduler
    scheduler.close()


@pytest.fixture
async def embedded(scheduler):
    runtime = Runtime(scheduler, Metrics())
    yield Infilling(scheduler, runtime)
    await runtime.close()


async def filled(infilling, text, *, settings=SETTINGS, **options):
    before, _, after = text.partition("▮")
    place = Place("shapes.py", "python", before, after)
    return await infilling.fill(place, settings, **{"priority": Priority.EDIT, "max_tokens": 40, **options})


@pytest.mark.parametrize("beam", ["", "4"])
async def test_one_line_is_filled_in(scheduler, beam):
    infilling = Infilling(scheduler, ReadyRuntime(WellReadModel(INTENDED, beam=beam)))

    assert (await filled(infilling, "def area(r):\n    square = ▮\n    return cube\n")).text == "r * r"


async def test_a_block_goes_on_over_lines(scheduler):
    infilling = Infilling(scheduler, ReadyRuntime(WellReadModel(INTENDED)))

    generated = await filled(infilling, "def area(r):▮", block=True, max_tokens=200)

    assert generated.text == "\n    square = r * r\n    cube = square * r\n    return cube"


async def test_it_stops_at_the_most_tokens(scheduler):
    infilling = Infilling(scheduler, ReadyRuntime(WellReadModel(INTENDED)))

    generated = await filled(infilling, "def area(r):\n    square = ▮", max_tokens=2)

    assert (generated.text, generated.ended_by) == ("r ", "length")


async def test_secrets_around_the_hole_are_in_no_prompt(scheduler):
    model = WellReadModel(INTENDED)
    key = "ghp_" + "a1B2" * 9

    await filled(Infilling(scheduler, ReadyRuntime(model)), f'token = "{key}"\nx = ▮\nother = "{key}"\n')

    assert model.prompts
    assert not any(key in prompt for prompt in model.prompts)


async def test_a_newer_one_with_the_same_key_takes_its_place(scheduler):
    infilling = Infilling(scheduler, ReadyRuntime(WellReadModel(INTENDED)))
    # The engine is busy, so that both have to wait.
    first = asyncio.create_task(filled(infilling, "x = ▮", key="one"))
    second = asyncio.create_task(filled(infilling, "def area(r):\n    square = ▮\n", key="one"))

    outcomes = await asyncio.gather(first, second, return_exceptions=True)

    assert isinstance(outcomes[0], Superseded) or outcomes[0].text == ""
    assert outcomes[1].text == "r * r"


async def test_the_embedded_model_is_loaded_when_it_is_first_needed_and_fills_in_a_line(embedded):
    assert not embedded.ready(SETTINGS)

    generated = await filled(embedded, "def total(prices):\n    result = 0\n    for price in prices:\n        ▮\n    return result\n")

    assert embedded.ready(SETTINGS)
    assert embedded.name() == "Recoder Code 8M"
    assert generated.text.strip()
    assert "\n" not in generated.text


async def test_a_model_that_is_not_there_is_said(embedded):
    with pytest.raises(ModelNotFound):
        await filled(embedded, "x = ▮", settings=Settings(engine=EngineSettings(model="/nowhere/model.gguf")))


async def test_ghost_text_goes_first(scheduler):
    order = []

    def ghost():
        order.append("ghost text")
        return None
        yield

    model = WellReadModel(INTENDED, before_step=lambda: order.append("infilling"))
    infilling = Infilling(scheduler, ReadyRuntime(model))
    slow = asyncio.create_task(filled(infilling, "def area(r):\n    square = ▮\n", priority=Priority.HOVER))
    await asyncio.sleep(0)
    await scheduler.run(ghost, priority=Priority.GHOST_TEXT)
    await slow

    assert order[-1] == "infilling"
    assert "ghost text" in order
