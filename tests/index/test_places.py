"""Where the index says that names are defined and used."""

import pytest

from recoder_lsp.index.search import places
from recoder_lsp.index.search.places import Place, place_of
from recoder_lsp.index.syntax.parser import Parser
from tests.index.small_workspace import SmallWorkspace

SHAPES = "class Circle:\n    def area(self): ...\n"
FILES = {
    "pkg/shapes.py": SHAPES,
    "pkg/uses.py": "from pkg.shapes import Circle as Round\n\n\nRound().area()\n'ä😀'; x.area()\n",
    "tests/test_shapes.py": "from pkg.shapes import Circle\nCircle().area()\n",
    "web/shapes.ts": "area();\n",
    "src/lib.rs": "use shapes::scaled;\nfn f() { scaled(1); }\n",
    "secrets.toml": "area = 1\n",
}


@pytest.fixture(scope="module")
def parser():
    return Parser()


@pytest.fixture
def workspace(tmp_path, parser):
    return SmallWorkspace(tmp_path, FILES, parser)


def uses(workspace, name, path="pkg/shapes.py", language="python", encoding="utf-8"):
    found = workspace.answer("uses", {"path": path, "language": language, "name": name, "encoding": encoding})
    return [place_of(value) for value in found["places"]]


def test_uses_in_other_files_of_the_same_family_are_found_the_nearest_first(workspace):
    assert uses(workspace, "area") == [
        Place("pkg/uses.py", 3, 8, 12),
        Place("pkg/uses.py", 4, 12, 16),
        Place("tests/test_shapes.py", 1, 9, 13),
    ]


@pytest.mark.parametrize(("encoding", "start"), [("utf-8", 12), ("utf-16", 9), ("utf-32", 8)])
def test_columns_count_what_was_asked_for(workspace, encoding, start):
    assert Place("pkg/uses.py", 4, start, start + 4) in uses(workspace, "area", encoding=encoding)


def test_a_name_is_found_by_what_was_imported_under_another(workspace):
    found = uses(workspace, "Round", path="pkg/uses.py")

    assert found == [Place("tests/test_shapes.py", 0, 23, 29), Place("tests/test_shapes.py", 1, 0, 6)]


def test_an_import_is_found_at_the_name_and_not_where_its_path_begins(workspace):
    assert Place("src/lib.rs", 0, 12, 18) in uses(workspace, "scaled", path="src/main.rs", language="rust")


def test_uses_are_where_the_text_has_them_now(workspace):
    workspace.texts["pkg/uses.py"] = "# moved\n" + FILES["pkg/uses.py"]
    workspace.texts["tests/test_shapes.py"] = "nothing()\n"

    assert uses(workspace, "area") == [Place("pkg/uses.py", 4, 8, 12), Place("pkg/uses.py", 5, 12, 16)]
    assert workspace.stale == ["pkg/uses.py", "tests/test_shapes.py"]


def test_a_file_that_is_gone_has_no_uses(workspace):
    del workspace.texts["pkg/uses.py"]

    assert [place.path for place in uses(workspace, "area")] == ["tests/test_shapes.py"]


def test_of_very_many_uses_the_first_are_told_and_that_there_are_more(tmp_path, parser, monkeypatch):
    monkeypatch.setattr(places, "MOST_PLACES", 2)
    workspace = SmallWorkspace(tmp_path, FILES, parser)

    found = workspace.answer("uses", {"path": "pkg/shapes.py", "language": "python", "name": "area", "encoding": "utf-8"})

    assert (len(found["places"]), found["is_partial"]) == (2, True)


def test_a_definition_is_the_name_in_it(workspace):
    params = {"path": "pkg/uses.py", "language": "python", "name": "Round", "line": 3, "column": 0, "receiver": "", "in_code": True}

    found = workspace.answer("definitions", {**params, "encoding": "utf-16"})

    assert list(map(place_of, found["places"])) == [Place("pkg/shapes.py", 0, 6, 12)]


def test_uses_are_counted_by_name(workspace):
    found = workspace.answer("use_counts", {"path": "pkg/shapes.py", "names": ["area", "Circle", "unknown"]})

    assert found["counts"] == {"area": 4, "Circle": 3, "unknown": 0}


@pytest.mark.parametrize("value", [None, {}, {"path": "a", "line": "1", "start": 0, "end": 0}])
def test_what_is_no_place_is_refused(value):
    with pytest.raises(ValueError, match="Place"):
        place_of(value)
