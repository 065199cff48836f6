"""Write a trained model as GGUF, the file that llama.cpp loads, and read one back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recoder_lsp.engine.branches import BEAM_KEY
from recoder_lsp.engine.copying import TRUST_KEY
from recoder_lsp.engine.fim import LAYOUT_KEY, Layout
from recoder_lsp.training import tokenizer as t
from recoder_lsp.training.model import NORM_EPSILON, ROPE_BASE, Shape


@dataclass(frozen=True)
class Exported:
    """What a GGUF file holds; weights by the names that `model.CodeModel` gives them, whatever they were kept as."""

    shape: Shape
    vocabulary: list[t.Token]
    weights: dict[str, npt.NDArray[np.float32]]


def write_model(
    checkpoint: Path,
    vocabulary: list[t.Token],
    path: Path,
    *,
    name: str,
    kind: str = "F32",
    embedding: str = "",
    trust: Sequence[float] = (),
    beam: str = "",
) -> int:
    """Write the model of a checkpoint; return the file's size in bytes.

    Args:
        checkpoint: What `train.train` wrote.
        vocabulary: Its tokens.
        path: The GGUF file.
        name: What `general.name` says; shown to users.
        kind: As in `llama.quantise`; "F32" is as it was trained, and can be read back without loss.
        embedding: As in `llama.quantise`.
        trust: How far the model wants to be helped by copying, as `copying_trust` measures it.
        beam: How lines are to be searched for, "WIDTH,REWARD" as in `engine.beam`; nothing for greedily.
    """
    import torch

    from recoder_lsp.training.quantising import quantise

    stored: dict[str, Any] = torch.load(checkpoint, map_location="cpu")
    whole = path if kind == "F32" else path.with_suffix(".f32.partial")
    _write(Shape(**stored["shape"]), stored["model"], vocabulary, whole, name=name, trust=trust, beam=beam)
    if kind != "F32":
        try:
            quantise(whole, path, kind, embedding=embedding)
        finally:
            whole.unlink()
    return path.stat().st_size


def read_model(path: Path) -> Exported:
    """Read a file that `write_model` wrote. What was quantised comes back as near as its kind keeps it.

    Raises:
        ValueError: It is no such file.
    """
    import gguf

    reader = gguf.GGUFReader(path)

    def field(key: str) -> Any:
        found = reader.get_field(key)
        if found is None:
            raise ValueError(f"{path.name} does not say {key}.")
        return found.contents()

    shape = Shape(
        len(field("tokenizer.ggml.tokens")),
        width=field("llama.embedding_length"),
        layers=field("llama.block_count"),
        heads=field("llama.attention.head_count"),
        kv_heads=field("llama.attention.head_count_kv"),
        hidden=field("llama.feed_forward_length"),
        context=field("llama.context_length"),
    )
    columns = (field(f"tokenizer.ggml.{name}") for name in ("tokens", "scores", "token_type"))
    vocabulary = [t.Token(text, float(score), t.TokenKind(kind)) for text, score, kind in zip(*columns, strict=True)]
    # A GGUF file gives dimensions innermost first, its data the other way round, as PyTorch does.
    weights = {tensor.name: np.array(gguf.quants.dequantize(tensor.data, tensor.tensor_type), np.float32) for tensor in reader.tensors}
    return Exported(shape, vocabulary, weights)


def _write(
    shape: Shape, weights: dict[str, Any], vocabulary: list[t.Token], path: Path, *, name: str, trust: Sequence[float], beam: str
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
    if beam:
        writer.add_string(BEAM_KEY, beam)
    _add_tokenizer(writer, vocabulary)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    for key, value in weights.items():
        writer.add_tensor(key, value.float().numpy().astype(np.float32))
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
