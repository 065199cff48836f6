"""Where the name at ▮ is defined and used, by name."""

import pytest

from recoder_lsp.document import Snapshot
from recoder_lsp.features.navigation import definitions, references, use_counts
from recoder_lsp.features.syntax_thread import SyntaxThread
from recoder_lsp.index.syntax.parser import Parser
from tests.index.small_workspace import SmallWorkspace

SHAPES = "class Circle:\n    def area(self): ...\n"
MAIN = """from shapes import Circle

size = Circle
area = Circle().area()  # area
print("area", f"{area}")
"""
OTHER = "from shapes import Circle\nCircle().area()\n"
FILES = {"shapes.py": SHAPES, "main.py": MAIN, "other.py": OTHER}


@pytest.fixture(scope="module")
def parser():
    return Parser()


@pytest.fixture
def workspace(tmp_path, parser):
    return SmallWorkspace(tmp_path, FILES, parser)


@pytest.fixture
def syntax():
    thread = SyntaxThread()
    yield thread
    thread.close()


def place(text, uri="file:///work/main.py", language="python"):
    before, _, after = text.partition("▮")
    return Snapshot(uri, language, before + after, 1), len(before)


def shown(found):
    return [(each.uri.removeprefix("file:///work/"), each.line, each.start, each.end) for each in found]


async def defined(workspace, text, **where):
    return shown(await definitions(workspace, *place(text, **where), "utf-16"))


async def used(workspace, syntax, text, *, with_declaration=True, **where):
    return shown(await references(workspace, syntax, *place(text, **where), "utf-16", with_declaration=with_declaration))


async def test_a_definition_is_found_in_another_file(workspace):
    assert await defined(workspace, MAIN.replace("= Circle\n", "= Cir▮cle\n")) == [("shapes.py", 0, 6, 12)]


async def test_a_definition_of_this_document_is_shown_only_where_its_text_has_it_now(workspace):
    moved = "\n" + SHAPES.replace("area", "▮area")

    assert await defined(workspace, SHAPES.replace("area", "▮area"), uri="file:///work/shapes.py") == [("shapes.py", 1, 8, 12)]
    assert await defined(workspace, moved, uri="file:///work/shapes.py") == []


@pytest.mark.parametrize("text", ["▮ ", "unknown▮", "1▮2"])
async def test_what_is_no_name_or_not_known_has_no_definition(workspace, text):
    assert await defined(workspace, text) == []


async def test_uses_are_every_place_of_this_document_and_what_others_do_with_the_name(workspace, syntax):
    assert await used(workspace, syntax, MAIN.replace("().area", "().a▮rea")) == [
        ("main.py", 3, 0, 4),
        ("main.py", 3, 16, 20),
        ("main.py", 4, 17, 21),
        ("other.py", 1, 9, 13),
        ("shapes.py", 1, 8, 12),
    ]


async def test_the_declaration_is_left_out_where_it_is_not_wanted(workspace, syntax):
    text = SHAPES.replace("area", "▮area")

    assert await used(workspace, syntax, text, uri="file:///work/shapes.py", with_declaration=False) == [
        ("main.py", 3, 16, 20),
        ("other.py", 1, 9, 13),
    ]


async def test_columns_are_those_of_the_editor(workspace, syntax):
    assert ("main.py", 0, 6, 7) in await used(workspace, syntax, "'😀', ä▮\n")


async def test_without_a_grammar_words_that_are_code_count(workspace, syntax):
    text = "x▮ y x1 // x\n"

    assert await used(workspace, syntax, text, uri="file:///work/a.unknown", language="unknown") == [("a.unknown", 0, 0, 1)]


async def test_a_file_that_holds_secrets_is_not_looked_at(workspace, syntax):
    assert await used(workspace, syntax, "area▮ = 1\n", uri="file:///work/.env", language="python") == []
    assert workspace.asked == []


async def test_a_document_of_no_folder_has_its_own_uses(workspace, syntax):
    assert shown(await references(workspace, syntax, *place("a▮ = a\n", uri="file:///else/a.py"), "utf-8", with_declaration=True)) == [
        ("file:///else/a.py", 0, 0, 1),
        ("file:///else/a.py", 0, 4, 5),
    ]


async def test_uses_of_what_can_be_called_or_is_a_type_are_counted(workspace, parser):
    snapshot = Snapshot("file:///work/shapes.py", "python", SHAPES + "x = 1\n", 1)

    counted = await use_counts(workspace, snapshot, parser.outline(snapshot.text, "python").symbols)

    assert [(symbol.name, n) for symbol, n in counted] == [("Circle", 4), ("area", 2)]


@pytest.mark.parametrize("uri", ["file:///work/shapes.py", "file:///else/shapes.py"])
async def test_without_an_index_nothing_is_counted(workspace, parser, uri):
    workspace.is_away = True

    assert await use_counts(workspace, Snapshot(uri, "python", SHAPES, 1), parser.outline(SHAPES, "python").symbols) == []
