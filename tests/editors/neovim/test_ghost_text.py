"""Ghost text in real Neovims: shown, accepted whole or in parts, and out of the way of what keys did before."""

import pytest

from tests.editors.neovim.conftest import NeovimDesk, attached, status
from tests.editors.neovim.driving import Neovim

HEAD = "def total(prices):<CR>result = 0<CR>for price in prices:<CR>"


def write_until_suggested(editor: Neovim) -> str:
    """Write a function up to where something is suggested on the screen behind the cursor; what is."""
    editor.command("setlocal autoindent expandtab shiftwidth=4 filetype=python")
    editor.type("i" + HEAD + "res")
    editor.until(lambda: editor.lines[-1].endswith("res"), "what was typed")
    return editor.until(lambda: ghost(editor), "ghost text")


def ghost(editor: Neovim) -> str:
    """What is drawn behind the cursor but does not stand in the buffer."""
    row, column = editor.call("nvim_win_get_cursor", 0)
    drawn = str(editor.screen).split("\n")[row - 1]
    return drawn[column:] if drawn.startswith(editor.lines[row - 1]) else ""


def test_it_is_shown_while_one_types_and_accepted_by_tab(editor):
    suggested = write_until_suggested(editor)
    accepted = status(editor)["requests"]

    editor.type("<Tab>")

    editor.until(lambda: editor.lines[3].endswith("res" + suggested), "the suggestion in the buffer")
    editor.until(lambda: status(editor)["requests"] != accepted, "the server to hear of it")


def test_one_undo_takes_back_what_was_accepted_and_no_more(editor):
    suggested = write_until_suggested(editor)
    editor.type("<Tab>")
    editor.until(lambda: editor.lines[3].endswith("res" + suggested))

    editor.type("<Esc>u")

    editor.until(lambda: editor.lines[-1].endswith("res"), "the text as typed")


def test_a_word_of_it_can_be_accepted(editor):
    suggested = write_until_suggested(editor)

    editor.type("<M-Right>")

    editor.until(lambda: len(editor.lines[3].strip()) > len("res"), "a word")
    assert ("res" + suggested).startswith(editor.lines[3].strip())
    assert editor.lines[3].strip() == "result"


def test_a_line_of_it_can_be_accepted(editor):
    suggested = write_until_suggested(editor)

    editor.type("<M-Down>")

    editor.until(lambda: editor.lines[3].endswith("res" + suggested), "the line")
    assert len(editor.lines) == 4


def test_it_stays_while_one_types_along_and_is_accepted_from_there(editor):
    suggested = write_until_suggested(editor)

    editor.type(suggested[0])
    editor.until(lambda: editor.lines[3].endswith("res" + suggested[0]))
    editor.type("<Tab>")

    editor.until(lambda: editor.lines[3].endswith("res" + suggested), "the suggestion, once")


def test_it_goes_when_it_is_dismissed_and_when_insert_mode_is_left(editor):
    write_until_suggested(editor)
    editor.type("<C-]>")
    editor.until(lambda: not ghost(editor), "no ghost text")
    editor.type("<BS>s")
    editor.until(lambda: ghost(editor), "ghost text again")

    editor.type("<Esc>")

    editor.until(lambda: str(editor.screen).split("\n")[3].strip() == "res", "no ghost text")


def test_keys_do_what_they_did_where_there_is_none(editor):
    editor.command("setlocal noexpandtab")
    editor.command("inoremap <buffer> <M-Right> before")
    editor.command("inoremap <Plug>(recoder-test) plug")
    editor.command("imap <buffer> <M-Down> <Plug>(recoder-test)")
    editor.command("inoremap <buffer> <expr> <C-]> 'ex' .. 'pr'")
    editor.lua("require('recoder.ghost_keys').set(0)")

    for key in ("i<Tab>", "<M-Right>", "<M-Down>", "<C-]>"):
        editor.type(key)

    editor.until(lambda: editor.lines == ["\tbeforeplugexpr"], "a tab and the mappings")


def test_several_can_be_looked_through_where_the_plugin_shows_them(editor, desk):
    if desk.version == "0.12":
        pytest.skip("Neovim's own ghost text asks for one suggestion.")
    editor.command("setlocal autoindent expandtab shiftwidth=4 filetype=python")
    editor.type("idef is_even(number):<CR>return ")
    editor.until(lambda: ghost(editor), "ghost text")

    editor.type("<M-]>")
    editor.until_shown("(1/")
    editor.type("<M-]>")
    editor.until_shown("(2/")
    editor.type("<M-[>")
    editor.until_shown("(1/")

    shown = ghost(editor).rpartition(" (")[0]
    editor.type("<Tab>")
    editor.until(lambda: editor.lines[1] == "    return " + shown, "what was chosen")


def test_it_stands_where_it_belongs_behind_letters_of_several_bytes(editor):
    editor.command("setlocal filetype=python")
    editor.type('iimport logging<CR>print("é𝄞", logg')
    editor.until(lambda: editor.lines[-1].endswith("logg"))
    suggested = editor.until(lambda: str(editor.screen).split("\n")[1].partition("logg")[2], "ghost text")

    editor.type("<Tab>")

    editor.until(lambda: editor.lines[1] == 'print("é𝄞", logg' + suggested, "the suggestion behind it")


def test_settings_can_be_changed_meanwhile(editor):
    editor.type("idef is_even(number):<CR>    return ")
    editor.until(lambda: n_suggested_by_hand(editor) > 0, "suggestions")

    editor.lua("require('recoder').configure({ completion = { enabled = false } })")
    try:
        editor.until(lambda: n_suggested_by_hand(editor) == 0, "no suggestions")
    finally:
        editor.lua("require('recoder').configure({ completion = { enabled = true } })")
    editor.until(lambda: n_suggested_by_hand(editor) > 0, "suggestions again")


def n_suggested_by_hand(editor: Neovim) -> int:
    number: int = editor.lua(
        """
        local client = vim.lsp.get_clients({ name = "recoder", bufnr = 0 })[1]
        local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
        params.context = { triggerKind = 1 }
        local answer = (vim.lsp.buf_request_sync(0, "textDocument/inlineCompletion", params, 5000) or {})[client.id] or {}
        local items = type(answer.result) == "table" and (answer.result.items or answer.result) or {}
        return #items
        """
    )
    return number


def test_the_plugin_can_show_it_itself_in_every_version(desk: NeovimDesk):
    with desk.neovim('ghost_text = "recoder",') as editor:
        editor.command("edit own.py")
        attached(editor)

        suggested = write_until_suggested(editor)
        editor.type("<Tab>")

        editor.until(lambda: editor.lines[3].endswith("res" + suggested))
        assert editor.lua("return vim.lsp.inline_completion == nil or not vim.lsp.inline_completion.is_enabled({ bufnr = 0 })")
