"""Text as Markdown that shows it and is not changed by it."""

from __future__ import annotations

import re


def fenced(code: str, language: str) -> str:
    """Code between fences that it cannot end by itself."""
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def escaped(text: str) -> str:
    """Text in which nothing is a mark."""
    return re.sub(r"([\\\[\]*_`<>#|~!])", r"\\\1", text)
