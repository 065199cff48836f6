"""Turns of a conversation as the tokens that a model was trained to read, where no turn can pass for what structures them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from recoder_lsp.engine.chat import Turn
from recoder_lsp.engine.thoughts import OPENING

if TYPE_CHECKING:
    from recoder_lsp.engine.llama import LlamaModel
    from recoder_lsp.engine.template_sandbox import SandboxedTemplate

TEMPLATE_KEY = "tokenizer.chat_template"
CHATML_STOPS = ("<|im_end|>", "<|im_start|>")
"""What a model that does not know ChatML writes out, where one that does ends."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """A part of a prompt: text of the template, which may name special tokens, or content, which may not."""

    text: str
    is_content: bool


def begins_with_thoughts(parts: Sequence[Part]) -> bool:
    """Whether the prompt has the model think aloud first."""
    return parts[-1].text.rstrip().endswith(OPENING)


class ChatTemplate:
    """How one model wants to be spoken to: as its file says, else as ChatML, which many models know.

    Source of ChatML: OpenAI's, as in the files of Qwen's models.
    """

    def __init__(self, source: str, *, bos: str = "", eos: str = "") -> None:
        """Compile the template, if there is one. `bos` and `eos` are what these tokens are called in it."""
        self._bos, self._eos = bos, eos
        self._template = _compiled(source) if source else None

    @staticmethod
    def of(model: LlamaModel) -> ChatTemplate:
        """Return the template of a model."""
        special = model.special
        return ChatTemplate(
            model.metadata.get(TEMPLATE_KEY, ""), bos=model.tokenizer.written(special.bos), eos=model.tokenizer.written(special.eos)
        )

    @property
    def is_its_own(self) -> bool:
        """Whether the model's file says how to speak to it."""
        return self._template is not None

    def parts(self, turns: Sequence[Turn]) -> list[Part]:
        """Return the prompt for what the assistant says next, in parts that alternate between template and content."""
        if self._template is not None:
            # Some templates know no system turn, and most want the others to alternate.
            for rewritten in (turns, _alternating(turns), _without_system(turns)):
                if (parts := self._rendered(self._template, rewritten)) is not None:
                    return parts
            log.warning("the chat template of the model refuses a conversation of %d turns; it gets ChatML", len(turns))
        return list(_chatml(turns))

    def tokens(self, parts: Sequence[Part], model: LlamaModel, known: Mapping[str, Sequence[int]]) -> list[int]:
        """Return a prompt in tokens.

        Args:
            parts: Of the prompt.
            model: The one that this template is of.
            known: The tokens of texts that the model itself wrote: another spelling would have to be evaluated again.
        """
        tokenizer = model.tokenizer
        structure = {part.text: tokenizer.tokenize_marked(part.text) for part in parts if not part.is_content}
        markers = tokenizer.markers({*model.end_tokens, *(token for tokens in structure.values() for token in tokens)})
        tokens: list[int] = []
        for part in parts:
            if not part.is_content:
                tokens += structure[part.text]
            else:
                tokens += known.get(part.text) or tokenizer.tokenize_unmarked(part.text, markers)
        bos = model.special.bos
        return [bos, *tokens] if bos is not None and model.adds_bos and tokens[:1] != [bos] else tokens

    def _rendered(self, template: SandboxedTemplate, turns: Sequence[Turn]) -> list[Part] | None:
        """Return the parts; None where the template fails, or leaves out what was said."""
        from recoder_lsp.engine.template_sandbox import TemplateFailed

        messages = [{"role": turn.role, "content": _PLACE.format(place)} for place, turn in enumerate(turns)]
        try:
            rendered = template.render(messages, bos_token=self._bos, eos_token=self._eos)
        except TemplateFailed as error:
            log.debug("the chat template failed: %s", error)
            return None
        texts = _PLACES.split(rendered)
        if {int(place) for place in texts[1::2]} != set(range(len(turns))):
            return None
        parts = []
        for text, place in zip(texts[::2], [*texts[1::2], None], strict=True):
            # A space before a word belongs to its token.
            structure = text.rstrip(" ") if place is not None else text
            parts += [Part(structure, is_content=False)] if structure else []
            parts += [Part(text[len(structure) :] + turns[int(place)].content, is_content=True)] if place is not None else []
        return parts


# Template and model see these in place of what was said.
_PLACE, _PLACES = "\ue000{}\ue001", re.compile("\ue000([0-9]+)\ue001")


def _compiled(source: str) -> SandboxedTemplate | None:
    from recoder_lsp.engine.template_sandbox import SandboxedTemplate, TemplateFailed

    try:
        return SandboxedTemplate(source)
    except TemplateFailed as error:
        log.warning("the chat template of the model cannot be used (%s); it gets ChatML", error)
        return None


def _alternating(turns: Sequence[Turn]) -> list[Turn]:
    """Join turns of one role that follow each other."""
    groups = ((role, [turn.content for turn in group]) for role, group in groupby(turns, key=lambda turn: turn.role))
    return [Turn(role, "\n\n".join(contents)) for role, contents in groups]


def _without_system(turns: Sequence[Turn]) -> list[Turn]:
    """Have the user say what the system says."""
    return _alternating([Turn("user", turn.content) if turn.role == "system" else turn for turn in turns])


def _chatml(turns: Sequence[Turn]) -> Iterator[Part]:
    end = ""
    for turn in turns:
        yield Part(f"{end}<|im_start|>{turn.role}\n", is_content=False)
        yield Part(turn.content, is_content=True)
        end = "<|im_end|>\n"
    yield Part(f"{end}<|im_start|>assistant\n", is_content=False)
