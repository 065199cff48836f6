"""Who is connected to an index process, and what they together want of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.process.wire import Connection


@dataclass(eq=False)
class Guest:
    """One client, as far as it concerns the process."""

    connection: Connection
    greeted: bool = False
    asks_only: bool = False
    """For its sake the index need not be brought up to date."""
    paused: bool = False
    """Its user wants no work in the background."""
    settings: IndexSettings = field(default_factory=IndexSettings)
    watches: bool = False
    """It wants this process to watch the files, because nobody would tell it of changes."""
    buffers: dict[str, tuple[str, str]] = field(default_factory=dict)
    running: dict[int, asyncio.Task[None]] = field(default_factory=dict)


def decides(guest: Guest, others: Iterable[Guest]) -> bool:
    """Whether the settings of a new guest count, and not those that the process has: nobody else goes by those."""
    if guest.asks_only:
        return not any(True for _ in others)
    return all(other.asks_only for other in others)


def want_work(guests: Iterable[Guest]) -> bool | None:
    """Whether the index is to be brought up to date in the background; None where nobody says."""
    working = [guest for guest in guests if not guest.asks_only]
    return any(not guest.paused for guest in working) if working else None
