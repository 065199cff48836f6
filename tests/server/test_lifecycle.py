"""Settings from every source, messages once each, progress: what happens around the requests."""

import asyncio

import pytest

from recoder_lsp.server import notify, session
from tests.server.fake_app import FakeModelState
from tests.server.talking import Conversation, notification, settled

PULLS = {"workspace": {"configuration": True}}
GHOST_TEXT_AND_LATER_MENU = {"textDocument": {"inlineCompletion": {}, "completion": {"dynamicRegistration": True}}}
WITHOUT_SYMBOLS = {"completion": {"symbols": False}}
PROGRESS = {"window": {"workDoneProgress": True}}


def folder(uri: str) -> dict[str, str]:
    return {"uri": uri, "name": "folder"}


async def answer_the_question(talk: Conversation, method: str, **answer) -> dict:
    await settled()
    question = talk.said_by_server(method)[-1]
    talk.say({"jsonrpc": "2.0", "id": question["id"], **answer})
    await settled()
    return question


def warnings(talk: Conversation) -> list[str]:
    return [message["params"]["message"] for message in talk.said_by_server("window/showMessage")]


async def test_settings_come_from_the_editor_at_the_start():
    talk = Conversation()
    talk.initialize(initializationOptions={"completion": {"max_tokens": 20}})

    assert talk.app.settings.completion.max_tokens == 20
    assert warnings(talk) == []


async def test_all_problems_are_named_in_one_warning_and_each_only_once():
    talk = Conversation()
    talk.initialize(initializationOptions={"completion": {"max_tokens": "many", "menu": 5}, "tpyo": 1})

    (warning,) = warnings(talk)
    assert "max_tokens" in warning
    assert "menu" in warning
    assert "tpyo" in warning

    talk.say(notification("workspace/didChangeConfiguration", {"settings": {"recoder": {"completion": {"suffix_tokens": -1}}}}))
    assert len(warnings(talk)) == 2
    assert "tpyo" not in warnings(talk)[1]
    talk.say(notification("workspace/didChangeConfiguration", {"settings": {"recoder": {"completion": {"suffix_tokens": -1}}}}))
    assert len(warnings(talk)) == 2


async def test_nothing_is_shown_before_the_editor_is_ready_for_it():
    talk = Conversation()
    talk.say(
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {"processId": None, "rootUri": None, "capabilities": {}, "initializationOptions": {"tpyo": 1}},
        }
    )

    assert [message.get("method") for message in talk.sent] == [None]


@pytest.mark.parametrize("options", [5, [1], "text", True])
async def test_options_of_the_wrong_shape_are_a_warning(options):
    talk = Conversation()
    talk.initialize(initializationOptions=options)

    assert len(warnings(talk)) == 1


async def test_an_editor_that_can_be_asked_is_asked():
    talk = Conversation()
    talk.initialize(capabilities=PULLS)

    question = await answer_the_question(talk, "workspace/configuration", result=[{"completion": {"max_tokens": 7}}])

    assert question["params"]["items"][0]["section"] == "recoder"
    assert talk.app.settings.completion.max_tokens == 7


async def test_when_the_settings_change_the_editor_is_asked_again():
    talk = Conversation()
    talk.initialize(capabilities=PULLS)
    await answer_the_question(talk, "workspace/configuration", result=[{"completion": {"max_tokens": 7}}])

    talk.say(notification("workspace/didChangeConfiguration", {"settings": None}))
    await answer_the_question(talk, "workspace/configuration", result=[None])

    assert talk.app.settings.completion.max_tokens == 48


@pytest.mark.parametrize(
    "answer",
    [
        {"result": None},
        {"result": []},
        {"result": 5},
        {"result": [5]},
        {"error": {"code": -32601, "message": "no"}},
        {"error": 5},
        {"error": {}},
    ],
)
async def test_an_answer_that_makes_no_sense_changes_nothing(answer):
    talk = Conversation()
    talk.initialize(capabilities=PULLS, initializationOptions={"completion": {"max_tokens": 20}})

    await answer_the_question(talk, "workspace/configuration", **answer)

    assert talk.app.settings.completion.max_tokens == 20
    assert await talk.ask("recoder/status")


