"""Has the chat model change a part of a document. What it answers becomes an edit only where nothing speaks against it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from recoder_lsp import privacy
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.chat import NoChatModel, Reply, Turn
from recoder_lsp.engine.fim import Snippet
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.context import Index
from recoder_lsp.features.edits import Change, Refused
from recoder_lsp.features.markdown import fenced
from recoder_lsp.features.model_answers import ROOM_TO_SPARE, Asking
from recoder_lsp.features.model_changes import change_of
from recoder_lsp.features.parts import Part, part_at
from recoder_lsp.features.router import Served, Task, serve
from recoder_lsp.features.syntax_thread import SyntaxThread
from recoder_lsp.language import gettext, marked, number
from recoder_lsp.redaction import redact

SURROUNDING_LINES = 120
# A processor reads some hundred tokens of a small model a second.
SURROUNDING_TOKENS, RELATED_TOKENS = 800, 400
RELATED_TIMEOUT_S = 1.0
# An answer is as long as what it replaces, or twice as long, or begins with thoughts.
_LONGER_BY, _TOKENS_MORE = 2, 256
_SECRET_CODE = marked("This code holds something like a password or a key, so no model reads it.")


@dataclass(frozen=True)
class Wanted:
    """What is to be done with a part of a document: what is selected, or what is around the caret."""

    task: Task
    snapshot: Snapshot
    start: int
    end: int
    instruction: str = ""
    """In the user's words; for FIX what a compiler or linter says."""


@dataclass(frozen=True)
class Edited:
    """A change that may be shown, and the answers that led to it, the last of them being used."""

    change: Change
    part: Part
    """What the model was shown, and may have changed."""
    replies: tuple[Reply, ...]


@dataclass(frozen=True)
class _Surroundings:
    """What a model may know besides the part: the nearest lines around it, and definitions of other files, the best first; no secrets."""

    before: list[str]
    after: list[str]
    related: tuple[Snippet, ...] = ()


async def edit_of(wanted: Wanted, asking: Asking, syntax: SyntaxThread, index: Index | None = None) -> Edited:
    """Return what the model makes of a part of a document, checked: syntax, completeness, nothing else touched.

    Args:
        wanted: What to do where. The prompt of the task's name says it to the model.
        asking: How to ask it.
        syntax: Where documents are parsed.
        index: Asked for what the part uses of other files.

    Raises:
        NoChatModel: There is none.
        Refused: The answers are of no use, and why; or too much is selected, or what must not be read.
    """
    part = await _meant(wanted, syntax)
    is_available = asking.writer.available(asking.settings)
    served = serve(wanted.task, asking.settings, chat_available=is_available, completion_ready=False, n_characters=len(part.before))
    if served.tier != "chat":
        raise Refused(served.why, gettext("Select less.")) if is_available else NoChatModel()
    require_readable(wanted.snapshot, part.code)
    around, related = await asyncio.gather(
        syntax.run(lambda _: _surroundings(wanted.snapshot.text, part)),
        _related(wanted.snapshot, part, index),
    )
    max_tokens, turns = await _question(wanted, part, replace(around, related=related), served, asking)

    async def use(reply: str) -> Change:
        return await syntax.run(partial(change_of, task=wanted.task, snapshot=wanted.snapshot, part=part, reply=reply))

    answered = await asking.until_usable(turns, served, use, max_tokens=max_tokens, key=f"edit {wanted.snapshot.uri}")
    return Edited(answered.outcome, part, answered.replies)


def require_readable(snapshot: Snapshot, code: str) -> None:
    """Do nothing where a model may read this code of a document.

    Raises:
        Refused: It holds secrets, as far as one can tell.
    """
    if privacy.is_secret_path(snapshot.path):
        raise Refused(gettext("A file of this name usually holds secrets, so no model reads it."))
    if redact(code) != code:
        raise Refused(gettext(_SECRET_CODE), gettext("Select less."))


async def _meant(wanted: Wanted, syntax: SyntaxThread) -> Part:
    snapshot, start, end = wanted.snapshot, wanted.start, wanted.end
    if wanted.task is Task.FIX and "\n" not in snapshot.text[start:end]:
        # What a complaint is about is seldom all that has to change.
        end = start
    part = await syntax.with_tree(snapshot, lambda tree: part_at(Site(snapshot, start, end, tree)))
    if part is None:
        raise Refused(gettext("Recoder cannot parse this document, so it could not check what a model makes of it."))
    return part


