"""Refactorings as code actions of the real server, as editors ask for them and carry them out."""

import pytest

from tests.server.desk import CAPABLE, Desk, edited, place
from tests.server.talking import URI, Editor, opened

TEXT = (
    "from enum import Enum\n\n\nclass Color(Enum):\n    RED = 1\n    BLUE = 2\n\n\n"
    "def total(items, limit):\n    tmp = get_found(limit)\n    for item in items:\n        if item < limit:\n            tmp += item\n"
    "    word = '%s: %r' % (limit, tmp)\n    print(word)\n    return tmp\n\n\n"
    "def name(color):\n    match color:\n        case Color.RED:\n            return 'red'\n"
)
CASES = [
    ("Extract variable", "item < limit", "        value = item < limit\n        if value:\n"),
    ("Extract function", "for item in items:\n        if item < limit:\n            tmp += item", "    tmp = get_tmp(items, limit, tmp)\n"),
    ("Inline variable", "wo▮rd = ", "    print('%s: %r' % (limit, tmp))\n"),
    ("Convert to f-string", "'%s▮: %r'", "    word = f'{limit!s}: {tmp!r}'\n"),
    ("Implement missing branch `BLUE`", "▮match color", '        case Color.BLUE:\n            raise NotImplementedError("Color.BLUE")\n'),
    ("Rename `tmp` to `found`", "t▮mp = ", "            found += item\n"),
]


@pytest.fixture
def editor(server_command):
    with Editor(server_command) as editor:
        editor.initialize(capabilities=CAPABLE)
        editor.say(opened(TEXT))
        yield editor


def asked(editor, marked, **context):
    params = {**place(URI, TEXT, marked), "context": {"diagnostics": [], **context}}
    return editor.ask("textDocument/codeAction", params)["result"]


@pytest.mark.parametrize(("title", "marked", "shows"), CASES, ids=[title for title, _, _ in CASES])
def test_what_is_offered_is_done_by_the_editor(editor, title, marked, shows):
    (action,) = [action for action in asked(editor, marked) if action["title"] == title]

    (change,) = action["edit"]["documentChanges"]

    assert shows in edited(TEXT, change["edits"])


def test_why_it_cannot_be_done_is_said_where_somebody_asks_for_it(editor):
    (action,) = asked(editor, "return 'red'", only=["refactor.extract"], triggerKind=1)

    assert action["title"] == "Extract function"
    assert "edit" in action


def test_a_reason_is_given_for_a_jump_out_of_the_selection(editor):
    half = "    for item in items:\n        if item < limit:\n            continue\n        print(item)\n"
    uri = URI.replace("example", "other")
    text = f"def f(items, limit):\n{half}"
    editor.say(opened(text, uri))

    params = {
        **place(uri, text, "if item < limit:\n            continue"),
        "context": {"diagnostics": [], "only": ["refactor.extract"], "triggerKind": 1},
    }
    (action,) = editor.ask("textDocument/codeAction", params)["result"]

    assert action["disabled"] == {"reason": "It jumps out of what is selected: to a loop that is not."}


async def test_a_name_comes_from_the_embedded_model_and_the_editor_makes_the_change():
    text = (
        "import httpx\n\n\ndef test_get(client, server):\n    response = client.get(server.url)\n    assert response.status_code == 200\n"
        "    assert response.text == 'Hello'\n\n\ndef test_post(client, server):\n    tmp = client.post(server.url)\n"
        "    assert tmp.status_code == 200\n    assert tmp.text == 'Hello'\n"
    )
    desk = Desk()
    desk.begin()
    desk.open(URI, text)
    try:
        outcome = await desk.run("recoder.rename", place(URI, text, "t▮mp"))
        again = await desk.run("recoder.rename", place(URI, desk.texts[URI], "htt▮px"))
    finally:
        await desk.close()

    assert outcome["name"] == "response"
    assert outcome["model"]
    assert desk.texts[URI] == text.replace("tmp", "response")
    assert again["message"].startswith("There is no variable of a function here.")
