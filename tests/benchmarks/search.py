"""How good search is: NDCG@10 on questions about repositories, with each signal switched off in turn.

    python -m tests.benchmarks.search QUERIES.json FOLDER

QUERIES is a list of {"repo": "owner/name", "query", "category", "relevant": [...], "secondary": [...]}; FOLDER holds one folder
OWNER__NAME@... for each repository. Gains are binary, secondary files count like relevant ones, and a file's rank is that of
its first chunk. The repositories are indexed into a temporary folder first.
"""

import argparse
import json
import math
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.folder_index import FolderIndex

VARIANTS = {
    "all signals": (),
    "without words": ("words",),
    "without meaning": ("meaning",),
    "without path": ("path",),
    "without names": ("names",),
    "without sums over files": ("files",),
    "without tests lower": ("aside",),
    "words alone": ("meaning", "path", "names", "files", "aside"),
    "meaning alone": ("words", "path", "names", "files", "aside"),
}


def main() -> int:
    """Index, ask, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.search", description=__doc__.partition("\n")[0])
    parser.add_argument("queries", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--embedder", default="embedded")
    parser.add_argument("--limit", type=int, default=20, help="how many hits to ask for")
    parser.add_argument("--home", type=Path, help="keep the indexes here, to begin faster the next time")
    parser.add_argument("--only", help="one variant alone")
    options = parser.parse_args()
    queries: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for query in json.loads(options.queries.read_text("utf-8")):
        queries[query["repo"]].append(query)
    scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    times: list[float] = []
    with tempfile.TemporaryDirectory() as temporary:
        home = options.home or Path(temporary)
        for repository, asked in queries.items():
            index = FolderIndex.open(
                folder_of(options.folder, repository), home / repository.replace("/", "__"), IndexSettings(embedder=options.embedder)
            )
            index.reconcile(lambda progress: None, lambda: False)
            index.flush(lambda: False)
            for name, without in VARIANTS.items():
                if options.only and name != options.only:
                    continue
                for query in asked:
                    began = time.perf_counter()
                    answer = index.answer("search", {"text": query["query"], "limit": options.limit, "without": without})
                    if not without:
                        times.append((time.perf_counter() - began) * 1000)
                    score = ndcg([hit.path for hit in answer["hits"]], query)
                    for group in ("all", query["category"], query["language"]):
                        scores[name][group].append(score)
            index.close()
    groups = ["all", *sorted({query["category"] for asked in queries.values() for query in asked})]
    print("| | " + " | ".join(groups) + " |\n|---|" + "---|" * len(groups))
    for name, by_group in scores.items():
        print(f"| {name} | " + " | ".join(f"{statistics.mean(by_group[group]):.3f}" for group in groups) + " |")
    languages = {group: values for group, values in next(iter(scores.values())).items() if group not in groups}
    print("\n" + ", ".join(f"{language} {statistics.mean(values):.3f}" for language, values in sorted(languages.items())))
    if times:
        print(f"\nA query took {statistics.median(times):.1f} ms (median), {statistics.quantiles(times, n=20)[-1]:.1f} ms (95 %).")
    return 0


def ndcg(paths: list[str], query: dict[str, Any], at: int = 10) -> float:
    """Normalised discounted cumulative gain of the files in the order of their first hits."""
    relevant = {entry if isinstance(entry, str) else entry["path"] for entry in (*query["relevant"], *query["secondary"])}
    ranking = list(dict.fromkeys(paths))[:at]
    gained = sum(1 / math.log2(rank + 2) for rank, path in enumerate(ranking) if path in relevant)
    return gained / sum(1 / math.log2(rank + 2) for rank in range(min(at, len(relevant))))


def folder_of(folder: Path, repository: str) -> Path:
    owner, name = repository.split("/")
    found = next(folder.glob(f"{owner}__{name}@*"))
    return found / name if (found / name).is_dir() else found


if __name__ == "__main__":
    sys.exit(main())
