"""What editors say of themselves when they start a server: heard by a stand-in, and kept on record for the tests of the server."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

RECORDS = Path(__file__).parents[1] / "data" / "clients"
RECORDER = """
import pathlib, sys
length = int(sys.stdin.buffer.readline().split(b":")[1])
while sys.stdin.buffer.readline().strip():
    pass
path = pathlib.Path(sys.argv[1])
path.with_suffix(".part").write_bytes(sys.stdin.buffer.read(length))
path.with_suffix(".part").rename(path)
"""


class Recorder:
    """A program that an editor may start in the place of the server: it writes `initialize` down and ends."""

    def __init__(self, folder: Path) -> None:
        self._program, self._heard = folder / "recorder.py", folder / "heard.json"
        self._program.write_text(RECORDER, encoding="utf-8")
        self._heard.unlink(missing_ok=True)

    @property
    def command(self) -> Sequence[str]:
        return (sys.executable, str(self._program), str(self._heard))

    def has_heard(self) -> bool:
        return self._heard.exists()

    @property
    def said(self) -> dict[str, Any]:
        """The parameters of `initialize`."""
        params: dict[str, Any] = json.loads(self._heard.read_text(encoding="utf-8"))["params"]
        return params


def assert_on_record(name: str, said: Mapping[str, Any]) -> None:
    """Compare with tests/data/clients/NAME.json, which is written first where WRITE_RECORDS is set."""
    record = RECORDS / f"{name}.json"
    if os.environ.get("WRITE_RECORDS"):
        kept = {"processId": None, "rootUri": None, **{key: said[key] for key in ("clientInfo", "capabilities") if key in said}}
        record.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    recorded = json.loads(record.read_text(encoding="utf-8"))["capabilities"]
    for part in ("textDocument", "workspace", "window", "general"):
        # Newer ones of the same version may announce more.
        assert set(recorded.get(part, {})) <= set(said["capabilities"].get(part, {}))
