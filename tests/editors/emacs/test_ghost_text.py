"""Ghost text in real Emacsen: shown, accepted whole or in parts, and out of the way of what keys did before."""

import json

import pytest

from recoder_lsp import connect
from tests.editors.emacs.conftest import CLIENTS, SERVER, answer, visit
from tests.editors.emacs.driving import RunningEmacs

HEAD = "def total(prices):<CR>result = 0<CR>for price in prices:<CR>"


def ghost(editor: RunningEmacs) -> str | None:
    """What is drawn behind point but does not stand in the buffer."""
    drawn: str | None = editor.lisp(
        "(and recoder-ghost--overlay (substring-no-properties (overlay-get recoder-ghost--overlay 'after-string)))"
    )
    return drawn


def write_until_suggested(editor: RunningEmacs) -> str:
    """Write a function up to where something is suggested on the screen behind point; what is."""
    editor.type(HEAD + "res")
    suggested = editor.until(lambda: ghost(editor), "ghost text")
    editor.until_shown("res" + suggested.splitlines()[0])
    return suggested


def n_accepted(editor: RunningEmacs) -> object:
    """How many times the server was told that a suggestion was taken."""
    return answer(
        editor, "recoder/status", "nil", "(or (plist-get (plist-get (plist-get answer :requests) :counts) :commands.recoder.accepted) 0)"
    )


def last_line(editor: RunningEmacs) -> str:
    return editor.text.splitlines()[-1].strip()


def test_it_is_shown_while_one_types_and_accepted_by_tab(editor):
    suggested = write_until_suggested(editor)
    accepted = n_accepted(editor)

    editor.type("<Tab>")

    editor.until(lambda: editor.text.endswith("res" + suggested), "the suggestion in the buffer")
    editor.until(lambda: n_accepted(editor) == accepted + 1, "the server to hear of it")


def test_one_undo_takes_back_what_was_accepted_and_no_more(editor):
    suggested = write_until_suggested(editor)
    editor.type("<Tab>")
    editor.until(lambda: editor.text.endswith("res" + suggested), "the suggestion in the buffer")

    editor.type("<C-_>")

    editor.until(lambda: last_line(editor) == "res", "the text as typed")


def test_a_word_of_it_can_be_accepted(editor):
    suggested = write_until_suggested(editor)

    editor.type("<M-f>")

    editor.until(lambda: last_line(editor) == "result", "a word")
    assert ghost(editor) == suggested.removeprefix("ult")


def test_a_line_of_it_can_be_accepted(editor):
    suggested = write_until_suggested(editor)

    editor.type("<C-e>")

    editor.until(lambda: last_line(editor) == "res" + suggested.splitlines()[0], "the line")


def test_it_stays_while_one_types_along_and_is_accepted_from_there(editor):
    suggested = write_until_suggested(editor)

    editor.type(suggested[0])
    editor.until(lambda: ghost(editor) == suggested[1:], "the rest of it")
    editor.type("<Tab>")

    editor.until(lambda: editor.text.endswith("res" + suggested), "the suggestion, once")


def test_it_goes_when_it_is_dismissed_and_when_point_moves(editor):
    write_until_suggested(editor)

    def is_dismissed() -> bool:
        # While Emacs is at work this key interrupts it, and is read as no key.
        editor.type("<C-g>")
        return not ghost(editor)

    editor.until(is_dismissed, "no ghost text")
    editor.type("<BS>s")
    editor.until(lambda: ghost(editor), "ghost text again")

    editor.type("<C-a>")

    editor.until(lambda: not ghost(editor), "no ghost text")


def test_keys_do_what_they_did_where_there_is_none(editor):
    editor.lisp('(progn (recoder-ghost-mode -1) (insert "if one:\\ntwo three") (recoder-ghost-mode 1) t)')

    editor.type("<Tab>")
    editor.until(lambda: last_line(editor) == "two three" and editor.text.endswith("    two three"), "the line indented")
    editor.type("<C-a><M-f>!")

    editor.until(lambda: last_line(editor) == "two! three", "a word passed over")


def test_several_can_be_looked_through(editor):
    editor.type("def is_even(number):<CR>return ")
    first = editor.until(lambda: ghost(editor), "ghost text")

    editor.type("<M-n>")
    other = editor.until(lambda: (found := ghost(editor)) != first and found, "another one")
    editor.type("<M-p>")
    editor.until(lambda: ghost(editor) not in (None, other), "the one before")
    editor.type("<M-n>")
    editor.until(lambda: ghost(editor) == other, "the other one again")

    editor.type("<Tab>")
    editor.until(lambda: editor.text.endswith("return " + other), "what was chosen")


def test_it_stands_where_it_belongs_behind_letters_of_several_bytes(editor, desk):
    # lsp-mode 8 counts what lies beyond U+FFFF in another way than it says.
    letters = "é漢" if (desk.version, desk.client) == ("28", "lsp-mode") else "é𝄞"
    editor.type(f'import logging<CR>print("{letters}", logg')
    suggested = editor.until(lambda: ghost(editor), "ghost text")

    editor.type("<Tab>")

    editor.until(lambda: last_line(editor) == f'print("{letters}", logg' + suggested, "the suggestion behind it")


def test_settings_can_be_changed_meanwhile(editor):
    editor.type("def is_even(number):<CR>return ")
    editor.until(lambda: n_suggested_by_hand(editor) > 0, "suggestions")
    settings = json.dumps(editor.lisp("(prin1-to-string recoder-settings)"))

    editor.lisp("(progn (customize-set-variable 'recoder-settings '(:completion (:enabled :json-false))) t)")
    try:
        editor.until(lambda: n_suggested_by_hand(editor) == 0, "no suggestions")
    finally:
        editor.lisp(f"(progn (customize-set-variable 'recoder-settings (car (read-from-string {settings}))) t)")
    editor.until(lambda: n_suggested_by_hand(editor) > 0, "suggestions again")


def n_suggested_by_hand(editor: RunningEmacs) -> int:
    place = "(list :textDocument (recoder-document (recoder-connection)) :position (recoder-position (recoder-connection) (point))"
    params = f"{place} :context '(:triggerKind 1))"
    number = answer(editor, "textDocument/inlineCompletion", params, "(length (if (vectorp answer) answer (plist-get answer :items)))")
    assert isinstance(number, int)
    return number


def test_by_the_lines_for_lsp_mode_alone_it_is_shown_and_accepted(desk):
    if desk.client != "lsp-mode" or desk.version == "28":
        pytest.skip("Ghost text of its own is there since lsp-mode 10.")
    lines = connect.EMACS.settings.replace('\'("recoder-lsp")', SERVER)
    is_served = "(and (lsp-workspaces) (eq 'initialized (lsp--workspace-status (car (lsp-workspaces)))))"
    with desk.emacs_with(CLIENTS["lsp-mode"] + lines) as editor:
        visit(editor, "own.py", is_served)
        editor.type(HEAD + "res")
        editor.until_shown("Accept: [C-<return>]")

        editor.lisp("(progn (lsp-inline-completion-accept) t)")

        editor.until(lambda: last_line(editor).startswith("result "), "the suggestion")
