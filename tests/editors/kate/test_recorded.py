"""What Kate says of itself is on record, for the tests of the server; written where WRITE_RECORDS is set."""

from tests.editors.kate.driving import Kate
from tests.editors.kate.installing import kate
from tests.editors.project import project
from tests.editors.recording import Recorder, assert_on_record


def test_what_it_announces_is_on_record(version, tmp_path):
    folder = tmp_path / "kate"
    folder.mkdir(mode=0o700)
    recorder = Recorder(folder)
    with Kate(kate(version), folder, project(tmp_path / "project") / "shop.py", {}, recorder.command) as editor:
        editor.until(recorder.has_heard, "what it says")

    assert_on_record(f"kate-{version}", recorder.said)
    assert "applyEdit" not in recorder.said["capabilities"].get("workspace", {})
