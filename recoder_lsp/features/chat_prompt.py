"""What the chat model reads: the conversation and the best passages, as much as its context holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from recoder_lsp.config import Settings
from recoder_lsp.engine.chat import Turn, Writer
from recoder_lsp.features.chat_context import Gathered
from recoder_lsp.features.markdown import fenced
from recoder_lsp.features.passages import Passage
from recoder_lsp.features.prompts import Prompt
from recoder_lsp.language import english
from recoder_lsp.redaction import redact

# What a template puts around a turn, and pieces put together have more tokens than each alone: generously.
TURN_TOKENS, PIECE_TOKENS, SPARE_TOKENS = 16, 4, 32
# Of what is left for them, earlier turns get at most so much: passages are what an answer rests on.
EARLIER_SHARE = 0.6
FOUND_TOKENS = 1_500
"""What the index found gets at most so many: a processor reads some hundred tokens of a small model a second."""

FEWEST_LINES = 4
"""A passage that has to be cut to less is left out."""


@dataclass(frozen=True)
class HasRead:
    """What a model has read and said in a conversation: what comes next begins with the same, so its cache holds all of it."""

    said: tuple[Turn, ...] = ()
    """The same as people see it."""
    turns: tuple[Turn, ...] = ()
    """Without the system turn."""
    passages: tuple[Passage, ...] = ()
    """By their numbers in the conversation, from 1."""


@dataclass(frozen=True)
class Packed:
    """What is written to the model."""

    turns: tuple[Turn, ...]
    passages: tuple[Passage, ...]
    """By their numbers, those of earlier turns too; cut to what the model reads of them."""


async def pack(
    writer: Writer,
    settings: Settings,
    prompt: Prompt,
    question: str,
    gathered: Gathered,
    has_read: HasRead,
    *,
    room_tokens: int,
) -> Packed:
    """Return the turns for a question, with as many earlier turns and passages as there is room for.

    Args:
        writer: Counts tokens.
        settings: Name the model.
        prompt: With the fields `passages`, `diff` and `question`.
        question: What is asked; kept whole, whether it fits or not.
        gathered: What may go with it, best first.
        has_read: What was said before; `turns` and `passages` are empty where the model did not read it.
        room_tokens: What the prompt may have.
    """
    fields = {"question": question, "passages": "", "diff": ""}
    frame = prompt.turns(fields)
    in_order = [*frame, *has_read.turns, *has_read.said]
    lengths = [TURN_TOKENS + length for length in await writer.lengths([turn.content for turn in in_order], settings)]
    n_frame, n_read = len(frame), len(has_read.turns)
    left = room_tokens - SPARE_TOKENS - sum(lengths[:n_frame])
    earlier, known = has_read.turns, has_read.passages
    n_tokens = sum(lengths[n_frame : n_frame + n_read])
    if not earlier or n_tokens > EARLIER_SHARE * left:
        earlier, n_tokens = _newest(has_read.said, lengths[n_frame + n_read :], int(EARLIER_SHARE * left))
        known = ()
    left -= n_tokens
    diff = fenced(await _cut(writer, settings, gathered.diff, left), "diff") if gathered.diff else ""
    left -= (await writer.lengths([diff], settings))[0] if diff else 0
    new = [passage for passage in gathered.passages if passage not in known]
    shown, pieces = await _fitting(writer, settings, new, len(known) + 1, left)
    turns = prompt.turns({**fields, "passages": "\n\n".join(pieces), "diff": diff}, earlier=earlier)
    return Packed(turns, (*known, *shown))


def _newest(said: Sequence[Turn], lengths: Sequence[int], most_tokens: int) -> tuple[tuple[Turn, ...], int]:
    """The last questions with their answers that have at most so many tokens, and how many they have."""
    first, n_tokens = len(said), 0
    for i in range(len(said) - 2, -1, -2):
        n_pair = lengths[i] + lengths[i + 1]
        if n_tokens + n_pair > most_tokens:
            break
        first, n_tokens = i, n_tokens + n_pair
    return tuple(said[first:]), n_tokens


async def _fitting(
    writer: Writer, settings: Settings, passages: Sequence[Passage], first_number: int, most_tokens: int
) -> tuple[list[Passage], list[str]]:
    """As many passages as there is room for, and how the model reads them; the last of them may be cut."""
    lengths = await writer.lengths([_shown(passage, first_number) for passage in passages], settings) if passages else []
    shown: list[Passage] = []
    left, left_for_found = most_tokens, min(FOUND_TOKENS, most_tokens)
    for passage, length in zip(passages, lengths, strict=True):
        length += PIECE_TOKENS
        most = left if passage.is_meant else min(left, left_for_found)
        if length > most:
            n_lines = int((passage.end_line - passage.start_line + 1) * max(most, 0) / length * 0.9)
            if n_lines < FEWEST_LINES:
                continue
            passage, length = _first_lines(passage, n_lines), most
        shown.append(passage)
        left -= length
        left_for_found -= 0 if passage.is_meant else length
    return shown, [_shown(passage, first_number + i) for i, passage in enumerate(shown)]


def _shown(passage: Passage, number: int) -> str:
    why = f" ({english(passage.why)})" if passage.is_meant else ""
    return f"[{number}] {passage.place}{why}\n{fenced(redact(passage.text), passage.language)}"


def _first_lines(passage: Passage, n_lines: int) -> Passage:
    return replace(passage, text="\n".join(passage.text.split("\n")[:n_lines]), end_line=passage.start_line + n_lines - 1)


async def _cut(writer: Writer, settings: Settings, text: str, most_tokens: int) -> str:
    """The first lines of a text that have at most so many tokens, more or less."""
    (length,) = await writer.lengths([text], settings)
    if length <= most_tokens:
        return text
    lines = text.split("\n")
    return "\n".join(lines[: int(len(lines) * max(most_tokens, 0) / length * 0.9)])
