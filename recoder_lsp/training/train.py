"""Train the code model within a bound of time, resumably, on the CPU or one GPU.

Matrices of the network learn by Muon (momentum whose update is made orthogonal; Keller Jordan, 2024), the
embedding and the norms by Adam. The learning rate follows the share of the time that is spent: it stays
up for most of the run and falls to zero over the last part, so that stopping at the bound is the end of a
schedule and not a cut.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from recoder_lsp.training.model import CodeModel, Shape
from recoder_lsp.training.samples import RowMaker
from recoder_lsp.training.tokenizer import BOS

MUON_RATE, ADAM_RATE, EMBEDDING_RATE = 0.02, 3e-3, 4e-3
WARM_UP_SHARE, DECAY_SHARE = 0.01, 0.45
WEIGHT_DECAY = 0.02


@dataclass(frozen=True)
class Plan:
    """How one run is to go. `seconds` bounds the time spent in training steps, over all resumptions."""

    shape: Shape
    seconds: float
    row_tokens: int = 1024
    rows: int = 4
    checkpoint_seconds: float = 300.0
    threads: int = 2
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
        """Update every weight that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(weight)
                buffer = state["momentum"]
                buffer.lerp_(weight.grad, 1 - group["momentum"])
                update = _orthogonalised(weight.grad.lerp(buffer, group["momentum"]))
                scale = max(1.0, weight.shape[0] / weight.shape[1]) ** 0.5
                weight.mul_(1 - group["lr"] * WEIGHT_DECAY).add_(update, alpha=-group["lr"] * scale)


def _orthogonalised(matrix: Tensor) -> Tensor:
    """Bring the singular values of a matrix near one by five Newton-Schulz steps."""
    x = matrix.bfloat16()
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    update: Tensor = (x.T if tall else x).to(matrix.dtype)
    return update


def train(plan: Plan, rows: RowMaker, held_out: RowMaker, folder: Path) -> Path:
    """Train until the time is spent; return the checkpoint's path.

    Continues from `folder/checkpoint.pt` when it exists. Progress goes to `folder/log.jsonl`: seconds,
    tokens, loss in nats per token, and the loss on rows of packages that are never trained on.
    """
    torch.manual_seed(0)
    torch.set_num_threads(plan.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    model = CodeModel(plan.shape).to(device)
    optimizers = _optimizers(model)
    spent, n_tokens = 0.0, 0
    if checkpoint.exists():
        stored = torch.load(checkpoint, map_location=device)
        model.load_state_dict(stored["model"])
        for optimizer, state in zip(optimizers, stored["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        spent, n_tokens = stored["spent"], stored["tokens"]
        for _ in range(n_tokens // plan.row_tokens):
            rows.row(plan.row_tokens)
    loss_of = torch.compile(model.loss) if plan.compiled else model.loss
    probe = torch.tensor([held_out.row(plan.row_tokens) for _ in range(plan.rows)], device=device)
    saved = time.monotonic()
    smoothed = None
    while spent < plan.seconds:
        began = time.monotonic()
        _set_rates(optimizers, spent / plan.seconds)
        batch = torch.tensor([rows.row(plan.row_tokens) for _ in range(plan.rows)], device=device)
        with torch.autocast(device.type, torch.bfloat16):
            loss = loss_of(batch[:, :-1], _targets(batch))
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        n_tokens += batch.numel()
        spent += time.monotonic() - began
        smoothed = loss.item() if smoothed is None else 0.95 * smoothed + 0.05 * loss.item()
        step = n_tokens // batch.numel()
        if step % 20 == 0:
            entry = {"step": step, "seconds": round(spent, 1), "tokens": n_tokens, "loss": round(smoothed, 4)}
            if step % 200 == 0:
                with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
                    entry["held_out"] = round(model.loss(probe[:, :-1], _targets(probe)).item(), 4)
            with (folder / "log.jsonl").open("a") as log:
                log.write(json.dumps(entry) + "\n")
        if time.monotonic() - saved > plan.checkpoint_seconds or spent >= plan.seconds:
            _save(checkpoint, model, optimizers, spent, n_tokens)
            saved = time.monotonic()
    return checkpoint


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


def _save(path: Path, model: CodeModel, optimizers: list[torch.optim.Optimizer], spent: float, n_tokens: int) -> None:
    """Write a checkpoint so that a crash while writing loses nothing."""
    partial = path.with_suffix(".partial")
    states = [optimizer.state_dict() for optimizer in optimizers]
    torch.save(
        {"model": model.state_dict(), "shape": model.shape.as_dict(), "optimizers": states, "spent": spent, "tokens": n_tokens}, partial
    )
    os.replace(partial, path)
