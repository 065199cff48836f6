"""Measuring a model: figures against numbers worked out by hand, and the whole way with the embedded model on made-up items."""

import argparse
import asyncio
import gzip
import json
import math
import random
from pathlib import Path

import pytest

from recoder_lsp.config import Settings
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.engine.models import embedded
from recoder_lsp.features.experts import Switches
from recoder_lsp.training import corpus
from recoder_lsp.training.corpus import Document
from recoder_lsp.training.evaluation import explaining, functions, held_out, likelihood, masked, steps
from recoder_lsp.training.evaluation.completing import Completion, complete, running, settings_for
from recoder_lsp.training.evaluation.indexes import Indexes, unpacked
from recoder_lsp.training.evaluation.masked import Answered
from recoder_lsp.training.evaluation.report import Report
from recoder_lsp.training.evaluation.typing_lines import Typed

REPEATED = "".join(f"result_{number} = compute_the_result(first, second)\n" for number in range(12))

PYTHON = '''import os


class Store:
    def read_settings(self, path):
        """Read the settings of one folder.

        Args:
            path: Where it is.
        """
        with open(path) as file:
            text = file.read()
        if not text:
            return {}
        return dict(line.split("=") for line in text.splitlines())


def first_number(texts):
    for text in texts:
        if text.isdigit():
            return int(text)
    return None


print(Store().read_settings("here"))
'''
GO = """package store

// ReadSettings reads the settings of one folder.
// It never fails.
func ReadSettings(path string) map[string]string {
	found := map[string]string{}
	for _, line := range lines(path) {
		found[line] = line
	}
	return found
}
"""
JAVASCRIPT = """/**
 * Reads the settings of one folder.
 * @param {string} path
 */
function readSettings(path) {
  const text = open(path)
  if (!text) {
    return {}
  }
  return parse(text)
}
"""


def item(id="one", gold="return 1", **others):
    defaults = {"language": "python", "languageId": "python", "mode": "start", "cross_file": False, "dup_in_repo": 0, "path": "a.py"}
    return {"id": id, "gold": gold, "prefix": "", "suffix": "", "repo": "owner/name", **defaults, **others}


def answered(text, confidence=0.5, ms=10.0, **options):
    return Answered(Completion(text, confidence, ms, **options), Typed(10))


# Masked lines


@pytest.mark.parametrize(
    ("gold", "got", "is_right"),
    [
        ("return 1", "return 1", True),
        ("return 1", "  return   1  ", True),
        ("return 1", "return 1\nreturn 2", True),
        ("return 1", "\nreturn 1", False),
        ("return 1", "return 10", False),
        ("return 1", "", False),
    ],
)
def test_a_line_is_right_when_it_is_the_same_but_for_white_space(gold, got, is_right):
    measured = masked.score([item(gold=gold)], {"one": answered(got)})

    assert measured.rows[0].outcome["right"] == is_right


@pytest.mark.parametrize(
    ("one", "other", "expected"), [("abcd", "abcd", 1.0), ("kitten", "sitting", 1 - 3 / 7), ("abc", "", 0.0), ("", "", 1.0)]
)
def test_similarity_is_one_less_the_share_of_edits(one, other, expected):
    assert masked.similarity(one, other) == pytest.approx(expected)


def test_masked_lines_are_summed_up_as_a_whole_and_by_group():
    items = [
        item("a", gold="12345678"),
        item("b", gold="1234", language="go", mode="word", cross_file=True, dup_in_repo=2),
        item("c", gold="1234", language="go", mode="mid"),
        item("d", gold="1234", language="go", mode="mid"),
    ]
    found = {"a": answered("12345678", 0.9, 10), "b": answered("12", 0.8, 20), "c": answered("1234", 0.1, 30)}

    summary = masked.score(items, found).summary

    everything = summary["all"]
    assert (everything["n"], everything["exact"], everything["shown"]) == (4, 50.0, 75.0)
    assert everything["right of shown"] == pytest.approx(200 / 3)
    assert everything["similarity"] == pytest.approx(100 * (1 + 0.5 + 1 + 0) / 4)
    assert everything["common beginning"] == pytest.approx(100 * (1 + 0.5 + 1 + 0) / 4)
    assert everything["completed"] == pytest.approx(100 * 12 / 20)
    assert (everything["right of surest 10%"], everything["right of surest 50%"]) == (100.0, 50.0)
    assert summary["go"]["exact"] == pytest.approx(100 / 3)
    assert summary["uses a name of another file"]["n"] == summary["line occurs elsewhere too"]["n"] == summary["caret in a word"]["n"] == 1