async def _question(wanted: Wanted, part: Part, around: _Surroundings, served: Served, asking: Asking) -> tuple[int, Sequence[Turn]]:
    """The turns to be answered, with as much of what stands around as there is room for; and how long the answer may be."""
    prompt, snapshot = await asking.prompts.load(wanted.task.value), wanted.snapshot
    fields = {
        "path": "/".join(snapshot.path.split("/")[-3:]),
        "language": snapshot.language,
        "instruction": wanted.instruction.strip(),
        "code": fenced(part.code, snapshot.language),
        "before": "",
        "after": "",
        "related": "",
    }
    n_code, *n_turns = await asking.lengths([part.code, *(turn.content for turn in prompt.turns(fields))])
    if n_code > served.max_tokens:
        too_much = gettext("Too much is selected to be written anew: {n} tokens, and an answer may have {most}.")
        hint = gettext("Select less, or raise models.chat_max_tokens.")
        raise Refused(too_much.format(n=number(n_code), most=number(served.max_tokens)), hint)
    max_tokens = min(_LONGER_BY * n_code + _TOKENS_MORE, served.max_tokens)
    left = await asking.room() - max_tokens - sum(n_turns) - ROOM_TO_SPARE
    if left < 0:
        too_much = gettext("Too much is selected for the context of the model, by {n} tokens.")
        raise Refused(too_much.format(n=number(-left)), gettext("Select less."))
    before, after = await _fitting(around, min(left, SURROUNDING_TOKENS), asking)
    fields |= {"before": before and fenced(before, snapshot.language), "after": after and fenced(after, snapshot.language)}
    fields["related"] = await _fitting_related(around.related, min(left - SURROUNDING_TOKENS, RELATED_TOKENS), snapshot.language, asking)
    return max_tokens, prompt.turns(fields)


def _surroundings(text: str, part: Part) -> _Surroundings:
    """What stands before and after a part, without secrets; found in all of the text, for a key may begin far above.

    Raises:
        Refused: The part is in the middle of one.
    """
    whole = redact(text[: part.end])
    if not whole.endswith(part.before):
        raise Refused(gettext(_SECRET_CODE), gettext("Select something else."))
    before = whole.removesuffix(part.before).splitlines()[-SURROUNDING_LINES:]
    return _Surroundings(before, redact(text[part.end :]).splitlines()[:SURROUNDING_LINES])


async def _fitting(around: _Surroundings, most_tokens: int, asking: Asking) -> tuple[str, str]:
    """The lines before and after that fit, two thirds of them before."""
    before, after = around.before, around.after
    # Each with its line break.
    lengths = [length + 1 for length in await asking.lengths([*before, *after])]
    n_after = _n_fitting(lengths[len(before) :], most_tokens // 3)
    n_before = _n_fitting(lengths[: len(before)][::-1], most_tokens - sum(lengths[len(before) : len(before) + n_after]))
    return "\n".join(before[len(before) - n_before :]).strip("\n"), "\n".join(after[:n_after]).strip("\n")


async def _fitting_related(related: Sequence[Snippet], most_tokens: int, language: str, asking: Asking) -> str:
    shown = [f"From {snippet.path}:\n{fenced(snippet.text, language)}" for snippet in related]
    return "\n\n".join(shown[: _n_fitting(await asking.lengths(shown), most_tokens)])


async def _related(snapshot: Snapshot, part: Part, index: Index | None) -> tuple[Snippet, ...]:
    """What the workspace defines of the names in a part."""
    if index is None:
        return ()
    # On one line: the index looks at the last lines only.
    params = {"language": snapshot.language, "before": " ".join(part.code.split()), "after": "", "keep": []}
    answer = await index.ask(snapshot.uri, "related", params, timeout_s=RELATED_TIMEOUT_S)
    found = answer.get("snippets", []) if isinstance(answer, dict) else []
    return tuple(Snippet(each["path"], redact(each["text"])) for each in found if each["why"] == "definition")


def _n_fitting(lengths: Sequence[int], most: int) -> int:
    """How many of the first together have at most so many tokens."""
    total = 0
    for n, length in enumerate(lengths):
        total += length
        if total > most:
            return n
    return len(lengths)
