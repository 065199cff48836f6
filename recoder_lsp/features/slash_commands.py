"""The commands that a chat message may begin with: `/explain`, `/fix` and so on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from recoder_lsp.errors import RecoderError
from recoder_lsp.features.router import Task
from recoder_lsp.language import gettext

_SLASH = re.compile(r"/([A-Za-z]+)(?=\s|\Z)\s*")
_CLOSE = 0.75


@dataclass(frozen=True)
class SlashCommand:
    """What a word behind a slash asks for."""

    task: Task
    prompt: str
    """The prompt that says so to a model; "" for what no model is asked."""
    says: str
    """What it does, for people."""
    about_code: bool = True
    """Whether it is about selected code where nothing else is said."""


SLASH_COMMANDS: Mapping[str, SlashCommand] = MappingProxyType(
    {
        "explain": SlashCommand(Task.EXPLAIN, "chat-explain", "Explain the selected code."),
        "fix": SlashCommand(Task.CHAT, "chat-fix", "Find what is wrong with the selected code, and show how to mend it."),
        "tests": SlashCommand(Task.CHAT, "chat-tests", "Write tests for the selected code."),
        "docs": SlashCommand(Task.CHAT, "chat-docs", "Write documentation for the selected code."),
        "refactor": SlashCommand(Task.CHAT, "chat-refactor", "Rewrite the selected code, as you say."),
        "search": SlashCommand(Task.CHAT, "", "List the passages of the workspace that fit best; asks no model.", about_code=False),
        "commit": SlashCommand(Task.COMMIT_MESSAGE, "", "Write a commit message for what is changed.", about_code=False),
    }
)


def split(message: str) -> tuple[str, str]:
    """Return the slash command that a message begins with, "" for none, and the rest of it.

    Raises:
        RecoderError: It begins with something that is nearly one.
    """
    found = _SLASH.match(message.strip())
    if found is None:
        return "", message.strip()
    name = found[1].lower()
    if name in SLASH_COMMANDS:
        return name, message.strip()[found.end() :]
    close = difflib.get_close_matches(name, SLASH_COMMANDS, 1, _CLOSE)
    if close:
        hint = gettext("Did you mean /{command}? There are {commands}.")
        commands = ", ".join(f"/{each}" for each in SLASH_COMMANDS)
        raise RecoderError(gettext("There is no /{command}.").format(command=found[1]), hint.format(command=close[0], commands=commands))
    return "", message.strip()
