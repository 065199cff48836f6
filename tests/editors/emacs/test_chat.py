"""Conversations in Emacs: asked, answered below, cited, stopped."""

import pytest

from tests.editors.emacs.conftest import answer, visit
from tests.scripted_chat import endless_model

QUESTION = "How is the total worked out?"


@pytest.fixture
def chat(editor):
    """The editor with shop.py and an empty conversation."""
    visit(editor, "shop.py")
    editor.lisp('(when (get-buffer "chat.recoder.md") (with-current-buffer "chat.recoder.md" (set-buffer-modified-p nil) (kill-buffer)))')
    return editor


def conversation(editor):
    return editor.lisp('(with-current-buffer "chat.recoder.md" (buffer-substring-no-properties (point-min) (point-max)))')


def ask(editor, question=QUESTION):
    editor.command("recoder-ask", question)
    editor.until(lambda: conversation(editor).endswith("```\n\n## You\n\n"), "an answer")


def test_a_question_is_answered_below_it_with_its_sources(chat):
    ask(chat)

    said = conversation(chat)
    assert said.startswith(f"## You\n\n{QUESTION}\n\n## Recoder\n\nIt adds them up one by one [[1]](file://")
    assert "up one by one [1]. Shorter" in str(chat)


def test_a_second_question_goes_on(chat):
    ask(chat)

    chat.command("recoder-ask", "And then?")

    chat.until(lambda: conversation(chat).count("## Recoder") == 2, "another answer")
    assert "## You\n\nAnd then?\n\n## Recoder" in conversation(chat)


def test_a_citation_opens_what_is_cited(chat):
    ask(chat)
    chat.lisp('(progn (pop-to-buffer "chat.recoder.md") (goto-char (point-min)) (search-forward "[1") t)')

    chat.type("<C-c><C-o>")

    chat.until(lambda: chat.lisp("(buffer-name)") == "shop.py", "the file")
    assert chat.lisp("(thing-at-point 'line t)") == "def total(prices):\n"


def test_what_is_selected_goes_with_the_question(chat):
    chat.lisp('(progn (transient-mark-mode) (goto-char (point-min)) (search-forward "def total") (beginning-of-line) t)')
    chat.type("<C-Space>")
    chat.lisp('(progn (search-forward "return result\\n") (activate-mark) t)')

    ask(chat)

    assert f"{QUESTION} @shop.py:6-10\n" in conversation(chat)


def test_it_is_written_to_no_file_unless_it_is_saved(chat, desk):
    ask(chat)

    assert not (desk.folder / "project" / "chat.recoder.md").exists()


def test_a_question_can_be_written_into_the_file_and_sent_from_there(chat):
    chat.command("recoder-chat")
    chat.until_shown("## You")
    chat.type(QUESTION + "<C-c><C-c>")

    chat.until(lambda: "one by one" in conversation(chat), "an answer")


def test_an_answer_can_be_stopped(chat, desk):
    ask_model(chat, endless_model(desk.folder))
    try:
        chat.command("recoder-ask", "How far can you count?")
        chat.until(lambda: "1 2 3 4" in conversation(chat), "the beginning of an answer")

        chat.type("<C-c><C-k>")

        chat.until(lambda: chat.lisp("(null recoder--running)"), "the end of it")
        assert "1 2 3 4" in conversation(chat)
    finally:
        ask_model(chat, desk.folder / "scripted.gguf")


def ask_model(chat, path):
    """Have another model answer from now on."""
    changed = f'(plist-put (copy-sequence recoder-settings) :models \'(:chat "{path}"))'
    chat.lisp(f"(progn (customize-set-variable 'recoder-settings {changed}) t)")
    asked = '(:command "recoder.models" :arguments [(:show :json-false)])'
    chat.until(lambda: answer(chat, "workspace/executeCommand", f"'{asked}", "(plist-get answer :chat)") == str(path), "the other model")
