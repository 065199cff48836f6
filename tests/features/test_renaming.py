"""Names that the completion model gives: by a model that knows what is meant, and by the embedded one."""

import pytest

from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.runtime import Runtime
from recoder_lsp.engine.scheduler import Priority, Scheduler
from recoder_lsp.features.edits import Refused, applied
from recoder_lsp.features.infilling import Infilling
from recoder_lsp.features.renaming import named
from recoder_lsp.features.router import Served, Task
from recoder_lsp.features.syntax_thread import SyntaxThread
from recoder_lsp.metrics import Metrics
from tests.features.well_read import ReadyRuntime, WellReadModel

SERVED = Served(Task.RENAME, "infill", Priority.EDIT, 8, "")
TEXT = "def f(a):\n    tmp = a + 1\n    print(tmp, [tmp for x in a])\n    return tmp\n"


@pytest.fixture
def scheduler():
    scheduler = Scheduler()
    yield scheduler
    scheduler.close()


@pytest.fixture
def syntax():
    thread = SyntaxThread()
    yield thread
    thread.close()


@pytest.fixture
def renamed(scheduler, syntax):
    """The text once the variable at `▮` is called what the model thinks of."""

    async def do(marked, intended, *, language="python", uri="file:///work/a.py", sureness=40.0):
        model = WellReadModel(intended, sureness=sureness)
        text, at = marked.replace("▮", ""), marked.index("▮")
        infilling = Infilling(scheduler, ReadyRuntime(model))
        snapshot = Snapshot(uri, language, text, 1)
        renaming = await named(snapshot, at, at, Settings(), infilling=infilling, served=SERVED, syntax=syntax)
        return applied(text, renaming.change.edits), model

    return do


async def test_a_variable_is_called_what_the_model_would_call_it_everywhere(renamed):
    text, model = await renamed(TEXT.replace("tmp", "▮tmp", 1), "def f(a):\n    total\n")

    assert text == TEXT.replace("tmp", "total")
    # The model is not shown what it is called now.
    assert "tmp" not in "".join(model.prompts)


async def test_properties_keep_their_names(renamed):
    before = "function f(a) {\n  const ▮tmp = a + 1;\n  return { tmp };\n}\n"

    text, _ = await renamed(before, "function f(a) {\n  const total\n", language="javascript", uri="file:///work/a.js")

    assert text == "function f(a) {\n  const total = a + 1;\n  return { tmp: total };\n}\n"


@pytest.mark.parametrize(
    "name",
    ["a", "print", "class", "(x)", "data", "ab", "area.of"],
    ids=["taken", "used", "a keyword", "no name", "says nothing", "too short", "goes on otherwise"],
)
async def test_what_is_no_better_name_is_not_taken(renamed, name):
    with pytest.raises(Refused, match="not sure of a better name for `tmp`"):
        await renamed(TEXT.replace("tmp", "▮tmp", 1), f"def f(a):\n    {name}\n")


async def test_a_model_that_is_not_sure_is_not_believed(renamed):
    with pytest.raises(Refused, match="not sure"):
        await renamed(TEXT.replace("tmp", "▮tmp", 1), "def f(a):\n    total\n", sureness=1.0)


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("tmp▮ = 1\n", "no variable of a function"),
        ("def f(▮tmp):\n    return tmp\n", "Not all places are known"),
        ("def f():\n    ▮tmp = 1\n    return locals()\n", "Not all places are known"),
        ("def f():\n    return ▮1\n", "no variable of a function"),
    ],
)
async def test_only_variables_whose_places_are_all_known_are_renamed(renamed, marked, reason):
    with pytest.raises(Refused, match=reason):
        await renamed(marked, TEXT)


async def test_files_with_secrets_are_shown_to_no_model(renamed):
    with pytest.raises(Refused, match="secrets"):
        await renamed(TEXT.replace("tmp", "▮tmp", 1), TEXT, uri="file:///work/.env")


async def test_the_embedded_model_knows_what_a_response_is(scheduler, syntax):
    runtime = Runtime(scheduler, Metrics())
    text = (
        "import httpx\n\n\ndef test_get(client, server):\n    response = client.get(server.url)\n    assert response.status_code == 200\n"
        "    assert response.text == 'Hello'\n\n\ndef test_post(client, server):\n    tmp = client.post(server.url)\n"
        "    assert tmp.status_code == 200\n    assert tmp.text == 'Hello'\n"
    )
    at = text.index("tmp")
    snapshot = Snapshot("file:///work/tests/test_client.py", "python", text, 1)
    try:
        renaming = await named(snapshot, at, at, Settings(), infilling=Infilling(scheduler, runtime), served=SERVED, syntax=syntax)
    finally:
        await runtime.close()

    assert renaming.name == "response"
    assert renaming.model
