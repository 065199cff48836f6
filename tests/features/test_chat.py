"""Answers to chat messages: by the index alone, and by a real model that says what the test wants."""

import asyncio

import pytest

from recoder_lsp.engine.chat import Turn
from recoder_lsp.errors import RecoderError
from recoder_lsp.index.process.wire import IndexState
from tests.features.chat_desk import FILES, SCHEDULER, ChatDesk, IndexedWorkspace, selected
from tests.features.desk import until
from tests.features.repository import commit


@pytest.fixture
async def desk(tmp_path):
    desk = ChatDesk(tmp_path, IndexedWorkspace(tmp_path / "work", FILES))
    yield desk
    await desk.close()
    desk.workspace.small.close()


def lines_of(desk, citation):
    text = (desk.workspace.small.root / citation.path).read_text()
    return "\n".join(text.split("\n")[citation.start_line : citation.end_line + 1])


# -- without a model


async def test_without_a_model_the_best_passages_are_shown_and_it_says_so(desk):
    answer = await desk.ask("where are the settings read from a file?")

    assert answer.model == ""
    assert "No chat model is set" in answer.markdown
    assert "no model wrote this" in answer.markdown
    assert answer.citations[0].path == "app/config.py"
    assert "def read_settings(path):" in answer.markdown
    assert "Return the settings of a TOML file." in answer.markdown


async def test_every_citation_is_what_stands_in_the_file(desk):
    answer = await desk.ask("which job is run next?")

    assert answer.citations
    assert all(lines_of(desk, citation) == citation.text for citation in answer.citations)


async def test_a_passage_is_explained_by_what_uses_it_and_what_it_uses(desk):
    document = desk.document("app/scheduler.py")

    answer = await desk.ask("/explain", document, document.text.index("if not waiting"))

    first = answer.markdown.split("**2. ")[0]
    assert "method `Scheduler.pick_next`" in first
    assert "Return the job whose turn it is." in first
    assert "Used by [`run_all`](" in first
    assert "app/jobs.py#L10)" in first
    assert "Raises `LookupError`." in first


async def test_a_passage_that_was_changed_behind_the_index_is_not_shown(desk):
    desk.workspace.small.write("app/config.py", "# nothing of it is left\n")

    answer = await desk.ask("where are the settings read from a file?")

    assert "app/config.py" not in [citation.path for citation in answer.citations]
    assert "read_settings" not in answer.markdown


async def test_where_the_caret_stands_is_no_answer_to_another_question(desk):
    document = desk.document("app/jobs.py")

    answer = await desk.ask("where are the settings read?", document, document.text.index("while jobs"))

    assert answer.citations[0].path == "app/config.py"


async def test_a_question_that_nothing_fits_gets_no_passages(tmp_path):
    desk = ChatDesk(tmp_path, IndexedWorkspace(tmp_path / "empty", {}))

    answer = await desk.ask("where is everything?")

    assert answer.citations == ()
    assert "Nothing in the workspace fits this." in answer.markdown
    await desk.close()


async def test_where_nothing_can_be_searched_it_says_why(tmp_path):
    desk = ChatDesk(tmp_path, IndexedWorkspace(tmp_path / "empty", {}))
    desk.workspace.available, desk.workspace.state = False, IndexState(reason="The setting index.enabled is false.")

    answer = await desk.ask("where is everything?")

    assert answer.markdown == "No chat model is set. The workspace cannot be searched. The setting index.enabled is false."
    await desk.close()


async def test_search_lists_passages_and_needs_no_model(desk):
    answer = await desk.ask("/search urgency of a job")

    assert answer.model == ""
    assert "No chat model" not in answer.markdown
    assert "app/scheduler.py" in [citation.path for citation in answer.citations]


async def test_the_answer_is_heard_before_it_is_returned_also_without_a_model(desk):
    answer = await desk.ask("/search urgency")

    assert desk.heard == [answer.markdown]


async def test_an_index_that_is_still_at_work_is_mentioned(desk):
    desk.workspace.state = IndexState("indexing")

    assert "still being indexed" in (await desk.ask("settings")).markdown


# -- with a model


async def test_the_model_answers_and_what_it_cites_becomes_a_link(desk):
    desk.use_model("It is read by tomllib [1].")
    document = desk.document("app/config.py")

    answer = await desk.ask("/explain", document, *selected(document, "tomllib.load(file)"))

    (citation,) = answer.citations
    assert answer.markdown == f"It is read by tomllib [[1]]({desk.uri('app/config.py')}#L6)."
    assert (citation.path, citation.name) == ("app/config.py", "read_settings")
    assert answer.model != ""
    assert "".join(desk.heard) == "It is read by tomllib [1]."
    assert answer.timings.decoded_tokens > 0


async def test_a_citation_that_does_not_exist_is_taken_out(desk):
    desk.use_model("It is so [99].")

    answer = await desk.ask("why?")

    assert answer.citations == ()
    assert "99" not in answer.markdown


