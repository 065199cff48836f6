"""Missing branches over enums of other files, which the index knows."""

import pytest

from recoder_lsp.features.actions import branches
from recoder_lsp.features.edits import applied
from tests.features.actions.refactoring import site_of
from tests.index.small_workspace import SmallWorkspace

ENUM = "from enum import Enum\n\n\nclass Color(Enum):\n    RED = 1\n    BLUE = 2\n\n    def shown(self):\n        return self.name\n"
MATCH = "from colors import Color\n\n\ndef f(color):\n    ▮match color:\n        case Color.RED:\n            return 1\n"


@pytest.fixture
def workspace(tmp_path):
    made: list[SmallWorkspace] = []

    def make(**texts):
        made.append(SmallWorkspace(tmp_path, {path.replace("__", "."): text for path, text in texts.items()}))
        return made[0]

    yield make
    for each in made:
        each.manifest.close()


async def done(workspace, language, marked):
    """(titles, text afterwards) of what the index makes possible."""
    site = site_of(language, marked)
    offers = await branches.offers_by_index(site, workspace)
    return [offer.title for offer in offers], applied(site.text, offers[0].change().edits) if offers else None


async def test_members_of_an_enum_of_another_file_are_found(workspace):
    titles, text = await done(workspace(colors__py=ENUM), "python", MATCH)

    assert titles == ["Implement missing branch `BLUE`"]
    assert text is not None
    assert text.endswith('            return 1\n        case Color.BLUE:\n            raise NotImplementedError("Color.BLUE")\n')


async def test_variants_of_rust_keep_what_they_carry(workspace):
    shapes = "pub enum Shape {\n    Circle(f64),\n    Rect { w: f64 },\n    Empty,\n}\n"
    match = "fn f(s: &Shape) -> f64 {\n    ▮match s {\n        Shape::Empty => 0.0,\n    }\n}\n"

    _, text = await done(workspace(shapes__rs=shapes), "rust", match)

    assert text is not None
    assert "        Shape::Circle(..) => todo!(),\n        Shape::Rect { .. } => todo!(),\n    }" in text


async def test_an_enum_of_typescript_is_found(workspace):
    switch = "function f(color: Color) {\n  ▮switch (color) {\n    case Color.Red:\n      return 1;\n  }\n}\n"

    titles, _ = await done(workspace(colors__ts="export enum Color {\n  Red,\n  Green,\n}\n"), "typescript", switch)

    assert titles == ["Implement missing branch `Green`"]


async def test_of_two_enums_of_the_name_none_is_taken(workspace):
    titles, _ = await done(workspace(colors__py=ENUM, paints__py=ENUM.replace("BLUE", "PINK")), "python", MATCH)

    assert titles == []


async def test_what_changed_behind_the_index_is_not_believed(workspace):
    small = workspace(colors__py=ENUM)
    small.texts["colors.py"] = "\n\n" + ENUM.replace("BLUE", "PINK").replace("Color", "Colour")

    titles, _ = await done(small, "python", MATCH)

    assert titles == []


async def test_without_an_index_nothing_is_offered(workspace):
    small = workspace(colors__py=ENUM)
    small.is_away = True

    titles, _ = await done(small, "python", MATCH)

    assert titles == []


async def test_the_index_is_not_asked_where_the_document_knows(workspace):
    small = workspace(colors__py=ENUM)

    titles, _ = await done(small, "python", ENUM + MATCH)

    assert titles == []
    assert not small.asked
