"""What Recoder is in a real Kate."""

import itertools
import os
import signal
import time

from tests.editors.processes import left_behind, processes_of, server_pid

NOWHERE = (300, 300)
TOTAL = ((145, 207), (120, 169))
"""Where the name of the function stands on the screen of one version, and of the other."""

RESTS_S = 1.0


def read(editor):
    """Wait until the server has the file."""
    editor.until_said("editor", "textDocument/didOpen")


def looked_at(editor, wanted):
    """Rest with the pointer on the name of the function until this is said about it; what the screen was before."""
    places = itertools.cycle(TOTAL)

    def found():
        before, shown = editor.n_said(), editor.screen.pixels()
        for place in (NOWHERE, next(places)):
            editor.screen.point(*place)
            time.sleep(RESTS_S)
        answers = editor.answers("textDocument/hover", before)
        return (shown,) if answers and wanted(answers[-1]["contents"]["value"] if answers[-1] else "") else None

    return editor.until(found, "such a hover")[0]


def test_a_suggestion_is_an_item_of_the_menu_and_is_taken(opened):
    with opened("shop.py") as editor:
        read(editor)
        editor.type("<C-End>def average(prices):<CR>return to")

        n_above, item = editor.offered(lambda item: item.get("detail") == "Recoder")
        editor.type("<Down>" * n_above + "<CR>")

        line = f"    return {item['textEdit']['newText']}\n"
        editor.saved(lambda text: text.endswith(line))


def test_a_name_of_the_project_is_an_item_of_the_menu_and_is_taken(opened):
    with opened("new.py", "from shop import total\n\n") as editor:
        read(editor)
        editor.type("<C-End>with_")

        n_above, _ = editor.offered(lambda item: item["label"] == "with_tax")
        editor.type("<Down>" * n_above + "<CR>")

        editor.saved(lambda text: "with_tax" in text)


def test_what_is_known_of_a_name_is_shown_under_the_pointer(opened):
    with opened("shop.py") as editor:
        read(editor)

        shown = looked_at(editor, lambda text: "def total(prices)" in text)

        editor.screen.until_changed(shown)


def test_a_code_action_changes_the_text(opened):
    with opened("new.py", "os.getcwd()\n") as editor:
        read(editor)

        # Kate 22.12 asks about the whole text where nothing is selected.
        editor.type("<S-Right><S-Right>")
        editor.act("Import os")

        editor.saved(lambda text: text == "import os\n\nos.getcwd()\n")


def test_the_answer_of_a_command_is_a_message(opened):
    with opened("shop.py") as editor:
        read(editor)
        editor.type("<Down>" * 5 + "<Right>" * 4 + "<S-Right>" * 5)

        editor.act("Explain `total`")

        said = editor.until_said("server", "window/showMessage", wanted=lambda params: "one by one" in params["message"])
        assert "return sum(prices)" in said["message"]


def test_a_question_in_a_file_is_answered_by_a_message(opened):
    with opened("notes.recoder.md", "How is the total worked out?\n") as editor:
        read(editor)

        editor.act("Ask Recoder")

        editor.until_said("server", "window/showMessage", wanted=lambda params: "one by one" in params["message"])


def test_a_server_that_is_killed_is_started_again(opened):
    with opened("shop.py") as editor:
        read(editor)
        before, killed = editor.n_said(), server_pid(editor.home)

        os.kill(killed, signal.SIGKILL)

        editor.until_said("editor", "textDocument/didOpen", before)
        assert server_pid(editor.home) != killed


def test_nothing_is_left_when_kate_is_left(opened):
    with opened("shop.py") as editor:
        read(editor)
        editor.until(lambda: len(processes_of(editor.home)) >= 5, "Kate, its bus, what overhears it, the server and the index")

        assert editor.quit() == 0

    assert left_behind(editor.home) == []


def test_new_settings_hold_once_the_servers_are_restarted(opened):
    with opened("shop.py", hover={"enabled": False}) as editor:
        read(editor)
        looked_at(editor, lambda text: not text)
        editor.configure({"hover": {"enabled": True}})
        before, shown = editor.n_said(), editor.screen.pixels()

        editor.type("<M-l>")
        editor.screen.until_changed(shown)
        # "Restart All LSP Servers" stands above the last entry.
        editor.type("<Up><Up><CR>")

        editor.until_said("editor", "textDocument/didOpen", before)
        looked_at(editor, lambda text: "def total(prices)" in text)
