"""What is done before anybody asks: what follows a suggestion, and reading where the next key is expected."""

import asyncio

import pytest

from recoder_lsp.engine.fim import Snippet
from recoder_lsp.features import ahead
from recoder_lsp.features.context import Context
from recoder_lsp.features.inline_completion import InlineCompletion
from tests.features.desk import INTENDED, SETTINGS, Desk, Gate, request_at, until
from tests.features.well_read import WellReadModel

ASKED = "import os\n\ntotal = comp▮\n\ndef area(r):\n    pass\n"
ACCEPTED = "import os\n\ntotal = compute(values, scale)▮\n\ndef area(r):\n    pass\n"
ON_THE_NEXT_LINE = "import os\n\ntotal = compute(values, scale)\n▮\n\ndef area(r):\n    pass\n"
NEVER_S = 3600.0


class HandContext:
    """Stands for a `ContextFinder`: says what the test puts into it."""

    def __init__(self):
        self.context = Context()
        self.afterwards = None
        """What it says from the second time on, if that is something else."""
        self.asked = []

    async def at(self, snapshot, offset):
        if self.asked and self.afterwards is not None:
            self.context = self.afterwards
        self.asked.append(offset)
        return self.context

    def known(self, uri):
        return self.context

    def forget(self, uri):
        pass


@pytest.fixture
def at_once(monkeypatch):
    """A suggestion counts as looked at as soon as it is there; nobody is ever idle."""
    monkeypatch.setattr(ahead, "LOOKED_AT_S", 0.0)
    monkeypatch.setattr(ahead, "IDLE_S", NEVER_S)


@pytest.fixture
def idle_at_once(monkeypatch):
    monkeypatch.setattr(ahead, "LOOKED_AT_S", 0.0)
    monkeypatch.setattr(ahead, "IDLE_S", 0.0)


@pytest.fixture
def desk(scheduler):
    return Desk(scheduler)


def snapshot(text, **options):
    return request_at(text, **options).snapshot


async def test_after_accepting_a_suggestion_the_next_ones_are_there_already(desk, at_once):
    await desk.suggest(ASKED)
    await until(lambda: desk.count("prepared") == 2)

    assert await desk.suggest(ACCEPTED) is None
    assert await desk.completed(ON_THE_NEXT_LINE) == ON_THE_NEXT_LINE.replace("▮", "print(total)▮")
    assert (desk.generated, desk.count("typed_along")) == (1, 2)


async def test_where_more_belongs_after_a_suggestion_the_next_line_waits(desk, at_once):
    await desk.suggest("import os\n\n▮# the end\n")
    await until(lambda: desk.count("prepared"))

    await asyncio.sleep(0.01)

    assert desk.count("prepared") == 1


async def test_the_next_line_is_indented_like_the_accepted_one(desk, at_once):
    await desk.suggest("def area(r):\n    squ▮\n")
    await until(lambda: desk.count("prepared") == 2)

    assert await desk.completed("def area(r):\n    square = r * r\n    ▮\n") == "def area(r):\n    square = r * r\n    return 3 * square▮\n"
    assert desk.generated == 1


async def test_without_a_suggestion_nothing_is_prepared(desk, idle_at_once):
    assert await desk.suggest("nothing of the kind ▮\n") is None
    await until(lambda: desk.count("tokens_read_ahead"))

    assert desk.count("prepared") == 0


async def test_a_key_takes_the_place_of_what_is_prepared(scheduler, at_once):
    gate = Gate()
    desk = Desk(scheduler)
    await desk.suggest(ASKED)
    desk.model.before_step = gate.wait
    await gate.reached()
    key = asyncio.create_task(desk.completed("import os\n\ntotal = compx▮\n\ndef area(r):\n    pass\n"))
    await asyncio.sleep(0.001)

    gate.open()
    await key

    assert (desk.generated, desk.count("prepared")) == (2, 0)


async def test_who_accepts_while_it_is_prepared_waits_for_it(scheduler, at_once):
    gate = Gate()
    desk = Desk(scheduler)
    await desk.suggest("def area(r):\n    squ▮\n")
    desk.model.before_step = gate.wait
    await gate.reached()
    accepted = asyncio.create_task(desk.suggest("def area(r):\n    square = r * r▮\n"))
    await asyncio.sleep(0.001)

    gate.open()

    assert await accepted is None
    assert (desk.generated, desk.count("adopted")) == (1, 1)


async def test_a_suggestion_that_is_not_looked_at_is_not_gone_on_with(desk, monkeypatch):
    monkeypatch.setattr(ahead, "LOOKED_AT_S", NEVER_S)
    await desk.suggest(ASKED)

    await asyncio.sleep(0.01)

    assert desk.count("prepared") == 0


