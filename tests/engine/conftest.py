"""What the engine's tests share: the tiny model's file, written once."""

from pathlib import Path

import pytest

from tests.engine.tiny_gguf import write_tiny_gguf


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random two-layer model with FIM tokens and a context of 512 tokens; not to be changed."""
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf")
