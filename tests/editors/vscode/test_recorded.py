"""What VS Code with the extension says of itself is on record, for the tests of the server; written where WRITE_RECORDS is set."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RECORD = Path(__file__).parents[2] / "data" / "clients" / "vscode-1.139.json"
RECORDER = """#!{python}
import pathlib, sys
length = int(sys.stdin.buffer.readline().split(b":")[1])
while sys.stdin.buffer.readline().strip():
    pass
path = pathlib.Path({heard!r})
path.with_suffix(".part").write_bytes(sys.stdin.buffer.read(length))
path.with_suffix(".part").rename(path)
"""


@pytest.mark.timeout(200)
def test_what_it_announces_is_on_record(drive: Callable[..., dict[str, Any]]) -> None:
    heard: list[Path] = []

    def prepare(folder: Path) -> dict[str, str]:
        heard.append(folder / "heard.json")
        recorder = folder / "recorder"
        recorder.write_text(RECORDER.format(python=sys.executable, heard=str(heard[0])), "utf-8")
        recorder.chmod(0o755)
        return {"EDITOR_SERVER": str(recorder), "EDITOR_HEARD": str(heard[0])}

    drive("record.mjs", 100, prepare)
    said = json.loads(heard[0].read_text("utf-8"))["params"]

    if os.environ.get("WRITE_RECORDS"):
        # Its name here is that of the package it comes in.
        client = {"name": "Visual Studio Code", "version": said["clientInfo"]["version"]}
        kept = {"processId": None, "rootUri": None, "clientInfo": client, "capabilities": said["capabilities"]}
        RECORD.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", "utf-8")

    assert json.loads(RECORD.read_text("utf-8"))["capabilities"] == said["capabilities"]
    assert said["capabilities"]["textDocument"]["inlineCompletion"] == {"dynamicRegistration": True}
