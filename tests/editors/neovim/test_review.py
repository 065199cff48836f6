"""Changes in real Neovims, shown before they are made: accepted, discarded, and overtaken by what the user types."""

import os
import signal

import pytest

from tests.editors.neovim.conftest import attached, server_pid

FUNCTION = ["def total(prices):", "    result = 0", "    for price in prices:", "        result += price", "    return result"]
SHORTER = ["def total(prices):", "    return sum(prices)"]


def write(editor, lines, cursor=(1, 0)):
    """Have this in the buffer, known to the server."""
    editor.call("nvim_buf_set_lines", 0, 0, -1, False, lines)
    editor.call("nvim_win_set_cursor", 0, cursor)


def shown(editor, command="Recoder edit make it shorter"):
    """Run a command, and wait for its change."""
    editor.command(command)
    editor.until_shown("ga accepts, q discards")


def n_tabs(editor):
    return len(editor.call("nvim_list_tabpages"))


def messages(editor):
    return editor.call("nvim_exec2", "messages", {"output": True})["output"]


@pytest.fixture
def code(editor):
    """The number of a new buffer with the function; changes are shown first."""
    write(editor, FUNCTION, (2, 4))
    editor.command("messages clear")
    return editor.call("nvim_get_current_buf")


def text_of(editor, buffer):
    return editor.call("nvim_buf_get_lines", buffer, 0, -1, False)


def test_a_change_is_shown_beside_the_text_as_it_is_and_made_when_it_is_accepted(editor, code):
    shown(editor)
    assert editor.lines == SHORTER
    assert text_of(editor, code) == FUNCTION
    assert "As it is" in str(editor.screen)

    editor.type("ga")

    editor.until(lambda: text_of(editor, code) == SHORTER, "the change")
    assert n_tabs(editor) == 1
    assert editor.call("nvim_get_current_buf") == code
    editor.type("u")
    editor.until(lambda: editor.lines == FUNCTION, "one step to undo it")


@pytest.mark.parametrize("keys", ["q", ":q<CR>", ":tabclose<CR>", ":Recoder discard<CR>", ":Recoder cancel<CR>"])
def test_a_change_that_is_discarded_is_not_made_and_nobody_complains(editor, code, keys):
    shown(editor)

    editor.type(keys)

    editor.until(lambda: n_tabs(editor) == 1, "one tab")
    editor.until(lambda: not editor.lua("return require('recoder.commands').is_changing()"), "the end of the command")
    assert editor.lines == FUNCTION
    assert "Recoder" not in messages(editor)


def test_it_waits_while_somebody_types_and_goes_where_the_text_is_then(editor, code):
    write(editor, ["# note", "", "", *FUNCTION], (5, 4))
    editor.lua("vim.cmd('Recoder edit make it shorter') vim.api.nvim_win_set_cursor(0, { 1, 0 }) vim.cmd('startinsert!')")
    editor.until(lambda: "leave insert mode" in messages(editor), "a word about it")
    assert n_tabs(editor) == 1

    editor.type("s<CR># more<Esc>")

    editor.until_shown("ga accepts")
    editor.type("ga")
    editor.until(lambda: text_of(editor, code) == ["# notes", "# more", "", "", *SHORTER], "the change")


def test_a_text_that_has_changed_meanwhile_is_left_alone(editor, code):
    shown(editor)
    editor.call("nvim_buf_set_lines", code, 1, 2, False, ["    result = 0.0"])

    editor.command("Recoder accept")

    editor.until(lambda: "changed meanwhile" in messages(editor), "a word about it")
    assert text_of(editor, code) == [FUNCTION[0], "    result = 0.0", *FUNCTION[2:]]


def test_a_part_can_be_taken_by_vims_own_means(editor, code):
    shown(editor)

    editor.type("<C-w>h")
    editor.type("do")
    editor.until(lambda: SHORTER[-1] in text_of(editor, code), "the part")
    editor.command("Recoder discard")

    editor.until(lambda: n_tabs(editor) == 1, "one tab")
    assert SHORTER[-1] in text_of(editor, code)


def test_a_code_action_of_a_model_is_shown_as_well(editor, code):
    editor.call("nvim_win_set_cursor", 0, [1, 4])

    editor.lua("vim.lsp.buf.code_action({ apply = true, filter = function(action) return action.title == 'Simplify `total`' end })")

    editor.until_shown("ga accepts, q discards")
    editor.type("ga")

    editor.until(lambda: text_of(editor, code) == SHORTER, "the change")


def test_who_does_not_want_that_gets_it_at_once(editor, code):
    editor.lua("require('recoder').options.review = false")
    try:
        editor.command("Recoder edit make it shorter")

        editor.until(lambda: editor.lines == SHORTER, "the change")
        assert n_tabs(editor) == 1
    finally:
        editor.lua("require('recoder').options.review = true")


@pytest.mark.parametrize("selected", ["", "1,5"])
def test_an_edit_asked_for_in_the_chat_is_about_the_code(editor, code, selected):
    editor.command(f"{selected}Recoder chat")
    editor.type("<Esc>")
    editor.until(lambda: editor.call("nvim_get_mode")["mode"] == "n", "normal mode")

    shown(editor)

    assert editor.lines == SHORTER
    editor.type("ga")
    editor.until(lambda: text_of(editor, code) == SHORTER, "the change")


def test_a_text_that_is_closed_meanwhile_is_left_alone(editor, code):
    shown(editor)

    editor.call("nvim_buf_delete", code, {"force": True})
    editor.command("Recoder accept")

    editor.until(lambda: "changed meanwhile" in messages(editor), "a word about it")
    assert n_tabs(editor) == 1


def test_a_server_that_ends_takes_its_change_with_it(desk):
    with desk.neovim() as editor:
        editor.command("edit shop.py")
        attached(editor)
        editor.call("nvim_win_set_cursor", 0, [7, 4])
        before = editor.lines
        shown(editor)

        os.kill(server_pid(editor), signal.SIGKILL)

        editor.until(lambda: n_tabs(editor) == 1, "one tab")
        assert editor.lines == before
        attached(editor)
