"""The extension in a real VS Code: what it does, what is seen of it, and how it gets its server."""

import gettext
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recoder_lsp import language
from recoder_lsp.learning_store import LearningStore
from recoder_lsp.training.scripted import write_scripted
from tests.editors.processes import left_behind
from tests.editors.vscode.conftest import VERSIONS

HERE = Path(__file__).parent
SERVER = Path(sys.executable).parent / "recoder-lsp"
Drive = Callable[..., dict[str, Any]]

EDIT = "```python\ndef twice(number):\n    return 2 * number\n```\n"
ANSWER = """`total_price` adds up what `price_of` says of each item [1].

A **shorter** way to write it:

```python
def total_price(items):
    return sum(price_of(item) for item in items)
```

It looks like HTML, but it is text: <img src=x onerror=alert(1)> and [a link](https://example.org/?q=1) that leads nowhere.
"""
FOLDERS = {
    "one/prices.py": "def total_price(items):\n    return sum(items)\n",
    "two/hours.py": "def is_open_on(day):\n    return day != 'Sunday'\n",
    "three/letters.py": "def send_letter(text):\n    print(text)\n",
}

pytestmark = pytest.mark.timeout(600)


def names_in(script: str, pattern: str = r'^ *await test\("([^"]+)"') -> list[str]:
    """The tests that a script has, so that each is a test here."""
    return re.findall(pattern, (HERE / script).read_text("utf-8"), re.MULTILINE)


INSIDE, SEVERAL = (names_in(f"inside/{script}", r'^  async "([^"]+)"\(\)') for script in ("index.js", "multiroot.js"))


def own_server(folder: Path) -> str:
    """A path of its own for the server, so that its processes can be told from others."""
    (folder / "bin").mkdir()
    (folder / "bin" / "recoder-lsp").symlink_to(SERVER)
    return str(folder / "bin" / "recoder-lsp")


def program(path: Path, mark: Path) -> None:
    """A server that leaves a mark where it is started."""
    path.parent.mkdir(parents=True)
    path.write_text(f'#!/bin/sh\ntouch {mark}\nexec {SERVER} "$@"\n', "utf-8")
    path.chmod(0o755)


@pytest.fixture(scope="module", params=VERSIONS)
def inside(drive: Drive, request: pytest.FixtureRequest) -> dict[str, Any]:
    homes: list[Path] = []

    def prepare(folder: Path) -> dict[str, str]:
        homes.append(folder / "recoder")
        homes[0].mkdir()
        (homes[0] / "config.toml").write_text("[navigation]\nfolding = true\n")
        model = write_scripted(folder / "edit.gguf", EDIT)
        return {"EDITOR_SERVER": own_server(folder), "EDITOR_EDIT_MODEL": str(model)}

    found = drive("behaviour.mjs", 300, prepare, version=request.param)
    left = left_behind(homes[0])
    taken = sum(LearningStore(homes[0]).totals("language").values(), Counter[str]())
    return {**found, "left": left, "taken": taken}


@pytest.fixture(scope="module")
def several(drive: Drive) -> dict[str, Any]:
    def prepare(folder: Path) -> dict[str, str]:
        for name, text in FOLDERS.items():
            path = folder / "folder" / name
            path.parent.mkdir(parents=True)
            path.write_text(text, "utf-8")
            for command in (["init", "-q"], ["add", "."]):
                subprocess.run(["git", *command], cwd=path.parent, check=True)
        workspace = folder / "shop.code-workspace"
        workspace.write_text(json.dumps({"folders": [{"path": "folder/one"}, {"path": "folder/two"}]}), "utf-8")
        return {"EDITOR_SERVER": own_server(folder), "EDITOR_WORKSPACE": str(workspace), "EDITOR_INSIDE": "multiroot.js"}

    return drive("behaviour.mjs", 300, prepare)


@pytest.fixture(scope="module")
def seen(drive: Drive) -> dict[str, Any]:
    def prepare(folder: Path) -> dict[str, str]:
        return {"EDITOR_SERVER": str(SERVER), "EDITOR_CHAT_MODEL": str(write_scripted(folder / "chat.gguf", ANSWER))}

    return drive("looks.mjs", 300, prepare)


