"""What a model thinks aloud is no part of its answer, however it is cut into pieces."""

from __future__ import annotations

import pytest

from recoder_lsp.engine.thoughts import Thoughts


def answer_of(pieces: list[str], *, begun: bool = False) -> str:
    thoughts = Thoughts(begun=begun)
    return "".join(map(thoughts.without, pieces)) + thoughts.rest()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>Hm, </thin or not?\n</think>\n\nYes.\n", "Yes.\n"),
        ("\n<think>\n\n</think>\n\nYes, <think> is a tag.", "Yes, <think> is a tag."),
        ("<thin is no tag", "<thin is no tag"),
        ("  Yes: </think>", "  Yes: </think>"),
        ("<think>and never comes to an end", ""),
        ("<think></think> \n", ""),
        ("\n", "\n"),
        ("<thi", "<thi"),
        ("", ""),
    ],
)
def test_an_answer_is_what_comes_after_thinking(text: str, answer: str) -> None:
    assert answer_of([text]) == answer
    assert answer_of(list(text)) == answer


def test_a_prompt_may_have_begun_the_thought() -> None:
    assert answer_of(["Hm.</th", "ink>\n", "\nYes."], begun=True) == "Yes."
    assert answer_of(["Hm."], begun=True) == ""


def test_an_answer_without_thoughts_is_handed_on_at_once() -> None:
    thoughts = Thoughts()

    assert [thoughts.without(piece) for piece in ["Yes", ", ", "<think>"]] == ["Yes", ", ", "<think>"]
