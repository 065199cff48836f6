"""A message for what is changed: which files and which functions, as the patch says; in whole sentences where a chat model reads it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from recoder_lsp.features.edits import Refused
from recoder_lsp.features.markdown import fenced
from recoder_lsp.features.model_answers import ROOM_TO_SPARE, Asking
from recoder_lsp.features.replies import blocks_of, prose_of
from recoder_lsp.features.router import Task, serve
from recoder_lsp.language import gettext
from recoder_lsp.redaction import redact

# What Git shows whole in its lists.
LONGEST_SUBJECT = 72
# A subject that is longer is none.
_LONGEST_FIRST_LINE = 120
NAMED_SYMBOLS, NAMED_FILES = 4, 30
# A processor reads some hundred tokens of a small model a second.
MOST_TOKENS = 2_000

_FILE = re.compile(r"^(?=diff --git )", re.MULTILINE)
_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@ ?(.*)")
_DEFINES = re.compile(
    r"\s*(?:(?:pub(?:\([a-z]+\))?|export|default|async|public|private|protected|internal|static|abstract|final|override|unsafe) +)*"
    r"(?:def|class|func|fn|fun|function\*?|struct|interface|trait|enum|type|impl|module|object) +(?:\([^()]{0,80}\) *)?"
    r"([A-Za-z_$][\w$]{0,60})"
)
_LABEL = re.compile(r"\A(?:\*\*)?(?:suggested |the )?(?:git )?commit message:?(?:\*\*)?:?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class ChangedFile:
    """What a patch says of one file."""

    path: str
    status: str
    """"new", "removed", "renamed from ..." or ""."""
    symbols: tuple[str, ...]
    """The functions and types with changes in them, in order."""
    n_added: int
    n_removed: int
    patch: str


@dataclass(frozen=True)
class CommitMessage:
    """A message, and the model that wrote it, "" where it only lists; then `why` says why."""

    text: str
    model: str = ""
    why: str = ""


async def commit_message(diff: str, asking: Asking, earlier: Sequence[str] = ()) -> CommitMessage:
    """Return a message for a patch.

    Args:
        diff: As Git writes it, not empty, without files of secrets.
        asking: How to ask the model, with the prompt named "commit-message".
        earlier: Subjects of other commits, to be written like them.

    Raises:
        RecoderError: There is a chat model, and it cannot be loaded.
    """
    files = await asyncio.to_thread(lambda: changed_files(redact(diff)))
    summary = summary_of(files)
    is_available = asking.writer.available(asking.settings)
    served = serve(Task.COMMIT_MESSAGE, asking.settings, chat_available=is_available, completion_ready=False, n_characters=len(diff))
    if served.tier != "chat":
        return CommitMessage(summary, why=served.why)
    prompt = await asking.prompts.load("commit-message")
    fields = {"summary": summary, "diff": "", "earlier": "\n".join(f"- {subject[:LONGEST_SUBJECT]}" for subject in earlier)}
    n_fixed = sum(await asking.lengths([turn.content for turn in prompt.turns(fields)]))
    left = await asking.room() - n_fixed - served.max_tokens - ROOM_TO_SPARE
    shown = await _shown([file.patch for file in files], min(left, MOST_TOKENS), asking)
    turns = prompt.turns({**fields, "diff": fenced(shown, "diff")})
    try:
        answered = await asking.until_usable(turns, served, _message_of, max_tokens=served.max_tokens, key="commit message")
    except Refused as refused:
        return CommitMessage(summary, why=refused.message)
    return CommitMessage(answered.outcome, answered.replies[-1].model)


def changed_files(diff: str) -> tuple[ChangedFile, ...]:
    """Return what a patch changes, file by file."""
    return tuple(_changed_file(patch) for patch in _FILE.split(diff) if patch.startswith("diff --git "))


def message_of(reply: str) -> str:
    """Return the message in a model's answer: subject, empty line, body.

    Raises:
        Refused: What it says first is no subject.
    """
    blocks = {block.code for block in blocks_of(reply)}
    text = blocks.pop() if len(blocks) == 1 else prose_of(reply)
    text = _LABEL.sub("", text.strip()).strip().strip('"').strip()
    subject, _, body = text.partition("\n")
    if not subject.strip() or len(subject) > _LONGEST_FIRST_LINE:
        raise Refused(gettext("The model wrote no subject line."))
    lines = [line.rstrip() for line in body.strip("\n").split("\n")]
    return "\n".join([subject.strip(), "", *lines]).strip()


async def _message_of(reply: str) -> str:
    return message_of(reply)


def _changed_file(patch: str) -> ChangedFile:
    path, status, symbols, n_added, n_removed = _path_of(patch), "", dict[str, None](), 0, 0
    in_hunk, current = False, ""
    for line in patch.split("\n")[1:]:
        if hunk := _HUNK.match(line):
            in_hunk, current = True, _defined(hunk[1])
        elif not in_hunk:
            status = _status(line) or status
        else:
            current = _defined(line[1:]) or current
            if line.startswith(("+", "-")) and line[1:].strip():
                n_added, n_removed = n_added + (line[0] == "+"), n_removed + (line[0] == "-")
                symbols |= {current: None} if current else {}
    return ChangedFile(path, status, tuple(symbols), n_added, n_removed, patch)


def _path_of(patch: str) -> str:
    """The path after the change; where the file is gone, before it."""
    head = patch.split("\n@@", 1)[0]
    for start in ("+++ b/", "rename to ", "--- a/"):
        if found := re.search(rf'^"?{re.escape(start)}(.*)$', head.replace('+++ "b/', "+++ b/"), re.MULTILINE):
            return found[1].rstrip('\t"')
    return head.split("\n")[0].rpartition(" b/")[2]


def _status(line: str) -> str:
    if line.startswith("new file"):
        return "new"
    if line.startswith("deleted file"):
        return "removed"
    return "renamed from " + line.removeprefix("rename from ") if line.startswith("rename from ") else ""


def _defined(line: str) -> str:
    found = _DEFINES.match(line)
    return found[1] if found else ""


def summary_of(files: Sequence[ChangedFile]) -> str:
    """Return a message that lists what is changed: a subject, an empty line, a line for each file; "" where nothing is."""
    if not files:
        return ""
    lines = [_line_of(file) for file in files[:NAMED_FILES]]
    if len(files) > NAMED_FILES:
        lines.append(f"- and {len(files) - NAMED_FILES:,} more files")
    return "\n".join([_subject(files), "", *lines])


def _subject(files: Sequence[ChangedFile]) -> str:
    """The most telling of several subjects that is short enough."""
    verb = {"new": "Add", "removed": "Remove"}.get(files[0].status, "Change")
    if any({"new": "Add", "removed": "Remove"}.get(file.status, "Change") != verb for file in files):
        verb = "Change"
    names = [file.path.rpartition("/")[2] for file in files]
    symbols = list(dict.fromkeys(symbol for file in files if not file.status for symbol in file.symbols))
    where = names[0] if len(files) == 1 else f"{len(files)} files"
    candidates = [f"{verb} {_listed(names)}", f"{verb} {len(files)} files" if len(files) > 1 else verb + " a file"]
    if len(files) == 1 and files[0].status.startswith("renamed"):
        candidates.insert(0, f"Rename {files[0].status.removeprefix('renamed from ').rpartition('/')[2]} to {names[0]}")
    elif verb == "Change" and 0 < len(symbols) <= NAMED_SYMBOLS:
        candidates.insert(0, f"Change {_listed(symbols)} in {where}")
    return next(candidate for candidate in candidates if len(candidate) <= LONGEST_SUBJECT or candidate is candidates[-1])


def _line_of(file: ChangedFile) -> str:
    more = ", ..." if len(file.symbols) > NAMED_SYMBOLS else ""
    parts = [part for part in (file.status, ", ".join(file.symbols[:NAMED_SYMBOLS]) + more if file.status != "new" else "") if part]
    counts = f" (+{file.n_added} -{file.n_removed})" if file.n_added or file.n_removed else ""
    return f"- {file.path}" + (f": {'; '.join(parts)}" if parts else "") + counts


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


async def _shown(patches: Sequence[str], most_tokens: int, asking: Asking) -> str:
    """The patches, the long ones cut so that all together fit and none goes without."""
    lengths = await asking.lengths(patches)
    left, shown = max(most_tokens, 0), list[tuple[int, str]]()
    for n_before, i in enumerate(sorted(range(len(patches)), key=lambda each: lengths[each])):
        share = left // (len(patches) - n_before)
        patch = patches[i]
        if lengths[i] > share:
            patch = patch[: len(patch) * share // lengths[i]].rpartition("\n")[0]
        shown.append((i, patch))
        left -= min(lengths[i], share)
    return "\n".join(patch.rstrip("\n") for _, patch in sorted(shown) if patch)
