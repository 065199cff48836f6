"""Edits by a chat model, from the question to the checked change; llama.cpp runs the model, whose answers the tests choose."""

import pytest

from recoder_lsp.config import ModelsSettings, Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.chat import NoChatModel
from recoder_lsp.engine.chat_model import ChatModel
from recoder_lsp.engine.runtime import CHAT, Runtime
from recoder_lsp.engine.scheduler import Scheduler
from recoder_lsp.features import model_edits
from recoder_lsp.features.commit_message import commit_message
from recoder_lsp.features.edits import Refused, applied
from recoder_lsp.features.model_answers import Asking, NothingToChange
from recoder_lsp.features.model_edits import Wanted, edit_of
from recoder_lsp.features.prompts import Prompts
from recoder_lsp.features.router import Task
from recoder_lsp.features.syntax_thread import SyntaxThread
from recoder_lsp.metrics import Metrics
from tests.scripted_chat import scripted_model

TEXT = "import os\n\n\ndef area(width, height):\n    result = width * height\n    return result\n\n\nprint(area(1, 2))\n"
BETTER = "```python\ndef area(width, height):\n    return width * height\n```"
BROKEN = "```python\ndef area(width, height:\n    return width * height\n```"


class Desk:
    """A chat model with these answers, and what else an edit needs. Remembers the turns that the model got."""

    def __init__(self, folder, *answers, **options):
        self.settings = Settings()
        if answers:
            path = scripted_model(folder, answers, **options)
            self.settings = Settings(models=ModelsSettings(chat=str(path)))
        self.scheduler, metrics = Scheduler(), Metrics()
        self.runtime = Runtime(self.scheduler, metrics, role=CHAT)
        self.writer = ChatModel(self.scheduler, self.runtime, metrics)
        self.prompts, self.syntax = Prompts(folder / "home"), SyntaxThread()
        self.asked, write = [], self.writer.write

        async def remembered(turns, settings, **more):
            self.asked.append(tuple(turns))
            return await write(turns, settings, **more)

        self.writer.write = remembered

    @property
    def asking(self):
        return Asking(self.writer, self.prompts, self.settings)

    async def edit(self, text=TEXT, *, task=Task.EDIT, instruction="Make it shorter.", path="/w/pkg/shapes.py", selected="    result"):
        start = text.index(selected)
        snapshot = Snapshot(f"file://{path}", "python", text, 1)
        wanted = Wanted(task, snapshot, start, start, instruction)
        edited = await edit_of(wanted, self.asking, self.syntax)
        return applied(text, edited.change.edits), edited

    async def close(self):
        self.writer.close()
        await self.runtime.close()
        self.scheduler.close()
        self.syntax.close()


@pytest.fixture
async def desk(tmp_path):
    """Make a desk; it is closed after the test."""
    desks = []

    def make(*answers, **options):
        desks.append(Desk(tmp_path, *answers, **options))
        return desks[-1]

    yield make
    for each in desks:
        await each.close()


async def test_the_model_changes_the_function_at_the_cursor(desk):
    text, edited = await desk("Here you are:\n" + BETTER).edit()

    assert text == "import os\n\n\ndef area(width, height):\n    return width * height\n\n\nprint(area(1, 2))\n"
    assert edited.replies[-1].model == "Scripted test model"


async def test_the_model_reads_the_piece_what_to_do_and_what_stands_around(desk):
    asking = desk(BETTER)

    await asking.edit(instruction="Make it shorter.")

    ((system, user),) = asking.asked
    assert system.role == "system"
    assert "```python\ndef area(width, height):\n    result = width * height\n    return result\n```" in user.content
    assert "before the piece:\n```python\nimport os\n```" in user.content
    assert "after the piece:\n```python\nprint(area(1, 2))\n```" in user.content
    assert "Make it shorter." in user.content
    assert "w/pkg/shapes.py" in user.content


async def test_a_broken_answer_is_told_to_the_model_which_may_try_again(desk):
    asking = desk(BROKEN, BETTER)

    text, edited = await asking.edit()

    assert "    return width * height\n" in text
    assert len(edited.replies) == 2
    assert asking.asked[1][-2].content == BROKEN
    assert "would break the syntax" in asking.asked[1][-1].content


