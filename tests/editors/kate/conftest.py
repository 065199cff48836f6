"""Kates of both versions, in `make test-editors` only: they take a minute each, and a gigabyte."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.editors.debian import or_skipped
from tests.editors.kate.driving import Kate
from tests.editors.kate.installing import VERSIONS, kate
from tests.editors.project import REPLY, project
from tests.scripted_chat import scripted_model


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.timeout(600))
            if not os.environ.get("TEST_EDITORS"):
                item.add_marker(pytest.mark.skip(reason="Kate is driven by `make test-editors`."))


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    with or_skipped():
        kate(request.param)
    name: str = request.param
    return name


@pytest.fixture
def opened(version: str, tmp_path: Path) -> Callable[..., Kate]:
    """Makes a Kate with a file of the project open in it, whose server has read it and has a model that can chat."""

    def make(name: str, text: str | None = None, **settings: object) -> Kate:
        file = project(tmp_path / "project") / name
        if text is not None:
            file.write_text(text, encoding="utf-8")
        folder = tmp_path / "kate"
        folder.mkdir(mode=0o700)
        chat = {"chat": str(scripted_model(folder, REPLY))}
        return Kate(kate(version), folder, file, {"completion": {"min_confidence_percent": 0}, "models": chat} | settings)

    return make
