"""What becomes of suggestions is noticed from edits, and counted once."""

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoder_lsp.features.learning import REMEMBERED
from recoder_lsp.learning_store import Counted, LearningLost, LearningStore
from tests.features.learning_desk import URI, Desk

TEXT = st.text("ab(),\n ", max_size=8)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


CASES = {
    "taken whole": ("total = ▮\n", "compute(a)", 0, ["total = compute(a)▮\n"], "accepted"),
    "taken whole, several lines": ("def f():\n    ▮\n", "a = 1\n    return a", 0, ["def f():\n    a = 1\n    return a▮\n"], "accepted"),
    "taken with the bracket that it replaces": ("print(▮)\n", "total)", 1, ["print(total)▮\n"], "accepted"),
    "typed by hand": ("a = ▮\n", "b + c", 0, [f"a = {'b + c'[:n]}▮\n" for n in range(1, 6)], "typed"),
    "two keys in one edit": ("a = ▮\n", "b+cd", 0, ["a = b+▮\n", "a = b+cd▮\n"], "typed"),
    "begun by hand, then taken": ("total = ▮\n", "compute(a)", 0, ["total = c▮\n", "total = compute(a)▮\n"], "accepted"),
    "begun, back, then taken": ("t = ▮\n", "compute()", 0, ["t = co▮\n", "t = c▮\n", "t = compute()▮\n"], "accepted"),
    "a word taken, the rest typed otherwise": ("t = ▮\n", "compute(a)", 0, ["t = compute▮\n", "t = compute;▮\n"], "partly"),
    "word after word": ("t = ▮\n", "first + second", 0, ["t = first▮\n", "t = first +▮\n", "t = first + second▮\n"], "accepted"),
    "a line taken, the rest not": ("▮\n", "a = long\nb = 2", 0, ["a = long▮\n", "a = long\n▮\n", "a = long\nc▮\n"], "partly"),
    "typed otherwise": ("total = ▮\n", "compute(a)", 0, ["total = d▮\n"], "rejected"),
    "typed otherwise at last": ("total = ▮\n", "compute(a)", 0, ["total = c▮\n", "total = ca▮\n"], "rejected"),
    "deleted instead": ("total = ▮\n", "compute(a)", 0, ["total =▮\n"], "rejected"),
    "another place edited": ("a = ▮\nb = 1\n", "compute(a)", 0, ["a = \nb = 12▮\n"], "rejected"),
    "a bracket closed by the editor": ("t = ▮\n", "f(a, b)", 0, ["t = f▮\n", "t = f(▮)\n", "t = f(a, b)▮\n"], "accepted"),
    "a closed bracket typed over": ("t = ▮\n", "f(a)", 0, ["t = f▮\n", "t = f(▮)\n", "t = f(a▮)\n"], "typed"),
    "the editor's bracket left behind": ("t = ▮\n", "f(a, b)", 0, ["t = f▮\n", "t = f(▮)\n", "t = f(a, b)▮)\n"], "accepted"),
    "a closer typed that does not belong there": ("t = ▮\n", "f(a)", 0, ["t = )▮\n"], "rejected"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("asked_at_every_key", [False, True])
async def test_what_an_edit_says_about_a_suggestion(desk, case, asked_at_every_key):
    text, suggested, replaces, steps, outcome = CASES[case]
    before, _, after = text.partition("▮")
    whole = before + suggested + after[replaces:]

    desk.shown(text, suggested, replaces=replaces)
    for step in steps:
        desk.edited(step)
        before, _, after = step.partition("▮")
        below = after.lstrip(")")
        rest = whole.removeprefix(before).removesuffix(below)
        if asked_at_every_key and rest and before + rest + below == whole != before + after and desk.learning.watches(URI):
            desk.shown(step, rest, replaces=len(after) - len(below))

    assert await desk.counted() == {"shown": 1, outcome: 1}


async def test_a_suggestion_for_the_item_that_the_menu_has_selected_is_taken_too(desk):
    desk.shown("t = com▮\n", "compute(a)", selected=3)

    desk.edited("t = compute(a)▮\n")

    assert await desk.counted() == {"shown": 1, "accepted": 1}


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_whatever_is_shown_and_edited_has_at_most_one_outcome(data):
    async def session(desk):
        text, ids = data.draw(TEXT), []
        for _ in range(data.draw(st.integers(1, 12))):
            start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
            match data.draw(st.sampled_from(["shown", "edited", "accepted", "time passes"])):
                case "shown":
                    ids.append(desk.shown(f"{text[:start]}▮{text[start:]}", data.draw(TEXT), replaces=end - start))
                case "edited":
                    desk.open(f"▮{text}")
                    text = text[:start] + data.draw(TEXT) + text[end:]
                    desk.edited(f"▮{text}")
                case "accepted" if ids:
                    desk.learning.accepted(data.draw(st.sampled_from(ids)))
                case "time passes":
                    desk.clock.go_on(31)
        return Counter(await desk.counted()), len(ids)

    with tempfile.TemporaryDirectory() as home:
        n, n_ids = asyncio.run(session(Desk(Path(home))))

    assert n["accepted"] + n["partly"] + n["typed"] + n["rejected"] <= n["shown"] <= n_ids
    assert n["standing_30_s"] <= n["checked_30_s"]


async def test_moving_to_another_place_of_the_document_rejects(desk):
    desk.shown("a = ▮\nb = \n", "compute(a)")

    desk.shown("a = \nb = ▮\n", "compute(b)")

    assert await desk.counted() == {"shown": 2, "rejected": 1}


async def test_another_document_says_nothing_about_the_first(desk):
    desk.shown("a = ▮\n", "compute(a)")

    desk.shown("b = ▮\n", "compute(b)", uri="file:///w/b.py")

    assert await desk.counted() == {"shown": 2}


async def test_a_better_suggestion_for_the_same_caret_does_not_reject_the_first(desk):
    desk.shown("a = ▮\n", "compute(a)")
    desk.edited("a = c▮\n")

    desk.shown("a = c▮\n", "ollect(a)")
    desk.edited("a = collect(a)▮\n")

    assert await desk.counted() == {"shown": 2, "accepted": 1}


@pytest.mark.parametrize(("taken", "outcome"), [("first(a)", "accepted"), ("second(a)", "accepted"), ("x", "rejected")])
async def test_of_several_suggestions_one_may_be_taken_and_only_the_best_is_rejected(desk, taken, outcome):
    for suggested in ("first(a)", "second(a)", "third(a)"):
        desk.shown("a = ▮\n", suggested)

    desk.edited(f"a = {taken}▮\n")

    assert await desk.counted() == {"shown": 3, outcome: 1}


async def test_the_editors_word_and_the_edit_count_as_one_acceptance_whichever_comes_first(desk):
    first = desk.shown("a = ▮\n", "compute(a)")
    desk.learning.accepted(first)
    desk.edited("a = compute(a)▮\n")
    second = desk.shown("a = compute(a)\nb = ▮\n", "compute(b)")
    desk.edited("a = compute(a)\nb = compute(b)▮\n")
    desk.learning.accepted(second)

    assert await desk.counted() == {"shown": 2, "accepted": 2}


@pytest.mark.parametrize("inferred", ["a =  compute(a)▮\n", "a = compute( a )▮\n"])
async def test_the_editors_word_counts_more_than_what_an_edit_looked_like(desk, inferred):
    suggestion_id = desk.shown("a = ▮\n", "compute(a)")

    desk.edited(inferred)
    desk.learning.accepted(suggestion_id)

    assert await desk.counted() == {"shown": 1, "accepted": 1}
    assert desk.learning.recent_rejections(URI, 0) == 0


async def test_a_suggestion_typed_along_is_accepted_by_its_latest_id(desk):
    desk.shown("a = ▮\n", "compute(a)")
    desk.edited("a = c▮\n")
    latest = desk.shown("a = c▮\n", "ompute(a)")

    desk.learning.accepted(latest)
    desk.edited("a = compute(a)▮\n")

    assert await desk.counted() == {"shown": 1, "accepted": 1}


async def test_an_id_that_nobody_knows_counts_nothing(desk):
    desk.learning.accepted("never shown")

    assert await desk.counted() == {}


async def test_a_closed_document_leaves_its_suggestion_undecided(desk):
    desk.shown("a = ▮\n", "compute(a)")

    desk.learning.closed(URI)

    assert not desk.learning.watches(URI)
    assert await desk.counted() == {"shown": 1}


# -- accepted text that stays


AFTERWARDS = {
    "untouched": (["t = compute(a)▮\n"], 10),
    "text typed after it": (["t = compute(a)\nmore = 1▮\n"], 10),
    "text put before it": (["import os▮\nt = compute(a)\n"], 10),
    "edits on both sides": (["x\nt = compute(a)▮\n", "x\nt = compute(a)\ny▮\n", "xyz▮\nt = compute(a)\ny\n"], 10),
    "one word changed": (["t = compute(b▮)\n"], 8),
    "deleted": (["t = ▮\n"], 0),
    "taken back": (["t =▮\n", "▮\n"], 0),
    "its line replaced": (["def other():\n    pass▮\n"], 0),
    "everything formatted": (["import os\n\nt = compute(a)\n\n\nend▮\n"], 10),
    "formatted itself": (["import os\n\nt =  compute( a )\n\n\nend▮\n"], 10),
    "something written into it": (["t = compute(the, a, of, all▮)\n"], 8),
    "a whole file pasted into it": ([f"t = compute({'b, ' * 100_000}▮a)\n"], 8),
    "the file emptied": (["▮"], 0),
}


@pytest.mark.parametrize("case", AFTERWARDS)
async def test_how_much_of_accepted_text_stands_after_30_seconds_and_5_minutes(desk, case):
    steps, n_standing = AFTERWARDS[case]
    desk.shown("t = ▮\n", "compute(a)")
    desk.edited("t = compute(a)▮\n")

    for step in steps:
        desk.edited(step)
    desk.clock.go_on(29)
    too_early = await desk.counted_so_far()
    desk.clock.go_on(2)
    desk.clock.go_on(300)

    counted = await desk.counted()
    assert "checked_30_s" not in too_early
    assert (counted["checked_30_s"], counted["checked_5_min"]) == (10, 10)
    assert (counted.get("standing_30_s", 0), counted.get("standing_5_min", 0)) == (n_standing, n_standing)
    assert not desk.learning.watches(URI)


async def test_a_part_that_was_taken_is_looked_at_too(desk):
    desk.shown("t = ▮\n", "compute(a)")
    desk.edited("t = compute▮\n")
    desk.edited("t = compute;▮\n")

    desk.clock.go_on(31)

    counted = await desk.counted()
    assert (counted["checked_30_s"], counted["standing_30_s"]) == (7, 7)


async def test_a_closed_document_is_not_looked_at(desk):
    desk.shown("t = ▮\n", "compute(a)")
    desk.edited("t = compute(a)▮\n")

    desk.learning.closed(URI)
    desk.clock.go_on(301)

    assert await desk.counted() == {"shown": 1, "accepted": 1}


async def test_the_beginning_of_a_long_accepted_text_stands_for_all_of_it(desk):
    long = "compute()" * 100
    desk.shown("t = ▮\n", long)
    desk.edited(f"t = {long}▮\n")
    desk.edited(f"t = {long[:500]}▮\n")

    desk.clock.go_on(31)

    counted = await desk.counted()
    assert (counted["checked_30_s"], counted["standing_30_s"]) == (400, 400)


async def test_only_the_latest_accepted_texts_of_a_document_are_followed(desk):
    text = ""
    for _ in range(40):
        desk.shown(text + "▮", "call()\n")
        text += "call()\n"
        desk.edited(text + "▮")

    desk.clock.go_on(31)

    assert (await desk.counted())["checked_30_s"] == 32 * len("call()")


# -- what it is good for


async def test_rejections_near_a_line_in_the_last_minute_are_remembered(desk):
    for suggested in ("first", "second"):
        desk.shown("\n\n\na = ▮\n", suggested)
        desk.edited("\n\n\na = x▮\n")
        desk.edited("\n\n\na = ▮\n") if desk.learning.watches(URI) else desk.open("\n\n\na = ▮\n")

    near = [desk.learning.recent_rejections(URI, line) for line in range(8)]
    elsewhere = desk.learning.recent_rejections("file:///w/b.py", 3)
    desk.clock.go_on(61)

    assert near == [0, 2, 2, 2, 2, 2, 0, 0]
    assert elsewhere == 0
    assert desk.learning.recent_rejections(URI, 3) == 0


async def test_no_more_rejections_and_ids_are_remembered_than_are_of_use(desk):
    for n in range(3 * REMEMBERED):
        desk.shown(f"\na{n} = ▮\n", "call()")
        desk.edited(f"\na{n} = x▮\n")

    assert desk.learning.recent_rejections(URI, 1) == REMEMBERED


@pytest.mark.parametrize(
    ("events", "least", "most"),
    [
        ({}, 0.0, 0.0),
        ({"shown": 1000}, 0.0, 0.0),
        ({"accepted": 75, "rejected": 25}, -0.01, 0.01),
        ({"accepted": 60, "typed": 15, "rejected": 25}, -0.01, 0.01),
        ({"accepted": 1, "rejected": 0}, 0.0, 0.05),
        ({"accepted": 20, "rejected": 80}, -1.0, -0.9),
        ({"rejected": 10000}, -1.0, -1.0),
        ({"accepted": 10000}, 1.0, 1.0),
        ({"partly": 100}, -1.0, -0.5),
    ],
)
async def test_predictions_are_corrected_by_what_became_of_earlier_ones(tmp_path, events, least, most):
    LearningStore(tmp_path).add({Counted("2026-11-20", "python", "model", 7, event): n for event, n in events.items()})
    desk = Desk(tmp_path)

    desk.shown("a = ▮\n", "call()")
    await desk.learning.close()

    assert least <= desk.learning.adjustment("python", "model") <= most
    assert desk.learning.adjustment("python", "phrases") == 0.0
    assert desk.learning.adjustment("rust", "model") == 0.0


async def test_nothing_is_learned_where_the_setting_says_so(tmp_path):
    desk = Desk(tmp_path, enabled=False)

    suggestion_id = desk.shown("a = ▮\n", "call()")
    desk.learning.accepted(suggestion_id)

    assert not desk.learning.watches(URI)
    assert await desk.counted() == {}
    assert not desk.store.file.exists()


async def test_turning_it_off_drops_what_is_not_saved_and_what_was_learned(tmp_path):
    LearningStore(tmp_path).add({Counted("2026-11-20", "python", "model", 7, "rejected"): 1000})
    desk = Desk(tmp_path)
    desk.shown("a = ▮\n", "call()")
    await desk.saved()
    desk.edited("a = x▮\n")
    learned_before = desk.learning.adjustment("python", "model")

    desk.learning.configure(enabled=False)

    assert (learned_before, desk.learning.adjustment("python", "model")) == (-1.0, 0.0)
    assert desk.learning.recent_rejections(URI, 0) == 0
    assert await desk.counted() == {"rejected": 1000, "shown": 1}


async def test_counts_are_saved_every_half_minute_and_by_day_language_source_and_decile(desk):
    desk.shown("a = ▮\n", "call()", probability=0.42, source="phrases", language="rust")
    desk.clock.go_on(31)
    await desk.saved()
    desk.clock.go_on(86400)
    desk.edited("a = x▮\n")
    await desk.learning.close()

    assert desk.store.totals("day", "language", "source", "decile") == {
        ("2026-11-21", "rust", "phrases", "4"): {"shown": 1},
        ("2026-11-22", "rust", "phrases", "4"): {"rejected": 1},
    }


@pytest.mark.parametrize(("language", "kept"), [("c++", "c++"), ("", "other"), ("x" * 99, "other"), ("def f(): pass", "other")])
async def test_a_language_that_is_no_name_is_not_written_down(desk, language, kept):
    desk.shown("a = ▮\n", "call()", language=language)
    await desk.learning.close()

    assert list(desk.store.totals("language")) == [(kept,)]


@pytest.mark.parametrize(("probability", "decile"), [(0.0, "0"), (0.0999, "0"), (0.5, "5"), (1.0, "9"), (-1.0, "0"), (7.0, "9")])
async def test_every_probability_has_a_decile(desk, probability, decile):
    desk.shown("a = ▮\n", "call()", probability=probability)
    await desk.learning.close()

    assert list(desk.store.totals("decile")) == [(decile,)]


async def test_no_code_is_written_down(desk):
    desk.shown("secret_name = ▮\n", "secret_call()")
    desk.edited("secret_name = secret_call()▮\n")
    desk.clock.go_on(301)
    await desk.learning.close()

    assert b"secret" not in desk.store.file.read_bytes()


async def test_what_cannot_be_saved_is_lost_with_one_line_in_the_log(desk, caplog):
    desk.store.file.mkdir()
    for _ in range(3):
        desk.shown("a = ▮\n", "call()")
        desk.edited("a = x▮\n")
        desk.clock.go_on(31)
        await desk.saved()

    (line,) = [record for record in caplog.records if record.name.startswith("recoder_lsp")]
    assert line.levelname == "WARNING"
    assert str(desk.store.file) not in line.getMessage()
    with pytest.raises(LearningLost):
        desk.store.totals("day")
