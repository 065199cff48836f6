"""The picture in docs/editors/emacs.md, drawn from a real screen; written there where WRITE_PICTURES is set."""

import os
from pathlib import Path

import pytest

from tests.editors.emacs.conftest import slow, status, visit

PICTURE = Path(__file__).parents[3] / "docs" / "editors" / "emacs.svg"


@slow
@pytest.mark.parametrize(("version", "desk"), [("30", "eglot")], indirect=True)
def test_the_chat_and_ghost_text_are_drawn_side_by_side(desk):
    with desk.emacs("(menu-bar-mode -1) (load-theme 'modus-vivendi t)", rows=26) as editor:
        visit(editor, "shop.py")
        # Without an index there is nothing to cite.
        editor.until(lambda: status(editor, "index", "state") == "idle", "an index")
        editor.lisp("(progn (split-window-right 52) (setq display-buffer-overriding-action '(display-buffer-use-some-window)) t)")
        editor.command("recoder-ask", "How is the total worked out?")
        editor.until_shown("one by one [1]")
        editor.type("<C-x>o<M->>")
        editor.type("<CR><CR>def average(prices):<CR>return to")
        editor.until(lambda: str(editor).count("return total(") == 2, "ghost text")

        picture = editor.as_svg()

    # Ghost text has a look of its own, so it is a piece of its own.
    assert ">tal(" in picture
    if os.environ.get("WRITE_PICTURES"):
        PICTURE.write_text(picture, encoding="utf-8")
