"""Neovims of all versions with the plugin, each with one server for all tests of a module."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.editors.debian import or_skipped
from tests.editors.neovim.driving import Neovim
from tests.editors.neovim.installing import VERSIONS, neovim
from tests.editors.project import Desk

PLUGIN = Path(__file__).parents[3] / "editors" / "neovim"

INIT = """
vim.opt.rtp:prepend(%(plugin)r)
vim.o.termguicolors = true
vim.o.statusline = "%%f %%= %%{v:lua.require'recoder'.status()}"
require("recoder").setup({
  cmd = { %(python)r, "-m", "recoder_lsp" },
  settings = {
    completion = { min_confidence_percent = 0 },
    index = { enabled = true },
    models = { chat = %(chat)r },
  },
  %(more)s
})
"""


only_in_test_editors = pytest.mark.skipif(not os.environ.get("TEST_EDITORS"), reason="It takes its time: make test-editors runs it.")


@dataclass(frozen=True)
class NeovimDesk(Desk):
    """What a Neovim needs to begin there."""

    def neovim(self, more: str = "", init: str | None = None, environ: Mapping[str, str] = MappingProxyType({})) -> Neovim:
        """A Neovim in the project; `more` goes into the set-up, `init` takes the place of the whole init.lua."""
        found = neovim(self.version)
        values = {"plugin": str(PLUGIN), "python": sys.executable, "chat": str(self.chat_model), "more": more}
        (self.folder / "init.lua").write_text(INIT % values if init is None else init, encoding="utf-8")
        homes = {f"XDG_{name}_HOME": str(self.folder / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
        # What the server says is in the language of the environment.
        own = {"LC_ALL": "C.UTF-8", **homes, **found.environ, "RECODER_HOME": str(self.home), **environ}
        return Neovim([*found.command, "-u", str(self.folder / "init.lua")], self.project, own)


# The newest alone in `make test`; all of them in `make test-editors`.
@pytest.fixture(scope="module", params=VERSIONS if os.environ.get("TEST_EDITORS") else VERSIONS[-1:])
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NeovimDesk:
    with or_skipped():
        neovim(request.param)
    desk = NeovimDesk(request.param, tmp_path_factory.mktemp("neovim"))
    desk.furnish()
    return desk


@pytest.fixture(scope="module")
def running(desk: NeovimDesk) -> Iterator[Neovim]:
    """A Neovim whose server has read the project."""
    with desk.neovim() as editor:
        editor.command("edit shop.py")
        attached(editor)
        editor.until(lambda: status(editor)["index"]["state"] == "idle", "an index")
        yield editor


@pytest.fixture
def editor(running: Neovim, desk: NeovimDesk, request: pytest.FixtureRequest) -> Neovim:
    """The same with a new Python file, its cursor behind the last character."""
    running.type("<Esc><Esc>")
    running.lua("require('recoder.review').discard() require('recoder.chat').begin()")
    running.command("silent! tabonly!")
    running.command("silent! only!")
    name = f"new_{abs(hash(request.node.name))}.py"
    running.command(f"edit! {name}")
    attached(running)
    return running


def attached(editor: Neovim) -> None:
    """Wait for the server; what is typed before asks for nothing."""
    asked = "local client = vim.lsp.get_clients({ name = 'recoder', bufnr = 0 })[1] return client and client.initialized == true"
    editor.until(lambda: editor.lua(asked), "a server")


def status(editor: Neovim) -> dict[str, dict[str, object]]:
    """What the server says of itself."""
    answer: dict[str, dict[str, object]] = editor.lua(
        """
        local answers = vim.lsp.buf_request_sync(0, "recoder/status", vim.empty_dict(), 5000)
        local _, answer = next(answers or {})
        return answer.result
        """
    )
    return answer


def server_pid(editor: Neovim) -> int:
    """The process of the server: the child of Neovim that runs Python."""
    children = Path(f"/proc/{editor.process.pid}/task/{editor.process.pid}/children").read_text(encoding="ascii").split()
    return next(int(pid) for pid in children if "recoder_lsp" in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8"))
