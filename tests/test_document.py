"""Lines, positions and edits as LSP means them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoder_lsp.document import Encoding, Snapshot, apply_edit, split_lines, without_lone_surrogates

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
NO_LINE_ENDS = "\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def snapshot(text: str, uri: str = "file:///x.py") -> Snapshot:
    return Snapshot(uri, "python", text, 1)


def edited(text: str, start: tuple[int, int], end: tuple[int, int], new: str, encoding: Encoding = "utf-16") -> str:
    lines = split_lines(text)
    apply_edit(lines, start, end, new, encoding)
    assert lines == split_lines("".join(lines))
    return "".join(lines)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a\n", ""]),
        ("a\r\nb\rc\nd", ["a\r\n", "b\r", "c\n", "d"]),
        ("\n\r", ["\n", "\r", ""]),
        ("\r\r\n", ["\r", "\r\n", ""]),
        (f"a{NO_LINE_ENDS}b\nc", [f"a{NO_LINE_ENDS}b\n", "c"]),
    ],
)
def test_lines_end_where_lsp_says_and_nowhere_else(text, lines):
    assert split_lines(text) == lines


@pytest.mark.parametrize(
    ("position", "offset"),
    [
        ((0, 0), 0),
        ((0, 1), 1),
        ((0, 2), 2),
        ((0, 99), 2),
        ((1, 0), 4),
        ((1, 5), 4),
        ((2, 1), 6),
        ((3, 0), 6),
        ((99, 7), 6),
        ((-1, 3), 0),
        ((0, -1), 0),
    ],
)
def test_a_position_beyond_a_line_means_before_its_break_and_beyond_the_text_its_end(position, offset):
    assert snapshot("ab\r\n\rc").offset_at(*position, "utf-16") == offset


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 7), ("utf-16", 4), ("utf-32", 3)])
def test_characters_are_counted_in_the_units_agreed_on(encoding, character):
    text = "aé😀x"

    assert snapshot(text).offset_at(0, character, encoding) == 3
    assert snapshot(text).position_at(3, encoding) == (0, character)


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 1), ("utf-8", 3), ("utf-16", 1)])
def test_a_position_inside_a_character_means_before_it(encoding, character):
    assert snapshot("😀").offset_at(0, character, encoding) == 0


def test_an_offset_between_carriage_return_and_line_feed_is_at_the_end_of_its_line():
    assert snapshot("ab\r\nc").position_at(3, "utf-8") == (0, 2)


@given(st.text(st.sampled_from("aé漢😀\r\n\f\u2028")), st.integers(-2, 50), st.sampled_from(ENCODINGS))
def test_an_offset_survives_the_way_to_a_position_and_back(text, offset, encoding):
    document = snapshot(text)
    clamped = min(max(offset, 0), len(text))
    inside_a_break = text[clamped - 1 : clamped + 1] == "\r\n"

    assert document.offset_at(*document.position_at(offset, encoding), encoding) == clamped - inside_a_break


def test_an_edit_can_join_a_carriage_return_with_a_line_feed_and_part_them():
    assert edited("a\rb\nc", (1, 0), (1, 1), "") == "a\r\nc"
    assert edited("a\r\nb", (0, 1), (0, 1), "\r") == "a\r\r\nb"
    assert edited("a\rb", (1, 0), (1, 0), "\n") == "a\r\nb"
    assert edited("a\nb\n\nc", (1, 1), (1, 1), "\r") == "a\nb\r\n\nc"


def test_an_edit_whose_ends_are_swapped_is_put_in_order():
    assert edited("hello", (0, 4), (0, 1), "EY") == "hEYo"


def test_an_edit_below_a_form_feed_goes_where_the_editor_means_it():
    assert edited("a\fb\nc", (1, 0), (1, 1), "C") == "a\fb\nC"


def test_half_of_a_surrogate_pair_becomes_a_replacement_of_the_same_length():
    assert without_lone_surrogates("a\ud83db😀") == "a\ufffdb😀"


def test_lines_known_already_are_not_split_again():
    made = Snapshot.of_lines("file:///x.py", "python", ["a\n", "b"], 3)

    assert made == Snapshot("file:///x.py", "python", "a\nb", 3)
    assert made.lines == ("a\n", "b")


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/me/a%20b.py", "/home/me/a b.py"),
        ("file:///c%3A/me/a.py", "c:/me/a.py"),
        ("file:///C:/me/a.py", "C:/me/a.py"),
        ("file://localhost/a.py", "/a.py"),
        ("file://server/share/a.py", "//server/share/a.py"),
        ("file:///a%23b.py", "/a#b.py"),
        ("untitled:Untitled-1", "Untitled-1"),
        ("vscode-notebook-cell:/work/n.ipynb#W0sZ", "n.ipynb"),
        ("http://[broken", "[broken"),
        ("", ""),
    ],
)
def test_the_path_of_a_uri(uri, path):
    assert snapshot("", uri).path == path
