"""Training samples of small packages, read back to text."""

import re
from dataclasses import dataclass

from recoder_lsp.training import tokenizer as t
from recoder_lsp.training.corpus import Document
from recoder_lsp.training.samples import RowMaker
from recoder_lsp.training.sharding import tokenised

_RUNS = [line_end + mark * n for line_end in ("\n", "") for mark in " \t" for n in range(1 if line_end else 2, 17)]
# A token a character, but a line end with its indentation is one token: that much samples rely on.
PIECES = [b""] * len(t.CONTROL_TOKENS) + [bytes([code]) for code in range(128)] + [start.encode() for start in _RUNS]
_TOKEN = re.compile(r"\n(?: {1,16}|\t{1,16})?| {1,16}|\t{1,16}|[^\n]")
_IDS = {piece.decode(): token for token, piece in enumerate(PIECES) if piece and piece[0] < 128}


def tokenize(text):
    return [_IDS[run] for run in _TOKEN.findall(text)]


def text_of(tokens):
    return b"".join(PIECES[token] for token in tokens).decode()


@dataclass
class Sample:
    """One sample; `left` is prefix and insertion, which only the prefix-first layout tells apart."""

    context: list[tuple[str, str]]
    path: str
    left: str
    suffix: str | None
    insertion: str | None
    n_tokens: int
    n_context_tokens: int

    @property
    def last_line(self):
        return self.left.rpartition("\n")[2]


def document(path, text, language="python", package="p"):
    return Document(package, path, language, text)


def maker_of(documents, seed=3, **options):
    return RowMaker(tokenised(documents, tokenize, **options), PIECES, tokenize, seed)


def samples_of(documents, *, n_rows=80, length=1024, seed=3):
    """The samples of so many rows, each row being of the right length."""
    maker = maker_of(documents, seed)
    rows = [maker.row(index, length) for index in range(n_rows)]
    assert all(len(row) == length for row in rows)
    return [sample for row in rows for sample in samples_in(row)]


def infilled(documents, **options):
    """Only the samples that have something to fill in."""
    return [sample for sample in samples_of(documents, **options) if sample.suffix is not None]


def samples_in(row):
    assert row[0] == t.BOS
    return [_sample(tokens) for tokens in _split(row, t.BOS) if tokens]


def _sample(tokens):
    head = [at for at, token in enumerate(tokens) if token == t.FIM_SEPARATOR]
    *context, (path, text) = [text_of(part).split("\n", 1) for part in _split(tokens, t.FIM_SEPARATOR) if part]
    assert all(text.endswith("\n") for _, text in context)
    own = tokens[head[-1] :]
    left, suffix, insertion = text, None, None
    if t.FIM_SUFFIX in own:
        assert own[-1] == t.END_OF_INSERTION
        assert own.count(t.END_OF_INSERTION) == 1
        before, after = (
            text_of(part) for part in _split(own[own.index(next(filter(_is_fim, own))) : -1], *_ORDERS[t.FIM_MIDDLE in own])[1:3]
        )
        if t.FIM_MIDDLE in own:
            insertion = text_of(own[own.index(t.FIM_MIDDLE) + 1 : -1])
            left, suffix = before + insertion, after
        else:
            left, suffix = after, before
    return Sample([(path, text[:-1]) for path, text in context], path, left, suffix, insertion, len(tokens) + 1, head[-1])


_ORDERS = {False: (t.FIM_SUFFIX, t.FIM_PREFIX), True: (t.FIM_PREFIX, t.FIM_SUFFIX, t.FIM_MIDDLE)}


def _is_fim(token):
    return token in (t.FIM_PREFIX, t.FIM_SUFFIX, t.FIM_MIDDLE)


def _split(tokens, *marks):
    parts = [[]]
    for token in tokens:
        if token in marks:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
