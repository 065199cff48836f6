"""Keeps the file of phrases what the files of the folder say, in steps that make room for everything else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from functools import partial
from hashlib import blake2b
from pathlib import Path

from recoder_lsp.errors import RecoderError
from recoder_lsp.index.files.sources import Sources, SourceText, content_hash
from recoder_lsp.index.phrases import storing
from recoder_lsp.index.phrases.building import Source, building
from recoder_lsp.index.phrases.stream import Stream
from recoder_lsp.index.store.manifest import Manifest
from recoder_lsp.logs import log_bug

# Where not everything has room, these come after all code.
LESS_LIKE_CODE = frozenset({"css", "html", "json", "markdown", "plaintext", "toml", "yaml"})

log = logging.getLogger(__name__)


class PhraseKeeper:
    """Belongs to the thread that writes the index."""

    def __init__(self, file: Path, sources: Sources, manifest: Manifest) -> None:
        self._file, self._sources, self._manifest = file, sources, manifest
        self._stream: Stream | None = None
        self._is_read = False
        self._building: Generator[None, None, Stream] | None = None

    def update(self, should_stop: Callable[[], bool]) -> bool:
        """Build the phrases anew if files are not what they were. Goes by files as they are on disk: open texts change with
        every key, and those who ask have them.

        Returns:
            Whether that is finished; stopped, it goes on at the next call where it was, and with the files as they were.
        """
        try:
            while self._building is not None or self._begin():
                if not self._build(should_stop):
                    return False
        except RecoderError:
            raise
        except Exception as error:
            # Whatever it is: everything else in the index is worth having without this.
            log_bug(log, "The phrases of a folder are not built", error)
            self._building = None
            self._remove()
        return True

    def _begin(self) -> bool:
        """Begin to build, if that is needed."""
        if not self._sources.has_folder():
            return False
        if not self._is_read:
            self._read()
        sources, made_of = self._wanted()
        if self._stream is not None and self._stream.made_of == made_of:
            return False
        self._building = building(sources, self._stream, made_of)
        return True

    def _build(self, should_stop: Callable[[], bool]) -> bool:
        """Go on building; whether it is done and written."""
        assert self._building is not None
        try:
            while True:
                next(self._building)
                if should_stop():
                    return False
        except StopIteration as done:
            self._building = None
            self._write(done.value)
            return True

    def _wanted(self) -> tuple[list[Source], bytes]:
        """The files, code before data and what was changed last first; and what is equal when they are equal."""
        digest = blake2b(digest_size=16)
        ranked = list[tuple[bool, float, Source]]()
        for stored in self._manifest.files():
            text_hash = stored.content_hash
            if self._sources.is_open(stored.path):
                source = self._sources.read(stored.path)
                if not isinstance(source, SourceText):
                    continue
                text_hash = content_hash(source.text)
            digest.update(f"{stored.path}\0{text_hash}\n".encode())
            # A file without a proven time was changed just now.
            age = -stored.stamp.mtime_ns if stored.stamp.mtime_ns >= 0 else -float("inf")
            ranked.append((stored.language in LESS_LIKE_CODE, age, Source(stored.path, text_hash, partial(self._text, stored.path))))
        ranked.sort(key=lambda entry: entry[:2])
        return [source for _, _, source in ranked], digest.digest()

    def _text(self, path: str) -> str | None:
        source = self._sources.read(path)
        return source.text if isinstance(source, SourceText) else None

    def _read(self) -> None:
        self._is_read = True
        try:
            self._stream = storing.read(self._file)
        except FileNotFoundError:
            """It is the first time."""
        except (OSError, storing.DamagedPhrases) as error:
            log.warning("The phrases of a folder are built anew: %s", type(error).__name__)
            self._remove()

    def _write(self, stream: Stream) -> None:
        try:
            storing.write(self._file, stream)
            # Instead of what was built: memory that the system may take back.
            self._stream = storing.read(self._file)
        except OSError as error:
            log.warning("The phrases of a folder could not be written: %s", error.strerror or type(error).__name__)
            self._stream = stream

    def _remove(self) -> None:
        self._stream = None
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            log.warning("The phrases of a folder could not be removed: %s", error.strerror or type(error).__name__)
