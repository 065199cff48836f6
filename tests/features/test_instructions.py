"""What comments ask for, and edits that find their place again."""

import pytest

from recoder_lsp.features.edits import Edit, Refused, applied
from recoder_lsp.features.instructions import instruction_at
from recoder_lsp.features.moving import moved


@pytest.mark.parametrize(
    ("text", "instruction"),
    [
        ("# recoder: make it fast▮\ndef f(): pass\n", "make it fast"),
        ("x = 1  # TODO: a be▮tter name\n", "a better name"),
        ("// TODO(anna) close the f▮ile\n", "close the file"),
        ("▮/* FIXME - off by one */\n", "off by one"),
        ("<!-- recoder, add a title▮ -->\n", "add a title"),
        ("-- Recoder: sort by name▮\nSELECT 1\n", "sort by name"),
        ("    # recoder: make it fast▮\n    # and short\n    # TODO: this is another\n", "make it fast and short"),
        ("/* TODO: one\n * two▮ */\n", ""),
        ("/* TODO: one▮\n * two */ x = 1\n", "one two"),
        ("/* TODO: one▮ */\n * two\n", "one"),
        ("▮def f():\n    # TODO: return one\n    return 2▮\n", "return one"),
        ("# recoder: something else\ndef f():▮ pass\n", ""),
        ("todo = recoder▮\n", ""),
        ("# TODO▮\n", ""),
        ("todo: x▮\n", ""),
        ("url = 'https://todo.example/list'▮\n", ""),
        ("▮", ""),
    ],
)
def test_a_comment_at_the_cursor_says_what_to_do(text, instruction):
    start, end = text.index("▮"), text.replace("▮", "", 1).find("▮")

    assert instruction_at(text.replace("▮", ""), start, max(start, end)) == instruction


BEFORE = "a = 1\nb = 2\nc = 3\n"


@pytest.mark.parametrize(
    ("now", "after"),
    [
        (BEFORE, "a = 1\nb = 20\nc = 3\n"),
        ("# new\na = 1\nb = 2\nc = 3\n", "# new\na = 1\nb = 20\nc = 3\n"),
        ("b = 2\nc = 3\n", "b = 20\nc = 3\n"),
        ("a = 1\nb = 2\n", "a = 1\nb = 20\n"),
        ("a = 1\nb = 2\nc = 3\nd = 4\n", "a = 1\nb = 20\nc = 3\nd = 4\n"),
    ],
    ids=["nothing", "a line above", "a line less above", "a line less below", "a line below"],
)
def test_an_edit_finds_its_line_after_changes_elsewhere(now, after):
    edits = moved([Edit(11, 11, "0")], 6, 11, BEFORE, now)

    assert applied(now, edits) == after


@pytest.mark.parametrize("now", ["a = 1\nb = 3\nc = 3\n", "a = 1\nc = 3\n", "a = 9\nb = 2\nc = 9\n", ""])
def test_an_edit_of_what_has_changed_is_refused(now):
    with pytest.raises(Refused, match="has changed meanwhile"):
        moved([Edit(11, 11, "0")], 6, 11, BEFORE, now)