@pytest.fixture(scope="module")
def chosen(drive: Drive) -> dict[str, Any]:
    def prepare(folder: Path) -> dict[str, str]:
        models = folder / "recoder" / "models"
        models.mkdir(parents=True)
        return {"EDITOR_SERVER": str(SERVER), "EDITOR_CHAT_MODEL": str(write_scripted(models / "chat.gguf", ANSWER))}

    return drive("choices.mjs", 300, prepare)


@pytest.fixture(scope="module")
def german(drive: Drive) -> dict[str, Any]:
    def prepare(folder: Path) -> dict[str, str]:
        catalogue = gettext.translation(language.DOMAIN, language.FOLDER, ["de"])
        return {"EDITOR_SERVER": str(SERVER), "EDITOR_ACTION": catalogue.gettext("Organise imports")}

    return drive("german.mjs", 200, prepare)


@pytest.fixture(scope="module")
def trusted_later(drive: Drive) -> dict[str, Any]:
    def prepare(folder: Path) -> dict[str, str]:
        started, misled = folder / "started", folder / "misled"
        program(folder / "folder" / ".venv" / "bin" / "recoder-lsp", started)
        program(folder / "misleading" / "recoder-lsp", misled)
        (folder / "folder" / ".vscode").mkdir()
        settings = {"recoder.server.path": str(folder / "misleading" / "recoder-lsp")}
        (folder / "folder" / ".vscode" / "settings.json").write_text(json.dumps(settings), "utf-8")
        return {"EDITOR_STARTED": str(started), "EDITOR_MISLED": str(misled), "HOME": str(folder / "home")}

    return drive("strange.mjs", 200, prepare)


@pytest.fixture(scope="module")
def restricted(drive: Drive) -> dict[str, Any]:
    return drive("restricted.mjs", 200, lambda folder: {"EDITOR_SERVER": str(SERVER)})


@pytest.mark.parametrize("name", INSIDE)
def test_in_the_extension_host(inside: dict[str, Any], name: str) -> None:
    assert inside.get(name, "it was not run") == ""


def test_closing_a_window_leaves_no_process_behind(inside: dict[str, Any]) -> None:
    assert inside["left"] == []


def test_the_server_counts_words_and_lines_that_were_taken(inside: dict[str, Any]) -> None:
    assert inside["taken"]["partly"] >= 1
    assert inside["taken"]["partly"] + inside["taken"]["accepted"] >= 3


@pytest.mark.parametrize("name", SEVERAL)
def test_with_several_folders(several: dict[str, Any], name: str) -> None:
    assert several.get(name, "it was not run") == ""


@pytest.mark.parametrize("name", names_in("looks.mjs"))
def test_by_keys_and_mouse(seen: dict[str, Any], name: str) -> None:
    assert seen.get(name, "it was not run") == ""


@pytest.mark.parametrize("name", names_in("choices.mjs"))
def test_what_is_chosen(chosen: dict[str, Any], name: str) -> None:
    assert chosen.get(name, "it was not run") == ""


@pytest.mark.parametrize("name", names_in("german.mjs"))
def test_in_german(german: dict[str, Any], name: str) -> None:
    assert german.get(name, "it was not run") == ""


@pytest.mark.parametrize("name", names_in("strange.mjs"))
def test_in_a_folder_that_is_trusted_later(trusted_later: dict[str, Any], name: str) -> None:
    assert trusted_later.get(name, "it was not run") == ""


@pytest.mark.parametrize("name", names_in("restricted.mjs"))
def test_in_restricted_mode(restricted: dict[str, Any], name: str) -> None:
    assert restricted.get(name, "it was not run") == ""


def test_from_a_clean_profile_to_ghost_text_takes_one_click(drive: Drive) -> None:
    def prepare(folder: Path) -> dict[str, str]:
        # What the server needs is taken from here instead of being fetched and compiled; the rest is as on any machine.
        needs = [path for path in sys.path if path.endswith("site-packages")]
        return {"EDITOR_PYTHON": sys.executable, "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PYTHONPATH": ":".join(needs)}

    found = drive("clean.mjs", 300, prepare)

    assert found["problem"] == ""
    assert found["clicks"] == 1
