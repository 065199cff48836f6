"""What the editor gets from the index: symbols, hovers, names in the menu; and, at the end, from the real one."""

import asyncio
import time

import pytest

from recoder_lsp.engine.scheduler import Superseded
from recoder_lsp.errors import RecoderError
from recoder_lsp.index.syntax.parser import Parser
from tests.index.small_workspace import SmallWorkspace
from tests.server import fake_app
from tests.server.talking import Conversation, Editor, at, changed, notification, opened, request

OUTLINE, FIND, HOVER = "textDocument/documentSymbol", "workspace/symbol", "textDocument/hover"
MENU, RESOLVE = "textDocument/completion", "completionItem/resolve"
URI = "file:///work/main.py"
NESTED = {"textDocument": {"documentSymbol": {"hierarchicalDocumentSymbolSupport": True}}}
MARKDOWN = {"textDocument": {"hover": {"contentFormat": ["markdown", "plaintext"]}}}
PLAIN_FIRST = {"textDocument": {"hover": {"contentFormat": ["plaintext", "markdown"]}}}
MENU_LATER = {
    "textDocument": {
        "inlineCompletion": {},
        "completion": {
            "completionItem": {
                "documentationFormat": ["markdown"],
                "resolveSupport": {"properties": ["documentation", "additionalTextEdits"]},
            }
        },
    }
}
GHOST_TEXT = {"textDocument": {"inlineCompletion": {}}}
SHAPES = '''class Circle:
    """A round one."""

    def area(self): ...


def circle_of(radius): ...
'''


@pytest.fixture(scope="module")
def parser():
    return Parser()


@pytest.fixture
def begin(tmp_path, parser):
    """Start a conversation with a small workspace behind it."""

    def started(capabilities=GHOST_TEXT, **params):
        talk = Conversation()
        talk.initialize(capabilities=capabilities, **params)
        talk.app.workspace = SmallWorkspace(tmp_path, {"pkg/shapes.py": SHAPES, "pkg/__init__.py": ""}, parser)
        return talk

    return started


def span(start_line, start, end_line, end):
    return {"start": {"line": start_line, "character": start}, "end": {"line": end_line, "character": end}}


def document(uri=URI):
    return {"textDocument": {"uri": uri}}


# -- what is announced


@pytest.mark.parametrize("capabilities", [{}, GHOST_TEXT, NESTED])
async def test_it_is_announced_to_every_editor(capabilities):
    announced = Conversation().initialize(capabilities=capabilities)["capabilities"]

    assert announced["completionProvider"] == {"triggerCharacters": [".", "("], "resolveProvider": True}
    assert announced["documentSymbolProvider"] == {"label": "Recoder"}
    assert announced["workspaceSymbolProvider"] is True
    assert announced["hoverProvider"] is True


async def test_no_menu_is_announced_where_neither_suggestions_nor_names_are_wanted_in_it():
    settings = {"completion": {"symbols": False}}

    assert "completionProvider" not in Conversation().initialize(capabilities=GHOST_TEXT, initializationOptions=settings)["capabilities"]


# -- symbols of a document


async def test_the_outline_is_nested_where_the_editor_shows_that_and_counts_its_units(begin):
    talk = begin(NESTED)
    talk.say(opened("'😀'; ä = 1\n\n\n@a\nclass A:\n    def f(self): ...\n", URI))

    variable, outer = await talk.ask(OUTLINE, document())

    assert (variable["name"], variable["kind"], variable["selectionRange"]) == ("ä", 13, span(0, 6, 0, 7))
    assert (outer["name"], outer["kind"], outer["range"], outer["selectionRange"]) == ("A", 5, span(3, 0, 5, 20), span(4, 6, 4, 7))
    (inner,) = outer["children"]
    assert (inner["name"], inner["kind"], inner["children"]) == ("f", 6, [])


