"""Related code for prompts: asked for in the background, stable while typing, and never in the way."""

import asyncio

import pytest

from recoder_lsp.document import Snapshot
from recoder_lsp.features import context as context_module
from recoder_lsp.features.context import IN_PROMPT_LINES, STAYS_FOR_LINES, Context, ContextFinder
from recoder_lsp.features.recent import Recent

URI = "file:///w/a.py"


class HandIndex:
    """Answers with what the test puts in, when the test lets it."""

    def __init__(self, *snippets):
        self.snippets = snippets
        self.asked = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.is_away = False
        self.has_changed = False

    async def ask(self, uri, method, params, *, timeout_s=0.0):
        self.asked.append((uri, method, params))
        await self.may_answer.wait()
        if self.is_away:
            return None
        snippets = [{"path": path, "text": text, "start_line": 0, "why": "similar"} for path, text in self.snippets]
        return {"snippets": snippets, "stale": [], "kept": not self.has_changed}


def place(line, text="x = 1\n" * 200):
    snapshot = Snapshot(URI, "python", text, 1)
    return snapshot, sum(len(part) for part in snapshot.lines[:line])


async def settled():
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_first_request_gets_what_the_index_says_at_once():
    finder = ContextFinder(HandIndex(("b.py", "def f(): ..."), ("c.py", "def g(): ...")))

    context = await finder.at(*place(3))

    assert [snippet.path for snippet in context.in_prompt] == ["b.py"]


async def test_a_slow_index_holds_nobody_up():
    index = HandIndex(("b.py", "def f(): ..."))
    index.may_answer.clear()
    finder = ContextFinder(index)

    assert await finder.at(*place(3)) == Context()

    index.may_answer.set()
    await settled()
    assert [snippet.path for snippet in (await finder.at(*place(3))).in_prompt] == ["b.py"]


async def test_without_an_index_there_is_no_context():
    index = HandIndex(("b.py", "x"))
    index.is_away = True

    assert await ContextFinder(index).at(*place(0)) == await ContextFinder(index).at(*place(5))


async def test_typing_on_one_line_asks_once():
    index = HandIndex(("b.py", "x"))
    finder = ContextFinder(index)
    snapshot, offset = place(3)

    contexts = [await finder.at(snapshot, offset + key) for key in range(4)]
    await settled()

    assert len(index.asked) == 1
    assert all(context is contexts[0] for context in contexts)


async def test_another_line_is_asked_about_and_keeps_the_head_of_the_prompt():
    index = HandIndex(("b.py", "old"))
    finder = ContextFinder(index)
    before = await finder.at(*place(3))
    index.snippets = (("c.py", "new"),)

    await finder.at(*place(4))
    await settled()
    after = await finder.at(*place(4))

    assert after is before
    assert len(index.asked) == 2
    assert index.asked[-1][2]["keep"] == [{"path": "b.py", "text": "old"}]


async def test_far_away_the_head_of_the_prompt_is_chosen_anew_at_once():
    index = HandIndex(("b.py", "old"))
    finder = ContextFinder(index)
    await finder.at(*place(0))
    index.snippets = (("c.py", "new"), ("b.py", "old"))

    context = await finder.at(*place(STAYS_FOR_LINES + 1))

    assert [snippet.path for snippet in context.in_prompt] == ["c.py"]


async def test_far_away_too_a_slow_index_holds_nobody_up():
    index = HandIndex(("b.py", "old"))
    finder = ContextFinder(index)
    before = await finder.at(*place(0))
    index.may_answer.clear()

    assert await finder.at(*place(STAYS_FOR_LINES + 1)) is before


async def test_what_is_known_can_be_had_without_asking():
    index = HandIndex(("b.py", "x"))
    finder = ContextFinder(index)
    assert finder.known(URI) == Context()

    context = await finder.at(*place(0))

    assert finder.known(URI) is context
    assert len(index.asked) == 1


async def test_an_index_that_goes_away_takes_nothing_with_it():
    index = HandIndex(("b.py", "x"))
    finder = ContextFinder(index)
    before = await finder.at(*place(0))
    index.is_away = True

    await finder.at(*place(9))
    await settled()

    assert await finder.at(*place(9)) == before


@pytest.mark.parametrize("now", [(), (("c.py", "other"),), (("b.py", "changed"),)])
async def test_what_no_longer_stands_in_a_file_is_not_read(now):
    index = HandIndex(("b.py", "old"))
    finder = ContextFinder(index)
    await finder.at(*place(0))
    index.snippets, index.has_changed = now, True

    await finder.at(*place(1))
    await settled()
    context = await finder.at(*place(1))

    assert [(snippet.path, snippet.text) for snippet in context.in_prompt] == list(now)


