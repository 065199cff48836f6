"""Documentation that is offered: declarations before and after, as docstring_cases.toml has them, and where the style comes from."""

import tomllib
from pathlib import Path

import pytest

from recoder_lsp.document import Snapshot
from recoder_lsp.features.actions import docstring
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.code_actions import finished
from recoder_lsp.features.edits import applied
from recoder_lsp.index.syntax.parser import Parser
from tests.index.small_workspace import SmallWorkspace

CASES = [
    (language, case)
    for language, cases in tomllib.loads(Path(__file__).with_name("docstring_cases.toml").read_text("utf-8")).items()
    for case in cases
]


@pytest.fixture(scope="module")
def parser():
    return Parser()


@pytest.fixture
def workspace(tmp_path, parser):
    return SmallWorkspace(tmp_path, {}, parser)


def site_of(parser, language, marked, *, path="a", indent=None):
    before, _, after = marked.partition("▮")
    snapshot = Snapshot(f"file:///work/{path}", language, before + after, 1)
    return Site(snapshot, len(before), len(before), parser.tree(before + after, language), (), indent)


async def documented(workspace, parser, language, marked, **options):
    """The text once the offer is taken, and what it was called; nothing without an offer."""
    site = site_of(parser, language, marked, **options)
    offers = await docstring.offers(site, workspace)
    if not offers:
        return None, None
    assert [offer.kind for offer in offers] == ["refactor.rewrite.documentation"]
    return applied(site.text, finished(parser, site.snapshot, offers[0].change()).edits), offers[0].title


@pytest.mark.parametrize(("language", "case"), CASES, ids=[f"{language}: {case['title']}" for language, case in CASES])
async def test_a_declaration_is_documented(workspace, parser, language, case):
    after, offered = await documented(workspace, parser, language, case["before"])

    assert (after, offered) == (case.get("after"), case.get("offered"))


@pytest.mark.parametrize(("language", "case"), [case for case in CASES if "after" in case[1]])
async def test_once_documented_nothing_more_is_offered(workspace, parser, language, case):
    line = case["before"].partition("▮")[0].rpartition("\n")[2].strip()
    after = case["after"]
    at = after.index(line) + len(line) if line else after.index("class")

    assert await documented(workspace, parser, language, after[:at] + "▮" + after[at:]) == (None, None)


async def test_the_style_is_that_of_the_files_around_where_the_file_shows_none(workspace, parser):
    workspace.index("pkg/far/other.py", 'def g(b):\n    """Do.\n\n    :param b: what\n    """\n')
    workspace.index("pkg/near.py", 'def f(a):\n    """Do.\n\n    Parameters\n    ----------\n    a\n        What.\n    """\n')

    after, _ = await documented(workspace, parser, "python", "def f(x):▮\n    pass\n", path="pkg/here.py")

    assert "Parameters\n    ----------\n    x\n        TODO" in after


async def test_without_an_answer_of_the_index_the_usual_style_is_taken(workspace, parser):
    workspace.is_away = True

    after, _ = await documented(workspace, parser, "python", "def f(x):▮\n    pass\n")

    assert "    Args:\n        x: TODO\n" in after


async def test_a_file_that_shows_its_style_asks_nobody(workspace, parser):
    await documented(workspace, parser, "python", 'def f(x):▮\n    """Do.\n\n    Returns:\n        It.\n    """\n    return x\n')

    assert workspace.asked == []


async def test_the_style_of_jsdoc_comes_from_the_files_around(workspace, parser):
    workspace.index("src/b.js", "/**\n * Do.\n * @param {string} a first\n */\nexport function b(a) {}\n")

    after, _ = await documented(workspace, parser, "javascript", "function f(x▮) {}\n", path="src/a.js")

    assert " * @param {*} x TODO\n" in after


async def test_line_breaks_and_indentation_of_the_document_are_kept(workspace, parser):
    after, _ = await documented(workspace, parser, "python", "class A:\r\n\tdef f(self, a):▮\r\n\t\treturn a\r\n")

    assert after == (
        'class A:\r\n\tdef f(self, a):\r\n\t\t"""TODO: say what this does.\r\n\r\n\t\tArgs:\r\n\t\t\ta: TODO\r\n\r\n'
        '\t\tReturns:\r\n\t\t\tTODO\r\n\t\t"""\r\n\t\treturn a\r\n'
    )


async def test_what_is_written_is_not_rewritten(workspace, parser):
    site = site_of(parser, "python", 'def f(a, b):▮\n    """Do  it .\n\n    Args:\n        a:  First\n    """\n')

    change = finished(parser, site.snapshot, (await docstring.offers(site, workspace))[0].change())

    assert [(site.text[edit.start : edit.end], edit.text) for edit in change.edits] == [("", "        b: TODO\n")]


@pytest.mark.parametrize("language", ["markdown", "ruby", "json"])
async def test_other_languages_are_left_alone(workspace, parser, language):
    assert await documented(workspace, parser, language, "def f(a)▮\nend\n") == (None, None)


@pytest.mark.parametrize("end", range(0, 120, 3))
async def test_half_written_declarations_are_documented_or_left_alone(workspace, parser, end):
    text = "class A(B):\n    @d\n    async def f(self, a: int, *rest, b=(1, 2), **more) -> list[int]:\n        raise ValueError(a) from\n"[
        :end
    ]

    after, _ = await documented(workspace, parser, "python", text + "▮")

    assert after is None or text.split("\n")[0].rstrip() in after
