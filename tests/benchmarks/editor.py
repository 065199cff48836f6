"""An editor at the real server: types keys over stdio and takes the time until ghost text is answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recoder_lsp.demo.process import ServerProcess
from tests.benchmarks.trace import Key


class Editor:
    """Types as an editor does, an incremental change and then a request; entering and leaving bounds the server's life."""

    def __init__(self, workspace: Path | None = None) -> None:
        """Prepare; the server starts on entering.

        Args:
            workspace: The folder that is open, if any; it is indexed.
        """
        self._workspace = workspace
        self._server = ServerProcess()
        self._opened: set[Path] = set()
        self._last: Key | None = None
        self._version = 1

    def __enter__(self) -> Editor:
        self._server.__enter__()
        root = self._workspace.as_uri() if self._workspace else None
        self._server.ask("initialize", {"processId": None, "rootUri": root, "capabilities": {"textDocument": {"inlineCompletion": {}}}})
        self._server.tell("initialized", {})
        return self

    def __exit__(self, *error: object) -> None:
        self._server.__exit__(*error)

    @property
    def process_id(self) -> int:
        return self._server.process_id

    def status(self) -> dict[str, Any]:
        """What `recoder/status` says."""
        status: dict[str, Any] = self._server.ask("recoder/status", None)
        return status

    def speeds(self) -> tuple[float, float]:
        """How many tokens a second its model reads and writes, measured when it was loaded."""
        engine = self.status()["engine"]
        return engine["prefill_tokens_per_s"], engine["decode_tokens_per_s"]

    def wait_for_model(self, key: Key) -> None:
        """Ask for ghost text at this key until the model is loaded."""
        self._open(key)
        while self.status()["engine"]["state"] != "ready":
            self._ask(key)
            time.sleep(0.05)

    def wait_for_index(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until this is true of what `recoder/status` says about the index."""
        while not wanted(self.status()["index"]):
            time.sleep(0.05)

    def type(self, key: Key) -> tuple[float, bool]:
        """Press a key: return the milliseconds from the request to its answer, and whether there was ghost text."""
        self._open(key)
        self._change(key)
        began = time.perf_counter()
        answer = self._ask(key)
        return (time.perf_counter() - began) * 1000, bool(answer and answer["items"])

    def _open(self, key: Key) -> None:
        if key.file not in self._opened:
            self._opened.add(key.file)
            document = {"uri": key.file.as_uri(), "languageId": "python", "version": self._version, "text": key.text}
            self._server.tell("textDocument/didOpen", {"textDocument": document})

    def _change(self, key: Key) -> None:
        """Send the typed character as an incremental change; at the start of a line the whole text."""
        last, self._last = self._last, key
        self._version += 1
        if last is None or key.starts_a_line or len(key.text) != len(last.text) + 1:
            changes: list[object] = [{"text": key.text}]
        else:
            line, character = key.position
            at = {"line": line, "character": character - 1}
            changes = [{"range": {"start": at, "end": at}, "text": key.text[key.caret - 1]}]
        document = {"uri": key.file.as_uri(), "version": self._version}
        self._server.tell("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def _ask(self, key: Key) -> Any:
        line, character = key.position
        position = {"line": line, "character": character}
        params = {"textDocument": {"uri": key.file.as_uri()}, "position": position, "context": {"triggerKind": 2}}
        return self._server.ask("textDocument/inlineCompletion", params)
