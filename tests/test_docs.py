import re
from pathlib import Path

import pytest

from recoder_lsp import connect

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("editor", connect.EDITORS, ids=lambda editor: editor.name)
def test_the_page_shows_the_same_settings_as_the_doctor(editor):
    assert f"```{editor.syntax}\n{editor.settings}\n```" in (ROOT / "docs/editors.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("editor", connect.EDITORS, ids=lambda editor: editor.name)
def test_the_settings_can_name_another_command(editor):
    settings = editor.settings_for("/opt/recoder/bin/recoder-lsp")

    assert '"/opt/recoder/bin/recoder-lsp"' in settings
    assert '"recoder-lsp"' not in settings


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("target", re.findall(r"(?m)^make ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
def test_every_make_target_in_the_readme_exists(target):
    assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8")
