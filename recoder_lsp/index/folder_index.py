"""The index of one folder: keeps manifest and vectors equal to the files on disk and to the open buffers."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from recoder_lsp.config import IndexSettings
from recoder_lsp.errors import RecoderError
from recoder_lsp.index.files.sources import Reason, Sources, SourceText, content_hash, is_ignore_file, is_storable, proven
from recoder_lsp.index.folder_checking import disagreements
from recoder_lsp.index.phrases.keeping import PhraseKeeper
from recoder_lsp.index.phrases.storing import PHRASES
from recoder_lsp.index.progress import Progress, Reporter, Round, Summary
from recoder_lsp.index.records import IndexedFile
from recoder_lsp.index.search.answers import Answers
from recoder_lsp.index.search.texts import CheckedTexts
from recoder_lsp.index.store.chunk_vectors import ChunkVectors
from recoder_lsp.index.store.embedder import Embedder, load_embedder
from recoder_lsp.index.store.manifest import Manifest, ManifestDamaged, StoredFile
from recoder_lsp.index.store.manifest_schema import MANIFEST
from recoder_lsp.index.store.vector_index import VectorIndex
from recoder_lsp.language import english, gettext
from recoder_lsp.logs import log_bug

# Files whose chunks are embedded and written together: enough to share the costs of a transaction and of an embedding
# call, few enough that a save waits for less than a blink.
BATCH_FILES, BATCH_CHUNKS = 32, 200
# To read so many takes long enough for ChromaDB to be opened first.
MANY_FILES = 500
SCANNED_AT_ONCE = 256
# When more files vanish with a folder, the rest is left to a reconciliation, which can be interrupted.
MOST_REMOVED_AT_ONCE = 200

VECTORS, READING = "vectors", "reading"
# To be raised when the same text gives other symbols, chunks or words than before: every file is read again then.
CONTENTS = "2"

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")


def _noticing_damage(method: Callable[Concatenate[FolderIndex, P], R]) -> Callable[Concatenate[FolderIndex, P], R]:
    """Have `close` delete a manifest that turned out to be damaged: not every damage shows when it is opened again."""

    @functools.wraps(method)
    def noticing(self: FolderIndex, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except ManifestDamaged:
            self._is_damaged = True
            raise

    return noticing  # type: ignore[return-value]


class FolderIndex:
    """Written to by one thread only, the one that opened it; `answer` belongs to another, the search thread.

    After an exception it is to be closed and opened again: what it says of `ManifestFull`, `ManifestBusy` and
    `ManifestDamaged` is meant for people, and opening deals with the latter.
    """

    def __init__(self, root: Path | None, home: Path, settings: IndexSettings, manifest: Manifest, embedder: Embedder) -> None:
        self._root, self._home, self._manifest = root, home, manifest
        self._sources = Sources(root, settings, home / READING)
        self._round: Round | None = None
        self._is_another_round_needed = False
        self._is_damaged, self._is_doubted = False, False
        folder = None if settings.chroma_url else home / VECTORS
        self._vectors = VectorIndex(manifest, folder, settings.chroma_url or None, embedder.model, embedder.dimensions)
        manifest.use_model(embedder.model)
        self._chunk_vectors = ChunkVectors(manifest, embedder)
        self._phrases = PhraseKeeper(home / PHRASES, self._sources, manifest)
        self._answers = Answers(home / MANIFEST, self._vectors, embedder, self._sources.text)

    @classmethod
    def open(cls, root: Path | None, home: Path, settings: IndexSettings) -> FolderIndex:
        """Open the index of a folder, or make it. A damaged one is made anew.

        ChromaDB, which takes a second, is opened at the first `flush`, or where there is much to read before that: until
        then answers go by words and names, and by the meaning of what was read since.

        Args:
            root: The folder; None for an index of open buffers alone.
            home: Where the index lies; the caller holds its lock.
            settings: What to index, with which model, and where vectors are kept.

        Raises:
            RecoderError: The disk is full, or the embedding model cannot be loaded.
        """
        embedder = load_embedder(settings.embedder)
        try:
            home.mkdir(parents=True, exist_ok=True)
            try:
                return cls._open(root, home, settings, embedder)
            except ManifestDamaged as error:
                log.warning("The index is built anew: %s", english(error.message))
                # Everything in it comes from the files: indexing again is always safe, and reading on never is. The
                # vectors go as well, because a new manifest does not know them.
                Manifest.delete(home / MANIFEST)
                return cls._open(root, home, settings, embedder)
        except OSError as error:
            message = gettext("The index cannot be opened: {problem}.").format(problem=error.strerror or error)
            raise RecoderError(message, gettext("Is there room on the disk?")) from error

    @classmethod
    def _open(cls, root: Path | None, home: Path, settings: IndexSettings, embedder: Embedder) -> FolderIndex:
        with ExitStack() as undo:
            manifest = Manifest.open(home / MANIFEST)
            undo.callback(manifest.close)
            contents = manifest.get_meta("contents")
            if contents is None:
                manifest.set_meta("contents", CONTENTS)
            elif contents != CONTENTS:
                raise ManifestDamaged(gettext("The index was written by another Recoder."))
            index = cls(root, home, settings, manifest, embedder)
            undo.callback(index.close)
            undo.pop_all()
            return index

    @_noticing_damage
    def reconcile(self, report: Callable[[Progress], None], should_stop: Callable[[], bool]) -> Summary:
        """Make the index equal to the folder. Stopped, it goes on at the next call where it was."""
        started = time.monotonic()
        self._end_doubt()
        current = self._round
        if current is None:
            self._manifest.begin_round()
            self._is_another_round_needed = False
            self._round = current = Round(self._sources.looking(), self._has_truth())
        reporter = Reporter(report, self._manifest, current)
        try:
            complete = (
                self._scan(current, reporter, should_stop)
                and self._read(current, reporter, should_stop)
                and self._fill_in_vectors(current, reporter, should_stop)
            )
        except BaseException:
            # A part of what was seen is not noted, and would be taken for gone.
            self._round = None
            raise
        current.seconds += time.monotonic() - started
        finished = complete
        if finished:
            if current.n_changed or current.n_removed or current.last_filled_in:
                self._manifest.finish_bulk()
            self._round = None
            complete = not self._is_another_round_needed
        reporter.now("idle" if complete else "indexing", current.n_done, len(current.to_read), at_the_end=finished)
        return current.summary(complete, self._sources.skipped, self._home)

    def restart_round(self) -> None:
        """Let the next reconciliation begin anew, because what it found may no longer hold."""
        self._round = None

    @_noticing_damage
    def update(self, paths: Iterable[str], should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Take in that files or folders were changed, created or deleted.

        Returns:
            Whether a reconciliation is needed to be sure: the rules about ignored files changed, or a folder did.
        """
        if not self._sources.has_folder():
            return False
        doubtful, gone, present, n_below = False, list[str](), list[str](), 0
        for path in dict.fromkeys(path.rstrip("/") for path in paths):
            if is_ignore_file(path):
                self._sources.forget_ignore_files()
                # Not gone on with: it may be about to read all that is ignored now.
                self._round, doubtful = None, True
            if self._sources.is_folder(path):
                # The round that goes on may be past it, and is finished all the same: folders may come all the time.
                self._is_another_round_needed = doubtful = True
                gone.append(path)
                continue
            (present if self._sources.is_file(path) else gone).append(path)
            below = self._manifest.files(path + "/") if is_storable(path) else iter(())
            for stored in below:
                if n_below == MOST_REMOVED_AT_ONCE:
                    self._is_another_round_needed = doubtful = True
                    break
                n_below += 1
                gone.append(stored.path)
        for first in range(0, len(gone), BATCH_FILES):
            self._remove(gone[first : first + BATCH_FILES])
        while present and not should_stop():
            present = present[self._index(present[:BATCH_FILES], None) :]
        return doubtful

    @_noticing_damage
    def open_buffer(self, path: str, text: str, language: str) -> bool:
        """Let a text that an editor has open stand for the file, from now until `close_buffer`; returns what that does."""
        file = self._sources.open(path, text, language)
        if file is None:
            # What it was a moment ago must not be shown any longer either.
            return self.close_buffer(path)
        stored = self._manifest.file(path)
        if stored is None or (stored.content_hash, stored.language) != (file.content_hash, file.language):
            self._write([file])
        return False

    @_noticing_damage
    def close_buffer(self, path: str) -> bool:
        """Let the file on disk count again. Returns whether a reconciliation is needed, as `update` does."""
        if not self._sources.close(path):
            return False
        if self._root is not None:
            return self.update([path])
        self._remove([path])
        return False

    @_noticing_damage
    def flush(self, should_stop: Callable[[], bool]) -> bool:
        """Do what can wait: write vectors to ChromaDB. Returns whether nothing is left."""
        return self._vectors.flush(should_stop)

    @_noticing_damage
    def keep_phrases(self, should_stop: Callable[[], bool]) -> bool:
        """Build anew what is known of the texts of all files together, if one has changed. Returns whether nothing is left."""
        return self._phrases.update(should_stop)

    def answer(self, method: str, params: dict[str, Any]) -> Any:
        """Answer a question as a value that JSON can carry. Search thread only.

        Raises:
            KeyError: There is no such method.
            ManifestDamaged: Perhaps; `reconcile` finds out.
        """
        try:
            return self._answers.answer(method, params)
        except ManifestDamaged:
            self._is_doubted = True
            raise

    @_noticing_damage
    def check(self) -> list[str]:
        """Compare manifest, disk and vectors; return what does not agree, in words."""
        self._vectors.open()
        return [*self._problems_on_disk(), *self._vectors.check(), *disagreements(self._sources, self._manifest)]

    def close(self) -> None:
        """Leave everything on disk in order."""
        with ExitStack() as closing:
            if self._is_damaged:
                closing.callback(Manifest.delete, self._home / MANIFEST)
            for close in (self._manifest.close, self._vectors.close, self._answers.close, self._sources.end):
                closing.callback(close)

    def _end_doubt(self) -> None:
        """A question failed because of the manifest: raise ManifestDamaged if that is so, and it was no bug of ours."""
        if self._is_doubted:
            self._is_doubted = False
            if problems := self._problems_on_disk():
                message = gettext("The index is damaged: {problem}").format(problem=problems[0])
                raise ManifestDamaged(message, gettext("It is built anew from the files; nothing of yours is lost."))

    def _problems_on_disk(self) -> list[str]:
        # Not what the writing connection has in memory: that may be whole where the file is not.
        with Manifest.reader(self._home / MANIFEST) as reader:
            return reader.check()

    def _scan(self, current: Round, reporter: Reporter, should_stop: Callable[[], bool]) -> bool:
        """Find out what changed, without reading it; False when stopped."""
        while not current.scanned:
            reporter.maybe("scanning", 0, 0)
            if should_stop():
                return False
            # All of it before the transaction: nobody knows how long the disk takes.
            step = list(islice(current.found, SCANNED_AT_ONCE))
            with self._manifest.writing():
                for found in filter(None, step):
                    if not self._manifest.see(found.path, found.stamp) and not self._sources.is_open(found.path):
                        current.to_read.append(found.path)
            if len(step) < SCANNED_AT_ONCE:
                if current.had_truth and self._has_truth() and not self._remove_unseen(current, should_stop):
                    return False
                current.scanned = True
        return True

    def _remove_unseen(self, current: Round, should_stop: Callable[[], bool]) -> bool:
        unseen = (path for path in self._manifest.unseen() if not self._sources.is_open(path))
        while gone := list(islice(unseen, BATCH_FILES)):
            self._remove(gone)
            current.n_removed += len(gone)
            if should_stop():
                return False
        return True

    def _read(self, current: Round, reporter: Reporter, should_stop: Callable[[], bool]) -> bool:
        if len(current.to_read) > MANY_FILES:
            # That takes long, and what ChromaDB has already is to be found meanwhile.
            self._vectors.open()
        while current.n_done < len(current.to_read):
            if should_stop():
                return False
            reporter.maybe("indexing", current.n_done, len(current.to_read))
            batch = current.to_read[current.n_done : current.n_done + BATCH_FILES]
            current.n_done += self._index(batch, current, should_stop)
        return True

    def _index(self, batch: list[str], current: Round | None, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Read, parse and write the first files of a batch; return how many, at least one."""
        files, gone, n_chunks, n_read = list[IndexedFile](), list[str](), 0, 0
        for path in batch:
            n_read += 1
            if self._sources.is_open(path):
                continue
            source = self._sources.read(path)
            known = self._manifest.file(path)
            if isinstance(source, SourceText) and known is not None and self._is_stored(source, known):
                stamp = proven(source.stamp)
                if known.stamp != stamp:
                    self._manifest.restamp(path, stamp)
                self._manifest.see(path, stamp)
                continue
            file = self._sources.indexed(path, source) if isinstance(source, SourceText) else None
            if file is None:
                if known is not None:
                    gone.append(path)
                if current is not None:
                    current.refused[source if isinstance(source, Reason) else Reason.UNREADABLE] += 1
                continue
            files.append(file)
            n_chunks += len(file.chunks)
            if current is not None:
                current.n_changed += 1
                current.n_lines += file.n_lines
            if n_chunks >= BATCH_CHUNKS or should_stop():
                break
        self._remove(gone)
        self._write(files)
        return n_read

    def _is_stored(self, source: SourceText, known: StoredFile) -> bool:
        # A buffer of the same text may have been of another language.
        return known.content_hash == content_hash(source.text) and self._sources.is_indexed_as(known.path, source, known.language)

    def _write(self, files: list[IndexedFile]) -> None:
        """Put files into the manifest, with vectors for the chunks that it does not have yet. Leaves out what cannot be put."""
        if not files:
            return
        try:
            vectors, removed = self._put(files)
        except RecoderError:
            raise
        except Exception as error:
            # Whatever it is: one file that our code cannot stand must not keep all others out, again and again.
            if len(files) > 1:
                for file in files:
                    self._write([file])
                return
            log_bug(log, "A file is not indexed", error)
            vectors, removed = {}, self._manifest.remove([files[0].path])
        self._vectors.note(vectors, removed)

    def _put(self, files: list[IndexedFile]) -> tuple[dict[str, bytes], list[str]]:
        removed: list[str] = []
        # Before the transaction, since it takes most of the time.
        vectors = self._chunk_vectors.of([chunk for file in files for chunk in file.chunks])
        with self._manifest.writing():
            for file in files:
                removed += self._manifest.put(file, vectors)
        return vectors, removed

    def _remove(self, paths: Sequence[str]) -> None:
        """Forget what is stored of these paths, unless a buffer stands for it."""
        known = [path for path in paths if not self._sources.is_open(path) and is_storable(path)]
        if known:
            self._vectors.note({}, self._manifest.remove(known))

    def _fill_in_vectors(self, current: Round, reporter: Reporter, should_stop: Callable[[], bool]) -> bool:
        """Embed chunks that have no vector, because the model is another one than before; False when stopped."""
        while rows := self._manifest.without_vectors(BATCH_CHUNKS, current.last_filled_in):
            if should_stop():
                return False
            reporter.maybe("vectors", 0, 0)
            texts = CheckedTexts(self._sources.text)
            checked = [(chunk, texts.checked(chunk)) for chunk in self._manifest.chunks(rows).values()]
            known = [(chunk, body) for chunk, body in checked if body is not None]
            if known:
                blobs = self._chunk_vectors.computed([chunk for chunk, _ in known], [body for _, body in known])
                self._manifest.set_vectors(blobs)
                self._vectors.note(blobs, ())
            # What has changed meanwhile gets its vectors with its new text.
            self._is_another_round_needed |= self.update(texts.stale)
            current.last_filled_in = rows[-1]
        return True

    def _has_truth(self) -> bool:
        """Whether what is not found is gone, and not just out of reach."""
        return self._root is None or self._sources.has_folder()
