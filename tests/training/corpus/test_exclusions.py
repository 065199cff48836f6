"""What the result is measured on is never learnt."""

import json
from pathlib import Path

import pytest

from recoder_lsp.training import corpus
from recoder_lsp.training.corpus.exclusions import OVERLAP_WORDS, Exclusions, repositories

EVALUATION = Path(__file__).parents[4] / "shared" / "eval"
WORDS = [f"word_{number}" for number in range(OVERLAP_WORDS)]


def exclusions_of(tmp_path: Path, *items: dict) -> Exclusions:
    listed, lines = tmp_path / "excluded.txt", tmp_path / "items.jsonl"
    listed.write_text("")
    lines.write_text("".join(json.dumps(item) + "\n" for item in items))
    return Exclusions.read(listed, [lines])


def masked(text: str) -> dict:
    return {"prefix": text, "gold": "", "suffix": ""}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (" ".join(WORDS), True),
        ("before\n" + "(\n".join(WORDS) + "; after", True),
        (" ".join(WORDS[:-1]), False),
        (" ".join([*WORDS[:6], "other", *WORDS[6:]]), False),
        (" ".join(reversed(WORDS)), False),
    ],
)
def test_thirteen_words_in_a_row_are_an_overlap_whatever_stands_between_them(tmp_path, text, found):
    assert exclusions_of(tmp_path, masked(" ".join(WORDS))).overlap(text) == found


def test_an_item_shorter_than_that_overlaps_with_nothing(tmp_path):
    assert not exclusions_of(tmp_path, masked(" ".join(WORDS[:-1]))).overlap(" ".join(WORDS * 2))


def test_a_masked_line_counts_with_its_neighbourhood_but_not_its_comments(tmp_path):
    code = " ".join(WORDS)
    exclusions = exclusions_of(tmp_path, {"prefix": f"# {'comment ' * 20}\n{code[:40]}", "gold": code[40:80], "suffix": code[80:]})

    assert exclusions.overlap(code)
    assert not exclusions.overlap("comment " * 20)


@pytest.mark.parametrize("comment", ["# a comment", "// a comment", "/* a comment */", " * a comment", "\t// a comment"])
def test_a_copy_with_comments_between_its_lines_is_an_overlap(tmp_path, comment):
    exclusions = exclusions_of(tmp_path, masked("\n".join(WORDS)))

    assert exclusions.overlap(f"\n{comment}\n".join(WORDS))


def test_a_solution_with_comments_is_found_with_and_without_them(tmp_path):
    prompt = "\n# half a line of comment\n".join(WORDS)
    exclusions = exclusions_of(tmp_path, {"prompt": prompt, "canonical_solution": "", "suffix": "", "test": ""})

    assert exclusions.overlap("\n".join(WORDS))
    assert exclusions.overlap(prompt)


def test_a_comment_of_a_solution_is_an_overlap_by_itself(tmp_path):
    comment = f"# {' '.join(WORDS)}\n"

    assert exclusions_of(tmp_path, {"prompt": comment, "canonical_solution": "", "suffix": "", "test": ""}).overlap(comment)


@pytest.mark.parametrize("line", ["*{} = next;", "#include <{}.h>", "#[derive({})]", "#![allow({})]", "#define {} 1"])
def test_a_line_of_code_that_begins_like_a_comment_counts(tmp_path, line):
    code = "\n".join(line.format(word) for word in WORDS)

    assert exclusions_of(tmp_path, masked(code)).overlap(code)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://github.com/Owner/Name.git", "owner/name"),
        ("git+ssh://git@github.com/owner/name.git", "owner/name"),
        ("git@gitlab.com:owner/name", "owner/name"),
        ("https://github.com/owner/name/tree/main/crates/part", "owner/name"),
        ("github.com/owner/name/v2", "owner/name"),
        ("owner/name", "owner/name"),
        ('"owner/name"', "owner/name"),
        ("https://example.org/owner/name", ""),
        ("", ""),
    ],
)
def test_a_repository_is_found_in_what_packages_declare(text, found):
    assert repositories(text) == ([found] if found else [])


def test_of_many_links_an_excluded_one_is_the_home_and_that_of_a_sponsor_is_none(tmp_path):
    (tmp_path / "excluded.txt").write_text("owner/secret\n")
    exclusions = Exclusions.read(tmp_path / "excluded.txt")

    links = repositories(
        "Funding, https://github.com/sponsors/owner Docs, https://github.com/other/docs Source, https://github.com/owner/secret"
    )

    assert links == ["other/docs", "owner/secret"]
    assert (exclusions.home(links), exclusions.home(links[:1]), exclusions.home([])) == ("owner/secret", "other/docs", "")


def test_the_shipped_list_can_be_read():
    exclusions = Exclusions.read(corpus.EXCLUDED)

    assert exclusions.has_repository("pallets/flask")
    assert exclusions.names_package("flask", "")
    assert exclusions.has_repository("exercism/python")


@pytest.mark.skipif(not EVALUATION.exists(), reason="the evaluation data lies beside the repository, and does not here")
def test_the_shipped_list_has_every_repository_that_is_measured_on():
    listed = [
        line.strip().lower()
        for name in ("denylist.txt", "repos.txt")
        for line in (EVALUATION / name).read_text("utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    queried = [query["repo"].lower() for query in json.loads((EVALUATION / "search" / "queries.json").read_text("utf-8"))]

    assert {*listed, *queried} <= Exclusions.read(corpus.EXCLUDED).repositories
