"""Ghost text: when it is asked for, what it costs, and what comes out."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from recoder_lsp.engine.scheduler import Superseded
from recoder_lsp.errors import RecoderError
from recoder_lsp.features import experts
from recoder_lsp.features.answers import Answer, Candidate
from recoder_lsp.features.gate import FEATURES
from tests.features.desk import INTENDED, MODEL_ALONE, SETTINGS, Desk, Gate
from tests.features.well_read import WellReadModel


@pytest.fixture
def desk(scheduler):
    return Desk(scheduler)


async def test_the_rest_of_the_line_is_suggested(desk):
    assert await desk.completed("import os\n\ntotal = comp▮\n") == "import os\n\ntotal = compute(values, scale)▮\n"


async def test_typing_along_a_suggestion_costs_no_inference(desk):
    first = await desk.completed("import os\n\ntotal = comp▮\n")

    for typed in ("u", "ut", "ute", "ute(", "ute(val", "ute(values, sca"):
        assert await desk.completed(f"import os\n\ntotal = comp{typed}▮\n") == first

    assert desk.generated == 1


async def test_a_bracket_that_the_editor_closes_does_not_end_the_suggestion(desk):
    await desk.suggest("import os\n\ntotal = comp▮\n")

    assert await desk.completed("import os\n\ntotal = compute(▮)\n") == "import os\n\ntotal = compute(values, scale▮)\n"
    assert desk.generated == 1


async def test_typing_something_else_asks_the_model_again(desk):
    await desk.suggest("import os\n\ntotal = comp▮\n")

    await desk.suggest("import os\n\ntotal = compx▮\n")

    assert desk.generated == 2


async def test_a_changed_text_below_asks_the_model_again(desk):
    await desk.suggest("total = comp▮\nprint(1)")

    await desk.suggest("total = compu▮\nprint(2)")

    assert desk.generated == 2


async def test_a_block_is_suggested_where_one_opens(desk):
    text = "print(total)\n\ndef area(r):\n    ▮\n\nend = 1\n"

    assert await desk.completed(text) == "print(total)\n\ndef area(r):\n    square = r * r\n    return 3 * square▮\n\nend = 1\n"


async def test_a_model_that_wants_it_is_searched_for_the_best_line(scheduler):
    model = WellReadModel(INTENDED, beam="3,0.25")

    assert await Desk(scheduler, model).completed("import os\n\ntotal = comp▮\n") == "import os\n\ntotal = compute(values, scale)▮\n"
    assert model.steps_of_search > 10


async def test_the_first_line_of_a_block_is_searched_for_and_the_others_are_written_after_it(scheduler):
    model = WellReadModel(INTENDED, beam="3,0.25")

    suggestion = await Desk(scheduler, model).suggest("print(total)\n\ndef area(r):\n    ▮\n\nend = 1\n")

    assert suggestion.text == "square = r * r\n    return 3 * square"
    assert 0 < model.steps_of_search < len(suggestion.text)


async def test_a_search_asks_how_lines_go_with_their_place(scheduler, monkeypatch):
    seen = []
    monkeypatch.setattr(experts, "misfit", lambda text, place: seen.append(place.line_prefix + text) or 0.0)

    await Desk(scheduler, WellReadModel(INTENDED, beam="3,0.25")).suggest("import os\n\ntotal = comp▮\n")

    assert "total = compute(values, scale)" in seen


async def test_blocks_can_be_turned_off(scheduler):
    settings = replace(SETTINGS, completion=replace(SETTINGS.completion, multiline=False))

    completed = await Desk(scheduler, settings=settings).completed("print(total)\n\ndef area(r):\n    ▮\n\nend = 1\n")

    assert completed == "print(total)\n\ndef area(r):\n    square = r * r▮\n\nend = 1\n"


async def test_lines_are_broken_as_the_document_breaks_them(desk):
    suggestion = await desk.suggest("print(total)\r\n\r\ndef area(r):\r\n    ▮\r\n\r\nend = 1\r\n")

    assert suggestion.text == "square = r * r\r\n    return 3 * square"


async def test_the_selected_menu_item_is_gone_on_from(desk):
    text = "import os\n\ntotal = com▮\n"

    suggestion = await desk.suggest(text, selected_text="compute", selected_start=len("import os\n\ntotal = "))

    assert suggestion.text == "compute(values, scale)"
    assert (suggestion.start, suggestion.end) == (len("import os\n\ntotal = "), len("import os\n\ntotal = com"))


@pytest.mark.parametrize("text", ["total = com▮pute(", "com▮_x"])
async def test_inside_a_word_only_who_asks_by_hand_is_answered(desk, text):
    assert await desk.suggest(text) is None
    assert desk.generated == 0

    await desk.suggest(text, invoked=True)
    assert desk.generated == 1


@pytest.mark.parametrize(
    "completion",
    [{"enabled": False}, {"disabled_languages": ("python",)}],
)
async def test_settings_turn_it_off(scheduler, completion):
    desk = Desk(scheduler, settings=replace(SETTINGS, completion=replace(SETTINGS.completion, **completion)))

    assert await desk.suggest("total = comp▮", invoked=True) is None
    assert desk.generated == 0


async def test_an_unsure_model_speaks_only_when_asked(scheduler):
    desk = Desk(scheduler, WellReadModel(INTENDED, sureness=2.0))

    assert await desk.suggest("import os\n\ntotal = comp▮\n") is None
    assert await desk.suggest("import os\n\ntotal = comp▮\n", invoked=True) is not None
    assert desk.generated == 1


async def test_an_unsure_model_is_asked_again_when_more_was_typed(scheduler):
    desk = Desk(scheduler, WellReadModel(INTENDED, sureness=2.0))
    await desk.suggest("import os\n\ntotal = comp▮\n")
    desk.model.sureness = 40.0

    assert await desk.suggest("import os\n\ntotal = comp▮\n") is None
    assert await desk.suggest("import os\n\ntotal = compu▮\n") is not None
    assert desk.generated == 2


@dataclass
class Experience:
    """A user who takes suggestions more often, or less, than they are right; asked about a line, they remember it."""

    shift: float
    asked: list[int] = field(default_factory=list)

    def recent_rejections(self, uri, line):
        self.asked.append(line)
        return 2

    def adjustment(self, language, source):
        return self.shift if (language, source) == ("python", "model") else 0.0


@pytest.mark.parametrize(("sureness", "shift", "is_shown"), [(2.0, 0.0, False), (2.0, 30.0, True), (40.0, 0.0, True), (40.0, -60.0, False)])
async def test_what_became_of_earlier_suggestions_decides_how_sure_is_sure_enough(scheduler, sureness, shift, is_shown):
    experience = Experience(shift)
    desk = Desk(scheduler, WellReadModel(INTENDED, sureness=sureness), experience=experience)

    suggestion = await desk.suggest("import os\n\ntotal = comp▮\n")

    assert (suggestion is not None) == is_shown
    assert experience.asked == [2]


async def test_what_was_turned_down_here_is_put_before_the_gate(scheduler, monkeypatch):
    seen = []
    monkeypatch.setattr(
        experts, "features", lambda found, place, rejections: seen.append(rejections) or [[0.0] * len(FEATURES) for _ in found]
    )
    desk = Desk(scheduler, switches=replace(MODEL_ALONE, gate=True), experience=Experience(0.0))

    await desk.suggest("import os\n\ntotal = comp▮\n", invoked=True)

    assert seen == [2]


async def test_everything_is_shown_to_who_wants_to_see_everything(scheduler):
    settings = replace(SETTINGS, completion=replace(SETTINGS.completion, min_confidence_percent=0))
    desk = Desk(scheduler, WellReadModel(INTENDED, sureness=2.0), settings)

    assert await desk.suggest("import os\n\ntotal = comp▮\n") is not None


async def test_a_model_that_asks_for_it_is_helped_by_copying(scheduler):
    text = "first = registry.lookup(name)\nsecond = registry.loo▮\n"
    alone, helped = WellReadModel("nothing of the kind"), WellReadModel("nothing of the kind")
    helped.metadata["recoder.copying.trust"] = ",".join(["0.0"] + ["0.9"] * 20)

    assert await Desk(scheduler, alone).completed(text) is None
    assert await Desk(scheduler, helped).completed(text) == "first = registry.lookup(name)\nsecond = registry.lookup(name)▮\n"


async def test_files_of_secrets_are_never_read(desk):
    assert await desk.suggest("total = comp▮", uri="file:///w/.env", invoked=True) is None
    assert desk.model.prompts == []


async def test_without_a_model_nothing_is_shown_and_loading_begins(desk):
    desk.runtime.model = None

    assert await desk.suggest("total = comp▮\n") is None
    assert desk.runtime.asked_to_load


async def test_a_new_model_forgets_what_the_old_one_said(desk):
    await desk.suggest("import os\n\ntotal = comp▮\n")
    desk.runtime.model = WellReadModel(INTENDED.replace("values", "others"))

    assert "others" in await desk.completed("import os\n\ntotal = comp▮\n")


async def test_a_newer_request_for_the_document_takes_over(scheduler):
    gate = Gate()
    desk = Desk(scheduler, WellReadModel(INTENDED, before_step=gate.wait))
    older = asyncio.create_task(desk.suggest("import os\n\ntotal = co▮\n"))
    await gate.reached()
    newer = asyncio.create_task(desk.completed("import os\n\ntotal = comp▮\n"))
    await asyncio.sleep(0)

    gate.open()

    with pytest.raises(Superseded):
        await older
    assert await newer == "import os\n\ntotal = compute(values, scale)▮\n"


async def test_a_cancelled_request_leaves_the_engine_free(scheduler):
    gate = Gate()
    desk = Desk(scheduler, WellReadModel(INTENDED, before_step=gate.wait))
    request = asyncio.create_task(desk.suggest("import os\n\ntotal = co▮\n"))
    await gate.reached()

    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request

    gate.open()
    assert await desk.completed("import os\n\ntotal = comp▮\n", uri="file:///w/b.py") is not None


async def test_a_failing_model_fails_the_request_and_not_the_next(scheduler):
    failures = [RecoderError("The model could not read the text.")]

    def fail_once():
        if failures:
            raise failures.pop()

    desk = Desk(scheduler, WellReadModel(INTENDED, before_step=fail_once))

    with pytest.raises(RecoderError):
        await desk.suggest("import os\n\ntotal = comp▮\n")
    assert await desk.suggest("import os\n\ntotal = comp▮\n") is not None


async def test_an_acceptance_is_counted_once_and_only_of_what_was_shown(desk):
    suggestion = await desk.suggest("import os\n\ntotal = comp▮\n")

    for suggestion_id in (suggestion.id, suggestion.id, "never shown"):
        desk.feature.accepted(suggestion_id)

    assert desk.metrics.snapshot()["counts"]["ghost_text.accepted"] == 1


async def test_a_closed_document_is_forgotten(desk):
    await desk.suggest("import os\n\ntotal = comp▮\n")

    desk.feature.forget("file:///w/a.py")
    await desk.suggest("import os\n\ntotal = compu▮\n")

    assert desk.generated == 2


async def test_a_selection_that_cannot_be_is_ignored(desk):
    text = "import os\n\ntotal = comp▮\n"

    for start, selected in ((500, "compute"), (0, "compute"), (20, "two\nlines")):
        suggestion = await desk.suggest(text, selected_text=selected, selected_start=start)
        assert (suggestion.text, suggestion.start, suggestion.end) == ("ute(values, scale)", 23, 23)


async def test_the_menu_does_not_take_the_place_of_ghost_text(scheduler):
    desk = Desk(scheduler)
    text = "import os\n\ntotal = comp▮\n"

    both = await asyncio.gather(desk.suggest(text), desk.suggest(text, for_menu=True))

    assert [suggestion.text for suggestion in both] == ["ute(values, scale)"] * 2


async def test_a_very_long_document_costs_no_more_than_its_neighbourhood(scheduler):
    filler = "".join(f"filler_{number} = {number}\n" for number in range(20_000))
    desk = Desk(scheduler, WellReadModel(filler[-200:] + INTENDED))

    first = await desk.completed(filler + "import os\n\ntotal = comp▮\n" + filler)
    second = await desk.completed(filler + "import os\n\ntotal = compu▮\n" + filler)

    assert first == second
    assert first[len(filler) :].startswith("import os\n\ntotal = compute(values, scale)▮\n")
    assert desk.generated == 1
    assert len(desk.model.prompts[0]) < 10_000


async def test_an_answer_for_a_closed_document_is_not_kept(scheduler):
    gate = Gate()
    desk = Desk(scheduler, WellReadModel(INTENDED, before_step=gate.wait))
    request = asyncio.create_task(desk.suggest("import os\n\ntotal = comp▮\n"))
    await gate.reached()
    desk.feature.forget("file:///w/a.py")
    gate.open()
    with pytest.raises(Superseded):
        await request

    await desk.suggest("import os\n\ntotal = compu▮\n")

    assert (desk.generated, desk.count("typed_along")) == (1, 0)


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        ("import os\n\n▮print(total)\n", "import os\n\ntotal = compute(values, scale)\n▮print(total)\n"),
        ("def area(r):\n▮    return 3 * square\n", "def area(r):\n    square = r * r\n▮    return 3 * square\n"),
        ("def area(r):\n    ▮return 3 * square\n", "def area(r):\n    square = r * r\n    ▮return 3 * square\n"),
    ],
)
async def test_before_a_line_that_is_there_a_line_is_suggested_that_ends(desk, text, completed):
    assert await desk.completed(text, invoked=True) == completed


async def test_such_a_line_still_ends_when_it_was_begun_by_hand(desk):
    await desk.completed("def area(r):\n▮    return 3 * square\n")

    assert (
        await desk.completed("def area(r):\n    sq▮    return 3 * square\n") == "def area(r):\n    square = r * r\n▮    return 3 * square\n"
    )
    assert desk.generated == 1


async def test_it_ends_as_the_lines_of_the_document_do(desk):
    suggestion = await desk.suggest("def area(r):\r\n▮    return 3 * square\r\n")

    assert suggestion.text == "    square = r * r\r\n"


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        ("import os\n\n▮ = compute(values, scale)\n", "import os\n\ntotal▮ = compute(values, scale)\n"),
        ("import os\n\ntotal = compute(values, scale)\n▮(total)\n", "import os\n\ntotal = compute(values, scale)\nprint▮(total)\n"),
    ],
)
async def test_a_line_without_its_beginning_gets_one(desk, text, completed):
    assert await desk.completed(text) == completed


async def test_a_line_end_is_not_kept_for_a_line_that_is_gone(desk):
    await desk.suggest('import os\n\n▮"""\n')

    assert await desk.completed("import os\n\n▮\n") == "import os\n\ntotal = compute(values, scale)▮\n"


