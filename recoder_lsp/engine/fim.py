"""Fill-in-the-middle prompts: what surrounds a caret becomes tokens, in an order that survives typing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from recoder_lsp.redaction import redact

LAYOUT_KEY = "recoder.fim.layout"
BLOCK_LINES = 16
MAX_LINE_CHARACTERS = 400
MAX_TOKEN_CHARACTERS = 24
MAX_PATH_TOKENS = 32
REMEMBERED_BLOCKS = 2000
# Where one block or line is longer than its share, its beginning is cut off in steps, to stay the same for many keys.
CUT_TOKENS, CUT_CHARACTERS = 64, 128
_CARET = "\ue000"
_OVER_SEVERAL_LINES = "PRIVATE KEY"
# How many tokens are taken back at the caret. Where a line is cut at random, what stands before the last three
# tokens is tokenised as in the whole line 99 times of 100 (measured: docs/measurements.md, token healing).
HEALED_TOKENS = 3
CLOSERS = ")]}>\"'`;:,"


class Special(Protocol):
    """Ids of the tokens that structure a prompt, None where the model has none."""

    @property
    def bos(self) -> int | None: ...
    @property
    def fim_prefix(self) -> int | None: ...
    @property
    def fim_suffix(self) -> int | None: ...
    @property
    def fim_middle(self) -> int | None: ...
    @property
    def fim_separator(self) -> int | None: ...


class Vocabulary(Protocol):
    """What prompt building needs of a model."""

    @property
    def special(self) -> Special: ...
    @property
    def metadata(self) -> Mapping[str, str]: ...
    @property
    def adds_bos(self) -> bool: ...
    def tokenize(self, text: str) -> list[int]: ...
    def piece(self, token: int) -> bytes: ...


class Layout(StrEnum):
    """In which order a model was trained to read what surrounds the caret."""

    SUFFIX_FIRST = "suffix-first"
    """Suffix, then prefix, and the insertion follows the prefix with nothing between: typing appends."""
    PREFIX_FIRST = "prefix-first"
    """Prefix, suffix, a middle token: every key moves the suffix."""
    PLAIN = "plain"
    """Prefix only, for models without fill-in-the-middle tokens."""


@dataclass(frozen=True)
class Snippet:
    """Related code put before the file itself; `path` names its file."""

    path: str
    text: str


@dataclass(frozen=True)
class Place:
    """A caret: the document around it, or a large enough part. `path` is shown to the model: short and relative."""

    path: str
    language: str
    prefix: str
    suffix: str
    first_line: int = 0
    """The number of the line that `prefix` starts with, where the document is longer."""

    @property
    def line_prefix(self) -> str:
        """What stands on the caret's line before it."""
        return self.prefix[self.prefix.rfind("\n") + 1 :]

    @property
    def rest_of_line(self) -> str:
        """What stands on the caret's line after it."""
        return self.suffix.partition("\n")[0]

    @property
    def last_line(self) -> str:
        """The last line that is not blank, up to the caret: the caret's own, or one above. Without trailing white space."""
        before = self.prefix.rstrip()
        return before[before.rfind("\n") + 1 :]

    @property
    def in_a_body(self) -> bool:
        """Whether the last line that is not blank is indented, or opens a block."""
        return self.last_line[:1].isspace() or self.last_line.endswith((":", "{"))

    @property
    def only_closers_follow(self) -> bool:
        """Whether the rest of the line is nothing but what editors insert by themselves."""
        return all(character in CLOSERS or character.isspace() for character in self.rest_of_line)


@dataclass(frozen=True)
class Budget:
    """How many tokens of each part may enter a prompt; `elsewhere` is for what may be copied from, on each side.

    What the prefix and the suffix leave unused, because the document is shorter, goes to the context, up to as much again.
    """

    prefix: int = 512
    suffix: int = 160
    context: int = 0
    elsewhere: int = 0


@dataclass(frozen=True)
class Prompt:
    """Tokens to evaluate, and what belongs to them."""

    tokens: tuple[int, ...]
    healing: bytes
    """What the first generated tokens have to spell again."""
    elsewhere: tuple[int, ...] = ()
    """Tokens of the document outside of the prompt's windows: not evaluated, but may be copied from."""


