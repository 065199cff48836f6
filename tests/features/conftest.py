"""What the tests of ghost text share."""

import pytest

from recoder_lsp.engine.scheduler import Scheduler


@pytest.fixture
def scheduler():
    scheduler = Scheduler()
    yield scheduler
    scheduler.close()
