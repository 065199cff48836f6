"""How fast everything answers that needs no model, with a workspace of 10,000 chunks: `make bench-reflex`.

    python -m tests.benchmarks.reflex [FOLDER] [--files N] [--places N] [--keep FOLDER]

Without a folder it is the standard library of the running Python without its tests, the first N files of it. They are copied, indexed and
asked about over stdio by the real server with the embedded model, as editors ask. Every place is looked at once: nothing is remembered
from an earlier look. Times are this machine's at this moment.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import sys
import sysconfig
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recoder_lsp.demo.process import ServerProcess
from tests.benchmarks.indexing import QUESTIONS
from tests.benchmarks.trace import percentile

FILES, PLACES, DOCUMENTS = 410, 120, 40
# Until the model is loaded, and all has been done about forty documents that are opened at once: nobody opens so many. The index is
# "idle" before that: phrases and ChromaDB come after it.
AT_REST_S = 20.0
LEFT_OUT = {"test", "tests", "idlelib", "lib2to3", "site-packages", "idle_test"}
NAVIGATION = ("definition", "references", "signature_help", "code_lens", "folding", "selection")
CAPABILITIES = {
    "textDocument": {
        "hover": {"contentFormat": ["markdown"]},
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source"]}},
            "resolveSupport": {"properties": ["edit"]},
            "disabledSupport": True,
            "dataSupport": True,
        },
    },
    "workspace": {"workspaceEdit": {"documentChanges": True}},
}
LEAST_LINES = 100
_CALLED = re.compile(r"(?<!def )(?<!class )\b([A-Za-z_]\w{2,})\(")
_DEFINED = re.compile(r"\b(?:def|class) ([A-Za-z_]\w{2,})")


@dataclass(frozen=True)
class Place:
    """A name that is called or defined, in a file of the workspace."""

    uri: str
    name: str
    line: int
    character: int

    def position(self, beyond: int = 0) -> dict[str, int]:
        return {"line": self.line, "character": self.character + beyond}


class Asking:
    """Asks a server, and takes the time of each kind of question."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self.ms: dict[str, list[float]] = defaultdict(list)
        self.n_empty: dict[str, int] = defaultdict(int)

    def ask(self, label: str, method: str, params: Any) -> Any:
        began = time.perf_counter()
        answer = self._server.ask(method, params)
        self.ms[label].append((time.perf_counter() - began) * 1000)
        self.n_empty[label] += not answer
        return answer

    def rows(self) -> Iterator[str]:
        """The lines of the table."""
        yield f"{'':24} {'asked':>6} {'empty':>6} {'p50 ms':>8} {'p95 ms':>8} {'most':>8}"
        for label, ms in self.ms.items():
            numbers = f"{statistics.median(ms):8.1f} {percentile(ms, 0.95):8.1f} {max(ms):8.1f}"
            yield f"{label:24} {len(ms):6} {self.n_empty[label]:6} {numbers}"


