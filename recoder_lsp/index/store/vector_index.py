"""Search by meaning: keeps ChromaDB equal to the manifest, and answers from memory what ChromaDB does not have."""

from __future__ import annotations

import logging
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from recoder_lsp.errors import RecoderError
from recoder_lsp.index.store.memory_vectors import MemoryVectors
from recoder_lsp.index.store.vector_places import FolderPlace, ServerPlace, VectorPlace
from recoder_lsp.index.store.vectors import BATCH, BULK_BATCH, ChromaVectors, VectorsAway, VectorsDamaged, batched
from recoder_lsp.language import english

if TYPE_CHECKING:
    import numpy as np

ALL = 2**62
LOAD_BATCH = 1000
# Of the vectors that ChromaDB should have, these are compared when it is opened: the first ones, and one in so many.
SAMPLE_FIRST, SAMPLE_EVERY = 8, 256
# What float16 and one normalisation more may change in a number of a unit vector.
SAME_WITHIN = 2e-3

# HNSW keeps what is deleted as nodes that are walked through and not returned: past this many, and as many as live ones,
# it is built anew.
MANY_DELETED = 5000

# With so many vectors to be moved, being done soon counts for more than each single search.
BULK_FROM = 2000
# A batch waits so long at most for a search to end.
LONGEST_SEARCH_S = 0.05

FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 600.0

# Keys in the manifest's meta table.
PLACE, OWNER, N_DELETED = "vectors.place", "vectors.owner", "vectors.deleted"

log = logging.getLogger(__name__)


class Bookkeeping(Protocol):
    """What the manifest knows about vectors. The truth is there: every vector (float16), and what ChromaDB has of them."""

    def unsynced(self, limit: int) -> list[tuple[str, bytes]]:
        """Vectors that ChromaDB does not have."""

    def mark_synced(self, ids: Sequence[str]) -> None: ...

    def deletions(self, limit: int) -> list[str]:
        """Ids that ChromaDB may still have."""

    def forget_deletions(self, ids: Sequence[str]) -> None: ...

    def mark_all_unsynced(self) -> None: ...

    def all_vectors(self) -> Iterator[tuple[str, bytes]]: ...

    def get_meta(self, key: str) -> str | None: ...

    def set_meta(self, key: str, value: str) -> None: ...


