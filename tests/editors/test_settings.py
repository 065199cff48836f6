"""The settings that we bring for editors without an extension of ours: what can be said of them without the editor."""

import json
import tomllib
from pathlib import Path

import pytest

from recoder_lsp.server.commands import COMMANDS

ROOT = Path(__file__).parents[2]
SHOWN = {
    "docs/editors/kate.md": "editors/kate/settings.json",
    "docs/editors/sublime.md": "editors/sublime/LanguageServers.sublime-settings",
}


@pytest.mark.parametrize(("page", "file"), SHOWN.items())
def test_a_page_shows_the_file_as_it_is(page, file):
    settings = (ROOT / file).read_text(encoding="utf-8")

    assert json.loads(settings)
    assert f"```json\n{settings}```" in (ROOT / page).read_text(encoding="utf-8")


def test_what_is_in_the_palette_of_sublime_text_are_commands_of_the_server():
    palette = json.loads((ROOT / "editors/sublime/Recoder.sublime-commands").read_text(encoding="utf-8"))

    assert {entry["args"]["command_name"] for entry in palette} <= set(COMMANDS)
    assert len({entry["caption"] for entry in palette}) == len(palette)
    (session,) = {entry["args"]["session_name"] for entry in palette}
    assert [session] == list(json.loads((ROOT / SHOWN["docs/editors/sublime.md"]).read_text(encoding="utf-8")))


def test_the_extension_for_zed_starts_the_server_for_the_languages_that_its_page_names():
    extension = tomllib.loads((ROOT / "editors/zed/extension.toml").read_text(encoding="utf-8"))
    (server,) = extension["language_servers"].values()
    page = (ROOT / "docs/editors/zed.md").read_text(encoding="utf-8")

    assert server["languages"] == list(server["language_ids"])
    assert all(f'"{language}": {{ "language_servers": ["...", "recoder"] }}' in page for language in server["languages"])