async def test_the_outline_is_flat_elsewhere(begin):
    talk = begin({})
    talk.say(opened("class A:\n    def f(self): ...\n", URI))

    outer, inner = await talk.ask(OUTLINE, document())

    assert (inner["name"], inner["containerName"], inner["location"]) == ("f", "A", {"uri": URI, "range": span(1, 4, 1, 20)})
    assert "containerName" not in outer


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
async def test_the_outline_is_that_of_the_text_as_it_is_in_the_editor(begin, line_break):
    talk = begin(NESTED)
    talk.say(opened("a = 1", URI))
    talk.say(changed({"text": "def f(): ...\ndef g(): ...\n".replace("\n", line_break)}, uri=URI))

    assert [(each["name"], each["selectionRange"]["start"]["line"]) for each in await talk.ask(OUTLINE, document())] == [("f", 0), ("g", 1)]


async def test_the_outline_goes_to_documents_of_no_folder_too(begin):
    talk = begin(NESTED)
    talk.say(opened("a = 1", "untitled:one"))

    assert [each["name"] for each in await talk.ask(OUTLINE, document("untitled:one"))] == ["a"]


async def test_symbols_nested_deeper_than_anybody_reads_are_sent_all_the_same(begin):
    talk = begin(NESTED)
    depth = 300
    talk.say(opened("".join(f"{' ' * level}class A{level}:\n" for level in range(depth)) + " " * depth + "x = 1\n", URI))

    symbols = await talk.ask(OUTLINE, document())

    def names(nodes):
        return [name for node in nodes for name in (node["name"], *names(node["children"]))]

    assert len(names(symbols)) > 200


async def test_an_editor_is_never_sent_a_symbol_without_a_name(begin, monkeypatch):
    talk = begin(NESTED)
    talk.say(opened("class A:\n    def f(self): ...\n", URI))
    answer = talk.app.workspace.answer

    def nameless(method, params):
        symbols = answer(method, params)
        symbols[0]["name"] = ""
        return symbols

    monkeypatch.setattr(talk.app.workspace, "answer", nameless)

    assert [each["name"] for each in await talk.ask(OUTLINE, document())] == ["f"]


# -- symbols of the workspace


async def test_symbols_of_the_workspace_come_with_their_place_and_container(begin):
    talk = begin()

    (method,) = await talk.ask(FIND, {"query": "Circle.ar"})

    place = {"uri": "file:///work/pkg/shapes.py", "range": span(3, 8, 3, 12)}
    assert method == {"name": "area", "kind": 6, "location": place, "containerName": "Circle"}


async def test_without_a_query_no_symbols_of_the_workspace_are_sent(begin):
    assert await begin().ask(FIND, {"query": " "}) == []


# -- hover


@pytest.mark.parametrize(
    ("capabilities", "kind", "begins"),
    [
        (MARKDOWN, "markdown", "```python\nclass Circle"),
        ({}, "plaintext", "class Circle\n\nA round"),
        (PLAIN_FIRST, "plaintext", "class Circle\n\nA round"),
    ],
)
async def test_the_word_under_the_mouse_is_described_as_the_editor_shows_it(begin, capabilities, kind, begins):
    talk = begin(capabilities)
    talk.say(opened("from pkg.shapes import Circle\n'😀', Circle()\n", URI))

    answer = await talk.ask(HOVER, at(1, 8, URI))

    assert answer["range"] == span(1, 6, 1, 12)
    assert answer["contents"]["kind"] == kind
    assert answer["contents"]["value"].startswith(begins)


# -- names in the menu


async def test_names_sort_below_those_of_other_servers_and_in_their_own_order(begin):
    talk = begin(MENU_LATER)
    talk.say(opened("cir_here = 1\ncir", URI))

    answer = await talk.ask(MENU, at(1, 3, URI))

    items = answer["items"]
    assert answer["isIncomplete"] is True
    assert [item["label"] for item in items] == ["cir_here", "circle_of", "Circle"]
    assert [item["kind"] for item in items] == [1, 3, 7]
    assert [item.get("detail") for item in items] == [None, "pkg/shapes.py", "pkg/shapes.py"]
    assert sorted(items, key=lambda item: item["sortText"]) == items
    assert all(item["sortText"] > "\uffff" for item in items)
    assert {str(item["textEdit"]["range"]) for item in items} == {str(span(1, 0, 1, 3))}


