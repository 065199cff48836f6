"""Names offered in the menu: which, in which order, with which import. The caret is ▮."""

import dataclasses

import pytest

from recoder_lsp.config import CompletionSettings, Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.features import completion
from recoder_lsp.index.syntax.parser import Parser
from tests.index.small_workspace import SmallWorkspace

FILES = {
    "pkg/__init__.py": "",
    "pkg/shapes.py": '''class Circle:
    """A round one."""

    radius = 1.0

    def circumference(self): ...


def circle_of(radius):
    """Make one."""


def _circle_inside(): ...
''',
    "pkg/far/away.py": "def circle_far_away(): ...\n",
    "web/shapes.ts": "/** Round. */\nexport class Circle {}\nclass CircleInside {}\nexport default function circleOf() {}\n",
}


@pytest.fixture(scope="module")
def parser():
    return Parser()


@pytest.fixture
def workspace(tmp_path, parser):
    return SmallWorkspace(tmp_path, FILES, parser)


def settings(**completion_settings):
    return Settings(completion=CompletionSettings(**completion_settings))


def document(text, uri="file:///work/main.py", language="python"):
    before, _, after = text.partition("▮")
    return Snapshot(uri, language, before + after, 1), len(before)


async def offered(workspace, text, *, uri="file:///work/main.py", language="python", chosen=None, **options):
    snapshot, caret = document(text, uri, language)
    return await completion.offer(workspace, snapshot, caret, chosen or settings(), **options)


async def names(workspace, text, **options):
    offer = await offered(workspace, text, **options)
    return offer and [item.name for item in offer.items]


async def test_names_of_the_document_come_before_those_of_the_workspace_and_none_twice(workspace):
    expected = ["circle_of", "cir_here", "circle_far_away", "Circle", "_circle_inside"]

    assert await names(workspace, "cir_here = 1\ncircle_of()\ncir▮") == expected


async def test_an_item_replaces_the_word_before_the_caret(workspace):
    offer = await offered(workspace, "x = Cir▮ + 1")

    assert (offer.start, offer.end) == (4, 7)


async def test_names_of_what_is_imported_come_before_those_from_elsewhere(workspace):
    workspace.index("main.py", "from pkg.far.away import other\n")

    assert (await names(workspace, "from pkg.far.away import other\ncircle▮"))[:2] == ["circle_far_away", "circle_of"]


async def test_behind_a_dot_members_are_offered_without_a_letter(workspace):
    assert await names(workspace, "circle.▮") == ["radius", "circumference"]
    assert await names(workspace, "circle.extra = 1\ncircle.▮") == ["extra", "radius", "circumference"]
    assert await names(workspace, "anything.▮") == []


@pytest.mark.parametrize(
    "text",
    ["c▮", "▮", "x = 12▮", "1.▮", "# cir▮", '"cir▮', "def cir▮", "class Cir▮", "cir▮cle", '"""\ncir▮'],
    ids=["one letter", "nothing", "a number", "behind a number", "comment", "text", "new name", "new class", "inside a word", "docstring"],
)
async def test_here_no_names_are_wanted(workspace, text):
    assert await names(workspace, text) is None


@pytest.mark.parametrize(
    "chosen",
    [settings(symbols=False), settings(enabled=False), settings(disabled_languages=("python",))],
    ids=["symbols off", "all off", "language off"],
)
async def test_settings_turn_it_off(workspace, chosen):
    assert await names(workspace, "cir▮", chosen=chosen) is None
    assert workspace.asked == []


@pytest.mark.parametrize(
    ("uri", "language"), [("file:///work/.env", "python"), ("file:///work/a.md", "markdown"), ("untitled:1", "plaintext")]
)
async def test_secrets_and_prose_get_no_names(workspace, uri, language):
    assert await names(workspace, "cir▮", uri=uri, language=language) is None
    assert workspace.asked == []


async def test_without_an_index_the_names_of_the_document_are_all(workspace):
    workspace.is_away = True

    assert await names(workspace, "cir_here = 1\ncir▮") == ["cir_here"]
    assert await names(workspace, "cir_here = 1\ncir▮", uri="untitled:1") == ["cir_here"]


async def test_a_plain_word_of_the_document_is_not_taken_for_what_has_its_name_elsewhere(workspace):
    workspace.index("pkg/result.py", "def result(): ...\n")

    (item,) = (await offered(workspace, "result = 1\nres▮")).items

    assert item.location is None


async def resolved(workspace, text, name, *, uri="file:///work/main.py", language="python"):
    """The document after the item is taken, once it was resolved, and its documentation."""
    snapshot, caret = document(text, uri, language)
    offer = await completion.offer(workspace, snapshot, caret, settings())
    item = next(item for item in offer.items if item.name == name)
    found = await completion.resolve(
        workspace, snapshot, uri, item.location.path, item.location.symbol.qualified_name, may_import=offer.may_import
    )
    whole = snapshot.text[: offer.start] + item.name + snapshot.text[offer.end :]
    wanted = found.import_insertion
    return (whole[: wanted.offset] + wanted.text + whole[wanted.offset :] if wanted else whole), found.location.symbol.docstring


