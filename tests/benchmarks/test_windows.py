from pathlib import Path

import pytest

from tests.benchmarks.windows import Windows, used_by
from tests.editors.processes import left_behind, processes_of
from tests.editors.project import project


@pytest.fixture
def home(recoder_home: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RECODER_INDEX__ENABLED", "true")
    return Path(recoder_home)


def test_windows_of_one_folder_share_its_index_and_nothing_of_them_is_left_when_they_are_closed(home, tmp_path):
    first, second = project(tmp_path / "first"), project(tmp_path / "second")

    with Windows() as windows:
        for folder in (first, first, first, second):
            windows.open(folder)
        windows.wait()
        running = processes_of(home)
        used = used_by(running)

    assert (len(running), used.n_indexes) == (6, 2)
    assert used.servers_mb > 0
    assert used.indexes_mb > 0
    assert left_behind(home) == []