async def test_documentation_and_import_come_when_the_item_is_resolved(begin):
    talk = begin(MENU_LATER)
    talk.say(opened("import os\nCir", URI))
    item = (await talk.ask(MENU, at(1, 3, URI)))["items"][0]
    talk.say(changed({"text": "import os, sys\nCircle"}, uri=URI))

    resolved = await talk.ask(RESOLVE, item)

    assert resolved["additionalTextEdits"] == [{"range": span(0, 14, 0, 14), "newText": "\nfrom pkg.shapes import Circle"}]
    assert resolved["documentation"] == {"kind": "markdown", "value": "```python\nclass Circle\n```\n\n```text\nA round one.\n```"}
    assert {key: resolved[key] for key in item} == item


async def test_an_editor_that_does_not_ask_for_imports_gets_them_at_once(begin):
    talk = begin()
    talk.say(opened("import os\nCir", URI))

    item = (await talk.ask(MENU, at(1, 3, URI)))["items"][0]

    assert item["additionalTextEdits"] == [{"range": span(0, 9, 0, 9), "newText": "\nfrom pkg.shapes import Circle"}]
    assert item["documentation"]["value"] == "class Circle\n\nA round one."
    assert await talk.ask(RESOLVE, item) == item


@pytest.mark.parametrize("capabilities", [MENU_LATER, GHOST_TEXT], ids=["later", "at once"])
@pytest.mark.parametrize(("before", "imports"), [("", False), ("\n", True)])
async def test_an_import_does_not_begin_where_the_item_itself_is_inserted(begin, capabilities, before, imports):
    talk = begin(capabilities)
    talk.say(opened(f"{before}Cir", URI))
    place = at(before.count("\n"), 3, URI)
    item = (await talk.ask(MENU, place))["items"][0]
    talk.say(changed({"text": f"{before}Circle"}, uri=URI))

    edits = (await talk.ask(RESOLVE, item)).get("additionalTextEdits", [])

    assert edits == ([{"range": span(0, 0, 0, 0), "newText": "\nfrom pkg.shapes import Circle\n"}] if imports else [])


@pytest.mark.parametrize(
    "data", [{}, {"data": 5}, {"data": {"uri": 1}}, {"data": {"uri": "x:", "path": "a", "symbol": "b", "import": True}}]
)
async def test_an_item_that_is_not_known_is_resolved_to_itself(begin, data):
    item = {"label": "a", **data}

    assert await begin().ask(RESOLVE, item) == item


async def test_an_item_of_a_document_that_was_closed_has_its_documentation_but_no_import(begin):
    talk = begin(MENU_LATER)
    talk.say(opened("import os\nCir", URI))
    item = (await talk.ask(MENU, at(1, 3, URI)))["items"][0]
    talk.say(notification("textDocument/didClose", document()))

    resolved = await talk.ask(RESOLVE, item)

    assert "documentation" in resolved
    assert "additionalTextEdits" not in resolved


async def test_the_suggestion_comes_first_where_it_is_wanted_in_the_menu(begin):
    talk = begin({})
    talk.say(opened("cir", URI))

    items = (await talk.ask(MENU, at(0, 3, URI)))["items"]

    assert [item["label"] for item in items] == ["circall()", "circle_of", "Circle"]
    assert min(items, key=lambda item: item["sortText"])["label"] == "circall()"


async def test_without_ghost_text_in_the_menu_the_model_is_not_asked(begin):
    talk = begin(GHOST_TEXT)
    talk.say(opened("cir", URI))

    await talk.ask(MENU, at(0, 3, URI))

    assert talk.app.inline_completion.requests == []


