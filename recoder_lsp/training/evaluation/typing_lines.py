"""Type lines key by key, as a person does who takes what is right: how much came by itself, and what was shown in vain."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recoder_lsp.app import App
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.features.asking import Request
from recoder_lsp.training.corpus import Document
from recoder_lsp.training.evaluation.completing import running, settings_for
from recoder_lsp.training.evaluation.keys import typed, worth_typing
from recoder_lsp.training.evaluation.report import Measured, Row, percent, percentile, summed_up

LEAST_CHARACTERS, MOST_CHARACTERS = 15, 90
READ_TOKENS, WRITTEN_TOKENS = 512, 64
# Six keys a second is fast typing: what comes later than the next key was never seen.
GAP_MS = 1000 / 6


@dataclass(frozen=True)
class Typed:
    """What typing something came to."""

    characters: int
    """How many there were to type."""
    keys: int = 0
    """How many had to be pressed, one for each suggestion that was taken among them."""
    shown: int = 0
    """Suggestions that were seen; one that stays while its characters are typed counts once."""
    right: int = 0
    completed: int = 0
    """Characters that came with a right suggestion."""
    late: int = 0
    """Suggestions that came too late to be seen: many of them, and the machine was busy, or is too slow for the model."""
    ms: tuple[float, ...] = ()
    """What each request took."""

    @property
    def outcome(self) -> dict[str, float]:
        """The figures as those of a `Row`."""
        return {
            "typed": self.characters,
            "keys": self.keys,
            "shown typing": self.shown,
            "taken": self.right,
            "gained": self.completed,
            "unseen": self.late,
        }


async def type_rest(app: App, path: str, language: str, before: str, rest: str, after: str) -> Typed:
    """Type `rest` between `before` and `after` at six keys a second, and take every suggestion that is right.

    A suggestion is right when all of it is what would have been typed next, up to the end of a word. Time is only reckoned: the
    next key does not wait, but an answer that took longer than the pause between two keys is not seen.
    """
    uri = f"file:///{path}"
    n_keys = n_shown = n_right = n_completed = n_late = 0
    caret, on_screen, ms = len(before), "", list[float]()
    for version, key in enumerate(typed(before, rest, after)):
        missing = rest[key.caret - len(before) :]
        if key.caret < caret or not missing:
            continue
        request = Request(Snapshot(uri, language, key.text, version), key.caret)
        began = time.perf_counter()
        suggestion = await app.inline_completion.suggest(request, app.settings)
        ms.append((time.perf_counter() - began) * 1000)
        is_late = suggestion is not None and ms[-1] > GAP_MS
        n_late += is_late
        text = suggestion.text.partition("\n")[0] if suggestion is not None and not is_late else ""
        n_shown += bool(text) and text != on_screen
        n_keys += 1
        if text and _begins(missing, text):
            n_right, n_completed = n_right + 1, n_completed + len(text)
            caret, on_screen = key.caret + len(text), ""
        else:
            caret, on_screen = key.caret + 1, text[1:] if text[:1] == missing[0] else ""
    # Nothing of it, and that one was there, counts for the next.
    app.inline_completion.forget(uri)
    return Typed(len(rest), n_keys, n_shown, n_right, n_completed, n_late, tuple(ms))


async def measure(files: Mapping[str, Sequence[Document]], model: Path, threads: int = 0, *, seed: int = 5) -> Measured:
    """Type one line of each file, drawn at random, everything else of it being there already."""
    rows, found = [], dict[str, Typed]()
    async with running(settings_for(model, threads)) as app:
        for language, documents in files.items():
            for document in documents:
                lines = document.text.split("\n")
                numbers = worth_typing(document.text, LEAST_CHARACTERS, MOST_CHARACTERS)
                if not numbers:
                    continue
                at = random.Random(f"{seed} {document.path}").choice(numbers)
                start = len(lines[at]) - len(lines[at].lstrip())
                before, after = "\n".join([*lines[:at], lines[at][:start]]), "\n".join(["", *lines[at + 1 :]])
                id = f"{document.package} {document.path}#{at + 1}"
                found[id] = await type_rest(app, document.path, language, before, lines[at][start:], after)
                rows.append(Row(id, (language,), found[id].outcome))
    return Measured(summed_up(rows, lambda group: {"lines": len(group), **figures(found[row.id] for row in group)}), rows)


def figures(found: Iterable[Typed]) -> dict[str, float | None]:
    """Sum up what typing came to; shares are per cent."""
    lines = list(found)
    characters, shown = sum(line.characters for line in lines), sum(line.shown for line in lines)
    times = [ms for line in lines for ms in line.ms]
    return {
        "typed": characters,
        "completed while typing": percent(sum(line.completed for line in lines), characters),
        "keys saved": percent(characters - sum(line.keys for line in lines), characters),
        "shown while typing": shown,
        "right of those": percent(sum(line.right for line in lines), shown),
        "came too late": sum(line.late for line in lines),
        "key ms p50": percentile(times, 0.5),
        "key ms p95": percentile(times, 0.95),
    }


def speed(model: LlamaModel) -> Measured:
    """Measure how fast a model reads and writes, in tokens a second, on one thread or as many as it was loaded with."""
    tokens = [place * 7919 % model.vocabulary_size for place in range(min(READ_TOKENS + WRITTEN_TOKENS, model.context_tokens))]
    n_read = len(tokens) - WRITTEN_TOKENS
    began = time.perf_counter()
    _evaluate(model, tokens[:n_read])
    read_s, began = time.perf_counter() - began, time.perf_counter()
    for end in range(n_read + 1, len(tokens) + 1):
        _evaluate(model, tokens[:end])
    written_s = time.perf_counter() - began
    return Measured({"all": {"tokens read a second": n_read / read_s, "tokens written a second": WRITTEN_TOKENS / written_s}}, [])


def _evaluate(model: LlamaModel, tokens: list[int]) -> None:
    for _ in model.evaluate(tokens):
        pass


def _begins(missing: str, text: str) -> bool:
    """Say whether a suggestion is what is missing, or a beginning of it that does not end inside a word."""
    following = missing[len(text) : len(text) + 1]
    is_inside_a_word = _is_of_a_word(text[-1]) and _is_of_a_word(following)
    return missing.startswith(text) and not is_inside_a_word


def _is_of_a_word(character: str) -> bool:
    return character.isalnum() or character == "_"
