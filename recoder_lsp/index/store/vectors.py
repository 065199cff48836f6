"""The door to ChromaDB: one collection of vectors, in a folder of ours or on a server, and its failures in our own words."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from recoder_lsp.errors import RecoderError
from recoder_lsp.language import gettext, marked

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")

# Part of the collection's name: counted up when HNSW or what is stored changes, so that an older collection is not used.
SCHEMA = 1

# Chosen by recall on 100,000 vectors of real code (recall@10 .988, @50 .973; ef_search 200: .994 and .991 in twice the time): see
# tests/benchmarks/vectors.py. They are fixed when a collection is created; ChromaDB 1.5 takes another ef_search only after
# the folder was opened anew. Every sync_threshold changes it writes HNSW to disk whole; what came later it repeats at opening.
HNSW = {"space": "cosine", "max_neighbors": 16, "ef_construction": 100, "ef_search": 100, "sync_threshold": 1000}

# ChromaDB holds the interpreter's lock while it adds: searches wait for one batch. So it is a small one, but where very much
# is to be added: 32 at once are 2,000 a second, 100 are 3,000.
BATCH, BULK_BATCH = 32, 100
GET_BATCH = 500

SERVER_CONNECT_TIMEOUT_S = 5.0
SERVER_TIMEOUT_S = 10.0

_NOTHING_LOST = marked("It is built anew from what the index knows; nothing of yours is lost.")

log = logging.getLogger(__name__)


class VectorsDamaged(RecoderError):
    """The collection cannot be read or written, or holds something else than it should: wipe it and fill it again."""


class VectorsAway(RecoderError):
    """The server does not answer; what it holds may well be right. Try again later."""


def collection_name(model: str, dimensions: int, owner: str = "") -> str:
    """A name that ChromaDB takes, different for every model, size and schema.

    Args:
        model: Identity of the embedding model; any text.
        owner: Letters and digits that tell workspaces apart on a server that they share.
    """
    digest = hashlib.blake2b(model.encode(), digest_size=8).hexdigest()
    return "-".join(part for part in ("recoder", f"v{SCHEMA}", f"d{dimensions}", digest, owner) if part)


class ChromaVectors:
    """One open collection. `query` may be called while another thread adds; everything else by one thread at a time.

    Every method raises VectorsDamaged, and on a server VectorsAway.
    """

    def __init__(self, client: Any, collection: Any, *, on_a_server: bool) -> None:
        self._client, self._collection, self._on_a_server = client, collection, on_a_server

    def query(self, vector: np.ndarray, k: int) -> list[tuple[str, float]]:
        """The ids of the k nearest (or of all, where there are fewer) with their cosine similarity, best first."""
        with _in_our_words(self._on_a_server):
            found = self._collection.query(query_embeddings=vector.reshape(1, -1), n_results=k, include=["distances"])
            return [(id_, 1.0 - distance) for id_, distance in zip(found["ids"][0], found["distances"][0], strict=True)]

    def add(self, ids: Sequence[str], vectors: np.ndarray) -> None:
        """Add rows of unit length, or replace those that are there. Durable against a killed process when it returns."""
        for start in range(0, len(ids), BULK_BATCH):
            end = start + BULK_BATCH
            with _in_our_words(self._on_a_server):
                self._collection.upsert(ids=list(ids[start:end]), embeddings=vectors[start:end])

    def delete(self, ids: Sequence[str]) -> None:
        """Remove these; those that are not there do not matter."""
        for start in range(0, len(ids), BATCH):
            with _in_our_words(self._on_a_server):
                self._collection.delete(ids=list(ids[start : start + BATCH]))

    def get(self, ids: Sequence[str]) -> dict[str, np.ndarray]:
        """The stored vectors of those ids that are there."""
        vectors: dict[str, np.ndarray] = {}
        for start in range(0, len(ids), GET_BATCH):
            with _in_our_words(self._on_a_server):
                found = self._collection.get(ids=list(ids[start : start + GET_BATCH]), include=["embeddings"])
                vectors.update(zip(found["ids"], found["embeddings"], strict=True))
        return vectors

    def count(self) -> int:
        with _in_our_words(self._on_a_server):
            return int(self._collection.count())

    def close(self) -> None:
        """May be called twice, and on what is damaged."""
        try:
            with _in_our_words(self._on_a_server):
                self._client.close()
        except (VectorsDamaged, VectorsAway) as error:
            log.debug("closing ChromaDB: %r", error.__cause__)


def open_folder(folder: Path, collection: str, dimensions: int) -> ChromaVectors:
    """Open the collection in this folder, or create both. Takes 0.6 s the first time, for the import.

    A folder that a killed process left may crash this one (SIGSEGV): leave a note on disk around the call. No other
    process may have the folder open.

    Raises:
        VectorsDamaged
    """
    with _in_our_words(on_a_server=False):
        import chromadb

        _log_ahead(folder / "chroma.sqlite3")
        client = chromadb.PersistentClient(str(folder), settings=_settings())
    return _opened(client, collection, dimensions, on_a_server=False)


def open_server(url: str, collection: str, dimensions: int) -> ChromaVectors:
    """Open the collection on the server that `chroma run` or another started, or create it there.

    Raises:
        VectorsDamaged, VectorsAway
    """
    return _opened(_connected(url), collection, dimensions, on_a_server=True)


def delete_from_server(url: str, collection: str) -> None:
    """Delete the collection, if it is there.

    Raises:
        VectorsAway, VectorsDamaged
    """
    client = _connected(url)
    try:
        with _in_our_words(on_a_server=True):
            if collection in [each.name for each in client.list_collections()]:
                client.delete_collection(collection)
    finally:
        ChromaVectors(client, None, on_a_server=True).close()


def batched(items: Iterable[T], n: int) -> Iterator[list[T]]:
    """The items in lists of n, the last one shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, n)):
        yield batch


