"""The command that renames a variable as the completion model would call it."""

from collections.abc import Sequence
from typing import Any

from recoder_lsp.errors import RecoderError
from recoder_lsp.features.renaming import named
from recoder_lsp.features.router import Task, serve
from recoder_lsp.language import gettext
from recoder_lsp.server.applying import apply, require_applying
from recoder_lsp.server.arguments import options_of, target_of
from recoder_lsp.server.progress import Progress
from recoder_lsp.server.session import Session


async def rename(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{textDocument?, range?}` to `{name, model}`; the variable at the place is renamed in its function."""
    app = session.app
    require_applying(session)
    target = target_of(session, options_of(arguments))
    # Whoever asks waits for the model to load.
    served = serve(Task.RENAME, app.settings, chat_available=False, completion_ready=True, n_characters=target.end - target.start)
    if served.tier != "infill":
        raise RecoderError(served.why)
    renaming = await named(
        target.snapshot, target.start, target.end, app.settings, infilling=app.infilling, served=served, syntax=app.syntax
    )
    await apply(session, target.snapshot, renaming.change, gettext("Recoder: Rename to {name}").format(name=renaming.name))
    return {"name": renaming.name, "model": renaming.model}
