"""What is said of settings that are not used, in words for the user."""

import difflib
from collections.abc import Sequence
from typing import Any

from recoder_lsp.language import gettext, ngettext

NAMED_AT_MOST = 8
LONGEST_NUMBER = 400
"""Digits; no setting needs more."""


def no_group(key: str, raw: Any) -> str:
    """A group of settings has the value of a single one."""
    return gettext("{key} must be a group of settings, not {value}.").format(key=key, value=_shown(raw))


def not_for_workspaces(key: str) -> str:
    """A file of the workspace sets what reaches outside of it."""
    message = gettext("{key} is ignored here, because a workspace may not set it. Set it in your editor or in ~/.recoder/config.toml.")
    return message.format(key=key)


def not_accepted(key: str, accepts: str, raw: Any) -> str:
    """The value is none that the setting takes, which `accepts` says, as the end of "must be ..."."""
    return gettext("{key} must be {accepts}, not {value}.").format(key=key, accepts=accepts, value=_shown(raw))


def unknown(names: Sequence[str], known: Sequence[str]) -> str:
    """One message naming the unknown ones, each with what was probably meant."""

    def described(name: str) -> str:
        near = difflib.get_close_matches(name, known, n=1) or difflib.get_close_matches(name.lower(), known, n=1)
        if near:
            return gettext('"{name}" (did you mean "{near}"?)').format(name=_cut(name), near=near[0])
        return f'"{_cut(name)}"'

    # A workspace's file may hold thousands: looking for the nearest name costs time.
    named, n_more = ", ".join(map(described, names[:NAMED_AT_MOST])), len(names) - NAMED_AT_MOST
    if n_more > 0:
        named = ngettext("{names} and {n} more", "{names} and {n} more", n_more).format(names=named, n=n_more)
    return ngettext("Unknown setting {names}.", "Unknown settings {names}.", len(names)).format(names=named)


def _shown(raw: Any) -> str:
    if isinstance(raw, int) and abs(raw) >= 10**LONGEST_NUMBER:
        # Such a number has no decimal text in Python. TOML can say it: 0xffff...
        return gettext("a number this large")
    return _cut("true" if raw is True else "false" if raw is False else repr(raw))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
