"""What LSP gives in real Emacsen, and the commands of recoder.el."""

import re
import subprocess

from tests.editors.emacs.conftest import status, visit, write
from tests.editors.project import SHOP
from tests.editors.terminal import TIMEOUT_S

FUNCTION = """def total(prices):
    result = 0
    for price in prices:
        result += price
    return result
"""
SHORTER = """def total(prices):
    return sum(prices)
"""


def test_the_root_is_the_project(editor, desk):
    root = editor.lisp("(directory-file-name (recoder-root (recoder-connection)))")

    assert root == str(desk.folder / "project")


def test_hover_says_what_is_known_of_a_name(editor, desk):
    visit(editor, "shop.py")
    editor.lisp('(progn (goto-char (point-max)) (search-backward "total(") t)')
    # What eldoc asks for anew takes the place of what it waits for.
    by_eldoc = "(eldoc-print-current-symbol-info) (accept-process-output nil 1) (call-interactively 'eldoc-doc-buffer)"
    asked = by_eldoc if desk.client == "eglot" else "(lsp-describe-thing-at-point)"

    def look() -> bool:
        editor.lisp(f'(with-selected-window (get-buffer-window "shop.py") (ignore-errors {asked}) t)')
        return "Called by with" in str(editor)

    # Not all of it may be there at the first look.
    editor.until(look, "what calls it")


def test_names_of_the_workspace_are_completed(editor):
    write(editor, "from shop import with_t")
    editor.lisp("(goto-char (point-max))")

    # lsp-mode lists even a single one.
    editor.command("completion-at-point")

    editor.until_shown("with_tax")


def test_a_code_action_is_applied(editor, desk):
    write(editor, FUNCTION, "total")

    editor.command("eglot-code-actions" if desk.client == "eglot" else "lsp-execute-code-action")
    editor.until_shown("action")
    editor.type("Add documentation<Tab><CR>")

    editor.until(lambda: '"""' in editor.text, "a docstring")
    editor.type("<C-x>u")
    editor.until(lambda: editor.text == FUNCTION, "the text as it was")


def test_an_action_of_a_model_is_carried_out_without_emacs_waiting_for_it(editor, desk):
    write(editor, FUNCTION, "total")

    editor.command("eglot-code-actions" if desk.client == "eglot" else "lsp-execute-code-action")
    editor.until_shown("action")
    editor.type("Simplify<Tab><CR>")

    editor.until(lambda: editor.text == SHORTER, "the change")


def test_an_instruction_changes_the_function_at_point(editor):
    write(editor, FUNCTION, "result = 0")

    editor.command("recoder-edit", "make it shorter")

    editor.until(lambda: editor.text == SHORTER, "the change")
    editor.type("<C-_>")
    editor.until(lambda: editor.text == FUNCTION, "one step to undo it")


def test_the_selection_is_what_a_command_is_about(editor):
    write(editor, f"first = 1\n{FUNCTION}last = 1\n", "def total")
    editor.type("<C-Space>")
    editor.lisp('(progn (search-forward "return result") (activate-mark) t)')

    editor.command("recoder-simplify")

    editor.until(lambda: editor.text == f"first = 1\n{SHORTER}last = 1\n", "the change")


def test_a_problem_is_told_in_the_servers_words(editor):
    write(editor, "first = 1\n")
    before = editor.lisp('(with-current-buffer "*Messages*" (point-max))')

    editor.command("recoder-edit", "")

    told = f'(with-current-buffer "*Messages*" (goto-char {before}) (and (search-forward "Recoder: " nil t) t))'
    editor.until(lambda: editor.lisp(told), "a message")


def test_a_search_lists_places_that_can_be_visited(editor):
    editor.command("recoder-search", "add up prices")
    editor.until_shown("total (")

    editor.lisp('(progn (pop-to-buffer "*xref*") (goto-char (point-min)) (search-forward "total (") t)')
    editor.type("<CR>")

    editor.until(lambda: editor.lisp("(buffer-name)") == "shop.py", "the file")
    line = editor.lisp("(line-number-at-pos)")
    assert SHOP.splitlines()[line - 1] == "def total(prices):"


def test_the_status_is_shown(editor):
    editor.command("recoder-status")

    editor.until_shown("Completion model" if editor.lisp("(fboundp 'lsp)") or editor.lisp("(> emacs-major-version 28)") else "Recoder")


def test_snoozing_is_told_to_the_server(editor):
    editor.command("recoder-snooze")
    try:
        editor.until(lambda: status(editor, "completion", "state") == "snoozed", "snoozed")
    finally:
        editor.type("<C-u>0")
        editor.command("recoder-snooze")

    editor.until(lambda: status(editor, "completion", "state") == "active", "awake")


def test_a_commit_message_is_written_where_one_is_edited(editor, desk):
    for command in (["git", "init", "-q"], ["git", "add", "shop.py"]):
        subprocess.run(command, cwd=editor.project, check=True, timeout=TIMEOUT_S)
    editor.lisp('(progn (require \'log-edit) (switch-to-buffer "*a log*") (erase-buffer) (log-edit-mode) t)')
    editor.lisp(f'(setq default-directory "{editor.project}/")')

    editor.command("recoder-commit-message")

    editor.until(lambda: re.search(r"\w", editor.text), "a message")
