"""Tells text that opens brackets without end from code: grammars need gigabytes and minutes for it, and cannot be stopped."""

from __future__ import annotations

import re

# Brackets in strings are unbalanced too, but not by as many. tree-sitter-java takes 0.1 s for 1,000 times "a<", 37 s for 20,000.
_MOST_UNCLOSED = 1000
_TYPE_ARGUMENTS_WITHOUT_END = re.compile(rb"(?:[\w.:]{1,80}\s{0,8}<\s{0,8}){200}")


def is_endless_nesting(data: bytes) -> bool:
    """Whether more brackets are opened than anyone would write."""
    if any(data.count(opening) - data.count(closing) > _MOST_UNCLOSED for opening, closing in ((b"(", b")"), (b"[", b"]"), (b"{", b"}"))):
        return True
    # "<" also compares: there must be many in a row.
    return data.count(b"<") > _MOST_UNCLOSED and _TYPE_ARGUMENTS_WITHOUT_END.search(data) is not None
