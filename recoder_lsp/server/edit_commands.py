"""The commands that have a model change code: they ask for it, check what comes, and have the editor make the change."""

import contextlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from recoder_lsp.document import Snapshot
from recoder_lsp.engine.chat import NoChatModel, Reply
from recoder_lsp.errors import RecoderError
from recoder_lsp.features import documenting
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.documenting_by_chat import documented_by_chat
from recoder_lsp.features.edits import Change, Refused
from recoder_lsp.features.instructions import instruction_at
from recoder_lsp.features.model_answers import Answered, Asking
from recoder_lsp.features.model_edits import Wanted, edit_of
from recoder_lsp.features.moving import moved
from recoder_lsp.features.router import Task, serve
from recoder_lsp.features.testing_by_chat import tested_by_chat
from recoder_lsp.features.testing_by_model import tests_place
from recoder_lsp.language import gettext, ngettext, number
from recoder_lsp.server.applying import apply, require_applying
from recoder_lsp.server.arguments import Target, options_of, target_of, text_option
from recoder_lsp.server.progress import Progress
from recoder_lsp.server.session import Session

_REFACTOR = "Refactor the piece: make it easier to read and to change, without changing what it does."


async def edit(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{instruction?, textDocument?, range?}` to what was done; without an instruction, what a comment at the cursor asks for."""
    options = options_of(arguments)
    target = target_of(session, options)
    instruction = text_option(options, "instruction").strip() or _asked_in_comment(target)
    if not instruction:
        raise RecoderError(
            gettext("It is not said what to do."),
            gettext('Give an "instruction", or write it into the code as a comment ("recoder: ...") and put the cursor there.'),
        )
    return await _changed(session, Task.EDIT, target, instruction, progress, gettext("Edit"))


async def refactor(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """The same, where nothing has to be said."""
    options = options_of(arguments)
    instruction = text_option(options, "instruction").strip() or _REFACTOR
    return await _changed(session, Task.EDIT, target_of(session, options), instruction, progress, gettext("Refactor"))


async def simplify(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{textDocument?, range?}` to what was done."""
    return await _changed(session, Task.SIMPLIFY, target_of(session, options_of(arguments)), "", progress, gettext("Simplify"))


async def types(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{textDocument?, range?}` to what was done."""
    return await _changed(session, Task.TYPES, target_of(session, options_of(arguments)), "", progress, gettext("Add types"))


async def fix(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{message?, about?, textDocument?, range?}` to what was done: a compiler or linter says `message` about the line `about`."""
    options = options_of(arguments)
    target = target_of(session, options)
    return await _changed(session, Task.FIX, target, _complaint(target, options), progress, gettext("Fix"))


async def docs(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{textDocument?, range?}` to what was done: by the chat model, else by the completion model, else what is to be filled in."""
    app, site = session.app, await _site(session, arguments, progress)
    is_available = app.chat_model.available(app.settings)
    may_guess = documenting.may_guess(app.settings) and app.infilling.ready(app.settings)
    n_characters = len(documenting.code_of(site))
    served = serve(Task.DOCUMENT, app.settings, chat_available=is_available, completion_ready=may_guess, n_characters=n_characters)
    if served.tier == "chat":
        answered = await documented_by_chat(site, served, asking(session, progress), app.syntax)
        return await _written(session, site, answered, gettext("Recoder: Documentation suggested by {model}"))
    if served.tier == "infill":
        with contextlib.suppress(Refused):
            guess = await documenting.guessed(site, app.workspace, app.settings, infilling=app.infilling, served=served)
            label = gettext("Recoder: Documentation suggested by {model}").format(model=guess.model)
            await _apply(session, site.snapshot, guess.change, label)
            return _done(guess.model)
    await _apply(session, site.snapshot, await documenting.skeleton(site, app.workspace), gettext("Recoder: Documentation to be filled in"))
    return _done()


async def tests(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{textDocument?, range?}` to what was done: tests by the chat model, else one that is to be finished."""
    app, site = session.app, await _site(session, arguments, progress)
    place = await tests_place(site, app.workspace)
    is_available, n_characters = app.chat_model.available(app.settings), len(documenting.code_of(site))
    served = serve(Task.TESTS, app.settings, chat_available=is_available, completion_ready=False, n_characters=n_characters)
    if served.tier == "chat":
        answered = await tested_by_chat(site, place, served, asking(session, progress), app.syntax)
        return await _written(session, site, answered, gettext("Recoder: Tests suggested by {model}"))
    await _apply(session, site.snapshot, place.skeleton(), gettext("Recoder: A test to be finished"))
    return _done()


def asking(session: Session, progress: Progress) -> Asking:
    """How the chat model is asked by a command that shows how far it is."""
    lines = itertools.count(1)

    def heard(text: str) -> None:
        for _ in range(text.count("\n")):
            n = next(lines)
            progress.say(ngettext("{n} line written", "{n} lines written", n).format(n=number(n)))

    app = session.app
    return Asking(app.chat_model, app.prompts, app.settings, heard)


async def _changed(session: Session, task: Task, target: Target, instruction: str, progress: Progress, title: str) -> dict[str, Any]:
    """Have a model change the target, and the editor make the change."""
    app = session.app
    require_applying(session)
    if not app.chat_model.available(app.settings):
        raise NoChatModel
    progress.say(gettext("Reading the code"))
    wanted = Wanted(task, target.snapshot, target.start, target.end, instruction)
    edited = await edit_of(wanted, asking(session, progress), app.syntax, app.workspace)
    await _apply(session, target.snapshot, edited.change, f"Recoder: {title}", (edited.part.start, edited.part.end))
    return _done(edited.replies[-1].model, edited.replies)


async def _written(session: Session, site: Site, answered: Answered[Change], label: str) -> dict[str, Any]:
    """Have what a model wrote put in its place."""
    model = answered.replies[-1].model
    await _apply(session, site.snapshot, answered.outcome, label.format(model=model))
    return _done(model, answered.replies)


async def _apply(session: Session, before: Snapshot, change: Change, label: str, within: tuple[int, int] | None = None) -> None:
    """Have a change made, also where the user went on with another part of the document meanwhile; `within` is what must be as it was."""
    snapshot = session.documents.snapshot(before.uri)
    if snapshot is None:
        raise RecoderError(gettext("The document was closed meanwhile, so nothing was changed."))
    if change.edits:
        start, end = within or (change.edits[0].start, change.edits[-1].end)
        change = replace(change, edits=moved(change.edits, start, end, before.text, snapshot.text))
    await apply(session, snapshot, change, label)


async def _site(session: Session, arguments: Sequence[Any], progress: Progress) -> Site:
    """Where something is to be written."""
    require_applying(session)
    progress.say(gettext("Reading the code"))
    target = target_of(session, options_of(arguments))
    site = await session.app.syntax.with_tree(target.snapshot, lambda tree: Site(target.snapshot, target.start, target.end, tree))
    if site is None:
        raise Refused(gettext("Recoder cannot parse this document."))
    return site


def _done(model: str = "", replies: Sequence[Reply] = ()) -> dict[str, Any]:
    """What was done, by which model, and what its answers took all together; "" where none was asked."""
    timings = {
        "promptMs": round(sum(reply.prompt_ms for reply in replies), 1),
        "decodeMs": round(sum(reply.decode_ms for reply in replies), 1),
        "promptTokens": sum(reply.prompt_tokens for reply in replies),
        "evaluatedTokens": sum(reply.evaluated_tokens for reply in replies),
        "decodedTokens": sum(reply.decoded_tokens for reply in replies),
    }
    return {"applied": True, "model": model, "attempts": len(replies), "timings": timings}


def _asked_in_comment(target: Target) -> str:
    asked = instruction_at(target.snapshot.text, target.start, target.end)
    return f'Do what the comment says that asks for this, and remove the comment: "{asked}".' if asked else ""


def _complaint(target: Target, options: Mapping[str, Any]) -> str:
    """What is wrong, with the line that it is about."""
    message = text_option(options, "message").strip() or "Nothing. But something is wrong with it."
    line = text_option(options, "about") or target.snapshot.lines[target.snapshot.position_at(target.start, "utf-32")[0]].strip()
    return f"{message}\nThat is about this line: {line}" if line else message
