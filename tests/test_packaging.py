"""What lies in the package besides Python is installed with it."""

import tomllib
from pathlib import Path

import recoder_lsp

PACKAGE = Path(recoder_lsp.__file__).parent
PROJECT = PACKAGE.parent / "pyproject.toml"


def test_every_file_of_the_package_is_installed():
    patterns = tomllib.loads(PROJECT.read_text("utf-8"))["tool"]["setuptools"]["package-data"]["recoder_lsp"]
    installed = {path for pattern in patterns for path in PACKAGE.glob(pattern + "/*" if pattern.endswith("**") else pattern)}

    others = {path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts}

    assert others - installed == set()
