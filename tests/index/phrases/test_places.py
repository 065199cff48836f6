"""Every place after the same lexemes, or the same pattern, is found: in a stream by bisection, in a document one by one."""

from __future__ import annotations

import random

import numpy as np
import pytest

from recoder_lsp.index.phrases import places
from recoder_lsp.index.phrases.building import build
from recoder_lsp.index.phrases.places import Files, Matches, Places
from recoder_lsp.index.phrases.stream import CODE_OFFSET, ORDER, PATTERN_ORDER, Stream

WORDS = ["alpha", "beta", "(", ")", "\n", "gamma", "="]


@pytest.fixture
def stream() -> Stream:
    chance = random.Random(7)
    return build((f"{number}.py", " ".join(chance.choices(WORDS, k=40))) for number in range(5))


def found_in(matches: Matches) -> dict[int, int]:
    """How many lexemes match at each place."""
    assert len(set(matches.places.tolist())) == len(matches.places)
    return dict(zip(matches.places.tolist(), matches.lengths.tolist(), strict=True))


def expected(values: list[int], wanted: list[int]) -> dict[int, int]:
    """The same, looked up one after the other."""
    found = {}
    for place in range(1, len(values)):
        n_same = 0
        while n_same < min(len(wanted), place) and values[place - 1 - n_same] == wanted[n_same]:
            n_same += 1
        if n_same:
            found[place] = n_same
    return found


def contexts(values: list[int], depth: int) -> list[list[int]]:
    """What stands before some places, and what stands nowhere."""
    chance = random.Random(3)
    before = [values[max(place - depth, 0) : place][::-1] for place in chance.sample(range(1, len(values)), 30)]
    return [*before, [], [10**6], [values[5], 10**6], *([*each[:2], 10**6] for each in before[:5])]


def test_a_document_is_searched_for_the_longest_match_at_each_place(stream):
    document = Places(stream.ids, stream.spaces, stream.references)
    ids = stream.ids.tolist()

    for context in contexts(ids, ORDER):
        assert found_in(document.after(context)) == expected(ids, context)


def test_files_are_found_by_bisection_as_if_one_by_one(stream):
    files, ids = Files(stream, []), stream.ids.tolist()

    for context in contexts(ids, ORDER):
        assert found_in(files.after(context)) == expected(ids, context)


def test_patterns_are_found_as_lexemes_are(stream):
    codes = np.where(stream.references > 0, stream.references.astype(np.int32), stream.ids + CODE_OFFSET).tolist()
    document, files = Places(stream.ids, stream.spaces, stream.references), Files(stream, [])

    for context in contexts(codes, PATTERN_ORDER):
        assert found_in(document.after_pattern(context)) == found_in(files.after_pattern(context)) == expected(codes, context)


def test_of_many_places_some_stand_for_all(stream, monkeypatch):
    ids = stream.ids.tolist()
    all_counts = {tuple(context): Files(stream, []).after(context).counts.sum() for context in contexts(ids, 3)}
    monkeypatch.setattr(places, "MOST_PLACES", 4)

    for context, count in all_counts.items():
        some = Files(stream, []).after(list(context))
        assert some.counts.sum() == pytest.approx(count)
        # Of each length, on both sides of those that match longer.
        assert len(some.places) <= len(context) * (4 + 2)
        assert found_in(some).items() <= expected(ids, list(context)).items()


def test_files_that_are_open_are_not_looked_at(stream):
    ids, hidden = stream.ids.tolist(), [stream.extent(1), stream.extent(4)]
    inside = {place for extent in hidden for place in range(extent.start, extent.stop + 1)}

    for context in contexts(ids, ORDER):
        shown = {place: length for place, length in expected(ids, context).items() if place not in inside}
        assert found_in(Files(stream, hidden).after(context)) == shown


def test_where_there_is_nothing_nothing_is_found():
    for source in (Places.none(), Files(build([]), []), Files(build([("a.py", "")]), [slice(0, 0)])):
        for context in ([], [1], [0, 1, 2, 3]):
            assert not found_in(source.after(context))
            assert not found_in(source.after_pattern(context))


def test_a_match_may_be_longer_than_a_short_document():
    document = Places(np.array([0, 1, 0], np.int32), np.zeros(3, np.uint8), np.zeros(3, np.uint8))

    assert found_in(document.after([1, 0, 5, 6, 7])) == {2: 2}
