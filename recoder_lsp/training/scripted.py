"""Makes a GGUF file that llama.cpp runs like any instruct model, and whose answers are texts given beforehand: for tests.

Nothing looks back in it: attention and feed-forward add nothing, so that what comes next depends on the last token alone. Each
token of an answer leads to the next, and what the chat template ends with leads to the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

WIDTH, HEADS, HIDDEN = 256, 4, 32
CERTAINTY = 30.0
"""How far the logit of what comes next is above all others."""
SPACE = " "
"""A token of its own, without which SentencePiece could not read one."""
CONTROL = ("<|system|>", "<|user|>", "<|end|>")


def write_scripted(
    path: Path,
    reply: str | Sequence[str],
    *,
    name: str = "Scripted test model",
    endless: bool = False,
    context_tokens: int = 8192,
    template: str | None = None,
) -> Path:
    """Write the model; it reads a byte as one token, and an answer, mostly, as a token for each word.

    Args:
        path: The GGUF file.
        reply: What it answers; of several, the first to the first question of a conversation, and so on, then always the last.
        name: What `general.name` says.
        endless: After the end of an answer it begins it anew.
        context_tokens: What it pretends to be trained for.
        template: A chat template in place of its own; "" for none. One that ends with a line break leads to the first answer.

    Returns:
        The path.
    """
    replies = (reply,) if isinstance(reply, str) else tuple(reply)
    answers = _cut_all(replies)
    starts = [f"<|assistant_{place}|>" for place in range(len(replies))]
    control = ["<s>", "</s>", *CONTROL, *starts]
    words = sorted({SPACE, *(piece for answer in answers.values() for piece in answer if isinstance(piece, str))})
    tokens = ["<unk>", *control, *(_spelled(byte) for byte in range(256)), *(_spelled(word) for word in words)]
    kinds = [gguf.TokenType.UNKNOWN, *[gguf.TokenType.CONTROL] * len(control)]
    kinds += [gguf.TokenType.BYTE] * 256 + [gguf.TokenType.NORMAL] * len(words)
    ids = {token: place for place, token in enumerate(tokens)}
    following: dict[int, int] = {}
    for start, text in zip(starts, replies, strict=True):
        answer = [ids[_spelled(piece)] for piece in answers[text]]
        following.update(zip([ids[start], *answer], [*answer, answer[0] if endless else ids["<|end|>"]], strict=True))
    following[ids[_spelled(ord("\n"))]] = following[ids[starts[0]]]

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_context_length(context_tokens)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([int(kind) for kind in kinds])
    for role, token in (("unk", "<unk>"), ("bos", "<s>"), ("eos", "</s>"), ("eot", "<|end|>")):
        getattr(writer, f"add_{role}_token_id")(ids[token])
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    if template != "":
        writer.add_chat_template(_template(len(replies) - 1) if template is None else template)
    for key, weights in _weights(len(tokens), following).items():
        writer.add_tensor(key, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _template(last: int) -> str:
    """Each answer begins with a token of its own, which says the how many-th it is."""
    return _TEMPLATE.replace("LAST", str(last))


_TEMPLATE = (
    "{%- set said = namespace(n=0) -%}"
    "{%- for message in messages -%}"
    "{%- if message.role == 'assistant' -%}"
    "<|assistant_{{ [said.n, LAST] | min }}|>{%- set said.n = said.n + 1 -%}"
    "{%- else -%}<|{{ message.role }}|>{%- endif -%}"
    "{{- message.content -}}<|end|>"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}<|assistant_{{ [said.n, LAST] | min }}|>{%- endif -%}"
)

_Piece = str | int
"""What a token stands for: a text, or a single byte."""


@dataclass(frozen=True)
class _Unit:
    """A part of an answer, which is one token, or a character in bytes."""

    text: str
    pieces: tuple[_Piece, ...]


def _cut_all(replies: Sequence[str]) -> Mapping[str, list[_Piece]]:
    """Cut each answer into pieces, none of which occurs twice: what comes after a token has to be certain."""
    taken: set[_Piece] = {SPACE}
    # The shortest first: none of the pieces taken before is then all of a longer one.
    return {reply: [piece for unit in _cut(reply, taken) for piece in unit.pieces] for reply in sorted(set(replies), key=len)}


def _cut(reply: str, taken: set[_Piece]) -> list[_Unit]:
    if not reply.strip(SPACE):
        raise ValueError("an answer has to say something")
    units: list[_Unit] = []
    pending = ""
    for word in _WORD.findall(reply):
        pending += word
        in_bytes = tuple(pending.encode())
        # As real models do with rare characters: each of these tokens is only part of one.
        is_split = len(pending) == 1 and len(in_bytes) == len(set(in_bytes)) > 1 and taken.isdisjoint(in_bytes)
        if is_split or pending not in taken:
            units.append(_Unit(pending, in_bytes if is_split else (pending,)))
            taken.update(units[-1].pieces)
            pending = ""
    while pending:
        # What is left at the end was said before: it joins what stands in front of it.
        before = units.pop()
        taken.difference_update(before.pieces)
        pending = before.text + pending
        if pending not in taken:
            units.append(_Unit(pending, (pending,)))
            taken.add(pending)
            pending = ""
    return units


def _spelled(piece: _Piece) -> str:
    return f"<0x{piece:02X}>" if isinstance(piece, int) else piece.replace(" ", "▁")


def _weights(vocabulary: int, following: Mapping[int, int]) -> Mapping[str, npt.NDArray[np.float32]]:
    """Each token has a direction of its own; the output of what follows it points the same way."""
    directions = np.random.default_rng(7).choice(np.array([-1.0, 1.0], np.float32), (vocabulary, WIDTH))
    output = np.zeros((vocabulary, WIDTH), np.float32)
    for token, after in following.items():
        output[after] += directions[token] * (2 * CERTAINTY / WIDTH)
    return {"token_embd.weight": directions, "output.weight": output, "output_norm.weight": np.ones(WIDTH, np.float32), **dict(_block())}


def _block() -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """The one layer, which adds nothing."""
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        yield f"blk.0.{name}.weight", np.zeros((WIDTH, WIDTH), np.float32)
    for name in ("attn_norm", "ffn_norm"):
        yield f"blk.0.{name}.weight", np.ones(WIDTH, np.float32)
    for name in ("ffn_gate", "ffn_up"):
        yield f"blk.0.{name}.weight", np.zeros((HIDDEN, WIDTH), np.float32)
    yield "blk.0.ffn_down.weight", np.zeros((WIDTH, HIDDEN), np.float32)


_WORD = re.compile(r"[^\x00-\x7f]|[!-~]+[ \t\r\n]*|[\x00-\x20\x7f]+")
