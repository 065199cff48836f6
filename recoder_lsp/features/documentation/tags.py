"""Documentation in tags: Sphinx for Python, JSDoc and TSDoc, Javadoc, Doxygen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from recoder_lsp.features.documentation.parts import TODO, Block, Part, PartKind, end_of_text, line_for

_TAGS: Mapping[str, PartKind] = MappingProxyType(
    {
        **dict.fromkeys(("param", "parameter", "arg", "argument", "key", "keyword", "type"), "parameter"),
        **dict.fromkeys(("template", "tparam", "typeParam"), "type parameter"),
        **dict.fromkeys(("returns", "return", "rtype", "result", "retval"), "returns"),
        **dict.fromkeys(("yields", "yield"), "yields"),
        **dict.fromkeys(("raises", "raise", "except", "exception", "throws", "throw"), "raises"),
    }
)
_SPHINX = re.compile(r"[ \t]*:(\w+)(?:[ \t]+([^:]*))?:")
_AT = re.compile(r"[ \t]*[@\\](\w+)(?:\[[^\]]*\])?(?:[ \t]+\{([^}]*)\}+)?(?:[ \t]+\[?(<?[\w$.:]+))?")


@dataclass(frozen=True)
class Sphinx:
    """`:param name: ...`"""

    typed: bool = False
    """Whether each parameter has a line with its type besides."""

    def added(self, lines: Sequence[str], part: Part, parts: Sequence[Part]) -> tuple[int, list[str]] | None:
        found = [(at, _sphinx_part(tag)) for at, line in enumerate(lines) if (tag := _SPHINX.match(line))]
        return _added(lines, part, parts, found, list(self._written(part)))

    def _written(self, part: Part) -> Iterator[str]:
        match part.kind:
            case "parameter":
                yield f":param {part.name}: {TODO}"
                if self.typed and part.type:
                    yield f":type {part.name}: {part.type}"
            case "raises":
                yield f":raises {part.name}: {TODO}"
            case kind:
                yield f":{kind}: {TODO}"


@dataclass(frozen=True)
class AtTags:
    """`@param name`, as most languages with braces have it."""

    parameter: str = "@param {name} {todo}"
    type_parameter: str = "@param <{name}> {todo}"
    returns: str = "@return {todo}"
    yields: str = "@yields {todo}"
    raises: str = "@throws {name} {todo}"

    def added(self, lines: Sequence[str], part: Part, parts: Sequence[Part]) -> tuple[int, list[str]] | None:
        found = [(at, _at_part(tag)) for at, line in enumerate(lines) if (tag := _AT.match(line))]
        form = {"type parameter": self.type_parameter, "returns": self.returns, "yields": self.yields, "raises": self.raises}
        # A tag without its name would have two blanks, or empty braces.
        template = form.get(part.kind, self.parameter) if part.name or part.kind != "raises" else "@throws {todo}"
        return _added(lines, part, parts, found, [template.format(name=part.name, type=part.type or "*", todo=TODO)])


def _added(
    lines: Sequence[str], part: Part, parts: Sequence[Part], found: Sequence[tuple[int, Part]], new: list[str]
) -> tuple[int, list[str]] | None:
    if any(_is_documented_by(each, part, parts) for _, each in found):
        return None
    ends = pairwise([*found, (len(lines), part)])
    blocks = [Block(each, at, at + end_of_text(lines[at:end])) for (at, each), (end, _) in ends]
    place = line_for(part, parts, blocks)
    if place is not None:
        return place[0], new
    end = end_of_text(lines)
    return end, ["", *new] if end else new


def _is_documented_by(each: Part, part: Part, parts: Sequence[Part]) -> bool:
    """Whether a tag is about a part. What is thrown without a type that can be told is what else is said to be thrown."""
    if part.kind != "raises" or part.name:
        return each.is_same(part)
    return each.kind == "raises" and not any(other.name and each.name and each.is_same(other) for other in parts)


def _sphinx_part(tag: re.Match[str]) -> Part:
    words = (tag[2] or "").split()
    return Part(_TAGS.get(tag[1], "other"), words[-1] if words else "")


def _at_part(tag: re.Match[str]) -> Part:
    kind, name = _TAGS.get(tag[1], "other"), tag[3] or ""
    if kind == "raises":
        return Part(kind, tag[2] or name)
    if name.startswith("<"):
        return Part("type parameter", name[1:])
    return Part(kind, name)
