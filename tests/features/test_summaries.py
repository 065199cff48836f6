"""What models say about functions: when they are asked, what of it is kept, and what is shown."""

import asyncio
import threading
from dataclasses import replace

import pytest

from recoder_lsp.config import CompletionSettings, EngineSettings, HoverSettings, ModelsSettings, Settings, home
from recoder_lsp.engine.chat_model import ChatModel
from recoder_lsp.engine.runtime import CHAT, Runtime
from recoder_lsp.engine.scheduler import Priority, Scheduler
from recoder_lsp.errors import RecoderError
from recoder_lsp.features import summaries
from recoder_lsp.features.infilling import Infilling
from recoder_lsp.features.pacing import Pacing
from recoder_lsp.features.prompts import Prompts
from recoder_lsp.features.summaries import Subject, Summaries, hole_for_documentation
from recoder_lsp.metrics import Metrics
from recoder_lsp.summary_store import SummaryStore
from tests.engine.hand_stepped import PATIENCE_S
from tests.features.well_read import ReadyRuntime, WellReadModel
from tests.scripted_chat import scripted_model

CODE = "def area(r):\n    square = r * r\n    return 3 * square"
DOCUMENTED = 'def area(r):\n    """Return the area of a circle."""\n    square = r * r\n    return 3 * square\n'
AREA = Subject("shapes/round.py", "python", "area", CODE, "hash-of-area")
MINE = Settings(engine=EngineSettings(model="/models/mine.gguf"))
EMBEDDED = Settings()


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Desk:
    """Summaries with a completion model that knows what is intended, and a real chat model where a file is given."""

    def __init__(self, folder, intended=DOCUMENTED, before_step=lambda: None):
        self.scheduler, self.metrics, self.clock = Scheduler(), Metrics(), Clock()
        self.model = WellReadModel(intended, before_step)
        self.infilling = Infilling(self.scheduler, ReadyRuntime(self.model))
        self.chat_runtime = Runtime(self.scheduler, self.metrics, role=CHAT)
        self.chat = ChatModel(self.scheduler, self.chat_runtime, self.metrics)
        self.pacing = Pacing(clock=self.clock, profile=folder / "no-profile")
        self.store = SummaryStore(folder)
        self.summaries = Summaries(
            self.store,
            self.infilling,
            Prompts(folder),
            self.metrics,
            pace=self.pacing.pace,
            writer=self.chat,
            is_chat_loaded=lambda: self.chat_runtime.ready() is not None,
            clock=self.clock,
        )
        self.done = []

    async def described(self, subject=AREA, settings=MINE):
        """Wish for a description; return it once the model was asked, None if nobody was."""
        n_before = len(self.done)
        self.summaries.wish(subject, settings, self.done.append)
        await self.idle()
        return await self.summaries.known(subject, settings) if len(self.done) > n_before else None

    async def idle(self):
        async with asyncio.timeout(PATIENCE_S):
            while self.summaries._task is not None and not self.summaries._task.done():
                await asyncio.wait([self.summaries._task])

    async def close(self):
        self.summaries.stop()
        self.chat.close()
        await self.chat_runtime.close()
        self.scheduler.close()


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Nobody waits in these tests, unless that is what they are about."""
    for name in ("LOOKED_AT_S", "IDLE_S"):
        monkeypatch.setattr(summaries, name, 0.0)


@pytest.fixture
async def make(tmp_path):
    desks = []

    def made(**options):
        desks.append(Desk(tmp_path / "home", **options))
        return desks[-1]

    yield made
    for desk in desks:
        await desk.close()


async def with_chat(desk, folder, reply):
    """The settings that name a chat model with this reply, after it was loaded."""
    settings = replace(MINE, models=ModelsSettings(chat=str(scripted_model(folder, reply))))
    await desk.chat.room(settings)
    return settings


async def test_a_function_is_described_in_the_background_and_that_is_known_from_then_on(make):
    desk = make()
    assert await desk.summaries.known(AREA, MINE) is None

    desk.summaries.wish(AREA, MINE, desk.done.append)
    assert desk.done == []
    await desk.idle()

    assert desk.done == [True]
    known = await desk.summaries.known(AREA, MINE)
    assert known.text == "Return the area of a circle."
    assert known.origin.startswith("guessed by")
    assert desk.metrics.snapshot()["counts"]["hover.described_by_infill"] == 1


async def test_it_is_known_after_a_restart_and_nobody_is_asked_again(make):
    await make().described()
    desk = make()

    assert (await desk.summaries.known(AREA, MINE)).text == "Return the area of a circle."
    assert await desk.described() is None
    assert desk.model.evaluated_tokens == 0


async def test_a_function_that_has_changed_is_another_one(make):
    desk = make()
    await desk.described()

    assert await desk.summaries.known(replace(AREA, text_hash="another"), MINE) is None


async def test_another_model_has_not_said_it(make):
    desk = make()
    await desk.described()

    assert await desk.summaries.known(AREA, Settings(engine=EngineSettings(model="/models/other.gguf"))) is None


async def test_the_embedded_model_is_asked_only_where_the_user_wants_that_and_called_tiny(make):
    desk = make()
    always = replace(EMBEDDED, hover=HoverSettings(model="always"))

    assert await desk.described(settings=EMBEDDED) is None
    known = await desk.described(settings=always)

    assert "a tiny model; it is often wrong" in known.origin


async def test_where_it_is_turned_off_nothing_is_said_even_if_it_is_known(make):
    desk = make()
    await desk.described()
    never = replace(MINE, hover=HoverSettings(model="never"))

    assert await desk.summaries.known(AREA, never) is None
    assert await desk.described(replace(AREA, text_hash="another"), never) is None


async def test_a_chat_model_explains_while_it_is_loaded(make, tmp_path):
    desk = make()
    settings = await with_chat(desk, tmp_path, "Computes the `area` of a\ncircle. It squares. It multiplies. And more.")

    known = await desk.described(settings=settings)

    assert known.text == "Computes the area of a circle. It squares. It multiplies."
    assert known.origin.startswith("written by")
    assert desk.model.evaluated_tokens == 0


async def test_to_look_at_a_name_loads_no_chat_model_but_what_one_has_said_is_shown(make, tmp_path):
    first = make()
    settings = await with_chat(first, tmp_path, "Computes the area.")
    await first.described(settings=settings)
    desk = make()

    assert await desk.described(replace(AREA, text_hash="another"), settings) is None
    assert desk.chat_runtime.state.phase == "unloaded"
    assert (await desk.summaries.known(AREA, settings)).text == "Computes the area."


async def test_what_a_chat_model_says_at_great_length_is_not_shown(make, tmp_path):
    desk = make()
    settings = await with_chat(desk, tmp_path, "very " * 100 + "long.")

    assert await desk.described(settings=settings) is None
    assert desk.done == [False]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("Area.", id="too short"),
        pytest.param("square = area(r)", id="code"),
        pytest.param("", id="nothing"),
        pytest.param("the the the the the the", id="in circles"),
        pytest.param("TODO", id="a mark"),
        pytest.param("def area(r) -> int:", id="a header"),
        pytest.param("Area of [redacted] it is", id="what stands for a secret"),
        pytest.param("square r r return 3 square", id="copied"),
    ],
)
async def test_what_is_no_description_is_not_shown_and_not_asked_for_again(make, said):
    desk = make(intended=DOCUMENTED.replace("Return the area of a circle.", said))

    assert await desk.described() is None
    assert desk.done == [False]
    n_tokens = desk.model.evaluated_tokens
    await desk.described()
    assert desk.model.evaluated_tokens == n_tokens


async def test_secrets_are_in_no_prompt(make):
    desk = make()
    key = "ghp_" + "a1B2" * 9
    await desk.described(replace(AREA, text=f'def area(r):\n    token = "{key}"\n    return r'))

    assert desk.model.prompts
    assert not any(key in prompt for prompt in desk.model.prompts)


async def test_only_the_newest_wish_counts(make):
    desk = make()
    first = replace(AREA, text_hash="first")
    desk.summaries.wish(first, MINE, desk.done.append)
    desk.summaries.wish(AREA, MINE, desk.done.append)
    await desk.idle()

    assert desk.done == [True]
    assert await desk.summaries.known(first, MINE) is None
    assert await desk.summaries.known(AREA, MINE) is not None


async def test_a_key_ends_what_is_being_described(make):
    held, reached = threading.Event(), threading.Event()

    def hold():
        reached.set()
        held.wait(PATIENCE_S)

    desk = make(before_step=hold)
    desk.summaries.wish(AREA, MINE, desk.done.append)
    await asyncio.to_thread(reached.wait, PATIENCE_S)

    desk.summaries.typed()
    held.set()
    await desk.scheduler.run(lambda: (yield), priority=Priority.PREFILL)

    assert desk.done == []
    assert await desk.summaries.known(AREA, MINE) is None


async def test_nothing_is_described_while_snoozed_or_on_a_battery_that_is_to_be_saved(make):
    desk = make()
    saving = replace(MINE, completion=CompletionSettings(battery_saver="always"))
    assert await desk.described(settings=saving) is None

    desk.pacing.snooze(5)
    assert await desk.described() is None

    desk.pacing.snooze(0)
    assert await desk.described() is not None


async def test_a_long_rest_follows_in_proportion_to_the_time_that_it_took(make, monkeypatch):
    desk = make()
    slept = []

    async def sleep(seconds):
        slept.append(seconds)
        desk.clock.now += seconds

    monkeypatch.setattr(summaries.asyncio, "sleep", sleep)
    desk.model.before_step = lambda: setattr(desk.clock, "now", desk.clock.now + 0.5)
    began = desk.clock.now
    await desk.described()
    took = desk.clock.now - began
    await desk.described(replace(AREA, text_hash="another"))

    assert took > 0
    assert slept == [pytest.approx(summaries.RESTS * took)]


async def test_it_begins_only_when_nobody_types_and_somebody_really_looks(make, monkeypatch):
    monkeypatch.setattr(summaries, "LOOKED_AT_S", 0.3)
    monkeypatch.setattr(summaries, "IDLE_S", 2.0)
    desk = make()
    slept = []

    async def sleep(seconds):
        slept.append(seconds)
        desk.clock.now += seconds

    monkeypatch.setattr(summaries.asyncio, "sleep", sleep)
    desk.summaries.typed()
    await desk.described()
    await desk.described(replace(AREA, text_hash="another"))

    assert slept == [pytest.approx(2.0), pytest.approx(0.3)]


async def test_a_model_that_fails_is_asked_again_at_another_look(make):
    def fail():
        raise RuntimeError("broken")

    desk = make(before_step=fail)
    assert await desk.described() is None

    desk.model.before_step = lambda: None
    assert await desk.described() is not None


async def test_where_nothing_can_be_kept_it_is_known_until_the_end(make, tmp_path):
    (tmp_path / "home").write_text("no folder")
    desk = make()

    assert (await desk.described()).text == "Return the area of a circle."
    assert await make().summaries.known(AREA, MINE) is None


async def test_what_is_remembered_is_bounded(make, monkeypatch):
    monkeypatch.setattr(summaries, "REMEMBERED", 2)
    desk = make()
    for number in range(4):
        await desk.described(replace(AREA, text_hash=str(number)))

    assert len(desk.summaries._known) == 2
    assert await desk.summaries.known(replace(AREA, text_hash="0"), MINE) is not None


@pytest.mark.parametrize(
    ("language", "code", "prefix", "suffix"),
    [
        ("python", CODE, 'def area(r):\n    """', "\n    square = r * r\n    return 3 * square\n"),
        ("python", "@cached(\n    1)\nasync def f(\n    a: int = 1,\n) -> str:  # why\n\treturn a", None, "\n\treturn a\n"),
        ("go", "func Area() {}", "// ", "\nfunc Area() {}\n"),
        ("rust", "fn area() {}", "/// ", "\nfn area() {}\n"),
        ("typescript", "area() {}", "/** ", "\narea() {}\n"),
    ],
)
def test_the_hole_is_where_documentation_belongs(language, code, prefix, suffix):
    place = hole_for_documentation(Subject("a/b/c/d.py", language, "area", code, ""))

    assert place.path == "b/c/d.py"
    assert place.suffix == suffix
    assert place.prefix == (prefix if prefix is not None else code.removesuffix("\treturn a") + '\t"""')


