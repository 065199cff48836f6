"""The server with pytest-lsp's client, which checks each message's types and plays an editor that follows the rules."""

import sys
from collections.abc import AsyncIterator

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from tests.server.talking import URI


@pytest_lsp.fixture(  # type: ignore[misc]
    params=["visual-studio-code", "neovim", "emacs"], config=ClientServerConfig(server_command=[sys.executable, "-m", "recoder_lsp"])
)
async def client(request: pytest.FixtureRequest, lsp_client: LanguageClient) -> AsyncIterator[None]:
    # VS Code's profile announces that it can be registered with, and pytest-lsp leaves the answer to the test.
    lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda params: None)
    params = types.InitializeParams(capabilities=client_capabilities(request.param), process_id=None, root_uri=None)
    await lsp_client.initialize_session(params)
    yield
    await lsp_client.shutdown_session()


async def test_an_editing_hour_in_short(client: LanguageClient) -> None:
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(URI, "python", 1, "def add(a, b):\n")))
    insertion = types.TextDocumentContentChangePartial(types.Range(types.Position(1, 0), types.Position(1, 0)), "    ret")
    client.text_document_did_change(types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(2, URI), [insertion]))

    ghost_text = await client.text_document_inline_completion_async(
        types.InlineCompletionParams(
            context=types.InlineCompletionContext(trigger_kind=types.InlineCompletionTriggerKind.Automatic),
            text_document=types.TextDocumentIdentifier(URI),
            position=types.Position(1, 7),
        )
    )
    accepted = await client.workspace_execute_command_async(types.ExecuteCommandParams("recoder.accepted", ["unknown"]))
    client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(URI)))

    assert ghost_text is None or isinstance(ghost_text, types.InlineCompletionList)
    assert accepted is None
    assert client.messages == []
    assert client.log_messages == []
