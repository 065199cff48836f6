"""Which offers are shown, which are still there when one is chosen, and what of a change reaches the editor."""

import asyncio

import pytest

from recoder_lsp.config import ActionsSettings, Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.actions.offering import Diagnostic, Offer, Site
from recoder_lsp.features.code_actions import REMEMBERED, Asked, CodeActions, is_wanted
from recoder_lsp.features.edits import Change, Edit, FileChange, Refused
from recoder_lsp.features.syntax_thread import SyntaxThread
from recoder_lsp.metrics import Metrics

TEXT = "def f():\r\n    return 1\r\n"


@pytest.fixture
def syntax():
    thread = SyntaxThread()
    yield thread
    thread.close()


def snapshot(text=TEXT, language="python", uri="file:///work/a.py"):
    return Snapshot(uri, language, text, 1)


def doing(*edits, others=(), **more):
    """A provider of one offer, which makes these edits."""
    offer = Offer("it", "Do it", "refactor.rewrite", lambda: Change(tuple(edits), tuple(others)), **more)
    return lambda site: [offer]


def actions(syntax, *by_syntax, by_index=()):
    return CodeActions(syntax, None, Metrics(), by_syntax, by_index)


async def titles(made: CodeActions, asked: Asked, settings=None):
    return [offered.offer.title for offered in await made.offered(asked, settings or Settings())]


async def test_a_provider_sees_the_selection_the_tree_and_the_diagnostics(syntax):
    seen: list[Site] = []
    complaint = Diagnostic(4, 5, "unused")

    def look(site):
        seen.append(site)
        return []

    await actions(syntax, look).offered(Asked(snapshot(), 4, 5, (complaint,), indent="\t"), Settings())

    (site,) = seen
    assert (site.selected, site.tree.root.type, site.tree.around(4, 5).type) == ("f", "module", "identifier")
    assert (site.diagnostics, site.indentation, site.line_break) == ((complaint,), "\t", "\r\n")


@pytest.mark.parametrize(
    ("text", "language", "step"),
    [
        ("if a:\n  b\n", "python", "  "),
        ("if a:\n\tb\n", "python", "\t"),
        ("a\n", "python", "    "),
        ("a\n", "typescript", "  "),
        ("f(a,\n                b)\nif a:\n    b\n", "python", "    "),
        ("/**\n * Does it.\n */\nif (a) {\n\tb();\n}\n", "javascript", "\t"),
        ("/*\n    What it is.\n*/\npackage a\n", "go", "\t"),
    ],
)
async def test_a_step_of_indentation_is_what_the_document_has(syntax, text, language, step):
    seen = []

    await actions(syntax, lambda site: seen.append(site.indentation) or []).offered(Asked(snapshot(text, language), 0, 0), Settings())

    assert seen == [step]


async def test_what_fixes_a_complaint_comes_first_and_what_cannot_be_done_last(syntax):
    made = [
        Offer("c", "impossible", "refactor", disabled="No."),
        Offer("b", "possible", "refactor"),
        Offer("d", "obvious", "refactor", is_preferred=True),
        Offer("a", "fix", "quickfix", fixes=(0,)),
    ]

    assert await titles(actions(syntax, lambda site: made), Asked(snapshot(), 0, 0)) == ["fix", "obvious", "possible", "impossible"]


@pytest.mark.parametrize(
    ("kind", "only", "wanted"),
    [
        ("refactor.extract.function", (), True),
        ("refactor.extract.function", ("refactor",), True),
        ("refactor.extract.function", ("refactor.extract",), True),
        ("refactor.extraction", ("refactor.extract",), False),
        ("refactor", ("refactor.extract",), False),
        ("quickfix", ("refactor", "quickfix"), True),
        ("source.organizeImports", (), False),
        ("source.organizeImports", ("source",), True),
        ("quickfix", ("",), True),
    ],
)
def test_kinds_are_wanted_with_their_special_cases(kind, only, wanted):
    assert is_wanted(kind, only) is wanted


