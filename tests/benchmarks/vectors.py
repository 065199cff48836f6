"""Measures what HNSW finds and costs on vectors of real code, against exact search: `python -m tests.benchmarks.vectors`.

The vectors are of functions and classes of the standard library and of what is installed beside it, embedded by the model that
Recoder uses (`--hashed`: sums of random vectors of their words, for comparison). Queries are functions that were left out.
Times are this machine's at this moment: compare rows.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import random
import re
import statistics
import sysconfig
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from unittest import mock

import numpy as np

from recoder_lsp.index.records import Chunk, FileStamp, IndexedFile, Kind
from recoder_lsp.index.store import vector_index, vectors
from recoder_lsp.index.store.embedder import load_embedder
from recoder_lsp.index.store.manifest import Manifest

N_QUERIES = 200
BUILDS = (
    {"max_neighbors": 16, "ef_construction": 100},
    {"max_neighbors": 24, "ef_construction": 128},
    {"max_neighbors": 32, "ef_construction": 200},
)
EF_SEARCH = (100, 200, 300)
BATCHES = (16, 32, 100)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True)
class Function:
    """A function or class of some library."""

    name: str
    text: str


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=10_000, help="how many vectors (default 10000)")
    parser.add_argument("--hashed", action="store_true", help="sums of random vectors instead of the embedding model's")
    parser.add_argument("--only-index", action="store_true", help="leave out the comparison of settings")
    arguments = parser.parse_args()
    found = list(islice(functions(), int(arguments.chunks * 1.3) + N_QUERIES))
    embedded = hashed(found) if arguments.hashed else by_model(found)
    embedded = np.unique(embedded, axis=0)
    np.random.default_rng(1).shuffle(embedded)
    stored, queries = embedded[:-N_QUERIES][: arguments.chunks], embedded[-N_QUERIES:]
    print(f"{len(stored)} vectors of {stored.shape[1]} numbers, {len(queries)} queries")
    if not arguments.only_index:
        compare_settings(stored, queries)
    measure_index(stored, queries)


def functions() -> Iterator[Function]:
    """Functions and classes of more than two lines, in an order that does not change."""
    paths = sysconfig.get_paths()
    for root in dict.fromkeys((paths["stdlib"], paths["purelib"])):
        for path in sorted(Path(root).rglob("*.py")):
            try:
                text = path.read_text("utf-8")
                tree = ast.parse(text)
            except (SyntaxError, ValueError, RecursionError):
                continue
            lines = text.split("\n")
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and (node.end_lineno or 0) - node.lineno > 2:
                    yield Function(node.name, "\n".join(lines[node.lineno - 1 : min(node.end_lineno or 0, node.lineno + 80)]))


def by_model(found: Sequence[Function]) -> np.ndarray:
    """float32, shape (n, dimensions), unit rows."""
    return load_embedder().documents([each.name for each in found], [each.text for each in found])


def hashed(found: Sequence[Function], dimensions: int = 256) -> np.ndarray:
    """Sums of a random vector for each word, rarer words weighing more; shaped as by_model's."""
    bags = [Counter(word.lower() for word in WORD.findall(each.text)) for each in found]
    frequencies = Counter(word for bag in bags for word in bag)
    words = {word: number for number, word in enumerate(frequencies)}
    table = np.random.default_rng(1).standard_normal((len(words), dimensions)).astype(np.float32)
    table *= np.log(1 + len(bags) / np.array(list(frequencies.values()), dtype=np.float32))[:, None]
    rows = np.stack([np.array([count**0.4 for count in bag.values()]) @ table[[words[word] for word in bag]] for bag in bags if bag])
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def compare_settings(stored: np.ndarray, queries: np.ndarray) -> None:
    """Recall and cost of each way to build, and of each width of search."""
    began = time.perf_counter()
    order = np.argsort(-(queries @ stored.T), axis=1)
    times = sorted(_ms(lambda query: np.argpartition(-(stored @ query), 50), queries))
    print(f"exact search by numpy: {statistics.median(times):.2f} ms a query ({time.perf_counter() - began:.1f} s to prepare)\n")
    header = ("neighbours", "ef build", "ef", "R@10", "R@50", "p50 ms", "p95 ms", "build s", "MB", "disk MB")
    print(" ".join(f"{each:>8}" for each in header))
    for build in BUILDS:
        with tempfile.TemporaryDirectory() as folder, mock.patch.dict(vectors.HNSW, build):
            costs = _fill(Path(folder), stored)
            for ef_search in EF_SEARCH:
                row = (*build.values(), ef_search, *_search(Path(folder), queries, order, ef_search), *costs)
                print(" ".join(f"{each:8}" for each in row), flush=True)