async def test_before_a_closing_bracket_nothing_ends_a_line(scheduler):
    desk = Desk(scheduler, WellReadModel("total = add(\n    first, second\n)\n"))

    assert await desk.completed("total = add(\n▮)\n") == "total = add(\n    first, second▮)\n"


def candidates(monkeypatch, *pairs):
    """Have the experts propose texts with these probabilities, everywhere."""

    def work(self, request, place, *others):
        def answering():
            yield
            found = tuple(Candidate(text, probability, "model") for text, probability in pairs)
            return Answer(place.prefix, place.suffix, False, "", found, None, True)

        return answering

    monkeypatch.setattr(experts.Experts, "work", work)


async def test_who_asks_by_hand_may_choose_among_all_that_can_be_inserted(desk, monkeypatch):
    candidates(monkeypatch, ("compute()", 0.6), ("read()", 0.2), ("read() ", 0.1), ("   ", 0.1), ("write()", 0.0))

    assert await desk.all_texts("x = ▮\n") == ["compute()"]
    assert await desk.all_texts("x = ▮\n", invoked=True) == ["compute()", "read()", "write()"]
    assert desk.count("shown") == 2


@pytest.mark.parametrize("probability", [0.7, 0.35, 0.3])
async def test_the_best_that_can_be_inserted_is_shown_if_it_is_sure_enough(desk, monkeypatch, probability):
    candidates(monkeypatch, ("<|fim_middle|>", 0.9), ("read()", probability))

    assert await desk.all_texts("x = ▮\n") == (["read()"] if probability >= 0.35 else [])


