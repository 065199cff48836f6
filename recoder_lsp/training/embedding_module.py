"""The shipped embedder as a module of sentence-transformers, which loads it from the model's folder by its name.

`SentenceTransformer(folder, trust_remote_code=True)`: the library asks for the flag because this class is not its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers.base.modules.input_module import InputModule

from recoder_lsp.index.store.embedder import FORMAT, BagTokenizer

SATURATION = 0.4
NAME_WEIGHT = 0.7
"""How much a name's vector counts beside the body's, in training and in the index: 0.3, 0.5, 0.9 and 1.2 found less."""


class StaticCodeEmbedding(InputModule):
    """Sums a text's token rows, each times its count ** saturation; trainable, and saved as int8."""

    config_file_name = "config.json"
    save_in_root = True

    def __init__(self, tokenizer_json: str, rows: torch.Tensor, saturation: float = SATURATION, name_weight: float = NAME_WEIGHT) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.tokenizer_json = tokenizer_json
        self.bag_tokenizer = BagTokenizer(tokenizer_json)
        self.saturation = saturation
        self.name_weight = name_weight
        self.embedding = torch.nn.EmbeddingBag.from_pretrained(rows.float(), freeze=False, mode="sum")

    @property
    def max_seq_length(self) -> None:
        """No bound in tokens."""
        return None

    def get_embedding_dimension(self) -> int:
        """Return how long a vector is."""
        return int(self.embedding.embedding_dim)

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: Any) -> dict[str, torch.Tensor]:
        """Count the tokens of each text."""
        bags = self.bag_tokenizer.bags([f"{prompt or ''}{text}" for text in inputs])
        return {
            "input_ids": torch.from_numpy(bags.tokens.astype(np.int64)),
            "weights": torch.from_numpy(bags.counts**self.saturation),
            "offsets": torch.from_numpy(np.concatenate([[0], bags.ends[:-1]])),
        }

    def forward(self, features: dict[str, torch.Tensor], **_: Any) -> dict[str, torch.Tensor]:
        """Add `sentence_embedding`."""
        weighted = self.embedding(features["input_ids"], features["offsets"], per_sample_weights=features["weights"])
        return {**features, "sentence_embedding": weighted}

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        """Write config.json, tokenizer.json and model.safetensors: int8 rows with one float32 scale each."""
        folder = Path(output_path)
        table = self.embedding.weight.detach()
        scale = (table.abs().amax(1) / 127).clamp_min(1e-12)
        rows = torch.round(table / scale[:, None]).to(torch.int8)
        save_file({"rows": rows.contiguous(), "scale": scale.contiguous()}, folder / "model.safetensors")
        (folder / "tokenizer.json").write_text(self.tokenizer_json, "utf-8")
        checked = hashlib.blake2b(digest_size=16)
        for name in ("tokenizer.json", "model.safetensors"):
            checked.update((folder / name).read_bytes())
        config = {"format": FORMAT, "saturation": self.saturation, "name_weight": self.name_weight, "blake2b": checked.hexdigest()}
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")

    @classmethod
    def load(cls, model_name_or_path: str, subfolder: str = "", *_: Any, **__: Any) -> StaticCodeEmbedding:
        """Read what `save` wrote."""
        folder = Path(model_name_or_path) / subfolder
        tensors = load_file(folder / "model.safetensors")
        config = json.loads((folder / "config.json").read_text("utf-8"))
        rows = tensors["rows"].float() * tensors["scale"][:, None]
        return cls((folder / "tokenizer.json").read_text("utf-8"), rows, config["saturation"], config["name_weight"])