def measure_index(stored: np.ndarray, queries: np.ndarray) -> None:
    """What searching costs while vectors are written, and opening afterwards, with the settings in use."""
    print("\nmilliseconds of a query: in memory before the flush (p50), and while flushing")
    print(" ".join(f"{each:>8}" for each in ("batch", "flush s", "memory", "p50", "p95", "p99", "max", "open s")))
    for batch in BATCHES:
        with (
            tempfile.TemporaryDirectory() as name,
            mock.patch.object(vectors, "BATCH", batch),
            mock.patch.object(vector_index, "BATCH", batch),
        ):
            row = (batch, *_flush_under_search(Path(name), stored, queries))
            print(" ".join(f"{each:8}" for each in row), flush=True)


def _fill(folder: Path, stored: np.ndarray) -> tuple[float, ...]:
    before = _resident_mb()
    began = time.perf_counter()
    collection = vectors.open_folder(folder, "benchmark", stored.shape[1])
    collection.add([f"{row:032x}" for row in range(len(stored))], stored)
    seconds, mb = time.perf_counter() - began, _resident_mb() - before
    collection.close()
    disk_mb = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    return round(seconds, 1), round(mb), round(disk_mb)


def _search(folder: Path, queries: np.ndarray, order: np.ndarray, ef_search: int) -> tuple[float, ...]:
    dimensions = queries.shape[1]
    collection = vectors.open_folder(folder, "benchmark", dimensions)
    collection._collection.modify(configuration={"hnsw": {"ef_search": ef_search}})
    collection.close()
    # A search's width is read when the folder is opened.
    collection = vectors.open_folder(folder, "benchmark", dimensions)
    recalls = []
    for k in (10, 50):
        hits = [{int(id_, 16) for id_, _ in collection.query(query, k)} for query in queries]
        recalls.append(statistics.mean(len(hit & set(row[:k].tolist())) / k for hit, row in zip(hits, order, strict=True)))
    times = sorted(_ms(lambda query: collection.query(query, 50), queries))
    collection.close()
    return *(round(recall, 3) for recall in recalls), _percentile(times, 0.5), _percentile(times, 0.95)


def _flush_under_search(home: Path, stored: np.ndarray, queries: np.ndarray) -> tuple[float, ...]:
    manifest = Manifest.open(home / "manifest.sqlite")
    _store(manifest, stored)
    index = vector_index.VectorIndex(manifest, home / "vectors", None, "benchmark", stored.shape[1])
    index.open()
    memory_only = sorted(_ms(lambda query: index.query(query, 50), queries))
    times: list[float] = []
    done = threading.Event()

    def search() -> None:
        chance = random.Random(1)
        while not done.wait(0.02):
            times.extend(_ms(lambda query: index.query(query, 50), [chance.choice(queries)]))

    searching = threading.Thread(target=search)
    searching.start()
    began = time.perf_counter()
    index.flush(lambda: False)
    flush_s = time.perf_counter() - began
    done.set()
    searching.join()
    index.close()
    began = time.perf_counter()
    index.open()
    open_s = time.perf_counter() - began
    index.close()
    manifest.close()
    times.sort()
    return (
        round(flush_s, 1),
        _percentile(memory_only, 0.5),
        *(_percentile(times, share) for share in (0.5, 0.95, 0.99, 1.0)),
        round(open_s, 2),
    )


def _store(manifest: Manifest, stored: np.ndarray) -> None:
    """As if files of 20 chunks each had been indexed."""
    with manifest.writing():
        for start in range(0, len(stored), 20):
            path, rows = f"{start}.py", stored[start : start + 20]
            ids = [hashlib.blake2b(f"{start + row}".encode(), digest_size=16).hexdigest() for row in range(len(rows))]
            chunks = tuple(
                Chunk(id_, path, None, Kind.FUNCTION, "f", row, row + 1, row, row, id_[:16], "f", "") for row, id_ in enumerate(ids)
            )
            blobs = {id_: vector.astype(np.float16).tobytes() for id_, vector in zip(ids, rows, strict=True)}
            manifest.put(IndexedFile(path, "python", FileStamp(1, 1), "0" * 32, len(ids), (), (), chunks), blobs)


def _ms(search: object, queries: Sequence[np.ndarray] | np.ndarray) -> list[float]:
    times = []
    for query in queries:
        began = time.perf_counter()
        search(query)  # type: ignore[operator]
        times.append((time.perf_counter() - began) * 1000)
    return times


def _percentile(ordered: list[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2)


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


if __name__ == "__main__":
    main()
