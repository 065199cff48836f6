"""What LSP gives in real Neovims, and the commands of the plugin."""

import shutil

import pytest

from tests.editors.neovim.conftest import PLUGIN, attached, status
from tests.editors.project import SHOP

FUNCTION = ["def total(prices):", "    result = 0", "    for price in prices:", "        result += price", "    return result"]

FLOATS = "return #vim.tbl_filter(function(each) return vim.api.nvim_win_get_config(each).relative ~= '' end, vim.api.nvim_list_wins())"


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


def test_an_open_hover_window_shows_a_description_when_it_is_there(editor):
    editor.command("edit shop.py")
    attached(editor)
    # Only a chat model that is loaded is asked.
    editor.command("Recoder chat What is this?")
    editor.until_shown("Scripted test model")
    editor.type("<Esc>")
    editor.command("1wincmd w | only!")
    editor.call("nvim_win_set_cursor", 0, [6, 5])
    editor.until(lambda: editor.call("nvim_get_mode")["mode"] == "n", "normal mode")

    editor.lua("vim.lsp.buf.hover()")
    editor.until_shown("Defined in")
    assert "It adds them up" not in str(editor.screen)

    editor.until_shown("It adds them up")
    assert editor.lua(FLOATS) == 1
    assert editor.call("nvim_eval", "expand('%:t')") == "shop.py"


def test_a_code_action_is_applied(editor):
    write(editor, FUNCTION)

    editor.lua(
        "vim.lsp.buf.code_action({ apply = true, filter = function(action) return action.title:find('^Add documentation') ~= nil end })"
    )

    editor.until(lambda: '"""' in "\n".join(editor.lines), "a docstring")
    editor.type("u")
    editor.until(lambda: editor.lines == FUNCTION, "one step to undo it")


def test_a_change_may_bring_a_new_file(editor, desk):
    editor.command("edit shop.py")
    attached(editor)
    editor.call("nvim_win_set_cursor", 0, [6, 5])

    editor.lua("vim.lsp.buf.code_action({ apply = true, filter = function(action) return action.title:find('^Add a test of') ~= nil end })")

    tests = desk.project / "tests" / "test_shop.py"
    text = "return vim.fn.join(vim.fn.getbufline(..., 1, '$'), '\\n')"
    editor.until(lambda: "def test_total" in editor.lua(text, str(tests)), "the test")
    editor.lua("vim.api.nvim_buf_delete(vim.fn.bufnr(...), { force = true })", str(tests))
    tests.unlink()


def test_a_range_of_lines_is_what_a_command_is_about(editor):
    write(editor, ["first = 1", *FUNCTION, "last = 1"])

    editor.command("2,6Recoder simplify")
    editor.until_shown("ga accepts")
    editor.type("ga")

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

    editor.command("Recoder edit")

    said = "Recoder: It is not said what to do."
    editor.until(lambda: said in editor.call("nvim_exec2", "messages", {"output": True})["output"], "a message")


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
        editor.until_shown("Recoder: snoozed 5 min")
    finally:
        editor.command("Recoder snooze 0")
    editor.until_not_shown("snoozed")


def test_the_names_of_the_servers_commands_are_completed(editor):
    names = editor.call("nvim_eval", 'getcompletion("Recoder ", "cmdline")')

    assert {"chat", "edit", "explain", "commitMessage", "restart", "search", "snooze"} <= set(names)
    assert not {"accepted", "action"} & set(names)
    assert editor.call("nvim_eval", 'getcompletion("Recoder comm", "cmdline")') == ["commitMessage"]
    assert editor.call("nvim_eval", 'getcompletion("Recoder chat /re", "cmdline")') == ["/refactor"]
    assert editor.call("nvim_eval", 'getcompletion("2,6Recoder simplify ", "cmdline")') == []


def test_health_tells_of_neovim_the_server_and_its_doctor(editor):
    editor.command("checkhealth recoder")

    report = "\n".join(editor.lines)
    assert "Running: version" in report
    assert "no problem in the settings files" in report
    # Its name is known when it was loaded; until then it is its path.
    assert "Chat model: " in report
    assert "Chat model: none" not in report
    assert "Index: 1 files" in report
    assert "ERROR" not in report


def test_the_status_is_asked_for_only_when_the_server_says_that_there_is_something_new(editor):
    look = "return require('recoder').status()"
    editor.until(lambda: editor.lua(look) == "Recoder", "a server at rest")
    editor.lua("ASKED = 0 local status = require('recoder.status') ASK = status._ask status._ask = function() ASKED = ASKED + 1 ASK() end")
    try:
        for _ in range(3):
            editor.lua(look)
        assert editor.lua("return ASKED") == 0

        editor.lua("require('recoder').configure({ completion = { enabled = false } })")

        editor.until(lambda: editor.lua(look) and editor.lua("return ASKED") > 0, "a question")
    finally:
        editor.lua("require('recoder.status')._ask = ASK require('recoder').configure({ completion = { enabled = true } })")


@pytest.fixture(scope="module")
def help_folder(desk):
    """A copy, because tags are written beside the help."""
    shutil.copytree(PLUGIN / "doc", desk.folder / "help" / "doc", dirs_exist_ok=True)
    return desk.folder / "help"


@pytest.mark.parametrize(
    "topic", ["recoder", ":Recoder", "recoder-chat", "recoder-ghost-text", "recoder-install", "recoder-review", "recoder-status"]
)
def test_the_help_has_what_one_looks_for(editor, help_folder, topic):
    # It fails where a tag is there twice.
    editor.command(f"helptags {help_folder}/doc")
    editor.command(f"set runtimepath^={help_folder}")

    editor.command(f"help {topic}")

    assert editor.call("nvim_eval", "expand('%:t')") == "recoder.txt"


def test_the_help_leaves_no_option_and_no_command_of_the_plugin_out(editor):
    text = (PLUGIN / "doc" / "recoder.txt").read_text(encoding="utf-8")
    options = editor.lua("return vim.tbl_keys(require('recoder').options)")
    commands = editor.lua("return vim.tbl_keys(require('recoder.commands').OURS)")

    assert [each for each in options if f"  {each} = " not in text] == []
    assert [each for each in commands if f":Recoder {each}" not in text and f"or {each}:" not in text] == []