def _connected(url: str) -> Any:
    def connect() -> Any:
        import chromadb

        # ChromaDB takes a whole address for the host, and then no port.
        client: Any = chromadb.HttpClient(url.rstrip("/"), settings=_settings())
        # It waits without end by default, and has no setting for that.
        client._server._session.timeout = SERVER_TIMEOUT_S
        return client

    with _in_our_words(on_a_server=True):
        return _within(SERVER_CONNECT_TIMEOUT_S, connect)


def _opened(client: Any, name: str, dimensions: int, *, on_a_server: bool) -> ChromaVectors:
    """The collection, after it was made to load its index: what is damaged shows here."""
    import numpy as np

    try:
        with _in_our_words(on_a_server):
            # With another embedding function than None, ChromaDB would download its default model.
            collection = client.get_or_create_collection(name, embedding_function=None, configuration={"hnsw": HNSW})
        vectors = ChromaVectors(client, collection, on_a_server=on_a_server)
        if vectors.count():
            vectors.query(np.full(dimensions, dimensions**-0.5, dtype=np.float32), 1)
    except BaseException:
        ChromaVectors(client, None, on_a_server=on_a_server).close()
        raise
    return vectors


def _log_ahead(database: Path) -> None:
    """Create ChromaDB's database in WAL mode, which it then stays in: a batch waits for the disk once, not four times.

    Measured on a busy disk: 17 ms instead of 82 ms for 32 vectors, all of it with the interpreter's lock held.
    """
    if not database.exists():
        database.parent.mkdir(exist_ok=True)
        connection = sqlite3.connect(database)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()


def _settings() -> Any:
    from chromadb.config import Settings

    # Named here is what must not come from the environment, nor from a file `.env` of the folder that we happen to run in.
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        anonymized_telemetry=False,
        chroma_api_impl="chromadb.api.rust.RustBindingsAPI",
        chroma_product_telemetry_impl="chromadb.telemetry.product.posthog.Posthog",
        chroma_telemetry_impl="chromadb.telemetry.product.posthog.Posthog",
        chroma_otel_collection_endpoint="",
        chroma_server_host=None,
        chroma_server_http_port=None,
        is_persistent=False,
        allow_reset=False,
        migrations="apply",
        migrations_hash_algorithm="md5",
    )


@contextmanager
def _in_our_words(on_a_server: bool) -> Iterator[None]:
    """Turn whatever ChromaDB raises into one of our two errors.

    It raises its own errors, ValueError, OSError, bare Exceptions and those of its HTTP library; where its Rust part panics,
    a PanicException, which is not even an Exception.
    """
    try:
        yield
    except (RecoderError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        log.debug("ChromaDB: %r", error)
        if on_a_server and not _says_that_data_is_wrong(error):
            away = gettext("The Chroma server does not answer ({problem}).").format(problem=type(error).__name__)
            raise VectorsAway(away, gettext("Is it running?")) from error
        damaged = gettext("The vectors cannot be used ({problem}).").format(problem=type(error).__name__)
        raise VectorsDamaged(damaged, gettext(_NOTHING_LOST)) from error


def _says_that_data_is_wrong(error: BaseException) -> bool:
    from chromadb import errors

    wrong = (errors.NotFoundError, errors.InternalError, errors.InvalidArgumentError, errors.InvalidDimensionException)
    return isinstance(error, wrong)


def _within(timeout_s: float, work: Callable[[], T]) -> T:
    """What the work returns, run on a thread of its own that is left behind when it takes longer: TimeoutError."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(work())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=run, name="recoder-connect", daemon=True).start()
    return answer.result(timeout_s)