class VectorIndex:
    """Every vector of the manifest, searchable from the moment it is noted.

    `query` belongs to the search thread, everything else to the thread that writes the manifest. They share, under the
    lock: the open collection, whether it is empty, the vectors in memory, and the ids that ChromaDB has but that are deleted.
    Without ChromaDB (damaged, server away, disk full) all vectors are in memory, and `flush` tries again, less and less often.
    """

    def __init__(
        self,
        manifest: Bookkeeping,
        folder: Path | None,
        url: str | None,
        model: str,
        dimensions: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if folder is None and url is None:
            raise ValueError("neither a folder nor a server")
        self._manifest, self._folder, self._url = manifest, folder, url
        self._model, self._dimensions, self._clock = model, dimensions, clock
        self._lock = threading.Lock()
        self._search_over = threading.Condition(self._lock)
        self._n_searching = 0
        self._memory = MemoryVectors(dimensions)
        self._chroma: ChromaVectors | None = None
        self._is_empty = True
        self._hidden: frozenset[str] = frozenset()
        self._failed: ChromaVectors | None = None
        self._must_start_over = False
        self._n_failures, self._retry_at = 0, 0.0

    @property
    def is_connected(self) -> bool:
        """Whether ChromaDB is in use; else memory alone."""
        return self._chroma is not None

    @property
    def n_in_memory(self) -> int:
        return len(self._memory)

    def open(self) -> None:
        """Make everything searchable, unless it is; slow where ChromaDB cannot be used. Raises only what the manifest raises."""
        if self._chroma is None and self._clock() >= self._retry_at:
            self._connect()

    def note(self, added: Mapping[str, bytes], removed: Iterable[str]) -> None:
        """Take in what was just written to the manifest: first what was removed, then what was added."""
        self._leave_what_failed()
        gone = set(removed).difference(added)
        ids, vectors = self._decoded(added.items())
        with self._lock:
            self._memory.drop(gone)
            self._memory.put(ids, vectors)
            if self._chroma is not None and (gone or self._hidden.intersection(ids)):
                self._hidden = (self._hidden | gone).difference(ids)

    def query(self, vector: np.ndarray, k: int) -> list[tuple[str, float]]:
        """The ids of the k nearest chunks with their cosine similarity, best first. Never raises for ChromaDB's sake.

        Args:
            vector: float, shape (dimensions,), unit length.
        """
        with self._lock:
            self._n_searching += 1
        try:
            return self._search(vector, k)
        finally:
            with self._lock:
                self._n_searching -= 1
                self._search_over.notify_all()

    def flush(self, should_stop: Callable[[], bool]) -> bool:
        """Write to ChromaDB what it does not have, and delete what it should not have, until told to stop.

        Returns:
            Whether nothing is left that can be done now: also where ChromaDB cannot be used and it is too early to try again.
        """
        self._leave_what_failed()
        self.open()
        chroma = self._chroma
        if chroma is None:
            return True
        try:
            if self._has_work():
                with self._place().writing():
                    if not self._write(chroma, should_stop):
                        return False
                if self._too_many_deleted(chroma):
                    self.rebuild()
                    return False
        except (VectorsDamaged, VectorsAway, OSError) as error:
            self._give_up(chroma, error)
            self._leave_what_failed()
            return True
        self._n_failures = 0
        with self._lock:
            # What was noted although ChromaDB had it, because its file was written anew.
            self._memory = MemoryVectors(self._dimensions)
            self._hidden = frozenset()
        return True

    def rebuild(self) -> None:
        """Wipe the collection; `flush` fills it again from the manifest, and meanwhile memory answers."""
        self._must_start_over = True
        self._disconnect()
        self._n_failures, self._retry_at = 0, 0.0
        self._connect()

    def check(self) -> list[str]:
        """Compare ChromaDB with the manifest, vector by vector; return what does not agree, in words."""
        self._leave_what_failed()
        chroma = self._chroma
        if chroma is None:
            return ["The vectors are in memory only: ChromaDB cannot be used."]
        waiting = {id_ for id_, _ in self._manifest.unsynced(ALL)}
        n_synced = n_missing = n_different = 0
        try:
            for rows in batched(self._manifest.all_vectors(), LOAD_BATCH):
                synced = [row for row in rows if row[0] not in waiting]
                missing, different = self._compare(chroma, synced)
                n_synced, n_missing, n_different = n_synced + len(synced), n_missing + missing, n_different + different
            wrong_count = self._wrong_count(chroma, n_synced, len(waiting))
        except (VectorsDamaged, VectorsAway) as error:
            return [str(error)]
        problems = [wrong_count] if wrong_count else []
        if n_missing:
            problems.append(f"ChromaDB lacks {n_missing} vectors.")
        if n_different:
            problems.append(f"ChromaDB holds {n_different} vectors that are not those of the manifest.")
        return problems

    def close(self) -> None:
        """Let go of ChromaDB; the vectors in memory stay searchable."""
        with self._lock:
            chroma, self._chroma = self._chroma, None
            failed, self._failed = self._failed, None
        for each in (chroma, failed):
            if each is not None:
                each.close()

    def _search(self, vector: np.ndarray, k: int) -> list[tuple[str, float]]:
        # Twice at most: where ChromaDB was closed meanwhile, memory has been filled with all.
        for _ in range(2):
            with self._lock:
                # An empty collection is not asked: a query beside the very first add fails ("Nothing found on disk").
                chroma, hidden = None if self._is_empty else self._chroma, self._hidden
                # Before ChromaDB is asked: what moves there in between is found twice, and not missed.
                found = dict(self._memory.search(vector, k))
            if chroma is None:
                break
            try:
                stored = chroma.query(vector, k + min(len(hidden), 4 * k))
            except (VectorsDamaged, VectorsAway) as error:
                if self._give_up(chroma, error):
                    break
                continue
            found = {id_: similarity for id_, similarity in stored if id_ not in hidden} | found
            break
        return sorted(found.items(), key=lambda each: -each[1])[:k]

    def _connect(self) -> bool:
        """Open the collection, wiped if need be; else have all vectors in memory and note when to try again."""
        place = self._place()
        if self._manifest.get_meta(PLACE) != place.description or place.is_suspect():
            self._must_start_over = True
        for _ in range(2):
            try:
                if self._must_start_over:
                    self._start_over(place)
                self._use(place.open())
                return True
            except VectorsDamaged as error:
                log.warning("the vectors are built anew: %s", english(error.message))
                self._must_start_over = True
            except (VectorsAway, OSError) as error:
                log.warning("ChromaDB cannot be used (%s): vectors are searched in memory", _reason(error))
                break
        self._work_from_memory()
        self._retry_at = self._clock() + min(FIRST_RETRY_S * 2**self._n_failures, LONGEST_RETRY_S)
        self._n_failures += 1
        return False

    def _place(self) -> VectorPlace:
        if self._url is not None:
            owner = self._manifest.get_meta(OWNER)
            if owner is None:
                # Not the folder's path: two machines that share a server may have the same one.
                owner = uuid.uuid4().hex
                self._manifest.set_meta(OWNER, owner)
            return ServerPlace(self._url, self._model, self._dimensions, owner)
        assert self._folder is not None
        return FolderPlace(self._folder, self._model, self._dimensions)

    def _start_over(self, place: VectorPlace) -> None:
        with place.wiping():
            self._manifest.mark_all_unsynced()
            while ids := self._manifest.deletions(LOAD_BATCH):
                self._manifest.forget_deletions(ids)
            self._manifest.set_meta(N_DELETED, "0")
            self._manifest.set_meta(PLACE, place.description)
        self._must_start_over = False

    def _use(self, chroma: ChromaVectors) -> None:
        """Search this collection from now on, if it holds what the manifest says.

        Raises:
            VectorsDamaged, VectorsAway
        """
        try:
            unsynced = self._manifest.unsynced(ALL)
            self._verify(chroma, {id_ for id_, _ in unsynced})
            is_empty = chroma.count() == 0
        except BaseException:
            chroma.close()
            raise
        memory = MemoryVectors(self._dimensions)
        for rows in batched(unsynced, LOAD_BATCH):
            memory.put(*self._decoded(rows))
        hidden = frozenset(self._manifest.deletions(ALL))
        with self._lock:
            self._chroma, self._is_empty, self._memory, self._hidden = chroma, is_empty, memory, hidden

    def _verify(self, chroma: ChromaVectors, unsynced: set[str]) -> None:
        """Compare the number of vectors, and some of them."""
        n_synced, sample, offset = 0, [], random.randrange(SAMPLE_EVERY)
        for row in self._manifest.all_vectors():
            if row[0] not in unsynced:
                if n_synced < SAMPLE_FIRST or n_synced % SAMPLE_EVERY == offset:
                    sample.append(row)
                n_synced += 1
        if problem := self._wrong_count(chroma, n_synced, len(unsynced)):
            raise VectorsDamaged(problem)
        if self._compare(chroma, sample) != (0, 0):
            raise VectorsDamaged("ChromaDB does not hold the vectors that it should.")

    def _wrong_count(self, chroma: ChromaVectors, n_synced: int, n_unsynced: int) -> str:
        """What is wrong with the number of vectors; what is yet to be deleted or replaced may be there or not."""
        n_stored = chroma.count()
        if n_synced <= n_stored <= n_synced + n_unsynced + len(self._manifest.deletions(ALL)):
            return ""
        return f"ChromaDB holds {n_stored} vectors instead of {n_synced}."

    def _compare(self, chroma: ChromaVectors, rows: Sequence[tuple[str, bytes]]) -> tuple[int, int]:
        """How many of these vectors ChromaDB lacks, and of how many it holds another one."""
        import numpy as np

        ids, vectors = self._decoded(rows)
        stored = chroma.get(ids)
        pairs = [(stored[id_], vector) for id_, vector in zip(ids, vectors, strict=True) if id_ in stored]
        return len(ids) - len(pairs), sum(1 for one, other in pairs if np.abs(one - other).max() > SAME_WITHIN)

    def _has_work(self) -> bool:
        return bool(self._manifest.deletions(1) or self._manifest.unsynced(1))

    def _write(self, chroma: ChromaVectors, should_stop: Callable[[], bool]) -> bool:
        """Move batch by batch; False when stopped. Deletions go first: an id may have been deleted and added again."""
        while not should_stop():
            # A search that has begun would wait for the interpreter's lock several times otherwise.
            with self._search_over:
                self._search_over.wait_for(lambda: not self._n_searching, LONGEST_SEARCH_S)
            n_rows = BULK_BATCH if len(self._memory) >= BULK_FROM else BATCH
            if deleted := self._manifest.deletions(n_rows):
                chroma.delete(deleted)
                self._manifest.forget_deletions(deleted)
                self._manifest.set_meta(N_DELETED, str(self._n_deleted() + len(deleted)))
            elif rows := self._manifest.unsynced(n_rows):
                ids, vectors = self._decoded(rows)
                chroma.add(ids, vectors)
                # Also those of a wrong length, which no one can search for, so as not to meet them again.
                self._manifest.mark_synced([id_ for id_, _ in rows])
                with self._lock:
                    self._is_empty = self._is_empty and not ids
                    self._memory.drop(ids)
            else:
                return True
        return not self._has_work()

    def _n_deleted(self) -> int:
        return int(self._manifest.get_meta(N_DELETED) or 0)

    def _too_many_deleted(self, chroma: ChromaVectors) -> bool:
        n_deleted = self._n_deleted()
        return n_deleted > MANY_DELETED and n_deleted > chroma.count()

    def _give_up(self, chroma: ChromaVectors, error: Exception) -> bool:
        """Stop using this collection, from either thread; False if it was not in use any more."""
        with self._lock:
            if self._chroma is not chroma:
                return False
            self._chroma, self._failed = None, chroma
            # Only memory's part is found until the writing thread has loaded the rest.
            self._must_start_over = self._must_start_over or isinstance(error, VectorsDamaged)
        log.warning("ChromaDB failed (%s): vectors are searched in memory", _reason(error))
        return True

    def _leave_what_failed(self) -> None:
        """Finish what `_give_up` began, on the writing thread: load all vectors, and let `flush` connect again."""
        with self._lock:
            failed, self._failed = self._failed, None
        if failed is not None:
            failed.close()
            self._work_from_memory()
            self._retry_at = self._clock() + min(FIRST_RETRY_S * 2**self._n_failures, LONGEST_RETRY_S)
            self._n_failures += 1

    def _disconnect(self) -> None:
        self._work_from_memory()
        self.close()

    def _work_from_memory(self) -> None:
        memory = MemoryVectors(self._dimensions)
        for rows in batched(self._manifest.all_vectors(), LOAD_BATCH):
            memory.put(*self._decoded(rows))
        with self._lock:
            self._memory = memory

    def _decoded(self, rows: Iterable[tuple[str, bytes]]) -> tuple[list[str], np.ndarray]:
        """Ids and float32 rows; vectors of another length, of a model of before, are left out."""
        import numpy as np

        fitting = [(id_, blob) for id_, blob in rows if len(blob) == 2 * self._dimensions]
        matrix = np.frombuffer(b"".join(blob for _, blob in fitting), dtype=np.float16).reshape(-1, self._dimensions)
        return [id_ for id_, _ in fitting], matrix.astype(np.float32)


def _reason(error: Exception) -> str:
    return error.message if isinstance(error, RecoderError) else type(error).__name__
