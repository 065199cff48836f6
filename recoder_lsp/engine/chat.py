"""What asks an instruct model for an answer: turns of a conversation in, a streamed text out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from recoder_lsp.config import Settings
from recoder_lsp.engine.scheduler import Priority
from recoder_lsp.errors import RecoderError
from recoder_lsp.language import gettext, ngettext, number

Role = Literal["system", "user", "assistant"]
EndedBy = Literal["end", "length", "time", "repetition"]


class NoChatModel(RecoderError):
    """What was asked for needs a chat model, and the settings name none."""

    def __init__(self) -> None:
        super().__init__(gettext("This needs a chat model."), gettext("Set models.chat to an instruct model in GGUF form."))


class PromptTooLong(RecoderError):
    """The conversation does not fit into the model's context; `n_too_many` is how many tokens it has to lose."""

    def __init__(self, n_too_many: int) -> None:
        message = ngettext(
            "This is too long for the chat model, by {n} token.", "This is too long for the chat model, by {n} tokens.", n_too_many
        )
        super().__init__(message.format(n=number(n_too_many)), gettext("Select less, or raise models.chat_context_tokens."))
        self.n_too_many = n_too_many


@dataclass(frozen=True)
class Turn:
    """What one side said."""

    role: Role
    content: str


@dataclass(frozen=True)
class Reply:
    """What the model answered, and what that cost.

    `ended_by` is "end" where the model came to its end; else it was stopped, by a bound or because it went round in circles.
    """

    text: str
    ended_by: EndedBy
    model: str
    prompt_tokens: int
    evaluated_tokens: int
    """Tokens of the prompt that had to be evaluated because the cache did not hold them."""
    decoded_tokens: int
    prompt_ms: float
    decode_ms: float


class Writer(Protocol):
    """What answers turns. Its methods belong to the event loop, none of them blocks."""

    def available(self, settings: Settings) -> bool:
        """Say whether a chat model is named; it may still have to load."""

    def name(self, settings: Settings) -> str:
        """Return what the model calls itself, its setting until it is loaded, "" where there is none."""

    async def room(self, settings: Settings) -> int:
        """Return how many tokens the model's context holds, prompt and answer together; loads the model.

        Raises:
            RecoderError: There is none, or it cannot be loaded.
        """

    async def lengths(self, texts: Sequence[str], settings: Settings) -> list[int]:
        """Return how many of its tokens each text has; loads the model. Raises what `room` raises."""

    async def write(
        self,
        turns: Sequence[Turn],
        settings: Settings,
        *,
        priority: Priority,
        max_tokens: int,
        temperature: float | None = None,
        on_text: Callable[[str], None] | None = None,
        key: str | None = None,
    ) -> Reply:
        """Return what the model says next; loads the model. Cancelling this stops it at its next token.

        Args:
            turns: The last of them is what is answered.
            settings: Name the model.
            priority: How urgent it is.
            max_tokens: The most that the answer may have.
            temperature: 0.0 takes the likeliest token always; None is what the settings say.
            on_text: Gets the answer piece by piece, on the event loop; together they are `Reply.text`.
            key: Of those with the same key and priority only the newest goes on.

        Raises:
            RecoderError: There is no model, it cannot be loaded, or the turns are too long for it (`PromptTooLong`).
            Superseded: A newer one with this key and priority took its place.
        """
