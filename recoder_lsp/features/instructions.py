"""What a comment in the code asks for: "recoder: return None for an empty list", a TODO, a FIXME."""

from __future__ import annotations

import re

_ASKS = re.compile(
    r"(?<![#/;%*-])(?P<mark>#+|//+|/\*+|--|<!--|;+|%+|\*)\s*(?:recoder|todo|fixme)\b(?![./])(?:\([^)\n]{0,80}\))?\s*[:,-]?\s*(?P<what>\S.*)",
    re.IGNORECASE,
)
_MORE = re.compile(r"\s*(?P<mark>#+|//+|--|;+|%+|\*)(?!/)\s*(?P<what>\S.*)")
_END = re.compile(r"\s*(?:\*/|-->).*$")
_LOOKED_AT = 20_000


def instruction_at(text: str, start: int, end: int) -> str:
    """Return what the first such comment asks for, of those on the lines of `text[start:end]`; "" without any."""
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    found = _ASKS.search(text[line_start : line_end if line_end >= 0 else len(text)][:_LOOKED_AT])
    if found is None:
        return ""
    said = [found["what"]]
    # A comment may go on, on lines with the same mark below.
    for line in text[line_start + found.end() :][:_LOOKED_AT].split("\n")[1:]:
        more = _MORE.match(line)
        if more is None or _END.search(said[-1]) or more["mark"] != found["mark"].replace("/*", "*") or _ASKS.match(line.strip()):
            break
        said.append(more["what"])
    return " ".join(_END.sub("", each).strip() for each in said)
