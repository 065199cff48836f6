"""What is shown of the word under the mouse, at ▮."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from recoder_lsp.document import Snapshot
from recoder_lsp.features import hover, hover_text
from recoder_lsp.features.summaries import Summary
from recoder_lsp.git import LastChange
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
    assert hover_text.in_markdown(found) == (
        "```python\ndef area(self, scale: float = 1.0) -> float\n```\n\n"
        "```text\nIn square metres.\n\nArgs: `scale` multiplies.\n```\n\n"
        "Defined in [pkg/shapes.py:4](file:///work/pkg/shapes.py#L4) · method · used once in the workspace  \n"
        "Called by [main](file:///work/main.py#L4)"
    )


async def test_the_same_without_marks(workspace):
    found = await shown(workspace, MAIN.replace("= Circle()", "= Cir▮cle()"))

    assert hover_text.in_plain_text(found) == (
        "class Circle\n\nA *round* one.\n\nDefined in pkg/shapes.py:1 · class · used 2 times in the workspace\nUsed by main"
    )


BUSY = """def busy_one(a):
    # TODO: use `a` <img src=x>
    if a and a[0]:
        helper_one(a)
        raise ValueError(a)
    helper_one(a)
    for x in a:
        yield x if x else None
    while a or not a and x:
        if a: pass
        elif x: pass
        try: return helper_two(a)
        except ValueError: raise
