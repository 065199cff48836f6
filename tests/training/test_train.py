"""Training by itself: what is learnt from, how a run is cut and goes on, and the arithmetic of a step."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from recoder_lsp.training import train
from recoder_lsp.training.model import ATTENTION_BLOCK, CodeModel, Shape, _attended
from recoder_lsp.training.tokenizer import BOS, EOS

SHAPE = Shape(64, width=32, layers=1, heads=2, kv_heads=1, hidden=48, context=64)


class Rows:
    """Rows that take time, and remember which of them were asked for."""

    def __init__(self, clock=None, then=lambda: None):
        self.clock, self.then, self.asked = clock, then, []

    def row(self, index, length):
        self.asked.append((index, length))
        if self.clock:
            self.clock.now += length / 64
            self.then()
        return [BOS, *((index * 7 + place * place) % 50 + 12 for place in range(1, length))]


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still but for what rows take: a second for each of 64 tokens."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(train, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def plan(**changed):
    """Two rows a step: two seconds of the clock, twenty-four seconds in all, the first half with short rows."""
    return train.Plan(
        SHAPE, **{"seconds": 24.0, "row_tokens": 64, "rows": 2, "short_share": 0.5, "threads": 1, "compiled": False, **changed}
    )


def trained(folder, rows, **changed):
    return torch.load(train.train(plan(**changed), rows, Rows(), folder))


# Cut and gone on with


def test_a_run_cut_into_calls_learns_from_the_same_rows_and_the_same_from_them(tmp_path, clock):
    at_once, cut = Rows(clock), Rows(clock)
    expected = trained(tmp_path / "at-once", at_once)

    stored = [trained(tmp_path / "cut", cut, slice_seconds=5.0) for _ in range(4)][-1]

    assert cut.asked == at_once.asked
    assert (stored["steps"], stored["tokens"]) == (expected["steps"], expected["tokens"]) == (12, 12 * 128)
    for name, weight in expected["model"].items():
        assert torch.equal(stored["model"][name], weight), name


def test_rows_are_short_at_first_and_go_on_in_the_middle_of_the_numbers(tmp_path, clock):
    rows = Rows(clock)

    trained(tmp_path, rows)

    assert rows.asked[:24] == [(number, 32) for number in range(24)]
    assert rows.asked[24:] == [(number, 64) for number in range(12, 24)]


def test_a_call_takes_a_step_even_where_the_time_is_over(tmp_path, clock):
    assert trained(tmp_path, Rows(clock), slice_seconds=-1.0)["steps"] == 1


def test_sigterm_saves_and_ends_and_the_run_can_go_on(tmp_path, clock):
    def told():
        if clock.now == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)

    stored = trained(tmp_path, Rows(clock, told), short_share=0.0)

    assert stored["steps"] == 3
    assert signal.getsignal(signal.SIGTERM) is before
    assert trained(tmp_path, Rows(clock), short_share=0.0)["steps"] == 12


ENDED_BY_A_WORKER = """
import os, signal, sys
from pathlib import Path
from recoder_lsp.training import train
from tests.training.test_train import Rows, plan

class Ending(Rows):
    def row(self, index, length):
        if index == 9:
            os.killpg(0, signal.SIGTERM)
        return super().row(index, length)

