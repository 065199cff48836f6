"""Looks at names while Git and models are slow: the answer never waits for them, and has what they said at the next look."""

import asyncio
import threading
import time

import pytest

from recoder_lsp import git
from recoder_lsp.config import EngineSettings, HoverSettings, Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.scheduler import Priority
from recoder_lsp.features import last_changes, summaries
from recoder_lsp.features.hover import Hovers
from recoder_lsp.features.last_changes import LastChanges
from recoder_lsp.git import LastChange
from recoder_lsp.index.syntax.parser import Parser
from tests.engine.hand_stepped import PATIENCE_S
from tests.features.test_summaries import CODE, DOCUMENTED, Desk
from tests.index.small_workspace import SmallWorkspace

MINE = Settings(engine=EngineSettings(model="/models/mine.gguf"))
URI = "file:///work/main.py"
MAIN = "from round_things import area\n\n\nprint(area(1))\n"
LOOKED_AT = MAIN.replace("area(1)", "ar▮ea(1)")
FILES = {"round_things.py": CODE + "\n", "main.py": MAIN, "said.py": 'def said_one():\n    """It is said."""\n'}
CHANGE = LastChange(time.time() - 3_600, "AL", "fix: circles")


@pytest.fixture(scope="module")
def parser():
    return Parser()


class Looker:
    """Hovers over a small workspace, with a model whose first step can be held, and a Git that answers when it is told to."""

    def __init__(self, folder, parser, monkeypatch):
        self.held, self.reached = threading.Event(), threading.Event()
        self.held.set()
        self.desk = Desk(folder, DOCUMENTED, self._step)
        self.workspace = SmallWorkspace(folder, FILES, parser)
        self.hovers = Hovers(self.workspace, LastChanges(), self.desk.summaries)
        self.git_answers, self.git_asked = asyncio.Event(), []
        self.git_answers.set()
        monkeypatch.setattr(last_changes.git, "last_change", self._last_change)
        self.described = []
        self.open = {}

    def _step(self):
        self.reached.set()
        self.held.wait(PATIENCE_S)

    async def _last_change(self, *asked):
        self.git_asked.append(asked)
        await self.git_answers.wait()
        return CHANGE

    async def look(self, text=LOOKED_AT, settings=MINE, uri=URI):
        before, _, after = text.partition("▮")
        snapshot = Snapshot(uri, "python", before + after, 1)
        async with asyncio.timeout(PATIENCE_S):
            return await self.hovers.describe(snapshot, len(before), settings, snapshot_of=self.open.get, described=self.described.append)


@pytest.fixture
async def looker(tmp_path, parser, monkeypatch):
    for name in ("LOOKED_AT_S", "IDLE_S"):
        monkeypatch.setattr(summaries, name, 0.0)
    looker = Looker(tmp_path, parser, monkeypatch)
    yield looker
    looker.held.set()
    await looker.hovers.close()
    await looker.desk.close()


async def test_a_hover_never_waits_for_the_model_and_has_its_words_at_the_next_look(looker):
    looker.held.clear()

    first = await looker.look()
    await asyncio.to_thread(looker.reached.wait, PATIENCE_S)
    # The engine thread is inside the model, and stays there.
    second = await looker.look()

    assert first.locations[0].symbol.name == "area"
    assert (first.summary, second.summary, looker.described) == (None, None, [])

    looker.held.set()
    await looker.desk.idle()
    assert looker.described == [True]
    assert (await looker.look()).summary.text == "Return the area of a circle."


async def test_a_hover_never_waits_for_what_runs_on_the_engine(looker):
    entered, leave = threading.Event(), threading.Event()

    def ghost_text():
        entered.set()
        leave.wait(PATIENCE_S)
        yield

    running = asyncio.create_task(looker.desk.scheduler.run(ghost_text, priority=Priority.GHOST_TEXT))
    await asyncio.to_thread(entered.wait, PATIENCE_S)

    assert (await looker.look()).locations
    assert not running.done()

    leave.set()
    await running


