"""Conversations on disk, under `RECODER_HOME/chats`: one file each, to which every message is appended."""

import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from recoder_lsp.errors import RecoderError
from recoder_lsp.language import gettext, marked
from recoder_lsp.redaction import redact

FOLDER = "chats"
MOST_KEPT = 500
"""Conversations of one workspace; of more the ones that nobody went on with for longest are removed."""

LARGEST_BYTES = 4 << 20
"""Of a file more is not read."""

LONGEST_TITLE = 80
_ID = re.compile(r"[0-9a-f]{32}")
_UNREADABLE = marked("A conversation cannot be read: {problem}.")


class ChatLost(RecoderError):
    """A conversation cannot be read or written."""


@dataclass(frozen=True)
class Quote:
    """Lines of a file that an answer rests on: from 0, the last one included."""

    uri: str
    start_line: int
    end_line: int
    why: str


@dataclass(frozen=True)
class Message:
    """What one side said."""

    role: Literal["user", "assistant"]
    text: str
    at_s: float
    """Seconds since 1970."""
    model: str = ""
    """That wrote it; "" for the user, and for an answer that no model wrote."""
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True)
class Conversation:
    """What was said, in order; never empty."""

    id: str
    messages: tuple[Message, ...]

    @property
    def title(self) -> str:
        """How it began, on one line."""
        first = " ".join(self.messages[0].text.split())
        return first if len(first) <= LONGEST_TITLE else first[: LONGEST_TITLE - 1] + "…"

    @property
    def changed_at_s(self) -> float:
        """When it was gone on with last; seconds since 1970."""
        return self.messages[-1].at_s


class ChatStore:
    """The conversations of all workspaces. Several windows may use it at once.

    Blocks, so it is not for the event loop. A workspace is named by the URI of its folder, or "" where there is none. Every method raises
    ChatLost where the disk does not do what it should.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER

    @staticmethod
    def new_id() -> str:
        """Return a name that no conversation has."""
        return uuid.uuid4().hex

    def append(self, workspace: str, conversation_id: str, messages: Sequence[Message]) -> None:
        """Add to a conversation, which begins with its first message; secrets are left out."""
        clean = [replace(message, text=redact(message.text)) for message in messages]
        lines = "".join(json.dumps(asdict(message), ensure_ascii=False) + "\n" for message in clean)
        file = self._file(workspace, conversation_id)
        with _told_as(marked("A conversation cannot be written: {problem}.")):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with open(descriptor, "a", encoding="utf-8", errors="replace") as opened:
                # Each message ends a line; where the disk was full in the middle of one, the next begins another.
                opened.write(lines if _ends_a_line(file) else "\n" + lines)
            self._remove_oldest(file.parent)

    def conversation(self, workspace: str, conversation_id: str) -> Conversation:
        """Return a conversation.

        Raises:
            ChatLost: There is none of this name, or not any more.
        """
        found = _read(self._file(workspace, conversation_id))
        if found is None:
            raise ChatLost(gettext("There is no conversation of this name."), gettext("It may have been erased; begin a new one."))
        return found

    def conversations(self, workspace: str) -> list[Conversation]:
        """Return all conversations of a workspace, the newest first."""
        found = [conversation for file in self._files(workspace) if (conversation := _read(file)) is not None]
        return sorted(found, key=lambda conversation: -conversation.changed_at_s)

    def erase(self, workspace: str, conversation_id: str | None = None) -> int:
        """Remove one conversation, or all of a workspace; return how many there were."""
        files = self._files(workspace) if conversation_id is None else [self._file(workspace, conversation_id)]
        with _told_as(marked("A conversation cannot be removed: {problem}.")):
            existing = [file for file in files if file.exists()]
            for file in existing:
                file.unlink(missing_ok=True)
        return len(existing)

    def _file(self, workspace: str, conversation_id: str) -> Path:
        # It comes from an editor, and becomes part of a path.
        if not _ID.fullmatch(conversation_id):
            raise ChatLost(gettext("There is no conversation of this name."), gettext("It may have been erased; begin a new one."))
        return self._of(workspace) / f"{conversation_id}.jsonl"

    def _files(self, workspace: str) -> list[Path]:
        with _told_as(_UNREADABLE):
            return [file for file in self._of(workspace).glob("*.jsonl") if _ID.fullmatch(file.stem)]

    def _of(self, workspace: str) -> Path:
        name = re.sub(r"[^\w.-]+", "-", workspace.rstrip("/").rpartition("/")[2])[:40] or "none"
        return self._folder / f"{name}-{hashlib.blake2b(workspace.encode(), digest_size=8).hexdigest()}"

    def _remove_oldest(self, folder: Path) -> None:
        files = [file for file in folder.glob("*.jsonl") if _ID.fullmatch(file.stem)]
        for file in sorted(files, key=lambda file: file.stat().st_mtime_ns)[:-MOST_KEPT]:
            file.unlink(missing_ok=True)


@contextmanager
def _told_as(message: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        told = gettext(message).format(problem=error.strerror or error)
        raise ChatLost(told, gettext("Check that ~/.recoder/chats belongs to you.")) from error


def _ends_a_line(file: Path) -> bool:
    with file.open("rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(size - 1, 0))
        return opened.read(1) in (b"", b"\n")


def _read(file: Path) -> Conversation | None:
    """A conversation as far as it can be read; None where nothing of it can."""
    with _told_as(_UNREADABLE):
        try:
            with file.open("rb") as opened:
                data = opened.read(LARGEST_BYTES)
        except FileNotFoundError:
            return None
    messages = [message for line in data.decode("utf-8", "replace").split("\n") if (message := _message(line)) is not None]
    return Conversation(file.stem, tuple(messages)) if messages else None


def _message(line: str) -> Message | None:
    """What a line holds; None for one that was not written to its end, or not by us."""
    try:
        value: Any = json.loads(line)
        quotes = tuple(Quote(**quote) for quote in value.pop("quotes"))
        message = Message(**value, quotes=quotes)
    except (ValueError, TypeError, AttributeError, KeyError):
        return None
    is_ours = message.role in ("user", "assistant") and isinstance(message.text, str) and isinstance(message.at_s, int | float)
    return message if is_ours else None
