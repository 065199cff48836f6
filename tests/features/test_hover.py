"""What is shown of the word under the mouse, at ▮."""

from pathlib import Path

import pytest

from recoder_lsp.document import Snapshot
from recoder_lsp.features import hover
from recoder_lsp.index.syntax.parser import Parser
from tests.index.small_workspace import SmallWorkspace

SHAPES = '''class Circle:
    """A *round* one."""

    def area(self, scale: float = 1.0) -> float:
        """In square metres.

        Args: `scale` multiplies.
        """
'''
MAIN = """from pkg.shapes import Circle


def main():
    circle = Circle()
    circle.area(2)  # the area of Circle
    for x in "area": pass
"""
FILES = {"pkg/__init__.py": "", "pkg/shapes.py": SHAPES, "main.py": MAIN, "fenced.py": "def f(a='```'): ...\n"}


@pytest.fixture(scope="module")
def parser():
    return Parser()


@pytest.fixture
def workspace(tmp_path, parser):
    return SmallWorkspace(tmp_path, FILES, parser)


async def shown(workspace, text, *, uri="file:///work/main.py", language="python"):
    before, _, after = text.partition("▮")
    return await hover.describe(workspace, Snapshot(uri, language, before + after, 1), len(before))


async def test_a_definition_is_shown_with_signature_documentation_place_and_uses(workspace):
    found = await shown(workspace, MAIN.replace("circle.area", "circle.ar▮ea"))

    assert MAIN[found.start : found.end] == "area"
    assert hover.in_markdown(found) == (
        "```python\ndef area(self, scale: float = 1.0) -> float\n```\n\n"
        "```text\nIn square metres.\n\nArgs: `scale` multiplies.\n```\n\n"
        "Defined in [pkg/shapes.py:4](file:///work/pkg/shapes.py#L4) · method · used once in the workspace"
    )


async def test_the_same_without_marks(workspace):
    found = await shown(workspace, MAIN.replace("= Circle()", "= Cir▮cle()"))

    assert (
        hover.in_plain_text(found) == "class Circle\n\nA *round* one.\n\nDefined in pkg/shapes.py:1 · class · used 2 times in the workspace"
    )


@pytest.mark.parametrize(
    "text",
    [
        MAIN.replace("def main", "de▮f main"),
        MAIN.replace("area(2)", "area(▮2)"),
        MAIN.replace("for x", "for x▮"),
        MAIN.replace("the area", "the ar▮ea"),
        MAIN.replace('"area"', '"ar▮ea"'),
        MAIN.replace("\n\n\n", "\n▮\n\n"),
    ],
    ids=["keyword", "number", "unknown", "word of a comment", "word of a text", "nothing"],
)
async def test_here_nothing_is_known(workspace, text):
    assert await shown(workspace, text) is None


async def test_a_name_in_a_comment_that_is_one_is_shown(workspace):
    assert await shown(workspace, MAIN.replace("of Circle", "of Cir▮cle")) is not None


async def test_unsaved_text_is_described_as_it_is_in_the_editor(workspace):
    text = "\n\n" + MAIN + "\n\ndef brand_new(a, b): ...\n\n\nbrand_n▮ew()\n"
    workspace.index("main.py", text.replace("▮", ""))

    found = await shown(workspace, text)

    assert "def brand_new(a, b)" in hover.in_markdown(found)


async def test_further_definitions_are_counted(workspace):
    for number in range(5):
        workspace.index(f"more/file{number}.py", "def much_defined(): ...\n")

    text = hover.in_markdown(await shown(workspace, "much_def▮ined()"))

    assert text.count("Defined in") == 3
    assert text.endswith("and 2 other definitions")


async def test_code_cannot_end_its_own_fence(workspace):
    text = hover.in_markdown(await shown(workspace, "f▮()", uri="file:///work/fenced.py"))

    assert text.startswith("````python\ndef f(a='```')\n````\n")


async def test_a_path_cannot_be_markdown_nor_leave_its_link(workspace):
    workspace.index("a_[b](c)*.py", "def strange_place(): ...\n")

    text = hover.in_markdown(await shown(workspace, "strange_pl▮ace()"))

    assert r"[a\_\[b\](c)\*.py:1](file:///work/a_%5Bb%5D%28c%29%2A.py#L1)" in text


HOSTILE = "![](https://a.test/x.png) <img src='https://a.test/y'>\n```\n\n````text\n![](https://a.test/z.png)"


async def test_nothing_that_an_author_wrote_is_markdown_and_can_be_fetched(workspace):
    workspace.index("hostile.py", f'def hostile_one(*args):\n    """{HOSTILE}"""\n')

    found = await shown(workspace, "hostile_o▮ne()")

    assert f"\n\n`````text\n{HOSTILE}\n`````\n\nDefined in" in hover.in_markdown(found)
    assert hover.documentation(found.locations[0], markdown=True).endswith(f"\n\n`````text\n{HOSTILE}\n`````")
    assert hover.documentation(found.locations[0], markdown=False).endswith(f"\n\n{HOSTILE}")


async def test_a_place_is_linked_as_the_editor_names_the_folder_not_as_it_is_really_called(workspace, monkeypatch):
    monkeypatch.setattr(workspace, "place_of", lambda uri: (workspace.clients[0], "main.py"))
    monkeypatch.setattr(workspace, "shown_root", lambda client: Path("/linked/work"))

    found = await shown(workspace, MAIN.replace("= Circle()", "= Cir▮cle()"), uri="file:///elsewhere/through/a/link.py")

    assert "(file:///linked/work/pkg/shapes.py#L1)" in hover.in_markdown(found)


@pytest.mark.parametrize("uri", ["file:///work/.env", "untitled:1", "file:///elsewhere/a.py"])
async def test_secrets_and_documents_of_no_folder_are_not_described(workspace, uri):
    assert await shown(workspace, "Cir▮cle", uri=uri) is None


async def test_without_an_index_nothing_is_known(workspace):
    workspace.is_away = True

    assert await shown(workspace, MAIN.replace("= Circle()", "= Cir▮cle()")) is None


async def test_very_long_documentation_is_cut(workspace):
    workspace.index("long.py", 'def long_story():\n    """' + "word " * 380 + '"""\n')

    text = hover.in_markdown(await shown(workspace, "long_st▮ory()"))

    assert "…\n" in text
    assert len(text) < hover.LONGEST_DOCSTRING + 200
