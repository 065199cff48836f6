"""Identifiers taken apart into the words that people search for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoder_lsp.index.words import parts_of, searchable, split_identifier, stem, words


@pytest.mark.parametrize(
    ("identifier", "parts"),
    [
        ("parseHTTPResponse2", "parse http response 2"),
        ("snake_case_name", "snake case name"),
        ("__init__", "init"),
        ("SCREAMING_CASE", "screaming case"),
        ("HTTPServer", "http server"),
        ("getURL", "get url"),
        ("URLs", "ur ls"),
        ("sha256sum", "sha 256 sum"),
        ("x", "x"),
        ("_", ""),
        ("Größe", "größe"),
        ("größeÄndern", "größe ändern"),
        ("ΑΒΓδε", "αβ γδε"),
        ("名前", "名前"),
        ("İstanbul", "istanbul"),
        ("utf8名前", "utf 8 名前"),
    ],
)
def test_an_identifier_is_split_at_humps_underscores_and_digits(identifier, parts):
    assert split_identifier(identifier) == parts.split()


def test_a_compound_identifier_is_followed_by_itself_joined():
    assert words("def parseConfig(raw_text):") == ["def", "parse", "config", "parseconfig", "raw", "text", "rawtext"]


def test_comments_are_words_too():
    assert words("# Reads the file, if there's one.") == ["read", "the", "file", "if", "there", "s", "one"]


def test_data_without_borders_is_left_out():
    assert words(f'key = "{"a" * 50}"') == ["key"]
    assert words("a_sentence_that_is_the_name_of_a_test")[-1] == "test"


def test_parts_come_without_the_joined_identifier():
    assert parts_of("Getting startedWith x_y") == ["getting", "started", "with", "x", "y"]


@given(st.text())
def test_any_text_gives_lower_case_words_that_a_search_accepts(text):
    for word in words(text):
        assert word.isalnum()
        assert word == word.lower()
    assert searchable(text).split() == words(text)


@pytest.mark.parametrize(
    ("word", "stemmed"),
    [
        ("files", "file"),
        ("queries", "query"),
        ("classes", "class"),
        ("matches", "match"),
        ("parsing", "pars"),
        ("running", "run"),
        ("calling", "call"),
        ("class", "class"),
        ("status", "status"),
        ("axis", "axis"),
        ("string", "string"),
        ("is", "is"),
    ],
)
def test_stemming_takes_off_plurals_and_participles_only(word, stemmed):
    assert stem(word) == stemmed