train.train(plan(seconds=1000.0, workers=1), Ending(), Rows(), Path(sys.argv[1]))
"""


@pytest.mark.timeout(120)
def test_sigterm_to_the_whole_group_saves_with_workers_too(tmp_path):
    """Some rows are made before they are learnt: the tenth one ends the run at one of the first steps."""
    command = [sys.executable, "-c", ENDED_BY_A_WORKER, str(tmp_path)]
    subprocess.run(command, cwd=Path(__file__).parents[2], check=True, start_new_session=True, timeout=100)

    assert 1 <= torch.load(tmp_path / "checkpoint.pt")["steps"] <= 6


def test_training_in_another_thread_does_without_signals(tmp_path, clock):
    thread = threading.Thread(target=trained, args=(tmp_path, Rows(clock)))
    thread.start()
    thread.join()

    assert torch.load(tmp_path / "checkpoint.pt")["steps"] == 12


def test_a_finished_run_asks_for_no_more_rows(tmp_path, clock, capsys):
    trained(tmp_path, Rows(clock))
    rows = Rows(clock)

    trained(tmp_path, rows)

    assert not rows.asked
    assert "is finished" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("stored", "given", "complaint"),
    [
        ({"model": {}, "shape": SHAPE.as_dict()}, {}, "holds weights only"),
        ({"model": {}, "shape": {**SHAPE.as_dict(), "layers": 2}, "optimizers": []}, {}, "other sizes"),
        ({}, {"weights": {}}, "weights to start from"),
    ],
)
def test_what_cannot_be_gone_on_with_is_refused_in_words(tmp_path, stored, given, complaint):
    torch.save(stored, tmp_path / "checkpoint.pt")

    with pytest.raises(ValueError, match=complaint):
        train.train(plan(), Rows(), Rows(), tmp_path, **given)


# What a step computes


def test_a_sample_learns_its_own_tokens_and_not_the_beginning_of_the_next():
    row = torch.tensor([[BOS, 20, 21, EOS, BOS, 30, 31, BOS, BOS]])

    assert train._targets(row).tolist() == [[20, 21, EOS, -1, 30, 31, -1, -1]]


def test_the_loss_is_the_mean_over_what_is_to_be_predicted():
    torch.manual_seed(1)
    model = CodeModel(SHAPE)
    row = torch.tensor([[BOS, 20, 21, EOS, BOS, 30, 31, BOS, BOS]])
    tokens, targets = row[:, :-1], train._targets(row)

    scores = torch.log_softmax(model.logits(model(tokens)), -1)[0]

    wanted = [(place, token) for place, token in enumerate(targets[0].tolist()) if token >= 0]
    torch.testing.assert_close(model.loss(tokens, targets), -sum(scores[place, token] for place, token in wanted) / len(wanted))


@pytest.mark.parametrize("time", [1, ATTENTION_BLOCK - 1, ATTENTION_BLOCK, ATTENTION_BLOCK + 1, 4 * ATTENTION_BLOCK - 1])
@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_attention_in_blocks_is_attention(time, kv_heads):
    torch.manual_seed(2)
    q, k, v = torch.randn(2, 4, time, 8), torch.randn(2, kv_heads, time, 8), torch.randn(2, kv_heads, time, 8)

    expected = functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)

    torch.testing.assert_close(_attended(q, k, v), expected)


def test_attention_carries_no_more_bytes_than_its_weights_give(monkeypatch):
    kinds = []
    monkeypatch.setattr("recoder_lsp.training.model._attended", lambda q, k, v: kinds.append({q.dtype, k.dtype, v.dtype}) or q)

    with torch.autocast("cpu", torch.bfloat16):
        CodeModel(SHAPE)(torch.tensor([[BOS, 20, 21]]))

    assert kinds == [{torch.bfloat16}]


@pytest.mark.parametrize("shape", [(64, 64), (96, 32), (32, 96)])
def test_muon_makes_updates_orthogonal(shape):
    torch.manual_seed(3)

    values = torch.linalg.svdvals(train._orthogonalised(torch.randn(3, *shape)))

    # The coefficients bring most of them between 0.7 and 1.2; the very small ones of a square matrix stay behind.
    assert values.max() < 1.3
    assert (values > 0.6).float().mean() > 0.9


def test_muon_does_with_alike_matrices_together_what_it_does_with_each_alone():
    torch.manual_seed(4)
    shapes = [(32, 64), (64, 32), (32, 64), (32, 32), (32, 64)]
    together = [torch.nn.Parameter(torch.randn(shape)) for shape in shapes]
    alone = [torch.nn.Parameter(weight.detach().clone()) for weight in together]
    optimizers = [train.Muon(together, lr=0.02), *(train.Muon([weight], lr=0.02) for weight in alone)]
    for scale in (1.0, 100.0, 0.01):
        for one, other in zip(together, alone, strict=True):
            one.grad = torch.randn_like(one) * scale
            other.grad = one.grad.clone()
        for optimizer in optimizers:
            optimizer.step()

    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=0)


def test_muon_asks_for_the_same_few_operations_however_many_layers_there_are(monkeypatch):
    calls = []
    monkeypatch.setattr(train, "_orthogonalised", lambda matrices: calls.append(tuple(matrices.shape)) or matrices)
    weights = [torch.nn.Parameter(torch.randn(8, 4)) for _ in range(5)] + [torch.nn.Parameter(torch.randn(4, 4))]
    for weight in weights[1:]:
        weight.grad = torch.ones_like(weight)

    train.Muon(weights, lr=0.1).step()

    assert calls == [(4, 8, 4), (1, 4, 4)]
