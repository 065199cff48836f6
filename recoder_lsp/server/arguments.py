"""What commands are about: their options, and the place in a document that they name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from recoder_lsp.document import Snapshot
from recoder_lsp.errors import RecoderError
from recoder_lsp.language import gettext
from recoder_lsp.server.session import Session


@dataclass(frozen=True)
class Target:
    """What a command is about: a document and a part of it, as offsets; a caret has `start == end`."""

    snapshot: Snapshot
    start: int
    end: int


def options_of(arguments: Sequence[Any]) -> dict[str, Any]:
    """Return the object that most commands take as their only argument; an empty one where there is none.

    Raises:
        JsonRpcInvalidParams: It is something else.
    """
    match arguments:
        case [] | [None, *_]:
            return {}
        case [{**options}, *_]:
            return {str(name): value for name, value in options.items()}
    raise JsonRpcInvalidParams("The argument of this command is an object.")


def text_option(options: Mapping[str, Any], name: str, default: str = "") -> str:
    """Return a text out of a command's options.

    Raises:
        JsonRpcInvalidParams: It is something else.
    """
    value = options.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise JsonRpcInvalidParams(f'"{name}" is a string.')
    return value


def target_of(session: Session, options: Mapping[str, Any]) -> Target:
    """Return what `textDocument` and `range` (or `position`) of a command's options name, else where the user was last.

    Raises:
        JsonRpcInvalidParams: They are no such things.
        RecoderError: The document is not open, or nothing was looked at yet.
    """
    focus = session.focus
    match options.get("textDocument"):
        case None:
            uri = focus.uri if focus else None
        case {"uri": str(uri)}:
            focus = focus if focus and focus.uri == uri else None
        case _:
            raise JsonRpcInvalidParams('"textDocument" is {"uri": string}.')
    if uri is None or (snapshot := session.documents.snapshot(uri)) is None:
        raise RecoderError(gettext("No open document is meant."), gettext("Open a file and put the cursor where it is about."))
    if "range" in options or "position" in options:
        start, end = _positions(options)
    elif focus is not None:
        start, end = focus.start, focus.end
    else:
        start = end = types.Position(0, 0)
    return Target(snapshot, *session.selected(snapshot, start, end))


def _positions(options: Mapping[str, Any]) -> tuple[types.Position, types.Position]:
    def position(value: Any) -> types.Position:
        match value:
            case {"line": int(line), "character": int(character)}:
                return types.Position(line, character)
        raise JsonRpcInvalidParams('A position is {"line": number, "character": number}.')

    match options:
        case {"range": {"start": start, "end": end}}:
            return position(start), position(end)
        case {"position": place}:
            return position(place), position(place)
    raise JsonRpcInvalidParams('"range" is {"start": position, "end": position}.')
