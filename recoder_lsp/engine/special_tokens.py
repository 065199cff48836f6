"""The tokens with a meaning of their own, of a model that llama.cpp has loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

# llama.cpp takes FIM tokens from the metadata, or else finds those of CodeLlama, CodeGemma, DeepSeek-Coder, Granite,
# Qwen2.5-Coder and StarCoder by their text. These are written differently; from the tokenizers of
# mistralai/Codestral-22B-v0.1 and ByteDance-Seed/Seed-Coder-8B-Base.
_FIM_TEXTS = (
    {"fim_prefix": "[PREFIX]", "fim_suffix": "[SUFFIX]"},
    {"fim_prefix": "<[fim-prefix]>", "fim_suffix": "<[fim-suffix]>", "fim_middle": "<[fim-middle]>"},
)


@dataclass(frozen=True)
class SpecialTokens:
    """Ids of the tokens with a meaning of their own; None where the model has none."""

    bos: int | None = None
    eos: int | None = None
    eot: int | None = None
    fim_prefix: int | None = None
    fim_suffix: int | None = None
    fim_middle: int | None = None
    fim_pad: int | None = None
    fim_repo: int | None = None
    fim_separator: int | None = None


def special_tokens(api: Any, vocabulary: Any, find: Callable[[str], int | None]) -> SpecialTokens:
    """Ask llama.cpp, then look for tokens by their text.

    Args:
        api: The module llama_cpp, which `engine/llama.py` alone imports.
        vocabulary: Of the model.
        find: Returns the one token that stands for a text, if there is one.
    """

    def known(token: int) -> int | None:
        return token if token >= 0 else None

    special = SpecialTokens(
        bos=known(api.llama_vocab_bos(vocabulary)),
        eos=known(api.llama_vocab_eos(vocabulary)),
        eot=known(api.llama_vocab_eot(vocabulary)),
        fim_prefix=known(api.llama_vocab_fim_pre(vocabulary)),
        fim_suffix=known(api.llama_vocab_fim_suf(vocabulary)),
        fim_middle=known(api.llama_vocab_fim_mid(vocabulary)),
        fim_pad=known(api.llama_vocab_fim_pad(vocabulary)),
        fim_repo=known(api.llama_vocab_fim_rep(vocabulary)),
        fim_separator=known(api.llama_vocab_fim_sep(vocabulary)),
    )
    if special.fim_prefix is None or special.fim_suffix is None:
        for family in _FIM_TEXTS:
            found = {name: find(text) for name, text in family.items()}
            if found["fim_prefix"] is not None and found["fim_suffix"] is not None:
                return replace(special, **found)
    return special
