"""What measuring comes to: programs that are run, figures that are summed up, kept and compared; by numbers worked out by hand."""

import asyncio

import pytest

from recoder_lsp.engine.models import embedded
from recoder_lsp.training.evaluation import child, comparing, infilling, masked
from recoder_lsp.training.evaluation.completing import Completion
from recoder_lsp.training.evaluation.report import Measured, Report, Row, percentile, table
from recoder_lsp.training.evaluation.typing_lines import Typed

ITEM = {"id": "one", "gold": "the_secret_line()", "language": "go", "mode": "mid", "cross_file": True, "dup_in_repo": 1}


def completion(text):
    return Completion(text, 0.5, 10.0)


def rows_of(*rights):
    return [Row(str(number), (), {"right": right}) for number, right in enumerate(rights)]


# Programs


@pytest.mark.parametrize(
    ("program", "outcome"),
    [
        ("assert 1 + 1 == 2\nprint('passed')", "passed"),
        ("assert 1 + 1 == 3", "failed"),
        ("def", "failed"),
        ("import sys; sys.exit(0)", "failed"),
        ("import os; os._exit(0)", "failed"),
        ("input()", "failed"),
        ("x = [0] * 10**10", "failed"),
        ("import os; os.abort()", "crashed"),
        ("while True: pass", "timeout"),
        ("import bisect, collections, copy, datetime, functools, hashlib, heapq, itertools, math, random, re, string", "passed"),
        ("import os; assert os.listdir() == [] and open(os.__file__).read()", "passed"),
    ],
)
def test_what_becomes_of_a_program(program, outcome):
    assert child.run(program, cpu_s=1) == outcome


def test_a_program_that_only_waits_is_ended_too():
    assert child.run("import time; time.sleep(60)", wall_s=0.5) == "timeout"


@pytest.mark.parametrize(
    "harm",
    [
        "open({ours!r}, 'w')",
        "open({ours!r}, 'r+')",
        "open({folder!r} + '/new', 'x')",
        "os.open({ours!r}, os.O_WRONLY | os.O_TRUNC)",
        "os.remove({ours!r})",
        "os.rename({ours!r}, {folder!r} + '/other')",
        "os.truncate({ours!r}, 0)",
        "os.chmod({ours!r}, 0)",
        "os.mkdir({folder!r} + '/new')",
        "shutil.rmtree({folder!r})",
        "pathlib.Path({ours!r}).unlink()",
        "sqlite3.connect({folder!r} + '/new')",
        "ctypes.CDLL(None).unlink({ours!r}.encode())",
        "socket.socket()",
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.fork()",
        "os.posix_spawn('/bin/true', ['true'], {{}})",
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getppid(), 0)",
    ],
)
def test_a_program_may_neither_write_nor_delete_nor_connect_nor_start_another(tmp_path, harm):
    ours = tmp_path / "ours"
    ours.write_text("kept")
    action = harm.format(ours=str(ours), folder=str(tmp_path))
    program = f"import {harm.partition('.')[0]}\n{action}" if not harm.startswith("open") else action

    assert child.run(program) == "failed"

    assert [path.name for path in tmp_path.iterdir()] == ["ours"]
    assert ours.read_text() == "kept"
    assert ours.stat().st_mode & 0o600 == 0o600


def test_a_task_is_right_when_its_program_passes():
    task = {"prompt": "def add(a, b):\n", "suffix": "\n", "canonical_solution": "    return a + b\n", "entry_point": "add"}
    task["test"] = "def check(add):\n    assert add(2, 3) == 5\n"
    tasks = [{**task, "task_id": name} for name in ("same", "other", "wrong", "nothing")]
    found = {"same": completion("    return a + b"), "other": completion("    return b + a"), "wrong": completion("    return a - b")}

    measured = infilling.score(tasks, found)

    assert [row.outcome["right"] for row in measured.rows] == [1, 1, 0, 0]
    assert [row.outcome["same"] for row in measured.rows] == [1, 0, 0, 0]
    assert measured.summary["all"]["passed"] == 50.0


def test_the_hole_of_a_task_is_a_line_of_its_own():
    task = {"task_id": "one", "prompt": "def add(a, b):\n    total = a + b\n", "suffix": "    print(total)\n    return total\n"}

    found = asyncio.run(infilling.completions([task], embedded()))

    assert "print(total)" not in found["one"].text


# Results


def test_a_report_survives_the_disk_and_has_no_text_of_the_items(tmp_path):
    measured = masked.score([ITEM], {"one": masked.Answered(completion("the_secret_line()"), Typed(17, 3, 2, 1, 15))})
    report = Report({"file": "model.gguf", "bytes": 10}, {"masked lines": measured, "speed": Measured({"all": {"tokens": 5.5}}, [])})

    report.save(tmp_path / "report.json")

    again = Report.load(tmp_path / "report.json")
    assert again.about == report.about
    assert again.sets["masked lines"].summary["all"]["exact"] == 100.0
    assert again.sets["masked lines"].rows[0] == measured.rows[0]
    assert again.sets["speed"].rows == []
    assert "the_secret_line" not in (tmp_path / "report.json").read_text()
    assert "| all | 1 | 100.0 |" in again.markdown()


def test_a_table_leaves_blank_what_a_group_lacks():
    assert table({"all": {"n": 1200, "exact": 12.34}, "go": {"n": 3, "exact": None}}).splitlines()[2:] == [
        "| all | 1,200 | 12.3 |",
        "| go | 3 |  |",
    ]


def test_percentiles():
    assert (percentile([3, 1, 2], 0.5), percentile([1], 0.95), percentile([], 0.5)) == (2, 1, None)


@pytest.mark.parametrize(("gained", "lost", "chance"), [(0, 0, 1.0), (5, 0, 2 / 32), (3, 1, 10 / 16), (1, 3, 10 / 16), (2, 2, 1.0)])
def test_the_sign_test(gained, lost, chance):
    assert comparing.sign_test(gained, lost) == pytest.approx(chance)


def test_a_thousand_items_are_not_too_many_for_the_sign_test():
    assert comparing.sign_test(1200, 1000) == pytest.approx(2.2e-5, rel=0.1)


def test_models_are_compared_item_by_item():
    before = Report({}, {"lines": Measured({}, rows_of(1, 1, 0, 0, 0)), "gone": Measured({}, rows_of(1))})
    after = Report({}, {"lines": Measured({}, rows_of(1, 0, 1, 1, 0, 1)), "new": Measured({}, rows_of(1))})

    (change,) = comparing.changes(before, after)

    assert (change.both, change.gained, change.lost, change.neither) == (1, 2, 1, 1)
    assert change.figures == (40.0, 60.0)
    assert change.chance == 1.0
    assert "| lines | 40.0 | 60.0 | 2 | 1 | 1 | 1 | 1.000 |" in comparing.table([change])


def test_models_are_compared_by_their_bits_and_by_group():
    def report(*bits):
        return Report({}, {"bits": Measured({}, [Row(str(at), ("go",), {"bits": one, "bytes": 10}) for at, one in enumerate(bits)])})

    whole, group = comparing.changes(report(10, 20, 30), report(9, 25, 30))

    assert (whole.gained, whole.lost, whole.neither) == (1, 1, 1)
    assert whole.figures == (pytest.approx(2.0), pytest.approx(64 / 30))
    assert group.name == "bits: go"
