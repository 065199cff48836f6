"""Navigation with pytest-lsp's client, which checks each answer's types: what the document itself tells, without an index."""

import sys
from collections.abc import AsyncIterator

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from tests.server.talking import URI

TEXT = "# one\n# two\ndef f(a):\n    b = a\n    return f(b)\n"
NAVIGATION = dict.fromkeys(("definition", "references", "signature_help", "code_lens", "folding", "selection"), True)
DOCUMENT = types.TextDocumentIdentifier(URI)


@pytest_lsp.fixture(  # type: ignore[misc]
    params=["visual-studio-code", "neovim", "emacs"], config=ClientServerConfig(server_command=[sys.executable, "-m", "recoder_lsp"])
)
async def client(request: pytest.FixtureRequest, lsp_client: LanguageClient) -> AsyncIterator[None]:
    lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda params: None)
    params = types.InitializeParams(
        capabilities=client_capabilities(request.param),
        process_id=None,
        root_uri=None,
        initialization_options={"navigation": NAVIGATION},
    )
    await lsp_client.initialize_session(params)
    lsp_client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(URI, "python", 1, TEXT)))
    yield
    await lsp_client.shutdown_session()


async def test_folds_selections_and_uses_of_a_document(client: LanguageClient) -> None:
    folds = await client.text_document_folding_range_async(types.FoldingRangeParams(DOCUMENT))
    selections = await client.text_document_selection_range_async(types.SelectionRangeParams(DOCUMENT, [types.Position(3, 8)]))
    everywhere = types.ReferenceParams(types.ReferenceContext(include_declaration=True), DOCUMENT, types.Position(3, 8))
    used = await client.text_document_references_async(everywhere)

    assert [(fold.start_line, fold.end_line) for fold in folds or ()] == [(0, 1), (2, 4)]
    assert selections is not None
    assert selections[0].parent is not None
    assert selections[0].parent.range.start == types.Position(3, 4)
    assert [place.range.start for place in used or ()] == [types.Position(2, 6), types.Position(3, 8)]


async def test_what_only_an_index_knows_is_empty_and_no_error(client: LanguageClient) -> None:
    place = types.Position(4, 13)

    assert not await client.text_document_definition_async(types.DefinitionParams(DOCUMENT, place))
    assert not await client.text_document_signature_help_async(types.SignatureHelpParams(DOCUMENT, place))
    assert not await client.text_document_code_lens_async(types.CodeLensParams(DOCUMENT))
    assert client.messages == []