async def test_problems_wait_for_the_editors_answer_so_that_there_is_one_warning():
    talk = Conversation()
    talk.initialize(capabilities=PULLS, initializationOptions={"tpyo": 1})
    await settled()
    assert warnings(talk) == []

    await answer_the_question(talk, "workspace/configuration", result=[{"typo": 1}])

    (warning,) = warnings(talk)
    assert "tpyo" in warning
    assert "typo" in warning


async def test_an_editor_that_can_be_registered_with_is_asked_to_tell_of_changes():
    talk = Conversation()
    talk.initialize(capabilities={"workspace": {"didChangeConfiguration": {"dynamicRegistration": True}}})

    question = await answer_the_question(talk, "client/registerCapability", result=None)

    (registration,) = question["params"]["registrations"]
    assert (registration["method"], registration["registerOptions"]) == ("workspace/didChangeConfiguration", {"section": "recoder"})


async def test_a_menu_wanted_after_the_start_is_registered_and_taken_back_when_it_is_not():
    talk = Conversation()
    talk.initialize(capabilities=PULLS | GHOST_TEXT_AND_LATER_MENU, initializationOptions=WITHOUT_SYMBOLS)

    await answer_the_question(talk, "workspace/configuration", result=[{"completion": {"menu": "always"}}])
    registered = await answer_the_question(talk, "client/registerCapability", result=None)
    talk.say(notification("workspace/didChangeConfiguration", {"settings": None}))
    await answer_the_question(talk, "workspace/configuration", result=[None])
    unregistered = await answer_the_question(talk, "client/unregisterCapability", result=None)

    (registration,) = registered["params"]["registrations"]
    assert registration["method"] == "textDocument/completion"
    assert registration["registerOptions"] == {"documentSelector": None, "triggerCharacters": [".", "("], "resolveProvider": True}
    (taken_back,) = unregistered["params"]["unregisterations"]
    assert taken_back == {"id": registration["id"], "method": "textDocument/completion"}


@pytest.mark.parametrize(
    ("capabilities", "at_start"),
    [({"textDocument": {"inlineCompletion": {}, "completion": {}}}, "auto"), (GHOST_TEXT_AND_LATER_MENU, "always")],
)
async def test_a_menu_is_not_registered_where_that_is_not_possible_or_it_was_announced(capabilities, at_start):
    talk = Conversation()
    talk.initialize(capabilities=capabilities, initializationOptions={"completion": {"menu": at_start, "symbols": False}})

    for menu in ("never", "always"):
        talk.say(notification("workspace/didChangeConfiguration", {"settings": {"recoder": {"completion": {"menu": menu}}}}))
        await settled()

    assert talk.sent == []


@pytest.mark.parametrize("settings", [{"pylsp": {"x": 1}}, {}, None, 5, {"recoder": None}, {"recoder": {"completion": {"max_tokens": 48}}}])
async def test_settings_sent_to_everybody_are_no_problem(talk, settings):
    talk.say(notification("workspace/didChangeConfiguration", {"settings": settings}))

    assert warnings(talk) == []
    assert talk.app.settings.completion.max_tokens == 48


async def test_the_first_folders_settings_count(tmp_path):
    (tmp_path / ".recoder.toml").write_text("[completion]\nmax_tokens = 9\n")
    talk = Conversation()

    talk.initialize(workspaceFolders=[folder(tmp_path.as_uri())])
    assert talk.app.settings.completion.max_tokens == 9

    event = {"event": {"added": [folder("file:///nowhere")], "removed": [folder(tmp_path.as_uri())]}}
    talk.say(notification("workspace/didChangeWorkspaceFolders", event))
    assert talk.app.settings.completion.max_tokens == 48


@pytest.mark.parametrize("how", ["rootUri", "rootPath"])
async def test_older_editors_name_one_root(tmp_path, how):
    (tmp_path / ".recoder.toml").write_text("[completion]\nmax_tokens = 9\n")
    talk = Conversation()

    talk.initialize(**{how: tmp_path.as_uri() if how == "rootUri" else str(tmp_path)})

    assert talk.app.settings.completion.max_tokens == 9


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(None, "utf-16"), ([], "utf-16"), (["utf-7"], "utf-16"), (["utf-7", "utf-32", "utf-8"], "utf-32"), (["utf-8", "utf-16"], "utf-8")],
)
async def test_the_editors_first_choice_of_encoding_is_taken(offered, chosen):
    general = {"general": {"positionEncodings": offered}} if offered is not None else {}

    assert Conversation().initialize(capabilities=general)["capabilities"]["positionEncoding"] == chosen


