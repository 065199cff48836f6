"""The commands of chat: asking, streamed; and the conversations, listed, shown, exported and erased. docs/chat.md has their values."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from recoder_lsp.chat_store import Conversation, Quote
from recoder_lsp.config import Settings
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.chat import Answer
from recoder_lsp.features.chat_buffer import ENDING, is_buffer, transcript
from recoder_lsp.features.chat_context import Subject
from recoder_lsp.features.conversations import Asked, Listener
from recoder_lsp.features.passages import Passage
from recoder_lsp.language import gettext
from recoder_lsp.server.arguments import options_of, target_of, text_option
from recoder_lsp.server.progress import Progress, Token
from recoder_lsp.server.session import Session

CHAT = "recoder.chat"
LIST, SHOW, EXPORT, ERASE = "recoder.chat.list", "recoder.chat.show", "recoder.chat.export", "recoder.chat.erase"
HOTTEST = 2.0


async def chat(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{message, conversationId?, textDocument?, range?, partialResultToken?, model?, temperature?}` to an answer."""
    return await answer(session, options_of(arguments), progress)


async def answer(session: Session, options: Mapping[str, Any], progress: Progress, *, keep: bool = True) -> dict[str, Any]:
    """Answer a message; see `chat`. Where it is not kept, it is no part of any conversation.

    Raises:
        RecoderError: There is nothing to answer, or what answers fails.
    """
    token = _token(options)
    settings = _settings(session, options)

    def send(value: dict[str, Any]) -> None:
        if token is not None:
            progress.partial(token, value)

    def begin(conversation_id: str) -> None:
        progress.say(gettext("Reading"))
        send({"kind": "begin", "conversationId": conversation_id})

    heard: list[str] = []

    def hear(text: str) -> None:
        if not heard:
            progress.say(gettext("Writing"))
        heard.append(text)
        send({"kind": "delta", "text": text})

    asked = Asked(
        _subject(session, options),
        text_option(options, "conversationId") or None,
        workspace_of(session),
        _temperature(options),
        is_kept=keep,
    )
    conversation_id, said = await session.app.conversations.ask(asked, settings, session.documents.snapshot, Listener(begin, hear))
    return {
        "conversationId": conversation_id if keep else None,
        "markdown": said.markdown,
        "citations": [citation(passage) for passage in said.citations],
        "model": said.model,
        "timings": _timings(said),
    }


async def list_conversations(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{}` to the conversations of this workspace, the newest first."""
    found = await session.app.conversations.conversations(workspace_of(session))
    return {"conversations": [_summary(each) for each in found]}


async def show_conversation(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{conversationId?}` to all that was said in it; without a name in the newest."""
    found = await _meant(session, options_of(arguments))
    messages = [
        {
            "role": message.role,
            "markdown": message.text,
            "at": _time(message.at_s),
            "model": message.model,
            "citations": [citation(quote) for quote in message.quotes],
        }
        for message in found.messages
    ]
    return {**_summary(found), "messages": messages}


async def export_conversation(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{conversationId?}` to the conversation in Markdown, which can be gone on with as a file."""
    found = await _meant(session, options_of(arguments))
    return {"conversationId": found.id, "markdown": transcript(found), "fileName": f"chat-{_time(found.changed_at_s)[:10]}{ENDING}"}


async def erase_conversations(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{conversationId}` or `{all: true}` to how many were erased."""
    options = options_of(arguments)
    conversation_id = text_option(options, "conversationId") or None
    if conversation_id is None and options.get("all") is not True:
        raise RecoderError(
            gettext("Nothing was erased: it was not said what."),
            gettext('Give a "conversationId", or {"all": true} for all of this workspace.'),
        )
    return {"erased": await session.app.conversations.erase(workspace_of(session), conversation_id)}


def workspace_of(session: Session) -> str:
    """Return whose conversations these are: those of the first folder."""
    return session.folders[0] if session.folders else ""


def citation(quoted: Passage | Quote) -> dict[str, Any]:
    """Whole lines, with the end of the last: that counts no columns, so it is the same in every encoding."""
    start, end = {"line": quoted.start_line, "character": 0}, {"line": quoted.end_line + 1, "character": 0}
    return {"uri": quoted.uri, "range": {"start": start, "end": end}, "why": quoted.why}


def _subject(session: Session, options: Mapping[str, Any]) -> Subject:
    """The message, and the place that it is about: as said, else where the user was last, if anywhere."""
    message = text_option(options, "message")
    focus = session.focus
    if options.get("textDocument") is None and (focus is None or session.documents.snapshot(focus.uri) is None):
        return Subject(message)
    target = target_of(session, options)
    # One does not ask about the file that one asks in.
    return Subject(message) if is_buffer(target.snapshot) else Subject(message, target.snapshot, target.start, target.end)


def _settings(session: Session, options: Mapping[str, Any]) -> Settings:
    settings = session.app.settings
    if model := text_option(options, "model"):
        return dataclasses.replace(settings, models=dataclasses.replace(settings.models, chat=model))
    return settings


def _temperature(options: Mapping[str, Any]) -> float | None:
    value = options.get("temperature")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value <= HOTTEST:
        raise JsonRpcInvalidParams(f'"temperature" is a number from 0 to {HOTTEST:g}.')
    return float(value)


def _token(options: Mapping[str, Any]) -> Token | None:
    token = options.get("partialResultToken")
    if token is not None and (isinstance(token, bool) or not isinstance(token, int | str)):
        raise JsonRpcInvalidParams('"partialResultToken" is a string or an integer.')
    return token


async def _meant(session: Session, options: Mapping[str, Any]) -> Conversation:
    """The conversation that is named, else the newest."""
    if conversation_id := text_option(options, "conversationId"):
        return await session.app.conversations.conversation(workspace_of(session), conversation_id)
    found = await session.app.conversations.conversations(workspace_of(session))
    if not found:
        raise RecoderError(
            gettext("There is no conversation in this workspace yet."), gettext("Ask something with {command}.").format(command=CHAT)
        )
    return found[0]


def _summary(conversation: Conversation) -> dict[str, Any]:
    return {
        "conversationId": conversation.id,
        "title": conversation.title,
        "changedAt": _time(conversation.changed_at_s),
        "nMessages": len(conversation.messages),
    }


def _timings(said: Answer) -> dict[str, float]:
    timings = said.timings
    return {
        "contextMs": round(timings.context_ms, 1),
        "promptMs": round(timings.prompt_ms, 1),
        "decodeMs": round(timings.decode_ms, 1),
        "totalMs": round(timings.total_ms, 1),
        "promptTokens": timings.prompt_tokens,
        "evaluatedTokens": timings.evaluated_tokens,
        "decodedTokens": timings.decoded_tokens,
    }


def _time(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds")
