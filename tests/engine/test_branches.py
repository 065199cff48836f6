"""Several continuations of one text in one KV cache: right logits, nothing evaluated twice, nothing left behind."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recoder_lsp.engine import llama
from recoder_lsp.engine.branches import BRANCH_TOKENS, MOST_READ, Beam, beam_of, most_branches
from recoder_lsp.engine.gguf_header import read_header
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.experts import SINGLE_LINE_TOKENS
from tests.engine.tiny_gguf import TRAINED_CONTEXT, write_tiny_gguf

# One token at a time and several at once go through different kernels, over a float16 cache.
ALIKE = {"atol": 0.02, "rtol": 0.0}
TRUNK = [9 + place * 7 % 256 for place in range(100)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("branching") / "tiny.gguf", metadata={"recoder.beam": "3,0.25"})


@pytest.fixture
def model(path: Path) -> Iterator[LlamaModel]:
    model = LlamaModel.load(path, context_tokens=0, threads=1)
    yield model
    model.close()


@pytest.fixture(scope="module")
def fresh(path: Path) -> Iterator[LlamaModel]:
    """Another one, for what would have come out without branches."""
    model = LlamaModel.load(path, context_tokens=0, threads=1)
    yield model
    model.close()


def done(work: Generator[None, None, Any]) -> Any:
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


def branches(model: LlamaModel, *tails: list[int], trunk: list[int] = TRUNK) -> np.ndarray:
    result: np.ndarray = done(model.evaluate_branches(trunk, tails))
    return result


def alone(fresh: LlamaModel, tokens: list[int]) -> np.ndarray:
    done(fresh.evaluate(tokens))
    return fresh.logits


def evaluated(model: LlamaModel, work: Generator[None, None, Any]) -> int:
    before = model.evaluated_tokens
    done(work)
    return model.evaluated_tokens - before


def test_each_branch_has_the_logits_it_would_have_alone(model: LlamaModel, fresh: LlamaModel) -> None:
    tails = [[20, 30], [20, 31], [40]]

    rows = branches(model, *tails)

    for row, tail in zip(rows, tails, strict=True):
        np.testing.assert_allclose(row, alone(fresh, TRUNK + tail), **ALIKE)


def test_only_what_is_new_is_evaluated(model: LlamaModel) -> None:
    branches(model, [20], [21], [22])

    assert evaluated(model, model.evaluate_branches(TRUNK, [[20, 30], [22, 31]])) == 2


def test_branches_divide_and_end(model: LlamaModel, fresh: LlamaModel) -> None:
    branches(model, [20], [21], [22])
    branches(model, [21, 30], [21, 31], [20, 32])
    tails = [[21, 31, 40], [21, 31, 41], [21, 31, 42]]

    rows = branches(model, *tails)

    for row, tail in zip(rows, tails, strict=True):
        np.testing.assert_allclose(row, alone(fresh, TRUNK + tail), **ALIKE)


def test_a_step_back_is_possible(model: LlamaModel, fresh: LlamaModel) -> None:
    branches(model, [20, 21, 22])

    rows = branches(model, [20, 21], [20, 25])

    np.testing.assert_allclose(rows[0], alone(fresh, [*TRUNK, 20, 21]), **ALIKE)
    np.testing.assert_allclose(rows[1], alone(fresh, [*TRUNK, 20, 25]), **ALIKE)


def test_the_trunk_and_its_logits_stay(model: LlamaModel, fresh: LlamaModel) -> None:
    done(model.evaluate(TRUNK))

    branches(model, [20], [21])

    assert model.cached_tokens == len(TRUNK)
    np.testing.assert_allclose(model.logits, alone(fresh, TRUNK), **ALIKE)


def test_what_a_branch_has_read_need_not_be_read_again(model: LlamaModel, fresh: LlamaModel) -> None:
    branches(model, [20, 30, 40], [21, 31, 41])

    assert evaluated(model, model.evaluate([*TRUNK, 21, 31, 41, 51])) == 1
    np.testing.assert_allclose(model.logits, alone(fresh, [*TRUNK, 21, 31, 41, 51]), **ALIKE)


@pytest.mark.parametrize("after", [[*TRUNK, 20], TRUNK[:50], [*TRUNK[:50], 20, 21], TRUNK])
def test_evaluating_after_branches_is_as_without_them(model: LlamaModel, fresh: LlamaModel, after: list[int]) -> None:
    branches(model, [20, 30], [21])

    done(model.evaluate(after))

    assert model.cached_tokens == len(after)
    np.testing.assert_allclose(model.logits, alone(fresh, after), **ALIKE)
    np.testing.assert_allclose(branches(model, [33], trunk=after)[0], alone(fresh, [*after, 33]), **ALIKE)


def test_what_others_evaluated_in_between_changes_nothing(model: LlamaModel, fresh: LlamaModel) -> None:
    branches(model, [20], [21])
    done(model.evaluate(TRUNK[::-1]))

    rows = branches(model, [20, 30], [21, 31])

    np.testing.assert_allclose(rows[0], alone(fresh, [*TRUNK, 20, 30]), **ALIKE)
    np.testing.assert_allclose(rows[1], alone(fresh, [*TRUNK, 21, 31]), **ALIKE)


def test_long_branches_can_be_read_all_at_once(model: LlamaModel, fresh: LlamaModel) -> None:
    tails = [[20 + number + place % 200 for place in range(50)] for number in range(3)]

    rows = branches(model, *tails)

    np.testing.assert_allclose(rows[2], alone(fresh, TRUNK + tails[2]), **ALIKE)


def test_there_is_room_for_branches_at_the_end_of_the_context(model: LlamaModel) -> None:
    trunk = [9 + place % 250 for place in range(TRAINED_CONTEXT - 40)]

    assert branches(model, *([20 + number] * 40 for number in range(3)), trunk=trunk).shape == (3, model.vocabulary_size)


def test_a_wide_search_has_the_branches_it_needs() -> None:
    assert most_branches({"recoder.beam": "8,0.25"}) == 8


def read(model: LlamaModel, *tails: list[int]) -> list[np.ndarray]:
    result: list[np.ndarray] = done(model.read_branches(TRUNK, tails))
    return result


def test_reading_tells_what_follows_each_token(model: LlamaModel, fresh: LlamaModel) -> None:
    tails = [[20, 30, 40], [20, 31], [20, 30, 40, 50], [21], [20, 30, 40]]

    rows = read(model, *tails)

    assert [len(each) for each in rows] == [3, 2, 4, 1, 3]
    for each, tail in zip(rows, tails, strict=True):
        for length in range(1, len(tail) + 1):
            np.testing.assert_allclose(each[length - 1], alone(fresh, TRUNK + tail[:length]), **ALIKE)


def test_what_texts_begin_with_alike_is_read_once(model: LlamaModel) -> None:
    done(model.evaluate(TRUNK))

    assert evaluated(model, model.read_branches(TRUNK, [[20, 30, 40], [20, 30, 41], [20, 31]])) == 5


def test_branches_go_on_from_what_was_read(model: LlamaModel, fresh: LlamaModel) -> None:
    read(model, [20, 30, 40], [20, 31])

    assert evaluated(model, model.evaluate_branches(TRUNK, [[20, 30, 41], [20, 31, 42]])) == 2
    rows = branches(model, [20, 30, 41, 50], [20, 31, 42, 50])
    np.testing.assert_allclose(rows[0], alone(fresh, [*TRUNK, 20, 30, 41, 50]), **ALIKE)
    np.testing.assert_allclose(rows[1], alone(fresh, [*TRUNK, 20, 31, 42, 50]), **ALIKE)


@pytest.mark.parametrize("after", [[*TRUNK, 20, 30, 41], TRUNK[:50], TRUNK])
def test_evaluating_after_reading_is_as_without_it(model: LlamaModel, fresh: LlamaModel, after: list[int]) -> None:
    read(model, [20, 30, 40], [20, 31], [21])

    done(model.evaluate(after))

    np.testing.assert_allclose(model.logits, alone(fresh, after), **ALIKE)
    np.testing.assert_allclose(read(model, [33])[0][0], alone(fresh, [*TRUNK, 33]), **ALIKE)


def test_many_searches_leave_nothing_behind(model: LlamaModel, fresh: LlamaModel) -> None:
    for number in range(60):
        branches(model, [20 + number, 30], [21 + number], [20 + number, 31], trunk=TRUNK[: 50 + number % 7])
        read(model, *([20 + number, 30 + other] for other in range(MOST_READ)))

    # A cell that was left over would be missing here, where all of them are needed.
    trunk = [9 + place % 250 for place in range(TRAINED_CONTEXT - BRANCH_TOKENS)]
    tails = [[20 + number] * BRANCH_TOKENS for number in range(3)]
    rows = branches(model, *tails, trunk=trunk)

    for row, tail in zip(rows, tails, strict=True):
        np.testing.assert_allclose(row, alone(fresh, trunk + tail), **ALIKE)


def test_what_cannot_be_a_branch_is_refused_and_the_cache_stays(model: LlamaModel) -> None:
    done(model.evaluate(TRUNK))

    for tails in (
        [[20]] * (MOST_READ + 1),
        [[20], []],
        [[20] * TRAINED_CONTEXT],
        [[20] * 2 * TRAINED_CONTEXT],
        [[99_999]],
        [[20] * 70] * 3,
    ):
        with pytest.raises(ValueError, match=r"branch|vocabulary"):
            branches(model, *tails)

    assert evaluated(model, model.evaluate([*TRUNK, 20])) == 1


def test_branches_that_are_too_long_are_not_believed_to_be_there(model: LlamaModel, fresh: LlamaModel) -> None:
    with pytest.raises(ValueError, match="branches"):
        branches(model, *([20 + number] * 70 for number in range(3)))

    done(model.evaluate([*TRUNK, *[20] * 70, 1]))
    np.testing.assert_allclose(model.logits, alone(fresh, [*TRUNK, *[20] * 70, 1]), **ALIKE)


def test_a_line_and_what_of_it_is_healed_have_room_in_a_branch() -> None:
    assert SINGLE_LINE_TOKENS + 24 <= BRANCH_TOKENS


def test_after_a_failed_decode_the_trunk_is_still_there(model: LlamaModel, fresh: LlamaModel, monkeypatch: pytest.MonkeyPatch) -> None:
    branches(model, [20], [21])
    api = llama._library().api
    decode = api.llama_decode
    monkeypatch.setattr(api, "llama_decode", lambda context, batch: decode(context, batch) or 1)

    with pytest.raises(RecoderError, match="1"):
        branches(model, [20, 30], [21, 31])
    monkeypatch.undo()

    assert evaluated(model, model.evaluate([*TRUNK, 22])) == 1
    np.testing.assert_allclose(model.logits, alone(fresh, [*TRUNK, 22]), **ALIKE)


def test_a_closed_model_refuses_branches(path: Path) -> None:
    model = LlamaModel.load(path, context_tokens=0, threads=1)
    branches(model, [20])
    model.close()

    with pytest.raises(RecoderError, match="unloaded"):
        branches(model, [20, 30])


def test_a_model_that_states_nothing_has_no_branches(tiny_path: Path) -> None:
    model = LlamaModel.load(tiny_path, context_tokens=0, threads=1)

    with pytest.raises(ValueError, match="room"):
        branches(model, [20])
    model.close()


def test_a_memory_that_cannot_be_cut_is_not_searched_whatever_the_file_states(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama._library().api, "llama_model_is_recurrent", lambda _model: True)
    model = LlamaModel.load(path, context_tokens=0, threads=1)

    assert beam_of(model.metadata) is None
    with pytest.raises(ValueError, match="room"):
        branches(model, [20])
    model.close()


def test_the_cells_of_branches_count_as_needed_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed: list[int] = []
    monkeypatch.setattr(llama, "require_memory", lambda _path, needed_bytes: needed.append(needed_bytes))
    LlamaModel.load(path, context_tokens=0, threads=1).close()

    header = read_header(path)
    assert needed == [header.size_bytes + header.cache_bytes(TRAINED_CONTEXT + MOST_READ * BRANCH_TOKENS)]


@pytest.mark.parametrize(
    ("stated", "beam"),
    [
        ("3,0.25", Beam(3, 0.25)),
        (None, None),
        ("", None),
        ("3", None),
        ("1,0.25", None),
        ("99,0.25", None),
        ("-3,0.25", None),
        ("3,nan", None),
        ("3,-1", None),
        ("wide,0", None),
        ("9" * 5000 + ",0.25", None),
    ],
)
def test_only_a_model_that_states_a_sensible_beam_is_searched(stated: str | None, beam: Beam | None) -> None:
    metadata = {} if stated is None else {"recoder.beam": stated}

    assert beam_of(metadata) == beam
    assert most_branches(metadata) == (MOST_READ if beam else 0)
