"""The server installed by real Neovims; a script takes the place of Python, and of what pip would fetch for minutes."""

import shutil
import sys

import pytest

from tests.editors.neovim.conftest import PLUGIN, attached

PYTHON = """#!/bin/sh
case "$1 $2" in
"-c "*) ;;
"-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip")
  echo "Collecting everything"
  while [ -e "{wait}" ]; do sleep 0.1; done
  for last; do test -d "$last/recoder_lsp" && sources=$last; done
  test -n "$sources" || exit 1
  printf '#!/bin/sh\\nexec "{python}" -m recoder_lsp "$@"\\n' > "${{0%/*}}/recoder-lsp"
  chmod +x "${{0%/*}}/recoder-lsp"
  echo "Successfully installed" ;;
esac
"""
INIT = """
vim.opt.rtp:prepend(%r)
vim.env.VIRTUAL_ENV, vim.env.HOME, vim.env.PATH = nil, %r, %r .. ":/usr/bin:/bin"
vim.g.loaded_python3_provider = 0
vim.o.statusline = "%%f %%= %%{v:lua.require'recoder'.status()}"
require("recoder").setup()
"""


@pytest.fixture
def bare(desk):
    """A Neovim on a machine without the server."""
    programs = desk.folder / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "python3.13").write_text(PYTHON.format(wait=desk.folder / "wait", python=sys.executable), encoding="utf-8")
    (programs / "python3.13").chmod(0o755)
    (desk.folder / "wait").unlink(missing_ok=True)
    shutil.rmtree(desk.folder / "data", ignore_errors=True)
    with desk.neovim(init=INIT % (str(PLUGIN), str(desk.folder / "nobody"), str(programs))) as editor:
        editor.until(lambda: "the server was not found" in messages(editor), "a word about it")
        editor.command("edit shop.py")
        yield editor


def messages(editor):
    return editor.call("nvim_exec2", "messages", {"output": True})["output"]


def installed(editor):
    return editor.call("nvim_eval", "isdirectory(stdpath('data') .. '/recoder')") == 1


def ask_for_it(editor, answer):
    """Type the command, and what is answered to its question."""
    editor.type("<Esc>:Recoder install<CR>")
    editor.until_shown("[N]ot now")
    editor.type(answer)
    editor.until_not_shown("[N]ot now")


def test_nothing_is_installed_unless_the_user_says_yes(bare):
    ask_for_it(bare, "n")

    assert not installed(bare)
    assert bare.lua("return require('recoder.install').is_running()") is False


def test_the_server_is_installed_found_and_started(bare):
    ask_for_it(bare, "i")

    bare.until(lambda: "the server is installed" in messages(bare), "the end of it")
    attached(bare)
    command = bare.lua("return require('recoder.server').command()[1]")
    assert command == bare.call("nvim_eval", "stdpath('data')") + "/recoder/bin/recoder-lsp"
    assert bare.lua("return vim.fn.bufwinid('recoder://install')") == -1


def test_installing_is_shown_and_can_be_stopped(bare, desk):
    (desk.folder / "wait").touch()
    ask_for_it(bare, "i")
    bare.until_shown("Collecting everything")
    bare.until_shown("Recoder: installing")
    pid = bare.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())")

    bare.command("Recoder cancel")

    bare.until_shown("Stopped.")
    assert not installed(bare)
    assert not set(bare.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())")) & set(pid)


def test_what_goes_wrong_is_shown(bare):
    bare.lua("require('recoder.install').sources = function() return '/nowhere' end require('recoder.install')._copy = function() end")

    ask_for_it(bare, "i")

    bare.until_shown("It failed")
    assert not installed(bare)


def test_health_says_what_is_missing(bare):
    bare.command("checkhealth recoder")

    report = "\n".join(bare.lines)
    assert "The server was not found" in report
    assert ":Recoder install" in report
