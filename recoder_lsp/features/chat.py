"""Answers chat messages: by the chat model, from what its context holds; without one, by the passages themselves."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from recoder_lsp.config import Settings
from recoder_lsp.engine.chat import Reply, Turn, Writer
from recoder_lsp.errors import RecoderError
from recoder_lsp.features import chat_extract
from recoder_lsp.features.chat_context import ChatContext, Gathered, SnapshotOf, Subject, holds_secrets
from recoder_lsp.features.chat_prompt import HasRead, Packed, pack
from recoder_lsp.features.commit_message import commit_message
from recoder_lsp.features.markdown import fenced
from recoder_lsp.features.model_answers import Asking
from recoder_lsp.features.passages import Passage, cited, where_now, with_links, without_images
from recoder_lsp.features.prompts import Prompts
from recoder_lsp.features.router import Served, Task, serve
from recoder_lsp.features.slash_commands import SLASH_COMMANDS, split
from recoder_lsp.index.process.workspace import Workspace
from recoder_lsp.language import gettext, ngettext, number
from recoder_lsp.redaction import redact

# More would not be found in the model's cache again.
REMEMBERED = 4


@dataclass(frozen=True)
class Question:
    """A message, what it is about, and what was said before."""

    subject: Subject
    said: tuple[Turn, ...] = ()
    """Earlier messages and their answers, in turns."""
    key: str | None = None
    """Of the conversation: what the model has read of it counts again, and one question of it is answered at a time."""
    temperature: float | None = None
    """0.0 to 2.0; None is what the settings say."""


@dataclass(frozen=True)
class Timings:
    """What an answer cost."""

    context_ms: float
    total_ms: float = 0.0
    prompt_ms: float = 0.0
    decode_ms: float = 0.0
    prompt_tokens: int = 0
    evaluated_tokens: int = 0
    decoded_tokens: int = 0


@dataclass(frozen=True)
class Answer:
    """What is said in return."""

    markdown: str
    """Its marks are links to the citations, in their order; `notes` stand at its end."""
    citations: tuple[Passage, ...]
    """Each stands in its file now."""
    model: str
    """"" where no model wrote it."""
    timings: Timings
    notes: str = ""
    """What there is to say about it that was not heard while it was written: why it ends early, for example."""


class Chat:
    """Owned by the event loop."""

    def __init__(self, workspace: Workspace, writer: Writer, prompts: Prompts) -> None:
        self._workspace, self._writer, self._prompts = workspace, writer, prompts
        self._context = ChatContext(workspace)
        self._has_read: OrderedDict[str, HasRead] = OrderedDict()
        self._answering: set[str] = set()

    def model(self, settings: Settings) -> str:
        """Return the name of the model that would answer; "" where none would."""
        return self._writer.name(settings) if self._writer.available(settings) else ""

    async def answer(self, question: Question, settings: Settings, snapshot_of: SnapshotOf, on_text: Callable[[str], None]) -> Answer:
        """Return the answer to a message. Cancelling this stops the model.

        Args:
            question: What was asked.
            settings: Name the model.
            snapshot_of: Gives an open document as it is now.
            on_text: Gets the answer piece by piece; what is returned at last takes the place of it.

        Raises:
            RecoderError: There is nothing to answer, an answer with this key is not complete yet, or the model fails.
        """
        if question.key in self._answering:
            raise RecoderError(
                gettext("The last question of this conversation is still being answered."), gettext("Stop that, or wait for it.")
            )
        if question.key is None:
            return await self._answer(question, settings, snapshot_of, on_text)
        self._answering.add(question.key)
        try:
            return await self._answer(question, settings, snapshot_of, on_text)
        finally:
            self._answering.discard(question.key)

    def forget(self, key: str | None) -> None:
        """Drop what is remembered of a conversation, or of all."""
        if key is None:
            self._has_read.clear()
        else:
            self._has_read.pop(key, None)

    async def _answer(self, question: Question, settings: Settings, snapshot_of: SnapshotOf, on_text: Callable[[str], None]) -> Answer:
        started = time.perf_counter()
        asked = _Asked.of(question)
        if asked.task == Task.COMMIT_MESSAGE:
            answer = await self._commit_message(asked, settings, on_text)
        else:
            n_characters = question.subject.end - question.subject.start
            has_model = self._writer.available(settings)
            served = serve(asked.task, settings, chat_available=has_model, completion_ready=False, n_characters=n_characters)
            if served.tier == "chat" and asked.prompt:
                answer = await self._written(asked, served, settings, snapshot_of, on_text)
            else:
                answer = await self._extracted(asked, served, snapshot_of)
                on_text(answer.markdown)
        return replace(answer, timings=replace(answer.timings, total_ms=_ms_since(started)))

    async def _commit_message(self, asked: _Asked, settings: Settings, on_text: Callable[[str], None]) -> Answer:
        """A message for what is not committed yet."""
        started = time.perf_counter()
        diff = await self._context.diff(asked.question.subject.document)
        if not diff:
            raise RecoderError(gettext("Nothing is changed since the last commit, as far as Git tells."))
        context_ms = _ms_since(started)
        said = await commit_message(diff, Asking(self._writer, self._prompts, settings, on_text))
        markdown = fenced(said.text, "text")
        if not said.model:
            why = gettext("{why} So this only lists what is changed.").format(why=said.why)
            markdown = f"*{why}*\n\n{markdown}"
            on_text(markdown)
        return Answer(markdown, (), said.model, Timings(context_ms))

    async def _extracted(self, asked: _Asked, served: Served, snapshot_of: SnapshotOf) -> Answer:
        """The passages themselves, explained by what the index knows."""
        started = time.perf_counter()
        # Where the caret stands may have nothing to do with it: a model can tell.
        gathered = await self._gathered(asked, snapshot_of, with_caret=False)
        context_ms = _ms_since(started)
        markdown, citations = await chat_extract.answer(self._workspace, gathered, asked.task, served.why if asked.prompt else "")
        return Answer(markdown, citations, "", Timings(context_ms))

    async def _written(
        self, asked: _Asked, served: Served, settings: Settings, snapshot_of: SnapshotOf, on_text: Callable[[str], None]
    ) -> Answer:
        """What the model says, with links to what it cites."""
        started = time.perf_counter()
        # Loading a model takes seconds, in which the rest is done.
        gathered, room_tokens, prompt = await asyncio.gather(
            self._gathered(asked, snapshot_of), self._writer.room(settings), self._prompts.load("chat")
        )
        text = asked.text
        if asked.prompt != prompt.name:
            text = (await self._prompts.load(asked.prompt)).turns({"question": text})[-1].content
        max_tokens = min(served.max_tokens, room_tokens // 2)
        packed = await pack(
            self._writer, settings, prompt, text, gathered, self._known(asked.question), room_tokens=room_tokens - max_tokens
        )
        context_ms = _ms_since(started)
        reply = await self._writer.write(
            packed.turns,
            settings,
            priority=served.priority,
            max_tokens=max_tokens,
            temperature=asked.question.temperature,
            on_text=on_text,
        )
        numbers = cited(reply.text, len(packed.passages))
        now = await asyncio.gather(*(where_now(packed.passages[number - 1], self._workspace, snapshot_of) for number in numbers))
        standing = [(number, passage) for number, passage in zip(numbers, now, strict=True) if passage is not None]
        notes = _notes(reply, n_gone=len(numbers) - len(standing))
        markdown = without_images(with_links(reply.text, standing)) + notes
        self._remember(asked.question, markdown, packed, reply)
        timings = Timings(
            context_ms, 0.0, reply.prompt_ms, reply.decode_ms, reply.prompt_tokens, reply.evaluated_tokens, reply.decoded_tokens
        )
        return Answer(markdown, tuple(passage for _, passage in standing), reply.model, timings, notes)

    async def _gathered(self, asked: _Asked, snapshot_of: SnapshotOf, *, with_caret: bool = True) -> Gathered:
        subject = replace(asked.question.subject, message=asked.text)
        return await self._context.about(subject, snapshot_of, about_code=asked.is_about_code, with_caret=with_caret)

    def _known(self, question: Question) -> HasRead:
        """What the model has read of a conversation; only what was said where it did not read it, or people have changed it since."""
        said = _as_remembered(question.said)
        known = self._has_read.get(question.key) if question.key is not None else None
        return known if known is not None and known.said == said else HasRead(said)

    def _remember(self, question: Question, markdown: str, packed: Packed, reply: Reply) -> None:
        if question.key is None:
            return
        said = _as_remembered((*question.said, Turn("user", question.subject.message), Turn("assistant", markdown)))
        # As it was written, to the letter: only then the cache holds it.
        turns = (*(turn for turn in packed.turns if turn.role != "system"), Turn("assistant", reply.text))
        self._has_read[question.key] = HasRead(said, turns, packed.passages)
        self._has_read.move_to_end(question.key)
        if len(self._has_read) > REMEMBERED:
            self._has_read.popitem(last=False)


@dataclass(frozen=True)
class _Asked:
    """A question, and what its slash command makes of it."""

    question: Question
    text: str
    """The message without its slash command."""
    task: Task
    prompt: str
    """The prompt that asks it; "" where no model is to be asked."""
    is_about_code: bool

    @classmethod
    def of(cls, question: Question) -> _Asked:
        """Raises: RecoderError, where there is nothing to answer."""
        name, text = split(question.subject.message)
        slash = SLASH_COMMANDS.get(name)
        document = question.subject.document
        is_meant = question.subject.is_selection or (slash is not None and slash.about_code)
        if is_meant and document is not None and holds_secrets(document):
            raise RecoderError(gettext("This file holds secrets, as its name or a key in it tells, so nothing of it is read."))
        if slash is None:
            if not text:
                raise RecoderError(gettext("There is no question."), gettext("Write what you want to know."))
            return cls(question, text, Task.CHAT, "chat", is_about_code=False)
        if slash.about_code and document is None and not text:
            raise RecoderError(
                gettext("There is no code for /{name}.").format(name=name),
                gettext("Open a file and select what you mean, or say it behind the command."),
            )
        if not slash.about_code and not text and slash.task == Task.CHAT:
            raise RecoderError(gettext("There is nothing to look for behind /{name}.").format(name=name))
        return cls(question, text, slash.task, slash.prompt, slash.about_code)


def _notes(reply: Reply, *, n_gone: int) -> str:
    """What has to be said below an answer."""
    notes = []
    if n_gone:
        several = ngettext(
            "One passage that this rests on has changed meanwhile, and cannot be quoted.",
            "{n} passages that this rests on have changed meanwhile, and cannot be quoted.",
            n_gone,
        )
        notes.append(several.format(n=number(n_gone)))
    match reply.ended_by:
        case "length":
            stopped = gettext("Stopped at {n} tokens, the most that an answer may have.")
            notes.append(stopped.format(n=number(reply.decoded_tokens)))
        case "time":
            notes.append(gettext("Stopped, because it took too long."))
        case "repetition":
            notes.append(gettext("Stopped, because the model repeated itself."))
    return "".join(f"\n\n*{note}*" for note in notes)


def _as_remembered(said: tuple[Turn, ...]) -> tuple[Turn, ...]:
    return tuple(Turn(turn.role, redact(turn.content).strip()) for turn in said)


def _ms_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
