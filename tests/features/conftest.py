"""What the tests of features share."""

import pytest

from recoder_lsp.engine.scheduler import Scheduler
from recoder_lsp.language import speak


@pytest.fixture
def scheduler():
    scheduler = Scheduler()
    yield scheduler
    scheduler.close()


@pytest.fixture
def speaking():
    """Has features speak the language of a locale until the test is over."""
    yield speak
    speak(None)
