"""Shards of a corpus in which a file crashes the parser: a process of its own, and all work that it had, is gone then."""

import os

import numpy as np

from recoder_lsp.training import relations, sharding
from recoder_lsp.training.corpus import Document
from tests.training.sampled import tokenize

TEXT = "def total(prices):\n    return sum(prices)\n\n\nprint(total([]))\n"


def documents(package, n, path="at.py"):
    return [Document(f"pypi:{package}", f"{number}/{path}", "python", TEXT) for number in range(n)]


def crash_at(path, monkeypatch):
    def relations_or_crash(documents, parser):
        if any(document.path.endswith(path) for document in documents):
            os._exit(1)
        return relations.relations_of(documents, parser)

    monkeypatch.setattr(sharding, "relations_of", relations_or_crash)


def test_what_crashes_the_parser_is_learnt_without_relations_and_everything_else_with_them(monkeypatch):
    crash_at("hostile.py", monkeypatch)
    corpus = [*documents("first", 2), *documents("hostile", 2, "hostile.py"), *documents("last", 2)]

    shards = sharding.tokenised(corpus, tokenize, processes=2)

    whole = sharding.tokenised([document for document in corpus if "hostile" not in document.package], tokenize)
    n_definitions = np.diff(shards.relations.definition_starts)
    assert len(shards.tokens) == len(corpus) * len(tokenize(TEXT))
    assert [path for path, n in zip(shards.paths, n_definitions, strict=True) if n == 0] == ["0/hostile.py", "1/hostile.py"]
    assert n_definitions.sum() == np.diff(whole.relations.definition_starts).sum() > 0
