"""What the index can do where no other server does it: off, until a setting turns it on; at the end with the real one."""

import pytest

from recoder_lsp.index.syntax.parser import Parser
from tests.index.small_workspace import SmallWorkspace
from tests.server.talking import Conversation, Editor, at, notification, opened, settled
from tests.server.test_symbols import eventually, span

URI = "file:///work/main.py"
SHAPES = "class Circle:\n    def __init__(self, radius): ...\n\n    def area(self): ...\n"
MAIN = "from shapes import Circle\n\n\ndef f():\n    Circle(1).area()\n"
DEFINITION, REFERENCES, SIGNATURE = "textDocument/definition", "textDocument/references", "textDocument/signatureHelp"
LENS, FOLDING, SELECTION = "textDocument/codeLens", "textDocument/foldingRange", "textDocument/selectionRange"
PROVIDERS = {
    "definition": "definitionProvider",
    "references": "referencesProvider",
    "signature_help": "signatureHelpProvider",
    "folding": "foldingRangeProvider",
    "selection": "selectionRangeProvider",
}
BY_HAND = {"triggerKind": 1, "isRetrigger": False}
ALL = dict.fromkeys((*PROVIDERS, "code_lens"), True)
ASKED = {
    DEFINITION: at(4, 5, URI),
    REFERENCES: at(4, 5, URI, context={"includeDeclaration": True}),
    SIGNATURE: at(4, 11, URI, context=BY_HAND),
    LENS: {"textDocument": {"uri": URI}},
    FOLDING: {"textDocument": {"uri": URI}},
    SELECTION: {"textDocument": {"uri": URI}, "positions": [{"line": 4, "character": 5}]},
}
LATER = {"textDocument": {name: {"dynamicRegistration": True} for name in ("definition", "signatureHelp", "completion")}}


@pytest.fixture(scope="module")
def parser():
    return Parser()


@pytest.fixture
def begin(tmp_path, parser):
    def started(navigation=ALL, capabilities=None):
        talk = Conversation()
        talk.initialize(capabilities=capabilities or {}, initializationOptions={"navigation": navigation})
        talk.app.workspace = SmallWorkspace(tmp_path, {"shapes.py": SHAPES, "main.py": MAIN}, parser)
        talk.say(opened(MAIN, URI))
        return talk

    return started


async def asked(talk, method, params=None):
    """The answer, also where another thread has to do with it."""
    talk.sent.clear()
    talk.say({"jsonrpc": "2.0", "id": "ask", "method": method, "params": params or ASKED[method]})
    (answer,) = await talk.heard(lambda message: message.get("id") == "ask")
    return answer["result"]


def choose(talk, **navigation):
    talk.say(notification("workspace/didChangeConfiguration", {"settings": {"recoder": {"navigation": navigation}}}))


# -- what is announced


async def test_nothing_of_it_is_announced_by_itself():
    announced = Conversation().initialize()["capabilities"]

    assert not set(PROVIDERS.values()) & set(announced)
    assert announced["codeLensProvider"] == {}


@pytest.mark.parametrize(("setting", "provider"), PROVIDERS.items())
async def test_what_the_settings_want_at_the_start_is_announced(setting, provider):
    announced = Conversation().initialize(initializationOptions={"navigation": {setting: True}})["capabilities"]

    assert [name for name in PROVIDERS.values() if name in announced] == [provider]


async def test_what_is_wanted_later_is_registered_and_taken_back():
    talk = Conversation()
    talk.initialize(capabilities=LATER)

    choose(talk, definition=True, signature_help=True, folding=True)
    await settled()
    choose(talk, signature_help=True)
    await settled()

    (registered,) = talk.said_by_server("client/registerCapability")
    by_method = {each["method"]: each for each in registered["params"]["registrations"]}
    # The editor does not take registrations for folding.
    assert set(by_method) == {DEFINITION, SIGNATURE}
    assert by_method[SIGNATURE]["registerOptions"] == {"documentSelector": None, "triggerCharacters": ["(", ","]}
    (unregistered,) = talk.said_by_server("client/unregisterCapability")
    assert unregistered["params"]["unregisterations"] == [{"id": by_method[DEFINITION]["id"], "method": DEFINITION}]


async def test_what_was_announced_is_not_registered_again():
    talk = Conversation()
    talk.initialize(capabilities=LATER, initializationOptions={"navigation": {"definition": True}})

    choose(talk, definition=False)
    choose(talk, definition=True)
    await settled()

    assert talk.said_by_server("client/registerCapability") == talk.said_by_server("client/unregisterCapability") == []


@pytest.mark.parametrize("supported", [True, False])
async def test_lenses_are_asked_for_again_when_they_are_switched_on(supported):
    talk = Conversation()
    talk.initialize(capabilities={"workspace": {"codeLens": {"refreshSupport": supported}}})

    choose(talk, code_lens=True)
    await settled()
    choose(talk, code_lens=True)
    await settled()

    assert len(talk.said_by_server("workspace/codeLens/refresh")) == supported


# -- what is answered


