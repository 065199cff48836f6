"""What all tests share: how the server is started, and a home of its own, so that no test sees the user's settings."""

import sys
from collections.abc import Sequence

import pytest


@pytest.fixture(autouse=True)
def recoder_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> str:
    """The RECODER_HOME of this test and of the processes it starts."""
    home = str(tmp_path_factory.mktemp("recoder-home"))
    monkeypatch.setenv("RECODER_HOME", home)
    # A process of its own: only tests that are about it start it.
    monkeypatch.setenv("RECODER_INDEX__ENABLED", "false")
    return home


@pytest.fixture
def server_command() -> Sequence[str]:
    """How an editor starts the real server over stdio."""
    return (sys.executable, "-m", "recoder_lsp")