@pytest.mark.parametrize("failure", [RecoderError("No model.", ""), Superseded(), KeyError("secret")])
async def test_a_model_that_fails_leaves_the_names(begin, failure):
    async def fail(request):
        raise failure

    talk = begin({})
    talk.app.inline_completion.answer = fail
    talk.say(opened("cir", URI))

    assert [item["label"] for item in (await talk.ask(MENU, at(0, 3, URI)))["items"]] == ["circle_of", "Circle"]


async def test_an_index_that_fails_leaves_the_suggestion(begin, monkeypatch):
    talk = begin({})
    monkeypatch.setattr(talk.app.workspace, "answer", lambda method, params: {"items": [{"location": {}, "tier": 0, "detail": None}]})
    talk.say(opened("cir", URI))

    assert [item["label"] for item in (await talk.ask(MENU, at(0, 3, URI)))["items"]] == ["circall()"]


async def test_names_that_are_wanted_later_are_registered_and_taken_back():
    capabilities = {"textDocument": {"inlineCompletion": {}, "completion": {"dynamicRegistration": True}}}
    talk = Conversation()
    talk.initialize(capabilities=capabilities, initializationOptions={"completion": {"symbols": False}})

    for wanted in (True, False):
        settings = {"recoder": {"completion": {"symbols": wanted}}}
        talk.say(notification("workspace/didChangeConfiguration", {"settings": settings}))
        await asyncio.sleep(0)
        await talk.answers("nothing")

    assert len(talk.said_by_server("client/registerCapability")) == 1
    assert len(talk.said_by_server("client/unregisterCapability")) == 1


# -- without an index


@pytest.mark.parametrize("is_away", [True, False])
async def test_without_an_index_every_answer_is_an_empty_one(begin, is_away):
    talk = begin()
    if is_away:
        talk.app.workspace.is_away = True
    else:
        talk.app.workspace = fake_app.FakeWorkspace()
    talk.say(opened("Circle", URI))

    assert await talk.ask(OUTLINE, document()) == []
    assert await talk.ask(FIND, {"query": "Circle"}) == []
    assert await talk.ask(HOVER, at(0, 2, URI)) is None
    assert await talk.ask(MENU, at(0, 6, URI)) == {"isIncomplete": True, "items": []}


@pytest.mark.parametrize("method", [OUTLINE, HOVER, MENU])
async def test_a_document_that_is_not_open_gets_nothing(begin, method):
    assert await begin().ask(method, at(0, 0, "file:///work/never.py")) is None


@pytest.mark.parametrize("method", [OUTLINE, HOVER, MENU, FIND])
async def test_an_answer_that_takes_long_can_be_cancelled(begin, method, monkeypatch):
    talk = begin()
    talk.say(opened("Circle", URI))

    async def for_ever(*_, **__):
        await asyncio.Event().wait()

    monkeypatch.setattr(talk.app.workspace, "ask", for_ever)
    monkeypatch.setattr(talk.app.workspace, "symbols", for_ever)
    monkeypatch.setattr("tests.index.small_workspace._Client.ask", for_ever)
    talk.say(request(7, method, at(0, 6, URI) | {"query": "Circle"}))
    assert await talk.answers(7) == []

    talk.say(notification("$/cancelRequest", {"id": 7}))

    (answer,) = await talk.answers(7)
    assert answer["error"]["code"] == -32800


# -- with a real index

ON = {"initializationOptions": {"index": {"enabled": True}, "completion": {"menu": "never"}}}
BOTH = {"textDocument": NESTED["textDocument"] | MARKDOWN["textDocument"]}
DEADLINE_S = 60.0


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    (folder / "pkg").mkdir(parents=True)
    (folder / "pkg" / "__init__.py").touch()
    (folder / "pkg" / "shapes.py").write_text(SHAPES)
    return folder


def eventually(wanted):
    deadline = time.monotonic() + DEADLINE_S
    while not (outcome := wanted()):
        assert time.monotonic() < deadline, "this never became true"
        time.sleep(0.02)
    return outcome


