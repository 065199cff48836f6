"""Damaged and foreign model files: each is refused in words, none of them ends the process."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recoder_lsp.engine import llama, opening
from recoder_lsp.engine.gguf_header import read_header
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.engine.models import ModelUnusable
from tests.engine.tiny_gguf import DIMENSIONS, LAYERS, write_tiny_gguf


def refusal(path: Path) -> str:
    """Try to load the file, and return why it cannot be."""
    with pytest.raises(ModelUnusable) as caught:
        LlamaModel.load(path, context_tokens=0, threads=1)
    assert caught.value.hint
    assert str(path) in caught.value.message
    return caught.value.message


def changed(path: Path, target: Path, change: Callable[[bytearray], object]) -> Path:
    data = bytearray(path.read_bytes())
    change(data)
    target.write_bytes(data)
    return target


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "nowhere.gguf")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "is not a file" in refusal(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")

    assert "is not a file" in refusal(tmp_path / "pipe.gguf")


def test_a_file_that_may_not_be_read_is_refused(tiny_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    # chmod does not stop root, as whom containers run tests.
    monkeypatch.setattr(Path, "open", refuse)

    assert "Permission denied" in refusal(tiny_path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b"GG", "is not a GGUF model"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is not a GGUF model"),
        (b"GGUF", "cut short"),
        (b"GGUF" + struct.pack("<IQQ", 1, 1, 1), "GGUF version 1"),
        (b"GGUF" + struct.pack(">IQQ", 3, 1, 1), "GGUF version 50331648"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1), "makes no sense"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 1 << 60), "makes no sense"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + struct.pack("<Q", 1 << 60), "too long"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 1, 1, 1) + b"k" + struct.pack("<I", 99), "unknown type"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 1, 1, 1) + b"k" + struct.pack("<IIQ", 9, 8, 1 << 60), "too long"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 1, 1, 1) + b"k" + struct.pack("<IIQ", 9, 4, 1 << 60), "cut short"),
        (b"GGUF" + bytes(4096), "GGUF version 0"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)

    assert complaint in refusal(path)


@pytest.mark.parametrize("share", [0.001, 0.005, 0.01, 0.02, 0.021, 0.05, 0.2, 0.5, 0.9, 0.999, 0.99999])
def test_a_file_that_was_cut_short_is_refused_wherever_the_cut_is(tiny_path: Path, tmp_path: Path, share: float) -> None:
    size_bytes = tiny_path.stat().st_size
    path = changed(tiny_path, tmp_path / "cut.gguf", lambda data: data.__delitem__(slice(int(size_bytes * share), None)))

    assert "short" in (complaint := refusal(path)) or "corrupted or incomplete" in complaint


@pytest.mark.parametrize(
    "contradiction",
    [
        pytest.param({"metadata": {"llama.block_count": LAYERS + 1}}, id="more layers than tensors"),
        pytest.param({"metadata": {"llama.block_count": 0}}, id="no layers"),
        pytest.param({"metadata": {"llama.block_count": 100_000}}, id="absurdly many layers"),
        pytest.param({"metadata": {"llama.embedding_length": 2 * DIMENSIONS}}, id="another width than the tensors"),
        pytest.param({"metadata": {"llama.embedding_length": 0}}, id="no width"),
        pytest.param({"metadata": {"llama.attention.head_count": 0}}, id="no heads"),
        pytest.param({"metadata": {"llama.attention.head_count_kv": 3}}, id="heads that do not divide"),
        pytest.param({"metadata": {"llama.context_length": 0}}, id="no context"),
        pytest.param({"metadata": {"llama.vocab_size": 1 << 31}}, id="absurd vocabulary size"),
        pytest.param({"metadata": {"llama.expert_count": 4}}, id="experts that nobody uses"),
        pytest.param({"metadata": {"llama.expert_used_count": 4}}, id="more experts used than there are"),
        pytest.param({"without": ["tokenizer.ggml.tokens"]}, id="no vocabulary"),
        pytest.param({"without": ["output_norm.weight"]}, id="a tensor is missing"),
        pytest.param({"without": ["llama.embedding_length"]}, id="the width is missing"),
        pytest.param({"control_texts": ["<P>", "<P>"], "fim_in_metadata": False}, id="two tokens are the same"),
    ],
)
def test_a_model_that_contradicts_itself_is_refused(tmp_path: Path, contradiction: dict[str, Any]) -> None:
    path = write_tiny_gguf(tmp_path / "odd.gguf", **contradiction)

    assert refusal(path)


@pytest.mark.parametrize(
    ("where", "old", "new"),
    [
        pytest.param(b"", b"<0x41>", b"<0xZZ>", id="a byte token is missing"),
        pytest.param(b"", b"<0x41>", b"<0x42>", id="a byte token is there twice"),
        pytest.param(b"", b"self", b"sel\0", id="a token is the same up to a NUL"),
        pytest.param(b"", b"blk.0.attn_q.weight", b"blk.9.attn_q.weight", id="a tensor has another name"),
        pytest.param(b"rms_epsilon", struct.pack("<If", 6, 1e-5), struct.pack("<If", 6, float("nan")), id="an epsilon that is no number"),
        pytest.param(b"general.architecture", b"\x08\0\0\0\5\0\0\0\0\0\0\0llama", b"\x08\0\0\0\5\0\0\0\0\0\0\0lorem", id="an unknown kind"),
        pytest.param(b"tokenizer.ggml.scores", struct.pack("<IIQ", 9, 6, 288), struct.pack("<IIQ", 9, 6, 287), id="too few scores"),
        pytest.param(b"tokenizer.ggml.scores", struct.pack("<II", 9, 6), struct.pack("<II", 9, 5), id="scores of the wrong type"),
    ],
)
def test_a_damaged_head_is_refused(tiny_path: Path, tmp_path: Path, where: bytes, old: bytes, new: bytes) -> None:
    def damage(data: bytearray) -> None:
        assert data.count(where + old) == 1
        data[:] = data.replace(where + old, where + new)

    assert refusal(changed(tiny_path, tmp_path / "damaged.gguf", damage))


def test_llama_cpps_own_reason_is_passed_on(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "odd.gguf", without=["output_norm.weight"])

    assert "output_norm.weight" in refusal(path)


def test_a_model_larger_than_the_free_memory_is_refused_before_it_is_opened(tiny_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "available_memory_bytes", lambda: 100_000)
    monkeypatch.setattr(llama, "_library", lambda: pytest.fail("llama.cpp was asked"))

    assert "memory" in refusal(tiny_path)


def test_where_the_system_does_not_say_how_much_memory_is_free_the_model_is_loaded(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "available_memory_bytes", lambda: None)

    LlamaModel.load(tiny_path, context_tokens=0, threads=1).close()


def test_the_cache_is_estimated_from_layers_and_width(tiny_path: Path) -> None:
    # Keys and values, two layers, float16.
    assert read_header(tiny_path).cache_bytes(100) == 100 * 2 * LAYERS * DIMENSIONS * 2
