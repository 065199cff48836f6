"""The keys that every benchmark types: some lines of files of this repository, typed again where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from recoder_lsp.training.evaluation.keys import typed_lines, worth_typing

ROOT = Path(__file__).parents[2]
FILES = tuple(ROOT / "recoder_lsp" / name for name in ("config.py", "document.py", "engine/scheduler.py", "server/handlers.py"))
LEAST_CHARACTERS, MOST_CHARACTERS = 16, 90


@dataclass(frozen=True)
class Key:
    """One key: the document just after it, and the caret."""

    file: Path
    text: str
    caret: int
    starts_a_line: bool
    """Nothing of the line was typed yet: the caret has only just come here."""

    @property
    def position(self) -> tuple[int, int]:
        """Line and character of the caret, counted from 0; no character of the files is two in UTF-16."""
        return self.text.count("\n", 0, self.caret), self.caret - (self.text.rfind("\n", 0, self.caret) + 1)


@dataclass(frozen=True)
class Answered:
    """What a key came to at a server."""

    ms: float
    """From the request for ghost text to the answer."""
    shown: bool
    """There was ghost text."""
    inferred: bool
    """The model had to run for the answer."""
    evaluated: int
    """Tokens of prompts that the model read, since the key before."""
    decoded: int
    """Tokens that it wrote."""


def keys(files: Sequence[Path], lines_per_file: int) -> Iterator[Key]:
    """Yield the keys of typing some lines of each file again, spread over it, everything else being there already."""
    for file in files:
        text = file.read_text("utf-8")
        worth = worth_typing(text, LEAST_CHARACTERS, MOST_CHARACTERS)
        for key in typed_lines(text, worth[:: max(1, len(worth) // lines_per_file)][:lines_per_file]):
            yield Key(file, key.text, key.caret, key.is_first)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of them lies, nan without any."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else float("nan")
