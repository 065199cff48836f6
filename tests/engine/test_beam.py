"""Beam search: which line wins, where it ends, and how it is paused."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoder_lsp.engine import generation, models
from recoder_lsp.engine.beam import Beam, search
from recoder_lsp.engine.branches import BRANCH_TOKENS
from recoder_lsp.engine.copying import trust_of
from recoder_lsp.engine.fim import Budget, Place, Prompt, Prompter
from recoder_lsp.engine.generation import MOST_ALTERNATIVES, Limits, Spelling, generate
from recoder_lsp.engine.llama import LlamaModel
from tests.engine.lines_model import LinesModel
from tests.engine.tiny_gguf import write_tiny_gguf

LIMITS = Limits(max_tokens=20, max_seconds=60)
# A greedy decoder goes for the a, and then has to choose among three.
FORKED = {"a1": 0.2, "a2": 0.2, "a3": 0.19, "b": 0.41}


def finish(work):
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


def found(texts, *, healing="", limits=LIMITS, beam=None, misfit=None, pieces=()):
    model = LinesModel(texts, pieces)
    return finish(
        search(model, Spelling(model), Prompt((1,), healing.encode()), limits, beam or Beam(3, 0.0), misfit or (lambda text: 0.0))
    )


def greedy(texts):
    model = LinesModel(texts)
    return finish(generate(model, Spelling(model), Prompt((1,), b""), LIMITS)).text


def test_the_likeliest_line_wins_even_if_another_begins_likelier():
    assert (greedy(FORKED), found(FORKED).text) == ("a1", "b")


@given(st.dictionaries(st.text("ab", max_size=4), st.floats(0.01, 1.0), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_with_room_for_all_no_line_is_likelier_than_what_is_found(texts):
    text = found(texts, beam=Beam(8, 0.0)).text

    assert texts[text] == pytest.approx(max(texts.values()), rel=1e-3)
    assert texts[text] >= texts[greedy(texts)] * 0.999


@pytest.mark.parametrize(("least", "expected"), [(0.19, "b"), (0.5, "")])
def test_lines_that_are_too_unlikely_are_not_searched_for(least, expected):
    result = found(FORKED, limits=replace(LIMITS, least_log_probability=math.log(least)))

    assert (result.text, result.ended_by) == (expected, "line" if expected else "nothing")
    assert result.decoded_tokens <= found(FORKED).decoded_tokens


def test_a_reward_makes_up_for_what_each_token_costs():
    texts = {"x": 0.5, "yyyy": 0.4, "z": 0.1}

    assert found(texts).text == "x"
    assert found(texts, beam=Beam(3, 0.25)).text == "yyyy"


def test_what_goes_badly_with_its_surroundings_has_to_be_likelier():
    assert found(FORKED, misfit=lambda text: 2.0 * (text == "b")).text == "a1"


def test_many_ways_to_end_a_line_count_together():
    texts = {"a\n": 0.2, "a\n  ": 0.2, "a": 0.2, "ab": 0.4}

    result = found(texts, pieces=["\n  "], beam=Beam(1, 0.0))

    assert (result.text, result.ended_by) == ("a", "line")
    assert result.confidence_percent == pytest.approx(100 * math.sqrt(0.6), rel=0.01)


def test_ways_to_spell_a_text_count_together():
    assert found({"ab": 0.6, "x": 0.4}, pieces=["ab"]).text == "ab"


def test_white_space_at_the_end_makes_no_other_line():
    assert found({"a ": 0.31, "a": 0.25, "b": 0.44}).text == "a "
    assert found({"a ": 0.28, "a": 0.3, "b": 0.42}).text == "a"


def test_a_line_that_goes_on_over_a_break_inside_a_piece_is_cut_there():
    assert found({"a)\nb": 1.0}, pieces=[")\n"]).text == "a)"


def test_an_insertion_may_end_within_its_line():
    assert found({"value": 0.9, "vast": 0.1}).text == "value"


@pytest.mark.parametrize("healing", ["r", "ret", "return s", "return self"])
def test_what_was_taken_back_is_spelled_again_and_not_repeated(healing):
    assert healing + found({"return self.x": 0.6, "raise": 0.4}, healing=healing, pieces=["return", " self"]).text == "return self.x"


def test_healing_holds_against_what_the_model_would_rather_write():
    assert found({"x = 1": 0.999, "name": 0.001}, healing="na").text == "me"


def test_text_that_no_token_can_begin_gives_nothing():
    result = found({"x": 1.0}, healing="§")

    assert (result.text, result.ended_by, result.decoded_tokens) == ("", "nothing", 0)


def test_confidence_is_that_of_the_line_and_leaves_out_what_was_given():
    result = found({"name": 0.08, "nap": 0.02, "x": 0.9}, healing="na", pieces=["name", "nap"])

    assert result.text == "me"
    # Of the tokens that begin with "na", "name" has four tenths; then comes the end, which is sure.
    assert result.mean_log_probability == pytest.approx(math.log(0.4) / 2, rel=0.01)


def test_the_other_lines_that_were_found_come_with_the_best():
    result = found({"b": 0.4, "a": 0.28, "c": 0.2, "": 0.12}, beam=Beam(8, 0.0))

    assert (result.text, [other.text for other in result.alternatives]) == ("b", ["a", "c", ""])
    likely = [math.exp(text.log_probability) for text in (result, *result.alternatives)]
    assert likely == pytest.approx([0.4, 0.28, 0.2, 0.12], rel=1e-3)
    # Each character is a token, and so is the end.
    assert [other.n_tokens for other in (result, *result.alternatives)] == [2, 2, 2, 1]
    assert result.alternatives[0].mean_log_probability == pytest.approx(math.log(0.28) / 2, rel=1e-3)
    assert math.exp(result.alternatives[0].first_log_probability) == pytest.approx(0.28, rel=1e-3)


def test_no_more_alternatives_are_returned_than_one_can_read():
    texts = {letter: 1 / 8 for letter in "abcdefgh"}

    alternatives = found(texts, beam=Beam(8, 0.0)).alternatives

    assert len(alternatives) == MOST_ALTERNATIVES
    assert found(texts, beam=Beam(8, 0.0)).text not in [other.text for other in alternatives]


def test_alternatives_stand_in_the_order_of_what_they_are_worth():
    result = found({"a": 0.5, "b": 0.3, "c": 0.2}, misfit=lambda text: 2.0 * (text == "b"))

    assert (result.text, [other.text for other in result.alternatives]) == ("a", ["c", "b"])


def test_a_hopeless_line_is_no_alternative():
    assert [other.text for other in found({"a": 0.7, "b": 0.28, "c": 0.02}).alternatives] == ["b"]


def test_where_a_beginning_is_shown_the_whole_lines_are_its_alternatives():
    result = found({"x": 0.3, "yy yy": 0.7}, limits=Limits(max_tokens=3, max_seconds=60))

    assert (result.text, result.ended_by, [other.text for other in result.alternatives]) == ("yy ", "length", ["x"])


def test_a_search_that_reaches_the_token_limit_ends_at_a_whole_word():
    result = found({"ab cd" * 20: 1.0}, limits=Limits(max_tokens=7, max_seconds=60))

    assert (result.text, result.ended_by) == ("ab ", "length")


def test_at_the_token_limit_a_whole_line_wins_over_a_word_that_would_be_cut_away():
    result = found({"x": 0.45, "y" * 30: 0.55}, limits=Limits(max_tokens=7, max_seconds=60))

    assert (result.text, result.ended_by) == ("x", "line")


def test_at_the_token_limit_a_hopeless_line_does_not_win():
    assert found({"x": 0.001, "y" * 30: 0.999}, limits=Limits(max_tokens=7, max_seconds=60)).text == ""


def test_a_search_does_not_outgrow_the_room_of_its_branches():
    model = LinesModel({"a" * 200: 1.0})
    finish(search(model, Spelling(model), Prompt((1,), b"a" * 50), LIMITS, Beam(3, 0.0), lambda text: 0.0))

    assert max(len(tail) for tails in model.steps for tail in tails) == BRANCH_TOKENS


def test_what_is_spelled_again_does_not_count_against_the_limit():
    assert found({"name()": 1.0}, healing="name", limits=Limits(max_tokens=2, max_seconds=60)).text == "()"


def test_a_search_stops_when_its_time_is_up():
    result = found({"a" * 50: 1.0}, limits=Limits(max_tokens=50, max_seconds=0))

    assert (result.ended_by, result.decoded_tokens) == ("time", 0)


def test_a_whole_line_that_is_there_when_the_time_is_up_is_returned_as_cut_off(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(generation, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    model = LinesModel({"x": 0.45, "y" * 30: 0.55})
    model.before_step = lambda: clock.insert(0, 100.0)

    result = finish(search(model, Spelling(model), Prompt((1,), b""), LIMITS, Beam(3, 0.0), lambda text: 0.0))

    assert (result.text, result.ended_by, len(model.steps)) == ("x", "time", 1)


def test_a_sure_model_costs_no_more_than_without_a_search():
    assert found({"return self.name": 0.99, "raise": 0.01}).decoded_tokens == len("return self.name")


def test_each_step_yields_and_a_closed_search_goes_no_further():
    model = LinesModel(FORKED)
    work = search(model, Spelling(model), Prompt((1,), b""), LIMITS, Beam(3, 0.0), lambda text: 0.0)
    next(work)
    assert model.steps == []

    next(work, None)
    work.close()

    assert model.steps == [["a", "b"]]


@pytest.fixture
def model(tmp_path):
    # Of a context that has room for the prompt and little more.
    model = LlamaModel.load(write_tiny_gguf(tmp_path / "tiny.gguf", metadata={"recoder.beam": "3,0.25"}), context_tokens=160, threads=1)
    yield model
    model.close()


PROMPT = Prompt(tuple(9 + place * 7 % 256 for place in range(100)), b"")


def searching(model, prompt=PROMPT, limits=LIMITS):
    # A random model would soon end its line.
    return search(model, Spelling(model), prompt, limits, Beam(3, 0.25), lambda text: 99.0 * (len(text) < 9), (0.0, 0.2, 0.4))


def test_a_search_that_is_closed_in_the_middle_leaves_the_prompt_in_the_cache(model):
    finish(model.evaluate(PROMPT.tokens))
    expected, before = model.logits, model.evaluated_tokens
    work = searching(model)
    for _ in range(4):
        next(work)
    work.close()
    assert model.evaluated_tokens > before

    before = model.evaluated_tokens
    finish(model.evaluate((*PROMPT.tokens[:99], 20)))
    assert model.evaluated_tokens == before + 1
    finish(model.evaluate(PROMPT.tokens))
    np.testing.assert_allclose(model.logits, expected, atol=0.02)


def test_a_search_that_is_paused_for_something_else_still_comes_to_the_same_end(model):
    expected = finish(searching(model))
    work = searching(model)
    for number in range(3):
        next(work)
        finish(model.evaluate([20 + number] * 150))

    result = finish(work)

    assert (result.text, result.ended_by) == (expected.text, expected.ended_by)
    assert result.mean_log_probability == pytest.approx(expected.mean_log_probability, abs=0.02)


def test_a_search_ends_where_the_context_does(model):
    result = finish(searching(model, Prompt(tuple(range(20, 175)), b"")))

    assert result.decoded_tokens <= 3 * 5


CASES = "".join(
    f"    def handle_{name}(self, event):\n        self.logger.debug('{name} %s', event)\n        self.{name}s += 1\n\n"
    for name in "abcdefgh"
)


@pytest.fixture(scope="module")
def embedded():
    model = LlamaModel.load(models.embedded(), context_tokens=0, threads=1)
    yield model
    model.close()


def completed(model, before, *, keep_cache=True):
    place = Place("handlers.py", "python", before, "\n")
    prompt = Prompter(model).prompt(place, Budget())
    if not keep_cache:
        finish(model.evaluate([20]))
    return finish(search(model, Spelling(model), prompt, LIMITS, Beam(3, 0.25), lambda text: 0.0, trust_of(model.metadata)))


def test_the_embedded_model_goes_on_with_a_pattern(embedded):
    before = f"class Events:\n{CASES}    def handle_i(self, ev"

    assert completed(embedded, before).text == "ent):"


def test_a_key_after_a_search_costs_a_few_tokens_and_changes_no_outcome(embedded):
    before = f"class Events:\n{CASES}    def handle_i(self, event):\n        self.logg"
    first = completed(embedded, before)

    typed = completed(embedded, before + "er.d")
    cold = completed(embedded, before + "er.d", keep_cache=False)

    assert typed.evaluated_tokens <= 6
    assert cold.evaluated_tokens > 100
    assert first.text == "er.d" + typed.text
    assert typed.text == cold.text
    assert typed.confidence_percent == pytest.approx(cold.confidence_percent, abs=1.0)
