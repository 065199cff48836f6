"""Finds model files on this disk: the embedded one, a path, or a name in the user's model folder."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from recoder_lsp.config import home
from recoder_lsp.errors import RecoderError

EMBEDDED = "embedded"


class ModelNotFound(RecoderError):
    """No file answers to the model that the settings name."""


class ModelUnusable(RecoderError):
    """The file is there but cannot be run: damaged, of another kind, or too large for this machine."""


def embedded() -> Path:
    """Return where the model that ships with the package lies; it is not looked at."""
    return Path(str(resources.files("recoder_lsp"))) / "models" / "recoder-code.gguf"


def resolve(model: str, environ: Mapping[str, str]) -> Path:
    """Return the file that a setting names.

    Args:
        model: "embedded", a path (absolute, relative to the working directory, or starting with ~), or the
            name of a file in the user's model folder, with or without ".gguf". A path that exists wins.

    Raises:
        ModelNotFound: Nothing is there; the message names every place looked at.
    """
    if model in ("", EMBEDDED):
        return _first_existing(EMBEDDED, [embedded()], "Install recoder-lsp again: its embedded model is missing.")
    looked_at = [_without_tilde(model)]
    if Path(model).name == model:
        folder = home(environ) / "models"
        looked_at += [folder / model, folder / f"{model}.gguf"]
    return _first_existing(model, looked_at, 'Set engine.model to the path of a GGUF file, or to "embedded".')


def _first_existing(model: str, candidates: list[Path], hint: str) -> Path:
    for candidate in candidates:
        if candidate.exists():
            return candidate
    places = ", ".join(str(candidate) for candidate in candidates)
    raise ModelNotFound(f"The model {model!r} was not found; looked at {places}.", hint)


def _without_tilde(model: str) -> Path:
    try:
        return Path(model).expanduser()
    except RuntimeError:
        # No home folder is known for this user: let the path be reported as not found.
        return Path(model)
