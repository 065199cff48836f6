"""Turns chunks and queries into vectors whose dot product says how close they are in meaning.

The model that ships with the package is a table with one row a word: it is read here with numpy, 100 times faster than
torch could be imported, and gives the vectors that sentence-transformers gives for the same folder. Any other model that
sentence-transformers can load works through that library.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from recoder_lsp.errors import RecoderError
from recoder_lsp.language import gettext

if TYPE_CHECKING:
    import numpy as np

SHIPPED = Path(__file__).parents[2] / "models" / "recoder-embedding"
EMBEDDED = "embedded"
MAX_CHARACTERS = 8_000
"""What a text has beyond this does not count; a chunk has 4,000 at most."""
FORMAT = "recoder-static-1"
_CACHED_WORDS = 200_000
_DOCUMENTS_AT_ONCE = 256
# The tokenizer splits further, and always where this splits: both see the same tokens.
_WORD = re.compile(r"[A-Za-z0-9]+")


class Embedder(Protocol):
    """What the index needs of a model. Any thread may call it, one at a time."""

    @property
    def model(self) -> str:
        """Its identity: another one means other vectors."""
        ...

    @property
    def dimensions(self) -> int:
        """How long a vector is."""
        ...

    def documents(self, names: Sequence[str], bodies: Sequence[str]) -> np.ndarray:
        """Return one row for each chunk, float32, of length 1; zeros for a chunk without a known word.

        Args:
            names: What each chunk defines, qualified; "" for nothing.
            bodies: The texts, as many.
        """
        ...

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        """Return one row for each query, as `documents` does."""
        ...


def load_embedder(model: str = EMBEDDED, *, allow_network: bool = False) -> Embedder:
    """Load the shipped model, or one for sentence-transformers: that takes seconds, so call it on a worker thread.

    Args:
        model: "embedded", or a sentence-transformers model: a folder, or a name in the local Hugging Face cache.
        allow_network: Let the library fetch what is not on this disk.

    Raises:
        RecoderError: The model is not there or cannot be read.
    """
    if model == EMBEDDED:
        return StaticEmbedder.load(SHIPPED)
    folder = Path(model).expanduser()
    if _is_static(folder):
        return StaticEmbedder.load(folder)
    return LibraryEmbedder.load(str(folder) if folder.is_dir() else model, allow_network)


@dataclass(frozen=True)
class Bags:
    """Several texts as bags of tokens, one after the other."""

    tokens: np.ndarray
    """int32: the different tokens of the first text in ascending order, then those of the second ..."""
    counts: np.ndarray
    """float32, how often each of them occurs in its text."""
    ends: np.ndarray
    """int64, one for each text: where its tokens end."""


class BagTokenizer:
    """Splits text into the tokens of a tokenizer.json, remembering each word that it has met."""

    def __init__(self, serialised: str) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_str(serialised)
        self._unknown = self._tokenizer.token_to_id("[UNK]")
        self._known: dict[str, tuple[int, ...]] = {}
        self.n_tokens: int = self._tokenizer.get_vocab_size()

    def bags(self, texts: Iterable[str]) -> Bags:
        """Count the tokens of each text's first MAX_CHARACTERS characters."""
        import numpy as np

        tokens: list[int] = []
        ends: list[int] = []
        for text in texts:
            words = _WORD.findall(text, 0, MAX_CHARACTERS)
            try:
                tokens.extend(chain.from_iterable(map(self._known.__getitem__, words)))
            except KeyError:
                # What was added up to the unknown word goes again.
                del tokens[ends[-1] if ends else 0 :]
                tokens.extend(chain.from_iterable(map(self._learn(words).__getitem__, words)))
            ends.append(len(tokens))
        starts = np.array([0, *ends], np.int64)
        lengths = starts[1:] - starts[:-1]
        # One number for a text and a token, so that a single sort counts the tokens of all texts.
        keys = np.repeat(np.arange(len(ends), dtype=np.int64) * self.n_tokens, lengths) + np.array(tokens, np.int64)
        different, counts = np.unique(keys, return_counts=True)
        rows, ids = np.divmod(different, self.n_tokens)
        return Bags(ids.astype(np.int32), counts.astype(np.float32), np.cumsum(np.bincount(rows, minlength=len(ends))))

    def _learn(self, words: list[str]) -> dict[str, tuple[int, ...]]:
        """What is remembered, with all of these words. Never emptied: another thread may be reading it."""
        known = self._known if len(self._known) <= _CACHED_WORDS else {}
        unmet = [word for word in dict.fromkeys(words) if word not in known]
        for word, encoding in zip(unmet, self._tokenizer.encode_batch(unmet, add_special_tokens=False), strict=True):
            known[word] = tuple(token for token in encoding.ids if token != self._unknown)
        self._known = known
        return known


