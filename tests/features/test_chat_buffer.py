"""Chat in a Markdown file: what of it was said by whom, and which question is asked next."""

import pytest

from recoder_lsp.chat_store import Conversation, Message
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.chat import Turn
from recoder_lsp.features import chat_buffer
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.chat_buffer import Lens, lenses, read, transcript
from recoder_lsp.features.syntax_thread import SyntaxThread

URI = "file:///w/notes.recoder.md"


def document(text, uri=URI):
    return Snapshot(uri, "markdown", text, 1)


def test_a_file_without_headings_is_a_question():
    buffer = read(document("\nwhat is this?\n\nreally\n\n"))

    assert (buffer.said, buffer.question, buffer.line) == ((), "what is this?\n\nreally", 0)
    assert buffer.end == len("\nwhat is this?\n\nreally")


def test_headings_say_who_said_what():
    text = "## You\n\nwhy?\n\n## Recoder\n\nBecause.\n\n## You\n\nand how?\n"

    buffer = read(document(text))

    assert buffer.said == (Turn("user", "why?"), Turn("assistant", "Because."))
    assert (buffer.question, buffer.line, buffer.end) == ("and how?", 8, len(text) - 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "## You\n",
        "## You\n\nwhy?\n\n## Recoder\n\nBecause.\n",
        "## You\n\nwhy?\n\n## Recoder\n\nBecause.\n\n## You\n\n<!-- here -->\n",
    ],
)
def test_there_may_be_no_question(text):
    assert read(document(text)).question == ""
    assert lenses(document(text)) == []


def test_a_question_without_an_answer_is_asked_with_the_next_one():
    buffer = read(document("## You\n\nwhy?\n\n## You\n\nand how?\n\n## Recoder\n\n"))

    assert (buffer.said, buffer.question) == ((), "why?\n\nand how?")


def test_an_answer_that_nobody_asked_for_is_not_said_to_the_model():
    assert read(document("## Recoder\n\nHello.\n\n## You\n\nhi\n")).said == ()


def test_other_headings_belong_to_the_text():
    assert read(document("# You\n\n### Recoder\n\n## You and I\n")).question == "# You\n\n### Recoder\n\n## You and I"


@pytest.mark.parametrize("line_break", ["\r\n", "\n"])
def test_line_ends_make_no_difference(line_break):
    text = "## You\n\nwhy?\n\n## Recoder\n\nBecause.\n\n## You\n\nhow?\n".replace("\n", line_break)

    buffer = read(document(text))

    assert (buffer.question, text[: buffer.end].endswith("how?")) == ("how?", True)


def test_one_asks_at_the_last_question_of_such_a_file_only():
    text = "## You\n\nwhy?\n\n## Recoder\n\nBecause.\n\n## You\n\nhow?\n"

    assert lenses(document(text)) == [Lens(8, "Ask Recoder", "recoder.chat.buffer")]
    assert lenses(document(text, "file:///w/notes.md")) == []


def test_a_conversation_can_be_gone_on_with_as_a_file():
    messages = (
        Message("user", "why?", 1.0),
        Message("assistant", "Because:\n## You\nare.", 2.0, model="m"),
        Message("user", "how?", 3.0),
        Message("assistant", "So.", 4.0),
    )

    text = transcript(Conversation("a" * 32, messages))
    buffer = read(document(text + "and now?\n"))

    assert "<!-- m -->" in text
    assert [turn.role for turn in buffer.said] == ["user", "assistant", "user", "assistant"]
    assert buffer.said[1].content == "Because:\n ## You\nare."
    assert buffer.question == "and now?"


def test_no_line_of_an_answer_is_one_of_our_headings():
    assert chat_buffer.as_answer("a\n## Recoder\n## You  \n## Your turn") == "a\n ## Recoder\n ## You  \n## Your turn"


async def test_one_can_ask_by_a_code_action_too():
    syntax = SyntaxThread()
    snapshot = document("## You\n\nwhy?\n")

    offered = await syntax.with_tree(snapshot, lambda tree: list(chat_buffer.offers(Site(snapshot, 0, 0, tree))))

    assert [(offer.title, offer.command) for offer in offered] == [("Ask Recoder", "recoder.chat.buffer")]
    syntax.close()