async def test_a_passage_that_changes_while_the_model_writes_is_not_cited(desk):
    desk.use_model("Settings are read here [1].")
    document = desk.document("app/config.py")
    asking = asyncio.create_task(desk.ask("/explain", document, *selected(document, "tomllib.load(file)")))
    while "read" not in "".join(desk.heard):
        desk.document("app/config.py", "# rewritten\n")
        await asyncio.sleep(0)

    answer = await asking

    assert answer.citations == ()
    assert "One passage that this rests on has changed meanwhile" in answer.markdown


async def test_a_passage_that_moves_while_the_model_writes_is_cited_where_it_is(desk):
    desk.use_model("Settings are read here [1].")
    document = desk.document("app/config.py")
    asking = asyncio.create_task(desk.ask("/explain", document, *selected(document, "tomllib.load(file)")))
    while "read" not in "".join(desk.heard):
        desk.document("app/config.py", "\n\n" + document.text)
        await asyncio.sleep(0)

    (citation,) = (await asking).citations

    assert citation.start_line == document.text[: document.text.index("def read_settings")].count("\n") + 2


async def test_the_next_question_is_read_on_from_where_the_last_answer_ended(desk):
    desk.use_model(["The first.", "The second."], context_tokens=16384)
    first = await desk.ask("one?", key="a")

    said = (Turn("user", "one?"), Turn("assistant", first.markdown))
    second = await desk.ask("and what of urgency_of?", said=said, key="a")

    assert second.markdown == "The second."
    assert second.timings.evaluated_tokens < second.timings.prompt_tokens - first.timings.prompt_tokens + 100


async def test_what_people_changed_in_what_was_said_is_read_anew(desk):
    desk.use_model(["The first.", "The second."], context_tokens=16384)
    await desk.ask("one?", key="a")

    second = await desk.ask("two?", said=(Turn("user", "another one?"), Turn("assistant", "Another.")), key="a")

    assert second.markdown == "The second."


async def test_an_answer_that_is_too_long_says_that_it_was_stopped(desk):
    desk.use_endless_model(max_tokens=32)

    answer = await desk.ask("why?")

    assert "*Stopped at 32 tokens" in answer.markdown


async def test_cancelling_stops_the_model(desk):
    desk.use_endless_model(max_tokens=4096)
    asking = asyncio.create_task(desk.ask("count"))
    await until(lambda: desk.heard)

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    await until(lambda: not desk.scheduler.busy)


async def test_the_citation_of_a_file_that_is_not_open_is_compared_with_the_file(desk):
    desk.use_model("There [1].")

    (citation,) = (await desk.ask("/explain how settings are read from a file")).citations

    assert citation.path == "app/config.py"
    assert "quote" in desk.workspace.asked
    assert lines_of(desk, citation) == citation.text


async def test_a_commit_message_is_written_for_what_is_changed(desk):
    change(desk)
    desk.use_model("Read settings from JSON")

    answer = await desk.ask("/commit")

    assert answer.markdown == "```text\nRead settings from JSON\n```"
    assert answer.model != ""


async def test_without_a_model_what_is_changed_is_listed_and_said_to_be_that(desk):
    change(desk)

    answer = await desk.ask("/commit")

    assert "No chat model is set. So this only lists what is changed." in answer.markdown
    assert "app/config.py" in answer.markdown
    assert answer.model == ""


async def test_there_is_no_commit_message_for_nothing(desk):
    with pytest.raises(RecoderError, match="Nothing is changed"):
        await desk.ask("/commit")


def change(desk):
    commit(desk.workspace.small.root)
    desk.workspace.small.write("app/config.py", FILES["app/config.py"].replace("tomllib", "json"))


# -- what is refused


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("", "There is no question."),
        ("/explain", "There is no code for /explain."),
        ("/search", "There is nothing to look for"),
        ("/explian", "There is no /explian."),
    ],
)
async def test_what_asks_nothing_is_refused(desk, message, said):
    with pytest.raises(RecoderError, match=said):
        await desk.ask(message)


KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    + "MIIEpAIBAAKCAQEA7bqc2VjcmV0IGJvZHkgb2Yga2V5c2VjcmV0IGJvZHkgb2Yg\n" * 3
    + "-----END RSA PRIVATE KEY-----\n"
)


@pytest.mark.parametrize(("path", "text"), [("app/.env", "TOKEN=1234\n"), ("app/deploy.py", KEY)])
@pytest.mark.parametrize("message", ["/explain", "what is this?"])
async def test_nothing_of_a_file_that_holds_secrets_is_read(desk, path, text, message):
    desk.use_model("Never.")
    document = desk.document(path, text)

    with pytest.raises(RecoderError, match="holds secrets"):
        await desk.ask(message, document, *selected(document, text[35:]) if len(text) > 40 else (0, 5))


async def test_a_model_that_is_not_there_is_said_to_be_missing(desk):
    desk.settings = type(desk.settings)(models=type(desk.settings.models)(chat="/nowhere/at-all.gguf"))

    with pytest.raises(RecoderError):
        await desk.ask("why?")


async def test_selected_lines_of_a_function_come_with_the_function(desk):
    document = desk.document("app/scheduler.py")

    answer = await desk.ask("/explain", document, *selected(document, 'raise LookupError("nothing waits")'))

    assert answer.citations[0].name == "Scheduler.pick_next"
    assert answer.citations[0].start_line < SCHEDULER[: SCHEDULER.index("raise")].count("\n")