async def test_loading_a_model_shows_progress_until_it_is_there():
    talk = Conversation()
    talk.initialize(capabilities=PROGRESS)

    talk.app.on_model_state(FakeModelState("loading"))
    talk.app.on_model_state(FakeModelState("loading"))
    question = await answer_the_question(talk, "window/workDoneProgress/create", result=None)
    talk.app.on_model_state(FakeModelState("ready"))
    await settled()

    reports = [message["params"] for message in talk.said_by_server("$/progress")]
    assert [report["token"] for report in reports] == [question["params"]["token"]] * 2
    assert [report["value"]["kind"] for report in reports] == ["begin", "end"]


async def test_an_editor_that_leaves_out_a_result_of_null_has_answered():
    talk = Conversation()
    talk.initialize(capabilities=PROGRESS)

    talk.app.on_model_state(FakeModelState("loading"))
    await answer_the_question(talk, "window/workDoneProgress/create")

    assert len(talk.said_by_server("$/progress")) == 1


async def test_each_load_has_its_own_progress():
    talk = Conversation()
    talk.initialize(capabilities=PROGRESS)

    tokens = set()
    for _ in range(2):
        talk.app.on_model_state(FakeModelState("loading"))
        tokens.add((await answer_the_question(talk, "window/workDoneProgress/create", result=None))["params"]["token"])
        talk.app.on_model_state(FakeModelState("ready"))
        await settled()

    assert len(tokens) == 2


async def test_progress_ends_also_where_the_editor_answers_when_all_is_over():
    talk = Conversation()
    talk.initialize(capabilities=PROGRESS)

    talk.app.on_model_state(FakeModelState("loading"))
    await settled()
    talk.app.on_model_state(FakeModelState("ready"))
    await answer_the_question(talk, "window/workDoneProgress/create", result=None)
    await settled()

    assert [message["params"]["value"]["kind"] for message in talk.said_by_server("$/progress")] == ["begin", "end"]


async def test_an_editor_that_stays_silent_holds_nobody_up_and_is_not_remembered(monkeypatch):
    monkeypatch.setattr(notify, "PROGRESS_TIMEOUT_S", 0)
    talk = Conversation()
    talk.initialize(capabilities=PROGRESS)

    talk.app.on_model_state(FakeModelState("loading"))
    await settled()

    assert talk.protocol._request_futures == {}
    assert talk.said_by_server("$/progress") == []


async def test_without_progress_support_nothing_is_asked(talk):
    talk.app.on_model_state(FakeModelState("loading"))
    await settled()
    talk.app.on_model_state(FakeModelState("ready"))

    assert talk.sent == []


async def test_a_model_that_cannot_be_loaded_is_told_once(talk):
    for _ in range(2):
        talk.app.on_model_state(FakeModelState("loading"))
        talk.app.on_model_state(FakeModelState("failed", error="No such file.", hint="Pull it."))

    assert warnings(talk) == ["Recoder: No such file. Pull it."]


async def test_a_chat_model_has_progress_of_its_own_and_no_warning_that_nobody_asked_for():
    talk = Conversation()
    talk.initialize(capabilities=PROGRESS)

    talk.app.on_model_state(FakeModelState("loading"))
    token = (await answer_the_question(talk, "window/workDoneProgress/create", result=None))["params"]["token"]
    talk.app.on_model_state(FakeModelState("loading", role="chat"))
    other = (await answer_the_question(talk, "window/workDoneProgress/create", result=None))["params"]["token"]
    talk.app.on_model_state(FakeModelState("failed", error="No such file.", hint="Pull it.", role="chat"))
    await settled()

    kinds = [(message["params"]["token"], message["params"]["value"]["kind"]) for message in talk.said_by_server("$/progress")]
    assert kinds == [(token, "begin"), (other, "begin"), (other, "end")]
    assert warnings(talk) == []


async def test_at_the_end_everything_is_stopped(talk):
    talk.say(notification("exit"))

    assert await talk.finished == 1
    assert await talk.protocol.close()
    assert talk.app.closed


async def test_an_engine_that_does_not_stop_in_time_is_reported(talk, monkeypatch):
    async def never() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(session, "CLOSE_TIMEOUT_S", 0)
    monkeypatch.setattr(talk.app, "close", never)

    assert not await talk.protocol.close()
