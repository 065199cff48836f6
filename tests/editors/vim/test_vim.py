"""What Vim shows of Recoder by ALE, in real Vims."""

import html
import os
import re
from pathlib import Path

from tests.editors.project import SHOP
from tests.editors.vim.conftest import NEWEST

PICTURE = Path(__file__).parents[3] / "docs" / "editors" / "vim.svg"


def code(editor):
    """What is in the window, without the last lines of the screen."""
    return "\n".join(line for line in str(editor).split("\n")[:-1] if line != "~").rstrip()


def write_until_suggested(editor, head="is_even(number)"):
    """Begin a function, and wait for ghost text in it; what that says."""
    editor.type(f"Go<CR>def {head}:<CR>return t")
    found = editor.until(lambda: re.search(r"(?m)return t(\S.*)$", str(editor).partition(f"def {head}:")[2]), "ghost text")
    return found[1]


def choose(editor, title):
    """Choose a code action by its title."""
    editor.ask(":ALECodeAction<CR>", lambda: "Type number" in str(editor), "code actions")
    editor.type(re.search(rf"(\d+)\) {re.escape(title)}", str(editor))[1] + "<CR>")


def test_ghost_text_is_shown_and_accepted(editor):
    suggested = write_until_suggested(editor)

    editor.type("<Tab><Esc>:redraw! | echo getline('.') .. '|'<CR>")

    editor.until_shown(f"    return t{suggested}|")
    editor.type("u:redraw! | echo line('$') 'lines'<CR>")
    editor.until_shown(f"{len(SHOP.splitlines())} lines")


def test_ghost_text_goes_when_insert_mode_is_left_and_is_no_text(editor):
    write_until_suggested(editor)

    editor.type("<Esc>")

    editor.until(lambda: code(editor).endswith("    return t"), "no ghost text")
    editor.type(":redraw! | echo getline('.') .. '|'<CR>")
    editor.until_shown("    return t|")


def test_tab_is_a_tab_where_there_is_no_ghost_text(editor):
    editor.type(":setlocal noexpandtab<CR>Go<Esc>0i<Tab><Esc>:redraw! | echo strtrans(getline('.')) .. '|'<CR>")

    editor.until_shown("^I|")


def test_names_are_completed(editor):
    editor.type("Goprint(with")

    editor.ask("<C-x><C-o>", lambda: "The only match" in str(editor), "the name")
    editor.type("<Esc>:redraw! | echo getline('.') .. '|'<CR>")

    editor.until_shown("print(with_tax|")


def test_hover_says_what_is_known_of_a_name(editor):
    editor.ask(":14<CR>12|:ALEHover<CR>", lambda: "Called by with_tax" in str(editor), "a hover")


def test_a_code_action_is_applied_and_undone_in_one_step(editor):
    editor.type(":6<CR>")

    choose(editor, "Add documentation to `total`")

    editor.until_shown('"""TODO: ')
    editor.type("u")
    editor.until(lambda: code(editor) == SHOP.rstrip(), "the text as it was")


def test_what_ale_could_not_do_is_not_offered(editor):
    editor.type(":6<CR>")

    editor.ask(":ALECodeAction<CR>", lambda: "Type number" in str(editor), "code actions")

    assert "Explain `total`" in str(editor)
    assert "Simplify" not in str(editor)
    editor.type("<CR>")


def test_a_question_is_answered_beside_the_code(editor):
    editor.type(":Recoder chat How is the total worked out?<CR>")

    editor.until_shown("It adds them up one by one [1]. Shorter:")
    editor.until_shown("recoder://chat")


def test_the_function_at_the_cursor_is_explained(editor):
    editor.type(":6<CR>:Recoder explain<CR>")

    editor.until_shown("recoder://explain")
    editor.until_shown("- [1] shop.py:6")


def test_a_search_fills_the_quickfix_list(editor):
    editor.type(":Recoder search add up prices<CR>")

    editor.until_shown("shop.py|6| total")
    editor.until_shown("Recoder: add up prices")


def test_a_problem_is_told_in_the_servers_words(editor):
    editor.type(":Recoder simplify<CR>")

    editor.until_shown("Recoder: Your editor does not let")


def test_the_names_of_commands_are_completed(editor):
    editor.type(":Recoder ex<Tab>")

    editor.until_shown(":Recoder explain")


def test_other_settings_count_at_once(editor):
    editor.type(":6<CR>:let g:recoder_settings['actions'] = {'enabled': v:false}<CR>")
    try:
        # The first key ends the question which action is meant, if that is on the screen.
        editor.ask("<CR>:6<CR>:ALELint<CR>:ALECodeAction<CR>", lambda: "No code actions received" in str(editor), "no code actions")
    finally:
        editor.type("<CR>:unlet g:recoder_settings['actions']<CR>:ALELint<CR>")


def test_ghost_text_and_an_answer_are_drawn(editor, desk):
    editor.type(":Recoder chat How is the total worked out?<CR>")
    editor.until_shown("return sum(prices)")
    suggested = write_until_suggested(editor, "average(prices)")

    picture = editor.as_svg()

    # Ghost text has a look of its own, so it is a piece of its own.
    assert f">{html.escape(suggested)}<".replace(" ", "\u00a0") in picture
    if os.environ.get("WRITE_PICTURES") and desk.version == NEWEST:
        PICTURE.write_text(picture, encoding="utf-8")