async def test_a_provider_that_fails_does_not_take_the_others_with_it(syntax):
    def broken(site):
        raise KeyError("secret of the user")

    async def broken_too(site, workspace):
        raise KeyError("secret of the user")

    made = actions(syntax, broken, doing(Edit(0, 0, "")), by_index=[broken_too])

    assert await titles(made, Asked(snapshot(), 0, 0)) == ["Do it"]


async def test_an_index_that_does_not_answer_is_not_waited_for(syntax, monkeypatch):
    monkeypatch.setattr("recoder_lsp.features.code_actions.INDEX_TIMEOUT_S", 0.01)

    async def never(site, workspace):
        await asyncio.Event().wait()

    async def found(site, workspace):
        return [Offer("x", "from the index", "quickfix")]

    assert await titles(actions(syntax, by_index=[never, found]), Asked(snapshot(), 0, 0)) == ["from the index"]


@pytest.mark.parametrize(
    "asked",
    [
        Asked(snapshot(uri="file:///work/.env"), 0, 0),
        Asked(snapshot(language="klingon", uri="file:///work/a.xyz"), 0, 0),
        Asked(snapshot("x = 1\n" * 200_000), 0, 0),
    ],
)
async def test_nothing_is_offered_for_secrets_unknown_languages_and_endless_texts(syntax, asked):
    assert await titles(actions(syntax, doing(Edit(0, 0, "x"))), asked) == []


async def test_the_user_may_want_no_actions_at_all(syntax):
    settings = Settings(actions=ActionsSettings(enabled=False))

    assert await titles(actions(syntax, doing(Edit(0, 0, "x"))), Asked(snapshot(), 0, 0), settings) == []


async def change_of(made: CodeActions, asked: Asked) -> Change:
    (offered,) = await made.offered(asked, Settings())
    again = made.again(offered.number)
    assert again is offered
    return await made.change_of(again)


async def test_a_change_has_the_line_breaks_of_the_document_and_is_as_small_as_it_can_be(syntax):
    body = TEXT.index("    return")

    change = await change_of(actions(syntax, doing(Edit(body, len(TEXT), "    x = 2\n    return 1\n"))), Asked(snapshot(), 0, 0))

    assert change.edits == (Edit(body, body, "    x = 2\r\n"),)


async def test_a_change_that_would_break_the_document_is_refused(syntax):
    with pytest.raises(Refused, match="syntax"):
        await change_of(actions(syntax, doing(Edit(4, 4, "("))), Asked(snapshot(), 0, 0))


async def test_so_is_one_that_would_break_another_file(syntax):
    file = FileChange("file:///work/test_a.py", (Edit(0, 0, "def broken(:\n"),), None)

    with pytest.raises(Refused, match="syntax"):
        await change_of(actions(syntax, doing(others=[file])), Asked(snapshot(), 0, 0))


async def test_other_files_keep_their_own_line_breaks(syntax):
    file = FileChange("file:///work/b.py", (Edit(6, 6, "y = 2\r\n"),), "x = 1\nz = 3\n")

    change = await change_of(actions(syntax, doing(others=[file])), Asked(snapshot(), 0, 0))

    assert change.others[0].edits == (Edit(6, 6, "y = 2\n"),)


async def test_what_is_done_by_a_command_has_no_change(syntax):
    made = actions(syntax, lambda site: [Offer("x", "Ask", "refactor", command="recoder.edit")])

    with pytest.raises(RecoderError, match="command"):
        await change_of(made, Asked(snapshot(), 0, 0))


async def test_offers_are_forgotten_with_their_document_and_in_time(syntax):
    made = actions(syntax, doing(Edit(0, 0, "x")))
    (first,) = await made.offered(Asked(snapshot(), 0, 0), Settings())
    (other,) = await made.offered(Asked(snapshot(uri="file:///work/b.py"), 0, 0), Settings())

    made.forget("file:///work/a.py")

    assert made.again(first.number) is None
    assert made.again(other.number) is other
    for _ in range(REMEMBERED):
        await made.offered(Asked(snapshot(), 0, 0), Settings())
    assert made.again(other.number) is None
