"""Shows answers of commands in editors that have no place of their own for them: as a document, else as a message."""

import asyncio
import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from recoder_lsp.config import home
from recoder_lsp.errors import RecoderError
from recoder_lsp.language import gettext
from recoder_lsp.server.session import Session

FOLDER = "answers"
CLIENT_TIMEOUT_S = 5.0
LONGEST_MESSAGE = 1_000


async def show(session: Session, options: Mapping[str, Any], name: str, markdown: str) -> None:
    """Show an answer, unless the command's option `show` is false: then the editor does so itself.

    Args:
        session: Of the editor.
        options: The command's.
        name: What the document is called; an older one of that name is replaced.
        markdown: The answer.

    Raises:
        RecoderError: The document cannot be written.
    """
    if options.get("show", True) is False:
        return
    if not shows_documents(session):
        message = markdown if len(markdown) <= LONGEST_MESSAGE else markdown[: LONGEST_MESSAGE - 1] + "…"
        session.client.window_show_message(types.ShowMessageParams(type=types.MessageType.Info, message=message))
        return
    path = home(os.environ) / FOLDER / name
    try:
        await asyncio.to_thread(_write, path, markdown)
    except OSError as error:
        raise RecoderError(
            gettext("The answer cannot be written to {path}: {problem}.").format(path=path, problem=error.strerror or error)
        ) from error
    await show_file(session, path)


def shows_documents(session: Session) -> bool:
    """Whether the editor opens documents when it is asked to."""
    window = session.capabilities.window
    return bool(window and window.show_document and window.show_document.support)


async def show_file(session: Session, path: Path) -> bool:
    """Have the editor open a file; whether it did."""
    with contextlib.suppress(TimeoutError, JsonRpcException):
        async with asyncio.timeout(CLIENT_TIMEOUT_S):
            params = types.ShowDocumentParams(uri=path.as_uri(), take_focus=True)
            return (await session.client.window_show_document_async(params)).success
    return False


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(text.rstrip("\n") + "\n")
