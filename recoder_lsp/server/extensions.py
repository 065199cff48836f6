"""What Recoder adds to LSP: the `recoder/status` request and two commands.

`recoder/status` takes no parameters (any are ignored) and answers `Status`.
`recoder.accepted` is the command of every suggestion: its argument is the suggestion's id. It answers null.
`recoder.index.resume` goes on with indexing after the user stopped it by cancelling its progress. It answers null.
"""

from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from recoder_lsp import __version__
from recoder_lsp.metrics import memory_bytes

if TYPE_CHECKING:
    from recoder_lsp.app import App

STATUS = "recoder/status"
ACCEPTED = "recoder.accepted"
RESUME_INDEXING = "recoder.index.resume"
COMMANDS = (ACCEPTED, RESUME_INDEXING)


class IndexStatus(TypedDict):
    """The workspace index. `total` files are to be read, of which `done` have been; `reason` says why it is not all that it could be."""

    available: bool
    state: str
    files: int
    chunks: int
    done: int
    total: int
    reason: NotRequired[str]


class EngineStatus(TypedDict):
    """The completion model. Speeds are null until the model was loaded and measured."""

    model: str
    state: str
    prefill_tokens_per_s: float | None
    decode_tokens_per_s: float | None
    error: NotRequired[str]


class Status(TypedDict):
    """The answer to `recoder/status`."""

    version: str
    index: IndexStatus
    engine: EngineStatus
    requests: dict[str, Any]
    memory_bytes: int


def status(app: "App") -> Status:
    """Describe this server as it is now. Starts nothing and loads nothing."""
    model = app.runtime.state
    engine = EngineStatus(
        model=model.name or app.settings.engine.model,
        state=model.phase,
        prefill_tokens_per_s=model.prefill_tokens_per_s,
        decode_tokens_per_s=model.decode_tokens_per_s,
    )
    if model.error:
        engine["error"] = f"{model.error} {model.hint}".rstrip()
    return Status(
        version=__version__,
        index=_index(app),
        engine=engine,
        requests=app.metrics.snapshot(),
        memory_bytes=memory_bytes(),
    )


def _index(app: "App") -> IndexStatus:
    state = app.workspace.state
    index = IndexStatus(
        available=app.workspace.available,
        state=state.phase,
        files=state.n_files,
        chunks=state.n_chunks,
        done=state.done,
        total=state.total,
    )
    if state.reason:
        index["reason"] = state.reason
    return index