def test_precision_is_not_told_for_more_than_what_has_a_completion():
    items = [item("a"), item("b")]

    measured = masked.score(items, {"a": answered("return 1")})

    assert masked.precision_at(0.5, measured.rows) == 100.0
    assert masked.precision_at(1.0, measured.rows) is None


def test_what_time_cut_short_is_counted():
    measured = masked.score([item("a"), item("b")], {"a": answered("return", ms=2000.0, is_late=True), "b": answered("return 1")})

    assert measured.summary["all"]["late"] == 1


def test_the_embedded_model_completes_a_repeated_line(tmp_path):
    lines = REPEATED.splitlines(keepends=True)
    asked = item(prefix="".join(lines[:6]) + "result_6 = comp", suffix="\n" + "".join(lines[7:]), gold="ute_the_result(first, second)")
    path = tmp_path / "items.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(asked).encode()))
    items = masked.read_items(path)

    found = asyncio.run(masked.answers(items, settings_for(embedded())))

    assert masked.score(items, found).summary["all"]["exact"] == 100.0
    assert 0 < found["one"].completion.confidence <= 1
    assert found["one"].completion.ms > 0
    assert found["one"].typed.characters == len(asked["gold"])
    assert 0 < len(found["one"].typed.ms) <= len(asked["gold"])


async def test_without_the_model_none_is_loaded_and_the_document_s_own_phrases_answer():
    async with running(Settings(), None, Switches(model=False, gate=False)) as app:
        found = await complete(app, "a.py", "python", REPEATED + "result_12 = comp", "\n", 1)

        assert app.runtime.state.phase == "unloaded"

    assert found.text == "ute_the_result(first, second)"
    assert found.confidence > 0.5


def test_the_index_tells_what_another_file_has_but_not_the_masked_line(tmp_path):
    root = tmp_path / "workspaces" / "owner__name@1" / "inner"
    root.mkdir(parents=True)
    secret = "value = conjure_the_answer(quietly=True)"
    (root / "a.py").write_text(f"from b import conjure_the_answer\n\n{secret}\n")
    (root / "b.py").write_text("def conjure_the_answer(quietly):\n    return 42 if quietly else None\n")
    asked = item(prefix="from b import conjure_the_answer\n\n", suffix="\n")
    indexes = Indexes(unpacked(tmp_path / "workspaces"), tmp_path / "indexes")

    indexes.turn_to(asked)
    params = {"language": "python", "before": asked["prefix"], "after": asked["suffix"], "keep": []}
    answer = asyncio.run(indexes.ask("file:///a.py", "related", params))
    found = asyncio.run(masked.answers([asked, asked | {"id": "two"}], settings_for(embedded()), indexes))
    indexes.close()

    assert "conjure_the_answer(quietly)" in json.dumps(answer)
    assert secret not in json.dumps(answer)
    assert set(found) == {"one", "two"}


def test_the_phrases_lack_what_is_asked_for_and_its_words(tmp_path):
    root = tmp_path / "workspaces" / "owner__name@1" / "inner"
    root.mkdir(parents=True)
    lines = ["from b import conjure", "", "first = conjure(hushed)", "print(first)", "second = conjure(loudly)", ""]
    (root / "a.py").write_text("\n".join(lines))
    (root / "b.py").write_text("def conjure(manner):\n    return manner\n")

    def hole(number):
        prefix, suffix = "\n".join([*lines[:number], ""]), "\n" + "\n".join(lines[number + 1 :])
        return item(f"line {number}", gold=lines[number], prefix=prefix, suffix=suffix)

    indexes = Indexes(unpacked(tmp_path / "workspaces"), tmp_path / "indexes")
    indexes.take_out([hole(2), hole(4)])
    indexes.turn_to(hole(2))
    stream, path = indexes.phrases("file:///a.py")
    indexes.take_out([hole(4)])
    indexes.turn_to(hole(4))
    again, _ = indexes.phrases("file:///a.py")
    indexes.close()

    assert (path, set(stream.paths)) == ("a.py", {"a.py", "b.py"})
    assert all(stream.words.id_of(known) for known in ("conjure", "manner", "print", "first"))
    assert not any(stream.words.id_of(asked) for asked in ("hushed", "loudly", "second"))
    # What was taken out for all of them need not be taken out for some.
    assert again is stream


def test_a_repository_that_is_not_there_is_told(tmp_path):
    indexes = Indexes(unpacked(tmp_path), tmp_path / "indexes")

    with pytest.raises(FileNotFoundError, match="owner__name"):
        indexes.turn_to(item())


