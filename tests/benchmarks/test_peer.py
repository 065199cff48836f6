import importlib.util
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from recoder_lsp.errors import RecoderError
from tests.benchmarks.editor import Editor
from tests.benchmarks.llama_server import LlamaServer
from tests.benchmarks.peer import Costs, Recoder, by_line, cpu_s, ratios
from tests.benchmarks.trace import FILES, Answered, Key, keys

BUSY = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"


def test_a_line_is_typed_key_by_key_from_its_indentation_to_its_end():
    (line,) = by_line(list(keys(FILES[:1], 1)))

    assert [key.starts_a_line for key in line] == [True] + [False] * (len(line) - 1)
    assert [later.caret - earlier.caret for earlier, later in pairwise(line)] == [1] * (len(line) - 1)
    assert line[-1].text == FILES[0].read_text("utf-8")


def test_the_real_server_answers_the_keys_of_an_editor():
    replayed = list(keys(FILES[1:2], 2))

    with Editor() as editor:
        editor.wait_for_model(replayed[0])
        recoder = Recoder(editor)
        answers = [recoder.type(key) for key in replayed]

    assert any(answer.shown for answer in answers)
    assert {answer.inferred for answer in answers} == {True, False}
    assert sum(answer.evaluated for answer in answers) > 0


def test_computing_in_a_child_of_a_child_counts():
    command = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY!r}])"
    process = subprocess.Popen([sys.executable, "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    assert process.stdout is not None
    process.stdout.readline()
    counted_s = cpu_s(process.pid)
    process.communicate(b"\n")

    assert counted_s >= 0.3


def test_without_xllamacpp_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(RecoderError, match=r"xllamacpp.* is not installed.*pip install"):
        LlamaServer(Path("model.gguf"), 1)


def test_a_row_tells_the_first_key_of_a_line_from_the_others():
    assert costs(30, 2, 4).row() == "| typed | 3 | 4.0 | 4.0 | 30.0 | 30.0 | 4.0 | 30.0 | 12.0 | 67% | 100% | 5.0 | 1.0 | 500.0 |"


def test_ratios_are_of_the_slower_to_the_faster():
    assert ratios(costs(60, 4, 8), costs(30, 2, 4)) == "2.00 at the median, 2.00 at 95 %, 2.00 in the mean"


def costs(*ms: float) -> Costs:
    """Those of a line of which only the first key needed inference."""
    typed = [Key(Path("a.py"), "x" * number, number, number == 0) for number in range(len(ms))]
    return Costs("typed", typed, [Answered(each, True, number == 0, 5, 1) for number, each in enumerate(ms)], cpu_s=1.5)
