"""The texts that an index is made of: the files of a folder, and open buffers that stand for theirs."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.files.deaths import Deaths
from recoder_lsp.index.files.decoding import with_plain_breaks
from recoder_lsp.index.files.judging import holds_private_key
from recoder_lsp.index.files.scanner import Found, Reason, Scanner, ScanRules, SourceText, is_ignore_file
from recoder_lsp.index.hashes import hash_of_file
from recoder_lsp.index.records import FileStamp, IndexedFile, Outline
from recoder_lsp.index.syntax.chunks import chunks_of
from recoder_lsp.index.syntax.parser import OpenText, Parser, language_of
from recoder_lsp.logs import log_bug
from recoder_lsp.privacy import is_secret_path

__all__ = ["NEVER_ON_DISK", "Reason", "SourceText", "Sources", "content_hash", "is_ignore_file", "is_storable", "proven"]

# Stored where the file has to be read again by the next reconciliation, because what is stored is a buffer's text, or
# because the file is so young that a change of it now could leave the same time: the kernel's clock for files goes in
# steps of up to 10 ms, and where times are whole seconds, that of the file system may go in steps of 2 s.
NEVER_ON_DISK = FileStamp(-1, -1)
CLOCK_STEP_NS, COARSE_CLOCK_STEP_NS = 20_000_000, 2_000_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Buffer:
    """A text that stands for its file."""

    text: str
    language: str
    parsed: OpenText


class Sources:
    """One folder (None: open buffers alone). Belongs to one thread, all but `text`."""

    def __init__(self, root: Path | None, settings: IndexSettings, deaths: Path | None = None) -> None:
        """Args: `deaths` is the file in which is noted what this process died of."""
        self._root = root
        self._most_bytes = settings.max_file_kb * 1024
        rules = ScanRules(self._most_bytes, tuple(settings.include), tuple(settings.exclude))
        self._scanner = Scanner(root, rules) if root is not None else None
        self._parser = Parser()
        self._buffers: dict[str, _Buffer] = {}
        self._deaths = Deaths(deaths)

    # -- files

    def files(self) -> Iterator[Found]:
        """All files that count as far as name, place and size tell; see `Scanner.files`."""
        return self._scanner.files() if self._scanner is not None else iter(())

    def looking(self) -> Iterator[Found | None]:
        """The same, with None now and then; see `Scanner.looking`."""
        return self._scanner.looking() if self._scanner is not None else iter(())

    @property
    def skipped(self) -> Mapping[Reason, int]:
        """What `files` left out."""
        return self._scanner.skipped if self._scanner is not None else {}

    def forget_ignore_files(self) -> None:
        if self._scanner is not None:
            self._scanner.forget_ignore_files()

    def has_folder(self) -> bool:
        """Whether the folder can be looked into. One that cannot (a drive that is not mounted, a moved project) says nothing
        about its files."""
        try:
            if self._root is not None:
                os.scandir(self._root).close()
        except OSError:
            return False
        return self._root is not None

    def is_folder(self, path: str) -> bool:
        """Whether it is a folder whose files may count."""
        if self._root is None or self._scanner is None or not (self._root / path).is_dir():
            return False
        return path in ("", ".") or self._scanner.refusal(path + "/") is None

    def is_file(self, path: str) -> bool:
        """Whether it is there and counts, as far as its name, its place and its size tell."""
        if self._root is None or self._scanner is None or self._scanner.refusal(path) is not None:
            return False
        return (self._root / path).is_file()

    def read(self, path: str) -> SourceText | Reason:
        """The text of the file, whatever is open."""
        return self._scanner.read(path) if self._scanner is not None else Reason.UNREADABLE

    def indexed(self, path: str, source: SourceText) -> IndexedFile | None:
        """What is to be stored of a file that was just read; None for one that our code cannot stand."""
        language = _language_on_disk(path, source.text)
        return self._indexed(path, source.text, lambda: self._parser.outline(source.text, language), proven(source.stamp))

    def is_indexed_as(self, path: str, source: SourceText, language: str) -> bool:
        """Whether `indexed` would call the file's language so."""
        return self._parser.language_in_outline(_language_on_disk(path, source.text), source.text) == language

    # -- buffers

    def open(self, path: str, text: str, language: str) -> IndexedFile | None:
        """Let this text stand for the file until `close`; what is to be stored then, None where that text does not count."""
        text = _as_read(text)
        if self._refuses(path, text):
            return None
        language = self._parser.language(path, language, text)
        before = self._buffers.get(path)
        parsed: OpenText | None = before.parsed if before is not None and before.language == language else None

        def outline() -> Outline:
            nonlocal parsed
            if parsed is None:
                parsed = OpenText(self._parser, language, text)
            else:
                parsed.update(text)
            return parsed.outline()

        file = self._indexed(path, text, outline, NEVER_ON_DISK)
        if file is not None and parsed is not None:
            self._buffers[path] = _Buffer(text, language, parsed)
        return file

    def is_open(self, path: str) -> bool:
        return path in self._buffers

    def close(self, path: str) -> bool:
        """Let the file count again; returns whether it was open."""
        return self._buffers.pop(path, None) is not None

    def text(self, path: str) -> str | None:
        """The text as it is now: of the buffer, else of the file; None if there is none that counts. Any thread."""
        buffer = self._buffers.get(path)
        if buffer is not None:
            return buffer.text
        return self._scanner.text_now(path) if self._scanner is not None else None

    def end(self) -> None:
        """Nothing is read from now on."""
        self._deaths.close()

    def _indexed(self, path: str, text: str, outline_of: Callable[[], Outline], stamp: FileStamp) -> IndexedFile | None:
        text_hash = content_hash(text)
        if self._deaths.is_deadly(text_hash):
            log.warning("A file is not indexed: the index died of it again and again.")
            return None
        try:
            with self._deaths.reading(text_hash):
                outline = outline_of()
                chunks = chunks_of(path, text, outline)
        except Exception as error:
            # Whatever it is: one text that our code cannot stand must not keep all others from being indexed, again and again.
            log_bug(log, "A file is not indexed", error)
            return None
        n_lines = text.count("\n") + 1
        return IndexedFile(path, outline.language, stamp, text_hash, n_lines, outline.symbols, outline.references, chunks)

    def _refuses(self, path: str, text: str) -> bool:
        if "\0" in text or not is_storable(path) or is_secret_path(path) or len(text) > self._most_bytes:
            return True
        if self._scanner is None:
            return holds_private_key(text)
        return self._scanner.refusal(path) is not None or self._scanner.refusal_of_text(path, text) is not None


def content_hash(text: str) -> str:
    """By which it is known whether a file has changed: 32 hex digits."""
    return hash_of_file(text.encode("utf-8"))


def proven(stamp: FileStamp) -> FileStamp:
    """The stamp of a file that was just read, if its next change is going to leave another one; else NEVER_ON_DISK."""
    step_ns = COARSE_CLOCK_STEP_NS if stamp.mtime_ns % 1_000_000_000 == 0 else CLOCK_STEP_NS
    return stamp if abs(time.time_ns() - stamp.mtime_ns) > step_ns else NEVER_ON_DISK


def is_storable(path: str) -> bool:
    """Whether a path is Unicode: any other can be neither stored nor found."""
    return path.isascii() or path.encode("utf-8", "replace").decode() == path


def _language_on_disk(path: str, text: str) -> str:
    return language_of(path, text[:200].partition("\n")[0])


def _as_read(text: str) -> str:
    """An editor's text as the scanner would give it: no half characters, and line ends alike."""
    return with_plain_breaks(text.encode("utf-8", "replace").decode())
