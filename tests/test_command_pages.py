"""docs/commands.md says what the code has: every command with its title, every prompt, and the router's table."""

from pathlib import Path

import pytest

from recoder_lsp.features import prompts
from recoder_lsp.features.router import TABLE
from recoder_lsp.server.commands import COMMANDS

PAGE = (Path(__file__).parents[1] / "docs/commands.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_on_the_page(name):
    title = COMMANDS[name].title

    assert f"| `{name}` | {title} |" in PAGE if title else f"`{name}`" in PAGE


@pytest.mark.parametrize("task", TABLE)
def test_the_page_has_the_table_of_the_router(task):
    row = TABLE[task]
    chat, infill = (f"{most:,}" if most else "no" for most in (row.chat, row.infill))

    assert f"| {task} | {chat} | {infill} | {row.most_characters:,} | {row.priority.name.lower().replace('_', ' ')} |" in PAGE


def test_every_prompt_for_edits_is_on_the_page():
    files = (Path(prompts.__file__).parent / "prompts").glob("*.md")

    assert [file.name for file in files if not file.name.startswith(("chat", "hover")) and f"`{file.name}`" not in PAGE] == []
