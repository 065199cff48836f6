#!/usr/bin/env python3
"""Keeps things."""

from __future__ import annotations

import os.path
import json as codec
from collections import OrderedDict, defaultdict as grouping
from . import errors
from ..wire import *

# How many things fit.
MOST_THINGS = 10
TIMEOUT_S: float = 1.5
"""How long to wait."""
cache, backup = {}, None
type Key = str | int

if os.path.exists("/tmp"):
    from .tmp import place

    where = place()
else:
    where = None


class Color(StrEnum):
    """What it looks like."""

    RED = "red"  # like a rose
    BLUE = "blue"


@dataclass(frozen=True)
class Thing(Base[Key], metaclass=Meta):
    """A thing.

    It has a name:
        indented.
    """

    name: str
    size: int = 0

    def __init__(self, name: str) -> None:
        local = 1
        self.name = name
        super().__init__()

    @property
    def label(self) -> Optional[Color]:
        r"""What to show."""
        return codec.dumps(self.name)

    # Comments above a method document it,
    # over two lines.
    @staticmethod
    @register("x", y=lambda: 1)
    async def load(
        path: os.PathLike[str],
        *,
        retries: int = 3,
    ) -> dict[str, Thing]:
        def inner(a):
            return helper(a)

        try:
            return await fetch(path, inner)
        except (TimeoutError, errors.Lost) as lost:
            raise Failure from lost

    class Meta:
        ordering = ["name"]


def after():
    return [Thing(x) for x in map(load, [])]
