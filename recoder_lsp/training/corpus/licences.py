"""Says which licences are permissive: as packages declare them, and as Debian's `debian/copyright` lists them file by file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import translate

_PERMISSIVE = re.compile(
    r"\b(mit|mit-0|bsd|[023]-clause|apache|isc|psf|python software foundation|zlib|unlicense|0bsd|cc0|public domain"
    r"|boost|bsl-1\.0|hpnd|zpl|blueoak|wtfpl)\b",
    re.IGNORECASE,
)
# "gnu" and "mozilla" also refuse dual licences: cheaper than reading which file has which.
_NOT_PERMISSIVE = re.compile(
    r"gpl|gnu|mozilla|mpl|cddl|eclipse|epl-|eupl|proprietary|commercial|see license|unlicensed|busl|business source|elastic|sspl"
    r"|cc-by|commons.clause|\bosl|artistic|cecill(?!-b)|\bnc\b|non-?free|share-?alike|polyform",
    re.IGNORECASE,
)
# The short names that Debian's packages use; what is not among them is read as not permissive.
_PERMISSIVE_SHORT_NAME = re.compile(
    r"(expat|mit|x11|bsd|[0-4]-?clause|apache|asl-?2|isc|zlib|libpng|public[- ]domain|pd$|cc0|unlicense|boost|bsl-1|psf|python"
    r"|postgresql|ncsa|uiuc|0bsd|wtfpl|hpnd|openssl|curl|ntp|ftl|ijg|openldap|sgi-b|unicode|beerware|blueoak|go$)",
    re.IGNORECASE,
)


def is_permissive(licence: str) -> bool:
    """Say whether a declared licence is one that asks for no more than its notice."""
    return bool(_PERMISSIVE.search(licence)) and not _NOT_PERMISSIVE.search(licence)


def is_permissive_short_name(licence: str) -> bool:
    """Say whether a licence as `debian/copyright` names it can be taken as a permissive one.

    "GPL-2 or MIT" can. "A or B and C" is read as "(A or B) and C", which never accepts what the real reading refuses.
    """
    joined = re.sub(r",\s*(and|or)\b", r" \1", licence)
    demands = [demand for demand in re.split(r"\s+and\s+|[,;&]", joined, flags=re.IGNORECASE) if demand.strip()]
    return bool(demands) and all(any(map(_is_permissive_choice, _choices(demand))) for demand in demands)


@dataclass(frozen=True)
class Copyright:
    """A machine-readable `debian/copyright`: where the source comes from, and the licence of each file."""

    source: str
    _stanzas: tuple[tuple[re.Pattern[str], str], ...]

    @classmethod
    def read(cls, text: str) -> Copyright | None:
        """Read the file, or return None for one that is meant for people only.

        Source: the copyright format 1.0 of the Debian Policy, which calls itself DEP-5.
        """
        header, *others = list(_paragraphs(text)) or [{}]
        if "format" not in header:
            return None
        stanzas = [
            (
                re.compile("|".join(translate(pattern.replace("[", "[[]")) for pattern in patterns)),
                paragraph.get("license", "").split("\n")[0].strip(),
            )
            for paragraph in others
            if (patterns := paragraph.get("files", "").replace(",", " ").split())
        ]
        return cls(header.get("source", ""), tuple(stanzas))

    def licence_of(self, path: str) -> str:
        """Return the short name of the licence of one file; "" when no stanza names the file. The last that does wins."""
        return next((licence for pattern, licence in reversed(self._stanzas) if pattern.match(path)), "")

    @property
    def licence_of_the_rest(self) -> str:
        """The licence of every file that has no stanza of its own; "" when there is no such stanza."""
        return self.licence_of("\0")


def _is_permissive_choice(name: str) -> bool:
    return bool(_PERMISSIVE_SHORT_NAME.match(name.strip())) and not _NOT_PERMISSIVE.search(name)


def _choices(demand: str) -> list[str]:
    return re.split(r"\s+or\s+|[|/]", demand, flags=re.IGNORECASE)


def _paragraphs(text: str) -> Iterator[dict[str, str]]:
    fields: dict[str, str] = {}
    name = ""
    for line in [*text.splitlines(), ""]:
        if not line.strip():
            if fields:
                yield fields
            fields, name = {}, ""
        elif line[0] in " \t":
            if name:
                fields[name] += "\n" + line.strip()
        elif line[0] != "#" and ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
