"""Imports as code actions of the real server, with the real index behind it, as an editor asks for them."""

import time

import pytest

from recoder_lsp.document import Snapshot
from recoder_lsp.features.edits import Edit, applied
from tests.server.talking import Editor, opened

DEADLINE_S = 60.0
CAPABILITIES = {
    "textDocument": {
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source"]}},
            "dataSupport": True,
            "isPreferredSupport": True,
            "resolveSupport": {"properties": ["edit"]},
        }
    },
}
ON = {"initializationOptions": {"index": {"enabled": True}}}
CODE = "import sys\nimport os\n\nprint(os.name, Circle(1))\n"


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    (folder / "shapes").mkdir(parents=True)
    (folder / "shapes" / "__init__.py").write_text("from shapes.circle import Circle\n")
    (folder / "shapes" / "circle.py").write_text("class Circle:\n    def __init__(self, radius): ...\n")
    (folder / "use.py").write_text("from shapes import Circle\n\nprint(Circle(2))\n")
    (folder / "new.py").write_text(CODE)
    return folder


@pytest.fixture
def editor(server_command, project):
    with Editor(server_command) as editor:
        editor.initialize(rootUri=project.as_uri(), capabilities=CAPABILITIES, **ON)
        editor.uri = (project / "new.py").as_uri()
        editor.say(opened(CODE, editor.uri))
        yield editor


def place(line, start, end):
    return {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}


def actions(editor, where, **context):
    params = {"textDocument": {"uri": editor.uri}, "range": where, "context": {"diagnostics": [], "triggerKind": 1, **context}}
    return editor.ask("textDocument/codeAction", params)["result"]


def taken(editor, action):
    """The document once the action is taken."""
    snapshot = Snapshot(editor.uri, "python", CODE, 1)

    def offset(position):
        return snapshot.offset_at(position["line"], position["character"], "utf-16")

    edits = editor.ask("codeAction/resolve", action)["result"]["edit"]["changes"][editor.uri]
    return applied(CODE, [Edit(offset(edit["range"]["start"]), offset(edit["range"]["end"]), edit["newText"]) for edit in edits])


def test_a_missing_import_is_offered_for_a_diagnostic_as_soon_as_the_index_knows_the_name(editor):
    diagnostic = {"range": place(3, 15, 21), "message": "Undefined name `Circle`", "source": "Ruff", "code": "F821"}
    deadline, found = time.monotonic() + DEADLINE_S, []

    while not found and time.monotonic() < deadline:
        found = [each for each in actions(editor, place(3, 15, 15), diagnostics=[diagnostic]) if each["title"].startswith("Import")]
        time.sleep(0.05)

    assert [each["title"] for each in found] == ["Import Circle from shapes", "Import Circle from shapes.circle"]
    assert [each.get("isPreferred", False) for each in found] == [True, False]
    assert found[0]["diagnostics"] == [diagnostic]
    assert taken(editor, found[0]) == "import sys\nimport os\nfrom shapes import Circle\n\nprint(os.name, Circle(1))\n"


def test_an_unused_import_is_removed_at_the_caret(editor):
    (action,) = [each for each in actions(editor, place(0, 8, 8)) if each["title"].startswith("Remove")]

    assert (action["title"], action["kind"]) == ("Remove unused import: sys", "quickfix")
    assert taken(editor, action) == "import os\n\nprint(os.name, Circle(1))\n"


def test_imports_are_put_in_order_where_that_is_asked_for(editor):
    unasked = actions(editor, place(3, 0, 0))
    (action,) = actions(editor, place(3, 0, 0), only=["source.organizeImports"])

    assert not [each for each in unasked if each["kind"].startswith("source")]
    assert (action["title"], action["kind"]) == ("Organise imports", "source.organizeImports")
    assert taken(editor, action) == "import os\nimport sys\n\nprint(os.name, Circle(1))\n"
