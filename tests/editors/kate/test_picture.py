"""The picture in docs/editors/kate.md, taken of a real window; written there where WRITE_PICTURES is set."""

import os
import time
from pathlib import Path

import pytest

PICTURE = Path(__file__).parents[3] / "docs" / "editors" / "kate.png"
OUTPUT, TEXT = (28, 543), (400, 150)
"""Where the button of that tool view is, and where the text."""


@pytest.mark.parametrize("version", ["26.08"], indirect=True)
def test_a_suggestion_and_an_answer_are_on_one_picture(opened):
    def suggested(item):
        return item.get("detail") == "Recoder"

    with opened("shop.py") as editor:
        editor.until_said("editor", "textDocument/didOpen")
        editor.type("<C-End>def average(prices):<CR>return to")
        editor.offered(suggested)
        editor.type("<Esc><C-Home>" + "<Down>" * 5 + "<Right>" * 4 + "<S-Right>" * 5)
        editor.act("Explain `total`")
        editor.until_said("server", "window/showMessage", wanted=lambda params: "one by one" in params["message"])
        shown = editor.screen.pixels()
        editor.screen.click(*OUTPUT)
        editor.screen.until_changed(shown, 20_000)
        editor.screen.click(*TEXT)
        editor.type("<C-End>")
        editor.offered(suggested)
        # The menu grows to its full width.
        time.sleep(1)

        picture = editor.screen.as_png()

    assert len(picture) > 10_000
    if os.environ.get("WRITE_PICTURES"):
        PICTURE.write_bytes(picture)