def test_symbols_that_are_asked_for_before_there_is_an_index_are_waited_for(server_command, project):
    uri = (project / "pkg" / "shapes.py").as_uri()
    with Editor(server_command) as editor:
        editor.initialize(rootUri=project.as_uri(), capabilities=BOTH, **ON)
        editor.say(opened(SHAPES, uri))

        assert [symbol["name"] for symbol in editor.ask(OUTLINE, document(uri))["result"]] == ["Circle", "circle_of"]


def test_the_real_index_answers_all_of_it_also_for_unsaved_text(server_command, project):
    uri, shapes = (project / "main.py").as_uri(), (project / "pkg" / "shapes.py").as_uri()
    text = "import os\n\n\ndef brand_new():\n    cir\n"
    with Editor(server_command) as editor:
        editor.initialize(rootUri=project.as_uri(), capabilities=BOTH, **ON)
        editor.say(opened(text, uri))

        (found,) = eventually(lambda: editor.ask(FIND, {"query": "circle_of"})["result"])
        assert found["location"] == {"uri": shapes, "range": span(6, 4, 6, 13)}
        (unsaved,) = eventually(lambda: editor.ask(FIND, {"query": "brand_new"})["result"])
        assert unsaved["location"]["uri"] == uri

        hovered = editor.ask(HOVER, at(3, 6, uri))["result"]
        assert hovered["contents"]["value"].startswith("```python\ndef brand_new()\n```")

        names = eventually(lambda: [item["label"] for item in editor.ask(MENU, at(4, 7, uri))["result"]["items"]])
        assert names == ["circle_of", "Circle"]
        item = next(item for item in editor.ask(MENU, at(4, 7, uri))["result"]["items"] if item["label"] == "Circle")
        assert item["additionalTextEdits"] == [{"range": span(0, 9, 0, 9), "newText": "\nfrom pkg.shapes import Circle"}]

        outline = editor.ask(OUTLINE, document(uri))["result"]
        assert [symbol["name"] for symbol in outline] == ["brand_new"]
        editor.say(opened("def elsewhere(): ...", "file:///nowhere/at/all.py"))
        outside = editor.ask(OUTLINE, document("file:///nowhere/at/all.py"))["result"]
        assert [symbol["name"] for symbol in outside] == ["elsewhere"]

        (project / "pkg" / "shapes.py").write_text("")
        assert editor.ask(FIND, {"query": "circle_of"})["result"] == []


def test_a_loose_file_has_an_outline_and_a_menu_too(server_command, tmp_path):
    uri = (tmp_path / "loose.py").as_uri()
    with Editor(server_command) as editor:
        editor.initialize(capabilities=NESTED, **ON)
        editor.say(opened("class Loose:\n    def method(self): ...\n\n\nloose = Loose()\nloose.me", uri))

        (outer,) = eventually(lambda: [each for each in editor.ask(OUTLINE, document(uri))["result"] if each["name"] == "Loose"])
        assert [inner["name"] for inner in outer["children"]] == ["method"]
        assert eventually(lambda: editor.ask(MENU, at(5, 8, uri))["result"]["items"])[0]["label"] == "method"


def test_with_the_index_off_everything_is_empty_and_names_of_the_document_stay(server_command, project):
    uri = (project / "main.py").as_uri()
    with Editor(server_command) as editor:
        editor.initialize(rootUri=project.as_uri(), capabilities=NESTED, initializationOptions={"index": {"enabled": False}})
        editor.say(opened("circle_here = 1\ncir", uri))

        assert editor.ask(OUTLINE, document(uri))["result"] == []
        assert editor.ask(FIND, {"query": "circle"})["result"] == []
        assert editor.ask(HOVER, at(0, 3, uri))["result"] is None
        items = [item["label"] for item in editor.ask(MENU, at(1, 3, uri))["result"]["items"] if item["kind"] == 1]
        assert "circle_here" in items
