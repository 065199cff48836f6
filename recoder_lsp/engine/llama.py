"""The only door to llama_cpp: one model with one KV cache, fed token lists in slices. For the engine thread alone."""

from __future__ import annotations

import ctypes
import functools
import logging
import os
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recoder_lsp.engine.branches import BEAM_KEY, BRANCH_TOKENS, TRUNK, Branches, most_branches
from recoder_lsp.engine.gguf_header import Header, read_header
from recoder_lsp.engine.machine import threads_for
from recoder_lsp.engine.models import ModelUnusable
from recoder_lsp.engine.opening import can_branch, open_context, open_file, require_memory
from recoder_lsp.engine.special_tokens import SpecialTokens, special_tokens
from recoder_lsp.engine.tokenizing import Tokenizer
from recoder_lsp.errors import RecoderError
from recoder_lsp.language import gettext

if TYPE_CHECKING:
    import numpy as np

SLICE_TOKENS = 64
MOST_CONTEXT_TOKENS = 4096

log = logging.getLogger(__name__)


class LlamaModel:
    """A loaded model and what it has read so far.

    `logits` describe the last `evaluate()` that ran to its end: read them before the next yield, for a more
    urgent job may evaluate something else in between.
    """

    path: Path
    name: str
    size_bytes: int
    metadata: Mapping[str, str]
    context_tokens: int
    trained_context_tokens: int
    vocabulary_size: int
    special: SpecialTokens
    end_tokens: frozenset[int]
    tokenizer: Tokenizer
    slice_tokens: int
    """The most tokens evaluated between two yields, SLICE_TOKENS or fewer; branches that have to be read again come all at once."""
    evaluated_tokens: int
    """How many tokens were sent through the model since it was loaded."""

    @staticmethod
    def load(path: Path, *, context_tokens: int, threads: int) -> LlamaModel:
        """Open a GGUF file. Takes 20 ms for the embedded model, seconds for large ones.

        Args:
            context_tokens: 0 is what the model was trained for, at most 4096; more than it was trained for is cut.
            threads: as in `machine.threads_for`.

        Raises:
            ModelUnusable: Missing, damaged, not GGUF, of an unknown kind, or too large for the free memory.
        """
        header = read_header(path)
        trained_context_tokens = header.hyperparameter("context_length")
        context_tokens = min(context_tokens or MOST_CONTEXT_TOKENS, trained_context_tokens)
        n_cells = context_tokens + most_branches(header.metadata) * BRANCH_TOKENS
        require_memory(path, header.size_bytes + header.cache_bytes(n_cells))
        library = _library()
        library.errors.clear()
        model = open_file(library.api, library.errors, path)
        if not can_branch(library.api, model):
            # Whoever reads `metadata` is not to search it, whatever the file states.
            header = replace(header, metadata={**header.metadata, BEAM_KEY: ""})
        context = None
        if library.api.llama_model_has_decoder(model):
            context = open_context(library.api, model, context_tokens, threads_for(threads), SLICE_TOKENS, most_branches(header.metadata))
        if context is None:
            library.api.llama_model_free(model)
            reason = library.errors[-1] if library.errors else gettext("it does not generate text")
            message = gettext("The model {path} cannot be run: {reason}.").format(path=path, reason=reason)
            raise ModelUnusable(message, gettext("Set engine.model to a code completion model in GGUF form."))
        return LlamaModel(library.api, model, context, path=path, header=header, context_tokens=context_tokens)

    def __init__(self, api: Any, model: int, context: int, *, path: Path, header: Header, context_tokens: int) -> None:
        """Take ownership of a model and a context; callers use `load`."""
        self._api = api
        self._model: int | None = model
        self._context: int | None = context
        self._memory = api.llama_get_memory(context)
        self._goes_back = can_branch(api, model)
        self._batch = api.llama_batch_init(SLICE_TOKENS, 0, 1)
        self._vocabulary = api.llama_model_get_vocab(model)
        self.tokenizer = Tokenizer(api, self._vocabulary)
        self.slice_tokens = SLICE_TOKENS
        self._cached: list[int] = []
        self._logits: np.ndarray | None = None
        self.path = path
        self.name = header.metadata.get("general.name") or path.stem
        self.size_bytes = header.size_bytes
        self.metadata = header.metadata
        self.context_tokens = context_tokens
        self.trained_context_tokens = header.hyperparameter("context_length")
        self.vocabulary_size = api.llama_vocab_n_tokens(self._vocabulary)
        self.special = special_tokens(api, self._vocabulary, self.tokenize_special)
        self.end_tokens = frozenset(token for token in range(self.vocabulary_size) if api.llama_vocab_is_eog(self._vocabulary, token))
        self._branches = Branches(api, context, self.vocabulary_size, most_branches(header.metadata))
        self.evaluated_tokens = 0

    @property
    def adds_bos(self) -> bool:
        """Whether prompts for this model begin with `special.bos`."""
        return bool(self._api.llama_vocab_get_add_bos(self._vocabulary))

    @property
    def most_branches(self) -> int:
        """How many continuations of one text may be evaluated at once; 0 for a model that none are to be made of."""
        return self._branches.most

    @property
    def goes_back(self) -> bool:
        """Whether tokens can be taken out of the cache again without reading all the others anew."""
        return self._goes_back

    @property
    def cached_tokens(self) -> int:
        """How many tokens the KV cache holds, those of branches left out."""
        return len(self._cached)

    @property
    def logits(self) -> np.ndarray:
        """float32, shape (vocabulary_size,): what may follow the last evaluated token. A copy of one's own.

        Raises:
            RuntimeError: The last evaluation did not run to its end.
        """
        if self._logits is None:
            raise RuntimeError("There are no logits: the last evaluation did not run to its end.")
        return self._logits.copy()

    def tokenize(self, text: str) -> list[int]:
        """Return the tokens of plain text: no BOS, no space put before it, and special tokens in it are only text."""
        return self.tokenizer.tokenize(text)

    def tokenize_special(self, text: str) -> int | None:
        """Return the one token that stands for a special text such as "<|fim_prefix|>", if there is one."""
        return self.tokenizer.tokenize_special(text)

    def piece(self, token: int) -> bytes:
        """Return the exact bytes a token stands for, which may be part of a character; b"" for control tokens.

        Raises:
            ValueError: There is no such token.
        """
        return self.tokenizer.piece(token)

    def evaluate(self, tokens: Sequence[int]) -> Generator[None, None, None]:
        """Make the KV cache hold exactly these tokens, and `logits` tell what follows them.

        Only what differs from the cache is evaluated, in slices of `slice_tokens`, with a yield after each but the
        last. Closing the generator keeps the finished slices. Other evaluations may run during a yield.

        Raises:
            RecoderError: More tokens than the context holds (nothing is changed then), or llama.cpp failed (what
                was evaluated before stays), or the model was closed.
            ValueError: No tokens, or a token that does not exist.
        """
        wanted = self._checked(tokens)
        if wanted == self._cached and self._logits is not None:
            return
        # Asked again after every yield: another evaluation may have changed the cache meanwhile. The last token always goes
        # through the model, for its logits.
        while (start := self._keep_common(wanted, len(wanted) - 1)) + self.slice_tokens < len(wanted):
            self._decode(wanted[start : start + self.slice_tokens], start, last=False)
            yield
        self._decode(wanted[start:], start, last=True)

    def evaluate_branches(self, trunk: Sequence[int], tails: Sequence[Sequence[int]]) -> Generator[None, None, np.ndarray]:
        """Say what follows each of several continuations of one text: float32, shape (n tails, vocabulary_size).

        What they share with the branches of the call before is not evaluated again. Yields only where the trunk has to be
        evaluated anew. The next `evaluate` drops the branches and keeps what it can use of them.

        Args:
            trunk: As for `evaluate`.
            tails: What follows it: `most_branches` of them at most, each of 1 to BRANCH_TOKENS tokens.

        Raises:
            RecoderError: As `evaluate`; the branches are gone then.
            ValueError: As `evaluate`, or branches that are too many, too long or empty: none of them is read then.
        """
        yield from self._trunk(trunk, tails)
        rows, n_evaluated = self._branches.evaluate(len(trunk), tails)
        self.evaluated_tokens += n_evaluated
        return rows

    def read_branches(self, trunk: Sequence[int], tails: Sequence[Sequence[int]]) -> Generator[None, None, list[np.ndarray]]:
        """Say what follows each token of several continuations of one text: float32, shape (n tokens, vocabulary_size) for each.

        All of it is one batch, where what continuations begin with alike is read once. Else as `evaluate_branches`.
        """
        yield from self._trunk(trunk, tails)
        rows, n_evaluated = self._branches.read(len(trunk), tails)
        self.evaluated_tokens += n_evaluated
        return rows

    def evaluate_each(self, tokens: Sequence[int], n_last: int) -> Generator[None, None, np.ndarray]:
        """Do as `evaluate` does; say what follows each of the last tokens: float32, shape (n_last, vocabulary_size).

        The last tokens are one batch and are always evaluated, so that whether they are the right ones can be told at once.

        Raises:
            RecoderError: As `evaluate`.
            ValueError: As `evaluate`, or `n_last` is more than there are, or than a slice.
        """
        import numpy as np

        wanted = self._checked(tokens)
        head = len(wanted) - n_last
        if not 0 < n_last <= min(SLICE_TOKENS, len(wanted)):
            raise ValueError("what is evaluated as one batch is 1 to slice_tokens tokens")
        while (start := self._keep_common(wanted, head)) < head:
            self._decode(wanted[start : min(start + self.slice_tokens, head)], start, last=False)
            yield
        self._decode(wanted[head:], head, last=True, each=True)
        # One pointer for all of them: those of a batch lie one after the other.
        pointer = self._api.llama_get_logits(self._open())
        return np.ctypeslib.as_array(pointer, shape=(n_last, self.vocabulary_size)).astype(np.float32, copy=True)

    def log_probabilities(self, tokens: Sequence[int]) -> np.ndarray:
        """Say how likely each token but the first is after those before it: natural logarithms, float64, shape (n - 1,).

        For measuring: it is not paused in between. Raises what `evaluate` raises.
        """
        import numpy as np

        wanted = self._checked(tokens)
        self._branches.drop()
        self._drop_from(0)
        parts: list[np.ndarray] = []
        for start in range(0, len(wanted), SLICE_TOKENS):
            part, following = wanted[start : start + SLICE_TOKENS], wanted[start + 1 : start + SLICE_TOKENS + 1]
            self._decode(part, start, last=start + SLICE_TOKENS >= len(wanted), each=True)
            # One pointer for all of them: those of a batch lie one after the other.
            pointer = self._api.llama_get_logits(self._open())
            logits = np.ctypeslib.as_array(pointer, shape=(len(part), self.vocabulary_size))[: len(following)]
            logits -= logits.max(axis=1, keepdims=True)  # in place: llama.cpp does not look at them again
            likely = logits[np.arange(len(following)), following].astype(np.float64)
            parts.append(likely - np.log(np.exp(logits, out=logits).sum(axis=1, dtype=np.float64)))
        return np.concatenate(parts)

    def close(self) -> None:
        """Free the model's memory. May be called twice; everything else but the attributes fails afterwards."""
        if self._context is not None and self._model is not None:
            self.tokenizer.close()
            self._branches.close()
            self._api.llama_batch_free(self._batch)
            self._api.llama_free(self._context)
            self._api.llama_model_free(self._model)
        self._context = self._model = self._logits = None
        self._cached = []

    def _trunk(self, trunk: Sequence[int], tails: Sequence[Sequence[int]]) -> Generator[None, None, None]:
        """Evaluate what tails go on from, if they can."""
        for tail in tails:
            if not tail or len(trunk) + len(tail) > self.context_tokens:
                raise ValueError("a branch has at least one token and ends within the context")
            self._checked(tail)
        yield from self.evaluate(trunk)

    def _open(self) -> int:
        if self._context is None:
            raise RecoderError(gettext("The model was unloaded."), gettext("Try again."))
        return self._context

    def _checked(self, tokens: Sequence[int]) -> list[int]:
        wanted = list(tokens)
        if not wanted or min(wanted) < 0 or max(wanted) >= self.vocabulary_size:
            raise ValueError("tokens to evaluate have to be at least one, and of this vocabulary")
        if len(wanted) > self.context_tokens:
            message = gettext("The text is too long for the model: {n} tokens, and it reads {most}.")
            hint = gettext("Lower completion.prefix_tokens and completion.suffix_tokens, or raise engine.context_tokens.")
            raise RecoderError(message.format(n=len(wanted), most=self.context_tokens), hint)
        return wanted

    def _keep_common(self, wanted: list[int], most: int) -> int:
        """Drop what the cache holds beyond its common head with `wanted`, of `most` tokens; return where evaluation has to go on."""
        self._open()
        self._branches.settle(self._cached, wanted)
        cached = self._cached
        n_common = len(cached)
        if wanted[:n_common] != cached:
            pairs = zip(cached, wanted, strict=False)
            n_common = next((place for place, (one, other) in enumerate(pairs) if one != other), min(n_common, len(wanted)))
        self._drop_from(min(n_common, most))
        return len(self._cached)

    def _drop_from(self, position: int) -> None:
        if position < len(self._cached):
            self._logits = None
            self._trim(position)

    def _trim(self, position: int) -> None:
        if self._api.llama_memory_seq_rm(self._memory, TRUNK, position, -1):
            del self._cached[position:]
        else:
            # Recurrent models cannot go back part of the way.
            self._api.llama_memory_clear(self._memory, False)
            self._cached.clear()

    def _decode(self, tokens: list[int], start: int, *, last: bool, each: bool = False) -> None:
        context, batch = self._open(), self._batch
        for place, token in enumerate(tokens):
            batch.token[place] = token
            batch.pos[place] = start + place
            batch.n_seq_id[place] = 1
            batch.seq_id[place][0] = TRUNK
            batch.logits[place] = 1 if each else 0
        batch.logits[len(tokens) - 1] = 1 if last or each else 0
        batch.n_tokens = len(tokens)
        self._logits = None
        outcome = self._api.llama_decode(context, batch)
        if outcome != 0:
            # Part of the batch may have reached the cache.
            self._trim(start)
            message = gettext("The model could not read the text (llama.cpp answered {outcome}).").format(outcome=outcome)
            raise RecoderError(message, gettext("Try again; if it happens often, lower engine.context_tokens."))
        self._cached += tokens
        self.evaluated_tokens += len(tokens)
        if last:
            self._logits = self._copy_logits(context)

    def _copy_logits(self, context: int) -> np.ndarray:
        import numpy as np

        pointer = self._api.llama_get_logits_ith(context, -1)
        return np.ctypeslib.as_array(pointer, shape=(self.vocabulary_size,)).astype(np.float32, copy=True)