async def test_a_definition_is_a_place_in_another_file(begin):
    assert await asked(begin(), DEFINITION) == [{"uri": "file:///work/shapes.py", "range": span(0, 6, 0, 12)}]


async def test_references_are_places_here_and_elsewhere(begin):
    found = await asked(begin(), REFERENCES)

    assert [(each["uri"].rpartition("/")[2], each["range"]["start"]["line"]) for each in found] == [
        ("main.py", 0),
        ("main.py", 4),
        ("shapes.py", 0),
    ]


@pytest.mark.parametrize(
    ("capabilities", "label"),
    [({}, "radius"), ({"signatureInformation": {"parameterInformation": {"labelOffsetSupport": True}}}, [19, 25])],
)
async def test_parameters_are_told_as_the_editor_knows_them(begin, capabilities, label):
    help_ = await asked(begin(capabilities={"textDocument": {"signatureHelp": capabilities}}), SIGNATURE)

    (signature,) = help_["signatures"]
    assert (signature["label"], signature["parameters"]) == ("def __init__(self, radius)", [{"label": label}])
    assert (help_["activeSignature"], help_["activeParameter"]) == (0, 0)


async def test_a_lens_above_each_definition_says_how_often_its_name_is_used(begin):
    talk = begin()
    talk.say(opened(SHAPES, "file:///work/shapes.py"))

    lenses = await asked(talk, LENS, {"textDocument": {"uri": "file:///work/shapes.py"}})

    assert [(lens["range"]["start"]["line"], lens["command"]) for lens in lenses] == [
        (0, {"title": "2 uses by name", "command": ""}),
        (3, {"title": "1 use by name", "command": ""}),
    ]


async def test_a_file_for_chat_has_its_lens_whatever_the_settings_say(begin):
    talk = begin({})
    talk.say(opened("## You\n\nWhat is this?\n", "file:///work/notes.recoder.md"))

    (lens,) = await asked(talk, LENS, {"textDocument": {"uri": "file:///work/notes.recoder.md"}})

    assert lens["command"]["command"] == "recoder.chat.buffer"
    assert lens["command"]["arguments"] == [{"textDocument": {"uri": "file:///work/notes.recoder.md"}}]


@pytest.mark.parametrize(("capabilities", "n"), [({}, 2), ({"textDocument": {"foldingRange": {"rangeLimit": 1}}}, 1)])
async def test_folds_are_as_many_as_the_editor_takes(begin, capabilities, n):
    talk = begin(capabilities=capabilities)
    talk.say(opened("# a\n# b\ndef f():\n    a\n    b\n", URI))

    folds = await asked(talk, FOLDING)

    assert folds == [{"startLine": 0, "endLine": 1, "kind": "comment"}, {"startLine": 2, "endLine": 4}][:n]


async def test_a_selection_grows_outwards(begin):
    (selection,) = await asked(begin(), SELECTION)

    assert selection["range"] == span(4, 4, 4, 10)
    assert selection["parent"]["range"] == span(4, 4, 4, 13)


@pytest.mark.parametrize("method", ASKED)
async def test_nothing_is_answered_while_the_settings_want_none(begin, method):
    assert not await asked(begin({}), method)


@pytest.mark.parametrize("method", ASKED)
async def test_a_document_that_is_not_open_gets_nothing(begin, method):
    params = {**ASKED[method], "textDocument": {"uri": "file:///work/never.py"}}

    assert not await asked(begin(), method, params)


@pytest.mark.parametrize("method", [DEFINITION, REFERENCES, SIGNATURE, LENS])
async def test_without_an_index_nothing_breaks(begin, method):
    talk = begin()
    talk.app.workspace.is_away = True

    found = await asked(talk, method)

    # What stands in the document itself is known all the same.
    assert len(found or []) == (2 if method == REFERENCES else 0)


# -- with a real index


def test_the_real_index_answers_all_of_it(server_command, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "shapes.py").write_text(SHAPES)
    uri = (project / "main.py").as_uri()
    with Editor(server_command) as editor:
        options = {"index": {"enabled": True}, "navigation": ALL}
        announced = editor.initialize(rootUri=project.as_uri(), initializationOptions=options)["capabilities"]
        editor.say(opened(MAIN, uri))

        (found,) = eventually(lambda: editor.ask(DEFINITION, at(4, 5, uri))["result"])
        assert found == {"uri": (project / "shapes.py").as_uri(), "range": span(0, 6, 0, 12)}
        used = editor.ask(REFERENCES, at(4, 5, uri, context={"includeDeclaration": False}))["result"]
        assert [each["uri"] for each in used] == [uri, uri]
        assert editor.ask(SIGNATURE, at(4, 11, uri, context=BY_HAND))["result"]["signatures"][0]["label"] == "def __init__(self, radius)"
        lenses = eventually(lambda: editor.ask(LENS, {"textDocument": {"uri": uri}})["result"])
        assert lenses[0]["command"]["title"] == "0 uses by name"
        assert editor.ask(FOLDING, {"textDocument": {"uri": uri}})["result"] == [{"startLine": 3, "endLine": 4}]
        assert set(PROVIDERS.values()) <= set(announced)
