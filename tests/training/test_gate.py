"""The gate is trained on lines that are typed again, and written as the server reads it."""

from __future__ import annotations

import gzip
import json
import random
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest

from recoder_lsp.engine import models
from recoder_lsp.errors import RecoderError
from recoder_lsp.features.gate import FEATURES, Gate
from recoder_lsp.training import __main__ as pipeline
from recoder_lsp.training import gate
from recoder_lsp.training.corpus import Document
from recoder_lsp.training.gate import Caret

TELLING, OTHER = FEATURES.index("either"), FEATURES.index("length")


def caret(package: str, chance: random.Random) -> Caret:
    """One with three candidates of which mostly the likeliest is right; all features but two are the same everywhere."""
    rows = []
    for _ in range(3):
        row = [0.0] * len(FEATURES)
        row[TELLING], row[OTHER] = chance.uniform(-8, 0), float(chance.randrange(40))
        rows.append(row)
    likeliest = max(range(3), key=lambda place: rows[place][TELLING])
    right = [place == likeliest and rows[place][TELLING] > -3 for place in range(3)]
    return Caret(package, "python", rows, right)


@pytest.fixture(scope="module")
def carets() -> list[Caret]:
    chance = random.Random(5)
    return [caret(f"package-{number % 4}", chance) for number in range(160)]


@pytest.fixture(scope="module")
def trained(carets, tmp_path_factory) -> Gate:
    """What the server reads after training."""
    file = tmp_path_factory.mktemp("trained") / "gate.json"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(gate, "FOLDS", 2)
        gate.train(carets, file)
    return Gate.load(file)


def documents_of(package: str) -> list[Document]:
    """Files in which no line resembles another."""
    lines = [f"    name{number} = first{number}.second{number}(third{number})" for number in range(60)]
    return [Document(package, f"{file}.py", "python", "\n".join(lines[file * 10 : file * 10 + 10])) for file in range(6)]


def test_what_was_learnt_tells_right_from_wrong(trained, carets):
    chosen = [max(zip(caret.rows, caret.right, strict=True), key=lambda each: trained.probability(each[0])) for caret in carets]

    assert sum(is_right for _, is_right in chosen) >= 0.9 * sum(any(caret.right) for caret in carets)


def test_what_is_written_says_what_the_forest_does(trained, carets):
    rows, right = gate._matrix(carets)

    by_forest = gate._fitted(rows, right).predict_proba(rows)[:, 1]

    assert [trained.probability(row) for row in rows.tolist()] == pytest.approx(by_forest.tolist(), abs=0.01)


def test_a_first_look_is_learnt_from_what_the_candidates_came_to(trained, carets, tmp_path):
    looks = [gate._first_row(each) for each in carets]

    table = gate.train(carets, tmp_path / "gate.json")

    stored = json.loads((tmp_path / "gate.json").read_text())
    assert "% the model is not asked" in table
    assert len(stored["first"]["trees"]) == len(stored["trees"])
    assert not any(
        trained.is_hopeless(look)
        for look, each in zip(looks, carets, strict=True)
        if any(each.right) and max(map(trained.probability, each.rows)) > 0.9
    )


def test_with_too_few_carets_the_model_is_asked_everywhere(carets, tmp_path):
    table = gate.train(carets[:40], tmp_path / "gate.json")

    assert "asked everywhere" in table
    assert not Gate.load(tmp_path / "gate.json").is_hopeless(gate._first_row(carets[0]))


def test_the_table_tells_how_often_the_surest_are_right():
    carets = [Caret("p", "go" if number < 5 else "python", [[0.0], [1.0]], [False, number < 5]) for number in range(10)]
    # The last one was answered by some of the experts only, and does not count.
    carets.append(Caret("p", "go", [[0.0]], [False], is_whole=False))

    table = gate.report(carets, [[0.1, 0.9 - number / 20] for number in range(10)] + [[1.0]])

    rows = {row.split(" | ")[0].strip("| "): row.strip("| ").split(" | ")[1:-1] for row in table.split("\n")[2:]}
    assert rows["all"] == ["10", "50.0", "50.0", "100.0", "100.0", "100.0", "100.0"]
    assert rows["go"] == ["5", "100.0", "100.0", "100.0", "100.0", "100.0", "100.0"]
    assert rows["python"] == ["5", "0.0", "0.0", "0.0", "0.0", "0.0", "0.0"]


async def test_no_line_that_is_typed_again_may_be_known(monkeypatch):
    documents, built = documents_of("p"), list[tuple[str, str]]()
    original = gate.build
    monkeypatch.setattr(gate, "build", lambda files: original(built.extend(each := list(files)) or each))

    carets = await gate.collect(documents, models.embedded(), n_lines=10)

    before = {document.path: document.text.split("\n") for document in documents}
    missing = [line for path, text in built for line, now in zip(before[path], text.split("\n"), strict=True) if line != now]
    assert 1 <= len(missing) <= 3
    assert {caret.package for caret in carets} <= {"p"}


def test_the_step_learns_from_held_out_packages_and_writes_what_the_server_reads(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(gate, "FOLDS", 2)
    held_out, file = ["email", "http", "json"], tmp_path / "gate.json"
    (tmp_path / "held_out.json").write_text(json.dumps(held_out))
    with gzip.open(tmp_path / "corpus.jsonl.gz", "wt") as corpus:
        for package in (*held_out, "xml"):
            for path in sorted(Path(sysconfig.get_path("stdlib"), package).rglob("*.py")):
                document = Document(package, f"{package}/{path.name}", "python", path.read_text("utf-8"))
                corpus.write(json.dumps(document.__dict__) + "\n")

    pipeline.main([str(tmp_path), "gate", str(models.embedded()), str(file), "--lines", "60"])

    assert "| python |" in capsys.readouterr().out
    assert 0.0 < Gate.load(file).probability([0.0] * len(FEATURES)) < 1.0
    assert " carets of 3 packages" in json.loads(file.read_text())["about"]


def test_one_package_is_not_enough(tmp_path, carets):
    with pytest.raises(RecoderError, match="two packages"):
        gate.train([replace(each, package="p") for each in carets], tmp_path / "gate.json")

    assert not (tmp_path / "gate.json").exists()
