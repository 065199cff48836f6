"""The language model in PyTorch: a LLaMA small enough to ship, in the exact form that llama.cpp runs.

Rotary embedding pairs neighbouring dimensions and the output matrix is the embedding, so that export is
a renaming of tensors.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

ROPE_BASE = 10_000.0
NORM_EPSILON = 1e-5
# How many tokens' scores are held at a time.
LOSS_SLICE, CUDA_LOSS_SLICE = 1024, 16_384

ATTENTION_BLOCK = 256


@dataclass(frozen=True)
class Shape:
    """Sizes of the network. `width` and `hidden` are multiples of 256, which the K-quants need."""

    vocabulary: int
    width: int = 256
    layers: int = 6
    heads: int = 4
    kv_heads: int = 2
    hidden: int = 768
    context: int = 1024

    @property
    def head_width(self) -> int:
        """Dimensions of one attention head."""
        return self.width // self.heads

    @property
    def n_weights(self) -> int:
        """Weights in matrices; the norms' are left out."""
        attention = self.width * (2 * self.width + 2 * self.kv_heads * self.head_width)
        return self.vocabulary * self.width + self.layers * (attention + 3 * self.width * self.hidden)

    @property
    def flop_per_token(self) -> int:
        """Training cost of a token: six operations a weight, and attention over half of the context."""
        return 6 * self.n_weights + 6 * self.layers * self.width * self.context

    def as_dict(self) -> dict[str, int]:
        """Return the sizes by name, for checkpoints and cards."""
        return asdict(self)


class Block(nn.Module):
    """One layer: attention and a gated feed-forward, each behind a norm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        kv_width = shape.kv_heads * shape.head_width
        self.shape = shape
        self.attn_norm = nn.RMSNorm(shape.width, eps=NORM_EPSILON)
        self.attn_q = nn.Linear(shape.width, shape.width, bias=False)
        self.attn_k = nn.Linear(shape.width, kv_width, bias=False)
        self.attn_v = nn.Linear(shape.width, kv_width, bias=False)
        self.attn_output = nn.Linear(shape.width, shape.width, bias=False)
        self.ffn_norm = nn.RMSNorm(shape.width, eps=NORM_EPSILON)
        self.ffn_gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Map (batch, time, width) to the same shape; attention is causal."""
        batch, time, _ = x.shape
        shape, y = self.shape, self.attn_norm(x)
        q = _rotated(self.attn_q(y).view(batch, time, shape.heads, shape.head_width), cos, sin).transpose(1, 2)
        k = _rotated(self.attn_k(y).view(batch, time, shape.kv_heads, shape.head_width), cos, sin).transpose(1, 2)
        v = self.attn_v(y).view(batch, time, shape.kv_heads, shape.head_width).transpose(1, 2)
        attended = _attended(q, k, v)
        x = x + self.attn_output(attended.transpose(1, 2).reshape(batch, time, shape.width))
        y = self.ffn_norm(x)
        result: Tensor = x + self.ffn_down(functional.silu(self.ffn_gate(y)) * self.ffn_up(y))
        return result


class CodeModel(nn.Module):
    """The whole network; parameter names follow the GGUF tensor names."""

    cos: Tensor
    sin: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = nn.RMSNorm(shape.width, eps=NORM_EPSILON)
        angles = torch.outer(torch.arange(shape.context), ROPE_BASE ** (-torch.arange(0, shape.head_width, 2) / shape.head_width))
        self.register_buffer("cos", angles.cos()[None, :, None, :], persistent=False)
        self.register_buffer("sin", angles.sin()[None, :, None, :], persistent=False)
        for name, parameter in self.named_parameters():
            if name.endswith(("attn_output.weight", "ffn_down.weight")):
                nn.init.zeros_(parameter)  # every block starts as the identity
            elif parameter.ndim == 2:
                nn.init.normal_(parameter, std=0.02 if "token_embd" in name else parameter.shape[1] ** -0.5)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map token ids (batch, time) to the normed state (batch, time, width); `logits` finishes it."""
        time = tokens.shape[1]
        x = self.token_embd(tokens)
        cos, sin = self.cos[:, :time].to(x.dtype), self.sin[:, :time].to(x.dtype)
        for block in self.blk:
            x = block(x, cos, sin)
        normed: Tensor = self.output_norm(x)
        return normed

    def logits(self, state: Tensor) -> Tensor:
        """Score every token of the vocabulary: (..., width) to (..., vocabulary)."""
        return functional.linear(state, self.token_embd.weight)

    def loss(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy in nats over the targets that are not negative.

        Scores are made and used in slices. Where nothing is learnt from it, only one slice is held at a time; training
        keeps them all until it has gone back through them: some 10 bytes for each token and entry of the vocabulary.
        """
        state, wanted = self(tokens).flatten(0, 1), targets.flatten()
        total = torch.zeros((), device=state.device)
        n_at_once = CUDA_LOSS_SLICE if state.is_cuda else LOSS_SLICE
        for part, goal in zip(torch.split(state, n_at_once), torch.split(wanted, n_at_once), strict=True):
            total = total + functional.cross_entropy(self.logits(part).float(), goal, ignore_index=-1, reduction="sum")
        return total / (wanted >= 0).sum()


def _attended(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attend causally; (batch, heads, time, head_width), fewer heads in `k` and `v` shared by neighbours.

    On the CPU, in blocks of queries that see the keys up to their own end: half of the time of PyTorch's own kernel at 512
    tokens, four fifths at 1,024 (forward and backward, bf16, two cores).
    """
    if q.is_cuda:
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    shared = q.shape[1] // k.shape[1]
    k, v, time = k.repeat_interleave(shared, 1), v.repeat_interleave(shared, 1), q.shape[2]
    later = torch.full((time, time), float("-inf"), dtype=q.dtype, device=q.device).triu(1)
    blocks = []
    for start in range(0, time, ATTENTION_BLOCK):
        end = min(start + ATTENTION_BLOCK, time)
        scores = q[:, :, start:end] @ k[:, :, :end].transpose(-1, -2) * q.shape[-1] ** -0.5 + later[start:end, :end]
        blocks.append(torch.softmax(scores, -1) @ v[:, :, :end])
    return torch.cat(blocks, 2)


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Apply the rotary embedding to (batch, time, heads, head_width), neighbouring dimensions paired.

    Worked out in the precision of `cos`, returned in that of `x`: attention is not to carry more bytes than it uses.
    """
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2).to(x.dtype)
