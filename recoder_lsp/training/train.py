"""Train the code model within a bound of time, resumably, on the CPU or one GPU.

Matrices of the network learn by Muon (momentum whose update is made orthogonal; Keller Jordan, 2024), the
embedding and the norms by Adam. The learning rate follows the share of the time that is spent: it stays
up for most of the run and falls to zero over the last part, so that stopping at the bound is the end of a
schedule and not a cut.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from recoder_lsp.training.model import CodeModel, Shape
from recoder_lsp.training.samples import RowMaker
from recoder_lsp.training.tokenizer import BOS

MUON_RATE, ADAM_RATE, EMBEDDING_RATE = 0.02, 3e-3, 4e-3
WARM_UP_SHARE, DECAY_SHARE = 0.01, 0.45
WEIGHT_DECAY = 0.02
LOGGED_EVERY = 20
PROBE_ROWS = 16


@dataclass(frozen=True)
class Plan:
    """How one run is to go. `seconds` bounds the time spent in training steps, over all resumptions."""

    shape: Shape
    seconds: float
    row_tokens: int = 1024
    rows: int = 4
    """Rows of `row_tokens` in a batch; twice as many while rows are short."""
    short_share: float = 0.0
    """For this share of the time, rows are half as long: attention costs half as much."""
    checkpoint_seconds: float = 300.0
    slice_seconds: float = float("inf")
    """When one call to `train` saves and returns, finished or not; counted from its beginning, all that it does included."""
    threads: int = 2
    workers: int = 0
    """Processes that make rows; none makes them between the steps."""
    compiled: bool = True


class Muon(torch.optim.Optimizer):
    """Momentum with an orthogonalised update, for two-dimensional weights.

    Source: Keller Jordan et al., https://kellerjordan.github.io/posts/muon/ (coefficients of the
    Newton-Schulz iteration are theirs).
    """

    def __init__(self, parameters: Any, lr: float, momentum: float = 0.95) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Update every weight that has a gradient; those of one shape together, which a GPU wants."""
        for group in self.param_groups:
            alike: dict[torch.Size, list[Tensor]] = {}
            for weight in group["params"]:
                if weight.grad is not None:
                    alike.setdefault(weight.shape, []).append(weight)
            for shape, weights in alike.items():
                gradients = [weight.grad for weight in weights if weight.grad is not None]
                for weight in weights:
                    if "momentum" not in self.state[weight]:
                        self.state[weight]["momentum"] = torch.zeros_like(weight)
                buffers = [self.state[weight]["momentum"] for weight in weights]
                torch._foreach_lerp_(buffers, gradients, 1 - group["momentum"])
                updates = _orthogonalised(torch.stack(torch._foreach_lerp(gradients, buffers, group["momentum"])))
                scale = max(1.0, shape[0] / shape[1]) ** 0.5
                torch._foreach_mul_(weights, 1 - group["lr"] * WEIGHT_DECAY)
                torch._foreach_add_(weights, list(updates.unbind()), alpha=-group["lr"] * scale)


def _orthogonalised(matrices: Tensor) -> Tensor:
    """Bring the singular values of each matrix, (matrices, rows, columns), near one by five Newton-Schulz steps."""
    x = matrices.bfloat16()
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        a = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(a, a, a, beta=-4.7750, alpha=2.0315), x, beta=3.4445)
    update: Tensor = (x.mT if tall else x).to(matrices.dtype)
    return update


