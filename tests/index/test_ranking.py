"""Ranking: what moves a chunk up or down, one signal at a time."""

import pytest

from recoder_lsp.index.search.ranking import Asked, Candidate, Signal, ranked
from recoder_lsp.index.store.manifest_reading import StoredChunk
from recoder_lsp.index.words import words


def chunk(path, name="", *, n_references=0, row=1):
    return StoredChunk(
        row=row,
        id=f"{path}#{name}#{row}",
        path=path,
        language="python",
        symbol=0 if name else None,
        kind="function" if name else "",
        name=name,
        start_byte=0,
        end_byte=1,
        start_line=row,
        end_line=row,
        content_hash="",
        header="",
        n_references=n_references,
    )


def asked(text, *, identifiers=(), near=""):
    return Asked({word: 1.0 for word in words(text)}, {}, frozenset(identifiers), near)


def order(candidates, question, without=()):
    """The paths (and names) in their order."""
    return [f"{found.candidate.chunk.path}:{found.candidate.chunk.name}" for found in ranked(candidates, question, without)]


def test_more_of_the_words_ranks_higher():
    few, many = Candidate(chunk("a.py"), words=1.0), Candidate(chunk("b.py"), words=5.0)

    assert order([few, many], asked("parse header")) == ["b.py:", "a.py:"]


def test_a_name_in_the_file_name_counts_more_than_words_in_the_text():
    mentions, is_about = Candidate(chunk("main.py"), words=5.0), Candidate(chunk("session.py"), words=2.0)

    assert order([mentions, is_about], asked("session"))[0] == "session.py:"


def test_the_definition_of_a_name_comes_before_its_uses():
    use = Candidate(chunk("use.py", "run"), words=5.0)
    definition = Candidate(chunk("scheduling.py", "Scheduler"), words=4.0)

    assert order([use, definition], asked("Scheduler", identifiers=["scheduler"]))[0] == "scheduling.py:Scheduler"


def test_tests_come_after_what_they_test():
    candidates = [Candidate(chunk("tests/test_parser.py", "test_parser"), words=5.0), Candidate(chunk("src/parser.py", "parse"), words=4.0)]

    assert order(candidates, asked("parser"))[0] == "src/parser.py:parse"


@pytest.mark.parametrize("path", ["pkg/x_test.go", "spec/x.rb", "web/x.spec.ts", "src/test/XTest.java", "examples/x.py", "vendor/x.c"])
def test_what_is_aside_of_the_code_itself_is_recognised(path):
    assert order([Candidate(chunk(path), words=5.0), Candidate(chunk("src/plain.py"), words=3.0)], asked("thing"))[0] == "src/plain.py:"


def test_a_word_that_contains_test_is_no_test():
    assert (
        order([Candidate(chunk("src/latest.py"), words=5.0), Candidate(chunk("src/plain.py"), words=3.0)], asked("thing"))[0]
        == "src/latest.py:"
    )


def test_a_file_with_many_chunks_about_it_comes_before_one_with_a_single_one():
    one = [Candidate(chunk("one.py"), words=5.0)]
    many = [Candidate(chunk("many.py", row=row), words=4.0) for row in range(4)]

    assert order([*one, *many], asked("thing"))[0] == "many.py:"
    assert order([*one, *many], asked("thing"), without=[Signal.FILES])[0] == "one.py:"


def test_the_second_chunk_of_a_file_gives_way_to_another_file():
    candidates = [
        Candidate(chunk("best.py", "first", row=1), words=5.0),
        Candidate(chunk("best.py", "second", row=2), words=4.5),
        Candidate(chunk("other.py", "third"), words=5.0),
    ]

    assert order(candidates, asked("thing")) == ["best.py:first", "other.py:third", "best.py:second"]


def test_meaning_speaks_for_a_chunk_without_any_of_the_words():
    meant, unmeant = Candidate(chunk("a.py"), meaning=0.6), Candidate(chunk("b.py"), meaning=0.3)

    assert order([unmeant, meant], asked("thing")) == ["a.py:", "b.py:"]


def test_files_next_to_the_open_one_come_first():
    candidates = [Candidate(chunk("far/x.py"), words=3.0), Candidate(chunk("near/x.py"), words=3.0)]

    assert order(candidates, asked("thing", near="near/open.py"))[0] == "near/x.py:"


def test_each_reason_is_told():
    found = ranked(
        [Candidate(chunk("net/session.py", "Session", n_references=3), words=2.0, meaning=0.5)], asked("session", identifiers=["session"])
    )

    assert found[0].why == ["defines Session", "words", "meaning 0.50", "path"]


@pytest.mark.parametrize("signal", ["words", "meaning", "path", "names", "aside", "files"])
def test_a_signal_that_is_switched_off_changes_the_score(signal):
    candidates = [
        Candidate(chunk("tests/session.py", "Session", n_references=3), words=2.0, meaning=0.5),
        Candidate(chunk("tests/other.py"), words=1.0, meaning=0.2),
    ]
    question = asked("session", identifiers=["session"])

    assert ranked(candidates, question, [signal])[0].score != ranked(candidates, question)[0].score


def test_nothing_found_is_nothing_ranked():
    assert ranked([], asked("thing")) == []
