"""Emacs of two versions with recoder.el, by eglot and by lsp-mode, each with one server for all tests of a module."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.editors.debian import or_skipped
from tests.editors.emacs.driving import RunningEmacs, lisp_list
from tests.editors.emacs.installing import VERSIONS, emacs
from tests.editors.project import Desk

LISP = Path(__file__).parents[3] / "editors" / "emacs"
CLIENTS = {
    "eglot": """
(load "eglot-autoloads" t)
;; What it is called up to eglot 1.15, which asks before each change.
(setq eglot-confirm-server-initiated-edits nil)
(add-hook 'python-mode-hook #'eglot-ensure)
""",
    "lsp-mode": """
(setq lsp-auto-guess-root t lsp-session-file (expand-file-name "~/session") lsp-restart 'auto-restart
      lsp-enable-snippet nil lsp-enable-suggest-server-download nil lsp-warn-no-matched-clients nil
      lsp-enable-file-watchers nil lsp-keep-workspace-alive nil)
(load "lsp-mode-autoloads")
(add-hook 'python-mode-hook #'lsp)
""",
}
INIT = """
(add-to-list 'load-path %(lisp)s)
(require 'recoder)
(setq recoder-command %(command)s
      recoder-settings '(:completion (:min_confidence_percent 0) :index (:enabled t) :models (:chat %(chat)s)))
(recoder-setup)
%(client)s
"""
SERVER = lisp_list([sys.executable, "-m", "recoder_lsp"])


@dataclass(frozen=True)
class EmacsDesk(Desk):
    """What an Emacs needs to begin there."""

    client: str

    @property
    def hook(self) -> str:
        """What has the client begin in Python files."""
        return CLIENTS[self.client]

    def emacs(self, more: str = "", rows: int = 30) -> RunningEmacs:
        """An Emacs in the project; `more` goes behind the set-up."""
        values = {"lisp": f'"{LISP}"', "command": SERVER, "chat": f'"{self.chat_model}"', "client": self.hook}
        return self.emacs_with(INIT % values + more, rows)

    def emacs_with(self, init: str, rows: int = 30) -> RunningEmacs:
        """The same with a set-up of one's own."""
        return RunningEmacs(emacs(self.version), init, self.folder, {"RECODER_HOME": str(self.home)}, rows)


# The newest with eglot alone in `make test`; all of it in `make test-editors`.
EVERYTHING = bool(os.environ.get("TEST_EDITORS"))
slow = pytest.mark.skipif(not EVERYTHING, reason="It starts more editors: make test-editors does that.")


@pytest.fixture(scope="session", params=VERSIONS if EVERYTHING else VERSIONS[-1:])
def version(request: pytest.FixtureRequest) -> str:
    with or_skipped():
        emacs(request.param)
    chosen: str = request.param
    return chosen


@pytest.fixture(scope="session", params=tuple(CLIENTS) if EVERYTHING else ("eglot",))
def desk(version: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> EmacsDesk:
    desk = EmacsDesk(version, tmp_path_factory.mktemp("emacs"), request.param)
    desk.furnish()
    return desk


@pytest.fixture(scope="session")
def running(desk: EmacsDesk) -> Iterator[RunningEmacs]:
    """An Emacs whose server has read the project."""
    with desk.emacs() as editor:
        visit(editor, "shop.py")
        editor.until(lambda: status(editor, "index", "state") == "idle", "an index")
        yield editor


@pytest.fixture
def editor(running: RunningEmacs, request: pytest.FixtureRequest) -> RunningEmacs:
    """The same with a new Python file."""
    running.type("<Esc><Esc><Esc>")
    running.lisp("(delete-other-windows)")
    visit(running, f"new_{abs(hash(request.node.name))}.py")
    return running


def visit(editor: RunningEmacs, name: str, served: str = "(and (recoder-connection) t)") -> None:
    """Open a file, and wait until it is served; what is typed before asks for nothing."""
    editor.type(f"<C-x><C-f>{editor.project}/{name}<CR>")
    editor.until(lambda: editor.lisp(served), "a server")


def status(editor: RunningEmacs, part: str, name: str) -> object:
    """What the server says of a part of itself."""
    return answer(editor, "recoder/status", "nil", f"(plist-get (plist-get answer :{part}) :{name})")


def answer(editor: RunningEmacs, method: str, params: str, taken: str) -> object:
    """What is `taken` of the server's answer to a request; both as Lisp."""
    return editor.lisp(
        f"""
        (let ((answer 'none) (end (+ (float-time) 10)))
          (recoder-request (recoder-connection-or-lose) "{method}" {params} (lambda (each) (setq answer each)))
          (while (and (eq answer 'none) (< (float-time) end)) (accept-process-output nil 0.05))
          {taken})
        """
    )


def write(editor: RunningEmacs, text: str, before: str = "") -> None:
    """Have this in the buffer, with point in front of a part of it."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    editor.lisp(
        f'(progn (erase-buffer) (insert "{quoted}") (goto-char (point-min)) (search-forward "{before}") (goto-char (match-beginning 0)) t)'
    )
