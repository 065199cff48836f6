"""What the experts said at a place, and the memory of it: typing along an answer, or coming back to it, needs no inference."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from recoder_lsp.engine.fim import CLOSERS, Place
from recoder_lsp.engine.generation import Generated

# For each document. An answer is as large as the text around its caret; backspace goes back over a line with less than that.
REMEMBERED = 32


@dataclass(frozen=True)
class Candidate:
    """What may stand at a caret."""

    text: str
    """Raw: it follows the caret, like `Generated.text`; several lines of a block."""
    probability: float
    """That it is right as it stands, from 0 to 1."""
    source: str
    """Who proposed it first: "model", "phrases" or "names"."""


@dataclass(frozen=True)
class Answer:
    """What the experts say at one place."""

    prefix: str
    suffix: str
    block: bool
    line_end: str
    """What makes it a line of its own, where it was asked for before one that is there already."""
    candidates: tuple[Candidate, ...]
    """The best first."""
    generated: Generated | None
    """What the model did; None without one."""
    complete: bool
    """False when time was up: one more try may do better, so it is not remembered."""
    thorough: bool = True
    """False where what is unlikely was not looked for: no answer for who wants to see everything."""

    def along(self, place: Place, least: float = 0.0) -> Answer | None:
        """Return it less what was typed of it since, if it still fits this place.

        An answer for this very place always does. After more was typed, none is gone on with that is less probable than
        `least`: what was typed may make the experts surer.
        """
        if not self.thorough and least <= 0.0:
            return None
        if not place.prefix.startswith(self.prefix) or not same_suffix(self.suffix, place.suffix):
            return None
        if self.line_end and self.suffix != place.suffix:
            return None
        typed = place.prefix[len(self.prefix) :]
        if not typed:
            return replace(self, suffix=place.suffix)
        left = tuple(
            replace(candidate, text=candidate.text[len(typed) :])
            for candidate in self.candidates
            if candidate.text.startswith(typed) and candidate.text[len(typed) :].strip()
        )
        if not left or left[0].probability < least:
            return None
        return replace(self, prefix=place.prefix, suffix=place.suffix, candidates=left)


class Answers:
    """The latest answers for each open document. Owned by the event loop."""

    def __init__(self) -> None:
        self._by_document: dict[str, OrderedDict[tuple[str, str], Answer]] = {}

    def add(self, uri: str, answer: Answer) -> None:
        """Remember an answer, and drop the one that was used longest ago if there are too many."""
        answers = self._by_document.setdefault(uri, OrderedDict())
        answers[answer.prefix, answer.suffix] = answer
        answers.move_to_end((answer.prefix, answer.suffix))
        if len(answers) > REMEMBERED:
            answers.popitem(last=False)

    def find(self, uri: str, place: Place, least: float = 0.0) -> Answer | None:
        """Return what an earlier answer says at this place: that of the nearest caret before it.

        It looks back as far as candidates are long, so that a part of one may have been typed, or accepted.
        """
        answers = self._by_document.get(uri, OrderedDict())
        for answer in sorted(answers.values(), key=lambda answer: -len(answer.prefix)):
            if (found := answer.along(place, least)) is not None:
                answers.move_to_end((answer.prefix, answer.suffix))
                return found
        return None

    def forget(self, uri: str) -> None:
        """Drop what is remembered of a document."""
        self._by_document.pop(uri, None)

    def clear(self) -> None:
        """Drop everything."""
        self._by_document.clear()


def same_suffix(then: str, now: str) -> bool:
    """Say whether two suffixes are the same but for closers that an editor has put at the caret since."""
    if then == now:
        return True
    rest, line_end, below = now.partition("\n")
    rest_then, line_end_then, below_then = then.partition("\n")
    only_closers = all(character in CLOSERS for character in rest.strip() + rest_then.strip())
    return only_closers and (line_end, below) == (line_end_then, below_then)