# Bits


class OneBit:
    """A model that gives every token half of the probability, four bytes each."""

    context_tokens = 64
    special = argparse.Namespace(bos=1)

    def tokenize(self, text):
        return [5] * (len(text) // 4)

    def piece(self, token):
        return b"four"

    def log_probabilities(self, tokens):
        import numpy as np

        return np.full(len(tokens) - 1, -math.log(2))


def test_bits_are_counted_for_each_byte():
    documents = {"python": [Document("p", "a.py", "python", "x" * 40), Document("p", "b.py", "python", "x" * 400)]}

    measured = likelihood.measure(documents, OneBit())

    assert [row.outcome for row in measured.rows] == [{"bits": pytest.approx(10), "bytes": 40}, {"bits": pytest.approx(63), "bytes": 252}]
    assert measured.summary["python"]["bits a byte"] == pytest.approx(0.25)


def test_reading_at_once_says_the_same_as_token_by_token():
    model = LlamaModel.load(embedded(), context_tokens=0, threads=1)
    tokens = [model.special.bos, *model.tokenize(PYTHON + GO + JAVASCRIPT)][:150]

    at_once = model.log_probabilities(tokens)

    for end in (1, 64, 65, 149):
        for _ in model.evaluate(tokens[:end]):
            pass
        one_by_one = model.logits.astype(float)
        expected = one_by_one[tokens[end]] - math.log(sum(math.exp(logit) for logit in one_by_one))
        assert at_once[end - 1] == pytest.approx(expected, abs=0.05)
    model.close()


def test_code_needs_fewer_bits_than_noise():
    model = LlamaModel.load(embedded(), context_tokens=0, threads=1)
    noise = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz(){}\n", k=600))

    bits, n_bytes = likelihood.of_text(PYTHON, model)
    of_noise, n_bytes_of_noise = likelihood.of_text(noise, model)

    assert 0 < bits / n_bytes < 3 < of_noise / n_bytes_of_noise
    assert n_bytes == len(PYTHON)
    model.close()


# Explanation


@pytest.mark.parametrize(
    ("language", "text", "before", "code"),
    [
        ("python", PYTHON, 'path):\n        """', '        with open(path) as file:\n            text = file.read()'),
        ("go", GO, "// ReadSettings ", "func ReadSettings(path string) map[string]string {\n\tfound :="),
        ("javascript", JAVASCRIPT, "/**\n * ", "function readSettings(path) {\n  const text"),
    ],
)  # fmt: skip
def test_documentation_is_taken_out_with_all_that_is_said(language, text, before, code):
    function = next(functions.documented([Document("p", "a", language, text)]))

    assert function.words.lower().endswith("the settings of one folder.")
    assert (function.before + function.words).endswith(text[: text.index("of one folder.") + len("of one folder.")][-30:])
    assert function.before.endswith(before.removesuffix("ReadSettings "))
    assert function.code.startswith(code)
    assert "Where it is" not in function.code
    assert "@param" not in function.code
    assert "never fails" not in function.code


def test_code_of_another_function_is_indented_alike():
    method = next(functions.documented([Document("p", "a.py", "python", PYTHON)]))

    following = method.with_code("if x:\n    return 1")

    assert following.startswith("\n        if x:\n            return 1")
    assert following.endswith(method.after)
    assert method.with_code(method.code) == "\n" + method.code + method.after


def test_names_are_taken_out_and_told_by_their_use():
    store, number = functions.named([Document("p", "a.py", "python", PYTHON)])

    assert (store.name, store.is_used) == ("read_settings", True)
    assert (number.name, number.is_used) == ("first_number", False)
    assert number.before.endswith("def ")
    assert number.after.startswith("(texts):")
    assert (number.document.path, number.line) == ("a.py", 17)


def test_the_embedded_model_is_asked_for_documentation_and_names():
    model = LlamaModel.load(embedded(), context_tokens=0, threads=1)
    files = {
        "python": [Document("p", f"{word}.py", "python", PYTHON.replace("settings", word)) for word in ("settings", "places", "walls")]
    }

    documentation = explaining.documentation(files, model, 10)
    names = asyncio.run(explaining.names(files, embedded(), 4))

    assert documentation.summary["python"]["n"] == 3
    assert 0 < documentation.summary["all"]["bits a byte before its own code"] < 5
    assert [row.id for row in names.rows] == ["p settings.py#5", "p settings.py#18", "p places.py#5", "p places.py#18"]
    assert names.summary["used in its file"]["n"] == 2
    model.close()


# Held-out files


@pytest.fixture
def work(tmp_path) -> Path:
    texts = [PYTHON.replace("settings", word) + REPEATED for word in ("settings", "walls", "doors")]
    documents = [Document("pypi:big", f"big/{number}.py", "python", texts[number % 3]) for number in range(6)]
    documents += [Document("pypi:small", "small/a.py", "python", texts[0]), Document("pypi:small", "small/tests/b.py", "python", texts[0])]
    documents += [Document("pypi:learnt", "learnt/a.py", "python", texts[0]), Document("npm:own", "own/a.js", "javascript", JAVASCRIPT * 3)]
    with gzip.open(tmp_path / "corpus.jsonl.gz", "wt") as lines:
        lines.writelines(json.dumps(document.__dict__) + "\n" for document in documents)
    (tmp_path / "held_out.json").write_text(json.dumps(["pypi:big", "pypi:small", "npm:own"]))
    return tmp_path


def test_every_held_out_package_has_its_turn(work, monkeypatch):
    packages = held_out.packages(work / "held_out.json")

    files = held_out.files(work, packages, 3)

    assert [document.package for document in files["python"]] == ["pypi:big", "pypi:small", "pypi:big"]
    assert not any(corpus.is_test(document.path) for document in files["python"])
    assert [document.path for document in files["javascript"]] == ["own/a.js"]
    monkeypatch.setattr(corpus, "read", lambda path, read=corpus.read: read(path) if "held_out" in path.name else pytest.fail("read again"))
    assert held_out.files(work, packages, 3) == files


def test_the_packages_of_a_shipped_manifest_can_be_taken(tmp_path):
    rows = [{"registry": "pypi", "name": "a", "held_out": True}, {"registry": "npm", "name": "b", "held_out": False}]
    (tmp_path / "manifest.json").write_text(json.dumps(rows))

    assert held_out.packages(tmp_path / "manifest.json") == {"pypi:a"}


# The command


def run(work, *arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("work", type=Path)
    commands = parser.add_subparsers(required=True)
    steps.add(commands)
    options = parser.parse_args([str(work), *map(str, arguments)])
    options.run(options)


def test_one_command_measures_everything_that_is_given(work, tmp_path, capsys):
    lines = tmp_path / "lines.jsonl"
    lines.write_text(json.dumps(item(prefix=REPEATED + "result_12 = comp", suffix="\n", gold="ute_the_result(first, second)")) + "\n")
    tasks = tmp_path / "tasks.jsonl"
    task = {"task_id": "t", "prompt": "def f():\n", "suffix": "", "canonical_solution": "    return 1\n", "entry_point": "f"}
    tasks.write_text(json.dumps(task | {"test": "def check(f):\n    assert f() is None\n"}) + "\n")
    (tmp_path / "workspaces" / "owner__name@1").mkdir(parents=True)
    options = ("--masked", lines, "--infilling", tasks, "--workspaces", tmp_path / "workspaces", "--without", "index", "--files", 2)

    run(work, "evaluate", embedded(), *options, "--output", tmp_path / "a.json", "--predictions", tmp_path / "predictions")

    report = Report.load(tmp_path / "a.json")
    assert list(report.sets) == [
        *(steps.SPEED, steps.MASKED, steps.INDEXED, f"{steps.INDEXED}-without-index", steps.INFILLING),
        *(steps.BITS, steps.DOCUMENTATION, steps.NAMES, steps.TYPING),
    ]
    assert report.sets[steps.MASKED].summary["all"]["exact"] == 100.0
    assert report.sets[steps.SPEED].summary["all"]["tokens read a second"] > 0
    typing = report.sets[steps.TYPING].summary["python"]
    assert typing["lines"] == 1
    assert 0 <= typing["completed while typing"] <= 100
    assert (tmp_path / "a.md").read_text() in capsys.readouterr().out
    kept = [json.loads((tmp_path / "predictions" / f"{name}.jsonl").read_text()) for name in ("masked", "infilling")]
    assert kept[0].keys() == {"id", "pred", "ms", "conf"}
    assert kept[1]["completion"].endswith("\n")

    run(work, "compare", tmp_path / "a.json", tmp_path / "a.json")

    assert "| masked | 100.0 | 100.0 | 0 | 0 | 1 | 0 | 1.000 |" in capsys.readouterr().out


def test_without_a_corpus_the_rest_is_measured(tmp_path, capsys):
    run(tmp_path, "evaluate", embedded(), "--output", tmp_path / "a.json")

    assert list(Report.load(tmp_path / "a.json").sets) == [steps.SPEED]
    assert "left out" in capsys.readouterr().err
