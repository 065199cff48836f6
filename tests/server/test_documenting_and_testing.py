"""Documentation and tests as code actions of the real server, with the real index behind it."""

import time

import pytest

from tests.server.talking import Editor, opened

DEADLINE_S = 60.0
CAPABILITIES = {
    "textDocument": {
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source"]}},
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
        }
    },
    "workspace": {"workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]}},
}
ON = {"initializationOptions": {"index": {"enabled": True}}}
NUMPY = 'def area(shape):\n    """Measure.\n\n    Parameters\n    ----------\n    shape\n        What.\n    """\n'
CODE = "def scale(shape, factor):\n    return shape * factor\n"


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    (folder / "pkg").mkdir(parents=True)
    (folder / "pkg" / "__init__.py").touch()
    (folder / "pkg" / "area.py").write_text(NUMPY)
    (folder / "pkg" / "scale.py").write_text(CODE)
    (folder / "tests").mkdir()
    (folder / "tests" / "test_area.py").write_text("from pkg.area import area\n\n\ndef test_area():\n    assert area(1) is None\n")
    return folder


def edits_of(editor, uri, wanted, shows):
    """What the action of this title changes, once the index knows enough for it to show this."""
    place = {"start": {"line": 0, "character": 5}, "end": {"line": 0, "character": 5}}
    params = {"textDocument": {"uri": uri}, "range": place, "context": {"diagnostics": [], "only": ["refactor.rewrite"]}}
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        for action in editor.ask("textDocument/codeAction", params)["result"]:
            if action["title"] == wanted:
                changes = editor.ask("codeAction/resolve", action)["result"]["edit"]["documentChanges"]
                if shows in changes[-1]["edits"][0]["newText"]:
                    return changes
        time.sleep(0.05)
    raise AssertionError("this was never offered")


def test_documentation_and_a_test_are_in_the_style_of_the_project(server_command, project):
    uri = (project / "pkg" / "scale.py").as_uri()
    with Editor(server_command) as editor:
        editor.initialize(rootUri=project.as_uri(), capabilities=CAPABILITIES, **ON)
        editor.say(opened(CODE, uri))

        created, written = edits_of(editor, uri, "Add a test of `scale` to the new file tests/test_scale.py", "from pkg.scale import scale")
        (documented,) = edits_of(editor, uri, "Add documentation to `scale`", "----------")

    assert (created["kind"], created["uri"]) == ("create", (project / "tests" / "test_scale.py").as_uri())
    (edit,) = written["edits"]
    assert edit["newText"].startswith("from pkg.scale import scale\n\n\ndef test_scale():\n    shape = ...  # TODO\n")
    assert documented["textDocument"] == {"uri": uri, "version": 1}
    (edit,) = documented["edits"]
    assert "    Parameters\n    ----------\n    shape\n        TODO\n    factor\n        TODO\n" in edit["newText"]
    assert edit["range"]["start"] == {"line": 0, "character": 25}
