"""Fixtures for tests that talk to the server."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.server.talking import Conversation, Editor


@pytest.fixture
async def talk() -> Conversation:
    """An initialized conversation inside this process, around a fake app."""
    conversation = Conversation()
    conversation.initialize()
    return conversation


@pytest.fixture
def start_editor() -> Iterator[Callable[..., Editor]]:
    """Start a real server process around a fake app, by the name of how it answers; it is gone after the test."""
    with ExitStack() as editors:

        def start(answer: str = "suggest_a_call") -> Editor:
            return editors.enter_context(Editor((sys.executable, "-m", "tests.server.fake_app"), {"FAKE_ANSWER": answer}))

        yield start
