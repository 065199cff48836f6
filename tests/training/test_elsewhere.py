"""Training on another machine, which has Python, NumPy and PyTorch and nothing else of what Recoder needs."""

import json
import shutil
import subprocess
import sys

import pytest
import torch

from recoder_lsp.training import __main__ as pipeline

pytestmark = pytest.mark.timeout(600)

TRAIN_WITH_NOTHING_ELSE = """
import sys
from importlib.abc import MetaPathFinder

class OutOfReach(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in {missing}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, OutOfReach())
from recoder_lsp.training.__main__ import main
main([sys.argv[1], "unpack", sys.argv[2]])
main([sys.argv[1], "train", "--minutes", "0.03", "--width", "32", "--layers", "1", "--heads", "2", "--kv-heads", "1", "--hidden", "64",
      "--rows", "2", "--workers", "1", "--no-compile"])
main([sys.argv[1], "pack-weights", sys.argv[3]])
"""
MISSING = {
    *("llama_cpp", "gguf", "tokenizers", "tree_sitter", "chromadb", "sentence_transformers", "transformers", "safetensors"),
    *("pygls", "lsprotocol", "rich", "pathspec", "watchfiles", "charset_normalizer", "rensa"),
}


def test_a_model_is_trained_there_and_finished_here(work, tmp_path):
    there, back = tmp_path / "there", tmp_path / "back"
    pipeline.main([str(work), "pack", str(tmp_path / "parts")])

    script = TRAIN_WITH_NOTHING_ELSE.format(missing=sorted(MISSING))
    subprocess.run([sys.executable, "-c", script, str(there), str(tmp_path / "parts"), str(tmp_path / "weights")], check=True)
    back.mkdir()
    for name in ("vocabulary.json", "held_out.npz"):
        shutil.copy(work / name, back)
    pipeline.main([str(back), "unpack-weights", str(tmp_path / "weights")])
    pipeline.main([str(back), "export", str(back / "model.gguf"), "--kind", "F32"])

    trained = torch.load(there / "checkpoint.pt")["model"]["blk.0.attn_q.weight"]
    from recoder_lsp.training.export import read_model

    exported = read_model(back / "model.gguf").weights["blk.0.attn_q.weight"]
    assert torch.allclose(torch.from_numpy(exported), trained.to(torch.bfloat16).float())


def test_weights_from_elsewhere_leave_the_checkpoint_here_alone_and_are_not_trained_on(work, tmp_path):
    here = tmp_path / "here"
    shutil.copytree(work, here)
    before = (here / "checkpoint.pt").read_bytes()
    pipeline.main([str(work), "pack-weights", str(tmp_path / "weights")])

    pipeline.main([str(here), "unpack-weights", str(tmp_path / "weights")])

    assert (here / "checkpoint.pt").read_bytes() == before
    assert not (work / "weights.pt").exists()
    with pytest.raises(ValueError, match="To train here, remove it"):
        pipeline.main([str(here), "train"])


def test_what_travels_is_in_small_files_and_the_same_afterwards(work, tmp_path):
    from recoder_lsp.training.shards import Shards

    pipeline.main([str(work), "pack", str(tmp_path / "parts")])
    (tmp_path / "there").mkdir()
    pipeline.main([str(tmp_path / "there"), "unpack", str(tmp_path / "parts")])

    assert all(path.stat().st_size <= 16_000_000 for path in tmp_path.rglob("parts/**/*"))
    before, after = Shards.load(work / "train.npz"), Shards.load(tmp_path / "there" / "train.npz")
    assert after.paths == before.paths
    assert (after.tokens == before.tokens).all()
    assert json.loads((tmp_path / "there" / "vocabulary.json").read_text()) == json.loads((work / "vocabulary.json").read_text())