async def test_a_suggestion_says_how_probable_it_is_and_who_proposed_it(desk, monkeypatch):
    candidates(monkeypatch, ("compute()", 0.625))

    suggestion = await desk.suggest("x = ▮\n")

    assert (suggestion.probability, suggestion.source) == (0.625, "model")


async def test_every_choice_can_be_accepted(desk, monkeypatch):
    candidates(monkeypatch, ("one()", 0.6), ("two()", 0.2))
    first = await desk.suggest("x = ▮\n")
    assert await desk.suggest("x = o▮\n")

    desk.feature.accepted(first.id)

    assert desk.count("accepted") == 1


@pytest.mark.parametrize("accepted", ["ute", "ute(values", "ute(values,"])
async def test_the_rest_of_a_suggestion_stays_when_a_word_of_it_is_accepted_in_one_edit(desk, accepted):
    whole = await desk.completed("import os\n\ntotal = comp▮\n")

    assert await desk.completed(f"import os\n\ntotal = comp{accepted}▮\n") == whole
    assert desk.generated == 1


async def test_the_rest_of_a_block_stays_when_a_line_of_it_is_accepted(desk):
    whole = await desk.completed("print(total)\n\ndef area(r):\n    ▮\n\nend = 1\n")

    assert await desk.completed("print(total)\n\ndef area(r):\n    square = r * r\n▮\n\nend = 1\n") == whole
    assert await desk.completed("print(total)\n\ndef area(r):\n    square = r * r\n    ▮\n\nend = 1\n") == whole
    assert desk.generated == 1


async def test_going_back_costs_no_inference(desk):
    texts = [f"import os\n\ntotal = {typed}▮\n" for typed in ("c", "cx", "")]
    said = [await desk.completed(text) for text in texts]

    assert [await desk.completed(text) for text in texts] == said
    assert desk.generated == 3


async def test_snoozed_only_who_asks_by_hand_is_answered(desk):
    desk.feature.snooze(5)

    assert await desk.suggest("import os\n\ntotal = comp▮\n") is None
    assert desk.generated == 0
    assert await desk.suggest("import os\n\ntotal = comp▮\n", invoked=True) is not None

    desk.feature.snooze(0)
    assert await desk.suggest("import os\n\ntotal = ▮\n") is not None


async def test_a_battery_is_saved_where_the_settings_say_so(scheduler):
    desk = Desk(scheduler, settings=replace(SETTINGS, completion=replace(SETTINGS.completion, battery_saver="always")))

    assert await desk.suggest("import os\n\ntotal = comp▮\n") is None
    assert desk.generated == 0
    assert await desk.suggest("import os\n\ntotal = comp▮\n", invoked=True) is not None
