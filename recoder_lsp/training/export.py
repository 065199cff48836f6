"""Write a trained model as GGUF, the file that llama.cpp loads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recoder_lsp.engine.copying import TRUST_KEY
from recoder_lsp.engine.fim import LAYOUT_KEY, Layout
from recoder_lsp.training import tokenizer as t
from recoder_lsp.training.model import NORM_EPSILON, ROPE_BASE, Shape


def write_tokenizer(vocabulary: list[t.Token], path: Path) -> None:
    """Write a model that knows the vocabulary and nothing else: the corpus is tokenised by llama.cpp itself."""
    from recoder_lsp.training.model import CodeModel

    shape = Shape(len(vocabulary), width=32, layers=1, heads=1, kv_heads=1, hidden=32, context=64)
    _write(shape, CodeModel(shape).state_dict(), vocabulary, path, name="tokenizer only", quantised=False, trust=())


def write_model(
    checkpoint: Path, vocabulary: list[t.Token], path: Path, *, name: str, quantised: bool = True, trust: Sequence[float] = ()
) -> int:
    """Write the model of a checkpoint; return the file's size in bytes.

    Args:
        name: What `general.name` says; shown to users.
        quantised: Store matrices as Q8_0 (8 bits and a scale for 32 weights), else as they were trained (F32).
        trust: How far the model wants to be helped by copying, as `evaluate.copying_trust` measures it.
    """
    import torch

    stored: dict[str, Any] = torch.load(checkpoint, map_location="cpu")
    _write(Shape(**stored["shape"]), stored["model"], vocabulary, path, name=name, quantised=quantised, trust=trust)
    return path.stat().st_size


def _write(
    shape: Shape, weights: dict[str, Any], vocabulary: list[t.Token], path: Path, *, name: str, quantised: bool, trust: Sequence[float]
) -> None:
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_license("mit")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_layer_norm_rms_eps(NORM_EPSILON)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_string(LAYOUT_KEY, Layout.SUFFIX_FIRST)
    if trust:
        writer.add_string(TRUST_KEY, ",".join(f"{number:.2f}" for number in trust))
    _add_tokenizer(writer, vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0 if quantised else gguf.LlamaFileType.ALL_F32)
    for key, value in weights.items():
        tensor = value.float().numpy().astype(np.float32)
        kind = gguf.GGMLQuantizationType.Q8_0
        if quantised and tensor.ndim == 2:
            writer.add_tensor(key, gguf.quants.quantize(tensor, kind), raw_dtype=kind)
        else:
            writer.add_tensor(key, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: Any, vocabulary: list[t.Token]) -> None:
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([token.text for token in vocabulary])
    writer.add_token_scores([token.score for token in vocabulary])
    writer.add_token_types([int(token.kind) for token in vocabulary])
    writer.add_unk_token_id(t.UNKNOWN)
    writer.add_bos_token_id(t.BOS)
    writer.add_eos_token_id(t.EOS)
    writer.add_eot_token_id(t.END_OF_INSERTION)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    for role, token in (
        ("pre", t.FIM_PREFIX),
        ("suf", t.FIM_SUFFIX),
        ("mid", t.FIM_MIDDLE),
        ("pad", t.FIM_PAD),
        ("rep", t.FIM_REPO),
        ("sep", t.FIM_SEPARATOR),
    ):
        writer.add_uint32(f"tokenizer.ggml.fim_{role}_token_id", token)
