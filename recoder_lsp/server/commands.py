"""The commands that editors can run: one table, and what all of them have in common."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from recoder_lsp.features import chat_buffer
from recoder_lsp.features.actions import model_actions, rename
from recoder_lsp.language import gettext, marked
from recoder_lsp.server import action_handlers, chat_commands, chat_in_buffer, edit_commands, extensions, rename_command, tool_commands
from recoder_lsp.server.progress import Progress
from recoder_lsp.server.session import Session

Answer = Callable[[Session, Sequence[Any], Progress], Awaitable[Any]]


@dataclass(frozen=True)
class Command:
    """How a command is answered, and what palettes call it; "" for what editors send by themselves."""

    answer: Answer
    title: str = ""


async def execute_command(session: Session, params: types.ExecuteCommandParams, snapshot: None) -> Any:
    command = COMMANDS.get(params.command)
    if command is None:
        raise JsonRpcInvalidParams(gettext("Recoder has no command of this name."))
    session.app.metrics.count(f"commands.{params.command}")
    async with Progress(session, gettext(command.title) or params.command, params.work_done_token) as progress:
        # Some editors run commands without their arguments.
        return await command.answer(session, params.arguments or (), progress)


async def _accepted(session: Session, arguments: Sequence[Any], progress: Progress) -> None:
    match arguments:
        case [str(suggestion_id), *_]:
            session.app.inline_completion.accepted(suggestion_id)
            session.app.learning.accepted(suggestion_id)


async def _resume_indexing(session: Session, arguments: Sequence[Any], progress: Progress) -> None:
    session.app.workspace.resume()


async def _snooze(session: Session, arguments: Sequence[Any], progress: Progress) -> None:
    session.app.inline_completion.snooze(extensions.snooze_minutes(arguments))
    session.notify.status_moved.set()


COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        extensions.ACCEPTED: Command(_accepted),
        extensions.RESUME_INDEXING: Command(_resume_indexing, marked("Go on indexing")),
        extensions.SNOOZE: Command(_snooze, marked("Snooze suggestions")),
        chat_commands.CHAT: Command(chat_commands.chat, marked("Ask about the code")),
        chat_commands.LIST: Command(chat_commands.list_conversations, marked("List conversations")),
        chat_commands.SHOW: Command(chat_commands.show_conversation, marked("Show a conversation")),
        chat_commands.EXPORT: Command(chat_commands.export_conversation, marked("Export a conversation as Markdown")),
        chat_commands.ERASE: Command(chat_commands.erase_conversations, marked("Erase conversations")),
        chat_buffer.ASK: Command(chat_in_buffer.ask_in_buffer, marked("Ask in this file")),
        model_actions.EDIT: Command(edit_commands.edit, marked("Edit the code as you say")),
        model_actions.REFACTOR: Command(edit_commands.refactor, marked("Refactor")),
        model_actions.SIMPLIFY: Command(edit_commands.simplify, marked("Simplify")),
        model_actions.TYPES: Command(edit_commands.types, marked("Add types")),
        model_actions.FIX: Command(edit_commands.fix, marked("Fix a problem")),
        model_actions.DOCS: Command(edit_commands.docs, marked("Document the code")),
        model_actions.TESTS: Command(edit_commands.tests, marked("Write tests")),
        rename.RENAME: Command(rename_command.rename, marked("Suggest a name")),
        model_actions.EXPLAIN: Command(tool_commands.explain, marked("Explain the code")),
        tool_commands.SEARCH: Command(tool_commands.search, marked("Search the workspace")),
        tool_commands.COMMIT_MESSAGE: Command(tool_commands.message_for_commit, marked("Write a commit message")),
        tool_commands.REINDEX: Command(tool_commands.reindex, marked("Index the workspace again")),
        tool_commands.STATUS: Command(tool_commands.status, marked("Show the status")),
        tool_commands.MODELS: Command(tool_commands.models, marked("List the models")),
        tool_commands.OPEN_LOG: Command(tool_commands.open_log, marked("Open the log")),
        action_handlers.APPLY_ACTION: Command(action_handlers.apply_action),
    }
)