async def test_a_name_from_another_file_comes_with_its_import_and_documentation(workspace):
    text, docstring = await resolved(workspace, "import os\n\nx = circle_o▮", "circle_of")

    assert text == "import os\nfrom pkg.shapes import circle_of\n\nx = circle_of"
    assert docstring == "Make one."


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Circle", "import x from 'x';\nimport { Circle } from '../shapes';\n\nnew Circle"),
        ("circleOf", "import x from 'x';\nimport circleOf from '../shapes';\n\nnew circleOf"),
        ("CircleInside", "import x from 'x';\n\nnew CircleInside"),
    ],
)
async def test_typescript_imports_what_is_exported(workspace, name, expected):
    typed = "import x from 'x';\n\nnew cir▮"

    text, _ = await resolved(workspace, typed, name, uri="file:///work/web/views/a.ts", language="typescript")

    assert text == expected


@pytest.mark.parametrize(
    "text",
    ["from pkg.shapes import circle_o▮", "from pkg.shapes import (\n    Circle,\n    circle_o▮\n)\n", "import circle_o▮"],
)
async def test_where_an_import_is_being_written_none_is_added(workspace, text):
    whole, _ = await resolved(workspace, text, "circle_of")

    assert whole == text.replace("circle_o▮", "circle_of")


@pytest.mark.parametrize(
    "before",
    [
        "export function foo(a) {\n  return ",
        "export class A {\n  a = ",
        "export const a = () => {\n  ",
        "export default {\n  a: ",
        "import('x').then(",
    ],
)
async def test_what_is_exported_imports_what_it_uses(workspace, before):
    whole, _ = await resolved(
        workspace, f"import x from 'x';\n\n{before}Circl▮", "Circle", uri="file:///work/web/a.ts", language="typescript"
    )

    assert "import { Circle } from './shapes';" in whole


@pytest.mark.parametrize("text", ["import {\n  A,\n  Circl▮\n} from './shapes'", "export {\n  Circl▮", "import type { Circl▮"])
async def test_where_an_import_is_being_written_in_typescript_none_is_added(workspace, text):
    whole, _ = await resolved(workspace, text, "Circle", uri="file:///work/web/a.ts", language="typescript")

    assert whole == text.replace("Circl▮", "Circle")


async def test_prose_that_begins_like_an_import_is_none(workspace):
    text, _ = await resolved(workspace, '"""\nuse this one\nusing it (carefully\n"""\nimport os\n\nx = circle_o▮', "circle_of")

    assert "from pkg.shapes import circle_of\n" in text


async def test_members_and_names_of_the_own_file_come_without_an_import(workspace):
    assert (await resolved(workspace, "circle.circ▮", "circumference"))[0] == "circle.circumference"
    workspace.index("main.py", "def circle_mine(): ...\n")
    assert (await resolved(workspace, "def circle_mine(): ...\ncircle_m▮", "circle_mine"))[0] == "def circle_mine(): ...\ncircle_mine"


@pytest.mark.parametrize("before", ["", "import os; ", "x = 1\n\n", "\n", "# About.\n\n"])
async def test_an_import_never_touches_what_the_item_itself_inserts(workspace, before):
    offer = await offered(workspace, f"{before}Circl▮", in_detail=True)
    (item,) = [item for item in offer.items if item.name == "Circle"]
    found = await completion.resolve(
        workspace,
        document(f"{before}Circle")[0],
        "file:///work/main.py",
        "pkg/shapes.py",
        "Circle",
        may_import=True,
        word_start=len(before),
    )

    assert item.import_insertion is None or item.import_insertion.offset < offer.start
    assert item.import_insertion == found.import_insertion


async def test_what_is_gone_when_it_is_resolved_has_nothing_to_say(workspace):
    snapshot, _ = document("circle_o▮")
    del workspace.texts["pkg/shapes.py"]

    assert await completion.resolve(workspace, snapshot, snapshot.uri, "pkg/shapes.py", "circle_of", may_import=True) is None


async def test_editors_that_cannot_ask_later_get_the_first_ten_in_detail(workspace):
    workspace.index("many.py", "\n".join(f"def circle_number_{number}(): ..." for number in range(20)))

    items = (await offered(workspace, "import os\n\ncircle_n▮", in_detail=True)).items

    assert [item.is_detailed for item in items] == [True] * completion.DETAILED_AT_ONCE + [False] * 10
    assert items[0].import_insertion.text.startswith("\nfrom many import circle_number_")
    assert dataclasses.replace(items[0], import_insertion=None).location.symbol.name == items[0].name
