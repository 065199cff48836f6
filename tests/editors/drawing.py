"""A grid of characters, such as a terminal's, as an SVG picture without any font of its own."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

CELL_WIDTH, CELL_HEIGHT = 8.4, 18
MARGIN = 10


@dataclass(frozen=True)
class Look:
    """Of one cell; colours are 0xRRGGBB."""

    foreground: int
    background: int
    bold: bool = False
    italic: bool = False


def svg(rows: Sequence[Sequence[tuple[str, Look]]], default: Look, cursor: tuple[int, int] | None) -> str:
    """Draw rows of (character, look), all as long as the first; behind a wide character stands an empty one.

    Args:
        default: Of what is not written on, and of the cursor.
        cursor: Its row and column; None where it is hidden.
    """
    width, height = len(rows[0]) * CELL_WIDTH + 2 * MARGIN, len(rows) * CELL_HEIGHT + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        'font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="14">',
        f'<rect width="100%" height="100%" rx="6" fill="{_colour(default.background)}"/>',
    ]
    for y, row in enumerate(rows):
        parts += _row(MARGIN + y * CELL_HEIGHT, row, default)
    if cursor is not None:
        x, top = MARGIN + cursor[1] * CELL_WIDTH, MARGIN + cursor[0] * CELL_HEIGHT
        parts.append(f'<rect x="{x:.1f}" y="{top}" width="2" height="{CELL_HEIGHT}" fill="{_colour(default.foreground)}"/>')
    return "\n".join([*parts, "</svg>", ""])


def _row(top: int, row: Sequence[tuple[str, Look]], default: Look) -> list[str]:
    parts, start = [], 0
    while start < len(row):
        look, end = row[start][1], start
        while end < len(row) and row[end][1] == look:
            end += 1
        text = "".join(character for character, _ in row[start:end])
        x, length = MARGIN + start * CELL_WIDTH, (end - start) * CELL_WIDTH
        if look.background != default.background:
            parts.append(f'<rect x="{x:.1f}" y="{top}" width="{length:.1f}" height="{CELL_HEIGHT}" fill="{_colour(look.background)}"/>')
        if text.strip():
            style = (' font-weight="bold"' if look.bold else "") + (' font-style="italic"' if look.italic else "")
            shown = html.escape(text.rstrip()).replace(" ", "\u00a0")
            n_blank = len(text) - len(text.rstrip())
            fitted = f'textLength="{length - n_blank * CELL_WIDTH:.1f}" lengthAdjust="spacingAndGlyphs"'
            parts.append(f'<text x="{x:.1f}" y="{top + 14}" fill="{_colour(look.foreground)}" {fitted}{style}>{shown}</text>')
        start = end
    return parts


def _colour(number: int) -> str:
    return f"#{number:06x}"
