"""`recoder-lsp eval`, as typed: holes in a small repository, filled by the real server's way with the embedded model."""

import dataclasses

import pytest

from recoder_lsp import cli, eval_command
from recoder_lsp.config import Settings
from recoder_lsp.errors import RecoderError
from recoder_lsp.eval_command import EVERYTHING, OF_SOME, Wanted
from recoder_lsp.features.experts import Switches
from recoder_lsp.training.evaluation.report import Measured, Report, Row
from recoder_lsp.training.evaluation.steps import PARTS, SWITCHED

CASE = "\n\ndef case_{}():\n    total = compute_the_result(first_value, second_value)\n    return report(total)\n"

NOTHING = Measured({"all": {"n": 0}}, [])


@pytest.fixture(autouse=True)
def no_guard(monkeypatch):
    """An audit hook cannot be removed: in the process of the tests it would stay."""
    monkeypatch.setattr("recoder_lsp.privacy.forbid_network", lambda log: None)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    (root / "compute.py").write_text("def compute_the_result(first, second):\n    return first + second\n")
    (root / "use.py").write_text(
        "from compute import compute_the_result\n\nfirst_value, second_value = 1, 2\n" + "".join(map(CASE.format, range(8)))
    )
    return root


def test_a_repository_is_measured_with_everything_and_without_each_part(root, tmp_path, capsys):
    before = {path.name: path.read_bytes() for path in root.iterdir()}

    assert cli.main(["eval", str(root), "--holes", "5", "--without", "context", "index", "--json", str(tmp_path / "out.json")]) == 0

    printed, said = capsys.readouterr()
    report = Report.load(tmp_path / "out.json")
    assert list(report.sets) == [EVERYTHING, OF_SOME, "without context", "without index"]
    everything = report.sets[EVERYTHING].summary["all"]
    assert everything["n"] == 5
    assert everything["exact"] >= 60
    assert everything["completed while typing"] >= 20
    assert report.sets[OF_SOME].summary["all"]["n"] == report.sets["without index"].summary["all"]["n"] == 2
    assert {row.id for row in report.sets["without index"].rows} <= {row.id for row in report.sets[EVERYTHING].rows}
    assert "| without index " in printed
    assert "| uses a name of another file " in printed
    assert f"indexing {root}" in said
    assert "without context: 2 of 2 holes" in said
    assert "compute_the_result" not in (tmp_path / "out.json").read_text()
    assert {path.name: path.read_bytes() for path in root.iterdir()} == before


@pytest.mark.parametrize(("arguments", "left_out"), [([], PARTS), (["--without"], ()), (["--without", "names", "gate"], ("names", "gate"))])
def test_what_is_left_out_can_be_named(tmp_path, monkeypatch, arguments, left_out):
    asked = []
    monkeypatch.setattr(
        eval_command, "evaluate", lambda root, wanted, settings, say: asked.append(wanted) or Report({}, {EVERYTHING: NOTHING})
    )

    assert cli.main(["eval", str(tmp_path), "--holes", "0", "--languages", "go", "rust", *arguments]) == 0

    assert asked == [Wanted(n_holes=1, languages=("go", "rust"), without=left_out)]


def test_every_part_can_be_left_out(root, monkeypatch):
    asked = []
    monkeypatch.setattr(eval_command, "_answers", lambda items, settings, indexes, without, say: asked.append((without, len(items))) or {})

    report = eval_command.evaluate(root, Wanted(n_holes=10), Settings())

    assert asked == [("", 10), *((part, 4) for part in PARTS)]
    assert list(report.sets) == [EVERYTHING, OF_SOME, *(f"without {part}" for part in PARTS)]


def test_the_parts_are_those_that_the_experts_can_be_switched_to_do_without():
    assert tuple(field.name for field in dataclasses.fields(Switches)) == SWITCHED


def test_it_tells_what_ghost_text_would_be_worth_to_those_who_have_switched_it_off(root):
    off = dataclasses.replace(Settings().completion, enabled=False, disabled_languages=("python",))

    report = eval_command.evaluate(root, Wanted(n_holes=1, without=()), dataclasses.replace(Settings(), completion=off))

    assert list(report.sets) == [EVERYTHING]
    assert report.sets[EVERYTHING].summary["all"]["shown"] == 100.0


def test_a_folder_without_code_is_told(tmp_path, capsys):
    (tmp_path / "notes.md").write_text("# Nothing to complete in here\n")

    assert cli.main(["eval", str(tmp_path)]) == 1

    assert "has no line to cut a hole into" in capsys.readouterr().err


def test_no_folder_is_told(tmp_path, capsys):
    assert cli.main(["eval", str(tmp_path / "gone")]) == 1

    assert "is not a folder" in capsys.readouterr().err


def test_a_model_that_is_not_there_is_told(root):
    settings = dataclasses.replace(Settings(), engine=dataclasses.replace(Settings().engine, model="gone"))

    with pytest.raises(RecoderError, match="gone"):
        eval_command.evaluate(root, Wanted(n_holes=1), settings)


def test_the_tables_say_what_each_part_made_right_and_wrong():
    def measured(*rights):
        rows = [Row(str(number), (), {"right": right}) for number, right in enumerate(rights)]
        return Measured({"all": {"n": len(rows), "exact": 100 * sum(rights) / len(rows)}}, rows)

    report = Report({}, {EVERYTHING: measured(1, 1, 0), OF_SOME: measured(1, 1, 0), "without names": measured(1, 0, 1)})

    lines = eval_command.as_text(report).split("\n")

    head = next(line for line in lines if "right by it" in line)
    cells = dict(zip(_cells(head), _cells(next(line for line in lines if line.startswith("| without names"))), strict=True))
    assert (cells["n"], cells["exact"], cells["right by it"], cells["wrong by it"], cells["by chance"]) == ("3", "66.7", "1", "1", "1.00")
    assert len({len(line) for line in lines if line.startswith("|") and "by it" in head}) == 3


def _cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]
