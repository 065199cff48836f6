"""What Neovim draws, as text and as a picture: its grid of cells, kept by the events that it sends to a user interface."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.editors.drawing import Look, svg


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
        looks = {number: self._look(look) for number, look in self._looks.items()}
        rows = [[(character, looks.get(number, looks[0])) for character, number in row] for row in self._shown]
        return svg(rows, looks[0], self._cursor)

    def _look(self, look: Mapping[str, Any]) -> Look:
        foreground, background = look.get("foreground", self._foreground), look.get("background", self._background)
        if look.get("reverse"):
            foreground, background = background, foreground
        return Look(foreground, background, bool(look.get("bold")), bool(look.get("italic")))

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
