"""Documentation in sections with headings: Google's and NumPy's styles for Python, and Markdown headings for Rust."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from recoder_lsp.features.documentation.parts import TODO, Block, Part, PartKind, end_of_text, line_for

_HEADINGS: Mapping[str, PartKind] = MappingProxyType(
    {
        **dict.fromkeys(
            ("Args", "Arguments", "Parameters", "Params", "Other Parameters", "Keyword Args", "Keyword Arguments"), "parameter"
        ),
        **dict.fromkeys(("Returns", "Return"), "returns"),
        **dict.fromkeys(("Yields", "Yield"), "yields"),
        **dict.fromkeys(("Raises", "Raise", "Exceptions"), "raises"),
    }
)
_GOOGLE_HEADING = re.compile(r"([A-Z]\w*(?: \w+)?):[ \t]*$")
_GOOGLE_ENTRY = re.compile(r"(\*{0,2}[\w.]+)[ \t]*(?:\(.*?\))?[ \t]*:")
_NUMPY_LINE = re.compile(r"-{3,}[ \t]*$")
_RUST_HEADING = re.compile(r"#{1,3} +(.+?)[ \t]*$")


@dataclass(frozen=True)
class Google:
    """`Args:` with an indented line for each."""

    step: str = "    "
    typed: bool = False
    """Whether types stand behind the names, in brackets."""

    def added(self, lines: Sequence[str], part: Part, parts: Sequence[Part]) -> tuple[int, list[str]] | None:
        return _added(lines, part, parts, list(self._sections(lines)), self)

    def entries(self, lines: Sequence[str], section: Block) -> Iterator[Block]:
        """The entries of a section, each with the lines below it that are indented further."""
        first = next((line for line in lines[section.start + 1 : section.end] if line.strip()), "")
        step = first[: len(first) - len(first.lstrip())] or self.step
        starts = [at for at in range(section.start + 1, section.end) if _indented_by(lines[at], step)]
        for at, end in pairwise([*starts, section.end]):
            found = _GOOGLE_ENTRY.match(lines[at].strip())
            if found:
                yield Block(Part(section.part.kind, found[1]), at, end)

    def heading(self, part: Part) -> list[str]:
        names: Mapping[PartKind, str] = {"parameter": "Args", "returns": "Returns", "yields": "Yields", "raises": "Raises"}
        return [f"{names.get(part.kind, part.name)}:"]

    def entry(self, part: Part, like: str = "") -> list[str]:
        step = like[: len(like) - len(like.lstrip())] or self.step
        kind = f" ({part.type})" if self.typed and part.type else ""
        return [f"{step}{part.name}{kind}: {TODO}" if part.name else f"{step}{TODO}"]

    def _sections(self, lines: Sequence[str]) -> Iterator[Block]:
        starts = [(at, found[1]) for at, line in enumerate(lines) if (found := _GOOGLE_HEADING.match(line)) and _is_indented(lines, at + 1)]
        yield from _blocks(lines, starts)


@dataclass(frozen=True)
class NumPy:
    """Underlined headings, with a line for each name and one for what it is."""

    step: str = "    "

    def added(self, lines: Sequence[str], part: Part, parts: Sequence[Part]) -> tuple[int, list[str]] | None:
        starts = [(at, line.strip()) for at, line in enumerate(lines[:-1]) if line.strip() and _NUMPY_LINE.match(lines[at + 1])]
        return _added(lines, part, parts, list(_blocks(lines, starts)), self)

    def entries(self, lines: Sequence[str], section: Block) -> Iterator[Block]:
        """The entries of a section; several names may share one."""
        starts = [at for at in range(section.start + 2, section.end) if lines[at][:1].strip()]
        for at, end in pairwise([*starts, section.end]):
            for name in lines[at].partition(":")[0].split(","):
                yield Block(Part(section.part.kind, name.strip()), at, end)

    def heading(self, part: Part) -> list[str]:
        names: Mapping[PartKind, str] = {"parameter": "Parameters", "returns": "Returns", "yields": "Yields", "raises": "Raises"}
        name = names.get(part.kind, part.name)
        return [name, "-" * len(name)]

    def entry(self, part: Part, like: str = "") -> list[str]:
        head = part.type if not part.name else f"{part.name} : {part.type}" if part.type and part.kind == "parameter" else part.name
        return [head, f"{self.step}{TODO}"] if head else [TODO]


@dataclass(frozen=True)
class Rustdoc:
    """Markdown headings for what may go wrong; parameters are told in the text."""

    def added(self, lines: Sequence[str], part: Part, parts: Sequence[Part]) -> tuple[int, list[str]] | None:
        starts = [(at, found[1]) for at, line in enumerate(lines) if (found := _RUST_HEADING.match(line))]
        return _added(lines, part, parts, list(_blocks(lines, starts)), self)

    def entries(self, lines: Sequence[str], section: Block) -> Iterator[Block]:
        return iter(())

    def heading(self, part: Part) -> list[str]:
        return [f"# {part.name}", ""]

    def entry(self, part: Part, like: str = "") -> list[str]:
        return [TODO]


def _added(
    lines: Sequence[str], part: Part, parts: Sequence[Part], sections: Sequence[Block], style: Google | NumPy | Rustdoc
) -> tuple[int, list[str]] | None:
    has_entries = part.kind in ("parameter", "raises", "type parameter")
    own = [section for section in sections if (section.part.kind == part.kind if has_entries else section.part.is_same(part))]
    if own and not has_entries:
        return None
    entries = [entry for section in own for entry in style.entries(lines, section)]
    if own:
        if any(entry.part.is_same(part) for entry in entries):
            return None
        place = line_for(part, parts, entries)
        like = lines[entries[0].start] if entries else ""
        return (place[0] if place else own[0].end), style.entry(part, like)
    new = [*style.heading(part), *style.entry(part)]
    place = line_for(part, parts, sections)
    if place is None:
        return end_of_text(lines), ["", *new]
    return place[0], [*new, ""] if place[1] else ["", *new]


def _blocks(lines: Sequence[str], starts: Sequence[tuple[int, str]]) -> Iterator[Block]:
    for (start, name), (end, _) in pairwise([*starts, (len(lines), "")]):
        kind = _HEADINGS.get(name, "section")
        yield Block(Part(kind, "" if kind in ("returns", "yields") else name), start, start + end_of_text(lines[start:end]))


def _is_indented(lines: Sequence[str], at: int) -> bool:
    """Whether the next line that is not blank is indented."""
    return next((line[:1].isspace() for line in lines[at:] if line.strip()), False)


def _indented_by(line: str, step: str) -> bool:
    return line.startswith(step) and not line[len(step) : len(step) + 1].isspace() and bool(line.strip())
