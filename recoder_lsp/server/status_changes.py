"""Tells an editor that shows the status when to ask for it again, so that it need not ask every few seconds."""

import asyncio
import contextlib

from recoder_lsp.server.extensions import states
from recoder_lsp.server.session import Session

LEAST_BETWEEN_S = 0.5
LOOK_ANYWAY_S = 60.0
"""What nothing tells of, such as that the machine saves power now, is noticed then."""


async def tell_of_changes(session: Session) -> None:
    """Goes on as long as the session does."""
    moved, told = session.notify.status_moved, states(session.app)
    while True:
        await asyncio.sleep(LEAST_BETWEEN_S)
        left_s = session.app.inline_completion.snoozed_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(left_s, LOOK_ANYWAY_S) if left_s else LOOK_ANYWAY_S):
                await moved.wait()
        moved.clear()
        if (now := states(session.app)) != told:
            told = now
            session.notify.status_changed()
