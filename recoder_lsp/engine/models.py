"""Finds model files on this disk: the embedded one, a path, or a name in the user's model folder."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from recoder_lsp.config import home
from recoder_lsp.errors import RecoderError
from recoder_lsp.language import gettext

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
        model: "embedded", a path (with a separator in it, or starting with ~), or the name of a file in the user's
            model folder, with or without ".gguf". A name is looked for there only: the working directory is often the
            workspace, whose files come from strangers.

    Raises:
        ModelNotFound: Nothing is there; the message names every place looked at.
    """
    if model in ("", EMBEDDED):
        return _first_existing(EMBEDDED, [embedded()], gettext("Install recoder-lsp again: its embedded model is missing."))
    if _is_path(model):
        looked_at = [_without_tilde(model)]
    else:
        folder = home(environ) / "models"
        looked_at = [folder / model, folder / f"{model}.gguf"]
    return _first_existing(model, looked_at, gettext('Set engine.model to the path of a GGUF file, or to "embedded".'))


def _first_existing(model: str, candidates: list[Path], hint: str) -> Path:
    for candidate in candidates:
        if _is_file(candidate):
            return candidate
    places = ", ".join(str(candidate) for candidate in candidates)
    raise ModelNotFound(gettext("The model {model} was not found; looked at {places}.").format(model=repr(model), places=places), hint)


def _is_path(model: str) -> bool:
    """Whether this says where a file is, rather than its name only."""
    return model.startswith("~") or Path(model).name != model


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # A name that is too long, or a folder that may not be entered.
        return False


def _without_tilde(model: str) -> Path:
    try:
        return Path(model).expanduser()
    except RuntimeError:
        # No home folder is known for this user: let the path be reported as not found.
        return Path(model)
