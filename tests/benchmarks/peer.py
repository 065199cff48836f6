"""Our server beside llama.cpp's own, on one model file and the same keys; and beside itself while a folder is indexed: `make bench-peer`.

    python -m tests.benchmarks.peer [FILE ...] [--lines N] [--keys-per-second N] [--folder FOLDER | --no-indexing]

Both servers run at the same time, with as many threads, and are typed at in turn, line by line: a busy machine is busy for both.
A key waits for the answer to the one before. Needs Linux, and `xllamacpp` (the extra `benchmark`).
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from recoder_lsp.engine.machine import threads_for
from recoder_lsp.engine.models import embedded
from recoder_lsp.errors import RecoderError
from tests.benchmarks.editor import Editor
from tests.benchmarks.llama_server import LlamaServer
from tests.benchmarks.trace import FILES, Answered, Key, keys, percentile

INDEXING = ("scanning", "indexing")
# The index process stands still for 300 ms after each key: with fast keys it would not work at all.
SLOW_KEYS_PER_SECOND = 2.0
AT_REST_S, AT_REST_CPU_S = 3.0, 0.1
HEADER = (
    "| | keys | warm p50 ms | p95 | cold p50 ms | p95 | all p50 ms | p95 | mean | without inference | with ghost text "
    "| tokens read a key | written | CPU s a 1,000 keys |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass
class Costs:
    """What typing came to at one server, an answer for each key."""

    label: str
    keys: list[Key] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    cpu_s: float = math.nan
    """Of the server's processes, from the first key to the last."""

    @property
    def ms(self) -> list[float]:
        return [answer.ms for answer in self.answers]

    def where(self, label: str, chosen: Iterable[bool]) -> Costs:
        """Return those of the keys that are chosen."""
        pairs = [(key, answer) for key, answer, is_chosen in zip(self.keys, self.answers, chosen, strict=True) if is_chosen]
        return Costs(label, [key for key, _ in pairs], [answer for _, answer in pairs])

    def row(self) -> str:
        """Format the row of the table; the first key of each line is cold, the others are warm."""
        cold = self.where("", (key.starts_a_line for key in self.keys))
        warm = self.where("", (not key.starts_a_line for key in self.keys))
        latencies = [percentile(costs.ms, share) for costs in (warm, cold, self) for share in (0.5, 0.95)]
        figures = [(not answer.inferred, answer.shown, answer.evaluated, answer.decoded) for answer in self.answers]
        along, shown, read, written = map(statistics.mean, zip(*figures, strict=True))
        cpu = "" if math.isnan(self.cpu_s) else f"{self.cpu_s / len(self.keys) * 1000:.1f}"
        ms = " | ".join(f"{each:.1f}" for each in (*latencies, statistics.mean(self.ms)))
        return f"| {self.label} | {len(self.keys):,} | {ms} | {along:.0%} | {shown:.0%} | {read:.1f} | {written:.1f} | {cpu} |"


def compare(replayed: Sequence[Key], keys_per_second: float) -> list[Costs]:
    """Type at our server, without a folder; at llama.cpp's `/infill`; and at its `/completion` with the suffix first."""
    with (
        Editor() as editor,
        LlamaServer(embedded(), threads_for(0)) as infill,
        LlamaServer(embedded(), threads_for(0), suffix_first=True) as completion,
    ):
        editor.wait_for_model(replayed[0])
        infill.count_tokens(replayed)
        completion.count_tokens(replayed)
        print(f"tokens a second, reading and writing: recoder-lsp {_speeds(editor)}, llama.cpp {_speeds(infill)}\n\n{HEADER}", flush=True)
        wait_for_rest(editor.process_id)
        pairs: list[tuple[Costs, Typist]] = [
            (Costs("recoder-lsp"), Recoder(editor)),
            (Costs("llama.cpp, `/infill`"), infill),
            (Costs("llama.cpp, suffix first"), completion),
        ]
        for costs, typist in pairs:
            costs.cpu_s = -cpu_s(typist.process_id)
        for line in by_line(replayed):
            for costs, typist in pairs:
                type_line(typist, line, keys_per_second, costs)
        for costs, typist in pairs:
            costs.cpu_s += cpu_s(typist.process_id)
    return [costs for costs, _ in pairs]


def while_indexing(replayed: Sequence[Key], folder: Path) -> tuple[Costs, Costs]:
    """Type slowly at our server for as long as it indexes a folder from nothing, then the same keys with the index at rest.

    The second time it is another process, because the first one remembers what it answered.

    Raises:
        RecoderError: The folder was indexed before a line was typed.
    """
    busy, quiet = Costs("while a folder is indexed"), Costs("the same keys, index at rest")
    with Editor(folder) as editor:
        editor.wait_for_model(replayed[0])
        editor.wait_for_index(lambda index: index["state"] in INDEXING)
        for line in by_line(replayed):
            typed = Costs("")
            type_line(Recoder(editor), line, SLOW_KEYS_PER_SECOND, typed)
            if editor.status()["index"]["state"] not in INDEXING:
                break
            busy.keys += typed.keys
            busy.answers += typed.answers
        editor.wait_for_index(lambda index: index["state"] == "idle")
    if not busy.keys:
        raise RecoderError(f"{folder} was indexed before a line was typed.", "Name a larger one with --folder.")
    with Editor(folder) as editor:
        editor.wait_for_model(replayed[0])
        editor.wait_for_index(lambda index: index["state"] == "idle")
        wait_for_rest(editor.process_id)
        for line in by_line(busy.keys):
            type_line(Recoder(editor), line, SLOW_KEYS_PER_SECOND, quiet)
    return busy, quiet