def test_a_function_on_one_line_has_no_place_for_documentation():
    assert hole_for_documentation(Subject("a.py", "python", "area", "def area(r): return r", "")) is None


def test_the_home_is_where_it_is_kept(recoder_home):
    assert SummaryStore(home({"RECODER_HOME": recoder_home})).file.parent.as_posix() == recoder_home


async def test_to_look_again_and_again_begins_no_new_wait(make, monkeypatch):
    monkeypatch.setattr(summaries, "LOOKED_AT_S", 0.3)
    desk = make()
    slept = []

    async def sleep(seconds):
        slept.append(seconds)
        desk.clock.now += seconds
        desk.summaries.wish(AREA, MINE, desk.done.append)

    monkeypatch.setattr(summaries.asyncio, "sleep", sleep)
    await desk.described()

    assert slept == [pytest.approx(0.3)]
    assert desk.done == [True]


async def test_a_failure_that_can_be_expected_is_none_of_the_users_business(make, caplog):
    def fail():
        raise RecoderError("The model cannot read this.")

    desk = make(before_step=fail)

    assert await desk.described() is None
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


async def test_a_file_that_cannot_be_read_is_as_good_as_none(make):
    desk = make()
    await desk.described()
    desk.store.file.write_bytes(b"no database" * 1000)

    assert await make().summaries.known(AREA, MINE) is None
