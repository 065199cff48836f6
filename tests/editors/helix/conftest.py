"""Helix with the configuration of editors/helix, in a terminal, with the real server."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.editors.debian import CACHE, Root, or_skipped, unpacked
from tests.editors.processes import server_pid
from tests.editors.project import Desk
from tests.editors.terminal import Terminal

CONFIGURATION = Path(__file__).parents[3] / "editors" / "helix" / "languages.toml"
# Versions and the Debian suites that have them: what the newest is called moves on.
SUITES: Mapping[str, str] = MappingProxyType({"25.01": "trixie", "25.07": "testing"})
NEWEST = "25.07"


@dataclass(frozen=True)
class HelixDesk(Desk):
    """What a Helix needs to begin there."""

    root: Root

    @property
    def languages(self) -> Path:
        """The configuration file."""
        return self.folder / "config" / "helix" / "languages.toml"

    def helix(self, file: str = "shop.py", rows: int = 24) -> Terminal:
        """A Helix with a file of the project."""
        environ = {
            "HELIX_RUNTIME": str(self.root.path / "usr/lib/hx/runtime"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            # The command of the configuration file is found beside this Python.
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "RECODER_HOME": str(self.home),
            "RECODER_INDEX__ENABLED": "true",
            "RECODER_MODELS__CHAT": str(self.chat_model),
        }
        return Terminal([*self.root.command("usr/bin/hx"), file], self.project, environ, rows=rows)


@pytest.fixture(scope="module", params=tuple(SUITES) if os.environ.get("TEST_EDITORS") else (NEWEST,))
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> HelixDesk:
    with or_skipped():
        root = unpacked(CACHE / f"helix-{request.param}", SUITES[request.param], "hx")
    desk = HelixDesk(request.param, tmp_path_factory.mktemp("helix"), root)
    desk.furnish()
    desk.languages.parent.mkdir(parents=True)
    # Servers that are not installed here are left out: with them, Helix 25.01 restarts none.
    ours = CONFIGURATION.read_text(encoding="utf-8").replace('"pylsp", ', "").replace('"marksman", ', "")
    desk.languages.write_text(ours + "completion.min_confidence_percent = 0\n", encoding="utf-8")
    # Without this one it does not read the other one again.
    desk.languages.with_name("config.toml").touch()
    return desk


@pytest.fixture(scope="module")
def running(desk: HelixDesk) -> Iterator[Terminal]:
    """A Helix whose server has read the project."""
    with desk.helix() as editor:
        attached(editor, desk)
        hover_over_total(editor)
        yield editor


@pytest.fixture
def editor(running: Terminal) -> Terminal:
    """The same, in normal mode, with shop.py as it is on the disk."""
    running.type("<Esc><Esc>:open shop.py<CR>:reload<CR>")
    running.until_shown(" NOR   shop.py  ")
    return running


def attached(editor: Terminal, desk: HelixDesk) -> None:
    """Wait for the editor and for its server."""
    editor.until_shown(" NOR ")
    editor.until(lambda: server_pid(desk.home), "a server")


def hover_over_total(editor: Terminal) -> None:
    """Ask what `total` is until the index knows its uses."""
    editor.ask("<Esc>:14<CR>11l<Space>k", lambda: "Called by with_tax" in str(editor), "a hover")
    editor.type("<Esc>")