class StaticEmbedder:
    """The shipped model: a text's vector is the sum of its tokens' rows, each times count ** saturation."""

    def __init__(self, tokenizer: BagTokenizer, table: np.ndarray, saturation: float, name_weight: float, model: str) -> None:
        self._tokenizer = tokenizer
        self._table = table
        self._saturation = saturation
        self.name_weight = name_weight
        self.model = model
        self.dimensions: int = table.shape[1]

    @classmethod
    def load(cls, folder: Path) -> StaticEmbedder:
        """Read the model from its sentence-transformers folder.

        Raises:
            RecoderError: A file is missing or damaged.
        """
        import numpy as np
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            config, tokenizer, weights = ((folder / name).read_bytes() for name in ("config.json", "tokenizer.json", "model.safetensors"))
            settings = json.loads(config)
            if settings["format"] != FORMAT or settings["blake2b"] != hashlib.blake2b(tokenizer + weights, digest_size=16).hexdigest():
                raise ValueError("its files do not belong together")
            tensors = load(weights)
            table = tensors["rows"].astype(np.float32) * tensors["scale"][:, None]
            # Its checksum stands for the other files.
            model = f"{folder.name}-{hashlib.blake2b(config, digest_size=6).hexdigest()}"
            saturation, name_weight = float(settings["saturation"]), float(settings["name_weight"])
            return cls(BagTokenizer(tokenizer.decode("utf-8")), table, saturation, name_weight, model)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
            raise RecoderError(
                gettext("The embedding model in {folder} cannot be read: {problem}.").format(folder=folder, problem=error),
                gettext("Reinstall recoder-lsp; until then search works by words and names alone."),
            ) from error

    def documents(self, names: Sequence[str], bodies: Sequence[str]) -> np.ndarray:
        """Return unit(unit(body) + name_weight * unit(name)) for each chunk."""
        return _unit(self.queries(bodies) + self.name_weight * self.queries(names))

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        """Return one unit row for each text; the same one whatever stands beside it."""
        import numpy as np

        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for first in range(0, len(texts), _DOCUMENTS_AT_ONCE):
            bags = self._tokenizer.bags(texts[first : first + _DOCUMENTS_AT_ONCE])
            weights, start = bags.counts**self._saturation, 0
            for row, end in enumerate(bags.ends.tolist(), first):
                if end > start:
                    vectors[row] = weights[start:end] @ self._table[bags.tokens[start:end]]
                start = end
        return _unit(vectors)


class LibraryEmbedder:
    """A model that sentence-transformers runs, on the CPU."""

    def __init__(self, library_model: Any, name: str) -> None:
        self._library_model = library_model
        self.dimensions: int = library_model.get_embedding_dimension()
        self.model = name

    @classmethod
    def load(cls, model: str, allow_network: bool) -> LibraryEmbedder:
        """Load it; imports torch (4 s and 400 MB).

        Raises:
            RecoderError: It is not on this disk, or is no such model.
        """
        if not allow_network:
            # The library asks the hub about models that it has already, unless it is told before its import.
            os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
        os.environ["HF_HUB_DISABLE_TELEMETRY"] = os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer

        try:
            library_model = SentenceTransformer(model, device="cpu", local_files_only=not allow_network)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, SafetensorError) as error:
            message = gettext("The embedding model {model} cannot be loaded: {problem}")
            given = gettext("Give the folder of a sentence-transformers model, or a name in the local Hugging Face cache.")
            not_fetched = gettext(
                "Give the folder of a sentence-transformers model, or a name in the local Hugging Face cache; fetching it was not allowed."
            )
            raise RecoderError(
                message.format(model=repr(model), problem=str(error).partition("\n")[0]), given if allow_network else not_fetched
            ) from error
        weights = hashlib.blake2b(digest_size=6)
        for name, tensor in sorted(library_model.state_dict().items()):
            weights.update(name.encode())
            weights.update(tensor.detach().float().numpy().tobytes())
        return cls(library_model, f"{Path(model).name}-{weights.hexdigest()}")

    def documents(self, names: Sequence[str], bodies: Sequence[str]) -> np.ndarray:
        """Embed each chunk with its name on a line above it."""
        texts = [f"{name}\n{body}" if name else body for name, body in zip(names, bodies, strict=True)]
        return self._encoded(self._library_model.encode_document, texts)

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        """Embed each text, with the prompt for queries where the model has one."""
        return self._encoded(self._library_model.encode_query, list(texts))

    def _encoded(self, encode: Any, texts: list[str]) -> np.ndarray:
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        cut = [text[:MAX_CHARACTERS] for text in texts]
        return _unit(np.asarray(encode(cut, convert_to_numpy=True, show_progress_bar=False), np.float32))


def _is_static(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / "config.json").read_bytes()).get("format") == FORMAT)
    except (OSError, ValueError, AttributeError):
        return False


def _unit(vectors: np.ndarray) -> np.ndarray:
    import numpy as np

    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    units: np.ndarray = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-12)
    return units
