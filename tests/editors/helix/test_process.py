"""The server's life in real Helixes: started again by hand, with other settings, and gone with the editor."""

import os
import signal

from tests.editors.helix.conftest import attached
from tests.editors.processes import left_behind, processes_of, server_pid
from tests.editors.recording import Recorder, assert_on_record


def offers_actions(editor):
    """Wait until the server says what there is to do with `total`."""
    editor.ask("<Esc>:6<CR><Space>a", lambda: "Simplify `total`" in str(editor), "code actions")
    editor.type("<Esc>")


def restart(editor, desk, before):
    editor.type("<Esc>:lsp-restart<CR>")
    editor.until(lambda: server_pid(desk.home) not in (None, before), "another server")


def test_a_server_that_was_killed_is_told_of_and_started_again_by_hand(desk):
    with desk.helix() as editor:
        attached(editor, desk)
        offers_actions(editor)
        killed = server_pid(desk.home)

        os.kill(killed, signal.SIGKILL)

        editor.until_shown("Language server exited")
        restart(editor, desk, killed)
        offers_actions(editor)


def test_other_settings_count_when_the_server_is_started_again(desk):
    before = desk.languages.read_text(encoding="utf-8")
    with desk.helix() as editor:
        attached(editor, desk)
        offers_actions(editor)

        desk.languages.write_text(f"{before}actions.enabled = false\n", encoding="utf-8")
        editor.type("<Esc>:config-reload<CR>")
        editor.until_shown("Config refreshed")
        restart(editor, desk, server_pid(desk.home))

        editor.ask("<Esc><Space>a", lambda: "No code actions available" in str(editor), "no code actions")
    desk.languages.write_text(before, encoding="utf-8")


def test_nothing_is_left_when_helix_is_left(desk):
    with desk.helix() as editor:
        attached(editor, desk)
        editor.until(lambda: len(processes_of(desk.home)) > 2, "Helix, the server and the index")

        editor.type("<Esc>:quit<CR>")

        assert editor.exit_code() == 0
        assert left_behind(desk.home) == []


def test_what_it_announces_is_on_record(desk):
    recorder = Recorder(desk.folder)
    before = desk.languages.read_text(encoding="utf-8")
    program, *arguments = recorder.command
    started = f'command = "{program}"\nargs = {arguments!r}'
    desk.languages.write_text(before.replace('command = "recoder-lsp"', started), encoding="utf-8")
    with desk.helix() as editor:
        editor.until(recorder.has_heard, "what it says")
    desk.languages.write_text(before, encoding="utf-8")

    assert_on_record(f"helix-{desk.version}", recorder.said)
    assert recorder.said["clientInfo"]["version"].startswith(desk.version)
