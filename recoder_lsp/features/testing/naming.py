"""Names in the spelling of a language, and what has to be given to call something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recoder_lsp.features.declarations.declared import Declaration, Parameter
from recoder_lsp.index.words import split_identifier


def snake_case(name: str) -> str:
    """Return "parse_line" for parseLine and ParseLine."""
    return "_".join(part.lower() for part in split_identifier(name)) or name


def camel_case(name: str) -> str:
    """Return "parseLine" for ParseLine and parse_line."""
    words = pascal_case(name)
    return words[:1].lower() + words[1:]


def pascal_case(name: str) -> str:
    """Return "ParseLine" for parse_line."""
    return "".join(part[:1].upper() + part[1:] for part in split_identifier(name)) or name


def required(declaration: Declaration | None) -> Iterator[Parameter]:
    """Yield the parameters that every call has to give."""
    for parameter in declaration.parameters if declaration is not None else ():
        if not parameter.default and not parameter.name.startswith("*"):
            yield parameter


def unused_name(name: str, taken: Sequence[str]) -> str:
    """Return the name, with a number where it is taken."""
    return next(each for number in range(1, len(taken) + 2) if (each := name if number == 1 else f"{name}_{number}") not in taken)
