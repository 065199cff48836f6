"""What clients wait for while the worker is busy with it: kept with an answer, or broken with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

from recoder_lsp.errors import RecoderError


class NotReady(RecoderError):
    """The index is not open, or no longer."""


def keep(promises: Iterable[Future[Any]], answer: Any) -> None:
    """Give everybody who still waits the same answer."""
    for promise in promises:
        if promise.set_running_or_notify_cancel():
            promise.set_result(answer)


def break_off(promises: Iterable[Future[Any]], error: Exception) -> None:
    """Tell everybody who still waits why there is no answer."""
    for promise in promises:
        if promise.set_running_or_notify_cancel():
            promise.set_exception(error)
