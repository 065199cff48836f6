"""What Helix can show of Recoder, in real Helixes: by its menus, its pop-ups and its command line."""

import os
import re
from pathlib import Path

from tests.editors.helix.conftest import NEWEST
from tests.editors.processes import server_pid
from tests.editors.project import SHOP

PICTURE = Path(__file__).parents[3] / "docs" / "editors" / "helix.svg"


def lines(editor):
    """Of the document, as far as they are on the screen."""
    return [line[7:] for line in str(editor).split("\n") if line[:7].strip().isdigit()]


def write(editor, text):
    """Type it, key after key: Helix 25.01 tells the server of changes that come close together in any order."""
    for character in text:
        editor.type("<CR>" if character == "\n" else character)


def choose(editor, action, line):
    """Choose a code action by its title, in the menu that opens below the line of the cursor with its first item selected."""
    editor.type("<Space>a")
    editor.until_shown(action)
    at = next(row for row, shown in enumerate(str(editor).split("\n")) if action in shown)
    editor.type("<C-n>" * (at - line) + "<CR>")


def run(editor, command):
    """Run a command of the server out of the list of them."""
    editor.type(":lsp-workspace-command<CR>")
    editor.until_shown("> recoder.accepted")
    editor.type(command)
    editor.until(lambda: f"> {command}" in str(editor), "the command")
    editor.type("<CR>")
    editor.until_not_shown(f"> {command}")


def test_the_suggestion_is_an_item_of_the_menu_and_is_accepted(editor):
    editor.type("geo<CR>")
    write(editor, "def is_even(number):\nreturn ")

    def suggested():
        return re.findall(r"(?m)^[ ~]*(\S.*\S) +text$", str(editor))

    (suggestion,) = editor.ask("<C-x>", suggested, "a suggestion")
    editor.type("<C-n><CR>")

    editor.until(lambda: lines(editor)[16] == f"    return {suggestion}", "the suggestion in the document")


def test_names_are_completed(editor):
    editor.type("geo<CR>")
    write(editor, "print(with")

    def shown():
        return [row for row, shown in enumerate(str(editor).split("\n"), start=1) if re.search("with_tax +(function|text)$", shown)]

    row, *_ = editor.ask("<C-x>", shown, "the name in the menu")
    # The menu opens below line 16.
    editor.type("<C-n>" * (row - 16) + "<CR>")

    editor.until(lambda: lines(editor)[15].strip() == "print(with_tax)", "the name")


def test_hover_says_what_is_known_of_a_name(editor):
    editor.ask("<Esc>:14<CR>11l<Space>k", lambda: "Called by with_tax" in str(editor), "a hover")


def test_a_code_action_is_applied_and_undone_in_one_step(editor):
    editor.type(":6<CR>")

    choose(editor, "Add documentation to `total`", 6)

    editor.until_shown('"""TODO: ')
    editor.type("<Esc>u")
    editor.until(lambda: "\n".join(lines(editor)).rstrip() == SHOP.rstrip(), "the text as it was")


def test_the_cursor_alone_selects_nothing_so_that_the_function_is_meant(editor):
    editor.type(":6<CR>")

    choose(editor, "Simplify `total`", 6)

    editor.until(lambda: lines(editor)[5:8] == ["def total(prices):", "    return sum(prices)", ""], "the change")


def test_a_command_needs_no_arguments(editor, desk):
    run(editor, "recoder.status")

    # 25.01 opens no documents.
    editor.until_shown("Completion model" if desk.version != "25.01" else "# Recoder")


def test_an_answer_is_written_into_a_chat_file(editor):
    editor.type(":open notes.recoder.md<CR>i")
    write(editor, "## You\n\nHow does @shop.py add up?\n")
    editor.type("<Esc>")

    choose(editor, "Ask Recoder", 4)

    editor.until_shown("return sum(prices)")
    editor.until(lambda: [line for line in lines(editor) if line][-1] == "## You", "the next question")
    asked = "## You\n\nHow does @shop.py add up?\n\n## Recoder\n\nIt adds them up one by one [[1]](file://"
    assert "\n".join(lines(editor)).startswith(asked)


def test_it_is_our_server(editor, desk):
    assert server_pid(desk.home) is not None


def test_the_menu_is_drawn(editor, desk):
    editor.type(":6<CR>")
    editor.ask("<Esc><Space>a", lambda: "Explain `total`" in str(editor), "the menu")

    picture = editor.as_svg()

    assert "Simplify\u00a0`total`" in picture
    if os.environ.get("WRITE_PICTURES") and desk.version == NEWEST:
        PICTURE.write_text(picture, encoding="utf-8")
