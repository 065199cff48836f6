"""The server's life in real Emacsen: found, started, started again, and gone with the editor."""

import dataclasses
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.editors.emacs.conftest import LISP, EmacsDesk, slow, status, visit
from tests.editors.processes import left_behind, processes_of, server_pid
from tests.editors.project import project

pytestmark = slow


@pytest.fixture
def alone(desk: EmacsDesk, tmp_path: Path) -> EmacsDesk:
    """A desk of one's own: all processes of its home belong to the test."""
    project(tmp_path / "project")
    return dataclasses.replace(desk, folder=tmp_path)


def test_a_server_that_is_killed_is_started_again_and_serves(alone):
    with alone.emacs("(setq eglot-autoreconnect 0)") as editor:
        visit(editor, "shop.py")
        killed = editor.until(lambda: server_pid(alone.home), "a server")

        os.kill(killed, signal.SIGKILL)

        editor.until(lambda: server_pid(alone.home) not in (None, killed), "another server")
        editor.until(lambda: editor.lisp("(and (recoder-connection) t)"), "it to serve")
        assert status(editor, "completion", "state") == "active"


def test_nothing_is_left_when_emacs_is_left(alone):
    with alone.emacs() as editor:
        visit(editor, "shop.py")
        editor.until(lambda: status(editor, "index", "state") == "idle", "an index")
        assert len(processes_of(alone.home)) > 2

        assert editor.quit() == 0

        assert left_behind(alone.home) == []


def test_the_program_is_found_on_the_path(alone):
    begin = f'(add-to-list \'load-path "{LISP}") (add-to-list \'exec-path "{os.path.dirname(sys.executable)}")'
    with alone.emacs_with(f"{begin} (require 'recoder) (setq lsp-auto-guess-root t) (recoder-setup) {alone.hook}") as editor:
        visit(editor, "shop.py")

        assert status(editor, "completion", "state") == "active"


def test_where_there_is_no_server_that_is_said(alone):
    begin = f'(add-to-list \'load-path "{LISP}") (setq exec-path \'("/nowhere")) (require \'recoder) (recoder-setup)'
    with alone.emacs_with(begin) as editor:
        said = editor.lisp("(condition-case problem (recoder-server) (error (error-message-string problem)))")

    assert said.startswith("The program recoder-lsp was not found: install it, or set")
