"""Writes docs/settings.md from the table of settings: `python -m recoder_lsp.settings_page`."""

import dataclasses
import json
import typing

from recoder_lsp.config import Settings, table

HEAD = """# Settings

<!-- Written by `make docs` from the table in recoder_lsp/config.py; a test keeps the two equal. -->

Later sources win over earlier ones:

1. the defaults below
2. `~/.recoder/config.toml` (the environment variable `RECODER_HOME` moves the folder)
3. `.recoder.toml` in the workspace; it may not set what reaches outside the workspace
4. environment variables: `RECODER_`, then the section, two underscores and the name, as in `RECODER_COMPLETION__MAX_TOKENS=20`;
   lists are separated by commas
5. the editor: `initializationOptions`, then the settings of section `recoder` where the editor sends them

In a TOML file:

```toml
[completion]
max_tokens = 32
disabled_languages = ["markdown"]
```

In an editor, nested or dotted, with or without an outer `recoder`:

```json
{ "recoder": { "completion": { "max_tokens": 32 } } }
```

A value that is not accepted is reported, once, and the earlier one stays. `recoder-lsp doctor` lists every problem.
"""


def page() -> str:
    """Return docs/settings.md."""
    rows = [HEAD]
    hints = typing.get_type_hints(Settings)
    options = table()
    for section in dataclasses.fields(Settings):
        rows += [
            f"## {section.name}",
            "",
            hints[section.name].__doc__ or "",
            "",
            "| Setting | Default | Accepts | What it does |",
            "|---|---|---|---|",
        ]
        for option in options.values():
            if option.key.startswith(f"{section.name}."):
                only_trusted = "" if option.workspace_may_set else " A workspace file may not set it."
                default = json.dumps(option.default)
                rows.append(f"| `{option.key}` | `{default}` | {option.accepts} | {option.says}{only_trusted} |")
        rows.append("")
    return "\n".join(rows)


if __name__ == "__main__":
    print(page(), end="")
