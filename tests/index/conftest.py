"""Fixtures for tests of the index process: a folder, a home, and clients that are closed after the test."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from recoder_lsp.index.process.client import FolderClient
from tests.index.serving import client_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with one file in it."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "first.txt").write_text("apples")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
async def connect(root: Path, home: Path) -> AsyncIterator[Callable[..., FolderClient]]:
    """Start a client of the folder's index process, of another folder's if it is named."""
    clients: list[FolderClient] = []

    def connect(folder: Path | None = root, **more) -> FolderClient:
        client = client_of(folder, home, **more)
        clients.append(client)
        client.start()
        return client

    yield connect
    for client in clients:
        await client.close()