async def test_ghost_text_comes_before_a_description_that_is_being_made(looker):
    looker.held.clear()
    order = []
    looker.hovers._summaries._metrics.count = lambda name, *rest: order.append(name)
    await looker.look()
    await asyncio.to_thread(looker.reached.wait, PATIENCE_S)

    def ghost_text():
        order.append("ghost text")
        return
        yield

    running = asyncio.create_task(looker.desk.scheduler.run(ghost_text, priority=Priority.GHOST_TEXT))
    await asyncio.sleep(0)
    looker.held.set()
    await running
    await looker.desk.idle()

    assert order == ["ghost text", "hover.described_by_infill"]


async def test_a_hover_never_waits_for_git_and_has_its_answer_at_the_next_look(looker):
    looker.git_answers.clear()

    assert (await looker.look()).last_change is None

    looker.git_answers.set()
    await asyncio.sleep(0)
    assert (await looker.look()).last_change == CHANGE
    assert len(looker.git_asked) == 1


async def test_git_is_asked_for_the_lines_of_the_definition_in_the_text_of_the_editor(looker):
    uri = "file:///work/round_things.py"
    looker.open[uri] = Snapshot(uri, "python", CODE + "\n", 1)

    await looker.look()

    ((path, first, last, text),) = looker.git_asked
    assert (path.as_posix(), first, last, text) == ("/work/round_things.py", 0, 2, CODE + "\n")


async def test_git_is_asked_again_after_a_while_and_about_other_text_at_once(looker, monkeypatch):
    now = [0.0]
    looker.hovers._last_changes._clock = lambda: now[0]
    await looker.look()
    await looker.look()
    assert len(looker.git_asked) == 1

    now[0] = last_changes.KEPT_S + 1
    await looker.look()
    assert len(looker.git_asked) == 2

    looker.workspace.index("round_things.py", CODE + " + 1\n")
    await looker.look()
    assert len(looker.git_asked) == 3


async def test_changes_that_are_remembered_are_bounded(looker, monkeypatch):
    monkeypatch.setattr(last_changes, "REMEMBERED", 2)
    changes = looker.hovers._last_changes
    for line in range(5):
        await changes.of(last_changes.Path("/w/a.py"), line, line, "hash")

    assert len(changes._asked) == 2


async def test_one_history_is_read_at_a_time(looker):
    looker.git_answers.clear()
    changes = looker.hovers._last_changes
    waiting = [asyncio.create_task(changes.of(last_changes.Path("/w/a.py"), line, line, "hash")) for line in range(3)]
    await asyncio.sleep(0.01)

    assert len(looker.git_asked) == 1

    looker.git_answers.set()
    assert await asyncio.gather(*waiting) == [CHANGE] * 3


async def test_after_the_end_nothing_is_waited_for(looker):
    looker.git_answers.clear()
    waiting = asyncio.create_task(looker.hovers._last_changes.of(last_changes.Path("/w/a.py"), 0, 0, "hash"))
    await asyncio.sleep(0)

    await looker.hovers.close()

    assert await waiting is None


async def test_typing_leaves_the_machine_to_the_keys(looker):
    looker.held.clear()
    await looker.look()
    await asyncio.to_thread(looker.reached.wait, PATIENCE_S)

    looker.hovers.typed()
    looker.held.set()
    await looker.desk.scheduler.run(lambda: (yield), priority=Priority.PREFILL)

    assert looker.described == []


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("said_o▮ne()", {}),
        ("twice_o▮ne()", {"a.py": "def twice_one(): ...\n", "b.py": "def twice_one(): ...\n"}),
        ("VALUE_O▮NE", {"a.py": "VALUE_ONE = 1\n"}),
    ],
    ids=["documented", "not the only one", "no function"],
)
async def test_these_are_described_by_nobody(looker, text, files):
    for path, content in files.items():
        looker.workspace.index(path, content)

    assert (await looker.look(text)).locations
    await looker.desk.idle()
    assert looker.described == []


async def test_in_files_with_secrets_nothing_is_said_and_nobody_asked(looker):
    assert await looker.look("ar▮ea(1)", uri="file:///work/.env") is None
    assert looker.git_asked == []


async def test_hovers_can_be_turned_off(looker):
    assert await looker.look(settings=Settings(hover=HoverSettings(enabled=False))) is None
    assert looker.workspace.asked == []


async def test_a_last_change_that_is_unknown_is_left_out(looker, monkeypatch):
    async def unknown(*asked):
        return None

    monkeypatch.setattr(git, "last_change", unknown)

    assert (await looker.look()).last_change is None