class Typist(Protocol):
    """A server at which keys are typed."""

    @property
    def process_id(self) -> int: ...
    def type(self, key: Key) -> Answered: ...


class Recoder:
    """Our server in an editor, with what `recoder/status` has counted after each key."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._counted = editor.status()["requests"]

    @property
    def process_id(self) -> int:
        return self._editor.process_id

    def type(self, key: Key) -> Answered:
        """Press a key; what was computed ahead since the key before counts as this one's."""
        ms, shown = self._editor.type(key)
        before, self._counted = self._counted, self._editor.status()["requests"]
        along, evaluated, ahead, decoded = (
            int(self._counted["counts"].get(name, 0) - before["counts"].get(name, 0))
            for name in (
                "ghost_text.typed_along",
                "ghost_text.prompt_tokens_evaluated",
                "ghost_text.tokens_read_ahead",
                "ghost_text.tokens_decoded",
            )
        )
        return Answered(ms, shown, not along, evaluated + ahead, decoded)


def type_line(typist: Typist, line: Sequence[Key], keys_per_second: float, costs: Costs) -> None:
    """Type the keys of a line and write down what they cost; with 0 keys a second, each as soon as the last is answered."""
    interval_s = 1 / keys_per_second if keys_per_second else 0.0
    due = time.monotonic() + interval_s
    for key in line:
        time.sleep(max(0.0, due - time.monotonic()))
        due = time.monotonic() + interval_s
        costs.keys.append(key)
        costs.answers.append(typist.type(key))


def by_line(replayed: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """Yield the keys of each line."""
    starts = [number for number, key in enumerate(replayed) if key.starts_a_line]
    for start, end in zip(starts, [*starts[1:], len(replayed)], strict=True):
        yield replayed[start:end]


def ratios(slow: Costs, fast: Costs) -> str:
    """Say how many times as long one took as the other."""
    median, p95 = (percentile(slow.ms, share) / percentile(fast.ms, share) for share in (0.5, 0.95))
    return f"{median:.2f} at the median, {p95:.2f} at 95 %, {statistics.mean(slow.ms) / statistics.mean(fast.ms):.2f} in the mean"


def wait_for_rest(*process_ids: int) -> None:
    """Return when processes and their children have done nothing for some seconds: what is opened at the start is open."""
    before = -1.0
    while (now := sum(map(cpu_s, process_ids))) - before > AT_REST_CPU_S:
        before = now
        time.sleep(AT_REST_S)


def cpu_s(process_id: int) -> float:
    """Return the seconds that a process, its children and theirs have computed, those that have ended included."""
    children: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # What stands before the last bracket is the name, which may have spaces in it.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(folder.name))
        ticks[int(folder.name)] = sum(int(each) for each in fields[11:15])
    family = [process_id]
    for member in family:
        family += children.get(member, [])
    return sum(ticks.get(member, 0) for member in family) / os.sysconf("SC_CLK_TCK")


def main(arguments: list[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peer", description=__doc__.partition("\n")[0])
    parser.add_argument("files", type=Path, nargs="*", default=FILES, help="files to type lines of")
    parser.add_argument("--lines", type=int, default=4, help="lines to type in each file (default 4); one while indexing")
    parser.add_argument("--keys-per-second", type=float, default=6.0, help="0 is as fast as answers come (default 6)")
    stdlib = Path(sysconfig.get_paths()["stdlib"])
    parser.add_argument("--folder", type=Path, default=stdlib, help="what to index (default: the standard library)")
    parser.add_argument("--no-indexing", action="store_true", help="only compare with llama.cpp's server")
    options = parser.parse_args(arguments)
    files = [file.resolve() for file in options.files]
    replayed = list(keys(files, options.lines))
    speed = f"{options.keys_per_second:g} keys a second" if options.keys_per_second else "each key as soon as the last was answered"
    print(f"{len(replayed)} keys, {speed}, {threads_for(0)} thread(s) for the model", flush=True)
    # A home of its own holds neither the user's settings nor what an earlier run has indexed.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ["RECODER_HOME"] = home
        measured = compare(replayed, options.keys_per_second)
        inferred = [answer.inferred for answer in measured[0].answers]
        came_to = _printed(measured)
        if any(inferred):
            came_to += _printed([costs.where(f"{costs.label}, where ours infers", inferred) for costs in measured])
        if not options.no_indexing:
            busy, quiet = while_indexing(list(keys(files, 1)), options.folder.resolve())
            came_to += _printed([quiet, busy])
    print("\n" + "\n".join(came_to))
    return 0


def _speeds(server: Editor | LlamaServer) -> str:
    return " and ".join(f"{tokens_per_s:,.0f}" for tokens_per_s in server.speeds())


def _printed(measured: Sequence[Costs]) -> list[str]:
    """Print a row for each, and return how the others compare with the first."""
    for costs in measured:
        print(costs.row(), flush=True)
    return [f"{other.label}: as long as {measured[0].label}, times {ratios(other, measured[0])}" for other in measured[1:]]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RecoderError as error:
        sys.exit(str(error))
