"""The commands that have a model change code, with real models whose answers the tests choose, and an editor that makes the changes."""

import ast
import asyncio
import shutil
from pathlib import Path

import pytest

from recoder_lsp.engine.models import embedded
from tests.scripted_chat import endless_model, scripted_model
from tests.server.desk import CAPABLE, Desk, edited, place
from tests.server.talking import URI, Editor, notification, opened, request

TEXT = "import os\n\n\ndef area(width, height):\n    result = width * height\n    return result\n\n\nprint(area(1, 2))\n"
BETTER = "```python\ndef area(width, height):\n    return width * height\n```"
AFTER = "import os\n\n\ndef area(width, height):\n    return width * height\n\n\nprint(area(1, 2))\n"
AREA = place(URI, TEXT, "result▮ =")


@pytest.fixture
async def desk(tmp_path):
    """Make an editor whose chat model gives these answers; it is closed after the test."""
    desks = []

    def make(*answers, endless=False, folders=(), capabilities=CAPABLE, **settings):
        desks.append(Desk())
        if answers or endless:
            model = endless_model(tmp_path) if endless else scripted_model(tmp_path, answers)
            settings["models"] = {"chat": str(model), "chat_max_tokens": 4_096 if endless else 1_024}
        desks[-1].begin(*folders, capabilities=capabilities, **settings)
        return desks[-1]

    yield make
    for each in desks:
        await each.close()


def said(desk, method):
    return [message["params"] for message in desk.said_by_server(method)]


async def test_an_edit_is_made_in_one_step(desk):
    desk = desk(BETTER)
    desk.open(URI, TEXT)

    outcome = await desk.run("recoder.edit", {"instruction": "Make it shorter.", **AREA})

    assert desk.texts[URI] == AFTER
    assert (outcome["applied"], outcome["model"], outcome["attempts"]) == (True, "Scripted test model", 1)
    assert outcome["timings"]["decodedTokens"] > 0
    (applied,) = said(desk, "workspace/applyEdit")
    assert applied["label"] == "Recoder: Edit"


BROKEN = [
    "```python\ndef area(width, height:\n    return width * height\n```",
    "```python\ndef area(width, height):\n```",
    "```python\n  def area(width, height):\n return width\n```",
    "```javascript\nconst area = (width, height) => width * height;\n```",
    "```python\ndef area(width, height):\n    # ... rest of the function\n```",
    "```python\ndef area(width, height):\n    return (width *",
    "You could multiply width and height at once.",
    "```\nThe function is now shorter.\n```",
]


@pytest.mark.parametrize("broken", BROKEN)
async def test_no_broken_edit_ever_reaches_the_editor(desk, broken):
    desk = desk(broken)
    desk.open(URI, TEXT)

    outcome = await desk.run("recoder.edit", {"instruction": "Make it shorter.", **AREA})

    assert outcome["code"] == -32803
    assert desk.said_by_server("workspace/applyEdit") == []
    assert desk.texts[URI] == TEXT


async def test_a_second_attempt_can_mend_a_broken_first_one(desk):
    desk = desk(BROKEN[0], BETTER)
    desk.open(URI, TEXT)

    outcome = await desk.run("recoder.refactor", AREA)

    assert (desk.texts[URI], outcome["attempts"]) == (AFTER, 2)


@pytest.mark.parametrize("command", ["recoder.refactor", "recoder.simplify", "recoder.fix"])
async def test_commands_without_arguments_are_about_where_the_cursor_was_last(desk, command):
    desk = desk(BETTER)
    desk.open(URI, TEXT)
    desk.say(request(1, "textDocument/codeAction", {**AREA, "context": {"diagnostics": []}}))

    await desk.run(command)

    assert desk.texts[URI] == AFTER


async def test_an_edit_without_an_instruction_does_what_a_comment_asks_for(desk):
    desk = desk(BETTER)
    text = TEXT.replace("    result", "    # recoder: no variable\n    result")
    desk.open(URI, text)

    await desk.run("recoder.edit", place(URI, text, "# recoder▮"))

    assert desk.texts[URI] == AFTER


async def test_an_edit_without_any_instruction_says_what_is_missing(desk):
    desk = desk(BETTER)
    desk.open(URI, TEXT)

    outcome = await desk.run("recoder.edit", AREA)

    assert "It is not said what to do." in outcome["message"]


