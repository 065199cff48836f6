"""Related code for a caret: definitions first, then what looks alike; checked, bounded, and of the same language."""

import pytest

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.folder_index import FolderIndex
from recoder_lsp.index.search.related import MAX_DEFINITION_LINES, MAX_SNIPPET_LINES, MAX_SNIPPETS, same_family

LONG = "def long_report(rows):\n" + "".join(f"    write_row(rows[{number}])\n" for number in range(60)) + "    flush_report_rows(rows)\n"


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    root = tmp_path_factory.mktemp("workspace")
    (root / "prices.py").write_text(
        'def price_of(article, discount=0):\n    """Look a price up."""\n    return TABLE[article] - discount\n'
    )
    (root / "report.py").write_text(LONG)
    (root / "page.js").write_text("function priceOf(article) { return article.price_of; }\n")
    (root / "here.py").write_text("def local_thing():\n    return 1\n")
    for number in range(MAX_SNIPPETS + 10):
        (root / f"many_{number}.py").write_text(
            f"def handler_{number}(event):\n    dispatch_event(event, queue)\n    return event.done\n\n\ndef common_name():\n    pass\n"
        )
    index = FolderIndex.open(root, tmp_path_factory.mktemp("home"), IndexSettings())
    index.reconcile(lambda progress: None, lambda: False)
    yield index
    index.close()


def related(index, before, after="", path="here.py", language="python"):
    return index.answer("related", {"path": path, "language": language, "before": before, "after": after})["snippets"]


def test_the_definition_of_a_name_near_the_caret_comes_first(index):
    first = related(index, "total = price_of(")[0]

    assert (first.path, first.why, first.start_line) == ("prices.py", "definition", 0)
    assert first.text.startswith("def price_of(article, discount=0):")


def test_code_of_other_languages_and_of_the_file_itself_is_left_out(index):
    paths = {snippet.path for snippet in related(index, "local_thing(price_of(article))")}

    assert "page.js" not in paths
    assert "here.py" not in paths


def test_a_long_piece_is_cut_to_the_lines_that_fit(index):
    [piece] = [snippet for snippet in related(index, "flush_report_rows(") if snippet.path == "report.py" and snippet.why == "similar"]

    assert piece.text.count("\n") < MAX_SNIPPET_LINES
    assert "flush_report_rows(rows)" in piece.text
    assert piece.text.split("\n")[0] == LONG.split("\n")[piece.start_line]


def test_definitions_are_cut_to_their_heads(index):
    [definition] = [snippet for snippet in related(index, "long_report(") if snippet.why == "definition"]

    assert definition.text.count("\n") < MAX_DEFINITION_LINES


def test_there_is_no_more_than_can_be_used(index):
    assert len(related(index, "dispatch_event(event, queue)\nreturn event.done")) == MAX_SNIPPETS


def test_a_name_that_many_files_define_tells_nothing(index):
    assert all(snippet.why == "similar" for snippet in related(index, "common_name("))


def test_nothing_around_the_caret_gives_nothing(index):
    assert related(index, "", "") == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("python", "python", True),
        ("javascript", "typescript", True),
        ("c", "cpp", True),
        ("python", "javascript", False),
        ("go", "rust", False),
    ],
)
def test_families_of_languages(one, other, same):
    assert same_family(one, other) is same


class TestWhatChanged:
    """Each test has a workspace of its own."""

    @pytest.fixture
    def index(self, tmp_path, recoder_home):
        (tmp_path / "w").mkdir()
        (tmp_path / "w" / "a.py").write_text("def brew_coffee(cup):\n    return 'strong coffee for breakfast'\n")
        index = FolderIndex.open(tmp_path / "w", tmp_path / "home", IndexSettings())
        index.reconcile(lambda progress: None, lambda: False)
        yield index
        index.close()

    def test_a_definition_whose_body_changed_is_not_quoted(self, index, tmp_path):
        assert related(index, "brew_coffee(") != []
        (tmp_path / "w" / "a.py").write_text("def brew_coffee(cup):\n    return 'secret recipe, not for a prompt'\n")

        answer = index.answer("related", {"path": "here.py", "language": "python", "before": "brew_coffee(", "after": ""})

        assert answer["snippets"] == []
        assert answer["stale"] == ["a.py"]

    def test_a_name_with_many_definitions_does_not_hide_another(self, index, tmp_path):
        for number in range(130):
            (tmp_path / "w" / f"get_{number}.py").write_text(f"class Box{number}:\n    def get(self):\n        return {number}\n")
        index.reconcile(lambda progress: None, lambda: False)

        found = related(index, "cup = brew_coffee(kitchen)\ncup.get(")

        assert [snippet.path for snippet in found if snippet.why == "definition"] == ["a.py"]


def test_it_is_told_whether_what_was_found_before_still_stands(index):
    def kept(*keep):
        params = {"path": "here.py", "language": "python", "before": "price_of(", "after": "", "keep": list(keep)}
        return index.answer("related", params)["kept"]

    assert kept()
    assert kept({"path": "prices.py", "text": "return TABLE[article] - discount"})
    assert not kept({"path": "prices.py", "text": "return 1"})
    assert not kept({"path": "nowhere.py", "text": "x"})
