"""What of everything the chat model reads, where its context does not hold it all. One byte is one token of this model."""

from dataclasses import replace

import pytest

from recoder_lsp.engine.chat import Turn
from recoder_lsp.features.chat_context import Gathered
from recoder_lsp.features.chat_prompt import FOUND_TOKENS, HasRead, pack
from recoder_lsp.features.passages import Passage
from recoder_lsp.features.prompts import Prompt
from recoder_lsp.language import gettext
from tests.features.chat_desk import ChatDesk, IndexedWorkspace

PROMPT = Prompt("chat", "Be brief.", "{{passages}}\n\n{{diff}}\n\n{{question}}")


def passage(name, n_lines=10, *, is_meant=False):
    text = "\n".join(f"{name}_{number} = {number}" for number in range(n_lines))
    return Passage(f"file:///w/{name}.py", f"{name}.py", "python", 0, n_lines - 1, text, "selected", is_meant=is_meant)


@pytest.fixture
async def packed(tmp_path):
    desk = ChatDesk(tmp_path, IndexedWorkspace(tmp_path / "work", {}))
    desk.use_model("Yes.")

    async def packing(gathered, has_read=None, *, room_tokens, question="why?"):
        has_read = has_read or HasRead()
        return await pack(desk.writer, desk.settings, PROMPT, question, gathered, has_read, room_tokens=room_tokens)

    yield packing
    await desk.close()
    desk.workspace.small.close()


def n_bytes(turns):
    return sum(len(turn.content.encode()) for turn in turns)


async def test_where_there_is_room_all_of_it_is_read_in_order(packed):
    gathered = Gathered(passage("a", is_meant=True), (passage("b"), passage("c")), "+x")

    found = await packed(gathered, room_tokens=4000)

    assert found.passages == gathered.passages
    text = found.turns[-1].content
    assert text.index("[1] a.py:1-10 (selected)\n```python\na_0") < text.index("[2] b.py") < text.index("[3] c.py") < text.index("+x")
    assert text.endswith("why?")


async def test_a_prompt_is_english_whatever_the_user_speaks(packed, speaking):
    speaking("es")
    meant = replace(passage("a", is_meant=True), why=gettext("around the cursor"))

    found = await packed(Gathered(meant), room_tokens=4000)

    assert meant.why == "alrededor del cursor"
    assert "[1] a.py:1-10 (around the cursor)\n" in found.turns[-1].content


@pytest.mark.parametrize("room_tokens", [150, 300, 400, 700, 1200])
async def test_what_is_read_fits_and_the_best_comes_first(packed, room_tokens):
    gathered = Gathered(passage("a"), (passage("b", 30), passage("c", 30), passage("d", 30)), "+x\n" * 40)

    found = await packed(gathered, room_tokens=room_tokens)

    assert n_bytes(found.turns) <= room_tokens
    assert "why?" in found.turns[-1].content


async def test_a_passage_that_is_cut_is_cited_as_far_as_it_was_read(packed):
    (cut,) = (await packed(Gathered(passage("a", 100)), room_tokens=600)).passages

    assert 4 <= cut.end_line + 1 < 100
    assert cut.text.count("\n") == cut.end_line


async def test_the_question_is_never_cut(packed):
    assert "why " * 300 in (await packed(Gathered(passage("a")), room_tokens=200, question="why " * 300)).turns[-1].content


async def test_earlier_turns_are_sent_again_to_the_letter_and_what_is_in_them_is_not_repeated(packed):
    first = passage("a")
    turns = (Turn("user", "[1] a.py\n\none?"), Turn("assistant", "One [1]."))
    has_read = HasRead((Turn("user", "one?"), Turn("assistant", "One.")), turns, (first,))

    found = await packed(Gathered(first, (passage("b"),)), has_read, room_tokens=4000)

    assert found.turns[1:3] == turns
    assert found.passages == (first, passage("b"))
    assert "[2] b.py" in found.turns[-1].content
    assert "a_0" not in found.turns[-1].content


async def test_where_they_are_too_long_only_the_last_of_what_was_said_is(packed):
    said = tuple(Turn(role, f"{word} {'x' * 150}") for word in ("one", "two", "three") for role in ("user", "assistant"))
    has_read = HasRead(said, tuple(Turn(turn.role, turn.content * 10) for turn in said), (passage("z"),))

    found = await packed(Gathered(passage("a")), has_read, room_tokens=1000)

    assert found.turns[1:-1] == said[-2:]
    assert "[1] a.py" in found.turns[-1].content
    assert n_bytes(found.turns) <= 1000


async def test_secrets_are_read_by_no_model(packed):
    secret = Passage("file:///w/s.py", "s.py", "python", 0, 0, 'aws_key = "AKIAIOSFODNN7EXAMPLE"', "found")

    assert "AKIA" not in (await packed(Gathered(secret, diff="+AKIAIOSFODNN7EXAMPLE"), room_tokens=4000)).turns[-1].content


async def test_what_was_found_gets_less_room_than_what_is_meant(packed):
    found = tuple(passage(name, 40) for name in ("b", "c", "d", "e"))

    read = (await packed(Gathered(passage("a", 300, is_meant=True), found), room_tokens=8000)).passages

    assert read[0].end_line == 299
    assert sum(len(each.text) for each in read[1:]) <= FOUND_TOKENS
