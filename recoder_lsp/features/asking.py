"""Where ghost text is asked for: what of the document is looked at, and whether it is wanted there at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from recoder_lsp import privacy
from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.fim import Place

PATH_PARTS = 3
# More of a document is not looked at. The start moves in steps, so that one key after the other sees the same text.
MAX_SIDE_CHARACTERS, SIDE_STEP_CHARACTERS = 48_000, 16_384
_BEGINS_LINE = re.compile(r"\w|[\"'@#$~`!&*<{/-]")


@dataclass(frozen=True)
class Request:
    """Where ghost text is wanted.

    `selected_text` is the item that is selected in the completion menu: the suggestion has to go on from
    it, as if it stood at [selected_start, offset].
    """

    snapshot: Snapshot
    offset: int
    invoked: bool = False
    selected_text: str | None = None
    selected_start: int = 0
    for_menu: bool = False
    """The completion menu asks, and must not take the place of a request for ghost text."""


def may_be_read(snapshot: Snapshot, settings: Settings) -> bool:
    """Say whether ghost text is wanted in a document at all; never in a file that holds secrets."""
    completion = settings.completion
    wanted = completion.enabled and snapshot.language not in completion.disabled_languages
    return wanted and not privacy.is_secret_path(snapshot.path)


def worth_asking(request: Request, settings: Settings) -> bool:
    """Say whether ghost text is wanted here; inside a word only when asked by hand."""
    if not may_be_read(request.snapshot, settings):
        return False
    following = request.snapshot.text[request.offset : request.offset + 1]
    return request.invoked or not (following.isalnum() or following == "_")


def place_of(request: Request) -> Place:
    """Return the caret with the text around it that is looked at, with plain line breaks."""
    text, offset = request.snapshot.text, request.offset
    caret = offset if request.selected_text is None else request.selected_start
    start = max(caret - MAX_SIDE_CHARACTERS, 0) // SIDE_STEP_CHARACTERS * SIDE_STEP_CHARACTERS
    prefix = text[start:caret] + (request.selected_text or "")
    suffix = text[offset : offset + MAX_SIDE_CHARACTERS]
    path = "/".join(request.snapshot.path.split("/")[-PATH_PARTS:])
    return Place(path, request.snapshot.language, _with_plain_breaks(prefix), _with_plain_breaks(suffix), text.count("\n", 0, start))


def with_sound_selection(request: Request) -> Request:
    """Ignore a selected item that does not stand on the caret's line, before the caret."""
    if request.selected_text is None:
        return request
    line_start = request.snapshot.text.rfind("\n", 0, request.offset) + 1
    sound = line_start <= request.selected_start <= request.offset and "\n" not in request.selected_text
    return request if sound else replace(request, selected_text=None, selected_start=0)


def line_end_needed(place: Place) -> str:
    """Return what has to follow an insertion that becomes a line above the one that the caret stands before; nothing elsewhere.

    It is a line end, and the indentation that the insertion takes from that line. A rest that no line begins with, such as
    ` = compute()` or `)`, is not a line: it waits for its beginning.
    """
    before, rest = place.prefix.rpartition("\n")[2], place.suffix.partition("\n")[0].strip()
    return "\n" + before if not before.strip() and _BEGINS_LINE.match(rest) else ""


def apart(place: Place, line_end: str) -> Place:
    """Return the place as the model is to see it: with the end of the line that it writes, where that is a line of its own."""
    return replace(place, suffix=line_end + place.suffix) if line_end else place


def line_break(text: str) -> str:
    """Return the line break that a document uses: that of its first line."""
    at = text.find("\n")
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n" if at >= 0 or "\r" not in text else "\r"


def _with_plain_breaks(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
