"""The sub-command `hover`: what an editor would show of the name at one place of a file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from recoder_lsp import index_commands
from recoder_lsp.app import App
from recoder_lsp.complete_once import place_in
from recoder_lsp.config import Settings, home
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.hover import Description

GIT_S = 3.0
"""So long the last change is waited for: there is no next look here."""


async def describe_at(file: Path, line: int, column: int, root: Path, settings: Settings) -> Description | None:
    """Bring the index of a folder up to date, then return what is known of a name; line and column count from 1.

    Raises:
        RecoderError: The file cannot be read or has no such place, or there is no index.
    """
    snapshot, offset = place_in(file, line, column)
    if not settings.index.enabled:
        raise RecoderError("There is no index to ask.", "Set index.enabled to true.")
    app = App.build(settings)
    try:
        await index_commands.open_up_to_date(app.workspace, root, home(os.environ), settings.index)
        description = await app.hovers.describe(snapshot, offset, settings, snapshot_of=lambda uri: None)
        if description is None or description.last_change is not None:
            return description
        await asyncio.wait([asyncio.create_task(app.hovers.settled())], timeout=GIT_S)
        return await app.hovers.describe(snapshot, offset, settings, snapshot_of=lambda uri: None)
    finally:
        await app.close()
