"""What VS Code with the extension says of itself is on record, for the tests of the server; written where WRITE_RECORDS is set."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.editors.recording import Recorder, assert_on_record
from tests.editors.vscode.conftest import VERSIONS


@pytest.mark.timeout(200)
@pytest.mark.parametrize("version", VERSIONS)
def test_what_it_announces_is_on_record(drive: Callable[..., dict[str, Any]], version: str) -> None:
    heard: list[Recorder] = []

    def prepare(folder: Path) -> dict[str, str]:
        recorder = Recorder(folder)
        heard.append(recorder)
        # The setting names a program, without arguments.
        program = folder / "recorder"
        program.write_text(f"#!/bin/sh\nexec {' '.join(recorder.command)}\n", "utf-8")
        program.chmod(0o755)
        return {"EDITOR_SERVER": str(program), "EDITOR_HEARD": recorder.command[-1]}

    drive("record.mjs", 100, prepare, version=version)
    said = heard[0].said
    # Its name here is that of the package it comes in.
    said["clientInfo"]["name"] = "Visual Studio Code"

    assert_on_record(f"vscode-{version}", said)
    assert said["capabilities"]["textDocument"]["inlineCompletion"] == {"dynamicRegistration": True}
    assert said["capabilities"]["experimental"]["recoder"] == {"statusChanged": True, "hoverReady": True}
