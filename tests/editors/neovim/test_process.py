"""The server's life in real Neovims: found, started, started again, and gone with the editor."""

import os
import signal
import sys

import pytest

from tests.editors.neovim.conftest import PLUGIN, attached, only_in_test_editors, server_pid, status
from tests.editors.processes import left_behind, processes_of


def messages(editor):
    return editor.call("nvim_exec2", "messages", {"output": True})["output"]


def test_a_server_that_is_killed_is_started_again_and_serves(desk):
    with desk.neovim() as editor:
        editor.command("edit shop.py")
        attached(editor)
        killed = server_pid(editor)

        os.kill(killed, signal.SIGKILL)

        editor.until(lambda: "started again" in messages(editor), "a word about it")
        attached(editor)
        assert server_pid(editor) != killed
        assert status(editor)["version"]


@only_in_test_editors
@pytest.mark.parametrize("desk", ["0.12"], indirect=True)
def test_it_is_given_up_after_three_times(desk):
    with desk.neovim() as editor:
        editor.command("edit shop.py")
        for n_before in range(4):
            attached(editor)
            os.kill(server_pid(editor), signal.SIGKILL)
            editor.until(lambda: messages(editor).count("is started again") == min(n_before + 1, 3), "a word about it")  # noqa: B023

        editor.until(lambda: "stays off" in messages(editor), "the end of it")


def test_nothing_is_left_when_neovim_is_left(desk):
    with desk.neovim() as editor:
        editor.command("edit shop.py")
        attached(editor)
        editor.until(lambda: status(editor)["index"]["state"] == "idle", "an index")
        assert len(processes_of(desk.folder / "home")) > 2

        assert editor.quit() == 0

        assert left_behind(desk.folder / "home") == []


def test_it_is_restarted_by_hand(desk):
    with desk.neovim() as editor:
        editor.command("edit shop.py")
        attached(editor)
        before = server_pid(editor)

        editor.command("Recoder restart")

        attached(editor)
        assert server_pid(editor) != before
        assert "started again" not in messages(editor)


def test_three_lines_are_enough(desk):
    init = f"""
    vim.opt.rtp:prepend({str(PLUGIN)!r})
    require("recoder").setup()
    """
    beside = os.path.dirname(sys.executable)
    with desk.neovim(init=f"vim.env.PATH = {beside!r} .. ':' .. vim.env.PATH\n{init}") as editor:
        editor.command("edit shop.py")

        attached(editor)
        assert status(editor)["version"]
        assert messages(editor) == ""


def test_where_there_is_no_server_that_is_said(desk):
    init = f"""
    vim.opt.rtp:prepend({str(PLUGIN)!r})
    require("recoder").setup({{ cmd = {{ "/nowhere/recoder-lsp" }} }})
    """
    with desk.neovim(init=init) as editor:
        editor.until(lambda: "the server was not found" in messages(editor), "a word about it")


def test_vim_lsp_enable_is_enough_where_neovim_has_it(desk):
    init = f"""
    vim.env.PATH = {os.path.dirname(sys.executable)!r} .. ":" .. vim.env.PATH
    vim.opt.rtp:prepend({str(PLUGIN)!r})
    if vim.lsp.enable then vim.lsp.enable("recoder") else require("recoder").setup() end
    """
    with desk.neovim(init=init) as editor:
        editor.command("edit shop.py")

        attached(editor)


def test_keys_and_ghost_text_can_be_left_out(desk):
    with desk.neovim('keys = false, ghost_text = "off",') as editor:
        editor.command("edit shop.py")
        attached(editor)

        mapped = editor.lua("return vim.tbl_map(function(map) return map.desc or '' end, vim.api.nvim_buf_get_keymap(0, 'i'))")

        assert not [each for each in mapped if each.startswith("Recoder")]
        announced = "return vim.lsp.get_clients({ name = 'recoder' })[1].config.capabilities.textDocument.inlineCompletion"
        assert editor.lua("return vim.lsp.inline_completion ~= nil") or editor.lua(announced) is None
