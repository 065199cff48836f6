"""The door to llama.cpp: tokens, KV reuse, and what happens when something goes wrong. On a tiny random model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoder_lsp.engine import llama
from recoder_lsp.engine.llama import LlamaModel, SpecialTokens
from recoder_lsp.errors import RecoderError
from tests.engine.tiny_gguf import CONTROL, FIM_TEXTS, TRAINED_CONTEXT, USER_DEFINED, write_tiny_gguf

# One token at a time and 64 at once go through different kernels, over a float16 cache.
ALIKE = {"atol": 0.02, "rtol": 0.0}


@pytest.fixture
def model(tiny_path: Path) -> Iterator[LlamaModel]:
    model = load(tiny_path)
    yield model
    model.close()


def load(path: Path, context_tokens: int = 0) -> LlamaModel:
    return LlamaModel.load(path, context_tokens=context_tokens, threads=1)


def ordinary(count: int, start: int = 0) -> list[int]:
    """Tokens that differ from their neighbours: byte tokens, from <0x00> on."""
    return [9 + (start + place) * 7 % 256 for place in range(count)]


def evaluate(model: LlamaModel, tokens: list[int]) -> int:
    """Evaluate to the end and return how many tokens went through the model."""
    before = model.evaluated_tokens
    for _ in model.evaluate(tokens):
        pass
    return model.evaluated_tokens - before


def text_of(model: LlamaModel, tokens: list[int]) -> str:
    return b"".join(model.piece(token) for token in tokens).decode()


# Loading


def test_a_loaded_model_says_what_it_is(model: LlamaModel, tiny_path: Path) -> None:
    assert model.path == tiny_path
    assert model.name == "Tiny test model"
    assert model.size_bytes == tiny_path.stat().st_size
    assert model.metadata["general.architecture"] == "llama"
    assert model.trained_context_tokens == model.context_tokens == TRAINED_CONTEXT
    assert model.vocabulary_size == int(model.metadata["llama.vocab_size"])


@pytest.mark.parametrize(("wanted", "given_tokens"), [(0, 512), (100, 100), (512, 512), (99_999, 512)])
def test_the_context_is_never_larger_than_the_model_was_trained_for(tiny_path: Path, wanted: int, given_tokens: int) -> None:
    model = load(tiny_path, wanted)

    assert model.context_tokens == given_tokens
    assert evaluate(model, ordinary(given_tokens)) == given_tokens
    model.close()


def test_without_a_wish_the_context_has_at_most_4096_tokens(tmp_path: Path) -> None:
    model = load(write_tiny_gguf(tmp_path / "long.gguf", metadata={"llama.context_length": 131_072}))

    assert (model.context_tokens, model.trained_context_tokens) == (4096, 131_072)
    model.close()


def test_nothing_is_printed_while_loading_working_and_failing(tiny_path: Path, tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.errors import RecoderError
model = LlamaModel.load(Path({str(tiny_path)!r}), context_tokens=0, threads=1)
list(model.evaluate(model.tokenize("return self")))
model.close()
damaged = Path({str(tmp_path / "damaged.gguf")!r})
damaged.write_bytes(Path({str(tiny_path)!r}).read_bytes()[:-5000])
try:
    LlamaModel.load(damaged, context_tokens=0, threads=1)
except RecoderError:
    pass
"""

    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert (finished.stdout, finished.stderr) == ("", "")


def test_a_closed_model_refuses_work_instead_of_crashing(tiny_path: Path) -> None:
    model = load(tiny_path)
    evaluation = model.evaluate(ordinary(200))
    next(evaluation)
    model.close()
    model.close()

    for use in (lambda: next(evaluation), lambda: model.tokenize("x"), lambda: model.piece(20), lambda: evaluate(model, ordinary(3))):
        with pytest.raises(RecoderError, match="unloaded"):
            use()


# Special tokens


def test_fim_tokens_come_from_the_metadata(model: LlamaModel) -> None:
    assert model.special == SpecialTokens(
        bos=1, eos=2, eot=None, fim_prefix=3, fim_suffix=4, fim_middle=5, fim_pad=6, fim_repo=7, fim_separator=8
    )
    assert model.end_tokens == {2, 6, 7, 8}


