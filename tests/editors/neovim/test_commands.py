"""What LSP gives in real Neovims, and the commands of the plugin."""

import shutil

import pytest

from tests.editors.neovim.conftest import PLUGIN, SHOP, attached, status

FUNCTION = ["def total(prices):", "    result = 0", "    for price in prices:", "        result += price", "    return result"]


def write(editor, lines, cursor=(1, 0)):
    """Have this in the buffer, known to the server."""
    editor.call("nvim_buf_set_lines", 0, 0, -1, False, lines)
    editor.call("nvim_win_set_cursor", 0, cursor)


def test_the_root_is_where_git_is(editor, desk):
    root = editor.lua("return vim.lsp.get_clients({ name = 'recoder' })[1].config.root_dir")

    assert root == str(desk.project)


def test_hover_says_what_is_known_of_a_name(editor):
    editor.command("edit shop.py")
    attached(editor)
    editor.call("nvim_win_set_cursor", 0, [14, 12])

    editor.lua("vim.lsp.buf.hover()")

    editor.until_shown("Called by with")


def test_a_code_action_is_applied(editor):
    write(editor, FUNCTION)

    editor.lua(
        "vim.lsp.buf.code_action({ apply = true, filter = function(action) return action.title:find('^Add documentation') ~= nil end })"
    )

    editor.until(lambda: '"""' in "\n".join(editor.lines), "a docstring")
    editor.type("u")
    editor.until(lambda: editor.lines == FUNCTION, "one step to undo it")


def test_an_instruction_changes_the_function_at_the_cursor(editor):
    write(editor, FUNCTION, (2, 4))

    editor.command("Recoder edit make it shorter")

    editor.until(lambda: editor.lines == ["def total(prices):", "    return sum(prices)"], "the change")
    editor.type("u")
    editor.until(lambda: editor.lines == FUNCTION, "one step to undo it")


def test_a_range_of_lines_is_what_a_command_is_about(editor):
    write(editor, ["first = 1", *FUNCTION, "last = 1"])

    editor.command("2,6Recoder simplify")

    editor.until(lambda: editor.lines == ["first = 1", "def total(prices):", "    return sum(prices)", "last = 1"], "the change")


def test_selected_characters_are_what_a_command_is_about(editor):
    write(editor, ["é = total(prices)"])
    editor.type("wwve<Esc>")
    editor.until(lambda: editor.call("nvim_buf_get_mark", 0, ">")[1] > 0, "a selection")

    place = editor.lua("return require('recoder.commands').place({ range = 2, line1 = 1, line2 = 1 })")

    encoding = editor.lua("return vim.lsp.get_clients({ name = 'recoder' })[1].offset_encoding")
    start = len("é = ".encode("utf-8" if encoding == "utf-8" else "utf-16-le")) // (1 if encoding == "utf-8" else 2)
    assert place["range"] == {"start": {"line": 0, "character": start}, "end": {"line": 0, "character": start + len("total")}}


def test_a_problem_is_told_in_the_servers_words(editor):
    write(editor, ["first = 1"])

    editor.command("Recoder fix")

    editor.until(lambda: "Recoder: " in editor.call("nvim_exec2", "messages", {"output": True})["output"], "a message")


def test_a_search_fills_the_quickfix_list(editor):
    editor.command("Recoder search add up prices")

    found = editor.until(lambda: editor.lua("return vim.fn.getqflist()"), "hits")
    assert editor.lua("return vim.fn.getqflist({ title = 1 }).title") == "Recoder: add up prices"
    total = next(each for each in found if each["text"].startswith("total ("))
    assert SHOP.splitlines()[total["lnum"] - 1] == "def total(prices):"


def test_answers_of_other_commands_are_shown_beside_the_code(editor):
    before = len(editor.call("nvim_list_wins"))

    editor.command("Recoder status")

    editor.until_shown("Completion model")
    assert len(editor.call("nvim_list_wins")) == before + 1
    editor.type("q")
    editor.until(lambda: len(editor.call("nvim_list_wins")) == before, "the window closed")


def test_snoozing_is_shown_in_the_status_line(editor):
    editor.command("Recoder snooze 5")
    try:
        editor.until(lambda: status(editor)["completion"]["state"] == "snoozed", "snoozed")
        editor.until(lambda: editor.lua("return require('recoder').status()") == "Recoder: snoozed 5 min", "the words")
    finally:
        editor.command("Recoder snooze 0")
    editor.until(lambda: editor.lua("return require('recoder').status()") == "Recoder", "awake")


def test_the_names_of_the_servers_commands_are_completed(editor):
    names = editor.call("nvim_eval", 'getcompletion("Recoder ", "cmdline")')

    assert {"chat", "edit", "explain", "commitMessage", "restart", "search", "snooze"} <= set(names)
    assert not {"accepted", "action"} & set(names)
    assert editor.call("nvim_eval", 'getcompletion("Recoder comm", "cmdline")') == ["commitMessage"]


def test_health_tells_of_neovim_the_server_and_its_doctor(editor):
    editor.command("checkhealth recoder")

    report = "\n".join(editor.lines)
    assert "Running: version" in report
    assert "no problem in the settings files" in report
    assert "ERROR" not in report


@pytest.mark.parametrize("topic", ["recoder", ":Recoder", "recoder-chat", "recoder-ghost-text", "recoder-status"])
def test_the_help_has_what_one_looks_for(editor, desk, topic):
    # A copy, because tags are written beside it.
    shutil.copytree(PLUGIN / "doc", desk.folder / "help" / "doc", dirs_exist_ok=True)
    editor.command(f"helptags {desk.folder}/help/doc")
    editor.command(f"set runtimepath^={desk.folder}/help")

    editor.command(f"help {topic}")

    assert editor.call("nvim_eval", "expand('%:t')") == "recoder.txt"
