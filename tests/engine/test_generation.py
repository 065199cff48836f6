"""Decoding: healing the token at the caret, and stopping where the insertion ends."""

import pytest

from recoder_lsp.engine.fim import Prompt
from recoder_lsp.engine.generation import Limits, Spelling, generate
from tests.engine.scripted import ScriptedModel

PIECES = ["return", " self", " self.name", ".", "name", "n", "a", "r", "re", "\n", "\n    ", "x", " =", " 1", "()", "}", "é"]


LIMITS = Limits(max_tokens=20, max_seconds=60)


def generated(script, *, healing="", limits=LIMITS, pieces=PIECES):
    model = ScriptedModel(pieces, script)
    work = generate(model, Spelling(model), Prompt((1,), healing.encode()), limits)
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


def test_decoding_ends_with_the_models_end_token():
    result = generated("return self.name()")

    assert (result.text, result.ended_by) == ("return self.name()", "end")


def test_a_single_line_ends_at_its_line_end():
    result = generated("return\n    x = 1")

    assert result.text.partition("\n")[0] == "return"
    assert result.ended_by == "line"


def test_a_block_ends_at_a_line_that_is_indented_no_deeper():
    result = generated("x = 1\n    x = 1\nreturn", limits=Limits(20, 60, block_indentation=""))

    assert result.ended_by == "dedent"
    assert result.text.startswith("x = 1\n    x = 1\n")


def test_a_closing_brace_ends_its_block():
    assert generated("x = 1\n}\nreturn", limits=Limits(20, 60, block_indentation="")).ended_by == "dedent"


def test_decoding_stops_at_the_token_limit():
    result = generated("x = 1" * 10, limits=Limits(max_tokens=4, max_seconds=60))

    assert (result.decoded_tokens, result.ended_by) == (4, "length")


def test_decoding_stops_when_its_time_is_up():
    assert generated("x = 1" * 10, limits=Limits(max_tokens=50, max_seconds=0)).ended_by == "time"


@pytest.mark.parametrize("healing", ["r", "ret", " self.na", " se", " self.name"])
def test_what_was_taken_back_is_spelled_again_and_not_repeated(healing):
    script = "return" if healing.startswith("r") else " self.name()"

    assert healing + generated(script, healing=healing).text == script


def test_healing_holds_against_what_the_model_would_rather_write():
    assert generated("x = 1", healing="na").text == "me"


def test_text_that_no_token_can_begin_gives_nothing():
    result = generated("x = 1", healing="§")

    assert (result.text, result.ended_by) == ("", "nothing")


def test_half_a_character_is_not_handed_out():
    pieces = ["(", b"\xc3", b"\xa9"]

    assert generated("(é", limits=Limits(max_tokens=2, max_seconds=60), pieces=pieces).text == "("
    assert generated("(é", pieces=pieces).text == "(é"


def test_evaluated_tokens_are_those_of_the_prompt():
    result = generated("return")

    assert (result.prompt_tokens, result.evaluated_tokens, result.decoded_tokens) == (1, 1, 1)


def test_a_sure_model_has_a_log_probability_near_zero():
    assert -0.02 < generated("return self.name()").mean_log_probability <= 0


def test_finishing_a_word_is_only_as_sure_as_the_choice_was():
    result = generated("nap", healing="na", pieces=["name", "named", "nap"])

    assert result.text == "p"
    assert result.mean_log_probability < 0


def test_what_is_spelled_again_does_not_count_against_the_limit():
    limits = Limits(max_tokens=1, max_seconds=60)

    assert generated(" self.n()x", healing=" self.n", limits=limits, pieces=[" self", ".", "n", "()", "x"]).text == "()"


@pytest.mark.parametrize(
    ("script", "block", "text"), [("return name name", None, "return"), ("x = 1\n    x = 1\n    return x", "", "x = 1\n    x = 1")]
)
def test_what_is_cut_by_a_limit_ends_at_a_whole_word_or_line(script, block, text):
    n_tokens = 2 if block is None else 8
    pieces = ["return", " na", "me", "x", " =", " 1", "\n    "]

    result = generated(script, limits=Limits(n_tokens, 60, block_indentation=block), pieces=pieces)

    assert (result.text.rstrip(), result.ended_by) == (text, "length")


def test_spelling_finds_longer_and_shorter_beginnings():
    model = ScriptedModel(PIECES, "")

    found = {model.piece(token) for token in Spelling(model).starts(b"re")}

    assert found == {b"r", b"re", b"return"}
