"""A stream holds every file's lexemes, sorted by what stands before them, whatever was known before and whatever the bounds."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoder_lsp.index.hashes import hash_of_file
from recoder_lsp.index.phrases import building
from recoder_lsp.index.phrases.building import Source, build, finished
from recoder_lsp.index.phrases.lexing import lexemes
from recoder_lsp.index.phrases.patterns import is_name, references
from recoder_lsp.index.phrases.stream import CODE_OFFSET, ORDER, PATTERN_ORDER, Stream

FILES = {
    "b.py": "def total(values):\n    return sum(values)\n",
    "a.py": "import os\n\n\nfor name in os.listdir():\n    print(name)\n",
    "deep/c.py": "total(values) + total([1, 2])",
}


def text_in(stream: Stream, path: str) -> list[str]:
    """The lexemes of a file, as the stream has them."""
    extent = stream.extent(stream.paths.index(path))
    return [stream.words.text_of(number) if number else "?" for number in stream.ids[extent].tolist()]


def assert_same(one: Stream, other: Stream) -> None:
    for name in ("ids", "spaces", "order", "references", "pattern_order", "starts"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
        assert getattr(one, name).dtype == getattr(other, name).dtype
    assert (one.paths, one.hashes, bytes(one.words.spellings)) == (other.paths, other.hashes, bytes(other.words.spellings))
    np.testing.assert_array_equal(one.words.ends, other.words.ends)


def sorted_by(values: list[int], depth: int) -> list[int]:
    """Every position by the values before it, the last first; what lies before all of them is 0."""
    padded = [0] * depth + values
    return sorted(range(len(values)), key=lambda position: padded[position : position + depth][::-1])


def test_files_stand_one_after_the_other_by_path_with_an_end_behind_each():
    stream = build(FILES.items())

    assert stream.paths == ("a.py", "b.py", "deep/c.py")
    assert stream.hashes == tuple(hash_of_file(FILES[path].encode()) for path in stream.paths)
    for file, path in enumerate(stream.paths):
        words, spaces = lexemes(FILES[path])
        extent = stream.extent(file)
        assert text_in(stream, path) == words
        assert stream.spaces[extent].tobytes() == spaces
        assert stream.ids[extent.stop] == 0
        assert extent.start == stream.starts[file]
    assert len(stream.ids) == sum(len(lexemes(text)[0]) + 1 for text in FILES.values())


def test_of_no_files_there_is_a_stream_too():
    stream = build([])

    assert (len(stream.ids), len(stream.order), len(stream.words), stream.paths) == (0, 0, 0, ())
    assert (stream.words.id_of("x"), list(stream.words.with_prefix("x"))) == (0, [])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab(,\n ", max_size=40), max_size=4), st.integers(1, 50))
def test_positions_are_sorted_by_what_stands_before_them(texts: list[str], sorted_at_once: int):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(building, "SORTED_AT_ONCE", sorted_at_once)
        stream = build((str(number), text) for number, text in enumerate(texts))

    codes = [reference or number + CODE_OFFSET for number, reference in zip(stream.ids.tolist(), stream.references.tolist(), strict=True)]
    assert stream.order.tolist() == sorted_by(stream.ids.tolist(), ORDER)
    assert stream.pattern_order.tolist() == sorted_by(codes, PATTERN_ORDER)


def test_references_begin_anew_with_every_file():
    stream = build([("a", "x = y\ny = x"), ("b", "x = x")])

    for file, text in enumerate(("x = y\ny = x", "x = x")):
        words = [stream.words.id_of(word) for word in lexemes(text)[0]]
        names = {number: is_name(stream.words.text_of(number)) for number in words}
        extent = stream.extent(file)
        assert stream.references[extent].tobytes() == references(words, names, [])
        assert stream.references[extent.stop] == 0


def test_words_are_sorted_and_found_whatever_their_characters():
    stream = build([("a", "zebra Zebra zeb über_uns 名前 x1 é 🐟 _ ((")])

    spelled = [stream.words.text_of(number) for number in range(1, len(stream.words) + 1)]
    assert spelled == sorted(set(spelled))
    assert {"名前", "🐟", "über_uns"} <= set(spelled)
    assert all(stream.words.id_of(word) == number for number, word in enumerate(spelled, 1))
    assert [stream.words.id_of(absent) for absent in ("ze", "zebra_", "", "\ud800", "zz")] == [0, 0, 0, 0, 0]
    assert [stream.words.text_of(number) for number in stream.words.with_prefix("zeb")] == ["zeb", "zebra"]
    assert len(stream.words.with_prefix("")) == len(spelled)
    assert len(stream.words.with_prefix("zebras")) == 0


def test_unchanged_files_are_taken_over_and_not_read_again():
    before = build(FILES.items())
    asked: list[str] = []

    def source(path: str, text: str) -> Source:
        return Source(path, hash_of_file(text.encode()), lambda: asked.append(path) or text)

    files = {**FILES, "b.py": "class Total:\n    pass\n", "z.py": "import os\n"}
    del files["a.py"]
    after = finished(building.building([source(path, text) for path, text in files.items()], before))

    assert asked == ["b.py", "z.py"]
    assert_same(after, build(files.items()))
    assert after.words.id_of("listdir") == 0


def test_through_many_changes_it_is_as_if_it_had_been_built_at_once():
    chance = random.Random(5)
    words = ["alpha", "beta", "(", ")", "\n", " ", "gamma_1", "=", "12", "über"]
    files = {f"{number}.py": "" for number in range(6)}
    stream = None
    for _ in range(25):
        for path in chance.sample(sorted(files), 2):
            files[path] = "".join(chance.choice(words) for _ in range(chance.randrange(60)))
        present = [path for path in files if chance.random() < 0.8]
        stream = build([(path, files[path]) for path in present], stream)
        assert_same(stream, build((path, files[path]) for path in present))


def test_a_long_file_is_taken_apart_as_if_in_one_piece(monkeypatch):
    text = "\n\n" + "".join(f"if x{number}:\r\n    y = x{number}  \n\n\n" for number in range(50)) + "end"
    whole = build([("a", text)])

    for characters in (1, 7, 30):
        monkeypatch.setattr(building, "PART_CHARACTERS", characters)
        assert_same(build([("a", text)]), whole)


def test_secrets_are_taken_out():
    stream = build([("a.py", f'api_key = "{"x7" * 12}"\nkey = "AKIA{"Q" * 16}"')])

    assert " ".join(text_in(stream, "a.py")) == 'api_key = " [ redacted ] " \n key = " [ redacted ] "'


def test_a_file_that_vanished_is_left_out():
    sources = [Source("a", hash_of_file(b"x"), lambda: None), Source("b", hash_of_file(b"y"), lambda: "y")]

    assert finished(building.building(sources)).paths == ("b",)


def test_a_file_that_changed_again_is_known_by_the_text_that_was_read():
    stream = finished(building.building([Source("a", hash_of_file(b"before"), lambda: "after")]))

    assert stream.hashes == (hash_of_file(b"after"),)


def test_beyond_the_bound_the_first_files_stay(monkeypatch):
    monkeypatch.setattr(building, "MAX_LEXEMES", 6)

    stream = build([("z", "one two"), ("y", "three"), ("x", "four")])

    assert stream.paths == ("y", "z")


def test_of_a_file_that_is_too_long_the_beginning_counts(monkeypatch):
    monkeypatch.setattr(building, "MAX_FILE_LEXEMES", 3)

    stream = build([("a", "one two three four five"), ("b", "six")])

    assert text_in(stream, "a") == ["one", "two", "three"]
    assert text_in(stream, "b") == ["six"]


def test_what_nobody_would_write_again_has_no_word(monkeypatch):
    long = "x" * (building.LONGEST_LEXEME + 1)

    stream = build([("a", f"before {long} after {long[1:]}")])

    assert text_in(stream, "a") == ["before", "?", "after", long[1:]]


def test_there_are_no_more_words_than_have_room(monkeypatch):
    monkeypatch.setattr(building, "MAX_WORDS", 3)
    first = build([("a", "one two three four one")])

    again = build([("a", "one two three four one"), ("b", "five one")], first)

    assert text_in(first, "a") == text_in(again, "a") == ["one", "two", "three", "?", "one"]
    assert text_in(again, "b") == ["?", "one"]
