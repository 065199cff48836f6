"""Every editor whose `initialize` we have on record gets along with the real server."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import converters, types

from tests.server.talking import TIMEOUT_S, Editor, at, notification, opened

ROOT = Path(__file__).parents[2]
PROFILES = sorted((ROOT / "tests" / "data" / "clients").glob("*.json"))
TEXT = "".join(f"name_{number} = '😀漢'; print(name_{number})\n" for number in range(4))
N_LINES = TEXT.count("\n")
LAST_LINE = "name_4 = '😀漢'; print("
UNITS = {"utf-8": lambda text: len(text.encode()), "utf-16": lambda text: len(text.encode("utf-16-le")) // 2, "utf-32": len}


def first_common_encoding(params: dict[str, Any]) -> str:
    offered = params["capabilities"].get("general", {}).get("positionEncodings") or ["utf-16"]
    return next(name for name in offered if name in UNITS)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.stem)
def test_the_editor_initializes_gets_ghost_text_and_leaves(profile, server_command):
    converter = converters.get_converter()
    params = json.loads(profile.read_text()) | {"processId": None}

    with Editor(server_command) as editor:
        answer = editor.ask("initialize", params)
        result = converter.structure(answer, types.InitializeResponse).result
        encoding = first_common_encoding(params)
        assert result.capabilities.position_encoding == encoding
        assert result.capabilities.inline_completion_provider is not None
        caret = UNITS[encoding](LAST_LINE)

        editor.say(notification("initialized", {}), opened(TEXT + LAST_LINE))
        ghost_text = converter.structure(until_the_model_is_loaded(editor, caret), types.InlineCompletionResponse).result
        item = ghost_text.items[0]
        assert item.insert_text
        assert item.range.start.line == item.range.end.line == N_LINES
        assert item.range.start.character <= caret <= item.range.end.character
        assert converter.structure(editor.ask("textDocument/completion", at(N_LINES, caret)), types.CompletionResponse)
        assert (
            editor.ask("workspace/executeCommand", {"command": item.command.command, "arguments": item.command.arguments})["result"] is None
        )
        assert editor.ask("shutdown")["result"] is None
        editor.say(notification("exit"))
        assert editor.exit_code() == 0


def until_the_model_is_loaded(editor: Editor, caret: int) -> dict[str, Any]:
    """The first answer that is not null; asked for anew, as an editor does while its user types."""
    deadline = time.monotonic() + TIMEOUT_S
    while (answer := editor.ask("textDocument/inlineCompletion", at(N_LINES, caret)))["result"] is None:
        assert time.monotonic() < deadline, editor.ask("recoder/status")["result"]["engine"]
        time.sleep(0.05)
    return answer


def test_every_editor_that_is_driven_is_on_record():
    driven = {path.name for path in (ROOT / "tests" / "editors").iterdir() if path.is_dir() and not path.name.startswith("_")}
    clients = {"emacs": ("eglot", "lsp-mode")}
    recorded = {path.stem.rpartition("-")[0] for path in PROFILES} | {path.stem.partition("-")[0] for path in PROFILES}

    assert {client for editor in driven for client in clients.get(editor, (editor,))} <= recorded