async def test_what_is_wrong_is_told_to_the_model_in_english_and_to_the_user_in_theirs(desk, speaking):
    speaking("es")
    asking = desk(BROKEN, BROKEN)

    with pytest.raises(Refused, match="rompería la sintaxis"):
        await asking.edit()

    assert "would break the syntax" in asking.asked[1][-1].content


async def test_a_model_that_fails_twice_is_not_asked_again(desk):
    asking = desk(BROKEN, BROKEN, BETTER)

    with pytest.raises(Refused, match="would break the syntax"):
        await asking.edit()

    assert len(asking.asked) == 2


async def test_a_model_that_changes_nothing_is_believed(desk):
    asking = desk("```python\ndef area(width, height):\n    result = width * height\n    return result\n```", BETTER)

    with pytest.raises(NothingToChange):
        await asking.edit()

    assert len(asking.asked) == 1


async def test_without_a_chat_model_that_is_what_is_said(desk):
    with pytest.raises(NoChatModel):
        await desk().edit()


async def test_files_of_secrets_are_not_read(desk):
    asking = desk(BETTER)

    with pytest.raises(Refused, match="secrets"):
        await asking.edit(path="/w/secrets.toml")

    assert asking.asked == []


async def test_code_with_a_password_in_it_is_not_read(desk):
    asking = desk(BETTER)

    with pytest.raises(Refused, match="password"):
        await asking.edit(TEXT.replace("    result =", '    password = "correct-horse-battery"\n    result ='))

    assert asking.asked == []


async def test_a_password_beside_the_code_is_hidden(desk):
    asking = desk(BETTER)

    await asking.edit(TEXT.replace("import os", 'password = "correct-horse-battery"'))

    assert "correct-horse" not in str(asking.asked)


KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEA\n" * 400 + "-----END RSA PRIVATE KEY-----\n"


async def test_a_key_that_begins_far_above_is_hidden(desk):
    asking = desk(BETTER)

    await asking.edit(TEXT.replace("import os\n", f'KEY = """\n{KEY}"""\n'))

    assert "MIIE" not in str(asking.asked)
    assert "[redacted]" in asking.asked[0][1].content


async def test_the_middle_of_a_key_is_not_read(desk):
    asking = desk(BETTER)
    text = f'KEY = """\n{KEY}"""\n'

    with pytest.raises(Refused, match="password"):
        await asking.edit(text, selected="MIIEowIBAAKCAQEA")

    assert asking.asked == []


async def test_more_than_a_model_can_write_is_refused_before_it_is_asked(desk):
    asking = desk(BETTER)
    body = "".join(f"    value_{i} = width * {i}\n" for i in range(60))

    with pytest.raises(Refused, match="Too much is selected to be written anew"):
        await asking.edit(TEXT.replace("    return result\n", body + "    return result\n"))

    assert asking.asked == []


async def test_more_than_the_context_holds_is_refused_before_it_is_asked(desk):
    asking = desk(BETTER, context_tokens=1024)

    with pytest.raises(Refused, match="context of the model"):
        await asking.edit()

    assert asking.asked == []


async def test_what_stands_around_is_cut_to_the_room_that_is_left(desk, monkeypatch):
    monkeypatch.setattr(model_edits, "SURROUNDING_TOKENS", 400)
    asking = desk(BETTER)
    around = "".join(f"number_{i:03} = {i}\n" for i in range(300))

    await asking.edit(around + TEXT + around)

    content = asking.asked[0][1].content
    assert "import os" in content
    assert "number_299" in content.partition("import os")[0]
    assert "number_000" in content.partition("print(area(1, 2))")[2]
    assert 15 < content.count("number_") < 25


class Index:
    """Says of every piece of code that it uses these definitions, and something that only looks like it."""

    def __init__(self, *definitions):
        self.snippets = [{"path": "other.py", "text": text, "why": "definition"} for text in definitions]
        self.snippets.append({"path": "similar.py", "text": "def similar(): pass", "why": "similar"})

    async def ask(self, uri, method, params, *, timeout_s=0.0):
        return {"snippets": self.snippets} if (method, params["before"][:9]) == ("related", "def area(") else None


