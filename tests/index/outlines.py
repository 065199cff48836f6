"""Outlines of the sample files as text: compared by the tests, written by `python -m tests.index.outlines --write`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from recoder_lsp.index.records import Outline, Reference, ReferenceKind, Symbol
from recoder_lsp.index.syntax.parser import Parser, language_of

SAMPLES = Path(__file__).parent / "samples"
GOLDEN_SUFFIX = ".outline"


def samples() -> list[Path]:
    """The sample files, one or more of each language."""
    return sorted(path for path in SAMPLES.iterdir() if path.suffix != GOLDEN_SUFFIX)


def golden_of(sample: Path) -> Path:
    """Where the expected outline of a sample is."""
    return sample.with_name(sample.name + GOLDEN_SUFFIX)


def outline_of(sample: Path, parser: Parser) -> str:
    """The outline of a sample, as text."""
    text = sample.read_text(encoding="utf-8")
    outline = parser.outline(text, language_of(sample.name, text.partition("\n")[0]))
    return as_text(outline)


def as_text(outline: Outline) -> str:
    """An outline for people: symbols indented below their parents (lines from 1), then uses by the symbol that they stand in."""
    return "\n".join([f"{outline.language}{' with errors' if outline.has_errors else ''}", *_symbols(outline), *_references(outline), ""])


def _symbols(outline: Outline) -> Iterator[str]:
    for symbol in outline.symbols:
        margin = "  " * (1 + _depth(outline, symbol))
        span = symbol.span
        yield f"{margin}{symbol.kind} {symbol.qualified_name} {span.start_line + 1}-{span.end_line + 1}: {symbol.signature}"
        for line in symbol.docstring.split("\n"):
            if line:
                yield f"{margin}  | {line}"


def _references(outline: Outline) -> Iterator[str]:
    groups: dict[tuple[ReferenceKind, int | None], list[str]] = {}
    for reference in outline.references:
        groups.setdefault((reference.kind, reference.within), []).append(_use(reference))
    for (kind, within), uses in groups.items():
        place = "file" if within is None else outline.symbols[within].qualified_name
        yield f"{kind} in {place}: {', '.join(uses)}"


def _use(reference: Reference) -> str:
    if reference.kind is not ReferenceKind.IMPORT:
        return reference.name
    alias = f" as {reference.alias}" if reference.alias else ""
    return f"{reference.name} from {reference.module}{alias}"


def _depth(outline: Outline, symbol: Symbol) -> int:
    depth, parent = 0, symbol.parent
    while parent is not None:
        depth, parent = depth + 1, outline.symbols[parent].parent
    return depth


def main(arguments: list[str]) -> int:
    """Print the outlines of the named samples (all, if none is named), or write them where the tests expect them."""
    named = [SAMPLES / Path(argument).name for argument in arguments if not argument.startswith("--")]
    parser = Parser(timeout_s=60)
    for sample in named or samples():
        text = outline_of(sample, parser)
        if "--write" in arguments:
            golden_of(sample).write_text(text, encoding="utf-8")
        else:
            sys.stdout.write(f"== {sample.name}\n{text}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
