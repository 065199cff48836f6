"""Candidates become numbers, and a forest says from them how probable it is that each is right."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from recoder_lsp.engine.fim import Place
from recoder_lsp.engine.generation import Alternative
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.gate import (
    FEATURES,
    FIRST_FEATURES,
    GATE_FILE,
    MISSING,
    VERSION,
    Evidence,
    Forest,
    Gate,
    features,
    first_look,
)
from recoder_lsp.index.phrases.predicting import Judged, Line

OF_PHRASES = Line("", log_probability=-3.0, n_lexemes=4, least=-2.5, n_matched=5, n_pattern=7)
BY_BOTH = Evidence("(first)", Alternative("(first)", -1.0, 2, -0.75), 0, Judged(OF_PHRASES, below=-1.5), 1)
BY_MODEL = Evidence("(other)", Alternative("(other)", -2.0, 4, -0.5), 1)
BY_PHRASES = Evidence("(third)", phrases=Judged(replace(OF_PHRASES, log_probability=-1.25), below=0.0), phrases_rank=0)


def place_at(text: str) -> Place:
    before, _, after = text.partition("▮")
    return Place("a.py", "python", before, after)


def named(found: list[Evidence], text: str = "x = f▮\n", rejections: int = 0) -> list[dict[str, float]]:
    """The features of each candidate, by name."""
    return [dict(zip(FEATURES, row, strict=True)) for row in features(found, place_at(text), rejections)]


def of_text(candidate: str, text: str) -> dict[str, float]:
    """The features of a candidate that no expert has said anything about."""
    return named([Evidence(candidate)], text)[0]


# Features


def test_each_candidate_has_a_number_for_each_feature_whoever_spoke():
    for row in features([BY_BOTH, BY_MODEL, BY_PHRASES, Evidence("")], place_at("▮")):
        assert len(row) == len(FEATURES) == len(set(FEATURES))
        assert all(isinstance(number, float) and math.isfinite(number) for number in row)


def test_what_each_expert_says_stands_under_its_name():
    both, *_ = named([BY_BOTH, BY_MODEL, BY_PHRASES], rejections=2)

    assert [both[f"model{name}"] for name in ("", " a token", " first", " rank", " less best")] == [-1.0, -0.5, -0.75, 0.0, 0.0]
    assert [both[f"phrases{name}"] for name in ("", " a lexeme", " least", " below", " lexemes", " rank")] == [-3, -0.75, -2.5, -1.5, 4, 1]
    assert both["phrases less best"] == -1.75
    assert (both["matched"], both["pattern"], both["candidates"], both["rejections"]) == (5, 7, 3, 2)
    assert math.exp(both["either"]) == pytest.approx((math.exp(-1) + math.exp(-3)) / 2)


def test_what_an_expert_did_not_say_is_below_all_that_it_may_say():
    _, model, phrases = named([BY_BOTH, BY_MODEL, BY_PHRASES])

    assert {model[name] for name in FEATURES if name.startswith("phrases") or name in ("matched", "pattern")} == {MISSING}
    assert {phrases[name] for name in FEATURES if name.startswith("model")} == {MISSING}
    assert (model["model less best"], phrases["phrases less best"]) == (-1.0, 0.0)


def test_who_was_asked_and_did_not_propose_it_has_it_in_no_rank():
    judged = replace(BY_BOTH, model_rank=None, phrases_rank=None)

    (row,) = named([judged])

    assert row["model"] == -1.0
    assert row["model rank"] == row["phrases rank"] > 5


def test_a_text_is_looked_at_in_its_place():
    row = of_text("compute(first, [second", "def f():\n    value = ▮\n")

    assert (row["length"], row["names"], row["brackets"]) == (22, 3, 2)
    assert (row["line begun"], row["in word"], row["at line start"]) == (len("value ="), 0, 0)
    assert (of_text("ute(", "comp▮")["in word"], of_text("x", "a\n  ▮")["at line start"]) == (1, 1)
    assert [of_text(text, "▮")["ends open"] for text in ("f(", "{", "x,", "x", "")] == [1, 1, 1, 0, 0]
    assert [of_text(text, "▮")["ends statement"] for text in ("f();", "if x:", "x")] == [1, 1, 0]


def test_lines_that_are_there_already_are_counted():
    text = "x  =  1\n" + "y = 2\n" * 20 + "x▮\nx = 1\nx = 1\n"

    row, other = of_text(" = 1", text), of_text(" = 3", text)

    assert (row["just above"], row["just below"], row["above"], row["below"]) == (0, 1, 1, 2)
    assert (other["just above"], other["just below"], other["above"], other["below"]) == (0, 0, 0, 0)


def test_a_line_may_begin_as_the_line_above_does():
    text = "self.width = width\n\nself.▮\n"

    assert of_text("window = window", text)["like line above"] == len("self.wi")
    assert of_text("width = width", text)["like line above"] == len("self.width = width")
    assert of_text("x", "▮")["like line above"] == 0


@pytest.mark.parametrize("text", ["\ud800▮\ud800", "x" * 100_000 + "▮" + "x" * 100_000, " " * 50_000 + "▮", "a\n" * 50_000 + "▮\r\n\r\n"])
def test_any_place_has_its_features(text):
    for candidate in ("", "\n", "\ud800(", "x" * 10_000):
        assert len(of_text(candidate, text)) == len(FEATURES)


# The forest


def test_a_forest_is_gone_through_from_its_roots():
    inner = [[0, -1.5, 1, 2, 0.0], [-1, 0.0, -1, -1, -1.0], [1, 0.0, 3, 4, 0.0], [-1, 0.0, -1, -1, 0.5], [-1, 0.0, -1, -1, 2.0]]
    forest = Forest([inner, [[-1, 0.0, -1, -1, 0.25]]], bias=0.5)

    odds = [forest.probability(row) / (1 - forest.probability(row)) for row in ([-1.5, 9.0], [-1.0, 0.0], [-1.0, 0.1])]

    assert [math.log(each) for each in odds] == pytest.approx([-0.25, 1.25, 2.75])


def test_the_forest_that_ships_says_how_probable_candidates_are():
    gate = Gate.load()

    for row in features([BY_BOTH, BY_MODEL, BY_PHRASES], place_at("x = f▮\n")):
        assert 0.0 < gate.probability(row) < 1.0


@pytest.mark.parametrize(("forest", "names"), [("candidates", FEATURES), ("first", FIRST_FEATURES)])
def test_the_forests_that_ship_go_by_features_that_there_are(forest, names):
    stored = json.loads(GATE_FILE.read_text("utf-8"))
    trees = stored["trees"] if forest == "candidates" else stored["first"]["trees"]

    assert trees
    for tree in trees:
        for at, (feature, _, low, high, value) in enumerate(tree):
            assert -1 <= feature < len(names)
            assert math.isfinite(value)
            # A way leads down, so that it ends.
            assert feature < 0 or at < low < len(tree) > high > at


def test_the_forest_that_ships_trusts_both_more_than_nobody():
    gate = Gate.load()
    sure = replace(
        BY_BOTH,
        model=Alternative("(first)", -0.01, 4, -0.01),
        phrases=Judged(replace(OF_PHRASES, log_probability=-0.05, least=-0.03), below=-0.1),
        phrases_rank=0,
    )
    unsure = Evidence(
        "(first)", Alternative("(first)", -20.0, 4, -9.0), 4, Judged(replace(OF_PHRASES, log_probability=-30.0, least=-9.0), -9.0)
    )

    likely, unlikely = (gate.probability(features([each], place_at("x = f▮\n"))[0]) for each in (sure, unsure))

    assert likely > unlikely


@pytest.mark.parametrize(
    "changed",
    [
        {"features": [*FEATURES[1:], FEATURES[0]]},
        {"features": FEATURES[:-1]},
        {"version": VERSION + 1},
        {"first": {"features": FIRST_FEATURES[:-1], "least": 0.0, "bias": 0.0, "trees": []}},
    ],
)
def test_a_forest_for_other_features_is_refused_with_a_hint(tmp_path, changed):
    file = tmp_path / "gate.json"
    first = {"features": FIRST_FEATURES, "least": 0.0, "bias": 0.0, "trees": []}
    file.write_text(json.dumps({"version": VERSION, "features": FEATURES, "bias": 0.0, "trees": [], "first": first} | changed))

    with pytest.raises(RecoderError, match=r"gate\.json was made for other features") as refused:
        Gate.load(file)

    assert "Train the gate again" in refused.value.hint


# The first look


def test_a_first_look_sees_the_two_best_lines_by_phrases_and_where_the_caret_is():
    second = replace(BY_PHRASES, text="(second, best)", phrases=Judged(replace(OF_PHRASES, log_probability=-2.0), below=-1.0))

    look = dict(zip(FIRST_FEATURES, first_look([BY_PHRASES, second], 4, place_at("x = f▮\n"), knows_workspace=True), strict=True))

    assert look["workspace"] == 1.0
    assert (look["lines"], look["phrases of 1"], look["phrases of 2"]) == (4, -1.25, -2.0)
    assert (look["length of 1"], look["length of 2"], look["names of 2"]) == (7, 14, 2)
    assert (look["line begun"], look["in word"], look["at line start"]) == (5, 1, 0)


@pytest.mark.parametrize("n_lines", [0, 1])
def test_a_first_look_at_less_than_two_lines_says_what_is_missing(n_lines):
    look = dict(zip(FIRST_FEATURES, first_look([BY_PHRASES][:n_lines], n_lines, place_at("x = f▮\n"), knows_workspace=False), strict=True))

    assert (look["workspace"], look["lines"]) == (0.0, n_lines)
    assert look["phrases of 2"] == look["length of 2"] == MISSING
    assert (look["phrases of 1"] == MISSING) == (n_lines == 0)
    assert look["line begun"] == 5


def test_it_is_hopeless_where_less_than_the_least_is_to_be_expected():
    gate = Gate(Forest([], 0.0), Forest([[[0, 1.5, 1, 2, 0.0], [-1, 0.0, -1, -1, -3.0], [-1, 0.0, -1, -1, 3.0]]], 0.0), 0.1)

    assert gate.is_hopeless([1.0])
    assert not gate.is_hopeless([2.0])


def test_where_phrases_are_sure_the_look_that_ships_is_hopeful():
    gate = Gate.load()
    sure = Judged(replace(OF_PHRASES, log_probability=-0.05, least=-0.03, n_matched=12, n_pattern=12), below=-0.1)

    assert not gate.is_hopeless(first_look([replace(BY_PHRASES, phrases=sure)], 1, place_at("x = f▮\n"), knows_workspace=True))


# Sources


def test_who_proposed_it_first_is_told():
    assert [each.source for each in (BY_BOTH, BY_MODEL, BY_PHRASES)] == ["model", "model", "phrases"]
    assert replace(BY_PHRASES, named=True).source == "names"
    # The model has judged it only.
    assert replace(BY_PHRASES, model=BY_MODEL.model).source == "phrases"
