"""Files that are nearly the same are kept once."""

import subprocess
import sys

import pytest

from recoder_lsp.training.corpus.near_duplicates import KnownLines, NearDuplicates, signature, similarity
from tests.training.corpus.texts import GO, PARSER, RUST

LONG = "".join(
    f"def function_{number}(argument_{number % 7}, value):\n    return value * {number} + other_{number % 11}\n\n" for number in range(60)
)


def kept(*texts: str) -> list[bool]:
    near_duplicates = NearDuplicates()
    return [near_duplicates.is_new(signature(text)) for text in texts]


def test_the_first_of_two_copies_is_kept():
    assert kept(PARSER, GO, PARSER, GO, RUST) == [True, True, False, False, True]


@pytest.mark.parametrize(
    "copy",
    [
        LONG + "\nADDED = 1\n",
        LONG.replace("function_30", "renamed"),
        LONG.replace("    ", "\t"),
        "import os\n\n" + LONG[: 58 * len(LONG) // 60],
    ],
)
def test_a_small_change_makes_no_new_file(copy):
    assert kept(LONG, copy) == [True, False]


def test_half_of_a_file_is_new():
    assert kept(LONG, LONG[: len(LONG) // 2] + GO + RUST) == [True, True]


def test_similarity_is_near_the_share_of_common_runs():
    half = LONG[: len(LONG) // 2]

    assert similarity(signature(LONG), signature(LONG)) == 1
    assert similarity(signature(LONG), signature(half)) == pytest.approx(0.5, abs=0.15)
    assert similarity(signature(LONG), signature(RUST)) < 0.1


def test_a_text_of_few_words_has_no_signature():
    assert signature("a = b") == ()


def test_another_process_gives_the_same_signature():
    program = f"from recoder_lsp.training.corpus.near_duplicates import signature; print(signature({GO!r}))"

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == str(signature(GO))


def test_a_file_made_of_lines_that_are_known_adds_nothing():
    known_lines = KnownLines()
    lines = [f"    self.assertEqual(calculated_{number}, expected_{number})" for number in range(40)]

    assert [known_lines.is_new("\n".join(part)) for part in (lines[:20], lines[20:])] == [True, True]
    assert not known_lines.is_new("\n".join(lines[::2]))
    assert known_lines.is_new("\n".join([*lines[:10], *(f"something_else_{number} = 1" for number in range(10))]))
    assert known_lines.is_new("x = 1\n")
    assert known_lines.is_new("x = 1\n")
