"""Asks a chat model until what it answers can be used: told what is wrong with its answer, it often does better."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from recoder_lsp.config import Settings
from recoder_lsp.engine.chat import Reply, Turn, Writer
from recoder_lsp.features.edits import Refused
from recoder_lsp.features.prompts import Prompts
from recoder_lsp.features.router import Served
from recoder_lsp.language import english

ATTEMPTS = 2
ROOM_TO_SPARE = 160
"""Tokens for what templates put around each turn, and prompts around each piece of code."""

T = TypeVar("T")


class NothingToChange(Refused):
    """The code is to stay as it is: that is an answer, too."""


@dataclass(frozen=True)
class Answered(Generic[T]):
    """What was made of the last reply, and all of them."""

    outcome: T
    replies: tuple[Reply, ...]


@dataclass(frozen=True)
class Asking:
    """What it takes to ask: the model and how, the prompts, and who hears the answer as it is written."""

    writer: Writer
    prompts: Prompts
    settings: Settings
    on_text: Callable[[str], None] | None = None

    async def room(self) -> int:
        """Return how many tokens question and answer may have together."""
        return await self.writer.room(self.settings)

    async def lengths(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has."""
        return await self.writer.lengths(texts, self.settings)

    async def until_usable(
        self, turns: Sequence[Turn], served: Served, use: Callable[[str], Awaitable[T]], *, max_tokens: int, key: str
    ) -> Answered[T]:
        """Return what `use` makes of a reply; where it refuses one, the model is told why, and answers once more.

        Args:
            turns: The question.
            served: How urgent it is.
            use: Turns a reply into what is wanted.
            max_tokens: The most that a reply may have.
            key: Of questions with the same one only the newest is answered.

        Raises:
            Refused: By `use`, of the last reply.
            RecoderError: The model cannot be asked.
        """
        replies = list[Reply]()
        while True:
            reply = await self.writer.write(
                turns, self.settings, priority=served.priority, max_tokens=max_tokens, temperature=0.0, on_text=self.on_text, key=key
            )
            replies.append(reply)
            try:
                return Answered(await use(reply.text), tuple(replies))
            except NothingToChange:
                raise
            except Refused as refused:
                used = reply.prompt_tokens + reply.decoded_tokens
                if len(replies) == ATTEMPTS or used + max_tokens + ROOM_TO_SPARE > await self.room():
                    raise
                again = await self.prompts.load("again")
                turns = again.turns({"reason": english(refused.message)}, earlier=(*turns, Turn("assistant", reply.text)))
