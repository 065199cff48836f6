"""What Neovim draws, as text and as a picture: its grid of cells, kept by the events that it sends to a user interface."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

CELL_WIDTH, CELL_HEIGHT = 8.4, 18
MARGIN = 10


class Screen:
    """The grid as it was last drawn. One thread writes; another may read it, and sees whole frames only."""

    def __init__(self, columns: int, rows: int) -> None:
        self._cells = [[(" ", 0)] * columns for _ in range(rows)]
        self._shown = [list(row) for row in self._cells]
        self._looks: dict[int, Mapping[str, Any]] = {0: {}}
        self._foreground, self._background = 0x000000, 0xFFFFFF
        self._cursor = (0, 0)

    def __str__(self) -> str:
        return "\n".join("".join(character for character, _ in row).rstrip() for row in self._shown)

    def redraw(self, events: Sequence[Sequence[Any]]) -> None:
        """Take what Neovim says; `:help ui-linegrid` has the events."""
        for name, *calls in events:
            handle = getattr(self, f"_{name}", None)
            for arguments in calls if handle else ():
                handle(*arguments)

    def as_svg(self) -> str:
        """A picture of it, without any font of its own."""
        rows, columns = len(self._shown), len(self._shown[0])
        width, height = columns * CELL_WIDTH + 2 * MARGIN, rows * CELL_HEIGHT + 2 * MARGIN
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            'font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="14">',
            f'<rect width="100%" height="100%" rx="6" fill="{_colour(self._background)}"/>',
        ]
        for y, row in enumerate(self._shown):
            parts += self._row_as_svg(y, row)
        row, column = self._cursor
        x, y_top = MARGIN + column * CELL_WIDTH, MARGIN + row * CELL_HEIGHT
        parts.append(f'<rect x="{x:.1f}" y="{y_top}" width="2" height="{CELL_HEIGHT}" fill="{_colour(self._foreground)}"/>')
        return "\n".join([*parts, "</svg>", ""])

    def _row_as_svg(self, y: int, row: Sequence[tuple[str, int]]) -> list[str]:
        parts, start = [], 0
        top = MARGIN + y * CELL_HEIGHT
        while start < len(row):
            end = start
            while end < len(row) and row[end][1] == row[start][1]:
                end += 1
            text = "".join(character for character, _ in row[start:end])
            look = self._looks.get(row[start][1], {})
            foreground, background = look.get("foreground", self._foreground), look.get("background", self._background)
            if look.get("reverse"):
                foreground, background = background, foreground
            x, length = MARGIN + start * CELL_WIDTH, (end - start) * CELL_WIDTH
            if background != self._background:
                parts.append(f'<rect x="{x:.1f}" y="{top}" width="{length:.1f}" height="{CELL_HEIGHT}" fill="{_colour(background)}"/>')
            if text.strip():
                style = (' font-weight="bold"' if look.get("bold") else "") + (' font-style="italic"' if look.get("italic") else "")
                shown = html.escape(text.rstrip()).replace(" ", "\u00a0")
                fitted = f'textLength="{len(text.rstrip()) * CELL_WIDTH:.1f}" lengthAdjust="spacingAndGlyphs"'
                parts.append(f'<text x="{x:.1f}" y="{top + 14}" fill="{_colour(foreground)}" {fitted}{style}>{shown}</text>')
            start = end
        return parts

    def _grid_resize(self, grid: int, columns: int, rows: int) -> None:
        self._cells = [[(" ", 0)] * columns for _ in range(rows)]

    def _grid_clear(self, grid: int) -> None:
        self._grid_resize(grid, len(self._cells[0]), len(self._cells))

    def _grid_line(self, grid: int, row: int, column: int, cells: Sequence[Sequence[Any]], *_: Any) -> None:
        look = 0
        for character, *rest in cells:
            look = rest[0] if rest else look
            for _ in range(rest[1] if len(rest) > 1 else 1):
                self._cells[row][column] = (character, look)
                column += 1

    def _grid_scroll(self, grid: int, top: int, bottom: int, left: int, right: int, rows: int, columns: int) -> None:
        order = range(top, bottom - rows) if rows > 0 else range(bottom - 1, top - rows - 1, -1)
        for row in order:
            self._cells[row][left:right] = self._cells[row + rows][left:right]

    def _grid_cursor_goto(self, grid: int, row: int, column: int) -> None:
        self._cursor = (row, column)

    def _hl_attr_define(self, look: int, rgb: Mapping[str, Any], *_: Any) -> None:
        self._looks[look] = rgb

    def _default_colors_set(self, foreground: int, background: int, *_: Any) -> None:
        self._foreground, self._background = foreground, background

    def _flush(self) -> None:
        self._shown = [list(row) for row in self._cells]


def _colour(number: int) -> str:
    return f"#{number:06x}"