async def test_the_model_reads_what_the_part_uses_of_other_files_as_far_as_there_is_room(desk):
    asking = desk(BETTER)
    snapshot = Snapshot("file:///w/shapes.py", "python", TEXT, 1)
    index = Index(
        "def rounded(number):\n    return round(number)", 'password = "correct-horse-battery"', "x = 1\n" * 80, "def last(): pass"
    )

    await edit_of(Wanted(Task.EDIT, snapshot, 50, 50, "Make it shorter."), asking.asking, asking.syntax, index)

    content = asking.asked[0][1].content
    assert "From other.py:\n```python\ndef rounded(number):" in content
    assert 'password = "[redacted]"' in content
    assert "x = 1" not in content
    assert "def last" not in content
    assert "similar" not in content


async def test_the_users_own_prompt_is_used(desk, tmp_path):
    asking = desk(BETTER)
    (tmp_path / "home/prompts").mkdir(parents=True)
    (tmp_path / "home/prompts/simplify.md").write_text("# User\n\nShorter please:\n{{code}}\n")

    await asking.edit(task=Task.SIMPLIFY)

    ((turn,),) = asking.asked
    assert turn.content.startswith("Shorter please:\n```python\ndef area(")


async def test_an_answer_that_is_cut_off_changes_nothing(desk):
    long = "```python\n" + "".join(f"    value = {i}\n" for i in range(400)) + "```"

    with pytest.raises(Refused, match="in the middle"):
        await desk(long, long).edit()


async def test_a_complaint_about_a_word_is_about_the_function_around(desk):
    asking = desk("```python\ndef area(width, height):\n    return width * height\n```")

    text, _ = await asking.edit(task=Task.FIX, instruction="F841 unused variable", selected="result")

    assert "    return width * height\n" in text
    assert "F841 unused variable" in asking.asked[0][1].content


DIFF = """diff --git a/shapes.py b/shapes.py
--- a/shapes.py
+++ b/shapes.py
@@ -4,2 +4,2 @@ def area(width, height):
-    result = width * height
-    return result
+    return width * height
"""


async def message(desk, diff=DIFF, earlier=()):
    return await commit_message(diff, desk.asking, earlier)


async def test_a_commit_message_is_the_models_where_there_is_one(desk):
    asking = desk("Return the area at once")

    written = await message(asking)

    assert (written.text, written.model) == ("Return the area at once", "Scripted test model")
    assert "+    return width * height" in asking.asked[0][1].content
    assert "- shapes.py: area (+1 -2)" in asking.asked[0][1].content


async def test_a_commit_message_is_written_in_the_manner_of_others(desk):
    asking = desk("fix: return the area at once")

    await message(asking, earlier=("fix: names of shapes", "feat: circles"))

    assert "manner:\n- fix: names of shapes\n- feat: circles\n" in asking.asked[0][1].content


async def test_a_commit_message_lists_what_is_changed_where_there_is_no_model(desk):
    written = await message(desk())

    assert (written.text, written.model) == ("Change area in shapes.py\n\n- shapes.py: area (+1 -2)", "")
    assert written.why == "No chat model is set."


async def test_a_commit_message_without_a_subject_gives_way_to_the_list(desk):
    written = await message(desk("word " * 60))

    assert written.text.startswith("Change area in shapes.py\n")
    assert (written.model, written.why) == ("", "The model wrote no subject line.")


async def test_of_a_long_change_every_file_is_shown_in_part(desk):
    asking = desk("Change much")
    long = "".join(
        f"diff --git a/{name}.py b/{name}.py\n--- a/{name}.py\n+++ b/{name}.py\n@@ -0,0 +1,500 @@\n" + f"+{name} = 1\n" * n
        for name, n in (("one", 500), ("two", 2), ("three", 500))
    )

    await message(asking, long)

    content = asking.asked[0][1].content.partition("The change itself")[2]
    assert content.count("+two = 1") == 2
    assert 50 < content.count("+one = 1") < 120
    assert 50 < content.count("+three = 1") < 120
