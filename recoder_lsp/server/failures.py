"""Log lines about bugs, without the user's text, which exception messages often carry."""

import logging
import traceback


def log_bug(log: logging.Logger, what: str, error: BaseException) -> None:
    """Log what went wrong as the error's type and place; the whole traceback only at DEBUG."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
    log.error("%s: %s at %s", what, type(error).__name__, place)
    log.debug("The whole of it:", exc_info=error)
