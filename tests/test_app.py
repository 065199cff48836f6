"""The parts work together: settings reach the engine, and closing frees it."""

from dataclasses import replace

import pytest

from recoder_lsp.app import App
from recoder_lsp.config import IndexSettings, Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.features.inline_completion import Suggestion

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


@pytest.mark.parametrize(("more", "kept"), [({"completion": OFF.completion}, True), ({"index": IndexSettings(enabled=False)}, False)])
async def test_other_settings_of_the_index_make_related_code_forgotten(app, monkeypatch, more, kept):
    async def ask(*_, **__):
        return {"snippets": [{"path": "b.py", "text": "x"}]}

    monkeypatch.setattr(app.workspace, "ask", ask)
    finder, snapshot = app.inline_completion._context, Snapshot("file:///w/a.py", "python", "", 1)
    await finder.at(snapshot, 0)
    monkeypatch.undo()

    app.configure(replace(app.settings, **more))

    assert bool((await finder.at(snapshot, 0)).in_prompt) is kept


@pytest.mark.parametrize("at_first", [True, False])
async def test_learning_follows_its_setting(at_first):
    snapshot, suggestion = Snapshot("file:///w/a.py", "python", "a = \n", 1), Suggestion("id", "call()", 4, 4)
    settings = {learn: replace(SETTINGS, completion=replace(SETTINGS.completion, learn=learn)) for learn in (True, False)}
    app = App.build(settings[at_first])

    app.learning.shown(snapshot, 4, suggestion)
    watched = [app.learning.watches(snapshot.uri)]
    app.configure(settings[not at_first])
    app.learning.shown(snapshot, 4, suggestion)
    watched.append(app.learning.watches(snapshot.uri))
    await app.close()

    assert watched == [at_first, not at_first]


async def test_a_closed_app_has_no_model(app):
    app.warm_up()
    await app.runtime.loaded()

    await app.close()

    assert app.runtime.ready() is None
    assert not app.scheduler.busy
