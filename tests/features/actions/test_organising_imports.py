"""Putting imports in order: files before and after, as import_order_cases.toml has them."""

import tomllib
from pathlib import Path

import pytest

from recoder_lsp.features.actions.imports import organising
from recoder_lsp.features.actions.imports.python_order import FIRST_PARTY, LOCAL, STANDARD, THIRD_PARTY, section_of
from recoder_lsp.features.code_actions import finished
from recoder_lsp.features.edits import applied
from tests.features.actions.importing import PARSER, site_of

CASES = [
    (language, case)
    for language, cases in tomllib.loads(Path(__file__).with_name("import_order_cases.toml").read_text("utf-8")).items()
    for case in cases
]


def organised(language, text, **options):
    """The text with its imports in order, as the editor gets it."""
    site = site_of(language, text, **options)
    for offer in organising.offers(site):
        text = applied(text, finished(PARSER, site.snapshot, offer.change()).edits)
    return text


@pytest.mark.parametrize(("language", "case"), CASES, ids=[f"{language}: {case['title']}" for language, case in CASES])
def test_imports_are_put_in_order(language, case):
    assert organised(language, case["before"]) == case.get("after", case["before"])


@pytest.mark.parametrize(("language", "case"), CASES, ids=[f"{language}: {case['title']}" for language, case in CASES])
def test_what_is_in_order_is_left_alone(language, case):
    once = case.get("after", case["before"])

    assert organised(language, once) == once


@pytest.mark.parametrize(("language", "text"), [("python", "x = 1\n"), ("go", "package main\n"), ("lua", "local a = require('b')\n")])
def test_without_imports_there_is_nothing_to_put_in_order(language, text):
    assert not list(organising.offers(site_of(language, text, path="a")))


def test_modules_of_the_own_project_are_a_section_of_their_own(tmp_path):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "src" / "shapes").mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "desk.py").touch()
    path = str(tmp_path / "tests" / "test_shapes.py")

    assert [section_of(module, path) for module in ("shapes.circle", "desk", "tests.desk", "numpy", "os.path", ".a")] == [
        *(FIRST_PARTY, FIRST_PARTY, FIRST_PARTY),
        *(THIRD_PARTY, STANDARD, LOCAL),
    ]


def test_what_lies_around_a_file_without_a_project_is_not_looked_at(tmp_path):
    (tmp_path / "numpy").mkdir()
    (tmp_path / "a").mkdir()

    assert section_of("numpy", str(tmp_path / "a" / "b.py")) == THIRD_PARTY
