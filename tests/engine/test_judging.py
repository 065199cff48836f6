"""How likely given lines are: the scores that the search gives, in few batches, with the cache as it was."""

import math
from pathlib import Path

import numpy as np
import pytest

from recoder_lsp.engine import models
from recoder_lsp.engine.beam import Beam, beam_of, search
from recoder_lsp.engine.branches import BRANCH_TOKENS, MOST_READ
from recoder_lsp.engine.copying import trust_of
from recoder_lsp.engine.fim import Budget, Place, Prompt, Prompter
from recoder_lsp.engine.generation import Limits, Spelling
from recoder_lsp.engine.judging import judge
from recoder_lsp.engine.llama import LlamaModel
from tests.engine.lines_model import LinesModel
from tests.engine.tiny_gguf import write_tiny_gguf

LIMITS = Limits(max_tokens=20, max_seconds=60)


def finish(work):
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


def judged(weights, texts, *, healing="", pieces=(), branches=MOST_READ, least=-math.inf):
    model = LinesModel(weights, pieces)
    model.most_branches = branches
    return finish(judge(model, Spelling(model), Prompt((1,), healing.encode()), texts, least=least)), model.steps


def likely(weights, texts, **others):
    return [math.exp(text.log_probability) for text in judged(weights, texts, **others)[0]]


@pytest.mark.parametrize("branches", [MOST_READ, 0])
def test_a_line_is_as_likely_as_its_tokens_and_its_end(branches):
    weights = {"ab": 0.5, "a": 0.2, "abc": 0.2, "": 0.1}

    assert likely(weights, ["abc", "ab", "a", ""], branches=branches) == pytest.approx([0.2, 0.5, 0.2, 0.1], rel=1e-3)


def test_each_token_counts_and_so_does_the_end():
    (first, blank), _ = judged({"ab": 0.5, "c": 0.5}, ["ab", ""])

    assert (first.text, first.n_tokens, first.whole) == ("ab", 3, True)
    assert math.exp(first.first_log_probability) == pytest.approx(0.5, rel=1e-3)
    assert first.mean_log_probability == pytest.approx(math.log(0.5) / 3, rel=1e-3)
    assert (blank.n_tokens, blank.whole) == (1, True)


def test_many_ways_to_end_a_line_count_together():
    weights = {"a\n": 0.3, "a\n  ": 0.2, "a": 0.1, "ab": 0.4}

    assert likely(weights, ["a"], pieces=["\n  "]) == pytest.approx([0.6], rel=1e-3)


def test_what_is_healed_is_a_condition_and_no_part_of_the_score():
    weights = {"name": 0.06, "nap": 0.04, "x": 0.9}

    (me, p), _ = judged(weights, ["me", "p"], healing="na", pieces=["name", "nap"])

    # Half of the time this model spells them letter by letter.
    assert [math.exp(text.log_probability) for text in (me, p)] == pytest.approx([0.3, 0.2], rel=1e-3)
    assert (me.text, me.n_tokens) == ("me", 2)


def test_a_word_that_ends_where_the_healing_does_is_not_scored_for_it():
    (rest,), _ = judged({"name()": 0.01, "x": 0.99}, ["()"], healing="name", pieces=["name"])

    assert (rest.n_tokens, math.exp(rest.log_probability)) == (3, pytest.approx(1.0, rel=1e-3))


def test_the_first_healed_byte_may_be_in_the_middle_of_a_character():
    model = LinesModel({"é(": 1.0})
    model._pieces[model._pieces.index("é".encode())] = b"\xa9"
    model._texts = {b"\xa9(": 1.0}

    (result,) = finish(judge(model, Spelling(model), Prompt((1,), b"\xa9"), ["("]))

    assert (result.n_tokens, math.exp(result.log_probability)) == (2, pytest.approx(1.0, rel=1e-3))


