"""How fast a folder is indexed, searched and kept fresh, and what that costs a keystroke: `make bench-index`.

    python -m tests.benchmarks.indexing [FOLDER ...] [--typing]

Without folders it is the standard library of the running Python. Everything goes through the real index process; its memory
is what Linux says was its peak. Times are this machine's at this moment.
"""

import argparse
import asyncio
import statistics
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.process.client import FolderClient
from recoder_lsp.index.progress import size_on_disk
from tests.benchmarks import trace, typing

QUESTIONS = (
    *("parse command line arguments", "how are http headers read", "json decoder", "close the event loop", "read a file line by line"),
    *("temporary directory", "encode base64", "ThreadPoolExecutor", "quote a url", "compile a regular expression", "walk a tree"),
    *("send an e-mail", "compare two sequences", "OrderedDict", "lock a mutex", "format a date", "retry on timeout", "write a csv row"),
)
SAVES = 10


@dataclass
class Measured:
    """One folder's figures."""

    name: str
    summary: dict[str, Any]
    read_s: float
    """Until all of it can be found."""
    cold_s: float
    """Until ChromaDB has its vectors too."""
    unchanged_s: float
    question_ms: list[float]
    saved_ms: list[float]
    peak_mb: float
    size_mb: float

    def row(self) -> str:
        """Format the row of the table."""
        n_files, n_lines, n_chunks = (self.summary[name] for name in ("n_files", "n_lines_read", "n_chunks"))
        return (
            f"{self.name:20} {n_files:7,} {n_lines:9,} {n_chunks:8,} {self.read_s:7.1f} {self.cold_s:7.1f} {n_lines / self.cold_s:8,.0f} "
            f"{n_files / self.cold_s:8,.0f} {self.unchanged_s:9.2f} {statistics.median(self.question_ms):8.1f} "
            f"{statistics.median(self.saved_ms):8.0f} {self.peak_mb:7,.0f} {self.size_mb:7.1f}"
        )


HEADER = (
    f"{'':20} {'files':>7} {'lines':>9} {'chunks':>8} {'found s':>7} {'all s':>7} {'lines/s':>8} {'files/s':>8} {'unchanged':>9} "
    f"{'query ms':>8} {'saved ms':>8} {'peak MB':>7} {'MB':>7}"
)


async def measure(folder: Path) -> Measured:
    """Index a copy-free folder cold, open it again unchanged, ask, and save a file in a folder beside it."""
    settings = replace(IndexSettings(), cpu_percent=100)
    with tempfile.TemporaryDirectory() as home:
        began = time.perf_counter()
        async with _Connected(folder, Path(home), settings) as client:
            summary = await client.asked("reconcile")
            read_s = time.perf_counter() - began
            await client.asked("settle")
            cold_s = time.perf_counter() - began
            question_ms = [await _asked_ms(client, question) for question in QUESTIONS]
            peak_mb = _peak_mb(client.process_id)
            process_id = client.process_id
        await _gone(process_id)
        size_mb = size_on_disk(Path(home)) / 1e6
        began = time.perf_counter()
        async with _Connected(folder, Path(home), settings) as client:
            again = await client.asked("reconcile")
            unchanged_s = time.perf_counter() - began
            process_id = client.process_id
        await _gone(process_id)
        assert again["n_changed"] == 0, "something changed while it was measured"
    return Measured(folder.name, summary, read_s, cold_s, unchanged_s, question_ms, await saved_ms(), peak_mb, size_mb)


async def saved_ms() -> list[float]:
    """Milliseconds from saving an ordinary file to finding what is new in it."""
    times = []
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary, "workspace")
        root.mkdir()
        source = Path(__file__).read_text("utf-8")
        file = root / "ordinary.py"
        file.write_text(source)
        async with _Connected(root, Path(temporary, "home"), IndexSettings()) as client:
            await client.asked("reconcile")
            for number in range(SAVES):
                word = f"zebra{'abcdefghij'[number]}stripe"
                file.write_text(f"{source}\n\ndef {word}():\n    return {number}\n")
                began = time.perf_counter()
                client.saved(["ordinary.py"])
                while not any(hit.symbol == word for hit in await client.search(word)):
                    await asyncio.sleep(0.002)
                times.append((time.perf_counter() - began) * 1000)
    return times


def keystrokes(folder: Path) -> list[typing.Costs]:
    """Type at the real server while it indexes the folder, and when it has done so; in this order, from nothing."""
    replayed = list(trace.keys(trace.FILES, 4))
    rows = []
    for label, phases in (("while indexing", ("scanning", "indexing")), ("index idle", ("idle",))):
        rows.append(
            typing.replay_over_stdio(replayed, label, folder, lambda index, phases=phases: index["state"] in phases)  # type: ignore[misc]
        )
    rows.append(typing.replay_over_stdio(replayed, "no folder open"))
    return rows


class _Connected:
    """A connected client, closed at the end."""

    def __init__(self, folder: Path, home: Path, settings: IndexSettings) -> None:
        self._client = FolderClient(folder.resolve(), home, settings, watch=False, asks_only=True)

    async def __aenter__(self) -> FolderClient:
        self._client.start()
        await self._client.until(lambda state: self._client.available)
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()


async def _asked_ms(client: FolderClient, question: str) -> float:
    began = time.perf_counter()
    await client.search(question)
    return (time.perf_counter() - began) * 1000


async def _gone(process_id: int | None) -> None:
    """Wait until the index process has ended, so that the next one has to open everything."""
    while process_id and Path(f"/proc/{process_id}").exists():
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.1)


def _peak_mb(process_id: int | None) -> float:
    if process_id is None or sys.platform != "linux":
        return float("nan")
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def main(arguments: list[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.indexing", description=__doc__.partition("\n")[0])
    parser.add_argument("folders", type=Path, nargs="*", help="what to index; by default the standard library")
    parser.add_argument("--typing", action="store_true", help="type at the server too, while it indexes the first folder")
    options = parser.parse_args(arguments)
    folders = options.folders or [Path(sysconfig.get_paths()["stdlib"])]
    print(HEADER)
    for folder in folders:
        print(asyncio.run(measure(folder)).row(), flush=True)
    if options.typing:
        print("\n" + typing.HEADER)
        for costs in keystrokes(folders[0].resolve()):
            print(costs.row(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
