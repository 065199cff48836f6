"""Vim with ALE and the files of editors/vim, in a terminal, with the real server."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.editors.debian import CACHE, Root, or_skipped, unpacked
from tests.editors.processes import server_pid
from tests.editors.project import Desk
from tests.editors.terminal import Terminal

PLUGIN = Path(__file__).parents[3] / "editors" / "vim"
# Debian suites by their Vim and ALE: what those of testing are called moves on.
SUITES: Mapping[str, str] = MappingProxyType({"9.0": "bookworm", "9.2": "testing"})
NEWEST = "9.2"
VIMRC = """
set nocompatible nomore noswapfile shortmess+=I
set runtimepath^={plugin},{ale}
let g:ale_linters_explicit = 1
let g:ale_linters = {{'python': ['recoder'], 'markdown': ['recoder']}}
let g:ale_floating_preview = 1
let g:recoder_settings = {{'completion': {{'min_confidence_percent': 0}}, 'models': {{'chat': '{chat}'}}}}
filetype plugin indent on
syntax on
set background=dark termguicolors
colorscheme habamax
set omnifunc=ale#completion#OmniFunc
"""


@dataclass(frozen=True)
class VimDesk(Desk):
    """What a Vim needs to begin there."""

    root: Root

    def vim(self, more: str = "", rows: int = 24) -> Terminal:
        """A Vim with shop.py; `more` goes to the end of its vimrc."""
        runtime = next((self.root.path / "usr/share/vim").glob("vim9*"))
        ale = self.root.path / "usr/share/vim-ale"
        vimrc = self.folder / "vimrc"
        vimrc.write_text(VIMRC.format(plugin=PLUGIN, ale=ale, chat=self.chat_model) + more, encoding="utf-8")
        environ = {
            "VIM": str(runtime.parent),
            "VIMRUNTIME": str(runtime),
            "HOME": str(self.folder),
            # The server is found beside this Python.
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "RECODER_HOME": str(self.home),
            "RECODER_INDEX__ENABLED": "true",
        }
        vim = [*self.root.command("usr/bin/vim.basic"), "-u", str(vimrc), "-i", "NONE", "shop.py"]
        return Terminal(vim, self.project, environ, rows=rows)


@pytest.fixture(scope="module", params=tuple(SUITES) if os.environ.get("TEST_EDITORS") else (NEWEST,))
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> VimDesk:
    with or_skipped():
        root = unpacked(CACHE / f"vim-{request.param}", SUITES[request.param], "vim", "vim-ale")
    desk = VimDesk(request.param, tmp_path_factory.mktemp("vim"), root)
    desk.furnish()
    return desk


@pytest.fixture(scope="module")
def running(desk: VimDesk) -> Iterator[Terminal]:
    """A Vim whose server has read the project."""
    with desk.vim() as editor:
        attached(editor, desk)
        hover_over_total(editor)
        yield editor


@pytest.fixture
def editor(running: Terminal) -> Terminal:
    """The same, in normal mode, with shop.py as it is on the disk and no other window."""
    running.type("<Esc><Esc>:only!<CR>:edit! shop.py<CR>:redraw! | echo 'as it was'<CR>")
    running.until_shown("as it was")
    return running


def attached(editor: Terminal, desk: VimDesk) -> None:
    """Wait for the editor and for its server."""
    editor.until_shown("with_tax")
    editor.until(lambda: server_pid(desk.home), "a server")


def hover_over_total(editor: Terminal) -> None:
    """Ask what `total` is until the index knows its uses."""
    editor.ask("<Esc>:14<CR>12|:ALEHover<CR>", lambda: "Called by with_tax" in str(editor), "a hover")
