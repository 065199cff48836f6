"""The memory of answers: what an earlier answer still says when the caret has moved."""

from dataclasses import replace

import pytest

from recoder_lsp.engine.fim import Place
from recoder_lsp.features.answers import REMEMBERED, Answer, Answers, Candidate

URI = "file:///w/a.py"


def place(text):
    before, _, after = text.partition("▮")
    return Place("a.py", "python", before, after)


def answer(text, *candidates, line_end=""):
    """An answer for the caret in a text; candidates are texts, or texts with their probabilities."""
    pairs = [candidate if isinstance(candidate, tuple) else (candidate, 0.9) for candidate in candidates]
    at = place(text)
    return Answer(at.prefix, at.suffix, False, line_end, tuple(Candidate(*pair, "model") for pair in pairs), None, True)


def remembering(*answers):
    memory = Answers()
    for each in answers:
        memory.add(URI, each)
    return memory


def said(memory, text, least=0.0):
    """The candidates at a caret; None where nothing is known."""
    found = memory.find(URI, place(text), least)
    return found and [candidate.text for candidate in found.candidates]


def test_what_was_typed_is_taken_off():
    memory = remembering(answer("x = ▮\n", "compute(values)"))

    assert said(memory, "x = ▮\n") == ["compute(values)"]
    assert said(memory, "x = comp▮\n") == ["ute(values)"]
    assert said(memory, "x = cap▮\n") is None


def test_typing_goes_on_with_whichever_candidate_it_agrees_with():
    memory = remembering(answer("x = ▮\n", "compute(values)", "count(values)", "read()"))

    assert said(memory, "x = co▮\n") == ["mpute(values)", "unt(values)"]
    assert said(memory, "x = cou▮\n") == ["nt(values)"]


@pytest.mark.parametrize("accepted", ["square", "square = r * r", "square = r * r\n", "square = r * r\n    return"])
def test_a_part_that_was_accepted_in_one_edit_leaves_the_rest(accepted):
    whole = "square = r * r\n    return 3 * square"
    memory = remembering(answer("def area(r):\n    ▮\n", whole))

    assert said(memory, f"def area(r):\n    {accepted}▮\n") == [whole.removeprefix(accepted)]


def test_what_was_typed_to_its_end_says_nothing_about_what_follows():
    assert said(remembering(answer("x = ▮\n", "y ")), "x = y▮\n") is None


def test_one_that_is_not_probable_enough_is_not_gone_on_with_but_not_asked_for_again_either():
    memory = remembering(answer("x = ▮\n", ("compute()", 0.3)))

    assert said(memory, "x = ▮\n", least=0.5) == ["compute()"]
    assert said(memory, "x = c▮\n", least=0.5) is None
    assert said(memory, "x = c▮\n", least=0.3) == ["ompute()"]


def test_going_back_finds_what_was_said_there():
    memory = remembering(answer("x = ▮\n", "first()"), answer("x = c▮\n", "ompute()"), answer("x = cx▮\n", "()"))

    assert said(memory, "x = c▮\n") == ["ompute()"]
    assert said(memory, "x = ▮\n") == ["first()"]


def test_the_nearest_caret_knows_best():
    memory = remembering(answer("x = c▮\n", "ompute(new)"), answer("x = ▮\n", "compute(old)"))

    assert said(memory, "x = co▮\n") == ["mpute(new)"]


@pytest.mark.parametrize(
    ("then", "now", "fits"),
    [
        ("x = f▮\ny", "x = f(▮)\ny", True),
        ("x = f▮)\ny", "x = f(▮\ny", True),
        ("x = f▮\ny", "x = f(▮ + 1\ny", False),
        ("x = f▮\ny", "x = f(▮\nz", False),
    ],
)
def test_below_the_caret_only_closers_may_have_changed(then, now, fits):
    assert said(remembering(answer(then, "(values)")), now) == (["values)"] if fits else None)


def test_one_that_ends_a_line_is_only_for_the_line_that_follows_it():
    memory = remembering(answer('▮"""\n', "total = 1", line_end="\n"))

    assert said(memory, 'total▮"""\n') == [" = 1"]
    assert said(memory, "total▮\n") is None


def test_the_one_that_was_used_longest_ago_is_dropped():
    texts = [f"{number} = ▮\n" for number in range(REMEMBERED)]
    memory = remembering(*(answer(text, "value") for text in texts))

    assert said(memory, texts[0]) == ["value"]
    memory.add(URI, answer("another = ▮\n", "value"))

    assert said(memory, texts[0]) == ["value"]
    assert said(memory, texts[1]) is None
    assert said(memory, texts[2]) == ["value"]


def test_documents_have_nothing_to_do_with_each_other():
    memory = remembering(answer("x = ▮\n", "value"))
    memory.add("file:///w/b.py", answer("x = ▮\n", "other"))

    memory.forget("file:///w/b.py")
    assert memory.find("file:///w/b.py", place("x = ▮\n")) is None
    assert said(memory, "x = ▮\n") == ["value"]

    memory.clear()
    assert said(memory, "x = ▮\n") is None


def test_an_answer_that_left_out_what_is_unlikely_is_none_for_who_wants_everything():
    memory = remembering(replace(answer("x = ▮\n", "compute(values)"), thorough=False))

    assert said(memory, "x = c▮\n", least=0.35) == ["ompute(values)"]
    assert said(memory, "x = ▮\n") is None
