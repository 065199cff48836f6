"""What Recoder adds to LSP: the `recoder/status` request and three commands.

`recoder/status` takes no parameters (any are ignored) and answers `Status`.
`recoder.accepted` is the command of every suggestion: its argument is the suggestion's id. It answers null.
`recoder.index.resume` goes on with indexing after the user stopped it by cancelling its progress. It answers null.
`recoder.snooze` has nothing suggested unasked for a while: its argument is `{"minutes": number}`, 5 without it, 0 ends it. It answers null.
`recoder/hoverReady` is a notification that a model has described what was hovered over since: `{"textDocument": {"uri"}, "position"}`,
as in the request. It goes to editors that announce `"experimental": {"recoder": {"hoverReady": true}}`.
`recoder/statusChanged` is a notification without anything in it that `states` are others now, twice a second at most. It goes to editors
that announce `"experimental": {"recoder": {"statusChanged": true}}`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from pygls.exceptions import JsonRpcInvalidParams

from recoder_lsp import __version__
from recoder_lsp.features.pacing import MOST_SNOOZE_MINUTES, SNOOZE_MINUTES
from recoder_lsp.metrics import memory_bytes

if TYPE_CHECKING:
    from recoder_lsp.app import App

STATUS = "recoder/status"
HOVER_READY = "recoder/hoverReady"
STATUS_CHANGED = "recoder/statusChanged"
ACCEPTED = "recoder.accepted"
RESUME_INDEXING = "recoder.index.resume"
SNOOZE = "recoder.snooze"


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


class ChatStatus(TypedDict):
    """The chat model: `model` is null where the settings name none. It is loaded when it is first asked something."""

    model: str | None
    state: str
    prefill_tokens_per_s: float | None
    decode_tokens_per_s: float | None
    error: NotRequired[str]


class CompletionStatus(TypedDict):
    """Whether anything is suggested unasked: `state` is "active", "snoozed" for `snoozed_s` more seconds, or "saving" the battery."""

    state: str
    snoozed_s: NotRequired[int]


class Status(TypedDict):
    """The answer to `recoder/status`."""

    version: str
    completion: CompletionStatus
    index: IndexStatus
    engine: EngineStatus
    chat: ChatStatus
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
        completion=_completion(app),
        index=_index(app),
        engine=engine,
        chat=_chat(app),
        requests=app.metrics.snapshot(),
        memory_bytes=memory_bytes(),
    )


def states(app: "App") -> tuple[object, ...]:
    """What of the status is worth telling an editor about when it changes: no counters, no progress."""
    completion, index, engine, chat = app.settings.completion.enabled, _index(app), app.runtime.state, app.chat_runtime.state
    named = (app.settings.engine.model, app.settings.models.chat)
    models = tuple((model.name, model.phase, model.error) for model in (engine, chat))
    return completion, _completion(app)["state"], index["state"], index.get("reason"), *named, *models


def snooze_minutes(arguments: Sequence[Any] | None) -> float:
    """Read the argument of `recoder.snooze`; JsonRpcInvalidParams where it is no time from 0 to a day."""
    match arguments:
        case None | [] | [None, *_]:
            return SNOOZE_MINUTES
        case [{**options}, *_]:
            minutes = options.get("minutes", SNOOZE_MINUTES)
            if isinstance(minutes, int | float) and not isinstance(minutes, bool) and 0 <= minutes <= MOST_SNOOZE_MINUTES:
                return minutes
    raise JsonRpcInvalidParams(f'{SNOOZE} takes {{"minutes": number}}, from 0 to {MOST_SNOOZE_MINUTES}.')


def _completion(app: "App") -> CompletionStatus:
    completion = CompletionStatus(state=app.inline_completion.pace(app.settings))
    if completion["state"] == "snoozed":
        completion["snoozed_s"] = app.inline_completion.snoozed_s
    return completion


def _chat(app: "App") -> ChatStatus:
    model, named = app.chat_runtime.state, app.settings.models.chat
    chat = ChatStatus(
        model=(model.name or named) if named else None,
        state=model.phase,
        prefill_tokens_per_s=model.prefill_tokens_per_s,
        decode_tokens_per_s=model.decode_tokens_per_s,
    )
    if model.error:
        chat["error"] = f"{model.error} {model.hint}".rstrip()
    return chat


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
