"""The extension in a real VS Code: what it does, what is seen of it, and how it gets its server."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recoder_lsp.training.scripted import write_scripted

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

pytestmark = pytest.mark.timeout(600)


def names_in(script: str, pattern: str) -> list[str]:
    """The tests that a script has, so that each is a test here."""
    return re.findall(pattern, (HERE / script).read_text("utf-8"), re.MULTILINE)


INSIDE = [*names_in("inside/index.js", r'^  async "([^"]+)"\(\)'), "closing a window leaves no process behind"]
SEEN = names_in("looks.mjs", r'^await test\("([^"]+)"')


@pytest.fixture(scope="module")
def inside(drive: Drive) -> dict[str, Any]:
    def prepare(folder: Path) -> dict[str, str]:
        (folder / "recoder").mkdir()
        (folder / "recoder" / "config.toml").write_text("[navigation]\nfolding = true\n")
        (folder / "bin").mkdir()
        # A path of its own, so that its processes can be told from others.
        (folder / "bin" / "recoder-lsp").symlink_to(SERVER)
        model = write_scripted(folder / "edit.gguf", EDIT)
        return {"EDITOR_SERVER": str(folder / "bin" / "recoder-lsp"), "EDITOR_EDIT_MODEL": str(model)}

    return drive("behaviour.mjs", 300, prepare)


@pytest.fixture(scope="module")
def seen(drive: Drive) -> dict[str, Any]:
    def prepare(folder: Path) -> dict[str, str]:
        return {"EDITOR_SERVER": str(SERVER), "EDITOR_CHAT_MODEL": str(write_scripted(folder / "chat.gguf", ANSWER))}

    return drive("looks.mjs", 300, prepare)


@pytest.mark.parametrize("name", INSIDE)
def test_in_the_extension_host(inside: dict[str, Any], name: str) -> None:
    assert inside.get(name, "it was not run") == ""


@pytest.mark.parametrize("name", SEEN)
def test_by_keys_and_mouse(seen: dict[str, Any], name: str) -> None:
    assert seen.get(name, "it was not run") == ""


def test_from_a_clean_profile_to_ghost_text_takes_one_click(drive: Drive) -> None:
    def prepare(folder: Path) -> dict[str, str]:
        # What the server needs is taken from here instead of being fetched and compiled; the rest is as on any machine.
        needs = [path for path in sys.path if path.endswith("site-packages")]
        return {"EDITOR_PYTHON": sys.executable, "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PYTHONPATH": ":".join(needs)}

    found = drive("clean.mjs", 300, prepare)

    assert found["problem"] == ""
    assert found["clicks"] == 1
