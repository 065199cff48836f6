"""What is offered to be done by a model, at ▮ or with what is between two of them."""

import pytest

from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.features.actions.model_actions import model_offers
from recoder_lsp.features.actions.offering import Diagnostic, Site
from recoder_lsp.index.syntax.parser import Parser


@pytest.fixture(scope="module")
def parser() -> Parser:
    return Parser(for_outlines=False)


@pytest.fixture
def offered(parser):
    """The offers at a place of a text, by their ids."""

    def offered(marked, *diagnostics, language="python", chat=True, completion=True):
        start, end = marked.index("▮"), marked.replace("▮", "", 1).find("▮")
        text = marked.replace("▮", "")
        snapshot = Snapshot("file:///w/a", language, text, 1)
        site = Site(snapshot, start, max(start, end), parser.tree(text, language), diagnostics)
        return {offer.id: offer for offer in model_offers(site, Settings(), chat_available=chat, may_guess=completion)}

    return offered


FUNCTION = "def area(width, h▮eight):\n    return width * height\n"
SELECTED = "def area(width, height):\n    ▮return width * height▮\n"


def test_about_a_function_at_the_caret(offered):
    offers = offered(FUNCTION)

    assert {id_: offer.command for id_, offer in offers.items()} == {
        "model.explain": "recoder.explain",
        "model.docs": "recoder.docs",
        "model.tests": "recoder.tests",
        "model.simplify": "recoder.simplify",
        "model.refactor": "recoder.refactor",
        "model.types": "recoder.types",
    }
    assert all("`area`" in offer.title and not offer.disabled for offer in offers.values())


def test_about_what_is_selected(offered):
    offers = offered(SELECTED)

    assert set(offers) == {"model.explain", "model.simplify", "model.refactor", "model.types"}
    assert offers["model.simplify"].title == "Simplify the selected code"


@pytest.mark.parametrize(
    ("place", "language"),
    [
        ("def area(width, height):\n    return wi▮dth * height\n", "python"),
        ("x = 1▮\n", "python"),
        ("# A heading▮\n", "markdown"),
        ('{"a": ▮1▮}\n', "json"),
    ],
    ids=["inside of a function", "a statement", "prose", "data"],
)
def test_nothing_is_offered_where_nobody_would_look_for_it(offered, place, language):
    assert offered(place, language=language) == {}


@pytest.mark.parametrize(
    ("place", "language", "wanted"),
    [
        ("def f(a: int, b) -> int:▮ ...\n", "python", True),
        ("def f(a: int):▮ ...\n", "python", True),
        ("def f(a: int) -> int:▮ ...\n", "python", False),
        ("class A:\n    def f(self) -> int:▮ ...\n", "python", False),
        ("class A:▮\n    x = 1\n", "python", False),
        ("function f(a: number,▮ b) {}\n", "typescript", True),
        ("function f(a: number)▮ {}\n", "typescript", False),
        ("function f(a)▮ {}\n", "javascript", False),
        ("fn f(a: i32)▮ {}\n", "rust", False),
    ],
)
def test_types_are_offered_where_some_are_missing(offered, place, language, wanted):
    assert ("model.types" in offered(place, language=language)) == wanted


def test_a_complaint_can_be_given_to_the_model_with_the_line_that_it_is_about(offered):
    text = "import os\n\n\ndef f():\n    retur▮n x\n"
    complaint = Diagnostic(text.index("x"), text.index("x"), "undefined name 'x'\nat all", "F821", "ruff")

    offer = offered(text, complaint)["model.fix:0"]

    assert (offer.kind, offer.command, offer.fixes) == ("quickfix", "recoder.fix", (0,))
    assert offer.title == "Have a model fix: undefined name 'x'"
    assert offer.arguments == {"message": "ruff F821 undefined name 'x'\nat all", "about": "return x"}


def test_of_very_many_complaints_the_first_can_be_fixed(offered):
    complaints = [Diagnostic(0, 1, f"wrong {i}") for i in range(50)]

    assert [id_ for id_ in offered("x ▮= 1\n", *complaints) if id_.startswith("model.fix")] == [f"model.fix:{i}" for i in range(3)]


def test_a_comment_that_asks_for_something_can_be_answered(offered):
    offer = offered("x = 1\n# TODO: a name▮ that says more\ny = 2\n")["model.comment"]

    assert (offer.title, offer.command) == ("Do what the comment says: a name that says more", "recoder.edit")


def test_without_a_chat_model_a_selection_says_what_is_missing(offered):
    offers = offered(SELECTED, Diagnostic(0, 1, "wrong"), chat=False)

    assert set(offers) == {"model.explain", "model.simplify", "model.refactor", "model.types"}
    assert not offers["model.explain"].disabled
    assert "Set models.chat" in offers["model.simplify"].disabled


def test_without_a_chat_model_the_completion_model_may_guess_documentation(offered):
    offers = offered(FUNCTION, chat=False)

    assert set(offers) == {"model.explain", "model.docs"}
    assert offers["model.docs"].title == "Have the completion model guess what `area` does"


@pytest.mark.parametrize("place", [FUNCTION, 'def area(w):▮\n    """Documented."""\n'])
def test_without_any_model_nothing_is_guessed(offered, place):
    assert "model.docs" not in offered(place, chat=False, completion=place is not FUNCTION)


def test_documentation_that_is_there_can_be_written_anew(offered):
    assert offered('def area(w):▮\n    """Documented."""\n')["model.docs"].title == "Rewrite the documentation of `area`"
