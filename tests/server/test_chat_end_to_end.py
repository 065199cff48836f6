"""Chat with the real server: over stdio, with a real index process, with and without a chat model."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from tests.features.chat_desk import FILES
from tests.scripted_chat import scripted_model
from tests.server.talking import Editor

ASK = "workspace/executeCommand"
ON = {"index": {"enabled": True}}


def chat(**options):
    return {"command": "recoder.chat", "arguments": [options]}


def project_in(folder: Path) -> Path:
    project = folder / "project"
    for path, text in FILES.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text)
    return project


def indexed(editor):
    """Wait until the index answers questions about all files."""
    while not editor.ask("workspace/symbol", {"query": "read_settings"})["result"]:
        continue


def test_without_a_model_the_index_answers_and_cites_what_is_there(server_command, tmp_path):
    project = project_in(tmp_path)
    with Editor(server_command) as editor:
        editor.initialize(rootUri=project.as_uri(), initializationOptions=ON)
        indexed(editor)

        answer = editor.ask(ASK, chat(message="where are the settings read from a file?"))["result"]

        first = answer["citations"][0]
        lines = (project / "app/config.py").read_text().split("\n")[first["range"]["start"]["line"] : first["range"]["end"]["line"]]
        assert first["uri"] == (project / "app/config.py").as_uri()
        assert "def read_settings(path):" in lines
        assert answer["model"] == ""
        assert "no model wrote this" in answer["markdown"]
        assert editor.ask(ASK, {"command": "recoder.chat.list"})["result"]["conversations"][0]["nMessages"] == 2


def test_a_model_answers_about_the_selection_and_its_citation_is_checked(server_command, tmp_path):
    project = project_in(tmp_path)
    model = scripted_model(tmp_path, "Here [1]; nowhere [40].")
    uri = (project / "app/config.py").as_uri()
    with Editor(server_command) as editor:
        editor.initialize(rootUri=project.as_uri(), initializationOptions=ON | {"models": {"chat": str(model)}})
        opened = {"uri": uri, "languageId": "python", "version": 1, "text": FILES["app/config.py"]}
        editor.say({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": opened}})
        indexed(editor)
        place = {"start": {"line": 8, "character": 0}, "end": {"line": 8, "character": 5}}

        answer = editor.ask(ASK, chat(message="/explain", textDocument={"uri": uri}, range=place))["result"]

        assert answer["markdown"] == f"Here [[1]]({uri}#L6); nowhere ."
        assert [citation["range"]["start"]["line"] for citation in answer["citations"]] == [5]
        assert answer["timings"]["decodedTokens"] > 0


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[sys.executable, "-m", "recoder_lsp"]))  # type: ignore[misc]
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    params = types.InitializeParams(capabilities=client_capabilities("neovim"), process_id=None, root_uri=None)
    await lsp_client.initialize_session(params)
    yield
    await lsp_client.shutdown_session()


async def test_a_well_behaved_client_asks_and_is_told_what_is_missing(client: LanguageClient):
    params = types.ExecuteCommandParams(command="recoder.chat", arguments=[{"message": "where is it?"}])

    answer = await client.workspace_execute_command_async(params)

    assert "No chat model is set." in answer["markdown"]
    assert "cannot be searched" in answer["markdown"]
    assert answer["citations"] == []