async def test_when_nobody_types_what_the_index_has_said_meanwhile_is_read(scheduler, idle_at_once):
    desk, context = Desk(scheduler), HandContext()
    desk.feature = InlineCompletion(scheduler, desk.runtime, desk.metrics, context)
    context.afterwards = Context(by_index=(Snippet("b.py", "from elsewhere"),))
    await desk.suggest("nothing of the kind ▮\n")

    await until(lambda: desk.count("tokens_read_ahead"))

    assert "from elsewhere" in desk.model.prompts[-1]
    assert desk.model.prompts[-1].endswith("nothing of the ki")


async def test_what_every_prompt_begins_with_is_read_when_a_document_is_opened(scheduler):
    desk, context = Desk(scheduler), HandContext()
    desk.feature = InlineCompletion(scheduler, desk.runtime, desk.metrics, context)
    context.context = Context(by_index=(Snippet("b.py", "from elsewhere"),))

    desk.feature.opened(snapshot(INTENDED), SETTINGS)
    await until(lambda: desk.count("tokens_read_ahead"))

    (prompt,) = desk.model.prompts
    assert "from elsewhere" in prompt
    assert "w/a.py" in prompt
    assert "total" not in prompt


async def test_around_the_last_caret_is_read_when_a_document_is_saved(desk, monkeypatch):
    monkeypatch.setattr(ahead, "IDLE_S", NEVER_S)
    desk.feature.saved(snapshot(INTENDED), SETTINGS)
    await desk.suggest("import os\n\nnothing_of_the_kind▮\n")
    desk.model.prompts.clear()

    desk.feature.saved(snapshot("import os\n\nformatted_differently\n"), SETTINGS)
    await until(lambda: desk.count("tokens_read_ahead"))

    assert [prompt.endswith("import os\n\nformatted_differ") for prompt in desk.model.prompts] == [True]


async def test_an_edit_far_away_is_read_around_at_once(desk):
    lines = "".join(f"line {number}\n" for number in range(100))
    near, far = request_at(f"{lines[:350]}▮{lines[350:]}"), request_at(f"{lines[:700]}▮{lines[700:]}")

    desk.feature.edited(near.snapshot, near.offset, SETTINGS)
    await until(lambda: desk.count("tokens_read_ahead"))
    n_prompts = len(desk.model.prompts)
    desk.feature.edited(near.snapshot, near.offset - 20, SETTINGS)
    desk.feature.edited(far.snapshot, far.offset, SETTINGS)
    await until(lambda: len(desk.model.prompts) > n_prompts)

    assert len(desk.model.prompts) == n_prompts + 1
    assert desk.model.prompts[-1].endswith(lines[600:697])


async def test_edits_close_to_each_other_are_left_to_the_requests(desk):
    desk.feature.edited(snapshot("total = "), 8, SETTINGS)
    await until(lambda: desk.count("tokens_read_ahead"))

    desk.feature.edited(snapshot("total = c"), 9, SETTINGS)
    await asyncio.sleep(0.01)

    assert len(desk.model.prompts) == 1


@pytest.mark.parametrize("uri", ["file:///w/.env", "file:///w/id_rsa"])
async def test_files_of_secrets_are_not_read_ahead(desk, uri):
    desk.feature.opened(snapshot("KEY=1", uri=uri), SETTINGS)
    desk.feature.edited(snapshot("KEY=12", uri=uri), 6, SETTINGS)
    await asyncio.sleep(0.01)

    assert desk.model.prompts == []


async def test_snoozed_nothing_is_done_ahead(desk, at_once):
    await desk.suggest(ASKED)
    desk.feature.snooze()
    n_prompts = len(desk.model.prompts)

    for text in (ASKED, ACCEPTED):
        desk.feature.opened(snapshot(text), SETTINGS)
        desk.feature.edited(snapshot(text), 3, SETTINGS)
        desk.feature.saved(snapshot(text), SETTINGS)
    assert await desk.suggest(ASKED, invoked=True)
    await asyncio.sleep(0.01)

    assert (desk.count("prepared"), len(desk.model.prompts)) == (0, n_prompts)


async def test_a_closed_document_is_not_read_any_more(desk, monkeypatch):
    desk.feature.opened(snapshot(INTENDED), SETTINGS)
    desk.feature.forget("file:///w/a.py")
    await asyncio.sleep(0.01)

    assert desk.model.prompts == []


async def test_a_failing_model_fails_nobody(scheduler, caplog):
    def fail():
        raise KeyError("a bug")

    desk = Desk(scheduler, WellReadModel(INTENDED, before_step=fail))

    desk.feature.opened(snapshot(INTENDED), SETTINGS)
    await until(lambda: "Working ahead failed: KeyError" in caplog.text)
    desk.model.before_step = lambda: None

    assert await desk.suggest(ASKED)
