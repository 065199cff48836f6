"""Writes a tiny random GGUF model, so that the engine can be tested with any vocabulary and any damage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np

CONTROL, NORMAL, UNKNOWN, BYTE, USER_DEFINED = (
    gguf.TokenType.CONTROL,
    gguf.TokenType.NORMAL,
    gguf.TokenType.UNKNOWN,
    gguf.TokenType.BYTE,
    gguf.TokenType.USER_DEFINED,
)
FIM_KEYS = ("fim_pre", "fim_suf", "fim_mid", "fim_pad", "fim_rep", "fim_sep")
FIM_TEXTS = ("<P>", "<S>", "<M>", "<PAD>", "<REPO>", "<SEP>")
# Merges cross spaces, as in the embedded model's vocabulary; ▁ is how SentencePiece writes a space.
PIECES = (
    "▁",
    "e",
    "r",
    "t",
    "u",
    "n",
    "d",
    "f",
    "s",
    "l",
    "re",
    "tu",
    "rn",
    "retu",
    "return",
    "▁return",
    "▁▁",
    "▁▁▁▁",
    "de",
    "def",
    "def▁",
    "sel",
    "self",
)

DIMENSIONS = 64
LAYERS = 2
HEADS = 4
TRAINED_CONTEXT = 512


def write_tiny_gguf(
    path: Path,
    *,
    control_texts: Sequence[str] = FIM_TEXTS,
    control_type: gguf.TokenType = CONTROL,
    fim_in_metadata: bool = True,
    add_space_prefix: bool = False,
    adds_bos: bool = False,
    metadata: Mapping[str, Any] | None = None,
    without: Sequence[str] = (),
) -> Path:
    """Write a two-layer model with random but fixed weights, and a SentencePiece vocabulary of about 300 tokens.

    Args:
        control_texts: what the control tokens are called; they follow <unk>, <s> and </s>.
        fim_in_metadata: name the control tokens as FIM tokens in the metadata, in the order of FIM_KEYS.
        metadata: integers to write in place of the right ones, to make a model that contradicts itself; or texts to add.
        without: keys and tensors to leave out.
    """
    tokens = ["<unk>", "<s>", "</s>", *control_texts, *(f"<0x{byte:02X}>" for byte in range(256)), *PIECES]
    types = [UNKNOWN, CONTROL, CONTROL, *(control_type for _ in control_texts), *([BYTE] * 256), *([NORMAL] * len(PIECES))]
    # The longer the piece, the sooner it is merged.
    scores = [0.0] * (len(tokens) - len(PIECES)) + [float(len(piece)) for piece in PIECES]
    integers = {
        "llama.context_length": TRAINED_CONTEXT,
        "llama.embedding_length": DIMENSIONS,
        "llama.block_count": LAYERS,
        "llama.feed_forward_length": 2 * DIMENSIONS,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": HEADS,
        "llama.rope.dimension_count": DIMENSIONS // HEADS,
        "llama.vocab_size": len(tokens),
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
        **({f"tokenizer.ggml.{key}_token_id": 3 + number for number, key in enumerate(FIM_KEYS)} if fim_in_metadata else {}),
        **(metadata or {}),
    }
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("Tiny test model")
    for key, value in integers.items():
        if key not in without:
            (writer.add_string if isinstance(value, str) else writer.add_uint32)(key, value)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("llama")
    for key, values in (("tokens", tokens), ("scores", scores), ("token_type", types)):
        if f"tokenizer.ggml.{key}" not in without:
            writer.add_array(f"tokenizer.ggml.{key}", [int(value) for value in values] if key == "token_type" else values)
    writer.add_add_bos_token(adds_bos)
    writer.add_add_space_prefix(add_space_prefix)
    for name, tensor in _tensors(len(tokens)):
        if name not in without:
            writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _tensors(vocabulary_size: int) -> list[tuple[str, np.ndarray]]:
    random = np.random.default_rng(7)

    def weights(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) / shape[-1] ** 0.5).astype(np.float32)

    def ones() -> np.ndarray:
        return np.ones(DIMENSIONS, np.float32)

    tensors = [("token_embd.weight", weights(vocabulary_size, DIMENSIONS)), ("output_norm.weight", ones())]
    for layer in range(LAYERS):
        tensors += [
            (f"blk.{layer}.{name}.weight", weights(DIMENSIONS, DIMENSIONS)) for name in ("attn_q", "attn_k", "attn_v", "attn_output")
        ]
        tensors += [(f"blk.{layer}.{name}.weight", ones()) for name in ("attn_norm", "ffn_norm")]
        tensors += [(f"blk.{layer}.{name}.weight", weights(2 * DIMENSIONS, DIMENSIONS)) for name in ("ffn_gate", "ffn_up")]
        tensors += [(f"blk.{layer}.ffn_down.weight", weights(DIMENSIONS, 2 * DIMENSIONS))]
    return tensors
