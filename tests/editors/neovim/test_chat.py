"""The chat in real Neovims: asked, streamed, cited, copied from, stopped, kept; and in files."""

from tests.editors.neovim.conftest import attached, status
from tests.editors.project import REPLY

BLOCK = ["def total(prices):", "    return sum(prices)"]


def transcript(editor):
    return "\n".join(editor.lua("return vim.api.nvim_buf_get_lines(vim.fn.bufnr('recoder://chat'), 0, -1, false)"))


def ask(editor, question="How is the total worked out?"):
    """Ask about shop.py, in the line below the chat, and wait for the whole answer."""
    editor.command("edit shop.py")
    attached(editor)
    editor.call("nvim_win_set_cursor", 0, [6, 4])
    editor.command("Recoder chat")
    editor.type(question + "<CR>")
    editor.until(lambda: "*Scripted test model*" in transcript(editor), "an answer")


def go_to(editor, text):
    """Put the cursor into the chat, where this stands."""
    editor.type("<Esc>")
    editor.lua("vim.api.nvim_set_current_win(vim.fn.bufwinid('recoder://chat'))")
    editor.until(lambda: editor.call("nvim_get_mode")["mode"] == "n", "normal mode")
    row = next(number for number, line in enumerate(editor.lines, start=1) if text in line)
    editor.call("nvim_win_set_cursor", 0, [row, editor.lines[row - 1].index(text)])


def test_a_question_is_answered_below_it_with_its_sources(editor):
    ask(editor)

    said = transcript(editor)
    assert said.startswith("## You\n\nHow is the total worked out?\n\n## Recoder\n\nIt adds them up one by one [1]. Shorter:\n")
    assert "\n- [1] shop.py:" in said
    assert "file://" not in said


def test_an_answer_comes_in_pieces(editor):
    editor.lua(
        """
        vim.g.pieces = 0
        local transcript = require("recoder.transcript")
        local add = transcript.add
        transcript.add = function(...)
          vim.g.pieces = vim.g.pieces + 1
          transcript.add = add
          return add(...)
        end
        """
    )

    ask(editor)

    assert editor.lua("return vim.g.pieces") == 1
    assert REPLY.splitlines()[3] in transcript(editor)


def test_enter_on_a_citation_opens_what_is_cited(editor):
    ask(editor)
    go_to(editor, "[1]")

    editor.type("<CR>")

    editor.until(lambda: editor.call("nvim_eval", "expand('%:t')") == "shop.py", "the file")
    assert editor.call("nvim_get_current_line").startswith(("def ", '"""'))


def test_without_a_chat_model_there_are_passages_whose_links_can_be_opened(editor):
    editor.lua("require('recoder').configure({ models = { chat = '' } })")
    try:
        editor.command("edit shop.py")
        attached(editor)
        editor.until(lambda: status(editor)["chat"].get("model") is None, "no chat model")
        editor.command("Recoder chat How is the tax added?")
        editor.until(lambda: "**1. shop.py" in transcript(editor), "passages")
        go_to(editor, "shop.py")

        editor.type("<CR>")

        editor.until(lambda: editor.call("nvim_eval", "expand('%:t')") == "shop.py", "the file")
        assert "file://" not in transcript(editor)
    finally:
        chat_model = f"{editor.call('nvim_eval', 'getcwd()')}/../scripted.gguf"
        editor.lua("require('recoder').configure({ models = { chat = ... } })", chat_model)
    editor.until(lambda: status(editor)["chat"].get("model"), "the chat model again")


def test_code_of_an_answer_is_copied_and_put_into_the_file(editor):
    ask(editor)
    go_to(editor, "return sum")

    editor.type("gy")
    editor.until(lambda: editor.lua("return vim.fn.getreg('\"', 1, true)") == BLOCK, "the block in the register")
    editor.type("gp")

    editor.until(lambda: editor.call("nvim_eval", "expand('%:t')") == "shop.py", "the file")
    assert [line for line in editor.lines if line in BLOCK][-2:] == BLOCK
    editor.command("edit!")


def test_an_earlier_conversation_is_chosen_and_gone_on_with(editor):
    ask(editor, "What is this?")
    editor.lua("require('recoder.chat').begin() vim.ui.select = function(items, _, done) done(items[1]) end")
    assert "What is this?" not in transcript(editor)

    editor.command("Recoder history")

    editor.until(lambda: "What is this?" in transcript(editor), "the conversation")
    assert "- [1] shop.py:" in transcript(editor)
    editor.type("And then?<CR>")
    editor.until(lambda: transcript(editor).count("*Scripted test model*") == 2, "another answer")


def test_explain_answers_in_the_chat(editor):
    editor.command("edit shop.py")
    attached(editor)

    editor.command("6,10Recoder explain")

    editor.until(lambda: "*Scripted test model*" in transcript(editor), "an answer")
    assert "/explain" in transcript(editor)


def test_so_does_the_code_action(editor):
    editor.command("edit shop.py")
    attached(editor)
    editor.call("nvim_win_set_cursor", 0, [6, 4])

    editor.lua("vim.lsp.buf.code_action({ apply = true, filter = function(action) return action.title == 'Explain `total`' end })")

    editor.until(lambda: "*Scripted test model*" in transcript(editor), "an answer")
    assert "/explain" in transcript(editor)


def test_an_answer_can_be_stopped(editor):
    editor.command("edit shop.py")
    attached(editor)

    # At once: the test's model is quick.
    editor.lua("vim.cmd('Recoder chat What is this?') vim.cmd('Recoder cancel')")

    assert transcript(editor).endswith("*Stopped.*")
    ask(editor)


def test_closing_the_chat_keeps_what_was_said(editor):
    ask(editor)
    go_to(editor, "## You")

    editor.type("q")

    editor.until(lambda: len(editor.call("nvim_list_wins")) == 1, "one window")
    assert "How is the total worked out?" in transcript(editor)


def text(editor):
    return "\n".join(editor.lines)


def open_file(editor, question):
    editor.command("edit! notes.recoder.md")
    editor.call("nvim_buf_set_lines", 0, 0, -1, False, ["## You", "", question])
    attached(editor)


def test_in_a_file_the_code_lens_above_a_question_asks_it(editor):
    open_file(editor, "How is the total worked out?")
    editor.until_shown("Ask Recoder")
    row = next(number for number, line in enumerate(str(editor.screen).splitlines()) if "Ask Recoder" in line)
    assert row <= 2
    editor.call("nvim_win_set_cursor", 0, [1, 0])

    editor.lua("vim.lsp.codelens.run()")

    editor.until(lambda: text(editor).count("## You") == 2, "the answer, and a place for the next question")
    assert "## Recoder\n\nIt adds them up one by one" in text(editor)


def test_a_code_action_asks_in_a_file_and_the_answer_is_not_shown_as_a_change_first(editor):
    open_file(editor, "How is the tax added?")

    editor.lua("vim.lsp.buf.code_action({ apply = true, filter = function(action) return action.title == 'Ask Recoder' end })")

    editor.until(lambda: text(editor).count("## You") == 2, "the answer")
    assert len(editor.call("nvim_list_tabpages")) == 1
