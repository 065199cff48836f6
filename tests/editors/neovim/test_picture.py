"""The pictures in docs/editors/neovim.md, drawn from a real screen; written there where WRITE_PICTURES is set."""

import os
from pathlib import Path

import pytest

from tests.editors.neovim.conftest import attached

PICTURES = Path(__file__).parents[3] / "docs" / "editors"


def write(name, picture):
    if os.environ.get("WRITE_PICTURES"):
        (PICTURES / name).write_text(picture, encoding="utf-8")


@pytest.mark.parametrize("desk", ["0.12"], indirect=True)
def test_the_chat_and_ghost_text_are_drawn_side_by_side(desk):
    with desk.neovim("chat_width = 46,") as editor:
        editor.call("nvim_ui_try_resize", 100, 28)
        editor.command("edit shop.py")
        attached(editor)
        editor.command("setlocal number")
        editor.call("nvim_win_set_cursor", 0, [6, 4])
        editor.command("Recoder chat How is the total worked out?")
        editor.until_shown("Scripted test model")
        editor.type("<Esc><C-w>t")
        editor.type("Go<CR>def average(prices):<CR>return to")
        editor.until(lambda: editor.lines[-1].strip() == "return to")
        editor.until(lambda: str(editor.screen).count("return total(") == 2, "ghost text")

        picture = editor.screen.as_svg()

    # Ghost text has a look of its own, so it is a piece of its own.
    assert ">tal(" in picture
    write("neovim.svg", picture)


@pytest.mark.parametrize("desk", ["0.12"], indirect=True)
def test_a_change_is_drawn_beside_the_text_as_it_is(desk):
    with desk.neovim() as editor:
        editor.call("nvim_ui_try_resize", 100, 20)
        editor.command("edit shop.py")
        attached(editor)
        editor.until(lambda: editor.lua("return require('recoder').status()") == "Recoder", "a server at rest")
        editor.call("nvim_win_set_cursor", 0, [6, 4])
        editor.command("Recoder edit make it shorter")
        editor.until_shown("sum(prices)")
        editor.until_not_shown("Recoder: loading")

        picture = editor.screen.as_svg()

    assert "As\u00a0it\u00a0is" in picture
    write("neovim-change.svg", picture)
