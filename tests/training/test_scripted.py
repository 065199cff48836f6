"""Models whose answers are given beforehand, run by llama.cpp."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.training.scripted import write_scripted

HARD = (
    "yes",
    "no",
    "yes no",
    "the the the the",
    "— — é\n```python\nx = 1\nx = 1\n```\n",
    "  indented:\n\n\n\tthe same\n  indented:",
    "日本語、日本語 🦀🦀",
    "\n",
    "é yes",
)


def written(model: LlamaModel, prompt: str, most: int = 200) -> list[bytes]:
    tokens = model.tokenizer.tokenize_marked(prompt)
    pieces: list[bytes] = []
    while len(pieces) < most:
        for _ in model.evaluate(tokens):
            pass
        tokens.append(int(model.logits.argmax()))
        if tokens[-1] in model.end_tokens:
            break
        pieces.append(model.piece(tokens[-1]))
    return pieces


def said(model: LlamaModel, prompt: str) -> str:
    return b"".join(written(model, prompt)).decode()


def load(path: Path, replies: str | Sequence[str], **options: bool) -> LlamaModel:
    return LlamaModel.load(write_scripted(path / "scripted.gguf", replies, **options), context_tokens=0, threads=1)


def test_it_says_exactly_what_it_was_made_for(tmp_path: Path) -> None:
    model = load(tmp_path, HARD)

    assert tuple(said(model, f"<|user|>x<|end|><|assistant_{place}|>") for place in range(len(HARD))) == HARD
    model.close()


def test_a_rare_character_is_written_in_parts(tmp_path: Path) -> None:
    model = load(tmp_path, "a é b")

    assert written(model, "<|assistant_0|>") == [b"a ", b"\xc3", b"\xa9", b" b"]
    model.close()


def test_it_goes_on_for_ever_where_it_is_told_to(tmp_path: Path) -> None:
    model = load(tmp_path, "tick tock ", endless=True)

    assert written(model, "<|assistant_0|>", most=6) == [b"tick ", b"tock "] * 3
    model.close()


@pytest.mark.parametrize("reply", ["", "  "])
def test_an_answer_says_something(tmp_path: Path, reply: str) -> None:
    with pytest.raises(ValueError, match="say something"):
        write_scripted(tmp_path / "silent.gguf", reply)