@pytest.mark.parametrize(
    ("family", "texts"),
    [
        ("CodeLlama", ["▁<PRE>", "▁<SUF>", "▁<MID>"]),
        ("StarCoder, StarCoder2 and Granite", ["<fim_prefix>", "<fim_suffix>", "<fim_middle>"]),
        ("Qwen2.5-Coder and CodeGemma", ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"]),
        ("DeepSeek-Coder", ["<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"]),  # noqa: RUF001
        ("Codestral", ["[PREFIX]", "[SUFFIX]", "[MIDDLE]"]),
        ("Seed-Coder", ["<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>"]),
    ],
)
def test_fim_tokens_are_found_by_their_text_where_the_metadata_lacks_them(tmp_path: Path, family: str, texts: list[str]) -> None:
    model = load(write_tiny_gguf(tmp_path / "family.gguf", control_texts=texts, fim_in_metadata=False))

    # Codestral reads suffix, prefix and nothing between: a middle token would give it another order.
    middle = None if family == "Codestral" else 5
    assert (model.special.fim_prefix, model.special.fim_suffix, model.special.fim_middle) == (3, 4, middle), family
    model.close()


def test_a_model_without_fim_tokens_says_so(tmp_path: Path) -> None:
    model = load(write_tiny_gguf(tmp_path / "chat.gguf", control_texts=["<|user|>"], fim_in_metadata=False))

    assert (model.special.fim_prefix, model.special.fim_suffix, model.special.fim_middle) == (None, None, None)
    model.close()


# Text to tokens and back


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "    return self.value\n",
        "\tif x:\r\n\t\treturn\r",
        "größe = 'ÄÖÜ€' # 你好 🦀\N{COMBINING ACUTE ACCENT}",
        "form\ffeed \v \x85 \u2028 \u2029 \ufeff nul\0byte",
        "a▁b▁▁c▁",
        "<s></s><unk><P><S><M><0x41>",
    ],
)
def test_text_survives_tokenising_byte_for_byte(model: LlamaModel, text: str) -> None:
    assert text_of(model, model.tokenize(text)) == text


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_survives_tokenising(shared_model: LlamaModel, text: str) -> None:
    assert text_of(shared_model, shared_model.tokenize(text)) == text


def test_half_a_surrogate_pair_becomes_a_question_mark(model: LlamaModel) -> None:
    assert text_of(model, model.tokenize("a\ud83db")) == "a?b"


def test_merges_cross_spaces(model: LlamaModel) -> None:
    assert [model.piece(token) for token in model.tokenize("def return")] == [b"def ", b"return"]


@pytest.mark.parametrize("kind", [CONTROL, USER_DEFINED])
def test_special_tokens_in_user_text_are_only_text(tmp_path: Path, kind: int) -> None:
    texts = ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"]
    model = load(write_tiny_gguf(tmp_path / "special.gguf", control_texts=texts, control_type=kind, fim_in_metadata=False))

    tokens = model.tokenize("</s><|fim_middle|>")

    assert not {2, 3, 4, 5} & set(tokens)
    assert text_of(model, tokens) == "</s><|fim_middle|>"
    model.close()


def test_the_one_token_of_a_special_text_can_be_asked_for(model: LlamaModel) -> None:
    assert model.tokenize_special(FIM_TEXTS[0]) == 3
    assert model.tokenize_special("no such token") is None


@pytest.mark.parametrize("add_space_prefix", [False, True])
def test_no_model_gets_a_space_or_a_bos_put_before_the_text(tmp_path: Path, add_space_prefix: bool) -> None:
    model = load(write_tiny_gguf(tmp_path / "space.gguf", add_space_prefix=add_space_prefix))

    assert text_of(model, model.tokenize("return")) == "return"
    assert len(model.tokenize("return")) == 1
    model.close()


def test_control_tokens_have_no_bytes_and_byte_tokens_have_one(model: LlamaModel) -> None:
    assert [model.piece(token) for token in range(9)] == [b""] * 9
    assert [model.piece(9 + byte) for byte in range(256)] == [bytes([byte]) for byte in range(256)]


@pytest.mark.parametrize("token", [-1, 99_999])
def test_a_token_that_does_not_exist_has_no_piece(model: LlamaModel, token: int) -> None:
    with pytest.raises(ValueError, match="vocabulary"):
        model.piece(token)


# Evaluating


def test_a_prompt_is_evaluated_in_slices_with_a_yield_between_them(model: LlamaModel) -> None:
    yields = sum(1 for _ in model.evaluate(ordinary(200)))

    assert yields == 3
    assert model.evaluated_tokens == model.cached_tokens == 200


@pytest.mark.parametrize(("n_tokens", "yields"), [(1, 0), (63, 0), (64, 0), (65, 1), (128, 1), (129, 2)])
def test_there_is_no_yield_after_the_last_slice(model: LlamaModel, n_tokens: int, yields: int) -> None:
    assert sum(1 for _ in model.evaluate(ordinary(n_tokens))) == yields


@pytest.mark.parametrize(
    ("first", "then", "evaluated"),
    [
        pytest.param(ordinary(100), ordinary(103), 3, id="typing on"),
        pytest.param(ordinary(100), ordinary(90), 1, id="deleting"),
        pytest.param(ordinary(100), ordinary(100), 0, id="the same again"),
        pytest.param(ordinary(100), [*ordinary(97), 12, 11, 10], 3, id="another end"),
        pytest.param(ordinary(100), ordinary(100, start=1), 100, id="another beginning"),
        pytest.param(ordinary(100), [*ordinary(50), *ordinary(50, start=1)], 50, id="another half"),
    ],
)
def test_only_what_differs_from_the_cache_is_evaluated(model: LlamaModel, first: list[int], then: list[int], evaluated: int) -> None:
    evaluate(model, first)

    assert evaluate(model, then) == evaluated
    assert model.cached_tokens == len(then)


