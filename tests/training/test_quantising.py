"""From trained weights to files: what is written can be read back, and smaller variants say the same about themselves."""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.engine.models import embedded
from recoder_lsp.errors import RecoderError
from recoder_lsp.training import copying_trust, export, quantising, tokenizer
from recoder_lsp.training.evaluation.report import Report
from recoder_lsp.training.model import CodeModel, Shape

TEXT = "import os\n\n\ndef first(path):\n    return os.listdir(path)\n"


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A work folder with a checkpoint and a vocabulary, as training leaves them."""
    work = tmp_path_factory.mktemp("trained")
    vocabulary = tokenizer.train([TEXT * 20, "for name in names:\n    print(name)\n" * 20], 600)
    tokenizer.save(vocabulary, work / "vocabulary.json")
    torch.manual_seed(1)
    model = CodeModel(Shape(len(vocabulary), layers=2))
    for parameter in model.parameters():
        # Blocks start as the identity: those would survive anything.
        torch.nn.init.normal_(parameter, std=0.05)
    torch.save({"model": model.state_dict(), "shape": model.shape.as_dict()}, work / "checkpoint.pt")
    return work


def written(trained: Path, path: Path, **options) -> Path:
    vocabulary = tokenizer.load(trained / "vocabulary.json")
    export.write_model(trained / "checkpoint.pt", vocabulary, path, name="Made up", trust=(0.0, 0.25), **options)
    return path


def likelihood(path: Path) -> np.ndarray:
    model = LlamaModel.load(path, context_tokens=0, threads=1)
    result = model.log_probabilities([model.special.bos, *model.tokenize(TEXT)])
    model.close()
    return result


def test_what_was_trained_can_be_read_back_without_loss(trained, tmp_path):
    read = export.read_model(written(trained, tmp_path / "whole.gguf", kind="F32"))

    stored = torch.load(trained / "checkpoint.pt")
    assert read.shape.as_dict() == stored["shape"]
    assert read.vocabulary == tokenizer.load(trained / "vocabulary.json")
    assert read.weights.keys() == stored["model"].keys()
    assert all(np.array_equal(read.weights[name], weight.numpy()) for name, weight in stored["model"].items())


def test_training_can_begin_with_what_a_smaller_file_keeps(trained, tmp_path):
    read = export.read_model(written(trained, tmp_path / "small.gguf", kind="Q8_0"))

    model = CodeModel(read.shape)
    model.load_state_dict({name: torch.from_numpy(weight) for name, weight in read.weights.items()})
    stored = torch.load(trained / "checkpoint.pt")["model"]
    assert all(abs(weight - stored[name]).max() < 0.002 for name, weight in model.state_dict().items())


def test_a_file_that_export_did_not_write_cannot_be_read_back(tmp_path):
    import gguf

    writer = gguf.GGUFWriter(tmp_path / "other.gguf", "llama")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()

    with pytest.raises(ValueError, match="does not say"):
        export.read_model(tmp_path / "other.gguf")


@pytest.mark.parametrize(
    ("kind", "embedding", "share", "near"),
    [("F16", "", 0.51, 0.01), ("Q8_0", "", 0.28, 0.05), ("Q6_K", "", 0.22, 0.2), ("Q5_K_M", "Q8_0", 0.23, 0.4), ("Q4_K_M", "", 0.18, 0.8)],
)
def test_smaller_variants_say_nearly_the_same(trained, tmp_path, kind, embedding, share, near):
    whole = written(trained, tmp_path / "whole.gguf", kind="F32")

    small = written(trained, tmp_path / "small.gguf", kind=kind, embedding=embedding)

    assert small.stat().st_size < share * whole.stat().st_size + 20_000
    assert abs(likelihood(small) - likelihood(whole)).max() < near
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


def test_metadata_tokens_and_scores_survive(tmp_path):
    quantising.quantise(embedded(), tmp_path / "small.gguf", "Q4_K_M")

    before, after = (LlamaModel.load(path, context_tokens=0, threads=1) for path in (embedded(), tmp_path / "small.gguf"))
    assert before.special == after.special
    assert before.end_tokens == after.end_tokens
    assert before.tokenize(TEXT) == after.tokenize(TEXT)
    assert {key: value for key, value in before.metadata.items() if key.startswith("recoder.")} == {
        key: value for key, value in after.metadata.items() if key.startswith("recoder.")
    }
    kept = quantising.metadata(tmp_path / "small.gguf")
    assert kept["tokenizer.ggml.scores"] == quantising.metadata(embedded())["tokenizer.ggml.scores"]


def test_metadata_that_did_not_survive_are_told(tmp_path, monkeypatch):
    def forgetful(source, target, kind, *, embedding):
        shutil.copy(source, target)

    told = iter([{"recoder.fim.layout": "suffix-first", "general.file_type": 0}, {"general.file_type": 7}])
    monkeypatch.setattr(quantising.llama, "quantise", forgetful)
    monkeypatch.setattr(quantising, "metadata", lambda path: next(told))

    with pytest.raises(ValueError, match=r"about recoder\.fim\.layout"):
        quantising.quantise(embedded(), tmp_path / "small.gguf", "Q8_0")


def test_a_damaged_file_is_not_quantised(tmp_path):
    (tmp_path / "damaged.gguf").write_bytes(embedded().read_bytes()[:100_000])

    with pytest.raises(RecoderError, match="cannot be written as Q8_0"):
        quantising.quantise(tmp_path / "damaged.gguf", tmp_path / "small.gguf", "Q8_0")


def test_one_command_writes_the_variants_and_measures_each(tmp_path, capsys):
    lines = tmp_path / "lines.jsonl"
    item = {"id": "a", "prefix": "import os\n", "suffix": "\n", "gold": "x", "path": "a.py", "language": "python", "languageId": "python"}
    lines.write_text(json.dumps(item | {"mode": "start", "cross_file": False, "dup_in_repo": 0}))
    parser = argparse.ArgumentParser()
    parser.add_argument("work", type=Path)
    quantising.add(parser.add_subparsers(required=True))
    options = [
        str(tmp_path),
        "quantise",
        str(embedded()),
        str(tmp_path / "variants"),
        "--variants",
        "Q6_K",
        "--masked",
        str(lines),
        "--files",
        "0",
    ]

    parsed = parser.parse_args(options)
    parsed.run(parsed)

    shown = capsys.readouterr().out
    assert "| Q6_K | 6,7" in shown
    assert "Q6_K after recoder-code" in shown
    assert Report.load(tmp_path / "variants" / "Q6_K.json").sets["masked"].rows
    assert (tmp_path / "variants" / "recoder-code-Q6_K.gguf").exists()


def test_longer_matches_weigh_more_where_text_repeats(tmp_path):
    class Repeating:
        """Two files in which everything comes twice."""

        starts = (0, 1, 2)

        def file(self, index):
            model = LlamaModel.load(embedded(), context_tokens=64, threads=1)
            lines = "".join(f"value_{index}_{number} = compute(value, other_{number * 7})\n" for number in range(40))
            return np.array(model.tokenize(lines + lines))

    trust = copying_trust.copying_trust(Repeating(), embedded())

    assert trust[0] == 0.0
    assert len(trust) == 9
    assert trust[-1] > 0.5