def train(plan: Plan, rows: RowMaker, held_out: RowMaker, folder: Path, weights: dict[str, Tensor] | None = None) -> Path:
    """Train until the time is spent, the slice is over or SIGTERM comes; save, and return the checkpoint's path.

    Continues from `folder/checkpoint.pt` when it exists. Each call takes one step at least, if time is left. Progress goes
    to `folder/log.jsonl`: seconds, tokens, loss in nats per token, and the loss on rows of packages that are never trained on.

    Args:
        plan: Sizes and times.
        rows: What is learnt from.
        held_out: What the held-out loss is measured on.
        folder: For the checkpoint and the log.
        weights: What a new run starts with; None starts from nothing.

    Raises:
        ValueError: The checkpoint is of a model of other sizes, or cannot be gone on with, or `weights` are given beside it.
    """
    began_call = time.monotonic()
    torch.manual_seed(0)
    torch.set_num_threads(plan.threads)
    torch.set_float32_matmul_precision("high")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    model = CodeModel(plan.shape).to(device)
    optimizers = _optimizers(model)
    at = Progress()
    if checkpoint.exists():
        stored = _read(checkpoint, plan, weights, device)
        model.load_state_dict(stored["model"])
        for optimizer, state in zip(optimizers, stored["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        at = Progress(**{name: stored[name] for name in asdict(at)})
        if at.spent >= plan.seconds:
            print(f"{checkpoint} is finished: {at.spent:,.0f} of {plan.seconds:,.0f} s are spent. Remove it to begin again.", flush=True)
            return checkpoint
        print(f"Goes on with {checkpoint} at {at.spent:,.0f} of {plan.seconds:,.0f} s.", flush=True)
    elif weights is not None:
        model.load_state_dict(weights)
    loss_of = torch.compile(model.loss) if plan.compiled else model.loss
    probe = torch.stack([_tensor(held_out.row(index, plan.row_tokens)) for index in range(PROBE_ROWS)])
    saved = time.monotonic()
    recent: list[Tensor] = []
    ends = False
    with _told_to_end() as told_to_end:
        batches, is_short = _batches(plan, rows, at), at.is_short(plan)
        while at.spent < plan.seconds and not ends:
            began = time.monotonic()
            if at.is_short(plan) != is_short:
                batches, is_short = _batches(plan, rows, at), at.is_short(plan)
            _set_rates(optimizers, at.spent / plan.seconds)
            batch = next(batches).to(device, non_blocking=True).long()
            with torch.autocast(device.type, torch.bfloat16):
                loss = loss_of(batch[:, :-1], _targets(batch))
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            recent.append(loss.detach())
            at.steps, at.tokens = at.steps + 1, at.tokens + batch.numel()
            if at.steps % LOGGED_EVERY == 0:
                # Asking for a number waits for the GPU: not at every step.
                at.spent += time.monotonic() - began
                began = time.monotonic()
                entry = {
                    "step": at.steps,
                    "seconds": round(at.spent, 1),
                    "tokens": at.tokens,
                    "loss": round(torch.stack(recent).mean().item(), 4),
                }
                recent = []
                if at.steps % (10 * LOGGED_EVERY) == 0:
                    entry["held_out"] = round(_held_out_loss(model, probe, plan.rows, device), 4)
                with (folder / "log.jsonl").open("a") as log:
                    log.write(json.dumps(entry) + "\n")
            at.spent += time.monotonic() - began
            ends = told_to_end.is_set() or time.monotonic() - began_call >= plan.slice_seconds
            if ends or time.monotonic() - saved > plan.checkpoint_seconds or at.spent >= plan.seconds:
                _save(checkpoint, model, optimizers, at)
                saved = time.monotonic()
    if at.spent < plan.seconds:
        print(f"Stopped and saved at {at.spent:,.0f} of {plan.seconds:,.0f} s. The same command goes on from there.", flush=True)
    return checkpoint


@dataclass
class Progress:
    """How far a run has come."""

    spent: float = 0.0
    tokens: int = 0
    steps: int = 0

    def is_short(self, plan: Plan) -> bool:
        """Whether rows are short at this time of the run."""
        return self.spent < plan.short_share * plan.seconds


@contextmanager
def _told_to_end() -> Iterator[threading.Event]:
    """Meanwhile SIGTERM sets an event, and ends nothing. Signals belong to the main thread: in another, nothing is changed."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return
    before = signal.signal(signal.SIGTERM, lambda *_: event.set())
    try:
        yield event
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave_ending_to_the_trainer(worker: int) -> None:
    # SIGTERM often goes to all processes of a group; without its workers, the trainer could not finish its step.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


class _Rows(Dataset[Tensor]):
    def __init__(self, maker: RowMaker, length: int) -> None:
        self._maker, self._length = maker, length

    def __getitem__(self, index: int) -> Tensor:
        return _tensor(self._maker.row(index, self._length))


def _batches(plan: Plan, rows: RowMaker, at: Progress) -> Iterator[Tensor]:
    """Yield batches of rows without end, those that come after what was learnt already."""
    length, n_rows = (plan.row_tokens // 2, plan.rows * 2) if at.is_short(plan) else (plan.row_tokens, plan.rows)
    loader = DataLoader(
        _Rows(rows, length),
        batch_size=n_rows,
        # Rows are numbered by their length: after as many tokens of short ones, the long ones are half as far.
        sampler=itertools.count(at.tokens // length),
        num_workers=plan.workers,
        pin_memory=torch.cuda.is_available(),
        prefetch_factor=4 if plan.workers else None,
        worker_init_fn=_leave_ending_to_the_trainer if plan.workers else None,
    )
    return iter(loader)


def _tensor(row: Any) -> Tensor:
    # As small as what takes any vocabulary: containers give processes little memory to share.
    return torch.as_tensor(row, dtype=torch.int32)


@torch.no_grad()
def _held_out_loss(model: CodeModel, probe: Tensor, n_rows: int, device: torch.device) -> float:
    losses = []
    for part in torch.split(probe, n_rows):
        rows = part.to(device).long()
        with torch.autocast(device.type, torch.bfloat16):
            losses.append(model.loss(rows[:, :-1], _targets(rows)).item())
    return sum(losses) / len(losses)


def _targets(batch: Tensor) -> Tensor:
    """Shift a batch by one; the first token of a sample is not predicted from the sample before it."""
    targets = batch[:, 1:].clone()
    targets[targets == BOS] = -1
    return targets


def _optimizers(model: CodeModel) -> list[torch.optim.Optimizer]:
    matrices = [parameter for name, parameter in model.named_parameters() if parameter.ndim == 2 and "token_embd" not in name]
    norms = [parameter for parameter in model.parameters() if parameter.ndim == 1]
    adam = torch.optim.Adam(
        [{"params": [model.token_embd.weight], "lr": EMBEDDING_RATE}, {"params": norms, "lr": ADAM_RATE}],
        betas=(0.9, 0.95),
        eps=1e-10,
        fused=True,
    )
    optimizers: list[torch.optim.Optimizer] = [Muon(matrices, lr=MUON_RATE), adam]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return optimizers


def _set_rates(optimizers: list[torch.optim.Optimizer], share: float) -> None:
    warm = min(1.0, share / WARM_UP_SHARE + 0.05)
    decayed = min(1.0, (1.0 - share) / DECAY_SHARE)
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * min(warm, decayed)


def _read(checkpoint: Path, plan: Plan, weights: dict[str, Tensor] | None, device: torch.device) -> dict[str, Any]:
    """Load a checkpoint that this plan can go on with."""
    if weights is not None:
        raise ValueError(
            f"{checkpoint} is there to go on from, and weights to start from are given. Remove the one, or leave out the other."
        )
    stored: dict[str, Any] = torch.load(checkpoint, map_location=device)
    if "optimizers" not in stored:
        raise ValueError(f"{checkpoint} holds weights only, which `export` can read. To train here, remove it.")
    if stored["shape"] != plan.shape.as_dict():
        raise ValueError(f"{checkpoint} is of a model of other sizes, {stored['shape']}. Give these, or remove it.")
    return stored


def _save(path: Path, model: CodeModel, optimizers: list[torch.optim.Optimizer], at: Progress) -> None:
    """Write a checkpoint so that a crash while writing loses nothing."""
    partial = path.with_suffix(".partial")
    states = [optimizer.state_dict() for optimizer in optimizers]
    torch.save({"model": model.state_dict(), "shape": model.shape.as_dict(), "optimizers": states, **asdict(at)}, partial)
    os.replace(partial, path)


def write_weights(checkpoint: Path, output: Path) -> None:
    """Write what is left of a checkpoint when training is over: sizes and weights, the latter in two bytes each."""
    stored = torch.load(checkpoint, map_location="cpu")
    weights = {name: weight.to(torch.bfloat16) for name, weight in stored["model"].items()}
    torch.save({"model": weights, "shape": stored["shape"]}, output)
