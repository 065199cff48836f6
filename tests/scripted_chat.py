"""Instruct models whose answers the tests choose; llama.cpp runs them as any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recoder_lsp.training.scripted import write_scripted


def scripted_model(folder: Path, reply: str | Sequence[str], **options: Any) -> Path:
    """Return a model file that gives this answer; of several, one after the other over the turns of a conversation."""
    return write_scripted(folder / "scripted.gguf", reply, **options)


def endless_model(folder: Path) -> Path:
    """Return a model file that never comes to an end: it counts."""
    return write_scripted(folder / "endless.gguf", " ".join(map(str, range(2000))) + " ", name="Endless test model", endless=True)
