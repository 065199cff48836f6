"""Conversations: what was said in each is kept on disk, and goes with the next question."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recoder_lsp.chat_store import ChatLost, ChatStore, Conversation, Message, Quote
from recoder_lsp.config import Settings
from recoder_lsp.engine.chat import Turn
from recoder_lsp.features.chat import Answer, Chat, Question
from recoder_lsp.features.chat_context import SnapshotOf, Subject
from recoder_lsp.features.passages import Passage

STOPPED = "*Stopped.*"


@dataclass(frozen=True)
class Asked:
    """A question in a conversation."""

    subject: Subject
    conversation_id: str | None = None
    """None begins a new one."""
    workspace: str = ""
    """The URI of the folder whose conversations these are; "" where there is none."""
    temperature: float | None = None
    is_kept: bool = True
    """Whether it is written down at all."""


@dataclass(frozen=True)
class Listener:
    """Who hears of an answer while it is made."""

    on_begin: Callable[[str], None]
    """Gets the name of the conversation, once."""
    on_text: Callable[[str], None]
    """Gets the answer piece by piece."""


class Conversations:
    """Owned by the event loop; files are read and written on threads of asyncio."""

    def __init__(self, chat: Chat, store: ChatStore, *, now: Callable[[], float] = time.time) -> None:
        self._chat, self._store, self._now = chat, store, now

    async def ask(self, asked: Asked, settings: Settings, snapshot_of: SnapshotOf, listener: Listener) -> tuple[str, Answer]:
        """Return the name of the conversation and the answer, both of which are written down.

        What a model has said when this is cancelled is kept, too.

        Raises:
            RecoderError: There is no such conversation, nothing to answer, or the model or the disk fails; or the last question of
                this conversation is still being answered.
        """
        conversation_id = asked.conversation_id or self._store.new_id()
        said: tuple[Turn, ...] = ()
        if asked.conversation_id is not None:
            said = turns_of((await self.conversation(asked.workspace, conversation_id)).messages)
        listener.on_begin(conversation_id)
        asked_at_s, heard = self._now(), list[str]()

        def hear(text: str) -> None:
            heard.append(text)
            listener.on_text(text)

        question = Question(asked.subject, said, conversation_id, asked.temperature)
        try:
            answer = await self._chat.answer(question, settings, snapshot_of, hear)
        except asyncio.CancelledError:
            if heard and asked.is_kept:
                stopped = Message("assistant", f"{''.join(heard).rstrip()}\n\n{STOPPED}", self._now(), self._chat.model(settings))
                with contextlib.suppress(ChatLost):
                    await asyncio.to_thread(self._store.append, asked.workspace, conversation_id, [_question(asked, asked_at_s), stopped])
            raise
        if asked.is_kept:
            quotes = tuple(_quote(passage) for passage in answer.citations)
            messages = [_question(asked, asked_at_s), Message("assistant", answer.markdown, self._now(), answer.model, quotes)]
            await asyncio.to_thread(self._store.append, asked.workspace, conversation_id, messages)
        return conversation_id, answer

    async def conversations(self, workspace: str) -> list[Conversation]:
        """Return all conversations of a workspace, the newest first."""
        return await asyncio.to_thread(self._store.conversations, workspace)

    async def conversation(self, workspace: str, conversation_id: str) -> Conversation:
        """Return one of them.

        Raises:
            ChatLost: There is none of this name.
        """
        return await asyncio.to_thread(self._store.conversation, workspace, conversation_id)

    async def erase(self, workspace: str, conversation_id: str | None) -> int:
        """Remove one conversation, or all of a workspace; return how many there were."""
        self._chat.forget(conversation_id)
        return await asyncio.to_thread(self._store.erase, workspace, conversation_id)


def turns_of(messages: Sequence[Message]) -> tuple[Turn, ...]:
    """Return messages as a model reads them: questions and answers in turn; a question without an answer is left out."""
    turns: list[Turn] = []
    for question, answer in itertools.pairwise(messages):
        if question.role == "user" and answer.role == "assistant":
            turns += [Turn("user", question.text), Turn("assistant", answer.text)]
    return tuple(turns)


def _question(asked: Asked, at_s: float) -> Message:
    return Message("user", asked.subject.message, at_s)


def _quote(passage: Passage) -> Quote:
    return Quote(passage.uri, passage.start_line, passage.end_line, passage.why)
