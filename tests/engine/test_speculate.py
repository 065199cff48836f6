"""Reading ahead: the same text comes out in fewer batches, and it is given up where it does not pay."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoder_lsp.engine import models
from recoder_lsp.engine.cleaning import block_indentation
from recoder_lsp.engine.copying import trust_of
from recoder_lsp.engine.fim import Budget, Place, Prompt, Prompter
from recoder_lsp.engine.generation import Limits, Spelling, generate
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.engine.speculate import MOST_MISSES
from tests.engine.scripted import ScriptedModel
from tests.engine.tiny_gguf import write_tiny_gguf

LIMITS = Limits(max_tokens=40, max_seconds=60)
DOCUMENT = "abcdefghijkl"
PIECES = [*DOCUMENT, "\n", "\n "]
TRUST = (0.0, 0.2, 0.4, 0.6, 0.8)


def finish(work):
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


def written(script, document, *, limits=LIMITS, healing="", trust=(), reads_ahead=True):
    """Let a model write its script after a document that it can copy from."""
    model = ScriptedModel(PIECES, script, prompt=document)
    model.goes_back = reads_ahead
    prompt = Prompt(tuple(map(model.token, document)), healing.encode())
    return model, finish(generate(model, Spelling(model), prompt, limits, trust))


def test_what_stands_in_the_document_is_read_in_fewer_batches():
    model, result = written("efghijkl", DOCUMENT + "abcd")

    assert (result.text, result.ended_by) == ("efghijkl", "end")
    # "e" is known when the prompt is read. Then comes "fghi" and, as that was right, what follows up to the caret.
    assert (model.n_batches, result.drafted_tokens, result.accepted_tokens) == (2, 10, 6)


def test_where_the_document_goes_on_otherwise_the_model_decides():
    _, result = written("efahg", DOCUMENT + "abcd")

    assert (result.text, result.accepted_tokens) == ("efahg", 1)


def test_a_short_match_is_not_trusted():
    assert written("defg", DOCUMENT + "hbc")[1].drafted_tokens == 4
    assert written("da", DOCUMENT + "hbc")[1].drafted_tokens == 0


def test_it_is_given_up_after_some_misses_in_a_row():
    # After each "abcd" stands "e", and the model writes something else each time.
    model, result = written("abcdfabcdgabcdhabcdf", DOCUMENT + "h")

    assert result.text == "abcdfabcdgabcdhabcdf"
    assert (model.n_batches, result.accepted_tokens) == (MOST_MISSES, 0)


def test_a_hit_in_between_keeps_it_going():
    model, result = written("abcdgabcdegabcdgabcdeg", DOCUMENT + "h")

    assert result.text == "abcdgabcdegabcdgabcdeg"
    assert (model.n_batches, result.accepted_tokens) == (4, 2)


def test_no_more_is_read_ahead_than_may_be_written():
    model, result = written("efghijkl", DOCUMENT + "abcd", limits=Limits(max_tokens=3, max_seconds=60))

    assert (result.text, result.ended_by, result.decoded_tokens, result.drafted_tokens) == ("", "length", 3, 1)
    assert model.evaluated_tokens <= len(DOCUMENT + "abcd") + 3


def test_a_memory_that_cannot_be_cut_is_not_read_ahead_into():
    assert written("efghijkl", DOCUMENT + "abcd", reads_ahead=False)[1].drafted_tokens == 0


@given(
    st.text("abc\n", max_size=40),
    st.text("abc\n", max_size=30),
    st.sampled_from([(), TRUST]),
    st.integers(1, 30),
    st.sampled_from([None, ""]),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_the_same_comes_out_as_without(document, script, trust, most, block, heals):
    limits = Limits(max_tokens=most, max_seconds=60, block_indentation=block)
    healing = script[:2] if heals else ""

    results = [
        written(script, document or "a", limits=limits, healing=healing, trust=trust, reads_ahead=reads_ahead)[1]
        for reads_ahead in (True, False)
    ]

    same = [(each.text, each.ended_by, each.log_probability, each.n_tokens, each.decoded_tokens) for each in results]
    assert same[0] == same[1]
    assert results[0].accepted_tokens <= results[0].drafted_tokens


EVENTS = "".join(
    f"    def handle_{name}(self, event):\n        self.logger.debug('{name} %s', event)\n        self.n_{name} += 1\n\n"
    for name in ("key", "mouse", "touch", "scroll")
)
POINTS = "".join(f"type Point{n} struct {{\n\tx{n}, y{n} float64\n\tname string\n}}\n\n" for n in range(6))


@pytest.fixture(scope="module")
def embedded():
    model = LlamaModel.load(models.embedded(), context_tokens=0, threads=1)
    yield model
    model.close()


def block(model, path, language, before, after, trust):
    place = Place(path, language, before, after)
    prompt = Prompter(model).prompt(place, Budget(elsewhere=1000))
    # As after any other inference.
    finish(model.evaluate([20]))
    return finish(generate(model, Spelling(model), prompt, Limits(24, 60, block_indentation(place)), trust))


@pytest.mark.parametrize(
    ("path", "language", "text", "caret"),
    [
        *(("events.py", "python", f"class Events:\n{EVENTS}", place) for place in range(230, 410, 23)),
        *(("points.go", "go", POINTS, place) for place in range(150, 290, 23)),
    ],
)
def test_the_embedded_model_writes_the_same_with_and_without(embedded, monkeypatch, path, language, text, caret):
    for trust in (trust_of(embedded.metadata), ()):
        ahead = block(embedded, path, language, text[:caret], text[caret + 40 :], trust)
        with monkeypatch.context() as patch:
            patch.setattr(LlamaModel, "goes_back", False)
            alone = block(embedded, path, language, text[:caret], text[caret + 40 :], trust)

        assert (ahead.text, ahead.ended_by, ahead.decoded_tokens) == (alone.text, alone.ended_by, alone.decoded_tokens)
        assert ahead.log_probability == pytest.approx(alone.log_probability, abs=0.5)
        assert alone.drafted_tokens == 0


def test_a_repetitive_block_takes_fewer_batches(embedded):
    trust = trust_of(embedded.metadata)

    result = block(embedded, "events.py", "python", f"class Events:\n{EVENTS}    def handle_blur(self, event):\n", "\n", trust)

    assert result.accepted_tokens >= 8
    assert result.accepted_tokens > result.drafted_tokens / 2


@pytest.fixture
def model(tmp_path):
    model = LlamaModel.load(write_tiny_gguf(tmp_path / "tiny.gguf"), context_tokens=160, threads=1)
    yield model
    model.close()


# Of an own kind of period, so that each place has a long match.
TOKENS = list(itertools.islice(itertools.cycle(9 + place * 7 % 256 for place in range(23)), 100))


def test_each_of_the_last_tokens_has_the_logits_it_would_have_alone(model):
    rows = finish(model.evaluate_each(TOKENS, 9))

    assert model.cached_tokens == 100
    np.testing.assert_allclose(model.logits, rows[-1], atol=0)
    for place, row in enumerate(rows):
        finish(model.evaluate([20]))
        finish(model.evaluate(TOKENS[: 92 + place]))
        np.testing.assert_allclose(row, model.logits, atol=0.02)


def test_what_the_cache_holds_is_not_evaluated_again_but_for_the_last_tokens(model):
    finish(model.evaluate(TOKENS[:95]))
    before = model.evaluated_tokens

    finish(model.evaluate_each(TOKENS, 5))
    finish(model.evaluate_each(TOKENS, 2))

    assert model.evaluated_tokens - before == 7


@pytest.mark.parametrize(("tokens", "n_last"), [(TOKENS, 0), (TOKENS, 65), (TOKENS[:3], 4), ([], 1), (TOKENS, -1)])
def test_what_is_no_batch_is_refused(model, tokens, n_last):
    with pytest.raises(ValueError, match="token"):
        finish(model.evaluate_each(tokens, n_last))


def test_what_another_evaluates_in_between_changes_nothing(model):
    def begun():
        return generate(model, Spelling(model), Prompt(tuple(TOKENS), b""), LIMITS, (0.0, 0.9, 0.9, 0.9, 0.99))

    expected, work = finish(begun()), begun()
    try:
        for number in itertools.count():
            next(work)
            if 3 < number < 9:
                finish(model.evaluate([20 + number] * 150))
    except StopIteration as stop:
        result = stop.value

    assert expected.accepted_tokens > 0
    assert (result.text, result.ended_by, result.decoded_tokens) == (expected.text, expected.ended_by, expected.decoded_tokens)
