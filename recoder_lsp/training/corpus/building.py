"""Makes a corpus: fetches packages, keeps the files worth learning from, and records what became of every package."""

from __future__ import annotations

import gzip
import json
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from recoder_lsp.training.corpus import registries
from recoder_lsp.training.corpus.exclusions import Exclusions
from recoder_lsp.training.corpus.near_duplicates import KnownLines, NearDuplicates
from recoder_lsp.training.corpus.packages import Package, Source, write_manifest
from recoder_lsp.training.corpus.screening import Candidate, Screen

Screened = list[tuple[Package, list[Candidate]]]

# Read ahead of what is written: enough for every process to be busy, little enough to hold in memory.
PACKAGES_AHEAD = 8


def build(
    sources: Iterable[Source],
    work: Path,
    excluded: Path,
    evaluation: Iterable[Path] = (),
    *,
    processes: int | None = None,
) -> Path:
    """Fetch, filter and write `work/corpus.jsonl.gz` and `work/manifest.json`; return the corpus' path.

    The same downloads give the same corpus. A second run goes on with the downloads of the first.

    Args:
        sources: The packages. One that cannot be fetched is recorded as refused, not raised.
        work: Folder for downloads (kept, so that a second run is quick) and results.
        excluded: Repositories whose code must not be learnt, one OWNER/NAME a line.
        evaluation: Files of evaluation items; a source file sharing 13 words in a row with one is dropped.
        processes: How many read packages; 1 does without more processes.
    """
    listed, downloads = list(sources), work / "downloads"
    registries.fetch(listed, downloads)
    reader = _Reader(downloads, excluded, tuple(evaluation))
    _exclusions.cache_clear()
    near_duplicates, known_lines = NearDuplicates(), KnownLines()
    rows: list[Package] = []
    # To its name when it is whole: a build that was cut off leaves the corpus before it.
    partial = work / "corpus.jsonl.gz.partial"
    with gzip.open(partial, "wt", encoding="utf-8", compresslevel=3) as corpus:
        for screened in _in_order(reader, listed, processes or os.cpu_count() or 1):
            for package, candidates in screened:
                for candidate in candidates:
                    if candidate.signature and not near_duplicates.is_new(candidate.signature):
                        package.skip("near-duplicate")
                        continue
                    if not known_lines.is_new(candidate.document.text):
                        package.skip("known lines")
                        continue
                    package.n_files += 1
                    package.size_bytes += candidate.size_bytes
                    corpus.write(json.dumps(candidate.document.__dict__, ensure_ascii=False) + "\n")
                rows.append(package)
                print(f"{package.key} {package.n_files} files, {package.size_bytes / 1e6:.2f} MB {package.refused}", flush=True)
    partial.rename(work / "corpus.jsonl.gz")
    write_manifest(rows, work / "manifest.json")
    return work / "corpus.jsonl.gz"


@dataclass(frozen=True)
class _Reader:
    """Reads and screens one package; sent to another process with every package, so it only says where things are."""

    downloads: Path
    excluded: Path
    evaluation: tuple[Path, ...]

    def screened(self, source: Source) -> Screened:
        exclusions = _exclusions(self.excluded, self.evaluation)
        opened = registries.opened(source, self.downloads, exclusions)
        return [(package, Screen(exclusions).candidates(package, files)) for package, files in opened]


# Once in every process: it takes a second.
@lru_cache(maxsize=1)
def _exclusions(excluded: Path, evaluation: tuple[Path, ...]) -> Exclusions:
    return Exclusions.read(excluded, evaluation)


def _in_order(reader: _Reader, sources: list[Source], processes: int) -> Iterator[Screened]:
    """Screen every package, several at a time, and yield them in the order of the list: the first of two copies is kept."""
    if processes == 1:
        yield from map(reader.screened, sources)
        return
    with ProcessPoolExecutor(processes) as pool:
        ahead: deque[Future[Screened]] = deque()
        for source in sources:
            ahead.append(pool.submit(reader.screened, source))
            if len(ahead) > PACKAGES_AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
