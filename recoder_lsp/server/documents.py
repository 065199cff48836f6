"""The open documents, as the editor describes them. Owner: the event loop; everybody else gets a Snapshot."""

import logging
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any

from lsprotocol import types

from recoder_lsp.document import Encoding, Snapshot, apply_edit, split_lines, without_lone_surrogates
from recoder_lsp.metrics import Metrics

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """A new text for what is between two (line, character) positions; for the whole document without them."""

    text: str
    start: tuple[int, int] | None = None
    end: tuple[int, int] | None = None


@dataclass(frozen=True)
class Changes:
    """What a didChange notification says."""

    uri: str
    version: int | None
    changes: tuple[Change, ...]

    @classmethod
    def of(cls, params: Any) -> "Changes":
        """Read the parameters; ValueError when an edit in them cannot be understood.

        Not by lsprotocol, which refuses a null version or range as some editors send it: an edit that is refused leaves
        a wrong text behind.
        """
        match params:
            case {"textDocument": {"uri": str(uri)} as document, "contentChanges": list(changes)}:
                version = document.get("version")
                return cls(uri, version if isinstance(version, int) else None, tuple(_change(change) for change in changes))
        raise ValueError("A didChange needs a uri and a list of changes.")

    def end_in(self, snapshot: Snapshot, encoding: Encoding) -> int | None:
        """Return where the last change ends in the document that they have led to; None where it replaced all of it."""
        match self.changes:
            case [*_, Change(text, (line, character))]:
                return min(snapshot.offset_at(line, character, encoding) + len(text), len(snapshot.text))
        return None


@dataclass
class _OpenDocument:
    language: str
    version: int | None
    lines: list[str]
    snapshot: Snapshot | None = None


class Documents:
    """Text of every open document. Editors that break the rules are served as well as can be, and counted."""

    def __init__(self, encoding: Encoding, metrics: Metrics) -> None:
        self._encoding: Encoding = encoding
        self._metrics = metrics
        self._open: dict[str, _OpenDocument] = {}

    def open(self, item: types.TextDocumentItem) -> None:
        if item.uri in self._open:
            self._oddity("opened_twice")
        self._open[item.uri] = _OpenDocument(item.language_id, item.version, split_lines(without_lone_surrogates(item.text)))

    def change(self, edit: Changes) -> None:
        """Apply the changes in order. For a document that was never opened, only one that brings the whole text helps."""
        document = self._open.get(edit.uri)
        changes = edit.changes
        if document is None:
            self._oddity("changed_but_not_open")
            changes = tuple(dropwhile(lambda change: change.start is not None, changes))
            if not changes:
                return
            document = self._open[edit.uri] = _OpenDocument("", None, [""])
        elif edit.version is not None and document.version is not None and edit.version <= document.version:
            self._oddity("version_not_newer")
        document.version = edit.version
        document.snapshot = None
        for change in changes:
            text = without_lone_surrogates(change.text)
            if change.start is None or change.end is None:
                document.lines = split_lines(text)
            else:
                apply_edit(document.lines, change.start, change.end, text, self._encoding)

    def distrust(self, uri: str) -> None:
        """Forget a document whose last edit was not understood: better no text than one that is not the editor's."""
        if self._open.pop(uri, None) is not None:
            self._oddity("lost")

    def close(self, uri: str) -> None:
        if self._open.pop(uri, None) is None:
            self._oddity("closed_but_not_open")

    def snapshot(self, uri: str) -> Snapshot | None:
        """Return the document as it is now: the same object until it changes; None when it is not open."""
        document = self._open.get(uri)
        if document is None:
            return None
        if document.snapshot is None:
            document.snapshot = Snapshot.of_lines(uri, document.language, document.lines, document.version)
        return document.snapshot

    def _oddity(self, name: str) -> None:
        self._metrics.count(f"documents.{name}")
        log.info("Document sync: %s", name.replace("_", " "))


def _change(value: Any) -> "Change":
    match value:
        case {"range": {"start": start, "end": end}, "text": str(text)}:
            return Change(text, _position(start), _position(end))
        case {"text": str(text)} if value.get("range") is None:
            return Change(text)
    raise ValueError("A change needs a text, and a range that has a start and an end.")


def _position(value: Any) -> tuple[int, int]:
    match value:
        case {"line": int(line), "character": int(character)}:
            return line, character
    raise ValueError("A position needs a line and a character.")
