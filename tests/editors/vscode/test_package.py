"""The extension's package: its settings are the server's, its texts are complete, and it names nobody else's machine."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

from recoder_lsp import __version__
from recoder_lsp.server.commands import COMMANDS

EXTENSION = Path(__file__).parents[3] / "editors" / "vscode"
LANGUAGES = ("de", "es", "zh-cn")


def package() -> dict[str, Any]:
    return dict(json.loads((EXTENSION / "package.json").read_text("utf-8")))


def texts(language: str = "") -> dict[str, str]:
    name = f"package.nls.{language}.json" if language else "package.nls.json"
    return dict(json.loads((EXTENSION / name).read_text("utf-8")))


def spoken() -> set[str]:
    """The texts in the sources of the extension."""
    sources = "\n".join(file.read_text("utf-8") for file in EXTENSION.glob("src/*.ts"))
    return {json.loads(text) for text in re.findall(r'l10n\.t\(\s*("(?:[^"\\]|\\.)*")', sources)}


def test_the_settings_are_those_of_the_server() -> None:
    spec = importlib.util.spec_from_file_location("settings_of_package", EXTENSION / "settings_of_package.py")
    assert spec is not None
    assert spec.loader is not None
    written = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(written)

    assert (EXTENSION / "package.json").read_text("utf-8") == written.package(), "run editors/vscode/settings_of_package.py"
    for language in written.LANGUAGES:
        assert written.file_of(language).read_text("utf-8") == written.texts(language), "run editors/vscode/settings_of_package.py"


def test_the_commands_of_the_server_have_its_titles() -> None:
    english = texts()
    titles = {each["command"]: english[each["title"].strip("%")] for each in package()["contributes"]["commands"]}

    # The one that lists models in other editors has one chosen here.
    here = {"recoder.models": "Choose a model"}

    assert {name: title for name, title in titles.items() if name in COMMANDS} == {
        name: here.get(name, command.title) for name, command in COMMANDS.items() if name in titles
    }


def test_no_command_of_the_extension_has_the_name_of_one_of_the_server() -> None:
    sources = "\n".join(file.read_text("utf-8") for file in EXTENSION.glob("src/*.ts"))

    registered = set(re.findall(r'registerCommand\("([^"]+)"', sources))

    assert registered
    assert not registered & set(COMMANDS)


def test_the_version_is_that_of_the_server() -> None:
    assert package()["version"] == __version__


def test_what_reaches_outside_of_a_workspace_is_not_set_by_one() -> None:
    properties = package()["contributes"]["configuration"]["properties"]

    machine = {key for key, value in properties.items() if value["scope"] == "machine"}

    assert {"recoder.server.path", "recoder.server.python", "recoder.engine.model", "recoder.models.chat", "recoder.log.file"} <= machine


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    said = json.loads((EXTENSION / "l10n" / f"bundle.l10n.{language}.json").read_text("utf-8"))

    assert set(said) == spoken()
    assert set(texts(language)) == set(texts())


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_same_places_to_fill_in(language: str) -> None:
    said = json.loads((EXTENSION / "l10n" / f"bundle.l10n.{language}.json").read_text("utf-8"))

    for english, translated in said.items():
        assert sorted(re.findall(r"\{\d\}", english)) == sorted(re.findall(r"\{\d\}", translated)), english
    for key, translated in texts(language).items():
        english = texts()[key]
        commands = re.findall(r"\(command:[^)]+\)|`[^`]+`", english)
        assert commands == [] or sorted(commands) == sorted(re.findall(r"\(command:[^)]+\)|`[^`]+`", translated)), key


def test_no_place_to_fetch_from_is_named() -> None:
    assert '"resolved"' not in (EXTENSION / "package-lock.json").read_text("utf-8")
