"""How good the passages are that a chat answer rests on, and how long they take: the questions of `search`, asked in chat.

    python -m tests.benchmarks.chat QUERIES.json FOLDER [--home FOLDER]

QUERIES and FOLDER are as for `tests.benchmarks.search`. No model is asked: what is measured is the extractive answer, and what a
model would have been given to read. Every citation is compared with the lines of its file.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from recoder_lsp.config import IndexSettings, Settings
from recoder_lsp.document import Snapshot, split_lines
from recoder_lsp.features.chat import Chat, Question
from recoder_lsp.features.chat_context import ChatContext, Subject
from recoder_lsp.features.prompts import Prompts
from recoder_lsp.index.files.decoding import decoded
from recoder_lsp.index.folder_index import FolderIndex
from recoder_lsp.index.process.wire import IndexState
from tests.benchmarks.search import folder_of
from tests.features.chat_desk import IndexedWorkspace


class Repository(IndexedWorkspace):
    """A workspace of one repository, as it lies on disk."""

    def __init__(self, root: Path, index: FolderIndex) -> None:
        self.small: Any = SimpleNamespace(root=root, index=index)
        self.root, self.state, self.available, self.asked = root, IndexState("idle"), True, []


class NoWriter:
    """What there is without a chat model."""

    def available(self, settings: Settings) -> bool:
        return False

    def name(self, settings: Settings) -> str:
        return ""


def main() -> int:
    """Index, ask, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.chat", description=__doc__.partition("\n")[0])
    parser.add_argument("queries", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--home", type=Path, help="keep the indexes here, to begin faster the next time")
    options = parser.parse_args()
    queries: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for query in json.loads(options.queries.read_text("utf-8")):
        queries[query["repo"]].append(query)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    times: list[float] = []
    with tempfile.TemporaryDirectory() as temporary:
        home = options.home or Path(temporary)
        for repository, asked in queries.items():
            root = folder_of(options.folder, repository).resolve()
            index = FolderIndex.open(root, home / repository.replace("/", "__"), IndexSettings())
            index.reconcile(lambda progress: None, lambda: False)
            index.flush(lambda: False)
            for query in asked:
                for group, counted in asyncio.run(_asked(Repository(root, index), query, times)).items():
                    counts[group].update(counted)
            index.close()
    print("| | questions | shown first | among those shown | among those for a model | citations | as in the file |")
    print("|---|---|---|---|---|---|---|")
    for group, n in counts.items():
        shares = " | ".join(f"{100 * n[name] / n['questions']:.1f} %" for name in ("first", "shown", "read"))
        print(f"| {group} | {n['questions']} | {shares} | {n['citations']} | {n['true']} |")
    print(f"\nAn answer took {statistics.median(times):.1f} ms (median), {statistics.quantiles(times, n=20)[-1]:.1f} ms (95 %).")
    return 0


async def _asked(workspace: Repository, query: dict[str, Any], times: list[float]) -> dict[str, Counter[str]]:
    """What came of one question, for each group that it belongs to."""
    chat = Chat(workspace, NoWriter(), Prompts(Path("/nonexistent")))  # type: ignore[arg-type]
    subject = Subject(query["query"])
    began = time.perf_counter()
    answer = await chat.answer(Question(subject), Settings(), lambda uri: None, lambda text: None)
    times.append((time.perf_counter() - began) * 1000)
    context = ChatContext(workspace)  # type: ignore[arg-type]
    read = await context.about(subject, lambda uri: None, about_code=False)
    relevant = {entry if isinstance(entry, str) else entry["path"] for entry in (*query["relevant"], *query["secondary"])}
    counted = Counter(
        questions=1,
        first=int(bool(answer.citations) and answer.citations[0].path in relevant),
        shown=int(any(citation.path in relevant for citation in answer.citations)),
        read=int(any(passage.path in relevant for passage in read.passages)),
        citations=len(answer.citations),
        true=sum(_stands(citation.uri, citation.start_line, citation.end_line, citation.text) for citation in answer.citations),
    )
    return {group: counted for group in ("all", query["category"])}


def _stands(uri: str, start_line: int, end_line: int, text: str) -> bool:
    """Whether a citation's text is in these lines of its file."""
    outcome = decoded(Path(Snapshot(uri, "", "", None).path).read_bytes())
    lines = split_lines(outcome[0]) if isinstance(outcome, tuple) else []
    return text.replace("\r\n", "\n") in "".join(lines[start_line : end_line + 1]).replace("\r\n", "\n")


if __name__ == "__main__":
    sys.exit(main())
