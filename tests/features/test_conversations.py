"""Conversations that go on: what is kept of them, what the model reads again, and what is left when one is stopped."""

import asyncio

import pytest

from recoder_lsp.chat_store import ChatLost
from recoder_lsp.features.chat_context import Subject
from recoder_lsp.features.conversations import Asked, Listener
from tests.features.chat_desk import FILES, ChatDesk, IndexedWorkspace
from tests.features.desk import until

WORKSPACE = "file:///work"


@pytest.fixture
async def desk(tmp_path):
    desk = ChatDesk(tmp_path, IndexedWorkspace(tmp_path / "work", FILES))
    yield desk
    await desk.close()
    desk.workspace.small.close()


async def ask(desk, message, conversation_id=None, **more):
    begun = []
    listener = Listener(begun.append, desk.heard.append)
    asked = Asked(Subject(message), conversation_id, WORKSPACE, **more)
    name, answer = await desk.conversations.ask(asked, desk.settings, desk.open.get, listener)
    assert begun == [name]
    return name, answer


async def test_a_conversation_is_kept_with_its_citations(desk):
    name, answer = await ask(desk, "where are settings read?")

    (kept,) = await desk.conversations.conversations(WORKSPACE)
    question, said = kept.messages
    assert (kept.id, question.text, said.text, said.model) == (name, "where are settings read?", answer.markdown, "")
    assert [quote.uri for quote in said.quotes] == [citation.uri for citation in answer.citations]


async def test_the_model_hears_what_was_said_before(desk):
    desk.use_model(["One.", "Two.", "Three."], context_tokens=16384)
    name, _ = await ask(desk, "first?")
    await ask(desk, "second?", name)

    _, third = await ask(desk, "third?", name)

    # The model answers by how many answers it was shown.
    assert third.markdown == "Three."
    kept = await desk.conversations.conversation(WORKSPACE, name)
    assert [message.text for message in kept.messages] == ["first?", "One.", "second?", "Two.", "third?", "Three."]


async def test_a_conversation_goes_on_after_a_restart(desk):
    desk.use_model(["One.", "Two."], context_tokens=16384)
    name, _ = await ask(desk, "first?")
    desk.chat.forget(None)

    assert (await ask(desk, "second?", name))[1].markdown == "Two."


async def test_what_is_not_to_be_kept_is_not(desk):
    await ask(desk, "settings?", is_kept=False)

    assert await desk.conversations.conversations(WORKSPACE) == []


async def test_what_was_said_before_it_was_stopped_is_kept(desk):
    desk.use_endless_model(max_tokens=4096)
    asking = asyncio.create_task(ask(desk, "count"))
    await until(lambda: len(desk.heard) >= 3)

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    (kept,) = await desk.conversations.conversations(WORKSPACE)
    assert kept.messages[0].text == "count"
    assert kept.messages[1].text.startswith("0 1 2")
    assert kept.messages[1].text.endswith("*Stopped.*")


async def test_an_erased_conversation_cannot_be_gone_on_with(desk):
    name, _ = await ask(desk, "settings?")

    assert await desk.conversations.erase(WORKSPACE, name) == 1

    with pytest.raises(ChatLost):
        await ask_unheard(desk, name)


async def ask_unheard(desk, name):
    asked = Asked(Subject("more?"), name, WORKSPACE)
    await desk.conversations.ask(asked, desk.settings, desk.open.get, Listener(desk.heard.append, desk.heard.append))


async def test_nothing_is_kept_of_a_question_that_was_refused(desk):
    with pytest.raises(Exception, match="no question"):
        await ask(desk, "   ")

    assert await desk.conversations.conversations(WORKSPACE) == []
