"""Learns the embedder's vocabulary: identifiers split at humps, underscores and digits, in lower case."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Sequence

from recoder_lsp.training.embedding_examples import Example

VOCABULARY_SIZE = 23_794
"""As many rows of 256 as 6.2 MB hold."""
MAX_WORD_CHARACTERS = 40
"""A longer run of letters is a hash or data."""
MAX_EXAMPLES = 250_000
_WORD = re.compile(r"[A-Za-z0-9]+")
_UNKNOWN = "[UNK]"
# What is not ASCII goes first: some of it turns into ASCII when lower-cased.
_NOT_ASCII = r"[^\x00-\x7F]+"
_HUMP = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"
_PART = r"[a-z]+|[0-9]+"


def train(examples: Sequence[Example], size: int = VOCABULARY_SIZE) -> str:
    """Return a tokenizer.json whose tokens are the words, and parts of words, that most examples have.

    The vocabulary is that of byte-pair encoding, trained on how many examples have a word; a word is cut into the
    longest tokens from its left (WordPiece without a prefix), so that no merges need to be shipped and "filename" has
    the tokens of "file name" wherever it is not a token itself.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

    normalizer = normalizers.Sequence(
        [normalizers.Replace(Regex(_NOT_ASCII), " "), normalizers.Replace(Regex(_HUMP), " "), normalizers.Lowercase()]
    )
    pre_tokenizer = pre_tokenizers.Split(Regex(_PART), "removed", invert=True)
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    alphabet = list("abcdefghijklmnopqrstuvwxyz0123456789")
    trainer = trainers.BpeTrainer(
        vocab_size=size - 1, initial_alphabet=alphabet, limit_alphabet=len(alphabet), min_frequency=8, show_progress=False
    )
    frequencies = _document_frequencies(examples, normalizer, pre_tokenizer)
    # The trainer takes texts, not counts: a word is said as often as it counts, on one line, up to a bound.
    learner.train_from_iterator((" ".join([word] * count) for word, count in frequencies.items()), trainer)
    ranked = [token for token, _ in sorted(learner.get_vocab().items(), key=lambda entry: entry[1])]
    vocabulary = {token: number for number, token in enumerate([_UNKNOWN, *ranked])}
    tokenizer = Tokenizer(
        models.WordPiece(vocabulary, unk_token=_UNKNOWN, continuing_subword_prefix="", max_input_chars_per_word=MAX_WORD_CHARACTERS)
    )
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizer
    return json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=True, separators=(",", ":"))


def _document_frequencies(examples: Sequence[Example], normalizer: object, pre_tokenizer: object) -> Counter[str]:
    """Count in how many of the examples, drawn by chance up to MAX_EXAMPLES, each part of an identifier stands."""
    whole: Counter[str] = Counter()
    for example in random.Random(5).sample(examples, min(MAX_EXAMPLES, len(examples))):
        whole.update(set(_WORD.findall(f"{example.documentation}\n{example.body}")))
    parts: Counter[str] = Counter()
    for word, count in whole.items():
        for part, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(word)):  # type: ignore[attr-defined]
            if len(part) <= MAX_WORD_CHARACTERS:
                parts[part] += count
    return Counter({word: count for word, count in parts.items() if count >= 8})
