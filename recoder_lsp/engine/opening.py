"""Opens a model file and makes a context for it, with llama.cpp's parameters as we want them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recoder_lsp.engine.branches import BRANCH_TOKENS
from recoder_lsp.engine.gguf_header import AGAIN
from recoder_lsp.engine.machine import available_memory_bytes
from recoder_lsp.engine.models import ModelUnusable
from recoder_lsp.language import gettext


def open_file(api: Any, errors: Sequence[str], path: Path) -> int:
    """Load a model's weights.

    Args:
        api: llama_cpp.
        errors: What llama.cpp complained about, filled while it loads.
        path: A GGUF file.

    Raises:
        ModelUnusable: llama.cpp refuses it.
    """
    overrides = (api.llama_model_kv_override * 2)()  # the second, empty one ends the list
    overrides[0].tag = api.LLAMA_KV_OVERRIDE_TYPE_BOOL
    overrides[0].key = b"tokenizer.ggml.add_space_prefix"
    overrides[0].value.val_bool = False
    parameters = api.llama_model_default_params()
    parameters.n_gpu_layers = 0
    parameters.load_mode = api.LLAMA_LOAD_MODE_MMAP
    parameters.kv_overrides = overrides
    model = api.llama_model_load_from_file(os.fsencode(path), parameters)
    if not model:
        reasons = [error.partition("error loading model: ")[2] for error in errors]
        reason = next(filter(None, reasons), gettext("llama.cpp does not say why"))
        raise ModelUnusable(gettext("The model {path} cannot be loaded: {reason}.").format(path=path, reason=reason), gettext(AGAIN))
    return int(model)


def open_context(api: Any, model: int, context_tokens: int, threads: int, slice_tokens: int, branches: int) -> int | None:
    """Make a context for a loaded model, None where llama.cpp refuses.

    Args:
        api: llama_cpp.
        model: As from `open_file`.
        context_tokens: How many a text may have.
        threads: To compute with.
        slice_tokens: The most that are sent through it at once.
        branches: How many continuations of a text there may be at once; 0 for none.
    """
    parameters = api.llama_context_default_params()
    parameters.n_ctx = context_tokens + branches * BRANCH_TOKENS
    if branches:
        parameters.n_seq_max, parameters.kv_unified = branches + 1, True
    # Branches that have to be evaluated again come all at once: more tokens than that in a batch end the process.
    parameters.n_batch, parameters.n_ubatch = max(slice_tokens, branches * BRANCH_TOKENS), slice_tokens
    parameters.n_threads = parameters.n_threads_batch = threads
    parameters.no_perf = True
    return api.llama_init_from_model(model, parameters) or None


def can_branch(api: Any, model: int) -> bool:
    """Say whether continuations can share what the memory holds of a text; recurrent memory is only ever copied whole."""
    return not (api.llama_model_is_recurrent(model) or api.llama_model_is_hybrid(model))


def require_memory(path: Path, needed_bytes: int) -> None:
    """Refuse what would not fit into the free memory.

    Raises:
        ModelUnusable: So it is.
    """
    available_bytes = available_memory_bytes()
    if available_bytes is not None and needed_bytes > available_bytes:
        message = gettext("The model {path} needs {needed} GiB of memory, and {available} GiB are free.")
        raise ModelUnusable(
            message.format(path=path, needed=f"{needed_bytes / 2**30:.1f}", available=f"{available_bytes / 2**30:.1f}"),
            gettext("Close something, lower engine.context_tokens, or set engine.model to a smaller model."),
        )
