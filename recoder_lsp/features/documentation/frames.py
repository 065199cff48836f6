"""How documentation is set apart from code: in quotes, in a comment of its own, or as lines with a mark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_OPENING = re.compile(r"""[rRuU]?(?:\"{3}|'{3}|"|')|/\*[*!]?<?|//[/!]?<?""")
_STAR = re.compile(r"[ \t]*\*(?!/)[ \t]?")


@dataclass(frozen=True)
class Frame:
    """The marks before, on each line of, and behind documentation."""

    opening: str
    line: str
    closing: str

    def written(self, lines: Sequence[str], indentation: str) -> str:
        """Return documentation as it stands in the source, from its first mark on; what is below is indented."""
        if not self.opening:
            return f"\n{indentation}".join((self.line + line).rstrip() for line in lines)
        # A quote or a backslash would make something else of what closes it.
        if len(lines) == 1 and (self.line or not lines[0].endswith(('"', "'", "\\"))):
            blank = " " if self.line else ""
            return self.opening + blank + lines[0] + blank + self.closing.strip()
        if not self.line:
            return self.opening + _joined([*lines, self.closing], "", indentation)
        return "\n".join([self.opening, *(_indented(self.line + line, indentation) for line in lines), indentation + self.closing])


QUOTES = Frame('"""', "", '"""')
BLOCK = Frame("/**", " * ", " */")


def lines_of(mark: str) -> Frame:
    """Return the frame that is a mark before each line: "///"."""
    return Frame("", mark + " ", "")


def frame_of(raw: str) -> Frame:
    """Return the frame of documentation that is there."""
    found = _OPENING.match(raw)
    opening = found[0] if found else ""
    if opening.startswith("//"):
        return lines_of(opening)
    if opening.startswith("/*"):
        return Frame(opening, " * ", " */")
    quotes = opening.lstrip("rRuU")
    # One quote alone cannot hold several lines.
    return Frame(opening[: -len(quotes)] + quotes[:1] * 3, "", quotes[:1] * 3)


def content_of(raw: str, indentation: str) -> list[str]:
    """Return the lines of documentation without its marks: as many as the source has."""
    found, lines = _OPENING.match(raw), raw.replace("\r", "").split("\n")
    opening = found[0] if found else ""
    if opening.startswith("//"):
        return [re.sub(rf"^[ \t]*{re.escape(opening)} ?", "", line) for line in lines]
    lines[0] = lines[0][len(opening) :].lstrip()
    lines[-1] = _without_closing(lines[-1], opening)
    has_stars = opening.startswith("/*") and all(_STAR.match(line) for line in lines[1:] if line.strip())
    return [lines[0], *(_STAR.sub("", line, count=1) if has_stars else line.removeprefix(indentation) for line in lines[1:])]


def rewritten(raw: str, lines: Sequence[tuple[str, bool]], indentation: str) -> str:
    """Return documentation with new lines in it; those that were there stay as they are, but for the marks of a single line.

    Args:
        raw: It, from its first mark to its last.
        lines: Its content, each with whether it is new.
        indentation: What stands before it on its line.
    """
    frame, old = frame_of(raw), raw.replace("\r", "").split("\n")
    if (len(old) == 1 and frame.opening) or lines[0][1]:
        return frame.written([line for line, _ in lines], indentation)
    before = _mark_of(old, frame, indentation)
    kept, result = iter(old), list[str]()
    for line, is_new in lines:
        result.append((before + line).rstrip() if is_new else next(kept))
    if frame.opening and lines[-1][1]:
        # What closes it stood behind the last line, and moves below the new ones.
        last = max(at for at, (_, is_new) in enumerate(lines) if not is_new)
        result[last] = _without_closing(result[last], frame.opening).rstrip()
        result.append(indentation + frame.closing)
    return "\n".join(result)


def _mark_of(old: Sequence[str], frame: Frame, indentation: str) -> str:
    """What a new line begins with."""
    if not frame.opening:
        return indentation + frame.line
    if not frame.line:
        return indentation
    star = _STAR.match(old[1]) or re.match(r"[ \t]*\*(?=/)", old[1])
    return star[0].rstrip() + " " if star else old[1][: len(old[1]) - len(old[1].lstrip())]


def _without_closing(line: str, opening: str) -> str:
    closing = "*/" if opening.startswith("/*") else opening.lstrip("rRuU")
    line = line.rstrip()
    return line.removesuffix(closing).rstrip(" \t*" if closing == "*/" else " \t")


def _joined(lines: Sequence[str], mark: str, indentation: str) -> str:
    return "\n".join([lines[0], *(_indented(mark + line, indentation) for line in lines[1:])])


def _indented(line: str, indentation: str) -> str:
    return (indentation + line).rstrip()
