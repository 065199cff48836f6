"""Types at the end of one of Recoder's own files as an editor does, and shows the ghost text that came back for each key."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from recoder_lsp import connect, metrics
from recoder_lsp.demo.process import ServerProcess
from recoder_lsp.doctor import command_here
from recoder_lsp.errors import RecoderError

FILE = Path(metrics.__file__)
ROOT = FILE.parents[1]
TYPED = (
    "def average_ms(latencies: list[float]) -> float:",
    '    """Return the mean."""',
    "    if not latencies:",
    "        return 0.0",
    "    return sum(latencies) / len(latencies)",
)
N_KEYS = sum(len(line.lstrip()) for line in TYPED)
BETWEEN_KEYS_S = 0.04
LOADING_BUDGET_S = 15.0
# On a machine too slow or too busy for all of it, the demo shows what it got until then.
TYPING_BUDGET_S = 35.0
CARET = "\N{BLACK VERTICAL RECTANGLE}"
LINE_BREAK = "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}"


@dataclass(frozen=True)
class Key:
    """One key: the line up to the caret, what will be typed behind it, the ghost text ("" for none), the latency."""

    line: str
    rest: str
    ghost: str
    latency_ms: float


def main() -> int:
    """Run the demo; 1 if the server or its model did not start."""
    console = Console(highlight=False, soft_wrap=True, safe_box=True)
    try:
        with ServerProcess() as server:
            buffer = Buffer(server, FILE)
            _introduce(server, buffer, console)
            keys = []
            for key in _type(buffer):
                console.print(_row(key, console.width))
                keys.append(key)
        console.print(_summary(keys))
        _show_editors(console)
        return 0
    except RecoderError as error:
        console.print(Text(str(error), style="red"))
        return 1


class Buffer:
    """A file that is open in the server, and a caret at its end. The file on the disk stays as it is."""

    def __init__(self, server: ServerProcess, file: Path) -> None:
        self._server = server
        self._uri = file.as_uri()
        self._text = file.read_text(encoding="utf-8")
        self._version = 0

    @property
    def line(self) -> str:
        """The caret's line, up to the caret."""
        return self._text.rpartition("\n")[2]

    def open(self) -> None:
        document = {"uri": self._uri, "languageId": "python", "version": self._version, "text": self._text}
        self._server.tell("textDocument/didOpen", {"textDocument": document})

    def insert(self, text: str) -> None:
        self._version += 1
        change = {"range": {"start": self._caret(), "end": self._caret()}, "text": text}
        self._text += text
        self._server.tell(
            "textDocument/didChange", {"textDocument": {"uri": self._uri, "version": self._version}, "contentChanges": [change]}
        )

    def ghost_text(self) -> str:
        """Ask for ghost text at the caret; "" when there is none."""
        context = {"triggerKind": 2}
        params = {"textDocument": {"uri": self._uri}, "position": self._caret(), "context": context}
        answer = self._server.ask("textDocument/inlineCompletion", params)
        items = answer["items"] if isinstance(answer, dict) else answer
        if not items:
            return ""
        start = items[0]["range"]["start"]["character"] if items[0].get("range") else len(self.line)
        inserted: str = items[0]["insertText"]
        return inserted.removeprefix(self.line[start:])

    def _caret(self) -> dict[str, int]:
        return {"line": self._text.count("\n"), "character": len(self.line)}


def _introduce(server: ServerProcess, buffer: Buffer, console: Console) -> None:
    """Begin the session as an editor does, and wait until the model is there."""
    started = time.perf_counter()
    capabilities: dict[str, Any] = {"textDocument": {"inlineCompletion": {}}}
    folders = [{"uri": ROOT.as_uri(), "name": ROOT.name}]
    answer = server.ask(
        "initialize", {"processId": os.getpid(), "rootUri": ROOT.as_uri(), "workspaceFolders": folders, "capabilities": capabilities}
    )
    initialized_s = time.perf_counter() - started
    server.tell("initialized", {})
    buffer.open()
    buffer.insert("\n\n")
    buffer.ghost_text()
    while (engine := server.ask("recoder/status", None)["engine"])["state"] != "ready":
        if engine["state"] == "failed" or time.perf_counter() - started > LOADING_BUDGET_S:
            raise RecoderError(engine.get("error", f"The model could not be loaded in {LOADING_BUDGET_S:.0f} s."))
        time.sleep(0.02)
    ready_s = time.perf_counter() - started
    introduction = (
        f" answered initialize after {initialized_s:.2f} s; its model {engine['model']} was ready after {ready_s:.2f} s.\n"
        f"Typing at the end of {FILE.relative_to(ROOT)}: each row is one key, with its latency. "
        f"{CARET} is the caret, and what stands behind it is ghost text.\n"
    )
    console.print(Text.assemble((f"recoder-lsp {answer['serverInfo']['version']}", "bold"), introduction))


def _type(buffer: Buffer) -> Iterator[Key]:
    """Type key by key, and yield each key with its answer; stops when the time is over."""
    until = time.perf_counter() + TYPING_BUDGET_S
    for line in TYPED:
        # An editor indents by itself: typing starts behind the indentation.
        typed = len(line) - len(line.lstrip())
        buffer.insert(line[:typed])
        while typed < len(line):
            started = time.perf_counter()
            buffer.insert(line[typed])
            typed += 1
            ghost = buffer.ghost_text()
            yield Key(line[:typed], line[typed:], ghost, (time.perf_counter() - started) * 1000)
            if time.perf_counter() > until:
                return
            time.sleep(BETWEEN_KEYS_S)
        buffer.insert("\n")


def _row(key: Key, width: int) -> Text:
    row = Text.assemble(
        (f"{key.latency_ms:7.1f} ms  ", "cyan"), key.line, (CARET, "bold"), (key.ghost.replace("\n", LINE_BREAK), "italic bright_black")
    )
    row.truncate(width, overflow="ellipsis")
    return row


def _summary(keys: Sequence[Key]) -> Text:
    """Numbers of this run, whatever they are."""
    latencies = sorted(key.latency_ms for key in keys)
    with_ghost = [key for key in keys if key.ghost]
    inside = [key for key in with_ghost if key.rest]
    first_lines = [(key, key.ghost.split("\n")[0]) for key in inside]
    right = sum(bool(first_line) and key.rest.startswith(first_line) for key, first_line in first_lines)
    p50, p95 = (latencies[min(int(share * len(latencies)), len(latencies) - 1)] for share in (0.5, 0.95))
    cut = f"Typing was stopped after {TYPING_BUDGET_S:.0f} s. " if len(keys) < N_KEYS else ""
    return Text(
        f"\n{cut}{len(keys)} keys: p50 {p50:.1f} ms, p95 {p95:.1f} ms, slowest {latencies[-1]:.1f} ms, measured in this run.\n"
        f"{len(with_ghost)} of them ({len(with_ghost) / len(keys):.0%}) had a suggestion; "
        f"of the {len(inside)} made inside a line, {right} were what was typed next.\n"
    )


def _show_editors(console: Console) -> None:
    command = command_here()
    console.print(Text("Connect your editor", style="bold"))
    for editor in connect.EDITORS:
        console.print(Text.assemble("\n", (editor.name, "bold"), f", {editor.place}. {editor.note}\n"))
        console.print(Text(editor.settings_for(command)), style="green")


if __name__ == "__main__":
    sys.exit(main())
