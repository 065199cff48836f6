"""How an answer is decoded: what is handed out when, and where it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recoder_lsp.engine.conversing import LEAST_REPEATED_TOKENS, Answer, Bounds, converse, goes_round
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.engine.sampling import Sampling
from recoder_lsp.engine.thoughts import Thoughts
from tests.engine.tiny_gguf import write_tiny_gguf
from tests.scripted_chat import endless_model, scripted_model

LIKELIEST = Sampling(0.0)
AMPLE = Bounds(max_tokens=1000, max_seconds=60.0)


def answered(path: Path, bounds: Bounds = AMPLE, sampling: Sampling = LIKELIEST) -> tuple[Answer, list[str]]:
    model = LlamaModel.load(path, context_tokens=0, threads=1)
    heard: list[str] = []
    try:
        steps = converse(
            model, model.tokenizer.tokenize_marked("<|user|>Why?<|end|><|assistant_0|>"), sampling, bounds, Thoughts(), heard.append
        )
        while True:
            next(steps)
    except StopIteration as finished:
        answer: Answer = finished.value
        return answer, heard
    finally:
        model.close()


def test_the_answer_comes_piece_by_piece_until_the_model_ends_it(tmp_path: Path) -> None:
    answer, heard = answered(scripted_model(tmp_path, "Because it is so."))

    assert heard == ["Because ", "it ", "is ", "so."]
    assert (answer.text, answer.ended_by, len(answer.tokens)) == ("Because it is so.", "end", 4)


def test_characters_that_come_in_parts_are_handed_out_whole(tmp_path: Path) -> None:
    answer, heard = answered(scripted_model(tmp_path, "größer 🦀 als"))

    assert heard == ["gr", "ö", "ß", "er ", "🦀", " als"]
    # ö and the crab in bytes.
    assert len(answer.tokens) == 1 + 2 + 1 + 1 + 4 + 1


def test_half_a_character_at_a_limit_is_shown_as_such(tmp_path: Path) -> None:
    answer, heard = answered(scripted_model(tmp_path, "a 🦀"), Bounds(max_tokens=3, max_seconds=60.0))

    assert answer.text == "".join(heard) == "a \N{REPLACEMENT CHARACTER}"


def test_no_answer_is_longer_than_it_may_be(tmp_path: Path) -> None:
    answer, _ = answered(endless_model(tmp_path), Bounds(max_tokens=7, max_seconds=60.0))

    assert (answer.text, answer.ended_by) == ("0 1 2 3 4 5 6 ", "length")


def test_no_answer_goes_beyond_the_context(tmp_path: Path) -> None:
    answer, _ = answered(scripted_model(tmp_path, "tick tock ", endless=True, context_tokens=50))

    # Of the prompt, each byte is a token.
    assert (len(answer.tokens), answer.ended_by) == (50 - len("<Why?<<"), "length")


def test_no_answer_takes_longer_than_it_may(tmp_path: Path) -> None:
    answer, _ = answered(endless_model(tmp_path), Bounds(max_tokens=1000, max_seconds=0.0))

    assert answer.ended_by == "time"
    assert 1 <= len(answer.tokens) <= 2


def test_a_model_that_goes_round_in_circles_is_stopped(tmp_path: Path) -> None:
    answer, _ = answered(scripted_model(tmp_path, "and so on ", endless=True))

    assert answer.ended_by == "repetition"
    assert len(answer.tokens) < LEAST_REPEATED_TOKENS + 20


def test_a_text_that_ends_the_answer_is_no_part_of_it_however_it_comes(tmp_path: Path) -> None:
    bounds = Bounds(max_tokens=100, max_seconds=60.0, stops=("<|im_end|>", "STOP NOW"))

    answer, heard = answered(scripted_model(tmp_path, "1 < 2 STOP there. STOP NOW and more"), bounds)

    assert (answer.text, answer.ended_by) == ("1 < 2 STOP there. ", "end")
    assert heard == ["1 ", "< ", "2 ", "STOP there. "]


def test_what_only_looked_like_the_beginning_of_a_stop_is_handed_out_at_the_end(tmp_path: Path) -> None:
    answer, _ = answered(scripted_model(tmp_path, "so STOP"), Bounds(max_tokens=100, max_seconds=60.0, stops=("STOP NOW",)))

    assert answer.text == "so STOP"


def test_a_seed_repeats_what_chance_wrote(tmp_path: Path) -> None:
    path, bounds = write_tiny_gguf(tmp_path / "tiny.gguf"), Bounds(max_tokens=40, max_seconds=60.0)

    def written(seed: int) -> tuple[int, ...]:
        return answered(path, bounds, Sampling(1.0, seed=seed))[0].tokens

    assert written(1) == written(1)
    assert written(1) != written(2)


@pytest.mark.parametrize("length", [1, 2, 31, 64])
def test_rounds_of_any_length_are_noticed_but_not_what_is_merely_alike(length: int) -> None:
    round_of = list(range(length))
    long_enough = (round_of * LEAST_REPEATED_TOKENS)[: max(6 * length, LEAST_REPEATED_TOKENS)]

    assert goes_round([7, 8, 9, *long_enough])
    assert not goes_round([*long_enough, 99])
    assert not goes_round(long_enough[:-1])
    assert not goes_round(list(numbers(1000)))


def numbers(n: int) -> Iterator[int]:
    """The tokens of a long table, each line of it with a number of its own."""
    for line in range(n // 8):
        yield from (1, 2, 3, 4, 1000 + line, 5, 6, 7)