def layout_of(model: Vocabulary) -> Layout:
    """Read a model's layout from its metadata, or tell it from the tokens it has.

    A model with prefix and suffix tokens but no middle token reads suffix first (Codestral's format).
    """
    stated = model.metadata.get(LAYOUT_KEY)
    if stated in list(Layout):
        return Layout(stated)
    if model.special.fim_prefix is None or model.special.fim_suffix is None:
        return Layout.PLAIN
    return Layout.SUFFIX_FIRST if model.special.fim_middle is None else Layout.PREFIX_FIRST


class Prompter:
    """Builds the prompts for one model; remembers tokenised blocks, so that a key costs one short block."""

    def __init__(self, model: Vocabulary, layout: Layout | None = None) -> None:
        """Args: `layout` overrides what the model states, to compare layouts."""
        self.layout = layout or layout_of(model)
        self._model = model
        # SentencePiece vocabularies merge a line end with what follows it, byte-level ones with what precedes it.
        self._breaks_lead = model.metadata.get("tokenizer.ggml.model") == "llama"
        self._blocks: OrderedDict[str, list[int]] = OrderedDict()

    def prompt(self, place: Place, budget: Budget, context: Sequence[Snippet] = ()) -> Prompt:
        """Lay out a prompt whose head stays the same from one key to the next; what looks like a secret is left out.

        Raises nothing for odd input: an empty document gives a prompt of its path alone.
        """
        special = self._model.special
        if _OVER_SEVERAL_LINES in place.prefix or _OVER_SEVERAL_LINES in place.suffix:
            # Blocks are redacted one by one, which would see only parts of a key.
            place = _without_keys(place)
        far_before, before = self._prefix_tokens(place, budget.prefix, budget.elsewhere)
        after, far_after = self._suffix_tokens(place, budget.suffix, budget.elsewhere)
        context_tokens = budget.context + min(_unused(budget.prefix, before) + _unused(budget.suffix, after), budget.context)
        before, healing = self._healed(before, place)
        head = [*self._bos(), *self._context_tokens(context, context_tokens), *self._path_tokens(place.path)]
        if self.layout is Layout.PLAIN or special.fim_prefix is None or special.fim_suffix is None:
            return Prompt((*head, *before), healing, tuple(far_before))
        elsewhere = (*far_after, *far_before)
        if self.layout is Layout.SUFFIX_FIRST:
            return Prompt((*head, special.fim_suffix, *after, special.fim_prefix, *before), healing, elsewhere)
        middle = [] if special.fim_middle is None else [special.fim_middle]
        return Prompt((*head, special.fim_prefix, *before, special.fim_suffix, *after, *middle), healing, elsewhere)

    def _bos(self) -> list[int]:
        return [self._model.special.bos] if self._model.adds_bos and self._model.special.bos is not None else []

    def _path_tokens(self, path: str) -> list[int]:
        separator = self._model.special.fim_separator
        return [] if separator is None or not path else [separator, *self._tokens(path)[-MAX_PATH_TOKENS:], *self._tokens("\n")]

    def _context_tokens(self, context: Sequence[Snippet], budget: int) -> list[int]:
        """Lay out the snippets that fit, in the order given; the last one is the most important."""
        tokens: list[int] = []
        for snippet in reversed(context):
            addition = [*self._path_tokens(snippet.path), *self._tokens(snippet.text), *self._tokens("\n")]
            if len(tokens) + len(addition) <= budget:
                tokens = addition + tokens
        return tokens

    def _prefix_tokens(self, place: Place, budget: int, far_budget: int) -> tuple[list[int], list[int]]:
        """Tokenise as many blocks of lines before the caret as fit; return (blocks farther up, window).

        Blocks start at fixed lines, so the window's upper edge moves by a block once in a while and not
        with each key; between two moves the cache of the model stays valid.
        """
        near = place.prefix[-(budget + far_budget) * MAX_TOKEN_CHARACTERS :]
        first_line = place.first_line + place.prefix.count("\n", 0, len(place.prefix) - len(near))
        blocks: dict[int, list[str]] = {}
        for number, line in enumerate(near.split("\n"), first_line):
            blocks.setdefault(number // BLOCK_LINES, []).append(_line_end(line))
        caret_block = max(blocks)
        far, window = list[int](), list[int]()
        for block in sorted(blocks, reverse=True):
            text = "\n".join(blocks[block])
            if self._breaks_lead:
                text = "\n" + text if block else text
            elif block < caret_block:
                text += "\n"
            # The caret's own block is another text after each key: not worth remembering.
            addition = self._tokens(text) if block < caret_block else self._model.tokenize(redact(text))
            if not far and len(window) + len(addition) <= budget:
                window = addition + window
            elif not window:
                window = addition[-((budget - len(addition)) // CUT_TOKENS) * CUT_TOKENS :]
            elif len(far) + len(addition) <= far_budget:
                far = addition + far
            else:
                break
        return far, window

    def _suffix_tokens(self, place: Place, budget: int, far_budget: int) -> tuple[list[int], list[int]]:
        """Tokenise the lines after the caret that fit; return (window, lines farther down).

        What an editor closed by itself is left out: it would change the suffix, and with it everything that
        follows it in the cache, each time a bracket is typed.
        """
        rest, line_end, below = place.suffix.partition("\n")
        window = [] if place.only_closers_follow else self._tokens(rest[:MAX_LINE_CHARACTERS])[:budget]
        far: list[int] = []
        for line in below[: (budget + far_budget) * MAX_TOKEN_CHARACTERS].split("\n") if line_end else []:
            text = line[:MAX_LINE_CHARACTERS]
            addition = self._tokens("\n" + text) if self._breaks_lead else self._tokens("\n") + self._tokens(text)
            if not far and len(window) + len(addition) <= budget:
                window = window + addition
            elif len(far) + len(addition) <= far_budget:
                far += addition
            else:
                break
        return window, far

    def _healed(self, tokens: list[int], place: Place) -> tuple[list[int], bytes]:
        """Take back the last tokens before the caret: with the next characters they might be other tokens.

        A line end that stands without indentation inside a body is taken back too, so that the model can indent; given
        indentation is left as it is.
        """
        if self._breaks_lead and tokens and self._model.piece(tokens[-1]) == b"\n" and place.in_a_body:
            return tokens[:-1], b"\n"
        taken: list[bytes] = []
        while tokens and len(taken) < HEALED_TOKENS:
            piece = self._model.piece(tokens[-1])
            if not piece or (not piece.strip() and b"\n" in piece):
                break
            taken.append(piece)
            tokens = tokens[:-1]
        return tokens, b"".join(reversed(taken))

    def _tokens(self, text: str) -> list[int]:
        known = self._blocks.get(text)
        if known is None:
            known = self._blocks[text] = self._model.tokenize(redact(text))
            if len(self._blocks) > REMEMBERED_BLOCKS:
                self._blocks.popitem(last=False)
        else:
            self._blocks.move_to_end(text)
        return known


def _unused(budget: int, tokens: Sequence[int]) -> int:
    """What is left of a budget, in steps: an edge that moved with each key would change which snippets fit."""
    return max(budget - len(tokens) - CUT_TOKENS, 0) // CUT_TOKENS * CUT_TOKENS


def _line_end(line: str) -> str:
    """Cut the beginning off an absurdly long line: a caret stands at its end."""
    if len(line) <= MAX_LINE_CHARACTERS + CUT_CHARACTERS:
        return line
    # Redacted first: half a secret would not be recognised.
    line = redact(line)
    return line[max(len(line) - MAX_LINE_CHARACTERS, 0) // CUT_CHARACTERS * CUT_CHARACTERS :]


def _without_keys(place: Place) -> Place:
    """Redact a place as one text, so that a key around the caret is seen whole."""
    before, caret, after = redact(place.prefix + _CARET + place.suffix).partition(_CARET)
    return replace(place, prefix=before, suffix=after) if caret else replace(place, prefix=redact(place.prefix), suffix="")