def test_white_space_at_the_end_is_left_out():
    assert likely({"a": 0.7, "b": 0.3}, ["a  "]) == pytest.approx([0.7], rel=1e-3)


def test_equal_texts_are_read_once_and_judged_alike():
    (one, other), steps = judged({"a": 0.7, "b": 0.3}, ["a", "a"])

    assert (one, steps) == (other, [["a"]])


def test_no_more_are_read_at_once_than_there_are_branches():
    texts = list("abcdefgh")

    result, steps = judged(dict.fromkeys(texts, 1.0), texts)

    assert [len(step) for step in steps] == [MOST_READ, 2]
    assert [math.exp(text.log_probability) for text in result] == pytest.approx([1 / 8] * 8, rel=1e-3)


def test_no_more_tokens_are_read_at_once_than_a_slice_has():
    texts = [letter * 30 for letter in "abc"]

    assert [len(step) for step in judged(dict.fromkeys(texts, 1.0), texts)[1]] == [2, 1]
    shared = ["x" * 30 + letter for letter in "abc"]
    assert [len(step) for step in judged(dict.fromkeys(shared, 1.0), shared)[1]] == [3]


def test_a_text_that_is_too_long_is_judged_by_its_beginning():
    (result, other), steps = judged({"a" * 90: 0.5, "b": 0.5}, ["a" * 90, "b"])

    assert (result.whole, result.n_tokens, math.exp(result.log_probability)) == (False, BRANCH_TOKENS + 1, pytest.approx(0.5, rel=1e-3))
    assert other.whole
    assert max(len(text) for step in steps for text in step) == BRANCH_TOKENS


def test_a_hopeless_text_is_not_read():
    (hopeless, likely), steps = judged({"a1": 0.001, "b1": 0.999}, ["a1", "b1"], least=math.log(0.01))

    assert (hopeless.whole, likely.whole, steps) == (False, True, [["b1"]])
    assert math.exp(hopeless.log_probability) == pytest.approx(0.001, rel=1e-2)


def test_nothing_to_judge_costs_the_prompt_alone():
    assert judged({"a": 1.0}, []) == ([], [])


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_tiny_gguf(tmp_path_factory.mktemp("judging") / "tiny.gguf", metadata={"recoder.beam": "3,0.25"})


@pytest.fixture
def model(path):
    model = LlamaModel.load(path, context_tokens=160, threads=1)
    yield model
    model.close()


PROMPT = Prompt(tuple(9 + place * 7 % 256 for place in range(100)), b"")
TEXTS = ["return self", "return", "def self.x", "x = 1", "reτ", ""]
TRUST = (0.0, 0.2, 0.4)


def test_a_real_model_gives_each_text_what_it_gives_it_token_by_token(model):
    result = finish(judge(model, Spelling(model), PROMPT, TEXTS))

    for text, judged in zip(TEXTS, result, strict=True):
        tokens = model.tokenize(text)
        expected = model.log_probabilities([*PROMPT.tokens, *tokens])[len(PROMPT.tokens) - 1 :]
        finish(model.evaluate([*PROMPT.tokens, *tokens]))
        likely = np.exp(model.logits - model.logits.max())
        end = math.log(likely[Spelling(model).enders].sum() / likely.sum())
        assert judged.log_probability == pytest.approx(expected.sum() + end, abs=0.05)
        assert (judged.n_tokens, judged.whole) == (len(tokens) + 1, True)


def test_texts_are_judged_alike_one_by_one_and_together(model):
    together = finish(judge(model, Spelling(model), PROMPT, TEXTS, TRUST))

    for text, judged in zip(TEXTS, together, strict=True):
        (alone,) = finish(judge(model, Spelling(model), PROMPT, [text], TRUST))
        assert judged.log_probability == pytest.approx(alone.log_probability, abs=0.05)


