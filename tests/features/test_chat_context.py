"""What a message is about: the selection, files that it names, what the index finds, what Git calls different."""

import pytest

from recoder_lsp.features.chat_context import ChatContext, Subject, without_secret_files
from recoder_lsp.language import english
from tests.features.chat_desk import FILES, ChatDesk, IndexedWorkspace, selected
from tests.features.repository import commit, git

MANY_LINES = "".join(f"x{number} = {number}\n" for number in range(200))


@pytest.fixture
async def desk(tmp_path):
    desk = ChatDesk(tmp_path, IndexedWorkspace(tmp_path / "work", FILES | {"data.py": MANY_LINES}))
    yield desk
    await desk.close()
    desk.workspace.small.close()


async def about(desk, message, document=None, start=0, end=None, **options):
    subject = Subject(message, document, start, start if end is None else end)
    options = {"about_code": False, **options}
    return await ChatContext(desk.workspace).about(subject, desk.open.get, **options)


async def test_some_selected_lines_come_with_the_function_around_them(desk):
    document = desk.document("app/scheduler.py")

    gathered = await about(desk, "why?", document, *selected(document, "if not waiting:"))

    assert gathered.selected.name == "Scheduler.pick_next"
    assert gathered.selected.why == "line 11 is selected"
    assert gathered.selected.text.startswith("    def pick_next")


async def test_why_a_passage_is_meant_is_said_in_the_users_language_and_is_known_in_english_for_the_prompt(desk, speaking):
    speaking("zh-cn")
    document = desk.document("app/scheduler.py")

    gathered = await about(desk, "why?", document, *selected(document, "if not waiting:"))

    assert gathered.selected.why == "已选中第 11 行"
    assert english(gathered.selected.why) == "line 11 is selected"


async def test_most_of_a_function_is_enough_by_itself(desk):
    document = desk.document("app/scheduler.py")
    body = document.text[document.text.index("        if not waiting") : document.text.index("\n\n\ndef urgency_of")]

    gathered = await about(desk, "why?", document, *selected(document, body + "\n"))

    assert gathered.selected.text == body
    assert gathered.selected.why == "selected"


async def test_without_a_selection_it_is_what_the_caret_stands_in(desk):
    document = desk.document("app/jobs.py")

    gathered = await about(desk, "why?", document, document.text.index("while jobs"))

    assert (gathered.selected.name, gathered.selected.why) == ("run_all", "around the cursor")


async def test_outside_of_every_function_it_is_the_lines_around(desk):
    document = desk.document("data.py")

    gathered = await about(desk, "why?", document, document.text.index("x100 ="))

    assert (gathered.selected.start_line, gathered.selected.end_line) == (70, 130)


async def test_the_open_document_counts_not_its_file(desk):
    document = desk.document("app/config.py", "def other():\n    return 1\n")

    gathered = await about(desk, "why?", document, 0, len(document.text))

    assert gathered.selected.text == "def other():\n    return 1"


async def test_a_file_that_the_message_names_is_read(desk):
    gathered = await about(desk, "what does @app/config.py:6-9 do?")

    mentioned = gathered.others[0]
    assert (mentioned.path, mentioned.start_line, mentioned.end_line, mentioned.why) == ("app/config.py", 5, 8, "mentioned")
    assert mentioned.text.startswith("def read_settings")


@pytest.mark.parametrize("mention", ["@app/.env", "@../../etc/passwd", "@app/none.py", "mail me@app/config.py", "@"])
async def test_what_may_not_be_read_or_is_not_there_is_not_read(desk, mention):
    desk.workspace.small.write("app/.env", "TOKEN=abcdefgh\n")

    gathered = await about(desk, f"what of {mention}?")

    assert all(passage.why != "mentioned" for passage in gathered.passages)


async def test_names_in_the_selected_code_are_looked_up(desk):
    document = desk.document("app/jobs.py")

    gathered = await about(desk, "", document, *selected(document, "scheduler.pick_next(jobs)"), about_code=True)

    assert "Scheduler.pick_next" in [passage.name for passage in gathered.others] or any(
        "def pick_next" in passage.text for passage in gathered.others
    )


async def test_conversations_in_files_are_not_cited(tmp_path):
    notes = "## You\n\nWho decides what is urgent, the scheduler?\n"
    desk = ChatDesk(tmp_path, IndexedWorkspace(tmp_path / "work", FILES | {"notes.recoder.md": notes, "notes.md": notes}))
    try:
        gathered = await about(desk, "Who decides what is urgent, the scheduler?")
    finally:
        await desk.close()
        desk.workspace.small.close()

    paths = {passage.path for passage in gathered.passages}
    assert "notes.md" in paths
    assert "notes.recoder.md" not in paths


async def test_no_passage_overlaps_another(desk):
    document = desk.document("app/scheduler.py")

    passages = (await about(desk, "urgency pick_next @app/scheduler.py", document, *selected(document, "if not waiting:"))).passages

    assert len(passages) > 1
    assert not any(one.overlaps(other) for i, one in enumerate(passages) for other in passages[:i])


async def test_changes_are_read_where_the_message_asks_for_them(desk):
    root = desk.workspace.small.root
    desk.workspace.small.write("app/.env", "TOKEN=abc\n")
    commit(root)
    desk.workspace.small.write("app/config.py", "# shorter\n")
    desk.workspace.small.write("app/.env", "TOKEN=changed-too\n")

    asked, not_asked = await about(desk, "is @diff right?"), await about(desk, "is it right?")

    assert "+# shorter" in asked.diff
    assert "TOKEN" not in asked.diff
    assert not_asked.diff == ""


async def test_what_is_staged_counts_before_what_is_not(desk):
    root = desk.workspace.small.root
    commit(root)
    desk.workspace.small.write("app/config.py", "# staged\n")
    git(root, "add", "app/config.py")
    desk.workspace.small.write("app/jobs.py", "# not staged\n")

    diff = await ChatContext(desk.workspace).diff(None)

    assert "# staged" in diff
    assert "# not staged" not in diff


def test_files_of_secrets_are_left_out_of_a_diff():
    kept = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-a\n+b\n"
    secret = "diff --git a/deploy/.env b/deploy/.env\n--- a/deploy/.env\n+++ b/deploy/.env\n@@ -1 +1 @@\n-A=1\n+A=2\n"
    renamed = "diff --git a/x.txt b/id_rsa\nrename from x.txt\nrename to id_rsa\n"
    binary = "diff --git a/k.p12 b/k.p12\nBinary files a/k.p12 and b/k.p12 differ\n"

    assert without_secret_files(secret + kept + renamed + binary) == kept
