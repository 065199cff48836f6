"""The whole making of a model in miniature: from source files to a GGUF file that the engine runs."""

import gzip
import json
import shutil

import pytest

from recoder_lsp.engine.copying import trust_of
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.training import __main__ as pipeline
from recoder_lsp.training import corpus, tokenizer, train
from recoder_lsp.training.shards import Shards
from recoder_lsp.training.tokenizer import BOS, END_OF_INSERTION, FIM_MIDDLE, FIM_PREFIX, FIM_SUFFIX

# The fixture trains a model, which takes its time on a busy machine.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def model(work) -> LlamaModel:
    return LlamaModel.load(work / "model.gguf", context_tokens=0, threads=1)


def test_the_engine_runs_the_result(model):
    for _ in model.evaluate([BOS, *model.tokenize("import os\n")]):
        pass

    assert model.name == "Miniature"
    assert model.logits.shape == (model.vocabulary_size,)
    assert (model.special.fim_prefix, model.special.fim_suffix, model.special.fim_middle) == (FIM_PREFIX, FIM_SUFFIX, FIM_MIDDLE)
    assert model.metadata["recoder.fim.layout"] == "suffix-first"
    assert END_OF_INSERTION in model.end_tokens


def test_the_engine_computes_what_was_trained(work, model):
    import torch

    from recoder_lsp.training.model import CodeModel, Shape

    stored = torch.load(work / "checkpoint.pt")
    trained = CodeModel(Shape(**stored["shape"]))
    trained.load_state_dict(stored["model"])
    tokens = [BOS, *model.tokenize("def add(a, b):\n    return a + b\n")]
    for _ in model.evaluate(tokens):
        pass

    expected = trained.logits(trained(torch.tensor([tokens]))[0, -1]).detach().numpy()

    # Eight-bit weights differ a little; the order of the likely tokens must not.
    assert abs(expected - model.logits).max() < 0.15
    assert expected.argmax() == model.logits.argmax()


def test_a_finished_run_is_not_trained_on(work, capsys):
    before = (work / "checkpoint.pt").read_bytes()

    pipeline.main([str(work), "train", "--minutes", "0.05", "--layers", "1", "--rows", "2", "--no-compile"])

    assert (work / "checkpoint.pt").read_bytes() == before
    assert "is finished" in capsys.readouterr().out


def test_a_run_is_cut_into_calls(work, tmp_path, capsys):
    import torch

    for name in ("vocabulary.json", "train.npz", "held_out.npz"):
        shutil.copy(work / name, tmp_path)
    call = [str(tmp_path), "train", "--minutes", "100", "--slice-minutes", "0", "--layers", "1", "--rows", "2", "--no-compile"]

    pipeline.main(call)
    after_one = torch.load(tmp_path / "checkpoint.pt")
    pipeline.main(call)
    after_two = torch.load(tmp_path / "checkpoint.pt")

    assert "Stopped and saved" in capsys.readouterr().out
    assert (after_one["steps"], after_two["steps"]) == (1, 2)


def test_where_nothing_is_held_out_it_is_said_at_once(work, tmp_path):
    shutil.copy(work / "vocabulary.json", tmp_path)
    with gzip.open(tmp_path / "corpus.jsonl.gz", "wt") as lines:
        lines.write(json.dumps({"package": "alone", "path": "a.py", "language": "python", "text": "a = 1\n" * 20}) + "\n")

    with pytest.raises(ValueError, match="take more packages"):
        pipeline.main([str(tmp_path), "shards"])


@pytest.mark.parametrize("text", ["\tif x:\n\t\treturn 1\n", "a = 'é'  # ▁ 漢\n", " " * 40 + "deep\n", "\n\n\n", "x  =  1\n \n"])
def test_pieces_of_a_text_are_tokenised_like_the_whole(model, text):
    whole = model.tokenize(text)

    assert tokenizer.LineCache(model.tokenize).tokens(text) == whole or "▁" in text
    assert b"".join(model.piece(token) for token in whole).decode() == text


def test_the_tokenizer_in_python_gives_what_llama_cpp_gives(work, model):
    in_python = tokenizer.InPython(tokenizer.load(work / "vocabulary.json"))
    texts = [document.text for document in corpus.read(work / "corpus.jsonl.gz")][:3]

    for line in {line for text in texts for line in tokenizer.pieces(text)} | {"", "é漢\x00\u200b", "  x   y ", "~" * 50}:
        assert in_python(line) == model.tokenize(line), line


def test_no_token_crosses_a_line_end(work):
    for token in tokenizer.load(work / "vocabulary.json"):
        assert "\n" not in token.text[1:]
        assert not token.text.startswith("\n") or not token.text.strip("\n\t" + tokenizer.SPACE)


def test_common_idioms_are_single_tokens_over_spaces(work):
    texts = {token.text for token in tokenizer.load(work / "vocabulary.json")}

    assert any(tokenizer.SPACE in text.strip(tokenizer.SPACE) for text in texts)


def test_the_held_out_packages_are_not_trained_on(work):
    held_out = set(json.loads((work / "held_out.json").read_text()))
    paths = {document.path for document in corpus.read(work / "corpus.jsonl.gz") if document.package in held_out}

    assert held_out
    assert not paths & set(Shards.load(work / "train.npz").paths)
    assert paths == set(Shards.load(work / "held_out.npz").paths)


def test_the_tokenizer_does_not_learn_from_the_held_out_packages(work, tmp_path, monkeypatch):
    (tmp_path / "corpus.jsonl.gz").write_bytes((work / "corpus.jsonl.gz").read_bytes())
    seen = []
    monkeypatch.setattr(tokenizer, "train", lambda texts, size: seen.extend(texts) or [])

    pipeline.main([str(tmp_path), "tokenizer"])

    held_out = set(json.loads((work / "held_out.json").read_text()))
    documents = list(corpus.read(work / "corpus.jsonl.gz"))
    hidden = {_distinct_lines(document.text) for document in documents if document.package in held_out}
    assert seen
    assert hidden
    assert not hidden & set(seen)


def _distinct_lines(text):
    return "\n".join(dict.fromkeys(text.split("\n")))


def test_the_number_of_threads_can_be_chosen(work, monkeypatch):
    plans = []
    monkeypatch.setattr(train, "train", lambda plan, *rest: plans.append(plan))

    pipeline.main([str(work), "train", "--threads", "3"])
    pipeline.main([str(work), "train"])

    assert [plan.threads for plan in plans] == [3, 2]


def test_copying_is_trusted_more_the_longer_the_match(work):
    trust = trust_of(LlamaModel.load(work / "model.gguf", context_tokens=0, threads=1).metadata)

    assert trust[0] == 0
    assert 0 < trust[1] < max(trust[2:])