@pytest.mark.parametrize("command", ["recoder.edit", "recoder.refactor", "recoder.simplify", "recoder.types", "recoder.fix"])
async def test_without_a_chat_model_that_is_what_is_said(desk, command):
    desk = desk()
    desk.open(URI, TEXT)

    outcome = await desk.run(command, {"instruction": "Make it shorter.", **AREA})

    assert "Set models.chat" in outcome["message"]


async def test_an_editor_that_makes_no_changes_is_told_before_a_model_is_asked(desk):
    desk = desk(BETTER, capabilities={})
    desk.open(URI, TEXT)

    outcome = await desk.run("recoder.simplify", AREA)

    assert "does not let a language server change text" in outcome["message"]
    assert desk.app.chat_runtime.state.phase == "unloaded"


async def started(desk):
    """The command has taken its document by now."""
    await desk.heard(lambda message: message.get("method") == "$/progress")


async def test_what_is_typed_elsewhere_meanwhile_stays(desk):
    desk = desk(BETTER)
    desk.open(URI, TEXT)

    desk.ask_for("recoder.simplify", AREA, workDoneToken="t")
    await started(desk)
    desk.type_all(URI, "import sys\n" + TEXT)
    await desk.outcome()

    assert desk.texts[URI] == "import sys\n" + AFTER


async def test_what_is_typed_there_meanwhile_stays_and_nothing_else_happens(desk):
    desk = desk(BETTER)
    desk.open(URI, TEXT)

    desk.ask_for("recoder.simplify", AREA, workDoneToken="t")
    await started(desk)
    desk.type_all(URI, TEXT.replace("result", "product"))
    outcome = await desk.outcome()

    assert "has changed meanwhile" in outcome["message"]
    assert desk.texts[URI] == TEXT.replace("result", "product")


async def test_a_document_that_is_closed_meanwhile_is_left_alone(desk):
    desk = desk(BETTER)
    desk.open(URI, TEXT)

    desk.ask_for("recoder.simplify", AREA, workDoneToken="t")
    await started(desk)
    desk.say(notification("textDocument/didClose", {"textDocument": {"uri": URI}}))
    outcome = await desk.outcome()

    assert "closed meanwhile" in outcome["message"]


LONG = TEXT.replace("    return result\n", "".join(f"    result += {i}\n" for i in range(90)) + "    return result\n")


@pytest.fixture
async def endless(desk):
    """An editor whose model has much to write, and comes to no end."""
    made = desk(endless=True)
    made.open(URI, LONG)
    return made


async def until(holds):
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - it is another thread's doing
            await asyncio.sleep(0.01)


async def test_an_edit_shows_how_far_it_is_and_can_be_stopped(endless):
    desk = endless

    desk.ask_for("recoder.simplify", AREA, workDoneToken="t")
    await desk.heard(lambda message: "Reading the code" in str(message))
    await until(lambda: desk.app.chat_runtime.ready() is not None)
    desk.say(notification("window/workDoneProgress/cancel", {"token": "t"}))
    outcome = await desk.outcome()

    assert outcome["code"] == -32800
    assert said(desk, "workspace/applyEdit") == []
    await until(lambda: not desk.app.scheduler.busy)


async def test_of_two_edits_of_a_document_the_newer_one_goes_on(endless):
    desk = endless

    desk.ask_for("recoder.simplify", AREA, workDoneToken="first")
    await started(desk)
    await until(lambda: desk.app.chat_runtime.ready() is not None)
    desk.say(request(2, "workspace/executeCommand", {"command": "recoder.refactor", "arguments": [AREA], "workDoneToken": "second"}))
    first = await desk.outcome()
    desk.say(notification("window/workDoneProgress/cancel", {"token": "second"}))
    (second,) = await desk.heard(lambda message: message.get("id") == 2)

    assert first is None
    assert second["error"]["code"] == -32800
    assert said(desk, "workspace/applyEdit") == []


async def test_a_code_action_says_which_command_to_run(desk):
    desk = desk(BETTER)
    desk.open(URI, TEXT)
    diagnostic = {"range": AREA["range"], "message": "unused variable", "source": "ruff", "code": "F841"}
    desk.say(request(1, "textDocument/codeAction", {**AREA, "context": {"diagnostics": [diagnostic], "only": ["quickfix"]}}))
    (answer,) = await desk.heard(lambda message: message.get("id") == 1)
    (fix,) = [action for action in answer["result"] if action["command"]["command"] == "recoder.fix"]

    await desk.run(fix["command"]["command"], *fix["command"]["arguments"])

    assert desk.texts[URI] == AFTER
    assert fix["diagnostics"] == [diagnostic]


