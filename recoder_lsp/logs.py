"""Where log lines go (stderr or a file), and a stdout that carries protocol frames only."""

import contextlib
import logging
import os
import sys
import traceback
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import BinaryIO

from recoder_lsp.redaction import redact

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
FILE_BYTES = 2_000_000
OLD_FILES = 2

# At INFO these write whole messages, which means the user's source code.
TALKATIVE = ("pygls", "lsprotocol")


def configure(level: str, file: Path | None) -> None:
    """Send log lines to `file` (rotating, readable by the user alone), else to stderr; never to stdout.

    `level` ("error", "warning", "info" or "debug") counts for Recoder's own lines; libraries stay at WARNING or above.
    May be called again: the new choice replaces the old one. A file that cannot be opened is reported on stderr.
    """
    # A broken stderr must not make logging write about it to the same stderr.
    logging.raiseExceptions = False
    own_level = logging.getLevelName(level.upper())
    library_level = max(logging.WARNING, own_level)

    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _StderrHandler | _PrivateFileHandler)]:
        root.removeHandler(old)
        old.close()
    handler, problem = _open(file)
    handler.setFormatter(_RedactingFormatter(FORMAT))
    root.addHandler(handler)
    root.setLevel(library_level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(library_level)
    logging.getLogger("recoder_lsp").setLevel(own_level)
    if problem is not None:
        logging.getLogger(__name__).warning("The log file cannot be opened (%s); logging to stderr.", problem.strerror)


def log_bug(log: logging.Logger, what: str, error: BaseException) -> None:
    """Log what went wrong as the error's type and place, without its message, which often carries the user's text.

    The whole traceback appears at DEBUG only.
    """
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
    log.error("%s: %s at %s", what, type(error).__name__, place)
    log.debug("The whole of it:", exc_info=error)


def guard_stdout() -> BinaryIO:
    """Return the real stdout for protocol frames, and point file descriptor 1 at stderr for everybody else.

    Whatever a library prints afterwards, from Python or from C, can then not break the frames. Call it once,
    before anything else writes.
    """
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    _ensure_stderr()
    frames_fd = os.dup(1)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(frames_fd, os.O_BINARY)
    return os.fdopen(frames_fd, "wb")


def _ensure_stderr() -> None:
    """Open descriptor 2 if this process was started without: the next file opened would become stderr."""
    try:
        os.fstat(2)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        if nowhere != 2:
            os.dup2(nowhere, 2)
            os.close(nowhere)


def _open(file: Path | None) -> tuple[logging.Handler, OSError | None]:
    if file is None:
        return _StderrHandler(), None
    try:
        path = file.expanduser()
        path.parent.mkdir(parents=True, exist_ok=True)
        return _PrivateFileHandler(path, maxBytes=FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8"), None
    except OSError as error:
        return _StderrHandler(), error


class _RedactingFormatter(logging.Formatter):
    """Takes secrets out of whole lines: at DEBUG tracebacks carry what users wrote, and libraries log what they like."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class _StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to stderr; a class of its own so that configure() finds it again."""


class _PrivateFileHandler(RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")
