"""What is taken out of a model's answer: code, prose, and the sentences of a documentation."""

import pytest

from recoder_lsp.features.documenting_by_chat import sentences_of
from recoder_lsp.features.edits import Refused
from recoder_lsp.features.replies import blocks_of, prose_of


@pytest.mark.parametrize(
    ("reply", "blocks"),
    [
        ("no code", []),
        ("```python\nx = 1\n```", [("x = 1", "python", True)]),
        ("~~~\nx = 1\n~~~", [("x = 1", "", True)]),
        ("```\r\nx = 1\r\ny = 2\r\n```\r\n", [("x = 1\ny = 2", "", True)]),
        ("   ```js\nx\n   ```", [("x", "js", True)]),
        ("    ```js\nx\n", []),
        ("````\n```\nx\n```\n````", [("```\nx\n```", "", True)]),
        ("```\nx\n``` more\n```", [("x\n``` more", "", True)]),
        ("```\nx\n~~~\n```", [("x\n~~~", "", True)]),
        ("```\nx", [("x", "", False)]),
        ("```a\n1\n```\ntext\n```b\n2\n```", [("1", "a", True), ("2", "b", True)]),
        ("Use `x` and ```y``` here.", []),
        ("<think>```\nx\n```</think>```\ny\n```", [("y", "", True)]),
    ],
)
def test_blocks_of_code_are_found_as_markdown_has_them(reply, blocks):
    assert [(block.code, block.language, block.is_closed) for block in blocks_of(reply)] == blocks


@pytest.mark.parametrize(
    ("reply", "prose"),
    [
        ("  A text.\n", "A text."),
        ("```\nA text.\n```", "A text."),
        ("See:\n```\nx\n```", "See:\n```\nx\n```"),
        ("<thinking>Hm.</thinking>\nA text.", "A text."),
        ("<think>never ends", ""),
    ],
)
def test_prose_is_what_is_left_without_thoughts_and_a_fence_around_all(reply, prose):
    assert prose_of(reply) == prose


CODE = "def area(width, height):\n    return width * height\n"
LONG = "Return the area of a rectangle " + "that is wide and high " * 10


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("Return the area.", "Return the area."),
        ('"""Return the area."""', "Return the area."),
        ("'''Return the area.'''", "Return the area."),
        ('```python\n"""Return the area."""\n```', "Return the area."),
        ("/** Return the area. */", "Return the area."),
        ("/**\n * Return the area.\n *\n * Of what?\n */", "Return the area.\n\nOf what?"),
        ("/// Return the area.\n/// Always.", "Return the area.\nAlways."),
        ("# Return the area.", "Return the area."),
        ("Documentation: Return the area.", "Return the area."),
        ("**Docstring:**\nReturn the area.", "Return the area."),
        ("Return the area.\n\n- `width` in metres\n- **height** too", "Return the area.\n\n- `width` in metres\n- **height** too"),
        ("area returns `width * height`.", "area returns `width * height`."),
    ],
)
def test_documentation_is_plain_sentences(reply, text):
    assert sentences_of(reply, CODE) == text


def test_long_lines_are_broken():
    lines = sentences_of(LONG, CODE).split("\n")

    assert len(lines) == 3
    assert all(len(line) <= 88 for line in lines)


@pytest.mark.parametrize(
    ("reply", "because"),
    [
        ("", "no documentation"),
        ('""" """', "no documentation"),
        (f"```python\n{CODE}```", "repeated the code"),
        ('def area(width, height):\n    """Return the area."""\n    return width * height', "repeated the code"),
        (LONG * 20, "more than anybody would read"),
    ],
)
def test_what_is_no_documentation_is_refused(reply, because):
    with pytest.raises(Refused, match=because):
        sentences_of(reply, CODE)
