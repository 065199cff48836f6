"""Replays typing key by key and prints what each key cost: `make bench`.

Every order in which a prompt can be laid out is measured in the same run, on the same keys, with the same
model file; the last row is the real server over stdio. Times are this machine's at this moment: compare rows.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from recoder_lsp.app import App
from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.fim import Layout
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.inline_completion import InlineCompletion, Request
from tests.benchmarks.editor import Editor
from tests.benchmarks.trace import FILES, Key, keys, percentile


@dataclass
class Costs:
    """What the keys of one replay cost, one entry a key."""

    label: str
    cold_ms: list[float] = field(default_factory=list)
    warm_ms: list[float] = field(default_factory=list)
    evaluated: list[int] = field(default_factory=list)
    decoded: list[int] = field(default_factory=list)
    without_inference: int = 0

    def row(self) -> str:
        """Format the row of the table; the first key of each line is cold, the others are warm."""
        tokens = (
            f"{statistics.median(self.evaluated):9.0f} {statistics.mean(self.evaluated):8.1f}" if self.evaluated else f"{'-':>9} {'-':>8}"
        )
        decoded = f"{statistics.median(self.decoded):8.0f}" if self.decoded else f"{'-':>8}"
        share = f"{self.without_inference / len(self.warm_ms):8.0%}" if self.evaluated else f"{'-':>8}"
        return (
            f"{self.label:26} {len(self.warm_ms):5} {percentile(self.warm_ms, 0.5):8.1f} {percentile(self.warm_ms, 0.95):8.1f} "
            f"{percentile(self.cold_ms, 0.5):9.1f} {tokens} {decoded} {share}"
        )


HEADER = (
    f"{'':26} {'keys':>5} {'p50 ms':>8} {'p95 ms':>8} {'cold p50':>9} {'evaluated':>9} {'mean':>8} {'decoded':>8} {'no work':>8}\n"
    f"{'':26} {'':5} {'(warm keys)':>17} {'ms':>9} {'tokens a key (median, mean)':>18}"
)


async def replay(label: str, replayed: Sequence[Key], settings: Settings, layout: Layout) -> Costs:
    """Type in-process and count the tokens each key cost."""
    app = App.build(settings)
    feature = InlineCompletion(app.scheduler, app.runtime, app.metrics, layout=layout)
    app.runtime.ensure(settings.engine)
    await app.runtime.loaded()
    costs = Costs(label)
    for version, key in enumerate(replayed):
        counts = app.metrics.snapshot()["counts"]
        began = time.perf_counter()
        snapshot = Snapshot(key.file.as_uri(), "python", key.text, version)
        await feature.suggest(Request(snapshot, key.caret), settings)
        ms = (time.perf_counter() - began) * 1000
        now = app.metrics.snapshot()["counts"]
        if key.starts_a_line:
            costs.cold_ms.append(ms)
            continue
        costs.warm_ms.append(ms)
        costs.evaluated.append(_grown(counts, now, "ghost_text.prompt_tokens_evaluated"))
        costs.decoded.append(_grown(counts, now, "ghost_text.tokens_decoded"))
        costs.without_inference += _grown(counts, now, "ghost_text.generated") == 0
    await app.close()
    return costs


def replay_over_stdio(
    replayed: Sequence[Key],
    label: str = "real server over stdio",
    workspace: Path | None = None,
    begin_when: Callable[[dict[str, Any]], bool] = lambda index: True,
) -> Costs:
    """Type at the real server as an editor does: an incremental change, then a request.

    Args:
        replayed: The keys.
        label: Names the row.
        workspace: The folder that is open, if any; it is indexed.
        begin_when: Typing begins once this is true of what `recoder/status` says about the index.
    """
    costs = Costs(label)
    with Editor(workspace) as editor:
        editor.wait_for_model(replayed[0])
        editor.wait_for_index(begin_when)
        for key in replayed:
            ms, _ = editor.type(key)
            (costs.cold_ms if key.starts_a_line else costs.warm_ms).append(ms)
    return costs


def _grown(before: dict[str, int], after: dict[str, int], name: str) -> int:
    return after.get(name, 0) - before.get(name, 0)


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.typing", description="Replay typing and print latencies.")
    parser.add_argument("files", type=Path, nargs="*", default=FILES, help="files to type lines of")
    parser.add_argument("--lines", type=int, default=8, help="lines to type in each file")
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args(arguments)
    replayed = list(keys([file.resolve() for file in options.files], options.lines))
    defaults = Settings()
    settings = replace(defaults, engine=replace(defaults.engine, model=options.model, threads=options.threads))
    print(HEADER)
    for layout in (Layout.SUFFIX_FIRST, Layout.PREFIX_FIRST):
        print(asyncio.run(replay(str(layout), replayed, settings, layout)).row(), flush=True)
    if options.model == "embedded" and not options.threads:
        print(replay_over_stdio(replayed).row())
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RecoderError as error:
        sys.exit(str(error))
