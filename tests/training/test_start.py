"""A model goes on from the weights of another, under another vocabulary and with more layers."""

import numpy as np
import pytest
import torch

from recoder_lsp.training import export, start, tokenizer
from recoder_lsp.training.model import CodeModel, Shape
from recoder_lsp.training.tokenizer import Token, TokenKind

TEXTS = ["def f(x):\n    return x\n" * 30, "for name in names:\n    print(name)\n" * 30, "import os\nimport sys\n" * 30]


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """The path of a small model, its vocabulary, shape and weights."""
    folder = tmp_path_factory.mktemp("start")
    vocabulary = tokenizer.train(TEXTS, 520)
    shape = Shape(len(vocabulary), width=32, layers=2, heads=2, kv_heads=1, hidden=64, context=64)
    torch.manual_seed(3)
    model = CodeModel(shape)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    torch.save({"model": model.state_dict(), "shape": shape.as_dict()}, folder / "checkpoint.pt")
    export.write_model(folder / "checkpoint.pt", vocabulary, folder / "old.gguf", name="Old")
    return folder / "old.gguf", vocabulary, shape, model


def test_the_same_shape_and_vocabulary_give_the_same_model(old):
    path, vocabulary, shape, model = old

    weights = start.weights_from(path, vocabulary, shape)

    for name, weight in model.state_dict().items():
        assert torch.equal(weights[name], weight), name


def test_a_new_token_begins_as_the_mean_of_what_spelt_it(old):
    path, vocabulary, _, model = old
    grown = [*vocabulary, Token("Zebra", -5000.0, TokenKind.NORMAL)]
    shape = Shape(len(grown), width=32, layers=2, heads=2, kv_heads=1, hidden=64, context=64)

    rows = start.weights_from(path, grown, shape)["token_embd.weight"]

    spelt = tokenizer.InPython(vocabulary)("Zebra")
    assert len(spelt) > 1
    np.testing.assert_allclose(rows[-1].numpy(), model.token_embd.weight[spelt].mean(0).detach().numpy(), atol=1e-6)


def test_a_deeper_model_begins_by_computing_the_same(old):
    path, vocabulary, _, model = old
    deeper = CodeModel(Shape(len(vocabulary), width=32, layers=3, heads=2, kv_heads=1, hidden=64, context=64))
    deeper.load_state_dict(start.weights_from(path, vocabulary, deeper.shape))
    tokens = torch.tensor([tokenizer.InPython(vocabulary)("for name in names:\n")])

    torch.testing.assert_close(deeper(tokens), model(tokens))


@pytest.mark.parametrize(("changed", "complaint"), [({"width": 64}, "is wanted"), ({"layers": 1}, "more than is wanted")])
def test_a_model_of_another_kind_is_refused(old, changed, complaint):
    path, vocabulary, shape, _ = old

    with pytest.raises(ValueError, match=complaint):
        start.weights_from(path, vocabulary, Shape(**{**shape.as_dict(), **changed}))