async def test_a_line_whose_question_was_not_answered_is_asked_about_again(monkeypatch):
    index = HandIndex(("b.py", "x"))
    index.is_away = True
    finder = ContextFinder(index)
    await finder.at(*place(0))
    await finder.at(*place(0))
    assert len(index.asked) == 1

    index.is_away = False
    monkeypatch.setattr(context_module.time, "monotonic", lambda: 1e9)
    await finder.at(*place(0))
    await settled()

    assert [snippet.path for snippet in (await finder.at(*place(0))).in_prompt] == ["b.py"]


async def test_with_other_settings_everything_is_forgotten():
    index = HandIndex(("b.py", "x"))
    finder = ContextFinder(index)
    await finder.at(*place(0))
    index.is_away = True

    finder.forget_all()

    assert await finder.at(*place(0)) == Context()


async def test_what_the_model_reads_is_cut_short():
    index = HandIndex(("b.py", "\n".join(f"line {number}" for number in range(50))))

    context = await ContextFinder(index).at(*place(0))

    assert context.in_prompt[0].text.count("\n") == IN_PROMPT_LINES - 1


async def test_a_closed_document_is_forgotten_with_what_is_being_asked():
    index = HandIndex(("b.py", "x"))
    index.may_answer.clear()
    finder = ContextFinder(index)
    await finder.at(*place(0))

    finder.forget(URI)
    await settled()
    await finder.at(*place(0))

    assert len(index.asked) == 2


@pytest.mark.parametrize("line", [0, 100])
async def test_the_index_sees_both_sides_of_the_caret(line):
    index = HandIndex()
    text = "".join(f"line {number}\n" for number in range(200))

    await ContextFinder(index).at(*place(line, text))

    uri, method, params = index.asked[0]
    assert (uri, method, params["language"]) == (URI, "related", "python")
    assert params["after"].startswith(f"line {line}\n")
    assert params["before"].endswith(f"line {line - 1}\n" if line else "")


# Where the user was before


def other(text="def elsewhere():\n    return 1\n", uri="file:///w/deep/down/b.py", language="python"):
    return Snapshot(uri, language, text, 1)


async def test_what_one_was_at_work_on_elsewhere_stands_before_what_the_index_finds():
    recent = Recent()
    recent.visited(other(), 10)
    finder = ContextFinder(HandIndex(("c.py", "def g(): ...")), recent)

    context = await finder.at(*place(3))

    assert [(snippet.path, snippet.text) for snippet in context.in_prompt] == [
        ("deep/down/b.py", "def elsewhere():\n    return 1"),
        ("c.py", "def g(): ..."),
    ]


async def test_it_changes_only_when_one_comes_back_from_another_document():
    recent, index = Recent(), HandIndex(("c.py", "def g(): ..."))
    finder = ContextFinder(index, recent)
    first = await finder.at(*place(3))
    recent.visited(other(), 0)

    await finder.at(*place(3))
    await settled()
    back = await finder.at(*place(3))
    again = await finder.at(*place(3))

    assert (first.recent, [snippet.path for snippet in back.recent]) == ((), ["deep/down/b.py"])
    assert again is back
    assert back.by_index == first.by_index


async def test_without_an_index_it_is_there_nevertheless():
    recent, index = Recent(), HandIndex()
    index.is_away = True
    recent.visited(other(), 0)

    context = await ContextFinder(index, recent).at(*place(3))

    assert [snippet.path for snippet in context.in_prompt] == ["deep/down/b.py"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        other(uri="file:///w/.env"),
        other(language="go"),
        other(text="\n\n"),
        other(text="x" * 5_000),
        other(uri=URI),
    ],
)
def test_secrets_other_languages_and_what_is_no_code_are_left_out(elsewhere):
    recent = Recent()
    recent.visited(elsewhere, 0)

    assert recent.elsewhere(place(0)[0], 3) == ()


def test_the_latest_place_of_each_document_counts_and_the_latest_document_comes_last():
    recent = Recent()
    lines = "".join(f"line{number}\n" for number in range(100))
    recent.visited(other(lines), 0)
    recent.visited(other("c = 1\n", "file:///w/c.py"), 0)
    recent.visited(other(lines), lines.index("line50"))

    found = recent.elsewhere(place(0)[0], 3)

    assert [snippet.path for snippet in found] == ["/w/c.py", "deep/down/b.py"]
    assert found[1].text.split("\n") == [f"line{number}" for number in range(43, 53)]
    assert recent.elsewhere(place(0)[0], 1) == found[1:]


def test_of_a_closed_document_nothing_is_left():
    recent = Recent()
    recent.visited(other(), 0)

    recent.closed(other().uri)

    assert recent.elsewhere(place(0)[0], 3) == ()