@pytest.mark.parametrize("steps", [[100, 164], [200, 164], [10, 11, 12, 163, 164], [164, 512, 1, 164]])
def test_logits_are_the_same_with_and_without_reuse(tiny_path: Path, model: LlamaModel, steps: list[int]) -> None:
    fresh = load(tiny_path)
    evaluate(fresh, ordinary(164))

    for n_tokens in steps:
        evaluate(model, ordinary(n_tokens))

    np.testing.assert_allclose(model.logits, fresh.logits, **ALIKE)
    fresh.close()


def test_logits_are_a_copy_that_may_be_changed(model: LlamaModel) -> None:
    evaluate(model, ordinary(10))
    model.logits[:] = 0

    assert model.logits.dtype == np.float32
    assert model.logits.shape == (model.vocabulary_size,)
    assert np.abs(model.logits).max() > 0


def test_cancelling_in_prefill_keeps_the_finished_slices(model: LlamaModel) -> None:
    evaluate(model, ordinary(10))
    evaluation = model.evaluate(ordinary(300))
    next(evaluation)
    next(evaluation)
    evaluation.close()

    assert model.cached_tokens == 10 + 2 * 64
    with pytest.raises(RuntimeError, match="did not run to its end"):
        _ = model.logits
    assert evaluate(model, ordinary(300)) == 300 - 10 - 2 * 64


def test_after_a_cancel_the_same_prompt_has_the_same_logits(tiny_path: Path, model: LlamaModel) -> None:
    fresh = load(tiny_path)
    evaluate(fresh, ordinary(300))
    evaluation = model.evaluate(ordinary(300))
    next(evaluation)
    evaluation.close()

    evaluate(model, ordinary(300))

    np.testing.assert_allclose(model.logits, fresh.logits, **ALIKE)
    fresh.close()


def test_an_evaluation_that_was_paused_for_another_one_still_ends_right(tiny_path: Path, model: LlamaModel) -> None:
    fresh = load(tiny_path)
    evaluate(fresh, ordinary(200))
    paused = model.evaluate(ordinary(200))
    next(paused)
    evaluate(model, ordinary(80, start=5))

    for _ in paused:
        pass

    np.testing.assert_allclose(model.logits, fresh.logits, **ALIKE)
    assert model.cached_tokens == 200
    fresh.close()


def test_more_tokens_than_the_context_holds_are_refused_and_the_cache_stays(model: LlamaModel) -> None:
    evaluate(model, ordinary(100))

    with pytest.raises(RecoderError, match="513 tokens") as caught:
        evaluate(model, ordinary(TRAINED_CONTEXT + 1))

    assert caught.value.hint
    assert evaluate(model, ordinary(101)) == 1


@pytest.mark.parametrize("tokens", [[], [-1], [20, 99_999]])
def test_tokens_that_do_not_exist_are_refused_before_llama_cpp_sees_them(model: LlamaModel, tokens: list[int]) -> None:
    with pytest.raises(ValueError, match="vocabulary"):
        evaluate(model, tokens)


@pytest.mark.parametrize("outcome", [1, 2, -1, -3])
def test_after_a_failed_decode_the_cache_holds_what_is_known_to_be_good(
    tiny_path: Path, model: LlamaModel, monkeypatch: pytest.MonkeyPatch, outcome: int
) -> None:
    fresh = load(tiny_path)
    evaluate(fresh, ordinary(200))
    evaluation = model.evaluate(ordinary(200))
    next(evaluation)
    api = llama._library().api
    decode = api.llama_decode
    # The batch reaches the cache, as it may before a fatal error.
    monkeypatch.setattr(api, "llama_decode", lambda context, batch: decode(context, batch) or outcome)

    with pytest.raises(RecoderError, match=str(outcome)):
        next(evaluation)
    monkeypatch.undo()

    assert model.cached_tokens == 64
    assert evaluate(model, ordinary(200)) == 200 - 64
    np.testing.assert_allclose(model.logits, fresh.logits, **ALIKE)
    fresh.close()


def test_a_model_that_cannot_go_back_part_of_the_way_starts_over(model: LlamaModel, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate(model, ordinary(100))
    monkeypatch.setattr(llama._library().api, "llama_memory_seq_rm", lambda *_: False)

    assert evaluate(model, [*ordinary(50), 12]) == 51
    assert model.cached_tokens == 51


@pytest.fixture(scope="module")
def shared_model(tiny_path: Path) -> Iterator[LlamaModel]:
    model = load(tiny_path)
    yield model
    model.close()
