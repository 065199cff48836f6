"""What comes next on a line is what came next elsewhere: in the files of a folder, in open documents, in other names."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoder_lsp.index.phrases import predicting
from recoder_lsp.index.phrases.building import build
from recoder_lsp.index.phrases.predicting import Caret, Predictor

CLIENT = "def close(self):\n    self.session.close(timeout=5)\n    log.info('closed')\n"
FIELDS = "def __init__(self, width, height, depth):\n    self.width = width\n    self.height = height\n    ▮\n"
ODD = st.text(st.sampled_from("ab_$1.é名\u0301🐟('= \t\x0b\x85\u2028\r\n\0\ud800"), max_size=30)


def predictor_of(**files: str) -> Predictor:
    return Predictor(build((f"{name}.py", text) for name, text in files.items()))


def caret(predictor: Predictor, text: str, name: str = "new") -> Caret:
    """The caret ▮ in an open document."""
    before, _, after = text.partition("▮")
    return predictor.at(f"file:///w/{name}.py", f"{name}.py", before, after)


def best(predictor: Predictor, text: str, name: str = "new") -> str | None:
    """The likeliest rest of the line."""
    return next((line.text for line in caret(predictor, text, name).lines()), None)


def all_of(predictor: Predictor, text: str, name: str = "new") -> list[str]:
    return [line.text for line in caret(predictor, text, name).lines()]


# Where it is looked


def test_a_line_of_another_file_is_proposed():
    assert best(predictor_of(client=CLIENT), "def stop(self):\n    self.session▮\n") == ".close(timeout=5)"


def test_a_line_of_the_document_is_proposed_without_any_files():
    assert best(Predictor(None), "total = compute(values, 3)\nprint(total)\n\ntotal = ▮\n") == "compute(values, 3)"


def test_lines_below_the_caret_count_too():
    assert best(Predictor(None), "import os\ntotal = ▮\nprint(total)\ntotal = compute(values, 3)\n") == "compute(values, 3)"


def test_a_pattern_is_gone_on_with_in_the_names_of_here():
    assert best(Predictor(None), FIELDS.replace("▮", "self.depth▮")) == " = depth"
    assert best(predictor_of(box=FIELDS.replace("▮", "self.depth = depth")), "def __init__(self, a, b, c):\n    self.a▮\n") == " = a"


def test_the_documents_own_file_is_older_than_what_is_open_and_not_looked_at():
    predictor = predictor_of(own="limit = read_limit(old)\n", other="x = 1\n")

    assert "read_limit(old)" not in all_of(predictor, "limit = ▮\n", "own")
    assert best(predictor, "limit = ▮\nlimit = read_limit(new)\n", "own") == "read_limit(new)"
    assert "read_limit(old)" in all_of(predictor_of(own="limit = read_limit(old)\n"), "limit = ▮\n", "another")


def test_other_open_documents_count_as_they_are_now():
    predictor = predictor_of(client="self.session.close(old)\n")
    caret(predictor, "self.session.close(new)\n▮", "client")

    assert all_of(predictor, "self.session.▮") == ["close(new)"]

    caret(predictor, "self.session.close(newer)\n▮", "client")

    assert all_of(predictor, "self.session.▮") == ["close(newer)"]


def test_of_many_documents_the_latest_are_remembered(monkeypatch):
    monkeypatch.setattr(predicting, "MOST_DOCUMENTS", 2)
    predictor = Predictor(None)
    for name in ("one", "two"):
        caret(predictor, f"{name} = {name}_of(x)\n▮", name)

    # This one is the third.
    assert all_of(predictor, "= ▮", "three") == ["two_of(x)"]


def test_text_far_away_is_not_looked_at(monkeypatch):
    monkeypatch.setattr(predicting, "MAX_CHARACTERS", 100)
    monkeypatch.setattr(predicting, "STEP_CHARACTERS", 10)
    line, between = "total = compute(values)\n", "#\n" * 60

    assert best(Predictor(None), f"{line}{between}total = ▮") is None
    assert best(Predictor(None), f"total = ▮\n{between}{line}") is None
    assert best(Predictor(None), f"{between}{line}total = ▮\n{between}") == "compute(values)"


def test_secrets_of_open_documents_are_not_proposed():
    predictor = Predictor(None)
    caret(predictor, 'login.password = "hunter2hunter2"\n▮', "settings")

    assert not any("hunter2" in text for text in all_of(predictor, "login.password = ▮"))


# What is written


@pytest.mark.parametrize(
    ("elsewhere", "text", "expected"),
    [
        ("call( one, two )", "call(▮", " one, two )"),
        ("call( one, two )", "call( ▮", "one, two )"),
        ("call(one, two)", "call(▮", "one, two)"),
        ("    x = y[1:-2]  # end", "if z:\n\tx▮", " = y[1:-2] # end"),
        ("x = y", "x ▮", "= y"),
        ("x = y", "▮\nx = y", None),
    ],
)
def test_white_space_is_as_elsewhere(elsewhere, text, expected):
    assert best(predictor_of(a=elsewhere + "\n"), text) == expected


def test_a_word_is_finished_by_what_follows_there():
    predictor = predictor_of(a="value = compute(first)\n", b="commas = 1\n")

    assert best(predictor, "value = com▮") == "pute(first)"


def test_a_word_that_never_followed_is_finished_by_any_that_begins_so():
    assert best(predictor_of(a="import collections\n"), "unheard = coll▮") == "ections"
    assert best(Predictor(None), "summarise\nx = 1\n\nunheard = summ▮") == "arise"


def test_a_word_may_be_complete_already():
    assert best(predictor_of(a="value = compute(first)\n"), "value = compute▮") == "(first)"


def test_a_number_is_finished_as_one_word():
    assert best(predictor_of(a="timeout = 1.25\n"), "timeout = 1.▮") == "25"


def test_of_what_followed_more_often_comes_first():
    predictor = predictor_of(a="x = one()\n" * 3 + "x = two()\n", b="y = three()\n")

    lines = caret(predictor, "x = ▮").lines()

    assert [line.text for line in lines[:2]] == ["one()", "two()"]
    assert lines[0].log_probability > lines[1].log_probability
    assert lines[0].n_matched >= 2


def test_where_nothing_is_known_nothing_is_proposed():
    for text in ("▮", "x▮", "\n\n▮\n\n", "x = ▮"):
        for predictor in (Predictor(None), predictor_of(), predictor_of(empty="")):
            assert all_of(predictor, text) == []


# What is said of given lines


@pytest.mark.parametrize("text", ["self.session▮", "self.sess▮", "    ▮", "log.▮", "unheard▮"])
def test_what_is_proposed_is_judged_as_likely_as_it_was_found(text):
    place = caret(predictor_of(client=CLIENT, more="self.session.open(now)\nself.sessions = {}\nlog.debug('x')\n"), text)

    for line in place.lines():
        judged = place.judged(line.text).line
        assert judged.log_probability == pytest.approx(line.log_probability)
        assert judged.least == pytest.approx(line.least)
        assert (judged.n_lexemes, judged.n_matched, judged.n_pattern) == (line.n_lexemes, line.n_matched, line.n_pattern)


def test_probabilities_of_all_lines_are_no_more_than_certainty():
    lines = caret(predictor_of(a="x = one()\n" * 3 + "x = two()\nx = three\n"), "x = ▮").lines()

    assert len(lines) >= 2
    assert sum(math.exp(line.log_probability) for line in lines) <= 1 + 1e-9


def test_what_never_stood_there_is_less_likely():
    place = caret(predictor_of(client=CLIENT), "self.session▮")

    known, other, unheard = (place.judged(text).line.log_probability for text in (".close(timeout=5)", ".info(timeout=5)", ".whatever()"))

    assert known > other > unheard
    assert math.isfinite(unheard)


def test_after_a_word_that_nobody_knows_nothing_is_expected():
    place = caret(predictor_of(a="import os\n", b="import sys\n"), "x = ▮")

    # Not even what files begin with: the word, what follows it, and the end.
    assert place.judged("unheard import").line.log_probability == pytest.approx(3 * math.log(predicting.UNSEEN))


def test_only_the_first_line_is_judged():
    place = caret(predictor_of(client=CLIENT), "self.session▮")

    assert place.judged(".close(timeout=5)\n    more()").line.log_probability == place.judged(".close(timeout=5)").line.log_probability


def test_a_line_that_the_line_below_goes_on_from_is_known_by_that():
    predictor = predictor_of(a="item = first()\nopen_door(item)\n" * 3 + "item = second()\nclose_window(item)\n" * 3)
    place = caret(predictor, "item = ▮\nclose_window(item)\n")

    assert place.judged("second()").below > place.judged("first()").below
    assert caret(predictor, "item = ▮").judged("second()").below == 0.0


def test_a_word_is_known_that_stands_in_a_file_or_was_written_since():
    predictor = predictor_of(client=CLIENT)
    caret(predictor, "renamed = 1\n▮")

    assert [predictor.knows(word) for word in ("session", "renamed", "unheard")] == [True, True, False]


def test_judging_a_line_does_not_make_its_words_known():
    predictor = predictor_of(client=CLIENT)

    caret(predictor, "self.▮").judged("invented(1)")

    assert not predictor.knows("invented")


# Typing


def test_line_by_line_all_is_as_if_the_document_had_just_been_opened():
    text = FIELDS.replace("▮", "self.depth = depth\n\nbox = Box(1, 2, 3)\nbox.width = 4\n")
    typed_along, below, n_lines = predictor_of(client=CLIENT), "\nlast = Box(1, 2, 3)\n", 0

    # Forwards, then some lines up and down again.
    for end in [*(match.end() + 3 for match in re.finditer("\n", text)), 90, 40, len(text)]:
        now, opened = (caret(predictor, f"{text[:end]}▮{below}") for predictor in (typed_along, predictor_of(client=CLIENT)))
        for line in (*now.lines(), *opened.lines()):
            n_lines += 1
            assert now.judged(line.text).line.log_probability == pytest.approx(opened.judged(line.text).line.log_probability)
    assert n_lines > 10


def test_a_changed_text_is_taken_in_anew():
    predictor = Predictor(None)
    assert best(predictor, "x = one()\ny = 2\nx = ▮\n") == "one()"

    assert best(predictor, "x = other()\ny = 2\nx = ▮\n") == "other()"


def test_when_too_much_was_typed_everything_is_taken_in_anew(monkeypatch):
    predictor = predictor_of(client=CLIENT)
    place = caret(predictor, "here = there(1)\nhere = ▮")
    before = place.lines()
    monkeypatch.setattr(predicting, "MOST_VOCABULARY_BYTES", 2000)

    for number in range(50):
        caret(predictor, f"word{number} = other{number}\n▮", "typed")

    assert not predictor.knows("word1")
    assert predictor.knows("session")
    assert best(predictor, "here = there(1)\nhere = ▮") == "there(1)"
    # One that was asked about before is still answered: its job may have waited.
    assert place.lines() == before
    assert place.judged("there(1)").line.text == "there(1)"


# Whatever the text


@settings(max_examples=60, deadline=None)
@given(st.lists(ODD, max_size=3), ODD, ODD, ODD)
def test_any_text_is_answered(files, before, after, given_line):
    predictor = Predictor(build((str(number), text.replace("\ud800", "")) for number, text in enumerate(files)))
    place = predictor.at("file:///w/a", "0", before, after)

    for line in place.lines():
        assert math.isfinite(line.log_probability)
        assert "\n" not in line.text
    assert place.judged(given_line).line.log_probability < 0.0


@pytest.mark.parametrize("before", ["x" * 60_000, "x " + " " * 60_000, "(" * 60_000, "a," * 30_000, "x = 1\n" * 10_000])
def test_long_lines_take_no_longer_than_other_text(before):
    # If that grew with their square, it would be minutes.
    place = caret(Predictor(None), before + "▮" + before)

    assert len(place.lines()) <= predicting.LINES
