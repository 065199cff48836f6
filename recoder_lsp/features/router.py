"""Decides which tier serves a request: what the index and the syntax tell, the completion model, or the chat model; one table."""

import enum
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from recoder_lsp.config import Settings
from recoder_lsp.engine.scheduler import Priority
from recoder_lsp.language import english, gettext, number

Tier = Literal["reflex", "infill", "chat"]

log = logging.getLogger(__name__)


class Task(enum.StrEnum):
    """What a model can be of use for, ghost text aside."""

    HOVER = "hover"
    DOCUMENT = "document"
    RENAME = "rename"
    CHAT = "chat"
    EXPLAIN = "explain"
    EDIT = "edit"
    FIX = "fix"
    TESTS = "tests"
    TYPES = "types"
    SIMPLIFY = "simplify"
    COMMIT_MESSAGE = "commitMessage"


@dataclass(frozen=True)
class Row:
    """How one task is served."""

    priority: Priority
    infill: int
    """The most tokens that the completion model writes in the place of an answer; 0 where it is of no use."""
    chat: int
    """The most tokens that the chat model answers with, where the settings allow as many."""
    most_characters: int
    """Of code that a model is asked about; more is left to the reflex tier."""


# The chat model is asked where there is one, then the completion model where it is loaded. The reflex tier is always there:
# facts of a hover, a skeleton of a docstring or a test, the passages that answer a question, a list of what changed. For
# EDIT, FIX, TYPES and SIMPLIFY it is to say what is missing. A whole line of code has 10 tokens, a character 0.3.
TABLE: Mapping[Task, Row] = MappingProxyType(
    {
        Task.HOVER: Row(Priority.HOVER, infill=40, chat=160, most_characters=8_000),
        Task.DOCUMENT: Row(Priority.EDIT, infill=64, chat=512, most_characters=16_000),
        Task.RENAME: Row(Priority.EDIT, infill=8, chat=0, most_characters=16_000),
        Task.CHAT: Row(Priority.CHAT, infill=0, chat=16_384, most_characters=400_000),
        Task.EXPLAIN: Row(Priority.CHAT, infill=0, chat=1_024, most_characters=48_000),
        Task.EDIT: Row(Priority.EDIT, infill=0, chat=4_096, most_characters=16_000),
        Task.FIX: Row(Priority.EDIT, infill=0, chat=4_096, most_characters=16_000),
        Task.TESTS: Row(Priority.EDIT, infill=0, chat=4_096, most_characters=16_000),
        Task.TYPES: Row(Priority.EDIT, infill=0, chat=4_096, most_characters=16_000),
        Task.SIMPLIFY: Row(Priority.EDIT, infill=0, chat=4_096, most_characters=16_000),
        Task.COMMIT_MESSAGE: Row(Priority.CHAT, infill=0, chat=256, most_characters=400_000),
    }
)


@dataclass(frozen=True)
class Served:
    """Who serves a request."""

    task: Task
    tier: Tier
    priority: Priority
    max_tokens: int
    """Of the answer; 0 in the reflex tier."""
    why: str
    """A sentence for the log and for the user."""


def serve(task: Task, settings: Settings, *, chat_available: bool, completion_ready: bool, n_characters: int = 0) -> Served:
    """Return who serves a request, and write it down.

    Args:
        task: What is asked for.
        settings: As they are now.
        chat_available: Whether a chat model is named; it may still have to load.
        completion_ready: Whether the completion model is loaded.
        n_characters: How much code it is about.
    """
    served = _served(task, TABLE[task], settings, chat_available, completion_ready, n_characters)
    log.info("%s of %d characters goes to the %s tier: %s", task, n_characters, served.tier, english(served.why))
    return served


def _served(task: Task, row: Row, settings: Settings, chat_available: bool, completion_ready: bool, n_characters: int) -> Served:
    if n_characters > row.most_characters:
        why = gettext("It is too much for a model: {n} characters, of at most {most}.")
        why = why.format(n=number(n_characters), most=number(row.most_characters))
        return Served(task, "reflex", row.priority, 0, why)
    if row.chat and chat_available:
        return Served(task, "chat", row.priority, min(row.chat, settings.models.chat_max_tokens), gettext("There is a chat model."))
    if row.infill and completion_ready:
        why = gettext("The completion model is enough.") if not row.chat else gettext("There is no chat model, but one for completion.")
        return Served(task, "infill", row.priority, row.infill, why)
    missing = gettext("No chat model is set.") if row.chat else gettext("The completion model is not loaded.")
    return Served(task, "reflex", row.priority, 0, missing)
