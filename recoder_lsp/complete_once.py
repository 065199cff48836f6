"""`recoder-lsp complete`: one suggestion for one place of a file, by the path the server takes, with its timings."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recoder_lsp.app import App
from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.inline_completion import Request, Suggestion

LANGUAGES = {
    **{"py": "python", "pyi": "python", "js": "javascript", "mjs": "javascript", "cjs": "javascript", "jsx": "javascriptreact"},
    **{"ts": "typescript", "mts": "typescript", "cts": "typescript", "tsx": "typescriptreact", "go": "go", "rs": "rust", "java": "java"},
    **{"c": "c", "h": "c", "cc": "cpp", "cpp": "cpp", "hpp": "cpp", "cs": "csharp", "rb": "ruby", "php": "php", "lua": "lua"},
    **{"sh": "shellscript", "bash": "shellscript", "html": "html", "css": "css", "json": "json", "toml": "toml", "yaml": "yaml"},
    **{"yml": "yaml", "md": "markdown", "sql": "sql", "kt": "kotlin", "swift": "swift", "scala": "scala"},
}
"""LSP's language identifiers by file ending, as far as an editor would send them."""


@dataclass(frozen=True)
class Completed:
    """What came back: `insertion` is the text that would appear at the caret, empty when there is no suggestion."""

    snapshot: Snapshot
    suggestion: Suggestion | None
    insertion: str
    load_ms: float
    total_ms: float
    prompt_ms: float | None
    decode_ms: float | None
    tokens_evaluated: int

    def as_json(self) -> dict[str, Any]:
        """Return the text, the range it replaces (line and column from 1, as the command takes them) and what it cost."""
        suggestion = self.suggestion
        return {
            "insertion": self.insertion,
            "text": suggestion.text if suggestion else None,
            "range": {"start": self._place(suggestion.start), "end": self._place(suggestion.end)} if suggestion else None,
            "milliseconds": {"load": self.load_ms, "prompt": self.prompt_ms, "decode": self.decode_ms, "total": self.total_ms},
            "tokens_evaluated": self.tokens_evaluated,
        }

    def _place(self, offset: int) -> dict[str, int]:
        line, character = self.snapshot.position_at(offset, "utf-32")
        return {"line": line + 1, "column": character + 1}


async def complete_at(file: Path, line: int, column: int, settings: Settings) -> Completed:
    """Load the model, then ask for a suggestion before the given column; both count from 1, columns in characters.

    Raises:
        RecoderError: The file cannot be read or has no such place, or the model cannot be loaded.
    """
    snapshot, offset = place_in(file, line, column)

    app = App.build(settings)
    try:
        started = time.perf_counter()
        app.runtime.ensure(settings.engine)
        model = await app.runtime.loaded()
        loaded = time.perf_counter()
        tokens_before = model.evaluated_tokens
        suggestion = await app.inline_completion.suggest(Request(snapshot, offset, invoked=True), settings)
        answered = time.perf_counter()
        latencies = app.metrics.snapshot()["latency_ms"]
        return Completed(
            snapshot=snapshot,
            suggestion=suggestion,
            # No menu has an item selected here, so the suggestion starts at the caret.
            insertion=suggestion.text if suggestion else "",
            load_ms=_milliseconds(loaded - started),
            total_ms=_milliseconds(answered - loaded),
            prompt_ms=latencies.get("ghost_text.prompt", {}).get("sum"),
            decode_ms=latencies.get("ghost_text.decode", {}).get("sum"),
            tokens_evaluated=model.evaluated_tokens - tokens_before,
        )
    finally:
        await app.close()


def place_in(file: Path, line: int, column: int) -> tuple[Snapshot, int]:
    """Return a file as an editor would open it, and the offset of a place in it; both count from 1, columns in characters.

    Raises:
        RecoderError: The file cannot be read or has no such place.
    """
    snapshot = _snapshot(file)
    if line > len(snapshot.lines) or column > len(snapshot.lines[line - 1].rstrip("\r\n")) + 1:
        raise RecoderError(
            f"{file} has no place {line}:{column}.", "Lines and columns count from 1; the last column is just behind the line."
        )
    return snapshot, snapshot.offset_at(line - 1, column - 1, "utf-32")


def _snapshot(file: Path) -> Snapshot:
    try:
        # Bytes, then decoding: reading as text would turn \r\n into \n and shift what is reported.
        text = file.read_bytes().decode("utf-8")
    except OSError as error:
        raise RecoderError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RecoderError(f"{file} is not UTF-8 text.", "Convert it first; the server itself gets text from the editor.") from error
    language = LANGUAGES.get(file.suffix.removeprefix(".").lower(), "plaintext")
    return Snapshot(uri=file.absolute().as_uri(), language=language, text=text, version=None)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