"""
CALLERS = (
    "from busy import busy_one\n\n\n"
    + "\n\n\n".join(f"def use_{number}():\n    busy_one({number})" for number in range(6))
    + "\nbusy_one(1)\n"
)


async def test_what_a_function_does_is_said_in_a_few_lines(workspace):
    workspace.index("helpers.py", "def helper_one(a): ...\ndef helper_two(a): ...\n")
    workspace.index("busy.py", "from helpers import helper_one, helper_two\n\n\n" + BUSY)
    workspace.index("callers.py", CALLERS)

    text = hover_text.in_plain_text(await shown(workspace, "busy_o▮ne(1)"))

    assert text.split("\n")[2:] == [
        "Defined in busy.py:4 · function · used 8 times in the workspace",
        "Called by use_0, use_1, use_2, use_3, use_4 and 2 others",
        "Calls helper_one (2 times), helper_two",
        "Raises ValueError · returns helper_two(a) · yields x if x else None",
        "Cyclomatic complexity 11",
        "TODO: use `a` <img src=x> (line 5)",
    ]


async def test_where_not_all_uses_were_looked_at_their_number_is_the_least(workspace, monkeypatch):
    monkeypatch.setattr("recoder_lsp.index.search.facts.MOST_USES", 7)
    workspace.index("busy.py", BUSY)
    workspace.index("callers.py", CALLERS)

    assert "and at least 1 other\n" in hover_text.in_plain_text(await shown(workspace, "busy_o▮ne(1)"))


async def test_what_comes_from_code_is_no_markdown(workspace):
    workspace.index("busy.py", BUSY)

    text = hover_text.in_markdown(await shown(workspace, "busy_o▮ne(1)"))

    assert text.startswith("```python\ndef busy_one(a)\n```\n")
    assert "  \nRaises `ValueError` · " in text
    assert r"  " + "\n" + r"TODO: use \`a\` \<img src=x\> (line 2)" in text


async def test_what_a_signature_says_is_not_said_again(workspace):
    workspace.index("typed.py", "def typed_one(a) -> int:\n    return a\n")
    workspace.index("code.ts", "export function typedTwo(a: number): number { return a }\nexport function freeTwo(a) { return a }\n")

    assert "returns" not in hover_text.in_plain_text(await shown(workspace, "typed_o▮ne(1)"))
    typed, free = [
        hover_text.in_plain_text(await shown(workspace, text, uri="file:///work/b.ts", language="typescript")).lower()
        for text in ("typedT▮wo(1)", "freeT▮wo(1)")
    ]
    assert "returns" not in typed
    assert "returns a" in free


async def test_long_functions_are_said_to_be_long(workspace):
    workspace.index("long.py", "def long_one():\n" + "    print()\n" * 70)

    assert hover_text.in_plain_text(await shown(workspace, "long_o▮ne()")).endswith("\n71 lines")


async def test_secrets_in_what_is_quoted_are_left_out(workspace):
    key = "ghp_" + "a1B2" * 9
    workspace.index("a.py", f"def leaky_one():\n    # TODO: rotate {key}\n    return '{key[:30]}'\n")

    text = hover_text.in_markdown(await shown(workspace, "leaky_o▮ne()"))

    assert key not in text
    assert "TODO: rotate" in text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5, "just now"), (90, "1 minute ago"), (7_300, "2 hours ago"), (86_400 * 9, "1 week ago"), (86_400 * 800, "2 years ago")],
)
async def test_the_last_change_is_said_with_its_age(workspace, seconds, said):
    found = await shown(workspace, MAIN.replace("= Circle()", "= Cir▮cle()"))
    changed = replace(found, last_change=LastChange(time.time() - seconds, "AL", "fix: *round* things " + "x" * 100))

    assert f"\nChanged {said}: fix: *round* things xxx" in hover_text.in_plain_text(changed)
    assert rf"Changed {said} by AL: fix: \*round\* things xxx" in hover_text.in_markdown(changed, authors=True)
    assert "AL" not in hover_text.in_markdown(changed)
    assert hover_text.in_plain_text(changed).endswith("xxx…")


async def test_what_is_not_committed_yet_is_said(workspace):
    found = await shown(workspace, MAIN.replace("= Circle()", "= Cir▮cle()"))
    change = LastChange(time.time(), "", "", is_committed=False)

    assert hover_text.in_plain_text(replace(found, last_change=change)).endswith("\nChanged, and not committed yet")


async def test_what_a_model_said_is_marked_and_stands_where_documentation_would(workspace):
    workspace.index("bare.py", "def bare_one(): ...\n")
    found = await shown(workspace, "bare_o▮ne()")
    summary = Summary("Does ![nothing](https://a.test/x.png).", "guessed by Some Model, a tiny model; it is often wrong")

    assert hover_text.in_markdown(replace(found, summary=summary)) == (
        "```python\ndef bare_one()\n```\n\n"
        r"Does \!\[nothing\](https://a.test/x.png)." + "  \n(guessed by Some Model, a tiny model; it is often wrong)\n\n"
        "Defined in [bare.py:1](file:///work/bare.py#L1) · function"
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

    assert "def brand_new(a, b)" in hover_text.in_markdown(found)


async def test_further_definitions_are_counted(workspace):
    for number in range(5):
        workspace.index(f"more/file{number}.py", "def much_defined(): ...\n")

    text = hover_text.in_markdown(await shown(workspace, "much_def▮ined()"))

    assert text.count("Defined in") == 3
    assert text.endswith("and 2 other definitions")


async def test_code_cannot_end_its_own_fence(workspace):
    text = hover_text.in_markdown(await shown(workspace, "f▮()", uri="file:///work/fenced.py"))

    assert text.startswith("````python\ndef f(a='```')\n````\n")


async def test_a_path_cannot_be_markdown_nor_leave_its_link(workspace):
    workspace.index("a_[b](c)*.py", "def strange_place(): ...\n")

    text = hover_text.in_markdown(await shown(workspace, "strange_pl▮ace()"))

    assert r"[a\_\[b\](c)\*.py:1](file:///work/a_%5Bb%5D%28c%29%2A.py#L1)" in text


HOSTILE = "![](https://a.test/x.png) <img src='https://a.test/y'>\n```\n\n````text\n![](https://a.test/z.png)"


async def test_nothing_that_an_author_wrote_is_markdown_and_can_be_fetched(workspace):
    workspace.index("hostile.py", f'def hostile_one(*args):\n    """{HOSTILE}"""\n')

    found = await shown(workspace, "hostile_o▮ne()")

    assert f"\n\n`````text\n{HOSTILE}\n`````\n\nDefined in" in hover_text.in_markdown(found)
    assert hover_text.documentation(found.locations[0], markdown=True).endswith(f"\n\n`````text\n{HOSTILE}\n`````")
    assert hover_text.documentation(found.locations[0], markdown=False).endswith(f"\n\n{HOSTILE}")


async def test_a_place_is_linked_as_the_editor_names_the_folder_not_as_it_is_really_called(workspace, monkeypatch):
    monkeypatch.setattr(workspace, "place_of", lambda uri: (workspace.clients[0], "main.py"))
    monkeypatch.setattr(workspace, "shown_root", lambda client: Path("/linked/work"))

    found = await shown(workspace, MAIN.replace("= Circle()", "= Cir▮cle()"), uri="file:///elsewhere/through/a/link.py")

    assert "(file:///linked/work/pkg/shapes.py#L1)" in hover_text.in_markdown(found)


@pytest.mark.parametrize("uri", ["file:///work/.env", "untitled:1", "file:///elsewhere/a.py"])
async def test_secrets_and_documents_of_no_folder_are_not_described(workspace, uri):
    assert await shown(workspace, "Cir▮cle", uri=uri) is None


async def test_without_an_index_nothing_is_known(workspace):
    workspace.is_away = True

    assert await shown(workspace, MAIN.replace("= Circle()", "= Cir▮cle()")) is None


async def test_very_long_documentation_is_cut(workspace):
    workspace.index("long.py", 'def long_story():\n    """' + "word " * 380 + '"""\n')

    text = hover_text.in_markdown(await shown(workspace, "long_st▮ory()"))

    assert "…\n" in text
    assert len(text) < hover_text.LONGEST_DOCSTRING + 200
