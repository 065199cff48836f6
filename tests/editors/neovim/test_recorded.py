"""What Neovim with the plugin says of itself is on record, for the tests of the server; written where WRITE_RECORDS is set."""

import json
import os
import sys
from pathlib import Path

RECORDS = Path(__file__).parents[2] / "data" / "clients"
RECORDER = """
import pathlib, sys
length = int(sys.stdin.buffer.readline().split(b":")[1])
while sys.stdin.buffer.readline().strip():
    pass
path = pathlib.Path(sys.argv[1])
path.with_suffix(".part").write_bytes(sys.stdin.buffer.read(length))
path.with_suffix(".part").rename(path)
"""


def test_what_it_announces_is_on_record(desk):
    heard, recorder = desk.folder / "heard.json", desk.folder / "recorder.py"
    recorder.write_text(RECORDER, encoding="utf-8")
    with desk.neovim(f"cmd = {{ {sys.executable!r}, {str(recorder)!r}, {str(heard)!r} }},") as editor:
        editor.command("edit shop.py")
        editor.until(heard.exists, "what it says")
    said = json.loads(heard.read_text(encoding="utf-8"))["params"]

    record = RECORDS / f"neovim-{desk.version}.json"
    if os.environ.get("WRITE_RECORDS"):
        kept = {"processId": None, "rootUri": None, **{name: said[name] for name in ("clientInfo", "capabilities")}}
        record.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    recorded = json.loads(record.read_text(encoding="utf-8"))["capabilities"]
    for part in ("textDocument", "workspace", "window", "general"):
        known = said["capabilities"].get(part, {})
        # Newer ones of the same version may announce more.
        assert set(recorded.get(part, {})) <= set(known)
    assert said["capabilities"]["textDocument"]["inlineCompletion"] == {"dynamicRegistration": False}