def test_a_model_without_branches_judges_alike(model, path, monkeypatch):
    expected = finish(judge(model, Spelling(model), PROMPT, TEXTS, TRUST))
    monkeypatch.setattr(LlamaModel, "most_branches", 0)

    result = finish(judge(model, Spelling(model), PROMPT, TEXTS, TRUST))

    for one, other in zip(expected, result, strict=True):
        assert (one.text, one.n_tokens) == (other.text, other.n_tokens)
        assert one.log_probability == pytest.approx(other.log_probability, abs=0.05)


def test_judging_leaves_the_prompt_in_the_cache_and_its_logits_right(model):
    finish(model.evaluate(PROMPT.tokens))
    expected = model.logits

    finish(judge(model, Spelling(model), PROMPT, TEXTS))

    before = model.evaluated_tokens
    finish(model.evaluate((*PROMPT.tokens[:99], 20)))
    assert model.evaluated_tokens == before + 1
    finish(model.evaluate(PROMPT.tokens))
    np.testing.assert_allclose(model.logits, expected, atol=0.02)


def test_after_judging_a_search_comes_to_the_same_end_and_the_other_way_round(model):
    def searched():
        return finish(search(model, Spelling(model), PROMPT, LIMITS, Beam(3, 0.25), lambda text: 99.0 * (len(text) < 9), TRUST))

    text, scores = searched().text, finish(judge(model, Spelling(model), PROMPT, TEXTS))

    assert searched().text == text
    again = finish(judge(model, Spelling(model), PROMPT, TEXTS))
    assert [one.log_probability for one in again] == pytest.approx([one.log_probability for one in scores], abs=0.05)


def test_what_another_evaluates_in_between_changes_nothing(model):
    texts = [letter * 30 for letter in "abcdef"]
    expected = finish(judge(model, Spelling(model), PROMPT, texts))
    work, n_pauses = judge(model, Spelling(model), PROMPT, texts), 0
    try:
        while True:
            next(work)
            n_pauses += 1
            if n_pauses <= 4:
                finish(model.evaluate([20 + n_pauses] * 150))
    except StopIteration as stop:
        result = stop.value

    assert n_pauses >= 3
    assert [one.log_probability for one in result] == pytest.approx([one.log_probability for one in expected], abs=0.1)


def test_judging_that_is_closed_in_the_middle_harms_nothing(model):
    work = judge(model, Spelling(model), PROMPT, [letter * 30 for letter in "abcdef"])
    for _ in range(3):
        next(work)
    work.close()

    before = model.evaluated_tokens
    finish(model.evaluate((*PROMPT.tokens, 20)))
    assert model.evaluated_tokens == before + 1


def test_where_the_prompt_leaves_no_room_the_first_token_alone_is_judged(model):
    (result,) = finish(judge(model, Spelling(model), Prompt(tuple(range(20, 180)), b""), ["return self"]))

    assert (result.n_tokens, result.whole) == (1, False)
    assert result.log_probability < 0


@pytest.fixture(scope="module")
def embedded():
    model = LlamaModel.load(models.embedded(), context_tokens=0, threads=1)
    yield model
    model.close()


@pytest.mark.parametrize("caret", ["class Model(", "for path in ", "log = logging"])
def test_the_embedded_model_judges_its_own_line_as_its_search_does(embedded, caret):
    text = Path(models.__file__).read_text(encoding="utf-8")
    before = text[:1500].rpartition("\n")[0] + "\n\n" + caret
    prompt = Prompter(embedded).prompt(Place("models.py", "python", before, "\n" + text[2000:]), Budget(elsewhere=1000))
    spelling, trust = Spelling(embedded), trust_of(embedded.metadata)
    generated = finish(search(embedded, spelling, prompt, LIMITS, beam_of(embedded.metadata), lambda text: 0.0, trust))

    assert generated.ended_by == "line"
    (same, worse) = finish(judge(embedded, spelling, prompt, [generated.text, "§ zz 9"], trust))

    assert same.log_probability >= generated.log_probability - 1.5
    assert worse.log_probability < same.log_probability - 5