async def test_code_actions_that_need_a_model_say_so_to_who_asks_for_them(desk):
    desk = desk()
    desk.open(URI, TEXT)

    selected = place(URI, TEXT, "    result = width * height\n    return result\n")
    desk.say(request(1, "textDocument/codeAction", {**selected, "context": {"diagnostics": [], "only": ["refactor.rewrite"]}}))
    (answer,) = await desk.heard(lambda message: message.get("id") == 1)

    reasons = {action["title"]: action["disabled"]["reason"] for action in answer["result"] if "disabled" in action}
    assert "Set models.chat" in reasons["Simplify the selected code"]


DOCUMENTED = '''def area(width, height):
    """Return the area of a rectangle."""
'''


async def test_documentation_is_the_chat_models_where_there_is_one(desk):
    desk = desk("Return the area of a rectangle.")
    desk.open(URI, TEXT)

    outcome = await desk.run("recoder.docs", place(URI, TEXT, "def ▮area"))

    assert DOCUMENTED in desk.texts[URI]
    assert outcome["model"] == "Scripted test model"
    (applied,) = said(desk, "workspace/applyEdit")
    assert applied["label"] == "Recoder: Documentation suggested by Scripted test model"


async def test_without_any_model_documentation_is_a_skeleton(desk):
    desk = desk(completion={"enabled": False}, engine={"model": "/no/such/model.gguf"})
    desk.open(URI, TEXT)

    outcome = await desk.run("recoder.docs", place(URI, TEXT, "def ▮area"))

    assert outcome["model"] == ""
    assert '    """' in desk.texts[URI]
    assert "width" in ast.get_docstring(ast.parse(desk.texts[URI]).body[1])


async def test_a_completion_model_may_say_what_a_function_does_or_leave_it_to_be_filled_in(desk, tmp_path):
    other = tmp_path / "other.gguf"
    shutil.copy(embedded(), other)
    desk = desk(engine={"model": str(other)})
    desk.open(URI, TEXT)
    await until(lambda: desk.app.infilling.ready(desk.app.settings))

    outcome = await desk.run("recoder.docs", place(URI, TEXT, "def ▮area"))

    written = ast.get_docstring(ast.parse(desk.texts[URI]).body[1])
    assert written
    assert ("TODO" in written.split("\n")[0]) == (outcome["model"] == "")


async def test_the_model_reads_what_other_files_define(desk, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "shapes.py").write_text("def perimeter(width, height):\n    return 2 * (width + height)\n")
    text = "from shapes import perimeter\n\n\ndef fence(garden):\n    length = perimeter(garden.width, garden.height)\n    return length\n"
    desk = desk(
        "```python\ndef fence(garden):\n    return perimeter(garden.width, garden.height)\n```", folders=[folder], index={"enabled": True}
    )
    (client,) = desk.app.workspace.clients
    await client.until(lambda state: state.phase == "idle" and state.n_files > 0)
    uri, asked, write = (folder / "garden.py").as_uri(), [], desk.app.chat_model.write

    async def remembered(turns, settings, **more):
        asked.extend(turns)
        return await write(turns, settings, **more)

    desk.app.chat_model.write = remembered
    desk.open(uri, text)
    await desk.run("recoder.simplify", place(uri, text, "length▮ ="))

    assert desk.texts[uri].endswith("def fence(garden):\n    return perimeter(garden.width, garden.height)\n")
    assert "From shapes.py:\n```python\ndef perimeter(width, height):" in asked[-1].content


def test_over_stdio_an_edit_reaches_the_document_and_a_broken_one_does_not(server_command, tmp_path):
    texts = [_edited_over_stdio(server_command, scripted_model(tmp_path, answer)) for answer in (BETTER, BROKEN[0])]

    assert texts == [AFTER, None]


def _edited_over_stdio(server_command, model: Path):
    """The text after an edit; None where none came."""
    with Editor(tuple(server_command), {"RECODER_MODELS__CHAT": str(model)}) as editor:
        editor.initialize(capabilities=CAPABLE)
        editor.say(opened(TEXT))
        command = {"command": "recoder.edit", "arguments": [{"instruction": "Make it shorter.", **AREA}]}
        editor.say(request("run", "workspace/executeCommand", command))
        heard = editor.hear(lambda message: message.get("method") == "workspace/applyEdit" or message.get("id") == "run")
        if "error" in heard:
            return None
        editor.say({"jsonrpc": "2.0", "id": heard["id"], "result": {"applied": True}})
        assert editor.answer_to("run")["result"]["applied"]
        return edited(TEXT, heard["params"]["edit"]["documentChanges"][0]["edits"])
