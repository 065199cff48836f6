"""Lists the model files on this disk that can be named in the settings, with what their heads say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recoder_lsp.config import home
from recoder_lsp.engine.chat_template import TEMPLATE_KEY
from recoder_lsp.engine.gguf_header import Header, read_header
from recoder_lsp.engine.models import EMBEDDED, ModelUnusable, embedded

# Reading the head of one takes up to 0.1 s.
MOST_FILES = 64


@dataclass(frozen=True)
class ModelFile:
    """A model file; `problem` says why it cannot be run, "" where nothing is known against it."""

    setting: str
    """What `engine.model` or `models.chat` would have to say."""
    path: Path
    size_bytes: int = 0
    name: str = ""
    context_tokens: int = 0
    """What it was trained for."""
    is_instruct: bool = False
    """Whether it says how it wants to be spoken to: then it can chat."""
    problem: str = ""


def model_files(environ: Mapping[str, str]) -> list[ModelFile]:
    """Return the embedded model and those of the user's model folder, by name. Reads files, so it is not for the event loop."""
    folder = home(environ) / "models"
    try:
        own = sorted(path for path in folder.iterdir() if path.suffix == ".gguf")[:MOST_FILES]
    except OSError:
        own = []
    return [_model_file(EMBEDDED, embedded()), *(_model_file(path.stem, path) for path in own)]


def _model_file(setting: str, path: Path) -> ModelFile:
    try:
        header = read_header(path)
    except ModelUnusable as error:
        return ModelFile(setting, path, problem=error.message)
    return ModelFile(
        setting,
        path,
        header.size_bytes,
        _name(header, path),
        header.hyperparameter("context_length"),
        is_instruct=TEMPLATE_KEY in header.metadata,
    )


def _name(header: Header, path: Path) -> str:
    return header.metadata.get("general.name") or path.stem
