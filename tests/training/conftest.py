"""A work folder that all tests of training share: making it takes a while."""

import gzip
import json
from pathlib import Path

import pytest

from recoder_lsp.training import __main__ as pipeline
from recoder_lsp.training import corpus


@pytest.fixture(scope="session")
def work(tmp_path_factory) -> Path:
    """A work folder in which every step has run once, on a part of the standard library and for a few seconds."""
    work = tmp_path_factory.mktemp("training")
    sources = work / "sources.toml"
    sources.write_text("pypi = []\nnpm = []\n")
    excluded = work / "excluded.txt"
    excluded.write_text("")
    pipeline.main([str(work), "corpus", "--sources", str(sources), "--excluded", str(excluded)])
    _in_small_packages(work)
    pipeline.main([str(work), "tokenizer", "--size", "2000"])
    pipeline.main([str(work), "shards"])
    pipeline.main([str(work), "train", "--minutes", "0.05", "--layers", "1", "--rows", "2", "--no-compile"])
    pipeline.main([str(work), "export", str(work / "model.gguf"), "--name", "Miniature"])
    return work


def _in_small_packages(work: Path) -> None:
    """Divide the one package into many, so that some can be held out and siblings found."""
    documents = list(corpus.read(work / "corpus.jsonl.gz"))
    with gzip.open(work / "corpus.jsonl.gz", "wt") as lines:
        for number, document in enumerate(documents[:160]):
            lines.write(json.dumps({**document.__dict__, "package": f"stdlib:part-{chr(97 + number % 20)}"}) + "\n")