def places_in(uri: str, text: str, n_places: int) -> list[Place]:
    """Names from all over a text, as many that are defined there as that are called."""
    chosen: list[Place] = []
    for names in (_CALLED, _DEFINED):
        lines = [(line, names.search(content)) for line, content in enumerate(text.split("\n")) if content.isascii()]
        found = [Place(uri, name[1], line, name.start(1)) for line, name in lines if name]
        n_wanted = max(n_places // 2, 1)
        chosen += found[:: max(len(found) // n_wanted, 1)][:n_wanted]
    return chosen


def ask_everything(asking: Asking, documents: dict[str, str], n_places: int) -> None:
    """Ask each kind of question about places of the documents, one after the other."""
    places = [place for uri, text in documents.items() for place in places_in(uri, text, max(n_places // len(documents), 1))]
    for uri in documents:
        document = {"textDocument": {"uri": uri}}
        for label in ("documentSymbol", "codeLens", "foldingRange"):
            asking.ask(label, f"textDocument/{label}", document)
    for place in places:
        at = {"textDocument": {"uri": place.uri}, "position": place.position()}
        caret = {"start": place.position(), "end": place.position()}
        asking.ask("hover", "textDocument/hover", at)
        asking.ask("definition", "textDocument/definition", at)
        asking.ask("references", "textDocument/references", at | {"context": {"includeDeclaration": True}})
        inside = at | {"position": place.position(len(place.name) + 1), "context": {"triggerKind": 1, "isRetrigger": False}}
        asking.ask("signatureHelp", "textDocument/signatureHelp", inside)
        asking.ask("selectionRange", "textDocument/selectionRange", {"textDocument": at["textDocument"], "positions": [at["position"]]})
        context = {"diagnostics": [], "triggerKind": 2}
        asking.ask("codeAction, caret moved", "textDocument/codeAction", at | {"range": caret, "context": context})
        selected = {"start": place.position(), "end": place.position(len(place.name))}
        asking.ask("codeAction, invoked", "textDocument/codeAction", at | {"range": selected, "context": context | {"triggerKind": 1}})
        asking.ask("workspace/symbol", "workspace/symbol", {"query": place.name[:6]})
    for question in QUESTIONS:
        arguments = [{"message": question}]
        asking.ask("chat, extractive", "workspace/executeCommand", {"command": "recoder.chat", "arguments": arguments})


def main(arguments: list[str] | None = None) -> int:
    """Index, ask, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reflex", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path(sysconfig.get_paths()["stdlib"]))
    parser.add_argument("--files", type=int, default=FILES, help="how many files to copy from the folder")
    parser.add_argument("--places", type=int, default=PLACES, help="how many places to ask about")
    parser.add_argument("--keep", type=Path, help="keep the copies and the index here, to begin faster the next time")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        kept = (options.keep or Path(temporary)).resolve()
        workspace = kept / "workspace"
        copied = _copied(options.folder, workspace, options.files)
        os.environ["RECODER_HOME"] = str(kept / "home")
        with ServerProcess() as server:
            settings = {
                "index": {"enabled": True, "cpu_percent": 100},
                "completion": {"menu": "never"},
                "navigation": dict.fromkeys(NAVIGATION, True),
            }
            root = {"processId": None, "rootUri": workspace.as_uri(), "capabilities": CAPABILITIES, "initializationOptions": settings}
            server.ask("initialize", root)
            server.tell("initialized", {})
            _wait_for_index(server)
            documents = _documents(copied)
            for uri, text in documents.items():
                opened = {"uri": uri, "languageId": "python", "version": 1, "text": text}
                server.tell("textDocument/didOpen", {"textDocument": opened})
            time.sleep(AT_REST_S)
            index = _wait_for_index(server)
            asking = Asking(server)
            ask_everything(asking, documents, options.places)
            print(f"{index['files']:,} files, {index['chunks']:,} chunks; {len(documents)} open documents, of {_sizes(documents)} lines")
            print("\n".join(asking.rows()))
    return 0


def _wait_for_index(server: ServerProcess) -> dict[str, Any]:
    """Return what is said about the index once it has nothing to do any more."""
    while True:
        index: dict[str, Any] = server.ask("recoder/status", None)["index"]
        if index["state"] == "idle" and index["chunks"]:
            return index
        time.sleep(0.2)


def _copied(folder: Path, to: Path, n_files: int) -> list[Path]:
    files = [file for file in sorted(folder.rglob("*.py")) if not LEFT_OUT & set(file.relative_to(folder).parts)]
    copies = []
    for file in files[:n_files]:
        copy = to / file.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
        copies.append(copy)
    return copies


def _documents(files: list[Path]) -> dict[str, str]:
    """Texts of all sizes, by their URIs, but for the smallest."""
    texts = {file.as_uri(): file.read_text("utf-8", "replace") for file in files}
    by_size = sorted((uri for uri in texts if texts[uri].count("\n") >= LEAST_LINES), key=lambda uri: len(texts[uri]))
    return {uri: texts[uri] for uri in by_size[:: max(len(by_size) // DOCUMENTS, 1)][:DOCUMENTS]}


def _sizes(documents: dict[str, str]) -> str:
    sizes = sorted(text.count("\n") for text in documents.values())
    return f"{sizes[0]:,} to {sizes[-1]:,}"


if __name__ == "__main__":
    sys.exit(main())
