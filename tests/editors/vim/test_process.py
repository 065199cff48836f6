"""The server's life in real Vims: started again by ALE, and gone with the editor."""

import os
import signal

from tests.editors.processes import left_behind, processes_of, server_pid
from tests.editors.recording import Recorder, assert_on_record
from tests.editors.vim.conftest import attached


def offers_actions(editor):
    """Wait until the server says what there is to do with `total`."""
    editor.ask("<CR>:6<CR>:ALECodeAction<CR>", lambda: "Explain `total`" in str(editor), "code actions")
    editor.type("<CR>")


def test_a_server_that_was_killed_is_started_again_when_it_is_asked(desk):
    with desk.vim() as editor:
        attached(editor, desk)
        offers_actions(editor)
        killed = server_pid(desk.home)

        os.kill(killed, signal.SIGKILL)

        editor.until(lambda: server_pid(desk.home) != killed, "the end of it")
        offers_actions(editor)
        assert server_pid(desk.home) not in (None, killed)


def test_nothing_is_left_when_vim_is_left(desk):
    with desk.vim() as editor:
        attached(editor, desk)
        editor.until(lambda: len(processes_of(desk.home)) > 2, "Vim, the server and the index")

        editor.type("<Esc>:qall<CR>")

        assert editor.exit_code() == 0
        assert left_behind(desk.home) == []


def test_what_it_announces_is_on_record(desk):
    recorder = Recorder(desk.folder)
    program = desk.folder / "recorder"
    program.write_text(f"#!/bin/sh\nexec {' '.join(recorder.command)}\n", encoding="utf-8")
    program.chmod(0o755)
    with desk.vim(f"let g:recoder_executable = '{program}'\n") as editor:
        editor.until(recorder.has_heard, "what it says")

    assert_on_record(f"vim-{desk.version}-ale", recorder.said)
    assert recorder.said["capabilities"]["workspace"]["applyEdit"] is False
