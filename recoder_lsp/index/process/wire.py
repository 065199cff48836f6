"""Messages between the index process and those who use it: JSON behind its length, and our records in JSON.

A request is ``{"id", "method", "params"}``, answered by ``{"id", "result"}`` or ``{"id", "error"}``; without an id it is
a notice, which both sides may send. The first message to a process is the request ``hello`` with ``protocol`` and
``version``. That one, ``retire`` and their answers stay as they are in every version, so that versions can tell each
other apart. Whoever breaks these rules is disconnected.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import struct
from typing import Any, Literal, NoReturn, TypeVar

from recoder_lsp import __version__
from recoder_lsp.config import IndexSettings
from recoder_lsp.index.records import Hit, Kind, Location, Span, Symbol

PROTOCOL = 2
"""Raised with every change after which the two sides would misunderstand each other, or the files on disk."""

ALREADY_SERVED = 75
"""The exit code of an index process that found another one at work on the same folder."""

LIMIT_BYTES = 64 * 1024 * 1024
_LENGTH = struct.Struct(">I")
HEADER_BYTES = _LENGTH.size

Phase = Literal["off", "starting", "opening", "scanning", "indexing", "vectors", "idle", "paused", "failed"]
SERVING: tuple[Phase, ...] = ("scanning", "indexing", "vectors", "idle", "paused")
"""In these an index answers questions."""
NOT_YET: tuple[Phase, ...] = ("off", "starting", "opening")
"""After these it will, unless it fails."""

R = TypeVar("R")


class BrokenMessage(Exception):
    """What came is not a message. The text holds nothing of it."""


@dataclasses.dataclass(frozen=True)
class IndexState:
    """What an index is doing. `total` files are to be read, of which `done` have been; `reason` says why it cannot do more."""

    phase: Phase = "off"
    done: int = 0
    total: int = 0
    n_files: int = 0
    n_chunks: int = 0
    reason: str = ""


@dataclasses.dataclass(frozen=True, order=True)
class Speaker:
    """Which version of us speaks; the greater one is the newer."""

    protocol: int
    version: tuple[int, ...]

    @classmethod
    def of(cls, value: dict[str, Any]) -> Speaker:
        """Read what `as_json` wrote; BrokenMessage when it is not that."""
        match value:
            case {"protocol": int(protocol), "version": str(version)}:
                return cls(protocol, tuple(int(part) for part in version.split("+")[0].split(".") if part.isdecimal()))
        raise BrokenMessage("Somebody does not say which version they are.")

    def as_json(self) -> dict[str, Any]:
        return {"protocol": self.protocol, "version": ".".join(map(str, self.version))}


OURS = Speaker.of({"protocol": PROTOCOL, "version": __version__})


class Connection:
    """One end of a socket, for messages. Belongs to the event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def receive(self) -> dict[str, Any] | None:
        """Return the next message, None when the other side has gone.

        Raises:
            BrokenMessage: What came is no message; what follows cannot be understood either.
        """
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            if length > LIMIT_BYTES:
                raise BrokenMessage("A message is too long.")
            return decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    def send(self, message: dict[str, Any]) -> None:
        """Queue a message. To somebody who never reads, the connection is closed instead."""
        if self.unsent_bytes > LIMIT_BYTES:
            self.abort()
        elif not self._writer.is_closing():
            self._writer.write(encode(message))

    @property
    def unsent_bytes(self) -> int:
        """How much the other side has not taken in yet."""
        return self._writer.transport.get_write_buffer_size()

    def abort(self) -> None:
        """Close it at once."""
        self._writer.transport.abort()

    def close(self) -> None:
        """Close it, once what was sent has left."""
        self._writer.close()


def encode(message: dict[str, Any]) -> bytes:
    """Return a message as bytes; records may stand anywhere in it.

    Raises:
        ValueError: It holds what JSON cannot carry, or too much.
    """
    text = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_jsonable)
    # Names of files need not be UTF-8, and what Python makes of such a name must come out as it went in.
    body = text.encode("utf-8", "surrogatepass")
    if len(body) > LIMIT_BYTES:
        raise ValueError("A message is too long to be sent.")
    return _LENGTH.pack(len(body)) + body


def decode(body: bytes) -> dict[str, Any]:
    """Return the message in these bytes, which is an object; its fields are not looked at.

    Raises:
        BrokenMessage: They are no JSON object.
    """
    try:
        message = json.loads(body.decode("utf-8", "surrogatepass"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise BrokenMessage("A message is not JSON.") from None
    if not isinstance(message, dict):
        raise BrokenMessage("A message is not an object.")
    return message


def settings_of(value: Any) -> IndexSettings:
    """Read settings, each of which has its default; BrokenMessage when they are none."""
    if not isinstance(value, dict):
        raise BrokenMessage("There are no settings.")
    defaults = IndexSettings()
    chosen: dict[str, Any] = {}
    for field in dataclasses.fields(IndexSettings):
        default = getattr(defaults, field.name)
        given = value.get(field.name, default)
        chosen[field.name] = tuple(given) if isinstance(given, list) else given
        if type(chosen[field.name]) is not type(default):
            raise BrokenMessage("A setting has the wrong type.")
    return IndexSettings(**chosen)


def state_of(value: Any) -> IndexState:
    """Read an `IndexState`; ValueError when it is none."""
    return _record(IndexState, value)


def hit_of(value: Any) -> Hit:
    """Read a `Hit`; ValueError when it is none."""
    hit = _record(Hit, value)
    return dataclasses.replace(hit, why=tuple(hit.why))


def symbol_of(value: Any) -> Symbol:
    """Read a `Symbol`; ValueError when it is none."""
    symbol = _record(Symbol, value)
    return dataclasses.replace(symbol, kind=Kind(symbol.kind), span=_span_of(symbol.span), name_span=_span_of(symbol.name_span))


def location_of(value: Any) -> Location:
    """Read a `Location`; ValueError when it is none."""
    location = _record(Location, value)
    return dataclasses.replace(location, symbol=symbol_of(location.symbol))


def _record(kind: type[R], value: Any) -> R:
    if not isinstance(value, dict):
        raise ValueError(f"A {kind.__name__} must be an object.")
    names = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    try:
        # Fields that this version does not know are a later version's.
        return kind(**{name: field for name, field in value.items() if name in names})
    except TypeError:
        raise ValueError(f"A {kind.__name__} lacks something.") from None


def _span_of(value: Any) -> Span:
    if not (isinstance(value, list) and len(value) == 6 and all(isinstance(number, int) for number in value)):
        raise ValueError("A Span must be six numbers.")
    return Span(*value)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Span):
        return [value.start_byte, value.end_byte, value.start_line, value.start_column, value.end_line, value.end_column]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise ValueError(f"A {type(value).__name__} cannot be sent.")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
