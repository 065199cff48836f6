"""The whole making of a model in miniature: from source files to a GGUF file that the engine runs."""

import json
import math
from pathlib import Path

import pytest

from recoder_lsp.engine.copying import trust_of
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.training import __main__ as pipeline
from recoder_lsp.training import corpus, evaluate, tokenizer, train
from recoder_lsp.training.corpus import Document
from recoder_lsp.training.samples import RowMaker, Shards, tokenised
from recoder_lsp.training.tokenizer import BOS, CONTROL_TOKENS, END_OF_INSERTION, FIM_MIDDLE, FIM_PREFIX, FIM_SUFFIX

# The fixture trains a model, which takes its time on a busy machine.
pytestmark = pytest.mark.timeout(600)

ITEM = {
    "id": "one",
    "prefix": "import argparse\n\nparser = argp",
    "suffix": "\nparser.parse_args()\n",
    "path": "a.py",
    "languageId": "python",
}
TASK = {"task_id": "two", "prompt": "def add(a, b):\n    ", "suffix": "\n"}


@pytest.fixture(scope="module")
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
    with corpus.gzip.open(work / "corpus.jsonl.gz", "wt") as lines:
        for number, document in enumerate(documents[:160]):
            lines.write(json.dumps({**document.__dict__, "package": f"part{number % 20}"}) + "\n")


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


def test_training_goes_on_where_it_was(work):
    before = json.loads((work / "log.jsonl").read_text().splitlines()[-1]) if (work / "log.jsonl").exists() else {"tokens": 0}

    pipeline.main([str(work), "train", "--minutes", "0.07", "--layers", "1", "--rows", "2", "--no-compile"])

    import torch

    assert torch.load(work / "checkpoint.pt")["tokens"] > before["tokens"]


@pytest.mark.parametrize("text", ["\tif x:\n\t\treturn 1\n", "a = 'é'  # ▁ 漢\n", " " * 40 + "deep\n", "\n\n\n", "x  =  1\n \n"])
def test_pieces_of_a_text_are_tokenised_like_the_whole(model, text):
    whole = model.tokenize(text)

    assert tokenizer.LineCache(model.tokenize).tokens(text) == whole or "▁" in text
    assert b"".join(model.piece(token) for token in whole).decode() == text


def test_no_token_crosses_a_line_end(work):
    for token in tokenizer.load(work / "vocabulary.json"):
        assert "\n" not in token.text[1:]
        assert not token.text.startswith("\n") or not token.text.strip("\n\t" + tokenizer.SPACE)


def test_common_idioms_are_single_tokens_over_spaces(work):
    texts = {token.text for token in tokenizer.load(work / "vocabulary.json")}

    assert any(tokenizer.SPACE in text.strip(tokenizer.SPACE) for text in texts)


def rows_of(document_texts, *, n_rows=60, length=256):
    """Make rows of a few documents with one token a character, and write them with their control tokens."""
    pieces = [b""] * len(CONTROL_TOKENS) + [bytes([code]) for code in range(128)]

    def tokenize(text):
        return [len(CONTROL_TOKENS) + ord(character) for character in text]

    documents = [Document("pypi:p", f"p/file{number}.py", "python", text) for number, text in enumerate(document_texts)]
    maker = RowMaker(tokenised(documents, tokenize), pieces, tokenize, seed=3)
    rows = [maker.row(length) for _ in range(n_rows)]
    assert all(len(row) == length for row in rows)
    return ["".join(pieces[token].decode() or CONTROL_TOKENS[token] for token in row) for row in rows]


SOURCES = ["".join(f"def f{number}_{line}(x):\n    return x + {line}\n\n" for line in range(30)) for number in range(6)]


def test_suffix_first_samples_join_to_the_file():
    first, checked = SOURCES, 0
    for row in rows_of(first):
        for sample in row.split("<s>")[1:]:
            if "<|fim_suffix|>" in sample and "<|fim_middle|>" not in sample and sample.endswith("<|end_of_insertion|>"):
                suffix, prefix = sample.rpartition("<|fim_suffix|>")[2].removesuffix("<|end_of_insertion|>").split("<|fim_prefix|>")
                assert any(prefix + suffix in source for source in first)
                checked += 1
    assert checked > 10


def test_prefix_first_samples_join_to_the_file():
    checked = 0
    for row in rows_of(SOURCES, n_rows=150):
        for sample in row.split("<s>")[1:]:
            if "<|fim_middle|>" in sample and sample.endswith("<|end_of_insertion|>"):
                before, middle = sample.removesuffix("<|end_of_insertion|>").split("<|fim_middle|>")
                prefix, suffix = before.rpartition("<|fim_prefix|>")[2].split("<|fim_suffix|>")
                assert any(prefix + middle + suffix in source for source in SOURCES)
                checked += 1
    assert checked > 5


def test_samples_name_their_file_and_show_related_ones():
    rows = "".join(rows_of(SOURCES, length=1024))

    assert rows.count("<|file_sep|>") > rows.count("<s>") > 0
    assert "<|file_sep|>p/file0.py\n" in rows


def test_rows_are_the_same_for_the_same_seed():
    assert rows_of(SOURCES, n_rows=5) == rows_of(SOURCES, n_rows=5)


def test_shards_survive_the_disk(tmp_path, model):
    shards = tokenised([Document("pypi:p", "a.py", "python", "x = 1\n")], model.tokenize)

    shards.save(tmp_path / "shards.npz")

    assert Shards.load(tmp_path / "shards.npz").file(0).tolist() == model.tokenize("x = 1\n")


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


def test_predictions_are_written_for_both_kinds_of_items(work, tmp_path):
    items, output = tmp_path / "items.jsonl", tmp_path / "predictions.jsonl"
    items.write_text(json.dumps(ITEM) + "\n" + json.dumps(TASK) + "\n")

    pipeline.main([str(work), "predict", str(work / "model.gguf"), str(items), str(output)])

    masked, infilled = map(json.loads, output.read_text().splitlines())
    assert masked.keys() == {"id", "pred", "ms", "conf"}
    assert infilled.keys() == {"task_id", "completion", "ms", "conf"}
    assert 0 <= masked["conf"] <= 1


def test_bits_per_byte_are_told_by_language(work, capsys):
    pipeline.main([str(work), "bits", str(work / "model.gguf"), "--files", "1"])

    assert capsys.readouterr().out.startswith("python: ")


def test_typing_is_told_by_language(work, capsys):
    pipeline.main([str(work), "typing", str(work / "model.gguf"), "--files", "1"])

    assert "of the characters completed" in capsys.readouterr().out


def test_a_right_suggestion_saves_the_rest_of_its_line():
    model = Path(corpus.__file__).parents[1] / "models" / "recoder-code.gguf"
    repeated = "".join(f"result_{number} = compute_the_result(first, second)\n" for number in range(12))

    typed = evaluate.typed([Document("p", "a.py", "python", repeated)], model)

    assert 0 < typed.right <= typed.shown <= typed.keys
    assert 0 < typed.completed < typed.keys


def test_copying_is_trusted_more_the_longer_the_match(work):
    trust = trust_of(LlamaModel.load(work / "model.gguf", context_tokens=0, threads=1).metadata)

    assert trust[0] == 0
    assert 0 < trust[1] < max(trust[2:])


def test_bits_per_byte_are_below_those_of_guessing(work):
    measured = evaluate.bits_per_byte(["import os\nimport sys\n\ndef main():\n    return 0\n"], work / "model.gguf")

    assert 0 < measured < math.log2(2000)
