"""The commands that change no code: explain, search, a commit message, the index, status, models, the log."""

import asyncio
import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recoder_lsp import git
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.model_files import model_files
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.chat_context import without_secret_files
from recoder_lsp.features.commit_message import commit_message
from recoder_lsp.features.edits import Change, Edit
from recoder_lsp.features.wording import reasons_in_words
from recoder_lsp.index.process.client import FolderClient
from recoder_lsp.language import gettext
from recoder_lsp.server import chat_commands, extensions
from recoder_lsp.server.answer_text import hits_text, models_text, status_text
from recoder_lsp.server.applying import apply
from recoder_lsp.server.arguments import Target, options_of, target_of, text_option
from recoder_lsp.server.edit_commands import asking
from recoder_lsp.server.progress import Progress
from recoder_lsp.server.session import Session
from recoder_lsp.server.showing import show, show_file, shows_documents

SEARCH, COMMIT_MESSAGE = "recoder.search", "recoder.commitMessage"
REINDEX, STATUS, MODELS, OPEN_LOG = "recoder.reindex", "recoder.status", "recoder.models", "recoder.openLog"

MOST_HITS = 20
SEARCH_TIMEOUT_S = 5.0
LONGEST_QUERY = 400
EARLIER_MESSAGES = 8
EDITED_MESSAGE = "COMMIT_EDITMSG"


async def explain(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{textDocument?, range?, show?}` to what `recoder.chat` answers to "/explain"; no conversation is kept."""
    options = options_of(arguments)
    target_of(session, options)
    progress.say(gettext("Reading the code"))
    answer = await chat_commands.answer(session, {**options, "message": "/explain"}, progress, keep=False)
    await show(session, options, "explanation.recoder.md", answer["markdown"])
    return answer


async def search(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{query?, textDocument?, range?, show?}` to pieces of code, best first; without a query, about what is selected or the word there."""
    options = options_of(arguments)
    query = text_option(options, "query").strip() or _words_at(target_of(session, options))
    if not query:
        raise RecoderError(gettext("It is not said what to look for."), gettext('Give a "query", or select something.'))
    workspace = session.app.workspace
    if not workspace.available:
        raise RecoderError(gettext("There is no index to search."), workspace.state.reason)
    hits = await workspace.search(query[:LONGEST_QUERY], limit=MOST_HITS, timeout_s=SEARCH_TIMEOUT_S)
    await show(session, options, "search.md", hits_text(query[:LONGEST_QUERY], hits))
    return {
        "query": query[:LONGEST_QUERY],
        "hits": [
            {
                "uri": placed.uri(placed.item.path),
                "range": _lines(placed.item.start_line, placed.item.end_line),
                "symbol": placed.item.symbol,
                "kind": placed.item.kind,
                "why": reasons_in_words(placed.item.why),
            }
            for placed in hits
        ],
    }


async def message_for_commit(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{textDocument?, folder?, show?}` to `{message, model, why, staged}`; in Git's own message file it is written into that."""
    options = options_of(arguments)
    folder, target = _repository(session, options)
    diff = without_secret_files(await git.diff(folder, staged=True))
    is_staged = bool(diff)
    diff = diff or without_secret_files(await git.diff(folder, staged=False))
    if not diff:
        raise RecoderError(gettext("Git knows of no change in this folder."), gettext("Stage what is to be committed with git add."))
    progress.say(gettext("Reading the changes"))
    written = await commit_message(diff, asking(session, progress), await git.subjects(folder, EARLIER_MESSAGES))
    if target is not None and target.snapshot.path.endswith(f"/{EDITED_MESSAGE}"):
        change = Change((Edit(0, 0, written.text + "\n"),))
        await apply(session, target.snapshot, change, gettext("Recoder: Write the commit message"))
    else:
        await show(session, options, "commit-message.md", written.text)
    return {"message": written.text, "model": written.model, "why": written.why, "staged": is_staged}


async def reindex(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{rebuild?}` to how much there is; compares every file with the index, or makes it anew."""
    method = "rebuild" if options_of(arguments).get("rebuild") is True else "reconcile"
    workspace = session.app.workspace
    workspace.resume()
    clients = [client for client in workspace.clients if client.root is not None]
    if not clients:
        raise RecoderError(gettext("There is no folder to index."), workspace.state.reason or gettext("Open one."))

    async def look_through(client: FolderClient) -> Any:
        return await client.asked(method)

    await asyncio.gather(*map(look_through, clients))
    return {"files": workspace.state.n_files, "chunks": workspace.state.n_chunks}


async def status(session: Session, arguments: Sequence[Any], progress: Progress) -> extensions.Status:
    """`{show?}` to what `recoder/status` answers."""
    answer = extensions.status(session.app)
    await show(session, options_of(arguments), "status.md", status_text(answer))
    return answer


async def models(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{show?}` to the models on this disk, and which of them serve."""
    files = await asyncio.to_thread(model_files, os.environ)
    settings = session.app.settings
    await show(session, options_of(arguments), "models.md", models_text(files, settings.engine.model, settings.models.chat))
    return {
        "completion": settings.engine.model,
        "chat": settings.models.chat,
        "models": [{**dataclasses.asdict(file), "path": str(file.path)} for file in files],
    }


async def open_log(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{show?}` to `{path}`; the editor is asked to open it."""
    options = options_of(arguments)
    path = _log_file(session.app.settings.log.file)
    if options.get("show", True) is not False and shows_documents(session):
        await show_file(session, path)
    return {"path": str(path)}


def _log_file(named: str) -> Path:
    if not named:
        raise RecoderError(
            gettext("The log goes to stderr, which your editor keeps among its messages."), gettext("Set log.file to have it in a file.")
        )
    return Path(named).expanduser().absolute()


def _words_at(target: Target) -> str:
    """What is selected, else the word around the caret."""
    text = target.snapshot.text
    if selected := text[target.start : target.end].strip():
        return selected
    start = end = target.start
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return text[start:end]


def _repository(session: Session, options: dict[str, Any]) -> tuple[Path, Target | None]:
    """The folder that Git is asked about: the one that is named, else that of the document, else the first of the workspace."""
    if named := text_option(options, "folder"):
        return Path(Snapshot(named, "", "", None).path), None
    try:
        target = target_of(session, options)
    except RecoderError:
        target = None
    if target is not None and target.snapshot.uri.startswith("file:"):
        folder = Path(target.snapshot.path).parent
        # Where the message is edited: inside of Git's own folder no differences can be asked for.
        inside = next((parent for parent in (folder, *folder.parents) if parent.name == ".git"), None)
        return (inside.parent if inside is not None else folder), target
    roots = [client.root for client in session.app.workspace.clients if client.root is not None]
    if not roots:
        raise RecoderError(gettext("There is no folder to ask Git about."), gettext("Open one."))
    return roots[0], target


def _lines(first: int, last: int) -> dict[str, dict[str, int]]:
    return {"start": {"line": first, "character": 0}, "end": {"line": last + 1, "character": 0}}
