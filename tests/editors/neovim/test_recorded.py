"""What Neovim with the plugin says of itself is on record, for the tests of the server; written where WRITE_RECORDS is set."""

import pytest

from tests.editors.neovim.conftest import only_in_test_editors
from tests.editors.recording import Recorder, assert_on_record


def test_what_it_announces_is_on_record(desk):
    recorder = Recorder(desk.folder)
    with desk.neovim(f"cmd = {{ {', '.join(map(repr, recorder.command))} }},") as editor:
        editor.command("edit shop.py")
        editor.until(recorder.has_heard, "what it says")

    assert_on_record(f"neovim-{desk.version}", recorder.said)
    assert recorder.said["capabilities"]["textDocument"]["inlineCompletion"] == {"dynamicRegistration": False}
    assert recorder.said["capabilities"]["experimental"] == {"recoder": {"hoverReady": True, "statusChanged": True}}


@only_in_test_editors
@pytest.mark.parametrize(
    ("environ", "locale"), [({"LANG": "de_AT.UTF-8"}, "de-AT"), ({"LANG": "fr"}, "fr"), ({"LC_ALL": "C", "LANG": "de_AT"}, None)]
)
def test_the_server_is_told_the_language_of_the_environment(desk, environ, locale):
    recorder = Recorder(desk.folder)
    unset = {"LC_ALL": "", "LC_MESSAGES": "", "LANGUAGE": ""}
    with desk.neovim(f"cmd = {{ {', '.join(map(repr, recorder.command))} }},", environ={**unset, **environ}) as editor:
        editor.command("edit shop.py")
        editor.until(recorder.has_heard, "what it says")

    assert recorder.said.get("locale") == locale
