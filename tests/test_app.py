"""The parts work together: settings reach the engine, and closing frees it."""

from dataclasses import replace

import pytest

from recoder_lsp.app import App
from recoder_lsp.config import Settings

SETTINGS = Settings()
OFF = replace(SETTINGS, completion=replace(SETTINGS.completion, enabled=False))
MISSING = replace(SETTINGS, engine=replace(SETTINGS.engine, model="/nowhere/model.gguf"))


@pytest.fixture
async def app():
    app = App.build(SETTINGS)
    yield app
    await app.close()


async def test_warming_up_loads_the_model_and_says_so(app):
    states = []
    app.on_model_state = states.append

    app.warm_up()
    await app.runtime.loaded()

    assert [state.phase for state in states][:1] == ["loading"]
    assert app.runtime.state.phase == "ready"


async def test_nothing_is_loaded_where_completion_is_off():
    app = App.build(OFF)

    app.warm_up()

    assert app.runtime.state.phase == "unloaded"
    await app.close()


async def test_new_settings_replace_a_model_that_is_loaded(app):
    app.warm_up()
    await app.runtime.loaded()

    app.configure(MISSING)

    assert app.runtime.ready() is None


async def test_new_settings_load_nothing_that_nobody_asked_for(app):
    app.configure(MISSING)

    assert app.runtime.state.phase == "unloaded"


async def test_a_closed_app_has_no_model(app):
    app.warm_up()
    await app.runtime.loaded()

    await app.close()

    assert app.runtime.ready() is None
    assert not app.scheduler.busy