def quantise(source: Path, target: Path, kind: str, *, embedding: str = "") -> None:
    """Write a model with smaller weights; its metadata stays.

    Args:
        source: A GGUF file, best of F32; from one that is quantised already, the errors add up.
        target: Where the new one goes.
        kind: "F16", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M" or another file type of llama.cpp. K kinds need rows of a multiple of 256.
        embedding: What the embedding is kept as ("Q8_0", "Q6_K"), and with it the output where the two are one; "" lets
            llama.cpp choose, which for a shared embedding takes Q6_K in K kinds.

    Raises:
        RecoderError: llama.cpp failed.
        AttributeError: There is no such kind.
    """
    library = _library()
    parameters = library.api.llama_model_quantize_default_params()
    parameters.ftype = getattr(library.api, f"LLAMA_FTYPE_{'ALL' if kind == 'F32' else 'MOSTLY'}_{kind}")
    parameters.allow_requantize = True
    if embedding:
        parameters.token_embedding_type = parameters.output_tensor_type = getattr(library.api, f"GGML_TYPE_{embedding}")
    library.errors.clear()
    if library.api.llama_model_quantize(os.fsencode(source), os.fsencode(target), ctypes.byref(parameters)) != 0:
        reason = library.errors[-1] if library.errors else "llama.cpp does not say why"
        raise RecoderError(f"The model {source} cannot be written as {kind}: {reason}.", "Is it a whole GGUF file, and is there room?")


@dataclass(frozen=True)
class _Library:
    api: Any
    errors: deque[str]
    """What llama.cpp last complained about."""
    callback: Any
    """Kept here because the C code goes on calling it."""


@functools.cache
def _library() -> _Library:
    """Import llama_cpp and make it quiet."""
    import llama_cpp

    api: Any = llama_cpp
    errors: deque[str] = deque(maxlen=8)

    def listen(level: int, text: bytes, _data: object) -> None:
        if level == _GGML_LOG_LEVEL_ERROR and (line := text.decode("utf-8", "replace").strip()):
            errors.append(line)

    callback = api.llama_log_callback(listen)
    api.llama_log_set(callback, ctypes.c_void_p(0))
    api.llama_backend_init()
    return _Library(api, errors, callback)


# ggml.h; llama_cpp._logger has the numbers of an older edition.
_GGML_LOG_LEVEL_ERROR = 4
