"""What the documentation of a declaration has to say besides what it is for, and where in a text a missing part belongs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from recoder_lsp.features.declarations.declared import Declaration

TODO = "TODO"

PartKind = Literal["type parameter", "parameter", "returns", "yields", "raises", "section", "other"]
_ORDER: tuple[PartKind, ...] = ("type parameter", "parameter", "returns", "yields", "raises", "section", "other")


@dataclass(frozen=True)
class Part:
    """One thing that is to be documented: a parameter, an exception."""

    kind: PartKind
    name: str = ""
    """With the marks of a parameter ("*args"); of a section its heading; "" where there is only one of its kind."""
    type: str = ""

    def is_same(self, other: Part) -> bool:
        """Whether both are about the same thing; what is yielded may as well be documented as returned."""
        if {self.kind, other.kind} <= {"returns", "yields"}:
            return True
        if self.kind != other.kind:
            return False
        if self.kind == "raises":
            return not self.name or self.name.split(".")[-1].split("::")[-1] == other.name.split(".")[-1].split("::")[-1]
        return self.name.lstrip("*\\") == other.name.lstrip("*\\")


@dataclass(frozen=True)
class Block:
    """Lines [start, end) of documentation that are about one part."""

    part: Part
    start: int
    end: int


class Style(Protocol):
    """How the parts of documentation are written."""

    def added(self, lines: Sequence[str], part: Part, parts: Sequence[Part]) -> tuple[int, list[str]] | None:
        """Return the line before which a part belongs and its own lines; None where it is documented already.

        Args:
            lines: The documentation, without marks and indentation.
            part: One of the parts.
            parts: All of them in their order.
        """


def parts_of(declaration: Declaration, language: str) -> tuple[Part, ...]:
    """Return what documentation of a declaration has to name, in order; `language` is the grammar's."""
    return tuple(_parts(declaration, language))


def completed(lines: Sequence[str], style: Style, parts: Sequence[Part]) -> list[tuple[str, bool]]:
    """Return the lines with the parts that are missing, each with whether it is new."""
    found = [(line, False) for line in lines]
    for part in parts:
        added = style.added([line for line, _ in found], part, parts)
        if added is not None:
            at, new = added
            found[at:at] = [(line, True) for line in new]
    return found


def missing(lines: Sequence[str], style: Style, parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts that are not documented."""
    return tuple(part for part in parts if style.added(lines, part, parts) is not None)


def line_for(part: Part, parts: Sequence[Part], blocks: Sequence[Block]) -> tuple[int, bool] | None:
    """Return the line before which a part belongs, and whether a later block begins there; None without any block."""
    if not blocks:
        return None
    rank = _rank(part, parts)
    before = [block for block in blocks if _rank(block.part, parts) < rank]
    return (before[-1].end, False) if before else (blocks[0].start, True)


def end_of_text(lines: Sequence[str]) -> int:
    """Return the number of lines without blank ones at the end."""
    return next((number for number in range(len(lines), 0, -1) if lines[number - 1].strip()), 0)


def _rank(part: Part, parts: Sequence[Part]) -> tuple[int, int]:
    # What is documented and does not exist comes before the others of its kind.
    return _ORDER.index(part.kind), next((place for place, each in enumerate(parts) if each.is_same(part)), -1)


def _parts(declaration: Declaration, language: str) -> Iterator[Part]:
    if language == "go":
        return
    if language == "rust":
        yield from (Part("section", heading) for heading in declaration.sections)
        return
    yield from (Part("type parameter", name) for name in declaration.type_parameters)
    for parameter in declaration.parameters:
        name = parameter.name or ("options" if parameter.fields else "values")
        yield Part("parameter", name, parameter.type or _type_of(parameter.default, language))
        if "script" in language and not parameter.name:
            yield from (Part("parameter", f"{name}.{field}") for field in parameter.fields)
    if declaration.returns:
        yield Part("returns", type=declaration.return_type)
    if declaration.yields:
        yield Part("yields", type=declaration.return_type)
    yield from (Part("raises", name) for name in declaration.raises)


def _type_of(default: str, language: str) -> str:
    """The type of a literal; "" for anything else."""
    words = ("boolean", "string", "number") if "script" in language else ("bool", "str", "int")
    if default in ("true", "false", "True", "False"):
        return words[0]
    if default[:1] in ("'", '"', "`") and default[-1:] == default[:1]:
        return words[1]
    return words[2] if default.lstrip("-").isdecimal() else ""
